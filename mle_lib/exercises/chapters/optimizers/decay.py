"""Weight decay, in the gradient or beside it, and the scale of the loss."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def decayed_step(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * g - rho * theta)
    return (1 - alpha * rho) * theta + alpha * adam(gamma * g)


def penalty_scaled(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * (g - rho * theta))
    return (1 - alpha * rho) * theta + alpha * adam(gamma * g)


def both_decoupled(theta, g, adam, gamma, rho, alpha, decay):
    return (1 - alpha * rho) * theta + alpha * adam(gamma * g)


def weights_grow(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * g + rho * theta)
    return (1 - alpha * rho) * theta + alpha * adam(gamma * g)


def no_step_size(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * g - rho * theta)
    return (1 - rho) * theta + alpha * adam(gamma * g)


def decayed_after_the_step(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * g - rho * theta)
    return (1 - alpha * rho) * (theta + alpha * adam(gamma * g))


def adam_that_remembers(
    mean: float, square: float, betas: tuple[float, float], eps: float
) -> Callable[[Any], Any]:
    """What Adam would make of a next gradient, and goes on remembering what it did; takes arrays,
    tensors and lists."""
    beta1, beta2 = betas

    def adam(gradient):
        if isinstance(gradient, list | tuple):
            gradient = np.array(gradient)
        root = (beta2 * square + (1 - beta2) * gradient * gradient) ** 0.5
        return (beta1 * mean + (1 - beta1) * gradient) / (root + eps)

    return adam


def draw(d: Draw) -> Arguments:
    p, decay = d.size("p", 1, 8, far=307), d.word("decay", "l2", "decoupled")
    alpha, gamma = d.number("alpha", 0.02, 1.5), d.number("gamma", 1e-3, 1500)
    rho, size, pull = (
        d.number("rho", 1e-4, 0.5),
        d.number("size", 0.3, 10),
        d.number("pull", 0.1, 5),
    )
    theta = alpha * size * d.reals("theta", p, upto=8)  # a step of about alpha shows beside it
    unit = rho * alpha * size / pull  # of the loss's gradient, beside which the penalty's shows
    g = unit / gamma * d.reals("g", p, upto=8)
    memory = d.word("memory", "none", "some", "loud")
    mean = unit * float(d.rng.normal()) if memory == "some" else 0.0
    square = unit**2 * {"none": 0, "some": float(d.rng.uniform(1, 2)), "loud": 1e8}[memory]
    betas = (1 - d.number("1 - beta1", 0.1, 0.9), 1 - d.number("1 - beta2", 0.1, 0.9))
    adam = adam_that_remembers(mean, square, betas, unit * d.number("eps", 0.01, 0.3))
    return theta, g, adam, gamma, rho, alpha, decay


EXERCISE = CodeExercise(
    id="decay-and-the-scale",
    title="Two decays, one scale",
    answer=decayed_step,
    draw=draw,
    slips=(
        Slip(
            penalty_scaled,
            "You multiplied the penalty's gradient by $\\gamma$ too. The loss is "
            "$-\\gamma\\,\\ell/m+\\frac\\rho2\\|\\theta\\|^2$: the factor stands before $\\ell/m$ "
            "alone. With yours L2 would not fade as the loss grows.",
        ),
        Slip(
            both_decoupled,
            'Both words give AdamW\'s decay. With `"l2"` the penalty is a part of the loss, so '
            "$\\rho\\theta$ must go through `adam` with the rest of the gradient.",
        ),
        Slip(
            weights_grow,
            'With `"l2"` your weights grow. $\\rho\\theta$ is added to the gradient of the *loss*; '
            "uphill, the penalty pulls back, and its gradient is subtracted.",
        ),
        Slip(
            no_step_size,
            "Your decoupled decay takes off the share $\\rho$ of $\\theta$. In (7.10) it is "
            "$\\alpha\\rho$: when $\\alpha$ falls, the decay falls with it.",
        ),
        Slip(
            decayed_after_the_step,
            "Your decoupled decay shrinks the step as well. In (7.10) the factor stands before the "
            "old $\\theta$ alone.",
        ),
    ),
    hints=(
        "Write the gradient of the whole loss for each word, uphill. What of it does Adam get?",
        'With `"l2"` Adam gets one gradient, of both parts: $\\gamma\\tilde g - \\rho\\theta$.',
        'With `"decoupled"` Adam gets `gamma * g`, and `theta` is multiplied by `1 - alpha * rho` '
        "before the step is added.",
    ),
    why="$\\gamma$ stands beside $\\rho$ inside of `adam` with L2 only: there their quotient "
    "counts, while AdamW takes off $\\alpha\\rho\\theta$ whatever the loss is multiplied by.",
    note="`torch.optim.Adam` and `mle_lib.optimizers.Adam` with `weight_decay` take the first "
    "line, the two `AdamW` the second. For plain ascent, `adam` the identity, both lines are the "
    "same.",
)
