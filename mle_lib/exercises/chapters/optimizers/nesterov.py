"""One update of Nesterov's method."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def nesterov_update(y, u, gradient, alpha, beta):
    u = beta * u + gradient(y + alpha * beta * u)
    return y + alpha * u, u


def not_ahead(y, u, gradient, alpha, beta):
    u = beta * u + gradient(y)
    return y + alpha * u, u


def ahead_without_step(y, u, gradient, alpha, beta):
    u = beta * u + gradient(y + beta * u)
    return y + alpha * u, u


def ahead_without_beta(y, u, gradient, alpha, beta):
    u = beta * u + gradient(y + alpha * u)
    return y + alpha * u, u


def walked_from_ahead(y, u, gradient, alpha, beta):
    ahead = y + alpha * beta * u
    u = beta * u + gradient(ahead)
    return ahead + alpha * u, u


def told_from_ahead(y, u, gradient, alpha, beta):
    g = gradient(y)
    u = beta * u + g
    return y + alpha * (g + beta * u), u


def slope_of(steep: float, curvature: float, pull: float) -> Callable[[Any], Any]:
    """Uphill on a hill that is no quadratic; takes arrays, tensors and lists."""

    def gradient(point):
        if isinstance(point, list | tuple):
            point = np.array(point)
        return steep * (pull - curvature * point - 0.1 * point**3 - 0.2 * point.sum())

    return gradient


def draw(d: Draw) -> Arguments:
    p, steep = d.size("p", 1, 8, far=401), d.number("steep", 0.01, 1e4)
    scale = d.number("scale", 0.001, 5000, also=(0,))  # 0: at the top, at rest
    y, u = scale * d.reals("y", p, upto=8), scale * steep * d.reals("u", p, upto=8)
    curvature, pull = d.number("curvature", 0.1, 10), scale * float(d.rng.normal())
    beta = 1 - d.number("1 - beta", 1e-4, 0.99, also=(1, 0))
    return y, u, slope_of(steep, curvature, pull), d.number("alpha", 0.3, 3) / steep, beta


EXERCISE = CodeExercise(
    id="nesterov-update",
    title="Nesterov, one update",
    answer=nesterov_update,
    draw=draw,
    slips=(
        Slip(
            not_ahead,
            "You took the gradient at $y$ itself. That is plain momentum, (7.1): Nesterov takes it "
            "where momentum is about to carry $y$.",
        ),
        Slip(
            ahead_without_step,
            "You looked $1/\\alpha$ times as far ahead as you should: a velocity moves $y$ by "
            "$\\alpha$ times itself.",
        ),
        Slip(
            ahead_without_beta,
            "You looked $1/\\beta$ times as far ahead as you should: only the share $\\beta$ of "
            "the old velocity lives on.",
        ),
        Slip(
            walked_from_ahead,
            "You walked on from the point ahead, so the old velocity carries you twice. The point "
            "ahead is only looked at; it is $y$ that moves.",
        ),
        Slip(
            told_from_ahead,
            "This is (7.7), which moves the point ahead, as PyTorch does. Here the point is $y$ of "
            "(7.6).",
        ),
    ),
    hints=(
        "(7.6) differs from (7.1) in one place: where the gradient is taken.",
        "Without a new gradient, momentum would carry $y$ by $\\alpha\\beta u$.",
        "Call `gradient(y + alpha * beta * u)` with the old `u`. The rest is momentum.",
    ),
    why="The look ahead sees an overshoot before it happens: on a quadratic, complex eigenvalues "
    "have the modulus $\\sqrt{\\beta(1 - \\alpha\\lambda)}$, where those of momentum have "
    "$\\sqrt\\beta$.",
    note="`gradient` is a function because it must be asked at a point that only the update knows. "
    "PyTorch's `nesterov=True` has no such function: it keeps the point ahead, (7.7), and the two "
    "paths are the same.",
)
