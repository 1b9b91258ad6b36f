"""How far from the top a run hovers."""

from collections.abc import Iterator

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
    p, m = d.size("p", 1, 5), d.size("m", 2, 200)
    b, alpha = d.size("b", 1, m), d.number("alpha", 1e-4, 1000)
    at = d.indices("directions", p, p)  # the same curvature and variance at times
    # from 0.02 on, for 1 - (1 - alpha lambda)^2 has no digits in float32 near 0
    curvatures = d.positive("alpha lambda", p, low=0.02, high=1.95) / alpha
    variances = d.reals("deviations", p, but=("positive", "negative")) ** 2
    return alpha, b, m, curvatures[at], variances[at]


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield 0.5, 2, 5, np.array([1.0, 0.2]), np.array([4.0, 1.0])
    yield 1, 1, 12, np.array([1]), np.array([4])  # whole numbers, one direction, one sample
    yield 0.7, 9, 9, np.array([0.5, 2.0]), np.array([3.0, 1.0])  # all samples: no noise
    yield 0.2, 3, 50, np.array([1.0, 6.0, 0.1]), np.zeros(3)
    yield 0.05, 10, 1_000_000, np.array([38.0, 2.0]), np.array([5e11, 0.0])
    for p in rng.integers(1, 6, size=30):
        curvatures = np.exp(rng.uniform(-1.5, 1, size=p))
        # long enough that 1 - (1 - alpha lambda)^2 keeps its digits in float32
        alpha = float(rng.choice([0.3, 0.6, 1.0, 1.8]) / curvatures.max())
        m = int(rng.integers(3, 2000))
        yield alpha, int(rng.integers(1, m)), m, curvatures, rng.gamma(2.0, 3.0, size=p)


EXERCISE = CodeExercise(
    id="how-far-a-run-hovers",
    title="How far a run hovers",
    answer=spread_and_loss,
    draw=draw,
    cases=cases,
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
            "$V$ is right, and the loss twice what it should be: there is a half in front of the "
            "trace in (6.3).",
        ),
        Slip(
            without_curvature,
            "$V$ is right. In the loss each direction counts with its curvature: a flat one may "
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
