"""The two sums of Robbins and Monro."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def robbins_monro(alpha, tau, power, steps):
    t = np.arange(steps)
    sizes = alpha / (1 + t / tau) ** power
    return sizes.sum(), (sizes**2).sum(), power <= 1, power > 1 / 2


def first_step_missed(alpha, tau, power, steps):
    # one step of the same kind later: t from 1 on
    later, first = alpha / (1 + 1 / tau) ** power, tau + 1
    return robbins_monro(later, first, power, steps)


def square_of_the_sum(alpha, tau, power, steps):
    total, _, far, quiet = robbins_monro(alpha, tau, power, steps)
    return total, total**2, far, quiet


def edge_on_the_wrong_side(alpha, tau, power, steps):
    total, squares, _, quiet = robbins_monro(alpha, tau, power, steps)
    return total, squares, power < 1, quiet


def both_judged_at_one(alpha, tau, power, steps):
    total, squares, far, _ = robbins_monro(alpha, tau, power, steps)
    return total, squares, far, power > 1


def opposite_conditions(alpha, tau, power, steps):
    total, squares, far, quiet = robbins_monro(alpha, tau, power, steps)
    return total, squares, not far, not quiet


def draw(d: Draw) -> Arguments:
    edges = (0, 0.0, 1e-4, 0.4997, 0.5, 0.5003, 0.75, 0.9997, 1.0, 1.0003, 2.0)
    power = d.number("power", 0.1, 3, also=edges)
    alpha, tau = d.number("alpha", 1e-3, 100), d.number("tau", 0.1, 1000)
    return alpha, tau, power, d.size("steps", 1, 200, far=4999)


EXERCISE = CodeExercise(
    id="robbins-monro-sums",
    title="The two Robbins–Monro sums",
    answer=robbins_monro,
    draw=draw,
    slips=(
        Slip(
            first_step_missed,
            "Your steps are those from $t = 1$ on. The first step has $t = 0$ and the size "
            "$\\alpha$ itself.",
        ),
        Slip(
            square_of_the_sum,
            "Your second sum is the square of the first. The squares are added, $\\sum_t "
            "\\alpha_t^2$: the errors of single steps are not all of one sign.",
        ),
        Slip(
            edge_on_the_wrong_side,
            "At the power 1 you say that the first sum is finite. It is not: $\\sum_t 1/t$ grows "
            "without end, like $\\log t$.",
        ),
        Slip(
            both_judged_at_one,
            "You take the second sum for infinite up to the power 1. The squares fall with *twice* "
            "the power of the steps.",
        ),
        Slip(
            opposite_conditions,
            "Both verdicts are the wrong way round. The first sum is to be *infinite*, the second "
            "finite.",
        ),
    ),
    hints=(
        "All step sizes at once: `alpha / (1 + np.arange(steps) / tau) ** power`.",
        "No number of steps tells whether a sum has an end. Far out $\\alpha_t$ is proportional to "
        "$t^{-p}$, and neither $\\alpha$ nor $\\tau$ matters.",
        "$\\sum_t t^{-q}$ is finite for $q > 1$, and infinite for $q = 1$. Which $q$ have the two "
        "sums?",
        "The verdicts are `power <= 1` and `2 * power > 1`.",
    ),
    why="Both hold for powers above $\\frac12$ up to 1: at $\\frac12$ the noise has no end, and "
    "above 1 the way has one.",
    note="The edges belong to one side each: $\\sum_t 1/t$ is infinite, so the power 1 passes the "
    "first condition, and the power $\\frac12$ fails the second. The two finite sums say how far "
    "a run of these steps can walk, and how much noise it takes in.",
)
