"""The (m/b) estimator."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def gradient_estimate(gradients, indices):
    m, b = len(gradients), len(indices)
    return m / b * gradients[indices].sum(axis=0)


def batch_sum(gradients, indices):
    return gradients[indices].sum(axis=0)


def batch_mean(gradients, indices):
    return gradients[indices].mean(axis=0)


def factor_twice(gradients, indices):
    return len(gradients) / len(indices) * gradients[indices].mean(axis=0)


def distinct_rows(gradients, indices):
    return gradient_estimate(gradients, np.unique(indices))


def everything_added(gradients, indices):
    return gradient_estimate(gradients, indices).sum()


def draw(d: Draw) -> Arguments:
    m = d.size("m", 1, 300, far=2999)
    b, p = d.size("b", 1, 2 * m, far=6997), d.size("p", 1, 9, far=307)
    return d.reals("gradients", m, p), d.indices("indices", m, b)


EXERCISE = CodeExercise(
    id="minibatch-gradient",
    title="The estimator",
    answer=gradient_estimate,
    draw=draw,
    slips=(
        Slip(
            batch_sum,
            "This is off by exactly $m/b$: you add the batch's gradients, and $\\nabla\\ell$ is a "
            "sum over all $m$ samples.",
        ),
        Slip(
            batch_mean,
            "This is off by exactly $m$: the batch's mean estimates $\\nabla\\ell/m$, the mean "
            "over the data.",
        ),
        Slip(factor_twice, "You divided by $b$ twice; a mean over the batch divides by it too."),
        Slip(
            distinct_rows,
            "A sample that was drawn twice counts twice, and $b$ counts the draws, not the "
            "distinct samples.",
        ),
        Slip(
            everything_added,
            "You added over the coordinates as well. The estimate has one entry for each of the "
            "$p$ parameters: add over the rows, `axis=0`.",
        ),
    ),
    hints=(
        "Which number of samples is the sum over, and which number did you add?",
        "`gradients[indices]` has one row for each sample drawn; $m$ is `len(gradients)`.",
        "Add these rows with `.sum(axis=0)` and multiply by $m/b$.",
    ),
    why="On average over all batches this is $\\nabla\\ell$ itself: the factor $m/b$ makes up "
    "for the samples left out.",
    note="Each sample is in the batch with probability $b/m$ (or $b/m$ times on average, with "
    "replacement), so $m/b$ times the batch's sum has the mean $\\sum_j g_j = \\nabla\\ell$.",
)
