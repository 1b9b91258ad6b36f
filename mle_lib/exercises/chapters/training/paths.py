"""Masks of two hidden layers, seen by their product."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def count_paths(place, first, second):
    into_first = 1 * (first[:, None] >= place)
    into_second = 1 * (second[:, None] >= first)
    into_outputs = 1 * (place[:, None] > second)
    return into_outputs @ into_second @ into_first


def product(into_outputs, into_second, into_first):
    return (1 * into_outputs) @ (1 * into_second) @ (1 * into_first)


def sees_itself(place, first, second):
    return product(place[:, None] >= second, second[:, None] >= first, first[:, None] >= place)


def strict_between_layers(place, first, second):
    return product(place[:, None] > second, second[:, None] > first, first[:, None] >= place)


def other_way_round(place, first, second):
    return count_paths(place, first, second).T


def places_in_a_row(place, first, second):
    return count_paths(np.arange(1, len(place) + 1), first, second)


def whether_not_how_many(place, first, second):
    return 1 * (count_paths(place, first, second) > 0)


def draw(d: Draw) -> Arguments:
    n, r, s = d.size("n", 2, 8, far=41), d.size("r", 1, 9, far=53), d.size("s", 1, 9, far=59)
    # numbers in an order of their own are the places of an ordering
    place = 1 + np.argsort(d.reals("place", n), kind="stable")
    first, second = 1 + d.indices("first", n - 1, r), 1 + d.indices("second", n - 1, s)
    return place, first, second


EXERCISE = CodeExercise(
    id="made-mask",
    title="Paths through the masks",
    answer=count_paths,
    draw=draw,
    slips=(
        Slip(
            sees_itself,
            "Here an output has paths from its own input: a unit of degree $k$ has seen the "
            "variable in place $k$, so an output in place $k$ may not see that unit. The last mask "
            "is strict.",
        ),
        Slip(
            strict_between_layers,
            "Between the hidden layers you ask for a higher degree. An equal one will do: a unit "
            "that sees the first $k$ variables may hand them on to another that sees these $k$. "
            "Only the last mask is strict.",
        ),
        Slip(
            other_way_round,
            "Rows and columns are exchanged: row $e$ is to be for the output of variable $e$, "
            "column $d$ for the input $d$.",
        ),
        Slip(
            places_in_a_row,
            "You count as if variable $d$ came in place $d$. What decides is `place`, at the "
            "inputs and at the outputs.",
        ),
        Slip(
            whether_not_how_many,
            "This says whether there is a path, not how many. In NumPy the product of Boolean "
            "matrices is Boolean: multiply numbers.",
        ),
    ),
    hints=(
        "The three masks are those that `masks` makes, here with given degrees. Which of the three "
        "comparisons is strict?",
        "`first[:, None] >= place` has a row for each unit and a column for each input.",
        "The number of paths is the product of the three masks as numbers, the last mask first.",
    ),
    why="A zero in row $e$ and column $d$ proves that output $e$ never sees input $d$, whatever "
    "the weights are: here wherever $d$ comes at $e$ or after it.",
    note="If variables are sorted by their place, the product has zeros on and above its diagonal. "
    "A row of zeros elsewhere than at the first place is an output that sees nothing, for lack "
    "of units with small degrees.",
)
