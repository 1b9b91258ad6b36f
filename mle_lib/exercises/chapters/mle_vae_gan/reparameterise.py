"""The gradient of the ELBO through its draws."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def reparameterised(x, mean, log_s, epsilon):
    s = np.exp(log_s)
    slope = x - 2 * (mean + s * epsilon)
    return slope.mean(axis=0), (slope * s * epsilon).mean(axis=0) + 1


def score_function(x, mean, log_s, epsilon):
    s = np.exp(log_s)
    z = mean + s * epsilon
    log_w = ((epsilon**2 - (x - z) ** 2 - z**2 - np.log(2 * np.pi)) / 2 + log_s).sum(axis=2)
    by_mean, by_log_s = epsilon / s, epsilon**2 - 1
    return tuple((log_w[:, :, None] * score).mean(axis=0) for score in (by_mean, by_log_s))


def by_s(x, mean, log_s, epsilon):
    by_mean, by_log_s = reparameterised(x, mean, log_s, epsilon)
    return by_mean, by_log_s / np.exp(log_s)


def factor_forgotten(x, mean, log_s, epsilon):
    slope = x - 2 * (mean + np.exp(log_s) * epsilon)
    return slope.mean(axis=0), (slope * epsilon).mean(axis=0) + 1


def without_entropy(x, mean, log_s, epsilon):
    by_mean, by_log_s = reparameterised(x, mean, log_s, epsilon)
    return by_mean, by_log_s - 1


def without_prior(x, mean, log_s, epsilon):
    s = np.exp(log_s)
    slope = x - (mean + s * epsilon)
    return slope.mean(axis=0), (slope * s * epsilon).mean(axis=0) + 1


def draw(d: Draw) -> Arguments:
    S, b, width = d.size("S", 1, 8, far=501), d.size("b", 1, 5, far=37), d.size("d", 1, 5, far=31)
    x, mean = 3 * d.reals("x", b, width), 3 * d.reals("mean", b, width)
    log_s = d.reals("log_s", b, width, upto=8).clip(-6, 6)
    epsilon = d.reals("epsilon", S, b, width, upto=8).clip(-15, 15)
    q = d.seldom("q", "any", "narrow", "very narrow", "wide", "at its best", "on a slope of 0")
    s = np.exp(log_s)
    if q == "very narrow":
        x, mean, log_s = 1e-5 * x, 1e-5 * mean, log_s - 10
    elif q in ("narrow", "wide"):
        log_s = abs(log_s) + 6 if q == "wide" else -abs(log_s) - 7
    elif q == "at its best":  # the second gradient is near 0
        low, middle = 1e-4 * d.rng.normal(size=(b, width)), epsilon.mean(axis=0)
        d.suits((s * abs(middle) > 0.05).all())
        x = 2 * mean + (low - 1 + 2 * s**2 * (epsilon**2).mean(axis=0)) / (s * middle)
    elif q == "on a slope of 0":  # nearly, at the first draw
        x = 2 * (mean + s * epsilon[0]) + 1e-4 * d.rng.normal(size=(b, width))
    return x, mean, log_s, epsilon


EXERCISE = CodeExercise(
    id="reparameterise",
    title="A gradient through the draws",
    answer=reparameterised,
    draw=draw,
    slips=(
        Slip(
            score_function,
            "This is the mean of $\\log w$ times the gradient of $\\log q(z)$. Its expectation is "
            "right, but it does not use the slope of $\\log w$ in $z$, and its noise grows with "
            "$\\log w$ itself. Differentiate $z = \\mu + s\\,\\varepsilon$ instead.",
        ),
        Slip(
            by_s,
            "Your second is the gradient by $s$. The encoder gives $\\log s$: by the chain rule it "
            "is $s$ times that.",
        ),
        Slip(
            factor_forgotten,
            "In your second, $z$ moves by $\\varepsilon$ with $\\log s$. It moves by "
            "$\\partial z/\\partial \\log s = s\\,\\varepsilon$; without this $s$ a narrow $q$ is "
            "pushed as hard as a wide one.",
        ),
        Slip(
            without_entropy,
            "Your second is that of $\\mathbb{E}_q[\\log p(x, z)]$ alone. In $\\log w$ there is "
            "also $-\\log q(z)$, which is $\\log s$ and what depends on $\\varepsilon$ alone; "
            "without it $q$ shrinks to a point.",
        ),
        Slip(
            without_prior,
            "Your slope in $z$ is $x - z$, that of $\\log p(x \\mid z)$. $\\log p(z)$ has one too: "
            "$-z$.",
        ),
    ),
    hints=(
        "Write $\\log w$ with $z = \\mu + s\\,\\varepsilon$. In $\\log q(z)$ what is left but "
        "$\\varepsilon$ and $\\log s$?",
        "The slope of $\\log p(x, z)$ in $z$ is $x - 2z$. How does $z$ move with $\\mu$, and how "
        "with $\\log s$?",
        "By $\\mu$: the mean of $x - 2z$. By $\\log s$: the mean of $(x - 2z)\\,s\\,\\varepsilon$, "
        "plus 1.",
    ),
    why="On average over $\\varepsilon$ these are $x - 2\\mu$ and $1 - 2s^2$, the slopes of the "
    "closed form; where the decoder is a network there is none, and draws are all there is.",
    note="In each coordinate $-\\log q(z) = \\frac12\\varepsilon^2 + \\log s$ and a constant: for "
    "a given $\\varepsilon$ its slope is 0 by $\\mu$ and 1 by $\\log s$, without noise.",
)
