"""One update of Adam."""

from math import ceil

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw

# 1 - beta, no memory or about Adam's usual 0.001, and the steps before at which that shows. All
# betas have twelve bits: in float32 1 - 0.999 is off by 1.3e-5 of itself, because a number rounded
# by 2^-24 is off by 2^-24 / (1 - beta) in its distance from 1.
SHOWN = {2**-9: 1, 2**-10: 1000, 2**-11: 0, 2**-12: 9, 3 * 2**-12: 2000, 5 * 2**-12: 4000}
SHOWN |= {0.9999: 0}


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
    p, scale = d.size("p", 1, 8, far=307), d.number("scale", 1e-4, 1e4, also=(0,))
    mu, g = (scale * d.reals(name, p, upto=8) for name in ("mu", "g"))
    nu = (scale * d.reals("root of nu", p, upto=8, but=("positive", "negative"))) ** 2
    step, eps = d.number("step", 1e-4, 1000), d.number("eps", 1e-8, 1)
    theta = step * d.reals("theta", p, upto=50)  # a step shows beside it
    alpha = step * d.number("alpha", 0.3, 3)
    away1 = d.number("1 - beta1", 0.01, 0.9, also=(1, 2**-8, 2**-11, 2**-12, 0.9999))
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
    title="Adam, one update",
    answer=adam_update,
    draw=draw,
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
