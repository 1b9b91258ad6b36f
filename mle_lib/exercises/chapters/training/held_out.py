"""Two models on the same held-out samples."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def compare_held_out(first, second):
    gain, root = first - second, np.sqrt(len(first))
    height, error = first.mean(), first.std(ddof=1) / root
    return height, error, gain.mean(), gain.std(ddof=1) / root


def with_errors(first, second, error, error_of_gain):
    return first.mean(), error, (first - second).mean(), error_of_gain


def standard_error(x, ddof=1):
    return x.std(ddof=ddof) / np.sqrt(len(x))


def unpaired(first, second):
    error, other = standard_error(first), standard_error(second)
    return with_errors(first, second, error, np.hypot(error, other))


def spread_of_one_sample(first, second):
    return with_errors(first, second, first.std(ddof=1), (first - second).std(ddof=1))


def no_root(first, second):
    m = len(first)
    return with_errors(first, second, first.std(ddof=1) / m, (first - second).std(ddof=1) / m)


def divided_by_all(first, second):
    gain = first - second
    return with_errors(first, second, standard_error(first, 0), standard_error(gain, 0))


def other_sign(first, second):
    height, error, gain, error_of_gain = compare_held_out(first, second)
    return height, error, -gain, error_of_gain


def draw(d: Draw) -> Arguments:
    m = d.size("m", 3, 12, far=997)
    first = d.reals("first", m, upto=300)
    second = d.reals("second", m, upto=300, beside=first)
    if near := d.seldom("apart by", 0, 0.0002, 0.1):  # what is hard for one is hard for the other
        second = first + near * second
    if d.seldom("rounded", False, True):  # equal differences
        first, second = np.round(first), np.round(second)
    return first - d.seldom("low", 0, 600), second - d.seldom("lower", 0, 700)


EXERCISE = CodeExercise(
    id="held-out-comparison",
    title="A gain with its error",
    answer=compare_held_out,
    draw=draw,
    slips=(
        Slip(
            unpaired,
            "The error of the gain is that of models tested on different samples. Here both have "
            "the same ones: take the differences first, and the spread of these.",
        ),
        Slip(
            spread_of_one_sample,
            "Your errors are standard deviations of one sample's value. That of a mean over $m$ "
            "samples is smaller by $\\sqrt m$.",
        ),
        Slip(
            no_root,
            "You divide the standard deviations by $m$. The variance of a mean falls like $1/m$, "
            "its standard deviation like $1/\\sqrt m$.",
        ),
        Slip(
            divided_by_all,
            "Your standard deviations divide by $m$ before the root. Distances are measured from "
            "the mean of the same samples, so divide by $m-1$: `ddof=1`; torch does, NumPy does "
            "not by itself.",
        ),
        Slip(
            other_sign,
            "The gain has the other sign: it is to be positive where the first model is better.",
        ),
    ),
    hints=(
        "The same two lines serve twice: for the values of the first model, and for the "
        "differences, sample by sample.",
        "`(first - second).std(ddof=1)` is the standard deviation of one difference.",
        "Divide it by `np.sqrt(len(first))`.",
    ),
    why="Hard samples are hard for both models, and this common part drops out of the difference.",
    note="The mean of the differences is the difference of the means; only the error is another. "
    "It speaks of other samples, not of other seeds.",
)
