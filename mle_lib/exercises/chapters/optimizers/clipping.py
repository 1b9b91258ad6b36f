"""Clipping by norm."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def clip_gradient(g_weights, g_bias, c):
    norm = np.sqrt((g_weights**2).sum() + (g_bias**2).sum())
    factor = c / norm if norm > c else 1.0
    return factor * g_weights, factor * g_bias


def by_value(g_weights, g_bias, c):
    return np.clip(g_weights, -c, c), np.clip(g_bias, -c, c)


def each_alone(g_weights, g_bias, c):
    nothing = np.zeros(1)
    return clip_gradient(g_weights, nothing, c)[0], clip_gradient(nothing, g_bias, c)[1]


def always_scaled(g_weights, g_bias, c):
    factor = c / np.sqrt((g_weights**2).sum() + (g_bias**2).sum())
    return factor * g_weights, factor * g_bias


def no_root(g_weights, g_bias, c):
    factor = min(1.0, c / ((g_weights**2).sum() + (g_bias**2).sum()))
    return factor * g_weights, factor * g_bias


def to_length_one(g_weights, g_bias, c):
    norm = np.sqrt((g_weights**2).sum() + (g_bias**2).sum())
    factor = 1 / norm if norm > c else 1.0
    return factor * g_weights, factor * g_bias


# thresholds over the norm: hardly clipped, hardly not
BELOW = (0.99, 0.999, 0.9998, 0.9999, 0.99995, 0.99997, 0.99998)
AT_THE_EDGE = (*BELOW, *(2 - share for share in BELOW))


def draw(d: Draw) -> Arguments:
    n, h = d.size("n", 1, 6, far=307), d.size("h", 1, 5, far=293)
    norm = d.number("norm", 0.15, 3e4, also=(0, 0.001, 0.002))
    angle = d.number("angle", 0.1, 1.5, also=(0.001,))
    share = d.number("c over the norm", 0.001, 1.5, also=(*AT_THE_EDGE, 1e-4, 300))
    if share in AT_THE_EDGE:
        norm = norm**0.1
    elif norm < 0.1 and share < 2:  # too near to the 1e-6 that PyTorch adds to what is clipped
        share += 1.01
    g_weights, g_bias = d.reals("g_weights", n, h, upto=8), d.reals("g_bias", n, upto=8)
    g_bias = g_bias[d.indices("equal entries", n, n)]
    # each has its own length, so that one can be another where all else is the same
    g_weights = np.cos(angle) * g_weights / (np.linalg.norm(g_weights) or 1)
    g_bias = np.sin(angle) * g_bias / (np.linalg.norm(g_bias) or 1)
    times = norm / (np.sqrt((g_weights**2).sum() + (g_bias**2).sum()).item() or 1)
    c = share * (norm or 1)
    if d.seldom("rounded", "", "whole"):
        g_weights, g_bias = (np.round((10 + times) * g) for g in (g_weights, g_bias))
        return g_weights, g_bias, max(1, int(c))
    return times * g_weights, times * g_bias, c if c < 1000 else float(round(c))


EXERCISE = CodeExercise(
    id="clip-by-norm",
    title="Clipping by norm",
    answer=clip_gradient,
    draw=draw,
    slips=(
        Slip(
            by_value,
            "This limits each coordinate by itself: clipping by value. It turns the gradient; by "
            "norm, all coordinates shrink by one factor.",
        ),
        Slip(
            each_alone,
            "You clipped each array by its own norm. The two factors differ, so the gradient "
            "turns. $\\|\\tilde g\\|$ is the norm of all parameters together.",
        ),
        Slip(
            always_scaled,
            "Long gradients come out right, but you also stretch those that are short enough, and "
            "a gradient of zero becomes $0/0$. Look at the $\\min$ in (7.13).",
        ),
        Slip(
            no_root,
            "A root is missing: you divided by $\\|\\tilde g\\|^2$. The length is then "
            "$c/\\|\\tilde g\\|$, not $c$.",
        ),
        Slip(
            to_length_one,
            "A gradient that is too long comes out with the length 1. It should have the length "
            "$c$.",
        ),
    ),
    hints=(
        "The gradient is one long vector that happens to lie in two arrays. What is its length?",
        "Squares add up: the squared length is the sum over both arrays. Then one factor for both, "
        "$\\min(1, c/\\|\\tilde g\\|)$.",
        "If `norm > c`, the factor is `c / norm`; if not, it is 1, and nothing is divided. "
        "Multiply both arrays by it.",
    ),
    why="With plain ascent no step is longer than $\\alpha c$ now, and its direction is still that "
    "of the batch's gradient.",
    note="`mle_lib.optimizers.clip_by_norm` and PyTorch's `clip_grad_norm_` take all parameters of "
    "a model in the same way. They divide by the norm plus $10^{-6}$, for which zero is no danger.",
)
