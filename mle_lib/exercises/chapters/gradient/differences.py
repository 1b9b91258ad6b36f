"""Central differences: the gradient by the definition of a derivative."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def numerical_gradient(f, theta, h):
    moves = h * np.eye(len(theta))  # row k moves coordinate k alone
    return np.array([(f(theta + d) - f(theta - d)) / (2 * h) for d in moves])


def one_sided(f, theta, h):
    return np.array([(f(theta + d) - f(theta)) / h for d in h * np.eye(len(theta))])


def divided_by_h(f, theta, h):
    return 2 * numerical_gradient(f, theta, h)


def multiplied_by_h(f, theta, h):
    return h**2 * numerical_gradient(f, theta, h)


def all_moved_at_once(f, theta, h):
    return (f(theta + h) - f(theta - h)) / (2 * h)


def not_moved_back(f, theta, h):
    moved, slopes = theta.copy(), []
    for k in range(len(theta)):
        moved[k] += h
        above = f(moved)
        moved[k] -= 2 * h
        slopes.append((above - f(moved)) / (2 * h))
    return np.array(slopes)


def draw(d: Draw) -> Arguments:
    shape, p = d.word("f", cubic, log_likelihood, constant), d.size("p", 1, 6, far=41)
    tall = d.number("tall", 1e-6, 1000)

    def f(theta):
        return tall * shape(np.asarray(theta, dtype=float))  # a tensor may be handed in

    # binary fractions: who moves theta itself by h, and back, leaves it as it was; none is whole,
    # for in an array of integers such an answer could not move it
    # no further out: there an answer wholly in float32 loses what h adds
    theta = d.number("scale", 0.1, 3) * d.reals("theta", p, upto=1)
    theta = (np.round(64 * theta) + 0.5) / 64
    return f, theta, d.word("h", 1 / 4, 3 / 8, 1 / 2, 1, 2.5)


def cubic(t):
    return float((t**3).sum() + 2 * t.sum() ** 2)


def log_likelihood(t):
    z = np.cumsum(t) - 3 * t[0]  # logits of three ones and of a zero each
    return -float(3 * np.logaddexp(0, -z).sum() + np.logaddexp(0, z).sum())


def constant(t):
    return 1.5


EXERCISE = CodeExercise(
    id="central-difference",
    title="The gradient by definition",
    answer=numerical_gradient,
    draw=draw,
    slips=(
        Slip(
            one_sided,
            "You compare with the middle, $f(\\theta + h) - f(\\theta)$. That is wrong by about "
            "$\\frac{h}{2} f''$; the step to both sides cancels this term and leaves an error of "
            "order $h^2$.",
        ),
        Slip(
            divided_by_h,
            "This is off by exactly 2: from $\\theta_k - h$ to $\\theta_k + h$ the distance is "
            "$2h$, not $h$.",
        ),
        Slip(
            multiplied_by_h,
            "This is off by exactly $h^2$: `/ 2 * h` divides by 2 and then multiplies by $h$. The "
            "distance $2h$ needs brackets.",
        ),
        Slip(
            all_moved_at_once,
            "`theta + h` moves all coordinates together: that is one slope, along the diagonal, "
            "and equals the sum of the partial derivatives. Each coordinate needs a pair of its "
            "own.",
        ),
        Slip(
            not_moved_back,
            "A coordinate that was moved stays moved, at $-h$, while the next one is measured. "
            "Start each pair from `theta` itself.",
        ),
    ),
    hints=(
        "For each $k$ you need two values of $f$. Where do the two points differ from `theta`, and "
        "how far apart are they?",
        "`moved = theta.copy()` and `moved[k] += h` move one coordinate; so does adding row $k$ of "
        "`h * np.eye(len(theta))`.",
        "Entry $k$ is $(f(\\theta + d) - f(\\theta - d)) / (2h)$, where $d$ has $h$ at place $k$ "
        "and zeros elsewhere.",
    ),
    why="It trusts nothing but values of $f$, so it finds mistakes in any gradient; it costs $2p$ "
    "values, so it does not replace one.",
    note="In $f(\\theta + d) - f(\\theta - d)$ all even powers of $h$ cancel: the error falls like "
    "$h^2$. A smaller $h$ is not always better, because the difference of two nearly equal numbers "
    "loses digits.",
)
