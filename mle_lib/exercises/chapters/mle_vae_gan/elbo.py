"""The ELBO of a Gaussian model, in closed form."""

from collections.abc import Iterator

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


def draw(d: Draw) -> Arguments:
    shape = d.size("b", 1, 6), d.size("d", 1, 6)
    x, mean, log_s = d.reals("x", *shape), d.reals("mean", *shape), d.reals("log_s", *shape, upto=8)
    q = d.word("q", "any", "any", "any", "narrow", "wide", "all zero")
    d.suits(abs(log_s).max() < 14)  # in float32 s² ends at 44
    if q == "all zero":
        return 0 * x, 0 * mean, 0 * log_s
    return x, mean, {"any": log_s, "narrow": -4 - abs(log_s), "wide": 16 + abs(log_s)}[q]


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for b, d, width in [(3, 2, -0.3), (5, 1, 0.5), (1, 4, -3.0)]:
        x, mean = 2 * rng.normal(size=(b, d)), rng.normal(size=(b, d))
        yield x, mean, width + 0.3 * rng.normal(size=(b, d))
    x = rng.normal(size=(4, 3))
    yield x, x / 2, np.full((4, 3), -np.log(2) / 2)  # q is the posterior: no gap
    x, log_s = np.array([[8.0, -6.0, 0.0], [0.0, 0.0, 0.0]]), np.array([-20.0, 1.0, 0.0])
    yield x, np.zeros((2, 3)), np.stack([log_s, 0 * log_s])  # nearly a point; the prior itself


EXERCISE = CodeExercise(
    id="gaussian-elbo",
    title="The ELBO of a Gaussian",
    answer=gaussian_elbo,
    draw=draw,
    cases=cases,
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
            "This is too large by exactly $\\frac d2 \\log 2\\pi$: the density $p(x|z)$ lost its "
            "constant. Gradients do not mind, but it is no bound of $\\log p(x)$ then.",
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
    "is the posterior $p(z|x)$; the gap of (11.2) is 0 there, and the bound is the logarithm of "
    "$N(0, 2)$ at $x$.",
)
