"""A program with two faults: a step with loss scaling and clipping."""

from collections.abc import Iterator

import numpy as np

from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def scaled_step(theta, scaled, S, alpha, c):
    g = scaled / S
    norm = np.sqrt(np.sum(g**2))
    if not np.isfinite(norm):
        return theta
    return theta - alpha * c / max(norm, c) * g


def both_faults(theta, scaled, S, alpha, c):
    norm = np.sqrt(np.sum(scaled**2))
    g = c / max(norm, c) * scaled
    return theta - alpha * g / S


def clipped_with_the_scale(theta, scaled, S, alpha, c):
    if not np.isfinite(scaled).all():
        return theta
    return both_faults(theta, scaled, S, alpha, c)


def not_skipped(theta, scaled, S, alpha, c):
    g = scaled / S
    return theta - alpha * c / max(np.sqrt(np.sum(g**2)), c) * g


def not_clipped(theta, scaled, S, alpha, c):
    if not np.isfinite(scaled).all():
        return theta
    return theta - alpha * scaled / S


def holes_at_zero(theta, scaled, S, alpha, c):
    return scaled_step(theta, np.where(np.isfinite(scaled), scaled, 0), S, alpha, c)


def estimates(function: Function) -> str:
    """How far it goes on a small case, and what becomes of an overflow."""
    theta, g = np.zeros(2), np.array([0.3, 0.4])
    gone = [
        np.linalg.norm(function(theta.copy(), 1024 * times * g, 1024.0, 1.0, 1.0))
        for times in (1, 10)
    ]
    over = np.asarray(function(theta.copy(), np.array([np.inf, 400.0]), 1024.0, 1.0, 1.0))
    became = f"({over[0]:.4g}, {over[1]:.4g})".replace("nan", "NaN")
    return (
        "A small case: $S = 1024$, $\\alpha = 1$, $c = 1$. Where the gradient is 0.5 long, which "
        f"is no reason to clip, the step is {gone[0]:.4f} long; where it is 5 long, {gone[1]:.4f}; "
        "without a scale it is 0.5000 and 1.0000. From $\\theta = (0, 0)$ and a gradient with an "
        f"infinite entry it goes to {became}."
    )


# norms over the threshold: hardly clipped, hardly not
AT_THE_EDGE = (0.99, 0.999, 1.001, 1.01)


def draw(d: Draw) -> Arguments:
    p = d.size("p", 1, 8, far=1999)
    theta = d.seldom("times", 1, 10) * d.reals("theta", p)
    g = d.reals("g", p)
    c = d.number("c", 1e-4, 3000)
    norm = c * d.number("norm over c", 0.01, 100, also=(*AT_THE_EDGE, 1e-4))
    g = g * norm / (np.linalg.norm(g) or 1.0)
    alpha = d.number("step", 0.1, 5000) / min(c, norm)  # not lost beside theta
    S = 2.0 ** (d.size("power of S", 0, 20) - 2)
    scaled = S * g
    if (bad := d.seldom("bad", 0.0, np.inf, -np.inf, np.nan)) != 0:
        scaled[d.rng.integers(p)] = bad
    return theta, scaled, S, alpha, c


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Equal entries, and small ones beside others, clipped and not."""
    for g in ([3.0, 3.0, 3.0, 3.0], [-2.0, 2.0, 2.0], [5e-4, 4e-4, 2.0], [3e-4, -4e-4]):
        for times in (0.3, 0.9, 2.0):
            c = times * float(np.linalg.norm(g))
            yield np.zeros(len(g)), 64.0 * np.array(g), 64.0, 0.5, c
    for bad in (np.inf, -np.inf, np.nan):
        for at in (0, 2):
            scaled = np.array([300.0, 40.0, -20.0])
            scaled[at] = bad
            yield np.array([4000.0, -1.0, -3000.0]), scaled, 5.0, 0.5, 2.0
        yield np.array([5e-4]), np.array([bad]), 5.0, 0.5, 2.0
    yield np.array([2.0, -1.0]), np.zeros(2), 8.0, 0.5, 2.0


EXERCISE = CodeExercise(
    id="scaled-step",
    title="A step with a scale",
    answer=scaled_step,
    stage="mend",
    given="both_faults",
    draw=draw,
    cases=cases,
    estimates=estimates,
    slips=(
        Slip(
            both_faults,
            "What is clipped is $S$ times the gradient, whose length is above $c$ almost always: "
            "after the division the step is $c/S$ long. And an overflow goes into $\\theta$.",
        ),
        Slip(
            clipped_with_the_scale,
            "Steps with an overflow are left out now. But what is clipped still has the scale, "
            "and is divided by $S$ after it: the step is far too short.",
        ),
        Slip(
            not_skipped,
            "It is divided and then clipped, as it should be. But where an entry has overflowed, "
            "NaN goes into $\\theta$, and never leaves it.",
        ),
        Slip(not_clipped, "The scale is off and overflows are left out, but nothing is clipped."),
        Slip(
            holes_at_zero,
            "Only the entries that overflowed are left out, and the step is made with the others: "
            "that is another direction. Leave out the whole step.",
        ),
    ),
    hints=(
        "Of what should the length be at most $c$: of the gradient, or of $S$ times it?",
        "Divide by $S$ first; then it is the clipping of any other loop.",
        "If the norm is not finite, return `theta` as it is.",
    ),
    why="Divided first, the gradient is that of a loop without a scale, and every threshold means "
    "what it did.",
    note="In PyTorch: `scaler.unscale_(optimizer)`, then `clip_grad_norm_`, then "
    "`scaler.step(optimizer)`, which leaves out a step that is not finite.",
)
