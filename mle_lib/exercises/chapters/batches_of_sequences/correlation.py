"""How much the terms of a sequence correlate."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def together_over_alone(terms, lengths):
    there = np.arange(terms.shape[1]) < lengths[:, None]
    terms = np.where(there[..., None], terms, 0.0)
    return (terms.sum(axis=1) ** 2).sum() / (terms**2).sum()


def as_given(terms, lengths):
    return (terms.sum(axis=1) ** 2).mean() / (terms**2).mean()


def with_the_padding(terms, lengths):
    return (terms.sum(axis=1) ** 2).sum() / (terms**2).sum()


def of_mean_terms(terms, lengths):
    there = np.arange(terms.shape[1]) < lengths[:, None]
    terms = np.where(there[..., None], terms, 0.0)
    together = ((terms.sum(axis=1) / lengths[:, None]) ** 2).sum(axis=1)
    return together.mean() / ((terms**2).sum(axis=(1, 2)) / lengths).mean()


def mean_of_ratios(terms, lengths):
    there = np.arange(terms.shape[1]) < lengths[:, None]
    terms = np.where(there[..., None], terms, 0.0)
    return ((terms.sum(axis=1) ** 2).sum(axis=1) / (terms**2).sum(axis=(1, 2))).mean()


def draw(d: Draw) -> Arguments:
    b, t = d.size("b", 1, 8, far=307), d.size("t", 1, 9, far=211)
    p = d.size("p", 1, 5, far=41)
    terms = d.reals("terms", b, t, p, but=("zeros",))
    if d.word("one direction", False, False, True):  # terms that add up
        terms = abs(terms)
    lengths = d.indices("lengths", t, b) + 1
    # some weight in what is no padding, so that there is something to divide by
    there = np.arange(t) < lengths[:, None]
    d.suits((np.where(there[..., None], terms, 0.0) ** 2).sum() > 1e-3 * (terms**2).sum())
    ratio = together_over_alone(terms, lengths)
    d.suits(ratio > 0.01)  # of what cancels float32 keeps too little
    return terms, lengths


EXERCISE = CodeExercise(
    id="together-over-alone",
    title="Together over alone",
    answer=together_over_alone,
    draw=draw,
    slips=(
        Slip(
            as_given,
            "This is what the program gives as it stands. Its two means are over different "
            "numbers of entries.",
        ),
        Slip(
            with_the_padding,
            "The padding is in it: a sequence ends after its own `lengths[j]` terms.",
        ),
        Slip(
            of_mean_terms,
            "You divided each sequence by its length first. (9.5) compares sums: a long sequence "
            "counts for more.",
        ),
        Slip(
            mean_of_ratios,
            "This is the mean of a ratio for each sequence. The ratio of the two means is asked "
            "for.",
        ),
    ),
    hints=(
        "Two sums over all sequences: of squared sums, and of sums of squares.",
        "`np.arange(t) < lengths[:, None]` is true where a term belongs to its sequence.",
        "Put zeros into the padding first; then `terms.sum(axis=1)` is each sequence's gradient.",
    ),
    why="A number near 1 says that a sequence is worth its symbols; far above, that its terms say "
    "the same again and again.",
    note="`np.where` rather than a product: what is in the padding may be infinite or NaN.",
)
