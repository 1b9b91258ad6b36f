"""Gradient accumulation over unequal micro-batches."""

from dataclasses import replace
from typing import Any

import numpy as np

from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def accumulate(gradient, batch, size):
    b, total = len(batch), 0
    for start in range(0, b, size):
        part = batch[start : start + size]
        total = total + len(part) / b * gradient(part)
    return total


def means(gradient, batch, size):
    return [gradient(batch[k : k + size]) for k in range(0, len(batch), size)]


def mean_of_means(gradient, batch, size):
    return np.mean(means(gradient, batch, size), axis=0)


def sum_of_means(gradient, batch, size):
    return np.sum(means(gradient, batch, size), axis=0)


def nominal_size(gradient, batch, size):
    return size / len(batch) * sum_of_means(gradient, batch, size)


def last_part_alone(gradient, batch, size):
    for start in range(0, len(batch), size):
        part = batch[start : start + size]
        total = len(part) / len(batch) * gradient(part)
    return total


def short_part_lost(gradient, batch, size):
    full = len(batch) // size * size
    return size / len(batch) * sum_of_means(gradient, batch[:full], size)


def limited(weights: np.ndarray, most: int) -> Function:
    """The gradient of a mean over rows, for no more rows than fit."""

    def gradient(part: Any) -> np.ndarray:
        rows = np.asarray(part)
        if rows.ndim != 2:
            raise ValueError(f"a micro-batch is needed, (rows, n), not shape {rows.shape}")
        if not len(rows):
            raise ValueError("this micro-batch has no rows")
        if len(rows) > most:
            raise MemoryError(f"{len(rows)} rows at once; only {most} fit")
        z = rows @ weights
        # neither odd nor of one degree, and not 0 at a row of zeros
        return (1 + z + z * abs(z)).mean(axis=0)

    return gradient


def draw(d: Draw) -> Arguments:
    size, n, p = (
        d.size("size", 1, 8, far=199),
        d.size("n", 1, 4, far=113),
        d.size("p", 1, 4, far=127),
    )
    b, more = d.size("b", 1, 12, far=1201), d.rounds("more", 110)  # far: too deep for recursion
    b += (more > 12) * more * min(size, 8)  # at times there are very many parts
    batch = d.reals("batch", b, n)
    if d.flag("equal rows"):  # side by side, some more often than others
        batch = batch[np.sort(d.rng.integers(b, size=b))]
    return limited(d.reals("weights", n, p), size), batch, size


EXERCISE = CodeExercise(
    id="unequal-micro-batches",
    title="Unequal micro-batches",
    answer=accumulate,
    draw=draw,
    slips=(
        Slip(
            mean_of_means,
            "This is the mean of the means, the right-hand side of (4.2): each part weighs $1/K$, "
            "so a sample in a short part counts more than the others.",
        ),
        Slip(
            sum_of_means,
            "You add the means as they are. With $K$ equal parts that is $K$ times too much; each "
            "part must weigh its share of the batch.",
        ),
        Slip(
            nominal_size,
            "You weigh every part as if it held `size` samples. The last one may hold fewer, and "
            "then it counts too much.",
        ),
        Slip(
            last_part_alone,
            "Only the last part is in your result: each pass of the loop replaces what the "
            "parts before it gave. Add to it, as `backward` adds to `.grad`.",
        ),
        Slip(
            short_part_lost,
            "The last part is lost where it is shorter than `size`, while you still divide by the "
            "whole $b$.",
        ),
    ),
    hints=(
        "How many samples does part $k$ hold, and what is its share of the batch?",
        "The left-hand side of (4.2): part $k$ weighs $b_k/b$.",
        "The parts are `batch[start : start + size]` for `start in range(0, b, size)`. The last "
        "one may be shorter: use `len(part)`.",
    ),
    why="The result no longer depends on how the batch is cut, so memory decides the cut and "
    "nothing else.",
    note="$b_k/b$ times a mean over $b_k$ samples is their sum over $b$, and the sums add up. One "
    "call a sample would be right too, only slow.",
)

ORDER = replace(
    EXERCISE,
    id="order-the-accumulation",
    title="A batch in parts",
    stage="order",
    of=EXERCISE.id,
    hints=(
        "What is computed once, before the first part? What is needed after the last?",
        "A part must be cut off before its gradient can be added: two lines belong to the loop, "
        "in that order.",
    ),
    why="Memory holds one part at a time, and what is kept between two parts is one vector.",
    note="`backward` does the line with `total` by itself: it adds to `.grad`.",
)

FILL = replace(
    EXERCISE,
    id="fill-the-accumulation",
    title="What is added, with which weight",
    stage="fill",
    of=EXERCISE.id,
    hints=(
        "What was added up before must not be lost.",
        "The weight of part $k$ is $b_k/b$, its share of the batch.",
    ),
    why="The weights of all parts add up to 1, whatever their sizes are.",
    note="The first gap is `total`, the second `len(part) / b`.",
)
