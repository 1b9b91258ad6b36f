"""Rounding to a grid by chance."""

from collections.abc import Iterator

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def round_by_chance(x, spacing, u):
    places = x / spacing
    low = np.floor(places)
    return spacing * (low + (u < places - low))


def to_the_nearest(x, spacing, u):
    return spacing * np.round(x / spacing)


def turned_round(x, spacing, u):
    low = np.floor(x / spacing)
    return spacing * (low + (u > x / spacing - low))


def a_coin(x, spacing, u):
    low = np.floor(x / spacing)
    return spacing * (low + (u < 0.5) * (low < x / spacing))


def from_zero(x, spacing, u):
    low = np.trunc(x / spacing)
    return spacing * (low + (u < x / spacing - low))


def dithered(x, spacing, u):
    return spacing * np.floor(x / spacing + u)


def draw(d: Draw) -> Arguments:
    k, power = d.size("k", 1, 30, far=1999), d.size("power", 0, 16)
    x = d.reals("x", k, upto=300)
    return x, 2.0 ** (power - 8), np.mod(d.reals("u", k, upto=8), 1)


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """What is a multiple or whose share is the number drawn; and shares next to 0 and to 1."""
    x = np.array([3.0, -2.0, 0.0, 0.25, -0.75, 7.5])
    yield x, 1.0, np.array([0.0, 0.0, 0.0, 0.25, 0.25, 0.5])
    share, u = [5e-4, 5e-4, 0.9996, 0.9996], [2e-4, 8e-4, 0.9998, 0.9994]
    for low in (0.0, -1.0, 2.0):
        yield 0.5 * (low + np.array(share)), 0.5, np.array(u)


EXERCISE = CodeExercise(
    id="stochastic-rounding",
    title="Rounding by chance",
    answer=round_by_chance,
    draw=draw,
    cases=cases,
    slips=(
        Slip(
            to_the_nearest,
            "This rounds to the nearest, without chance: an update below half the spacing is "
            "lost each time.",
        ),
        Slip(
            turned_round,
            "The nearer neighbour comes less often. Up goes $x$ with the probability (x − "
            "lo)/(hi − lo): the nearer it is to hi, the more often.",
        ),
        Slip(
            a_coin,
            "Both neighbours come equally often. The mean is then in the middle between them, "
            "and not at $x$.",
        ),
        Slip(
            from_zero,
            "Right where $x$ is positive. Below 0 the neighbour towards 0 is *hi*; `np.floor` "
            "gives lo on both sides.",
        ),
        Slip(
            dithered,
            "The probabilities are right, but other numbers $u$ lead up: those from 1 − (x − "
            "lo)/(hi − lo) on. Those *below* (x − lo)/(hi − lo) are asked for.",
        ),
    ),
    hints=(
        "Which multiple of the spacing is lo? `np.floor` goes down on both sides of 0.",
        "How far is $x$ on the way from lo to hi, as a share of the spacing?",
        "A comparison counts as 0 or 1: `low + (u < share)`, in units of the spacing.",
    ),
    why="With $u$ uniform, $x$ goes up with the probability of its share of the way, and the mean "
    "of what comes out is $x$.",
    note="Floating-point numbers are such a grid between two powers of two; `stochastic_round` "
    "finds the neighbours by the bits.",
)
