"""What a run loses, and what the mean of its places loses."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def two_losses(places, top, H, skip):
    d = places[skip:] - top
    center = d.mean(axis=0)
    return ((d @ H) * d).sum(axis=1).mean() / 2, center @ H @ center / 2


def start_kept(places, top, H, skip):
    return two_losses(places, top, H, 0)


def no_half(places, top, H, skip):
    of_each, of_mean = two_losses(places, top, H, skip)
    return 2 * of_each, 2 * of_mean


def without_curvature(places, top, H, skip):
    return two_losses(places, top, np.eye(len(top)), skip)


def last_place(places, top, H, skip):
    d = places[-1] - top
    return two_losses(places, top, H, skip)[0], d @ H @ d / 2


def other_order(places, top, H, skip):
    of_each, of_mean = two_losses(places, top, H, skip)
    return of_mean, of_each


def draw(d: Draw) -> Arguments:
    steps, p = d.size("steps", 1, 30, far=4999), d.size("p", 1, 6, far=41)
    skip = d.size("skip", 0, steps - 1)
    scale, root = d.number("scale", 1e-4, 3e4, also=(0, 0.0)), d.reals("root of H", p, p)
    origin, top = d.reals("origin", p, upto=50), d.reals("top", p, upto=8)
    places = origin + d.reals("places", steps, p, upto=8)
    places = places[d.indices("visited", steps, steps)]
    return scale * places, scale * (origin + top), root @ root.T, skip


EXERCISE = CodeExercise(
    id="loss-of-the-mean-place",
    title="What the mean of the places loses",
    answer=two_losses,
    draw=draw,
    slips=(
        Slip(
            start_kept,
            "The first `skip` places are in your means. They tell of the way to the top, not of "
            "the hovering.",
        ),
        Slip(
            no_half,
            "Both are twice what they should be. To second order the loss is *half* of $d^\\top H "
            "d$.",
        ),
        Slip(
            without_curvature,
            "You took half of the squared distance. The loss counts each direction with its "
            "curvature: $d^\\top H d$, not $d^\\top d$.",
        ),
        Slip(
            last_place,
            "The first number is right. For the second you took the last place; it is the mean of "
            "the places whose loss is asked for.",
        ),
        Slip(other_order, "Both numbers are right, in the other order: the mean loss comes first."),
    ),
    hints=(
        "Leave out the start, `places[skip:]`, and take off `top`: these are the distances $d$, a "
        "row a step.",
        "First number: the loss of each row, then the mean. Second: the mean of the rows, then its "
        "loss.",
        "`d @ H` has a row $Hd$ for each step. Times `d`, summed over `axis=1`, it is $d^\\top H "
        "d$ for each.",
        "`center = d.mean(axis=0)` has the loss `center @ H @ center / 2`.",
    ),
    why="The second is never larger than the first: a mean of places loses at most what they lose "
    "on average.",
    note="The difference of the two is half the trace of $H$ times the covariance of the places: "
    "what averaging removes. What is left is how far the mean itself is off, as where long steps "
    "shift it.",
)
