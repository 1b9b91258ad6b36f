"""The length of a damped step."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def step_length(height, theta, gradient, step):
    a, slope = 1.0, gradient @ step
    while height(theta + a * step) < height(theta) + 1e-4 * a * slope:
        a /= 2
    return a


def any_gain(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta):
        a /= 2
    return a


def promise_of_the_full_step(height, theta, gradient, step):
    a, slope = 1.0, gradient @ step
    while height(theta + a * step) < height(theta) + 1e-4 * slope:
        a /= 2
    return a


def never_the_full_step(height, theta, gradient, step):
    return step_length(height, theta, gradient, step / 2) / 2


def halved_while_it_holds(height, theta, gradient, step):
    a, slope = 1.0, gradient @ step
    while height(theta + a * step) > height(theta) + 1e-4 * a * slope:
        a /= 2
    return a


def new_point(height, theta, gradient, step):
    return theta + step_length(height, theta, gradient, step) * step


# where the step ends, in lengths from θ to where the hill is as low again: so that half of it gains
# 0.9e-4 of what the slope promises or loses as little, or that it gains 1.1e-4 itself
ENDS = {"hardly less": 2.00018, "hardly a loss": 1.9999, "hardly enough": 1.00011, "between": 0}


def draw(d: Draw) -> Arguments:
    """A hill with a top, or a coin for each row of ``root``, which is -inf far out; and a step
    uphill, to be halved so many times, on the coins about so many."""
    p, rows = d.size("p", 1, 4, far=101), d.rng.integers(1, 6)
    kind = d.word("height", "flat hill", "far hill", "steep hill", "coins")
    end = d.word("end", *ENDS)
    halvings = min(d.rounds("halvings"), 101)  # float32 has room for this
    reach = ENDS[end] or d.rng.uniform(1.1, 1.9 if halvings else 30)
    scale = 2.0 ** (halvings if halvings > 7 else 0)  # so that no step is very long
    scale *= 5000 if kind in ("flat hill", "steep hill") else 1
    steep = {"flat hill": 0.0003, "far hill": 0.0017, "steep hill": 20}.get(kind, 1)
    root = scale * steep * d.rng.normal(size=(rows, p))
    away = d.reals("away", p, upto=1, but=("zeros",)) * (600 if kind == "far hill" else 1)
    top = (d.rng.normal(size=p) + (900 if kind == "far hill" else 0)) / scale
    theta = top + away / scale
    z = root @ (theta - top)
    level = d.rng.uniform(0.1, 3) * np.mean(z**2)
    gradient = -root.T @ (np.tanh(z / 2) / 2 if kind == "coins" else z / 4) / rows
    places: list[bytes] = []

    def height(at: np.ndarray) -> float:
        at = np.asarray(at, dtype=float)
        places.append(at.tobytes())
        if len(places) > 2500:
            different = len({*places})
            places.clear()
            if different < 3:  # nothing is left of the step, or it is not halved
                raise ArithmeticError("height was asked 2,500 times for two places. Does it end?")
        z = root @ (at - top)
        if kind != "coins":
            return float(-level - np.mean(z**2) / 8)
        with np.errstate(all="ignore"):
            p = 1 / (1 + np.exp(-z))
            return float(np.mean(np.log(p) + np.log(1 - p)) / 2)

    step = d.rng.normal(size=p)
    step = step * np.sign(gradient @ step)
    bend = np.mean((root @ step) ** 2) / 4
    d.suits(bend > 0)
    step = step * 2 * (gradient @ step) / bend / reach * 2.0**halvings
    now, slope = height(theta), gradient @ step
    for k in range(halvings + 2):  # the two sides of (12.2) differ in float32 too
        sides = height(theta + step / 2**k), now + 1e-4 * slope / 2**k
        d.suits(not (now < sides[0] < sides[1] and sides[1] - now > 3))  # an ordinary promise
        d.suits(abs(sides[0] - sides[1]) > 5e-7 * (abs(now) + abs(gradient) @ abs(theta)))
    return height, theta, gradient, step


EXERCISE = CodeExercise(
    id="damped-step-length",
    title="How far along the step",
    answer=step_length,
    draw=draw,
    slips=(
        Slip(
            any_gain,
            "You accept any gain. A step from one side of the top to the other may gain next to "
            "nothing, and a run of such steps stalls short of the top. (12.2) asks for a part of "
            "what the slope promised.",
        ),
        Slip(
            promise_of_the_full_step,
            "The promise must shrink with the step: half as far along the slope is half the "
            "promise. As you have it, a short step is held to what the full one promised.",
        ),
        Slip(
            never_the_full_step,
            "You never try $a = 1$. Near the top it is the full step that squares the error.",
        ),
        Slip(
            halved_while_it_holds,
            "You halve as long as (12.2) *holds*. Books that go downhill halve while the new value "
            "is too high; here it must not be too low.",
        ),
        Slip(new_point, "This is the new point. Asked for is $a$, how far along the step it lies."),
    ),
    hints=(
        "Begin with $a = 1$, and halve as long as (12.2) does not hold.",
        "What the slope promises for the full step is $\\bar g^\\top\\delta$, one number: "
        "`gradient @ step`.",
        "Halve while the height at `theta + a * step` is less than the height at `theta` plus "
        "`1e-4 * a * slope`.",
    ),
    why="With this loop around it (12.1) climbs a concave $\\ell$ from far away, and takes full "
    "steps again near its top.",
    note="The loop ends: for small $a$ the gain is nearly $a\\bar g^\\top\\delta$, far more than "
    "the ten-thousandth asked for. A height of $-\\infty$ is refused like any other that is too "
    "low.",
)
