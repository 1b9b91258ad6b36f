"""The expected change of a step, with what noise costs it."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def expected_change(alpha, g, H, Sigma, b, m):
    noise = np.trace(H @ Sigma) / b * (m - b) / (m - 1)
    return alpha * (g @ g) - alpha**2 / 2 * (g @ H @ g + noise)


def with_replacement(alpha, g, H, Sigma, b, m):
    noise = np.trace(H @ Sigma) / b
    return alpha * (g @ g) - alpha**2 / 2 * (g @ H @ g + noise)


def product_of_traces(alpha, g, H, Sigma, b, m):
    noise = np.trace(H) * np.trace(Sigma) / b * (m - b) / (m - 1)
    return alpha * (g @ g) - alpha**2 / 2 * (g @ H @ g + noise)


def no_half(alpha, g, H, Sigma, b, m):
    noise = np.trace(H @ Sigma) / b * (m - b) / (m - 1)
    return alpha * (g @ g) - alpha**2 * (g @ H @ g + noise)


def noise_alone(alpha, g, H, Sigma, b, m):
    noise = np.trace(H @ Sigma) / b * (m - b) / (m - 1)
    return alpha * (g @ g) - alpha**2 / 2 * noise


def length_not_squared(alpha, g, H, Sigma, b, m):
    noise = np.trace(H @ Sigma) / b * (m - b) / (m - 1)
    return alpha * np.sqrt(g @ g) - alpha**2 / 2 * (g @ H @ g + noise)


def draw(d: Draw) -> Arguments:
    p, m = d.size("p", 1, 5, far=29), int(d.number("m", 2, 6000))
    b = 1 + (int(d.number("b", 1, 3000)) - 1) % m  # the same at another m
    half, scale = 2 * d.reals("half of H", p, p), d.number("scale", 0.001, 3000)
    g = scale * d.reals("g", p, upto=8)
    root = 3 * scale * d.reals("root of Sigma", p, p, upto=8)
    # at times without noise in one coordinate, without slope in one
    if d.word("noise", "all", "all", "quiet") == "quiet":
        g = g * (np.arange(p) != d.rng.integers(p))
        root = root * (np.arange(p) != d.rng.integers(p))[:, None]
    return d.number("alpha", 1e-4, 1000), g, half + half.T, root @ root.T, b, m


EXERCISE = CodeExercise(
    id="price-of-noise",
    title="What noise costs a step",
    answer=expected_change,
    draw=draw,
    slips=(
        Slip(
            with_replacement,
            "Your noise is that of batches drawn with replacement. The factor $(m-b)/(m-1)$ is "
            "missing: with $b = m$ there would still be noise.",
        ),
        Slip(
            product_of_traces,
            "Your noise has the product of two traces. What counts is the trace of the product "
            "$H\\Sigma$: noise costs most in the directions that are steep.",
        ),
        Slip(
            no_half,
            "The half in front of $\\alpha^2$ is missing, that of the second order of Taylor's "
            "formula.",
        ),
        Slip(
            noise_alone,
            "You took off the price of noise alone. An exact step loses by the curvature as well, "
            "$\\bar g^\\top H \\bar g$.",
        ),
        Slip(
            length_not_squared,
            "In the first term you took the length of $\\bar g$. It is the length squared: once "
            "for the step, once for the slope that it climbs.",
        ),
    ),
    hints=(
        "It is (5.2), term by term. Which of its terms has noise in it?",
        "`g @ H @ g` is a number. So is the trace: `np.trace(H @ Sigma)`.",
        "The noise is $\\operatorname{tr}(H\\Sigma)/b$ times $(m-b)/(m-1)$. Add $\\bar g^\\top H "
        "\\bar g$, and take off the sum times $\\alpha^2/2$.",
    ),
    why="What is lost grows like $\\alpha^2$, what is gained like $\\alpha$: so a short enough "
    "step gains, however noisy it is.",
    note="$H$ and $\\Sigma$ are symmetric, so the trace of their product is also the sum of all "
    "products of their entries, `(H * Sigma).sum()`, which costs $p^2$ instead of $p^3$.",
)
