"""When a training run ends, and which parameters are kept."""

from collections.abc import Iterator

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def stop_early(valid, patience):
    kept, best = 0, -np.inf
    for passes, value in enumerate(valid):
        if value > best:  # never of NaN
            kept, best = passes, value
        if passes - kept >= patience:
            break
    return kept, passes


def last_of_ties(valid, patience):
    kept, best = 0, -np.inf
    for passes, value in enumerate(valid):
        if value >= best:
            kept, best = passes, value
        if passes - kept >= patience:
            break
    return kept, passes


def nan_as_best(valid, patience):
    kept = 0
    for passes, value in enumerate(valid):
        if not value <= valid[kept]:
            kept = passes
        if passes - kept >= patience:
            break
    return kept, passes


def one_more_pass(valid, patience):
    return stop_early(valid, patience + 1)


def falls_in_a_row(valid, patience):
    kept, best, falls = 0, -np.inf, 0
    for passes, value in enumerate(valid):
        if value > best:
            kept, best = passes, value
        better = passes == 0 or value > valid[passes - 1]
        falls = 0 if better else falls + 1
        if falls >= patience:
            break
    return kept, passes


def never_reset(valid, patience):
    kept, best, without = 0, -np.inf, 0
    for passes, value in enumerate(valid):
        if value > best:
            kept, best = passes, value
        elif passes:
            without += 1
        if without >= patience:
            break
    return kept, passes


def draw(d: Draw) -> Arguments:
    count, patience = d.size("count", 1, 24, far=199), d.size("patience", 1, 6, far=97)
    valid, at = d.reals("valid", count, upto=8), np.arange(count)
    slope = d.number("slope", 0.2, 2, also=(0,))
    # often a new best within the patience, and at the end none
    turn = count // d.word("falls after all by", 1, 2)
    valid = valid + slope * (turn - abs(at - turn))
    if d.flag("rounded"):  # ties
        valid = np.round(valid)
    missing = d.seldom("NaN", "nowhere", "at first", "some", "all")
    where = {
        "nowhere": at < 0,
        "at first": at < 2,
        "some": d.rng.random(count) < 0.2,
        "all": at >= 0,
    }
    valid = d.number("scale", 0.0002, 1) * (valid - d.word("below 0 by", 0, 1000))
    return np.where(where[missing], np.nan, valid), patience


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Short ones, which a reader can walk through by hand."""
    nan = np.nan
    yield np.array([-3.0, -2, -4, -1]), 1
    yield np.array([-3.0, -2, -2, -1]), 2
    yield np.array([-3.0, -1, -2]), 2
    yield np.array([-2.0, -2, -1]), 1
    yield np.array([-1.0, -4, -3, -2, 0]), 3
    yield np.array([-4.0, -5, -3, -4, -2]), 2
    yield np.array([nan, -2, -1]), 2
    yield np.array([nan, -2, -3, -1]), 1
    yield np.array([nan, nan, nan, -1]), 2
    yield np.array([nan, nan]), 3
    yield np.array([-2, nan, -3, -1]), 2
    yield np.array([-3, nan, nan, -1]), 2
    yield np.array([-3, nan, -2, nan, -1]), 2


EXERCISE = CodeExercise(
    id="early-stopping",
    title="Which pass is kept",
    answer=stop_early,
    draw=draw,
    cases=cases,
    slips=(
        Slip(
            last_of_ties,
            "Of equal values you keep the last. An equal value is no new best: the first stays, "
            "and the count of passes without a new best goes on.",
        ),
        Slip(
            nan_as_best,
            "At `NaN` your result is another. Every comparison with `NaN` is false, so `not value "
            "<= best` takes it for a new best, and `value > best` does not.",
        ),
        Slip(
            one_more_pass,
            "You make one pass too many: the run ends when the last `patience` passes have brought "
            "no new best, not after one more.",
        ),
        Slip(
            falls_in_a_row,
            "You count passes that are no better than the pass before. What counts is the best of "
            "all passes so far: a value may rise for long and stay below it.",
        ),
        Slip(
            never_reset,
            "You count all passes without a new best since the start. A new best begins the count "
            "anew.",
        ),
    ),
    hints=(
        "Two things are to be remembered from pass to pass: the best value so far, and its pass.",
        "A new best is `value > best`, where `best` begins at minus infinity. For `NaN` that is "
        "false.",
        "The run ends where `passes - kept >= patience`, or where `valid` does.",
    ),
    why="Ties and `NaN` are what a run meets that has converged or diverged: without a rule for "
    "them it keeps the wrong parameters.",
    note="`fit` does the same: `history.best` is the pass that is kept, and `history.epochs[-1]` "
    "the last that was made. It keeps a *copy* of the parameters, for the next step would change "
    "them.",
)
