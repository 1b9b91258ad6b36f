"""A step of (2.5) whose size is tried out."""

from collections.abc import Iterator

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


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


def draw(d: Draw) -> Arguments:
    kind, p = d.word("kind", "tie", "hill", "rough"), d.size("p", 1, 5, far=41)
    halvings, tie = d.rounds("halvings", 110), kind == "tie"
    # binary fractions: a tie is one in any order of adding, and in float32 too
    unit = 2.0 ** np.round(np.log2(d.number("unit", 1e-5, 16)))
    start = unit * np.round(64 * d.reals("start", p, upto=8))
    away = unit * np.round(64 * d.reals("away", p, upto=8, but=("zeros", 0.001)))
    # who goes back from the last try, not on from theta, has digits left at 0
    start = start if halvings <= 30 else 0 * start
    top = start - away
    d.suits(away.any())  # at the top itself a loop with <= has no end
    scale = 2.0 ** np.round(np.log2(d.number("scale", 1e-3, 1e6)))
    bend = scale * d.positive("bend", p, low=0.1, high=10)
    if tie:  # a step of 2/scale ends on the other side, just as high
        bend = np.full(p, scale)
    g = -bend * away
    longest = 2 * (g @ g) / (g @ (bend * g))  # the longest step that loses no height
    sea = d.word("sea", 0.0, 0.7, -1e3) * (g @ away)
    alpha = (1.0 if tie else d.rng.uniform(0.55, 0.95)) * longest * 2.0**halvings

    def hill(theta):
        z = np.asarray(theta, dtype=float) - top  # a tensor may be handed in
        return float(sea - bend @ z**2 / 2)

    # no hill: how high it is where a halved step ends is by chance, but for one that ends higher,
    # and a fourth of it; half of it does not
    high = int(d.rng.integers(halvings + 1)) + 2
    steps = alpha * 0.5 ** np.arange(high, -1, -1)
    gains = (g @ away) * d.rng.uniform(0.1, 2, size=high + 1)
    gains[[0, 2]] *= -1  # g @ away is negative

    def land(theta):
        s = (np.asarray(theta, dtype=float) - start) @ g / (g @ g)
        return float(sea + np.interp(s, [-alpha, 0, *steps], [g @ away, 0, *gains]))

    return land if kind == "rough" else hill, start, g, alpha


class Top:
    """The height around a top, which counts how often one call of an answer asks for it: each has a
    copy of the arguments."""

    def __init__(self):
        self.calls = 0

    def __deepcopy__(self, memo):
        return Top()

    def __call__(self, theta):
        self.calls += 1
        if self.calls > 5000:
            raise ArithmeticError("height was called 5,000 times. Does the loop end?")
        return -float(np.sum(np.asarray(theta, dtype=float) ** 2))


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """At the top: a loop that goes on where it is just as high has no end there."""
    yield Top(), np.zeros(3), np.zeros(3), 1.0


EXERCISE = CodeExercise(
    id="careful-step",
    title="A step that never loses height",
    answer=careful_step,
    draw=draw,
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
            "Your step is exactly half of the right one: a step size that has passed the test is "
            "not halved again.",
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
            "lower, so it is to be returned: at the top, where $g = 0$, no step is higher.",
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
