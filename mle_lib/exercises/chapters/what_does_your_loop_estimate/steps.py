"""The steps of a pass with accumulation, its last ones short."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def steps_of_a_pass(sums, sizes, A):
    starts = np.arange(0, len(sums), A)
    rows = np.add.reduceat(sizes, starts)
    return np.add.reduceat(sums, starts) / rows[:, None]


def in_steps(values, A):
    return np.add.reduceat(values, np.arange(0, len(values), A))


def as_given(sums, sizes, A):
    return in_steps(sums / sizes[:, None], A) / A


def mean_of_means(sums, sizes, A):
    return in_steps(sums / sizes[:, None], A) / in_steps(np.ones((len(sums), 1)), A)


def nominal_rows(sums, sizes, A):
    return in_steps(sums, A) / (A * sizes[0])


def not_divided(sums, sizes, A):
    return in_steps(sums, A)


def short_step_lost(sums, sizes, A):
    full = len(sums) // A
    return steps_of_a_pass(sums, sizes, A)[:full]


def draw(d: Draw) -> Arguments:
    n, A = d.size("n", 1, 30, far=1999), d.size("A", 1, 12, far=2503)
    p = d.size("p", 1, 5, far=101)
    sizes = np.ceil(d.positive("sizes", n, low=1, high=64))
    if d.flag("alike"):  # but for the last
        sizes[:-1], sizes[-1] = sizes[0], min(sizes[0], sizes[-1])
    return d.seldom("times", 1, 10_000) * d.reals("sums", n, p), sizes, A


EXERCISE = CodeExercise(
    id="steps-of-a-pass",
    title="The steps of a pass",
    answer=steps_of_a_pass,
    draw=draw,
    slips=(
        Slip(
            as_given,
            "This is what the program gives as it stands. A last step of fewer micro-batches is "
            "divided by $A$ all the same, and a row weighs more in a small micro-batch.",
        ),
        Slip(
            mean_of_means,
            "Each step is divided by the number of its own micro-batches now. It is a mean of "
            "means still: a row weighs more in a small micro-batch.",
        ),
        Slip(
            nominal_rows,
            "Every step is divided by the same number, $A$ times the first size. It is to be "
            "the number of the step's own rows.",
        ),
        Slip(not_divided, "These are the sums over each step's rows, not the means."),
        Slip(
            short_step_lost,
            "The last step is missing where it has fewer than $A$ micro-batches.",
        ),
    ),
    hints=(
        "Which two sums make the mean over a step's own rows?",
        "The steps begin at the micro-batches `range(0, len(sums), A)`; a slice "
        "`sums[k : k + A]` ends where `sums` does.",
        "For each step: the sum of its rows of `sums` over the sum of its `sizes`.",
    ),
    why="In a loop that calls `backward` on each micro-batch, the sizes of the whole window have "
    "to be known before the first of them, or the gradient divided afterwards.",
    note="`np.add.reduceat` adds from each start to the next one. In a loss the same is the "
    "*sum* over each micro-batch, divided by the rows of its window.",
)
