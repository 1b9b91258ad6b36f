"""The Fisher matrix of one unit, and the "empirical" one."""

from itertools import product

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def fisher_and_empirical(theta, X, y, inputs, share):
    p = 1 / (1 + np.exp(-inputs @ theta))
    F = (inputs.T * (share * p * (1 - p))) @ inputs
    error = y - 1 / (1 + np.exp(-X @ theta))
    E = (X.T * error**2) @ X / len(y)
    return F, E


def curvature_for_fisher(theta, X, y, inputs, share):
    p = 1 / (1 + np.exp(-X @ theta))
    E = fisher_and_empirical(theta, X, y, inputs, share)[1]
    return (X.T * (p * (1 - p))) @ X / len(y), E


def uncertainty_forgotten(theta, X, y, inputs, share):
    E = fisher_and_empirical(theta, X, y, inputs, share)[1]
    return (inputs.T * share) @ inputs, E


def labels_of_the_model(theta, X, y, inputs, share):
    F, _ = fisher_and_empirical(theta, X, y, inputs, share)
    return F, curvature_for_fisher(theta, X, y, inputs, share)[0]


def centred(theta, X, y, inputs, share):
    F, E = fisher_and_empirical(theta, X, y, inputs, share)
    g = X.T @ (y - 1 / (1 + np.exp(-X @ theta))) / len(y)
    return F, E - np.outer(g, g)


def summed(theta, X, y, inputs, share):
    F, E = fisher_and_empirical(theta, X, y, inputs, share)
    return F, len(y) * E


def draw(d: Draw) -> Arguments:
    width = d.size("d", 2, 4, far=8)
    inputs = np.array([(1.0, *bits) for bits in product((0.0, 1.0), repeat=width - 1)])
    inputs = d.rng.permutation(inputs)  # in an order that nobody knows
    share = d.positive("share", len(inputs), low=0.1, high=10, but=("whole",))
    # the model's x_<i and the data's are distributed differently
    rows = d.indices("rows", len(inputs), int(d.number("m", 1, 40, also=(2, 300))))
    X, y = inputs[rows], d.bits("y", len(rows))
    theta = d.number("scale", 0.1, 2, also=(0,)) * d.reals("theta", width, upto=8)
    bias = d.number("bias", 0.1, 1, also=(0, -9, -6, -4, 3, 4, 5))
    theta[0] += bias
    theta = theta * (bias != 0)  # all 0, as before training
    y = y * (bias != -9)  # so that all errors are small there
    z = inputs @ theta
    d.suits(np.ptp(z) < 9 and abs(z + 2).max() < 8)  # 1 - p has few digits in float32 beyond 6
    return theta, X, y, inputs, share / share.sum()


EXERCISE = CodeExercise(
    id="fisher-or-empirical",
    title="Fisher, or empirical",
    answer=fisher_and_empirical,
    draw=draw,
    slips=(
        Slip(
            curvature_for_fisher,
            "$E$ is right. For $F$ you gave $H$: it averages over the data's $x_{<i}$, the rows of "
            "`X`. $F$ averages over the model's: all `inputs`, each weighted by its `share`.",
        ),
        Slip(
            uncertainty_forgotten,
            "$E$ is right. Your $F$ lacks $\\sigma(1-\\sigma)$, the model's mean of "
            "$(x_i-\\sigma)^2$. Without it the matrix says how long inputs are, and not how "
            "unsure the model is.",
        ),
        Slip(
            labels_of_the_model,
            "$F$ is right. For $E$ you gave $H$: with $\\sigma(1-\\sigma)$ it averages over the "
            "model's $x_i$. $E$ takes the squared errors at the data's own, `y`.",
        ),
        Slip(
            centred,
            "$F$ is right. For $E$ you gave $\\Sigma$, the covariance of the $g_j$. $E$ is the "
            "mean of $g_jg_j^\\top$, with nothing taken off; they are the same where $\\bar g=0$.",
        ),
        Slip(
            summed,
            "$F$ is right, and your $E$ is exactly $m$ times too large. It is a mean over the "
            "samples, like $F$, whose weights `share` add up to 1.",
        ),
    ),
    hints=(
        "Both are weighted sums of $\\tilde x_i\\tilde x_i^\\top$: which rows, and which weights?",
        "A sum of `w[j]` times the outer product of row `j` with itself is `(X.T * w) @ X`.",
        "For $F$ the rows are `inputs`, with the weights `share * p * (1 - p)`, where `p` belongs "
        "to `inputs`.",
        "For $E$ the rows are those of `X`, with the weights `(y - p)**2 / len(y)`, where `p` "
        "belongs to `X`.",
    ),
    why="$F$ needs no `y`: it says how much the *model's* distribution changes with $\\theta$. "
    "$E$ says how much the *data's* gradients scatter around 0, and equals $F$ where the model is "
    "right.",
    note="In an FVSBN this is the block of one variable. Of `X` only how often each of `inputs` "
    "occurs and with which $x_i$ counts. $F$ with those frequencies in place of `share` is $H$.",
)
