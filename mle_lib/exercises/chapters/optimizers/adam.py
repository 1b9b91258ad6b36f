"""One update of Adam."""

from collections.abc import Iterator

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw

# Adam's usual 0.999, nearly: exact in float32, where 1 - 0.999 is off by 1.3e-5 of itself, because
# a number rounded by 2^-24 is off by 2^-24 / (1 - beta) in its distance from 1.
LONG = 1 - 2**-10


def adam_update(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu = beta1 * mu + (1 - beta1) * g
    nu = beta2 * nu + (1 - beta2) * g**2
    mu_hat = mu / (1 - beta1 ** (t + 1))
    nu_hat = nu / (1 - beta2 ** (t + 1))
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu, nu


def no_correction(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g**2
    return theta + alpha * mu / (np.sqrt(nu) + eps), mu, nu


def eps_inside(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g**2
    mu_hat, nu_hat = mu / (1 - beta1 ** (t + 1)), nu / (1 - beta2 ** (t + 1))
    return theta + alpha * mu_hat / np.sqrt(nu_hat + eps), mu, nu


def counted_from_zero(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    return adam_update(theta, mu, nu, t - 1, g, alpha, beta1, beta2, eps)


def corrected_means_kept(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    new, mu, nu = adam_update(theta, mu, nu, t, g, alpha, beta1, beta2, eps)
    return new, mu / (1 - beta1 ** (t + 1)), nu / (1 - beta2 ** (t + 1))


def downhill(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    new, mu, nu = adam_update(theta, mu, nu, t, g, alpha, beta1, beta2, eps)
    return 2 * theta - new, mu, nu


def draw(d: Draw) -> Arguments:
    p, t = d.size("p", 1, 5), int(d.number("t + 1", 1, 500)) - 1
    scale = d.number("scale", 1e-4, 1000, also=(0,))
    theta, mu, g = (scale * d.reals(name, p, upto=8) for name in ("theta", "mu", "g"))
    nu = (scale * d.reals("root of nu", p, upto=8, but=("positive", "negative"))) ** 2
    alpha, eps = d.number("alpha", 0.001, 1000), d.number("eps", 1e-8, 1)
    beta1 = 1 - d.number("1 - beta1", 0.01, 0.9, also=(1.0,))
    beta2 = 1 - d.number("1 - beta2", 0.01, 0.9, also=(1.0, 1 - LONG))
    if beta1 == 0 or beta2 in (0, LONG):
        t, theta = 0, 0 * theta  # where the corrections are at their ends, they show best
    return theta, mu, nu[d.indices("equal entries", p, p)], t, g, alpha, beta1, beta2, eps


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for p, t, alpha, beta1, beta2, eps in [
        (3, 2, 0.1, 0.9, 0.99, 0.1),
        (5, 6, 0.5, 0.8, 0.95, 0.02),
        (4, 3000, 0.3, 0.9, LONG, 1e-8),  # long after the start
    ]:
        theta, mu, g = rng.normal(size=(3, p))
        yield theta, mu, mu**2 + rng.uniform(size=p), t, g, alpha, beta1, beta2, eps
    theta, g = rng.normal(size=(2, 2))
    yield theta, mu[:2], np.ones(2), 9, g, 0.2, 0.0, 0.9, 0.05  # no memory of the gradient
    g[0] = 0.0  # a coordinate without a slope, at the first step
    yield theta, np.zeros(2), np.zeros(2), 0, g, 0.05, 0.9, LONG, 1e-3


EXERCISE = CodeExercise(
    id="adam-update",
    title="Adam, one update",
    answer=adam_update,
    draw=draw,
    cases=cases,
    slips=(
        Slip(
            no_correction,
            "The bias correction is missing. Both means start at 0 and are too small at first, the "
            "root of $\\nu$ more so with the usual β: early steps come out wrong, mostly too long.",
        ),
        Slip(
            eps_inside,
            "Your $\\varepsilon$ stands under the root. In (7.9) it is added to the root; under "
            "it, it would count as $\\sqrt\\varepsilon$ where $\\nu$ is small.",
        ),
        Slip(
            counted_from_zero,
            "Your correction is one step late. `t` steps came before this one, so this is step "
            "$t+1$ of (7.9). With yours the very first step divides by $1 - \\beta^0 = 0$.",
        ),
        Slip(
            corrected_means_kept,
            "$\\theta$ is right, but you handed back $\\hat\\mu$ and $\\hat\\nu$. The next step "
            "goes on from $\\mu$ and $\\nu$, and would correct the corrected ones again.",
        ),
        Slip(
            downhill,
            "You walked downhill. Here `g` is uphill, as everywhere in the text. With the gradient "
            "of a loss, as PyTorch has it, the minus would be right.",
        ),
    ),
    hints=(
        "Five lines, those of (7.9): two running means, two corrections, the step.",
        "Keep the corrected means apart, as `mu_hat` and `nu_hat`: the step needs these, the next "
        "call needs `mu` and `nu`.",
        "`t` counts the steps before this one: the divisors are `1 - beta1 ** (t + 1)` and "
        "`1 - beta2 ** (t + 1)`.",
        "With `mu_hat` and `nu_hat`, add `alpha * mu_hat / (np.sqrt(nu_hat) + eps)` to `theta`. "
        "Return the new `theta`, `mu`, `nu`.",
    ),
    why="At the first step every coordinate whose gradient is well above $\\varepsilon$ moves by "
    "nearly $\\alpha$; from there on (7.11) says what Adam sees.",
    note="At the first step $\\hat\\mu = \\tilde g$ and $\\hat\\nu = \\tilde g^2$. Fed with minus "
    "the gradient of a loss, this is `mle_lib.optimizers.Adam`, and `torch.optim.Adam`, step for "
    "step.",
)
