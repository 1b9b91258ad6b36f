"""How far from the top a run hovers."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def spread_and_loss(alpha, b, m, curvatures, variances):
    C = variances / b * (m - b) / (m - 1)
    V = alpha * C / (curvatures * (2 - alpha * curvatures))
    return V, (curvatures * V).sum() / 2


def with_replacement(alpha, b, m, curvatures, variances):
    V = alpha * variances / b / (curvatures * (2 - alpha * curvatures))
    return V, (curvatures * V).sum() / 2


def short_steps(alpha, b, m, curvatures, variances):
    V = alpha * variances / b * (m - b) / (m - 1) / (2 * curvatures)
    return V, (curvatures * V).sum() / 2


def one_step(alpha, b, m, curvatures, variances):
    V = alpha**2 * variances / b * (m - b) / (m - 1)
    return V, (curvatures * V).sum() / 2


def no_half(alpha, b, m, curvatures, variances):
    V, loss = spread_and_loss(alpha, b, m, curvatures, variances)
    return V, 2 * loss


def without_curvature(alpha, b, m, curvatures, variances):
    V, _ = spread_and_loss(alpha, b, m, curvatures, variances)
    return V, V.sum() / 2


def draw(d: Draw) -> Arguments:
    p, b, m = d.size("p", 1, 8, far=41), d.size("b", 1, 200), d.size("m", 2, 400, far=99_991)
    alpha, part = d.number("alpha", 1e-4, 1000), d.number("part of alpha", 0.1, 1)
    alpha = 2.0 ** round(np.log2(alpha))
    at = d.indices("directions", p, p)  # the same curvature and variance at times
    # alpha lambda has twelve bits, so that 1 - (1 - alpha lambda)^2 has digits in float32 near 0
    curvatures = np.ceil(2048 * d.positive("lambda", p, low=1 / 2048, high=1.95)) / 2048 / alpha
    deviations = d.reals("deviations", p, but=("positive", "negative"))
    variances = d.number("noise", 1e-3, 1e4) * deviations**2
    return alpha if part < 0.3 else alpha / 2, min(b, m), m, curvatures[at], variances[at]


EXERCISE = CodeExercise(
    id="how-far-a-run-hovers",
    title="How far a run hovers",
    answer=spread_and_loss,
    draw=draw,
    slips=(
        Slip(
            with_replacement,
            "Your $C$ is that of batches drawn with replacement: the factor $(m-b)/(m-1)$ is "
            "missing.",
        ),
        Slip(
            short_steps,
            "This is $\\alpha C/2\\lambda$, for short steps. In some trials $\\alpha\\lambda$ is "
            "not small: keep it in the bracket of (6.2).",
        ),
        Slip(
            one_step,
            "This is what *one* step adds, $\\alpha^2 C$. Noise gathers over many steps, each of "
            "which forgets a part of what was there: (6.2).",
        ),
        Slip(
            no_half,
            "$v$ is right, and the loss twice what it should be: there is a half in front of the "
            "trace in (6.3).",
        ),
        Slip(
            without_curvature,
            "$v$ is right. In the loss each direction counts with its curvature: a flat one may "
            "be far off, and little is lost.",
        ),
    ),
    hints=(
        "Direction by direction it is (6.2). First the noise of a batch, $C$, from the variances.",
        "Arrays of one shape are multiplied and divided entry by entry: no loop is needed.",
        "Where $H$ is diagonal, $\\operatorname{tr}(HP)$ is the sum of $\\lambda V$ over the "
        "directions. Half of it is lost.",
        "`V = alpha * C / (curvatures * (2 - alpha * curvatures))`, and the loss is "
        "`(curvatures * V).sum() / 2`.",
    ),
    why="Before any run this says what a step size and a batch size will cost in the end.",
    note="The loss is $\\frac{\\alpha}{2}\\sum C/(2 - \\alpha\\lambda)$. With short steps the "
    "curvature drops out: a run strays further along flat directions, and pays more for it along "
    "steep ones.",
)
