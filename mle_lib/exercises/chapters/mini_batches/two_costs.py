"""Steps and sample gradients to a target."""

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def steps_and_gradients(b, s_min, b_crit):
    steps = s_min * (1 + b_crit / b)
    return steps, b * steps


def upside_down(b, s_min, b_crit):
    steps = s_min * (1 + b / b_crit)
    return steps, b * steps


def no_floor(b, s_min, b_crit):
    steps = s_min * b_crit / b
    return steps, b * steps


def fewest_steps(b, s_min, b_crit):
    return s_min * (1 + b_crit / b), b * s_min


def other_order(b, s_min, b_crit):
    steps, gradients = steps_and_gradients(b, s_min, b_crit)
    return gradients, steps


def draw(d: Draw) -> Arguments:
    b = d.positive("b", d.size("k", 1, 6, far=997), low=1, high=100_000)
    whole = not d.flag("b in floats")
    s_min, b_crit = d.number("s_min", 0.01, 1e6), d.number("b_crit", 1e-3, 1e6)
    return b.astype(int) if whole else b, s_min, b_crit


EXERCISE = CodeExercise(
    id="steps-and-sample-gradients",
    title="Steps and sample gradients",
    answer=steps_and_gradients,
    draw=draw,
    slips=(
        Slip(
            upside_down,
            "The fraction in the bracket is upside down: with yours, a larger batch needs more "
            "steps.",
        ),
        Slip(
            no_floor,
            "The 1 in the bracket is missing. Then twice the batch would always halve the steps, "
            "and for $b > B_\\text{crit}$ they would be fewer than $T_\\text{min}$.",
        ),
        Slip(
            fewest_steps,
            "The steps are right. But you counted $b$ sample gradients for each of $T_\\text{min}$ "
            "steps, and there are $T(b)$ of them.",
        ),
        Slip(other_order, "Both numbers are right, in the other order: the steps come first."),
    ),
    hints=(
        "Both are in (5.1). The second follows from the first: how many sample gradients does one "
        "step take?",
        "`b_crit / b` divides by each entry of `b`; a number and an array can be added.",
        "`steps = s_min * (1 + b_crit / b)`. Each step takes `b` sample gradients. Return both, "
        "the steps first.",
    ),
    why="With both in hand a batch size can be chosen by what is scarce, steps or samples.",
    note="The sample gradients are $T_\\text{min}(b + B_\\text{crit})$: a straight line, never "
    "below $T_\\text{min}B_\\text{crit}$. At $b = B_\\text{crit}$ both costs are twice their "
    "minimum.",
)
