"""A tuned step size, carried over to other batch sizes."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def carried_over(alpha, b, sizes, b_h, limit):
    longest = alpha * (1 + b_h / b)
    return np.minimum(longest / (1 + b_h / sizes), limit)


def linear_rule(alpha, b, sizes, b_h, limit):
    return np.minimum(alpha * sizes / b, limit)


def tuned_is_longest(alpha, b, sizes, b_h, limit):
    return np.minimum(alpha / (1 + b_h / sizes), limit)


def upside_down(alpha, b, sizes, b_h, limit):
    return np.minimum(alpha * (1 + b_h / sizes) / (1 + b_h / b), limit)


def no_limit(alpha, b, sizes, b_h, limit):
    return alpha * (1 + b_h / b) / (1 + b_h / sizes)


def limited_too_early(alpha, b, sizes, b_h, limit):
    return np.minimum(alpha * (1 + b_h / b), limit) / (1 + b_h / sizes)


def draw(d: Draw) -> Arguments:
    sizes = d.positive("sizes", d.size("k", 1, 8, far=401), low=1, high=1_000_000).astype(int)
    b = int(d.number("b", 1, 1e5))
    if d.flag("b among them"):
        sizes[-1] = b
    # all steps are as long without noise, and in proportion to the sizes with hardly anything else
    b_h = d.number("b_h", 1e-4, 1e6, also=(0, 0.0, 1e8, 1e9))
    scale, alpha = d.number("scale", 1e-6, 1000), d.number("alpha", 0.5, 2)
    limit = d.number("limit", 0.3, 1000, also=(1e-3, 1e6))
    return scale * alpha, b, sizes, b_h, scale * limit


EXERCISE = CodeExercise(
    id="step-size-for-another-batch",
    title="The step size for another batch",
    answer=carried_over,
    draw=draw,
    slips=(
        Slip(
            linear_rule,
            "You scaled in proportion to the batch size. That is (6.1) for $b \\ll B_H$ alone; for "
            "larger batches it makes the steps too long.",
        ),
        Slip(
            tuned_is_longest,
            "You put your tuned step in the place of $\\alpha_\\text{max}$. It was tuned at $b$, "
            "so it is $\\alpha_\\text{max}/(1 + B_H/b)$: find $\\alpha_\\text{max}$ first.",
        ),
        Slip(
            upside_down,
            "Your quotient is upside down: with it, a larger batch gets a shorter step.",
        ),
        Slip(
            no_limit,
            "Right wherever the curvature allows it. In some trials a step comes out above "
            "`limit`, and none may be longer than that.",
        ),
        Slip(
            limited_too_early,
            "You limited $\\alpha_\\text{max}$. But it is the steps themselves that may not be "
            "longer than `limit`, each one after it is worked out.",
        ),
    ),
    hints=(
        "(6.1) at the tuned size is one equation with one unknown, $\\alpha_\\text{max}$.",
        "So $\\alpha_\\text{max}$ is the tuned step times $1 + B_H/b$. Now put the other sizes "
        "into (6.1).",
        "`b_h / sizes` divides by each entry. `np.minimum(steps, limit)` compares entry by entry.",
    ),
    why="A step size belongs to its batch size: who changes one has to change the other, and not "
    "always in proportion.",
    note="If all sizes are far below $B_H$, the ones do not count and the linear scaling rule is "
    "left. If all are far above, the step stays as it was. A start for tuning anew, not its end: "
    "(6.1) looks one step ahead.",
)
