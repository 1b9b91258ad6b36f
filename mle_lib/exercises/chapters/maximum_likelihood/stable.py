"""The log-likelihood of an FVSBN, computed so that large logits do no harm."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def fvsbn_log_likelihood(W, c, x):
    z = c + x @ W.T  # logits, (m, n)
    u = (2 * x - 1) * z  # log p = log sigma(u)
    return -np.logaddexp(0, -u).sum()


def probability_first(W, c, x):
    u = (2 * x - 1) * (c + x @ W.T)
    return np.log(1 / (1 + np.exp(-u))).sum()


def zero_times_infinity(W, c, x):
    p = 1 / (1 + np.exp(-(c + x @ W.T)))
    return (x * np.log(p) + (1 - x) * np.log(1 - p)).sum()


def as_if_all_ones(W, c, x):
    return -np.logaddexp(0, -(c + x @ W.T)).sum()


def columns_for_rows(W, c, x):
    return fvsbn_log_likelihood(W.T, c, x)


def mean_over_samples(W, c, x):
    return fvsbn_log_likelihood(W, c, x) / len(x)


def draw(d: Draw) -> Arguments:
    m, n = d.size("m", 1, 40, far=997), d.size("n", 1, 12, far=113)
    # at times one weight is the largest logit
    spread = d.positive("spread", n, n, low=1e-3, high=1)
    W = np.tril(spread * d.reals("W", n, n, upto=1), -1)
    c = d.positive("scales", n, low=0.01, high=10) * d.reals("c", n, upto=1)
    x = d.bits("x", m, n)
    largest = d.word("largest", 0.3, 4, 6, 9, 11, 13, 20, 50, 300, 1000, 1500)
    part = d.number("part", 0.01, 0.99)  # of the largest logit there may be: that of the weights
    W = part * largest / (abs(W).sum(axis=1).max() or 1.0) * W
    c = (1 - part) * largest / (abs(c).max() or 1.0) * c
    if d.flag("expected") and largest < 20:  # such a logit does no harm: others are seen beside it
        for i in range(n):
            x[:, i] = c[i] + x @ W[i] > 0
    # x z - log(1 + e^z) keeps its digits in float32 only where the sum is not tiny beside z
    d.suits(abs(fvsbn_log_likelihood(W, c, x)) > 1e-2 * abs(c + x @ W.T).sum())
    return W, c, x


EXERCISE = CodeExercise(
    id="stable-log-likelihood",
    title="A log-likelihood that survives large logits",
    answer=fvsbn_log_likelihood,
    draw=draw,
    slips=(
        Slip(
            probability_first,
            "Right at small logits. At logits of $\\pm 1000$ it is −∞: before you take the "
            "logarithm, the probability rounds to 0, or $e^{1000}$ overflows. The value wanted "
            "there is $-1000$ for each wrong pixel, an ordinary number.",
        ),
        Slip(
            zero_times_infinity,
            "Right at small logits. At large ones it is NaN, from $0 \\cdot \\log\\,0$: the "
            "probability rounds to 0 or 1. Go from the logit to the logarithm without the "
            "probability in between.",
        ),
        Slip(
            as_if_all_ones,
            "You add $\\log\\,p(x_i = 1)$ for every pixel, also where $x_i = 0$ came. There the "
            "probability is $1 - \\sigma(z_i) = \\sigma(-z_i)$.",
        ),
        Slip(
            columns_for_rows,
            "Rows and columns of $W$ are exchanged: the logit $z_i$ adds $W_{ik} x_k$ over $k$, so "
            "it takes row $i$. With column $i$, a pixel is predicted from those after it.",
        ),
        Slip(
            mean_over_samples,
            "This is off by exactly $1/m$: it is $\\ell/m$, the mean for one sample. $\\ell$ is "
            "the sum.",
        ),
    ),
    hints=(
        "All logits at once are `c + x @ W.T`, of shape `(m, n)`. One formula serves both values "
        "of $x_i$: $\\log\\,p = \\log\\,\\sigma(u)$ with $u = (2 x_i - 1) z_i$.",
        "$\\log\\,\\sigma(u) = -\\log(1 + e^{-u})$. For $u = -1000$ the exponential overflows; the "
        "value itself is close to $u$.",
        "`np.logaddexp(a, b)` is $\\log(e^a + e^b)$, computed without overflow; and $1 = e^0$.",
    ),
    why="A confident and wrong model has such logits, and one infinity in the sum would end the "
    "training.",
    note="`logaddexp` takes the larger exponent out before it exponentiates, so nothing "
    "overflows. To clip the probabilities would avoid −∞ too, but then a wrong pixel would "
    "cost the same at any large logit, and the gradient there would be zero.",
)
