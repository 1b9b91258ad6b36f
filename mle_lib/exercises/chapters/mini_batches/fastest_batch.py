"""The batch size that is fastest by the clock."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def fastest_batch(s_min, b_crit, t0, t1, b_max):
    b = np.sqrt(b_crit * t0 / t1)
    b = np.clip(b, 1, b_max)
    return b, s_min * (1 + b_crit / b) * (t0 + t1 * b)


def seconds(b, s_min, b_crit, t0, t1):
    return s_min * (1 + b_crit / b) * (t0 + t1 * b)


def times_swapped(s_min, b_crit, t0, t1, b_max):
    b = np.clip(np.sqrt(b_crit * t1 / t0), 1, b_max)
    return b, seconds(b, s_min, b_crit, t0, t1)


def no_root(s_min, b_crit, t0, t1, b_max):
    b = np.clip(b_crit * t0 / t1, 1, b_max)
    return b, seconds(b, s_min, b_crit, t0, t1)


def no_limits(s_min, b_crit, t0, t1, b_max):
    b = np.sqrt(b_crit * t0 / t1)
    return b, seconds(b, s_min, b_crit, t0, t1)


def limited_too_late(s_min, b_crit, t0, t1, b_max):
    b = np.sqrt(b_crit * t0 / t1)
    return np.clip(b, 1, b_max), seconds(b, s_min, b_crit, t0, t1)


def critical_size(s_min, b_crit, t0, t1, b_max):
    b = np.clip(b_crit, 1, b_max)
    return b, seconds(b, s_min, b_crit, t0, t1)


def draw(d: Draw) -> Arguments:
    s_min, b_crit = d.number("s_min", 0.01, 1e6), d.number("b_crit", 1e-3, 1e6)
    t0, t1 = d.number("t0", 1e-4, 300.0), d.number("t1", 1e-6, 300.0)
    return s_min, b_crit, t0, t1, d.number("b_max", 1, 10_000_000)


EXERCISE = CodeExercise(
    id="fastest-batch-size",
    title="The fastest batch by the clock",
    answer=fastest_batch,
    draw=draw,
    slips=(
        Slip(
            times_swapped,
            "$t_0$ and $t_1$ have changed places in your $b$. The more a step costs before it has "
            "looked at any sample, the more samples it should carry.",
        ),
        Slip(
            no_root,
            "A root is missing. Where the slope of the seconds is zero, it is $b^2$ that equals "
            "$B_\\text{crit}t_0/t_1$.",
        ),
        Slip(
            no_limits,
            "Right wherever your $b$ is allowed. In some trials it is below 1 or above `b_max`. "
            "The seconds have one valley: which allowed $b$ is then the best?",
        ),
        Slip(
            limited_too_late,
            "Your $b$ is right. The seconds belong to the $b$ from before the limits.",
        ),
        Slip(
            critical_size,
            "You took $B_\\text{crit}$. There steps and sample gradients are both twice their "
            "minimum, on every machine. What is fastest depends on $t_0$ and $t_1$ as well.",
        ),
    ),
    hints=(
        "Seconds are steps times seconds a step: $T_\\text{min}(1 + B_\\text{crit}/b)(t_0 + t_1 "
        "b)$.",
        "Multiply out. Two of the four terms depend on $b$: one falls, one rises.",
        "The terms are $t_1 b$ and $B_\\text{crit}t_0/b$. Their sum is least where they are equal.",
        "So $b^2 = B_\\text{crit}t_0/t_1$. Bring $b$ into its limits with `np.clip`, and only then "
        "work out the seconds.",
    ),
    why="The answer depends on the data through $B_\\text{crit}$ and on the machine through "
    "$t_0/t_1$, so on faster hardware the best batch is another one.",
    note="$T_\\text{min}(t_0 + t_1 b + B_\\text{crit}t_0/b + B_\\text{crit}t_1)$ has the slope "
    "zero at $b^2 = B_\\text{crit}t_0/t_1$. To its left the seconds fall, to its right they rise, "
    "so outside the limits the nearer end is best.",
)
