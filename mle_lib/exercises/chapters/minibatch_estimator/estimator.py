"""The (m/b) estimator, in four stages."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def gradient_estimate(gradients, indices):
    m, b = len(gradients), len(indices)
    batch = gradients[indices]
    total = batch.sum(axis=0)
    return m / b * total


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


def mean_over_batches(estimate: Function) -> str:
    """The weight of each of six samples in the mean over all batches of two."""
    m, b = 6, 2
    batches = [np.array(batch) for batch in combinations(range(m), b)]
    # row j is 1 in place j alone, so that place j of an estimate is the weight of sample j
    weights = np.mean([np.asarray(estimate(np.eye(m), batch)) for batch in batches], axis=0)
    over = f"in the mean over all {len(batches)} batches of {b}; ∇ℓ needs 1."
    if weights.shape != (m,):
        return f"Of {m} parameters it returns values of the shape `{weights.shape}`, not `({m},)`."
    low, high = weights.min(), weights.max()
    if high - low < 1e-6:
        return f"Each of the {m} samples gets the weight {high:.2f} {over}"
    return f"The {m} samples get weights from {low:.2f} to {high:.2f} {over}"


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
    why="A sample that was drawn twice is added twice, and $b$ counts both draws: with "
    "replacement, too, the mean is $\\nabla\\ell$.",
    note="Each sample is in the batch with probability $b/m$ (or $b/m$ times on average, with "
    "replacement), so $m/b$ times the batch's sum has the mean $\\sum_j g_j = \\nabla\\ell$.",
)

ORDER = replace(
    EXERCISE,
    id="order-the-estimator",
    stage="order",
    of=EXERCISE.id,
    hints=(
        "Which line uses a name that a line below it makes?",
        "The last line is the one that returns. Which two names does it need?",
        "`total` is made from `batch`, and `batch` from the arguments.",
    ),
    why="One sum over the batch, one factor: what an estimate costs grows with $b$, not with $m$.",
    note="The line with $m$ and $b$ may also stand between the other two or below them: it needs "
    "the arguments alone.",
)

FILL = replace(
    EXERCISE,
    id="fill-the-estimator",
    stage="fill",
    of=EXERCISE.id,
    hints=(
        "One gap is a number of samples. Of which samples is $\\nabla\\ell$ the sum?",
        "The other is the factor of (3.1), before the sum over $B$.",
        "There is a row of `gradients` for each of the $m$ samples: `len(gradients)`. The factor "
        "is $m/b$.",
    ),
    why="On average over all batches this is $\\nabla\\ell$ itself: the factor $m/b$ makes up "
    "for the samples left out.",
)

MEND = replace(
    EXERCISE,
    id="mend-the-estimator",
    stage="mend",
    given="batch_mean",
    of=EXERCISE.id,
    hints=(
        "Follow six samples and a batch of two by hand. What are `m`, `b` and `factor`?",
        "`m` is the number of rows of what?",
        "The factor $m/b$ belongs to the batch's sum. With its mean, $b$ divides twice.",
    ),
    why="The two faults together leave the batch's mean: it looks right, and estimates "
    "$\\nabla\\ell/m$.",
    note="`m` counted the batch, so the factor was 1, and the mean took the place of the sum. "
    "Either fault alone is a constant factor too: $b/m$ and $1/b$.",
    estimates=mean_over_batches,
)
