"""What a rank must give if the mean over ranks is taken."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def each_rank_gives(sums, counts):
    return len(sums) * sums / counts.sum()


def as_given(sums, counts):
    return sums / counts[:, None]


def zero_without_terms(sums, counts):
    return sums / np.maximum(counts, 1)[:, None]


def ranks_forgotten(sums, counts):
    return sums / counts.sum()


def ranks_with_terms(sums, counts):
    return (counts > 0).sum() * sums / counts.sum()


def the_whole_on_every_rank(sums, counts):
    return np.ones((len(sums), 1)) * sums.sum(axis=0) / counts.sum()


def draw(d: Draw) -> Arguments:
    R, p = d.size("R", 1, 8, far=307), d.size("p", 1, 6, far=211)
    counts = d.indices("counts", d.size("most", 1, 300, far=50_000) + 1, R, but=("zeros",))
    if d.flag("a rank without terms") and R > 1:
        counts[d.rng.integers(R)] = 0
    d.suits(counts.any())
    sums = d.seldom("times", 1, 100_000) * d.reals("sums", R, p)
    return sums * (counts > 0)[:, None], counts


EXERCISE = CodeExercise(
    id="mean-over-ranks",
    title="The mean over ranks",
    answer=each_rank_gives,
    draw=draw,
    slips=(
        Slip(
            as_given,
            "This is what the program gives as it stands: each rank the mean over its own terms. "
            "A term weighs more on a rank that has few of them, and a rank with none gives $0/0$.",
        ),
        Slip(
            zero_without_terms,
            "A rank without terms gives 0 now. On the others it is still the mean over their own "
            "terms, so a term weighs more on a rank that has few of them.",
        ),
        Slip(
            ranks_forgotten,
            "The sum over ranks of this would be right. The *mean* is taken, and is then $1/R$ of "
            "the mean over all terms.",
        ),
        Slip(
            ranks_with_terms,
            "You counted only ranks that have terms. The mean is over all $R$ of them.",
        ),
        Slip(
            the_whole_on_every_rank,
            "The mean over ranks is right, but no rank can give this: before the mean is taken it "
            "has only its own row of `sums`.",
        ),
    ),
    hints=(
        "The mean over ranks is $\\frac1R$ times the sum of what they give. Which sum is to come "
        "out?",
        "A denominator that is the same on all ranks gives all terms the same weight.",
        "With $N$ terms on all ranks together, each gives $R/N$ times its own sum.",
    ),
    why="All that a rank needs of the others is $N$: a loop that is to weigh all terms alike adds "
    "up the counts over ranks before it calls `backward`, or mends the gradient after it.",
    note="$N/R$ is the mean count: `sums / counts.mean()` is the same. A rank without terms gives "
    "0, and still takes part in the mean.",
)
