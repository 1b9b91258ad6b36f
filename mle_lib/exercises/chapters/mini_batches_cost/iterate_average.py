"""The mean of the late places of a run, kept up to date."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def running_averages(places, start):
    average, averages = 0, []
    for t, place in enumerate(places):
        count = max(t - start, 0) + 1  # up to start no earlier place counts
        average = average + (place - average) / count
        averages.append(average)
    return np.array(averages)


def from_the_first(places, start):
    return running_averages(places, 0)


def weights_of_the_whole_run(places, start):
    averages = np.array(places, dtype=float)
    for t in range(start + 1, len(places)):
        averages[t] = averages[t - 1] + (places[t] - averages[t - 1]) / (t + 1)
    return averages


def first_one_forgotten(places, start):
    averages = np.array(places, dtype=float)
    for t in range(start + 1, len(places)):
        averages[t] = averages[t - 1] + (places[t] - averages[t - 1]) / (t - start)
    return averages


def halfway_each_time(places, start):
    averages = np.array(places, dtype=float)
    for t in range(start + 1, len(places)):
        averages[t] = (averages[t - 1] + places[t]) / 2
    return averages


def zero_before(places, start):
    averages = running_averages(places, start)
    averages[:start] = 0
    return averages


def draw(d: Draw) -> Arguments:
    steps, p = d.size("steps", 1, 60, far=1999), d.size("p", 1, 6, far=41)
    start = d.size("start", 0, steps - 1)
    origin, places = d.reals("origin", p, upto=50), d.reals("places", steps, p, upto=50)
    places = d.number("scale", 1e-3, 1000, also=(0, 0.0)) * (d.flag("far") * origin + places)
    return places[d.indices("visited", steps, steps)], start


EXERCISE = CodeExercise(
    id="iterate-average",
    title="An average that follows the run",
    answer=running_averages,
    draw=draw,
    slips=(
        Slip(
            from_the_first,
            "You average from the first place on: row $t$ is the mean of all places so far. Those "
            "before `start` are on the way to the top.",
        ),
        Slip(
            weights_of_the_whole_run,
            "The newest place gets the weight $1/(t+1)$, as if all places from 0 on were in the "
            "mean. The place at `start` is then left with far more than its share.",
        ),
        Slip(
            first_one_forgotten,
            "The place at `start` is in none of the means after it: with the weight 1, the next "
            "place wipes it out.",
        ),
        Slip(
            halfway_each_time,
            "You go half of the way to each new place. That is an EMA of about two places: it "
            "wanders like the run, where a mean settles.",
        ),
        Slip(
            zero_before,
            "From `start` on all is right. Before, nothing is averaged yet, and row $t$ is the "
            "place itself.",
        ),
    ),
    hints=(
        "From `start` on, the mean of $k$ places is known, and one more comes. By how much does it "
        "move the mean?",
        "With $a_k$ the mean of $k$ places, $(k+1)\\,a_{k+1} = k\\,a_k + \\theta$. Solve for "
        "$a_{k+1}$.",
        "`average = average + (place - average) / count`, where `count` has the new place in it.",
        "At step `t` there are `t - start + 1` places. Up to `start` the average is the place "
        "itself.",
    ),
    why="A network and its average need twice the memory of one, however long the run is.",
    note="With a fixed $1 - \\beta$ in place of $1/(t - \\text{start} + 1)$ this is an EMA: it "
    "needs no `start`, for it forgets the early places by itself, but stops settling at about "
    "$1/(1 - \\beta)$ places.",
)
