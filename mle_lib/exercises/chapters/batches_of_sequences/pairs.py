"""Expected weights in batches of two, from all pairs."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def pair_weights(lengths):
    together = lengths[:, None] + lengths
    return 2 * lengths.mean() * (1 / together).mean(axis=1)


def inverse_of_the_mean(lengths):
    return 2 * lengths.mean() / (lengths[:, None] + lengths).mean(axis=1)


def without_replacement(lengths):
    m = len(lengths)
    together = lengths[:, None] + lengths
    each = np.where(np.eye(m) == 1, 0, 1 / together).sum(axis=1) / max(m - 1, 1)
    return 2 * lengths.mean() * each


def mean_of_means(lengths):
    return lengths.mean() / lengths


def not_against_the_mean(lengths):
    return 2 * (1 / (lengths[:, None] + lengths)).mean(axis=1)


def of_the_sequence(lengths):
    return lengths * pair_weights(lengths)


def draw(d: Draw) -> Arguments:
    m = d.size("m", 1, 12, far=401)
    lengths = np.ceil(d.positive("lengths", m, low=1, high=300))
    if d.seldom("half of them short", False, True):
        lengths[::2], lengths[1::2] = 1, 300
    return (lengths,)


EXERCISE = CodeExercise(
    id="pair-weights",
    title="Two sequences a batch",
    answer=pair_weights,
    draw=draw,
    slips=(
        Slip(
            inverse_of_the_mean,
            "You divided by the *mean* denominator. The mean of an inverse is another number, and "
            "larger: the mean comes last.",
        ),
        Slip(
            without_replacement,
            "A sequence may be drawn twice: with replacement it is its own partner once in $m$ "
            "draws.",
        ),
        Slip(
            mean_of_means,
            "This is the weight with $b = 1$, where every sequence is a batch. With two, it shares "
            "the denominator with another.",
        ),
        Slip(
            not_against_the_mean,
            "These are shares of the batch's gradient. The weight is relative to a fair share, "
            "$1/(b\\bar n)$: multiply by the mean length.",
        ),
        Slip(
            of_the_sequence,
            "This is the weight of all symbols of a sequence together. One of them is asked for.",
        ),
    ),
    hints=(
        "Given that the first of the two is sequence $j$, who can be the second, and with which "
        "probability each?",
        "`lengths[:, None] + lengths` is the denominator for every pair.",
        "(9.2) with $b = 2$: $2\\bar n$ times the mean of $1/(L + n_2)$ over all $m$ partners.",
    ),
    why="No approximation, and no batch drawn: an expectation over pairs is a mean over a table.",
    note="Row $j$ of `together` has the denominators that sequence $j$ can meet, itself among "
    "them. The mean of `lengths * pair_weights(lengths)` is the mean length: all symbols together "
    "have the weight 1.",
)
