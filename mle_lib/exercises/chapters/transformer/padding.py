"""log p of rows that end at different places."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def log_p_of_rows(terms, x):
    ends = x == 0
    ended = np.cumsum(ends, axis=1) - ends > 0
    return np.where(ended, 0.0, terms).sum(axis=1)


def without_the_end(terms, x):
    return np.where(np.cumsum(x == 0, axis=1) > 0, 0.0, terms).sum(axis=1)


def all_places(terms, x):
    return terms.sum(axis=1)


def letters_anywhere(terms, x):
    return np.where(x == 0, 0.0, terms).sum(axis=1)


def mean_of_symbols(terms, x):
    return log_p_of_rows(terms, x) / log_p_of_rows(np.ones_like(terms), x)


def draw(d: Draw) -> Arguments:
    b, t = d.size("b", 1, 7, far=200), d.size("t", 1, 12, far=200)
    K = d.size("K", 2, 9)
    x = d.rng.integers(0, K, size=(b, t))  # the padding may hold anything
    for row, end in zip(x, d.indices("end", t, b), strict=True):
        row[:end], row[end] = d.rng.integers(1, K, size=end), 0
    return -3 * abs(d.reals("terms", b, t)), x


def what_it_counts(answer: Function) -> str:
    """The weight of each place of one row: its letters, its end, and what the padding holds."""
    x = np.tile([3, 1, 0, 2, 0, 4], (6, 1))
    counted = np.asarray(answer(np.eye(6), x), dtype=float)
    if counted.shape != (6,):
        return f"For 6 rows your function gives the shape `{counted.shape}`, not a number for each."
    weights = [f"{weight:.3g}" for weight in counted]
    return (
        f"In a row 3, 1, 0, 2, 0, 4 it gives the two letters and the end the weights "
        f"{', '.join(weights[:3])}, and what stands in the padding after them "
        f"{', '.join(weights[3:])}."
    )


EXERCISE = CodeExercise(
    id="end-and-padding",
    title="The end, not the padding",
    answer=log_p_of_rows,
    draw=draw,
    stage="mend",
    given="letters_anywhere",
    estimates=what_it_counts,
    slips=(
        Slip(
            without_the_end,
            "The end is left out: it is a symbol, and how likely it was is part of $\\log p(x)$.",
        ),
        Slip(all_places, "The padding is counted: these are all terms of each row."),
        Slip(
            letters_anywhere,
            "This counts every term where a letter stands, those in the padding too, and no end. A "
            "row is over at its *first* 0.",
        ),
        Slip(
            mean_of_symbols,
            "This is the mean over a row's symbols. $\\log p(x)$ is their sum.",
        ),
    ),
    hints=(
        "Which terms belong to a row whose first 0 is at place 3?",
        "A place is padding if a 0 stands at some *earlier* place.",
        "`np.cumsum(x == 0, axis=1)` counts the zeros up to each place, its own included.",
    ),
    why="With the end the probabilities of all strings add up to 1; without it they do not, and "
    "with the padding the sum is of nothing in particular.",
    note="`ended` is true where a zero stands at an earlier place. `np.where` rather than a "
    "product: a term in the padding may be infinite, and $0 \\cdot \\infty$ is not 0.",
)
