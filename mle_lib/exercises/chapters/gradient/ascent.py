"""A step of (2.5) whose size is tried out."""

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from mle_lib.exercises.code import Arguments, CodeExercise, Slip


def careful_step(height, theta, g, alpha):
    while height(theta + alpha * g) < height(theta):
        alpha = alpha / 2
    return theta + alpha * g


def full_step(height, theta, g, alpha):
    return theta + alpha * g


def halved_only_once(height, theta, g, alpha):
    if height(theta + alpha * g) < height(theta):
        alpha = alpha / 2
    return theta + alpha * g


def halved_once_more(height, theta, g, alpha):
    while height(theta + alpha * g) < height(theta):
        alpha = alpha / 2
    return theta + alpha / 2 * g


def downhill(height, theta, g, alpha):
    return careful_step(height, theta, -g, alpha)


def insists_on_higher(height, theta, g, alpha):
    while height(theta + alpha * g) <= height(theta):
        alpha = alpha / 2
    return theta + alpha * g


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for m, p, alpha in [(6, 2, 8.0), (9, 3, 0.1), (20, 4, 10.0), (12, 1, 2.0), (30, 5, 1.0)]:
        yield *_hill(rng, m, p), alpha
    across = np.array([1.5, -0.5, 2.0])  # a step of 1 ends on the other side, just as high
    yield _counted(lambda theta: -np.sum(np.asarray(theta) ** 2)), across, -2 * across, 1.0


def _hill(rng: np.random.Generator, m: int, p: int) -> tuple[Callable, np.ndarray, np.ndarray]:
    """The log-likelihood of one conditional; a place on it, and the gradient there."""
    inputs, came = rng.normal(size=(m, p)), rng.integers(0, 2, size=m)

    def height(theta):
        z = inputs @ np.asarray(theta, dtype=float)  # a tensor may be handed in
        return -float(np.logaddexp(0, (1 - 2 * came) * z).sum())

    theta = rng.normal(size=p)
    error = came - 1 / (1 + np.exp(-inputs @ theta))
    return _counted(height), theta, error @ inputs


def _counted(function: Callable) -> Callable:
    """A height that ends a loop without end: in a notebook nothing else would."""
    calls = count(1)

    def height(theta):
        if next(calls) > 10_000:
            raise RuntimeError("height was called 10,000 times; does your loop end?")
        return function(theta)

    return height


EXERCISE = CodeExercise(
    id="careful-step",
    title="A step that never loses height",
    answer=careful_step,
    cases=cases,
    slips=(
        Slip(
            full_step,
            "You always take the whole step. With a step size that is too large it ends lower "
            "than it began, on the far side of the hill.",
        ),
        Slip(
            halved_only_once,
            "Your step is halved at most once. Half a step can still be too long: try again until "
            "the point is not lower than the start; that it is higher than the last try is not "
            "enough.",
        ),
        Slip(
            halved_once_more,
            "Your step is exactly half of the right one: after the step size has passed the test, "
            "it is halved once more.",
        ),
        Slip(
            downhill,
            "Your step ends where it began, at `theta`. Do you step along $-g$? That is for "
            "$-\\ell$. The height here is $\\ell$ itself: it rises along $+g$, and the other way "
            "no halving helps.",
        ),
        Slip(
            insists_on_higher,
            "You halve also where the step ends exactly as high as it began. Such a point is not "
            "lower, so it is to be returned. At the top, where $g = 0$, your loop would never end.",
        ),
    ),
    hints=(
        "How often you will have to halve is not known beforehand. Which kind of loop is that?",
        "Compare `height(theta + alpha * g)` with `height(theta)`. The start of each trial is "
        "`theta`, whatever was tried before.",
        "`while` the height of the trial is lower, `alpha = alpha / 2`; then return the point that "
        "passed.",
    ),
    why="It needs no eigenvalue and no bound on the curvature, only values of $\\ell$: so it "
    "serves networks too, where $\\ell$ is not concave.",
    note="The loop ends, because $g$ is the direction of steepest ascent: a short enough step "
    "gains height. With `<=` in place of `<` it would run for ever at the top, where $g = 0$. "
    "This is called backtracking; it costs at least two passes over the data for each step.",
)
