"""Rows that a sampler repeats so that all ranks have as many."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def once_a_pass(order, R):
    m = len(order)
    padded = order[np.arange(m + -m % R) % m]  # and from the beginning again
    return 1 / np.bincount(padded)


def as_given(order, R):
    weights = np.ones(len(order))
    weights[: -len(order) % R] = 1 / 2
    return weights


def by_place(order, R):
    return once_a_pass(np.arange(len(order)), R)


def at_most_twice(order, R):
    weights = np.ones(len(order))
    weights[order[: -len(order) % R]] = 1 / 2
    return weights


def times_seen(order, R):
    return 1 / once_a_pass(order, R)


def all_alike(order, R):
    return np.ones(len(order))


def draw(d: Draw) -> Arguments:
    m, R = d.size("m", 1, 60, far=2999), d.size("R", 1, 80, far=997)
    # the order of any numbers is a permutation; their magnitude does not matter
    order = np.argsort(d.reals("order", m, upto=0, but=("positive", "negative")), kind="stable")
    return order, R


EXERCISE = CodeExercise(
    id="repeated-by-padding",
    title="Repeated by padding",
    answer=once_a_pass,
    draw=draw,
    slips=(
        Slip(
            as_given,
            "This is what the program gives as it stands: one half for the rows with the lowest "
            "numbers. What is repeated are the first of the *order*, at times more than once.",
        ),
        Slip(
            by_place,
            "These are the weights by place in the order. At $j$ that of row "
            "number $j$ is asked for.",
        ),
        Slip(
            at_most_twice,
            "Right as long as no row is seen three times. With more ranks than rows the padding "
            "goes through the order again and again.",
        ),
        Slip(
            times_seen,
            "So often each row is seen. A row that is seen twice would now count four times.",
        ),
        Slip(
            all_alike,
            "With the same weight at each time, a row that is seen twice counts twice.",
        ),
    ),
    hints=(
        "How many rows does the padded order have, and how often is each of them in it?",
        "Its length is the least multiple of $R$ that is not below $m$: `m + -m % R`. Place $k$ "
        "has the row `order[k % m]`.",
        "`np.bincount` counts how often each number occurs.",
    ),
    why="A sampler that pads or repeats is a weighting, and what is known about it can be taken "
    "out again: a weight of one over the times seen.",
    note="The order is shuffled anew each pass, so even without these weights a row's *expected* "
    "weight is that of any other: the padding makes noise, not bias. Without a shuffle, or in an "
    "evaluation, it is always the same rows that count twice.",
)
