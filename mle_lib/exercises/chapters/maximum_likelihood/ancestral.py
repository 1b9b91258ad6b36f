"""Ancestral sampling: the questions of (1.1) answered in order."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def ancestral_sample(W, c, u):
    x = np.zeros(u.shape)
    for i in range(u.shape[1]):
        p = 1 / (1 + np.exp(-(c[i] + x @ W[i])))  # (b,)
        x[:, i] = u[:, i] < p
    return x


def all_at_once(W, c, u):
    return u < 1 / (1 + np.exp(-c))


def probabilities_passed_on(W, c, u):
    p = np.zeros(u.shape)
    for i in range(u.shape[1]):
        p[:, i] = 1 / (1 + np.exp(-(c[i] + p @ W[i])))
    return u < p


def wrong_side(W, c, u):
    x = np.zeros(u.shape)
    for i in range(u.shape[1]):
        x[:, i] = u[:, i] > 1 / (1 + np.exp(-(c[i] + x @ W[i])))
    return x


def most_probable(W, c, u):
    return ancestral_sample(W, c, np.full(u.shape, 0.5))


def with_tosses(d: Draw, x: np.ndarray, kept: int) -> Arguments:
    """An FVSBN, and the uniform numbers by which it draws the columns of ``x`` from ``kept`` on: at
    times so that all these tosses are nearly lost, or nearly won."""
    b, n = x.shape
    u = d.positive("u", b, n, low=1, high=1000) % 1  # at times 0
    W = np.tril(d.number("scale", 0.1, 100) * d.reals("W", n, n, upto=1), -1)
    c = d.positive("scales", n, low=0.01, high=10) * d.reals("c", n, upto=1)
    kind, quiet = d.word("kind", "tight", "plain", "balanced"), d.seldom("quiet row", False, True)
    if quiet:
        kind, u[:1] = "plain", 0.01 * u[:1]
    if kind == "balanced" and c.any():  # large weights, but not all logits are
        c = c - W.sum(axis=1) / 2
    d.suits(abs(c).max() < 250)
    # tosses that are nearly lost, but in float32 too
    near = d.positive("near", b, n, low=2e-5, high=0.5) * (1 - 2 * d.bits("x", b, n))
    x = x.copy()
    for i in range(kept, n):
        z = c[i] + x @ W[i]
        d.suits(abs(z).max() < 250)  # math.exp(-z) overflows beyond 700
        p = 1 / (1 + np.exp(-z))
        if kind in ("tight", "balanced"):
            toss = p + near[:, i]
            beyond = (toss >= 1) | ((toss < 0) & (p < 1e-4))
            u[:, i] = np.where(beyond, p - near[:, i], np.maximum(toss, 0))
        d.suits(abs(u[:, i] - p).min() > 1e-5)
        x[:, i] = u[:, i] < p
    return W, c, u


def draw(d: Draw) -> Arguments:
    b, n = d.size("b", 1, 8, far=101), 1 + d.rounds("n - 1", 110)
    return with_tosses(d, np.zeros((b, n)), 0)


EXERCISE = CodeExercise(
    id="ancestral-sampling",
    title="Sampling, one question after the other",
    answer=ancestral_sample,
    draw=draw,
    slips=(
        Slip(
            all_at_once,
            "Every $x_i$ is drawn with the probability $\\sigma(c_i)$, as if all before it were 0. "
            "The logit must see the values that were drawn: fill `x` column by column, and take "
            "row $i$ of $W$.",
        ),
        Slip(
            probabilities_passed_on,
            "You pass on the probability of each $x_k$, not the value that came. A condition "
            "$x_k = 0.7$ occurs in no picture: the next logit must see the 0 or 1 that was drawn.",
        ),
        Slip(
            wrong_side,
            "The comparison is the wrong way round: $u$ exceeds $p$ with probability $1 - p$, so "
            "your $x_i$ is 1 as often as it should be 0.",
        ),
        Slip(
            most_probable,
            "You take the more probable value each time and leave `u` unused. That gives one "
            "picture again and again, not samples of the model.",
        ),
    ),
    hints=(
        "$x_2$ can be drawn only when $x_1$ is known. What is the loop over, samples or variables?",
        "Start with `x = np.zeros(u.shape)`. All samples can take step $i$ together: their logits "
        "are `c[i] + x @ W[i]`. What has not been drawn yet has weight 0 in row $i$.",
        "With `p` of shape `(b,)`, column $i$ is `u[:, i] < p`.",
    ),
    why="This is why an autoregressive model is slow to sample from: $n$ steps one after the "
    "other, while its likelihood needs a single pass.",
    note="A uniform $u$ is below $p$ with probability $p$: that is a coin toss. With `u` handed "
    "in, chance is outside the function, and the same `u` gives the same pictures.",
)
