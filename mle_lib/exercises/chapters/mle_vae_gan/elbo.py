"""The ELBO of a Gaussian model, in closed form."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def gaussian_elbo(x, mean, log_s):
    s2 = np.exp(2 * log_s)
    expected = -(np.log(2 * np.pi) + (x - mean) ** 2 + s2) / 2
    kl = (mean**2 + s2 - 1) / 2 - log_s
    return (expected - kl).sum(axis=1)


def _expected(x, mean, s2):
    return -(np.log(2 * np.pi) + (x - mean) ** 2 + s2).sum(axis=1) / 2


def _kl(mean, log_s):
    return ((mean**2 + np.exp(2 * log_s) - 1) / 2 - log_s).sum(axis=1)


def kl_added(x, mean, log_s):
    return _expected(x, mean, np.exp(2 * log_s)) + _kl(mean, log_s)


def log_s_as_log_variance(x, mean, log_s):
    return gaussian_elbo(x, mean, log_s / 2)


def at_the_mean(x, mean, log_s):
    return _expected(x, mean, 0 * log_s) - _kl(mean, log_s)


def constant_missing(x, mean, log_s):
    return gaussian_elbo(x, mean, log_s) + x.shape[1] / 2 * np.log(2 * np.pi)


def half_of_log_s(x, mean, log_s):
    return gaussian_elbo(x, mean, log_s) - log_s.sum(axis=1) / 2


ZEROS = ("x", "mean", "log_s", "x mean", "x log_s", "mean log_s", "x mean log_s")


def draw(d: Draw) -> Arguments:
    shape = d.size("b", 1, 6, far=307), d.size("d", 1, 6, far=101)
    x, mean = 3 * d.reals("x", *shape), 3 * d.reals("mean", *shape)
    log_s, times = (
        d.reals("log_s", *shape, upto=8),
        d.number("times", 0.5, 1, also=(-20, -9, 9, 20)),
    )
    d.suits(abs(log_s).max() < 36)  # in float32 s² ends at 44, and is 0 from -52 on
    if abs(times) > 1:  # narrow or wide
        log_s = np.sign(times) * np.minimum(36, 4 + abs(times * log_s))
    zeros = d.word("zeros", *["none"] * 4, *ZEROS)
    given = {"x": x, "mean": mean, "log_s": log_s}
    return tuple(0 * a if name in zeros.split() else a for name, a in given.items())


EXERCISE = CodeExercise(
    id="gaussian-elbo",
    title="The ELBO of a Gaussian",
    answer=gaussian_elbo,
    draw=draw,
    slips=(
        Slip(
            kl_added,
            "You add the KL. It is what $q$ costs: the bound is $\\mathbb{E}_q[\\log p(x|z)]$ "
            "*minus* $\\mathrm{KL}(q \\| p(z))$. Added, it may lie above $\\log p(x)$.",
        ),
        Slip(
            log_s_as_log_variance,
            "You took `log_s` for $\\log s^2$. It is the logarithm of the standard deviation, "
            "half of that; so your $q$ has the variance $s$.",
        ),
        Slip(
            at_the_mean,
            "This is too large by exactly $s^2/2$ in each coordinate. It belongs in the KL, and "
            "also in the mean of $\\log p(x|z)$ over $q$: a wide $q$ lands farther from $x$.",
        ),
        Slip(
            constant_missing,
            "This is too large by exactly $\\frac d2 \\log 2\\pi$: the constant of a density, "
            "such as $p(x|z)$, is missing. Gradients do not mind, but it is no bound of "
            "$\\log p(x)$ then.",
        ),
        Slip(
            half_of_log_s,
            "This is off by $\\frac12 \\log s$ in each coordinate. The KL holds half the logarithm "
            "of the *variance*, which is $\\log s$ itself, not half of that.",
        ),
    ),
    hints=(
        "$\\mathbb{E}_q[\\log p(x|z)] - \\mathrm{KL}(q \\| p(z))$. The coordinates are "
        "independent: work out one, then add.",
        "With $z = \\mu + s\\,\\varepsilon$, $\\mathbb{E}_q[(x - z)^2] = (x - \\mu)^2 + s^2$. "
        "Likewise $\\mathbb{E}_q[z^2] = \\mu^2 + s^2$.",
        "For one coordinate $\\mathrm{KL}(q \\| p(z)) = \\frac12(\\mu^2 + s^2 - 1) - \\log s$. In "
        "the other part, do not forget $-\\frac12\\log 2\\pi$.",
    ),
    why="With $\\mu = \\frac x2$ and $s^2 = \\frac12$ this is $\\log p(x)$ itself, a case against "
    "which the code of a VAE can be tested.",
    note="Set the slopes by $\\mu$ and $\\log s$ to 0: $x - 2\\mu = 0$ and $1 - 2 s^2 = 0$. That "
    "is the posterior $p(z|x)$; the gap of (15.2) is 0 there, and the bound is the logarithm of "
    "$N(0, 2)$ at $x$.",
)
