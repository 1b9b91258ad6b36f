"""One update of Adam, from corrected means."""

from math import ceil

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw

# 1 - beta, no memory or about Adam's usual 0.001, and the steps before at which that shows. All
# betas have twelve bits: in float32 1 - 0.999 is off by 1.3e-5 of itself, because a number rounded
# by 2^-24 is off by 2^-24 / (1 - beta) in its distance from 1.
SHOWN = {2**-9: 1, 2**-10: 1000, 2**-11: 0, 2**-12: 9, 3 * 2**-12: 2000, 5 * 2**-12: 4000}
LEAST = 1.5 * 2**-12  # rounded up to 2 * 2^-12; after so many steps its mean hardly moves
SHOWN |= {0.9999: 0, LEAST: 4000}


def adam_update(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    gain1 = (1 - beta1) / (1 - beta1 ** (t + 1))
    gain2 = (1 - beta2) / (1 - beta2 ** (t + 1))
    mu_hat = (1 - gain1) * mu_hat + gain1 * g
    nu_hat = (1 - gain2) * nu_hat + gain2 * g**2
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def as_if_not_corrected(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu_hat + (1 - beta1) * g, beta2 * nu_hat + (1 - beta2) * g**2
    return corrected_again(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps)[0], mu, nu


def corrected_again(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    mu_hat = (beta1 * mu_hat + (1 - beta1) * g) / (1 - beta1 ** (t + 1))
    nu_hat = (beta2 * nu_hat + (1 - beta2) * g**2) / (1 - beta2 ** (t + 1))
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def no_correction(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu_hat + (1 - beta1) * g, beta2 * nu_hat + (1 - beta2) * g**2
    return theta + alpha * mu / (np.sqrt(nu) + eps), mu, nu


def counted_from_zero(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    mu, nu = (1 - beta1 ** (t - 1)) * mu_hat, (1 - beta2 ** (t - 1)) * nu_hat
    mu_hat = (beta1 * mu + (1 - beta1) * g) / (1 - beta1**t)
    nu_hat = (beta2 * nu + (1 - beta2) * g**2) / (1 - beta2**t)
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def downhill(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    new, mu_hat, nu_hat = adam_update(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps)
    return 2 * theta - new, mu_hat, nu_hat


def draw(d: Draw) -> Arguments:
    p, scale = d.size("p", 1, 8, far=307), d.number("scale", 1e-4, 1e4, also=(0,))
    mu, g = (scale * d.reals(name, p, upto=8) for name in ("mu", "g"))  # corrected, both means
    nu = (scale * d.reals("root of nu", p, upto=8, but=("positive", "negative"))) ** 2
    step, eps = d.number("step", 1e-4, 1000), d.number("eps", 1e-8, 1)
    theta = step * d.reals("theta", p, upto=50)  # a step shows beside it
    alpha = step * d.number("alpha", 0.3, 3)
    away1 = d.number("1 - beta1", 0.01, 0.9, also=(1, 2**-8, 2**-11, 2**-12, LEAST, 0.9999))
    away2 = d.number("1 - beta2", 0.01, 0.9, also=(1, *SHOWN))
    t = int(d.number("t + 1", 1, 5000)) - 1
    t = SHOWN.get(away2, SHOWN.get(away1, t))
    beta1, beta2 = (1 - ceil(4096 * away) / 4096 for away in (away1, away2))
    nu = nu[d.indices("equal entries", p, p)]
    if t == 0:  # nothing has come yet
        mu, nu = 0 * mu, 0 * nu
    return theta, mu, nu, t, g, alpha, beta1, beta2, eps


EXERCISE = CodeExercise(
    id="adam-update",
    title="Adam from corrected means",
    answer=adam_update,
    draw=draw,
    slips=(
        Slip(
            as_if_not_corrected,
            "You took what came in for $\\mu$ and $\\nu$, and handed these back: this is (7.9) as "
            "it stands. Here $\\hat\\mu$ and $\\hat\\nu$ come in, and the new ones are to go out.",
        ),
        Slip(
            corrected_again,
            "Your correction is applied to means that had theirs already: from the second step on "
            "the old gradients weigh too much. Divided by $1-\\beta^t$ is $\\mu$, not $\\hat\\mu$.",
        ),
        Slip(
            no_correction,
            "You give every new gradient the weight $1-\\beta$. So the first ones are averaged "
            "with the zeros at the start; corrected, the first has the weight 1.",
        ),
        Slip(
            counted_from_zero,
            "Your correction is one step late. `t` steps came before this one, so this is step "
            "$t+1$ of (7.9). With yours the very first step divides by $1 - \\beta^0 = 0$.",
        ),
        Slip(
            downhill,
            "You walked downhill. Here `g` is uphill, as everywhere in the text. With the gradient "
            "of a loss, as PyTorch has it, the minus would be right.",
        ),
    ),
    hints=(
        "At the first step $\\hat\\mu$ is $\\tilde g$, whatever $\\beta_1$ is; after many steps "
        "the new gradient has the weight $1-\\beta_1$. What is between?",
        "Before this step $\\mu$ was $(1-\\beta_1^t)$ times the $\\hat\\mu$ that came in. Put it "
        "into (7.9), and divide by $1-\\beta_1^{t+1}$.",
        "What you find is a mean of the old $\\hat\\mu$ and `g`, with weights that add up to 1: "
        "that of `g` is `(1 - beta1) / (1 - beta1 ** (t + 1))`.",
        "The same with `beta2` and `g**2` gives `nu_hat`. With the new ones, add "
        "`alpha * mu_hat / (np.sqrt(nu_hat) + eps)` to `theta`.",
    ),
    why="The bias correction is a weight that falls: 1 for the first gradient, about $\\frac12$ "
    "for the second, down to $1-\\beta$. So the mean begins as a plain average of all gradients.",
    note="Only the start differs from a moving average with the constant weight $1-\\beta$. Fed "
    "with minus the gradient of a loss, $\\theta$ is that of `mle_lib.optimizers.Adam` and "
    "`torch.optim.Adam`, which remember $\\mu$ and $\\nu$.",
)
