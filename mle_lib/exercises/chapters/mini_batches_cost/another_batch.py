"""A tuned step size, carried over to other batch sizes."""

from collections.abc import Iterator

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
    sizes = d.positive("sizes", d.size("k", 1, 6), low=1, high=50_000).astype(int)
    alpha, b = d.number("alpha", 1e-4, 1000), d.size("b", 1, 500)
    b_h = d.number("b_h", 0.01, 1e6, also=(0,))  # of no noise, and of hardly anything else
    return alpha, b, sizes, b_h, alpha * d.number("limit over alpha", 0.3, 10.0, but=("whole",))


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield 0.1, 10, np.array([1, 10, 40, 160, 1000]), 30.0, 0.25
    yield 1, 1, np.array([1, 2, 3]), 6, 2  # whole numbers
    yield 0.3, 25, np.array([5]), 60.0, 0.6  # one size
    yield 0.2, 8, np.array([1, 64, 4096]), 0.0, 1.5  # no noise
    yield 1e-6, 1, np.array([1, 10, 1_000_000]), 1e9, 50.0  # all noise: the linear rule
    for k in rng.integers(1, 7, size=30):
        sizes = rng.integers(1, 2000, size=k)
        b, b_h = int(rng.integers(1, 200)), float(np.exp(rng.uniform(0, 8)))
        alpha = float(np.exp(rng.uniform(-6, 0)))
        yield alpha, b, sizes, b_h, alpha * float(rng.uniform(0.5, 1.5 * (1 + b_h / b)))


EXERCISE = CodeExercise(
    id="step-size-for-another-batch",
    title="The step size for another batch",
    answer=carried_over,
    draw=draw,
    cases=cases,
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
