"""One Newton step."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def newton_step(theta, X, y):
    p = 1 / (1 + np.exp(-X @ theta))
    g = X.T @ (y - p) / len(y)
    H = (X.T * (p * (1 - p))) @ X / len(y)
    return theta + np.linalg.solve(H, g)


def slope_and_curvature(theta, X, y):
    p = 1 / (1 + np.exp(-X @ theta))
    return X.T @ (y - p) / len(y), (X.T * (p * (1 - p))) @ X / len(y)


def downhill(theta, X, y):
    g, H = slope_and_curvature(theta, X, y)
    return theta - np.linalg.solve(H, g)


def curvature_summed(theta, X, y):
    g, H = slope_and_curvature(theta, X, y)
    return theta + np.linalg.solve(len(y) * H, g)


def times_the_curvature(theta, X, y):
    g, H = slope_and_curvature(theta, X, y)
    return theta + H @ g


def gradient_summed(theta, X, y):
    g, H = slope_and_curvature(theta, X, y)
    return theta + np.linalg.solve(H, len(y) * g)


def step_alone(theta, X, y):
    g, H = slope_and_curvature(theta, X, y)
    return np.linalg.solve(H, g)


def draw(d: Draw) -> Arguments:
    width = d.size("d", 1, 4, far=13)
    m = width + int(d.number("rows", 1, 25, also=(2, 300))) - 1
    away = d.number("away", 0.1, 1, also=(-14, -11, -10, -7, -6, 3, 4, 7, 9, 10, 0))
    apart = d.number("apart", 0.1, 1, also=(-9, -6, 6, 9, 12, 14))  # two rows that differ in one
    inputs = d.bits("inputs", m, width - 1, but=("zeros", "ones"))
    X, y = np.column_stack([np.ones(m), inputs]), d.bits("y", m)
    theta = (away != 0) * d.reals("theta", width, upto=8)
    theta[0] += away if abs(away) > 1 else 0
    if width > 1 and abs(apart) > 1:
        theta[:2] += apart * np.array([-1, 1])
    if (top := d.number("top", 0.1, 1, also=(0, 1e-3, 1e-2))) < 0.1:  # or near it
        X, y = np.vstack([X, X, X]), np.repeat([0.0, 1.0, 1.0], m)
        theta = top * theta + np.log(2) * (np.arange(width) == 0)
    z = X @ theta
    # 1 - p has few digits in float32 beyond 6, and in float64 tanh(z/2) + 1 has few below -15
    d.suits(np.ptp(z) < 15 and abs(z + 2.5).max() < 12.8)
    d.suits(np.linalg.cond(X) < 20)
    return theta, X, y


EXERCISE = CodeExercise(
    id="newton-step",
    title="One Newton step",
    answer=newton_step,
    draw=draw,
    slips=(
        Slip(
            downhill,
            "Your step goes downhill: one sign is turned, that of $\\bar g$, of $H$ or of the "
            "step. $H$ is *minus* the second derivative, so it is positive, (12.1) adds. Where a "
            "book subtracts, its $H$ is the second derivative itself, or it goes down a loss.",
        ),
        Slip(
            curvature_summed,
            "Your step is exactly $m$ times too short. Divide the gradient and the curvature both "
            "by $m$, once, or neither.",
        ),
        Slip(
            times_the_curvature,
            "You multiplied by $H$ where (12.1) has its inverse. So the step is longest where the "
            "curvature is strong, and there it should be shortest.",
        ),
        Slip(
            gradient_summed,
            "Your step is exactly $m$ times too long: divide the gradient and the curvature both "
            "by $m$, once, or neither.",
        ),
        Slip(
            step_alone,
            "This is the step alone. The new parameters are the old ones plus the step.",
        ),
    ),
    hints=(
        "Three things are needed: the probabilities $\\sigma(z_j)$, the slope $\\bar g$ and the "
        "matrix $H$.",
        "The slope is the mean of error times input: `X.T @ (y - p) / m`.",
        "Row $j$ adds $\\sigma(1-\\sigma)\\tilde x\\tilde x^\\top$ to $mH$: weight the columns of "
        "`X.T` by `p * (1 - p)`, then multiply by `X`.",
        "No inverse need be formed: `np.linalg.solve(H, g)` is $H^{-1}\\bar g$.",
    ),
    why="Each conditional has its own small system like this one, so Newton's step for a whole "
    "FVSBN is $n$ of them side by side.",
    note="$\\bar g$ is error times input, and $-\\partial/\\partial\\theta$ of it puts the slope "
    "$\\sigma(1-\\sigma)$ of $\\sigma$ in place of the error and a second $\\tilde x$ beside the "
    "first. `solve` factorises $H$ once: cheaper and more exact than `inv`.",
)
