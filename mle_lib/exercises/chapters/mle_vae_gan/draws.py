"""How many draws for each sample, at a fixed cost."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def draws_against_samples(C, W, c_e, c_d, cost):
    def variance(S):
        return (C + W / S) * (c_e + S * c_d) / cost

    S = max(1, int(np.sqrt(W * c_e / (C * c_d))))
    S = min(S, S + 1, key=variance)
    return S, variance(S)


def variance_at(S, C, W, c_e, c_d, cost):
    return (C + W / S) * (c_e + S * c_d) / cost


def root(C, W, c_e, c_d):
    return np.sqrt(W * c_e / (C * c_d))


def nearest_whole(C, W, c_e, c_d, cost):
    S = max(1, int(root(C, W, c_e, c_d) + 0.5))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def not_whole(C, W, c_e, c_d, cost):
    S = max(1, root(C, W, c_e, c_d))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def encoder_for_nothing(C, W, c_e, c_d, cost):
    return 1, variance_at(1, C, W, 0, c_d, cost)


def encoder_for_each_draw(C, W, c_e, c_d, cost):
    return 1, variance_at(1, C, W, c_e, c_d, cost)


def of_all_draws(C, W, c_e, c_d, cost):
    """As if the b S draws were of as many samples."""
    S, _ = draws_against_samples(C, W, c_e, c_d, cost)
    return S, (C + W) / S * (c_e + S * c_d) / cost


ENDS = 0.136, 13.6  # the root is at most 100; rounding, also of products, gives another


def draw(d: Draw) -> Arguments:
    C, W = d.number("C", *ENDS), d.number("W", *ENDS, also=(0,))
    c_e, c_d = d.number("c_e", *ENDS, also=(0,)), d.number("c_d", *ENDS)
    # the slope is 0 between the root of 2, up to which 1 is best, and 1.5; or of 6 and 2.5
    if W and (root := d.seldom("root", 0, 1.45, 2.47)):
        c_e = root**2 * C * c_d / W
        d.suits(c_e < ENDS[1])
    S = np.arange(1, 101)
    first, second = np.sort((C + W / S) * (c_e + S * c_d))[:2]
    d.suits(second > first * (1 + 3e-6))  # no two as good, in float32 either
    # of any scale: which S is best depends on the ratios alone
    noise, time = d.number("noise", 1e-3, 1e3), d.number("time", 1e-3, 1e3)
    return noise * C, noise * W, time * c_e, time * c_d, d.number("cost", 0.1, 1e6)


def all_at_their_ends(rng: np.random.Generator) -> Iterator[Arguments]:
    for four in product(ENDS, repeat=4):
        yield *four, rng.uniform(1, 100)
    yield 1e4, 0, *ENDS, rng.uniform(1, 100)  # much noise, and none of it of draws


EXERCISE = CodeExercise(
    id="draws-against-samples",
    title="Draws against samples",
    answer=draws_against_samples,
    draw=draw,
    cases=all_at_their_ends,
    slips=(
        Slip(
            nearest_whole,
            "This is the whole number nearest to $\\sqrt{W c_e/(C c_d)}$. The variance is no "
            "parabola in $S$: it rises faster below its lowest place than above. Compare the two "
            "neighbours by it.",
        ),
        Slip(
            not_whole,
            "Your $S$ is where the slope is 0, but not below 1. A sample has a whole number of "
            "draws: which neighbour has the smaller variance?",
        ),
        Slip(
            encoder_for_nothing,
            "Your budget pays for the decoder alone: $b = \\text{cost}/(S c_d)$. Then one draw is "
            "always best. Here each sample costs a pass of the encoder too, $c_e$.",
        ),
        Slip(
            encoder_for_each_draw,
            "You always take one draw. That is best only where $W c_e \\le 2\\, C c_d$: $S$ draws "
            "share one pass of the encoder.",
        ),
        Slip(
            of_all_draws,
            "Your $S$ is right. Your variance is that of $bS$ different samples, $(C + W)/(bS)$: "
            "draws of the same sample share its part of $C$.",
        ),
    ),
    hints=(
        "By how much does a sample with $S$ draws lower the budget? So how many samples are there?",
        "With $b = \\text{cost}/(c_e + S c_d)$ samples, minimise $(C + W/S)/b$ over $S$. Where is "
        "its slope 0?",
        "At $\\sqrt{W c_e/(C c_d)}$ it has its only valley. The best whole $S \\ge 1$ is next to "
        "it, below or above.",
    ),
    why="The budget scales the variance and leaves $S$ as it is: what decides is how the noise of "
    "draws compares with that of samples, and a pass of the encoder with one of the decoder.",
    note="Up to its valley the variance falls, and from there it rises: the best whole number is "
    "one of two. $S = 1$ is better than 2 exactly if $W c_e < 2\\, C c_d$.",
)
