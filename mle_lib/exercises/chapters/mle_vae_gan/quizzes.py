"""Questions of a chapter."""

import math

from mle_lib.exercises.quizzes import Near, Numeric

ALPHA, STEPS = 0.1, 2000
SQUARED = (1 + ALPHA**2) ** STEPS  # by this x² + y² grows
START = math.sqrt(2)

SIMULTANEOUS_PLAY = Numeric(
    id="simultaneous-play",
    title="The simplest game",
    question="The players of $\\min_x \\max_y xy$ start at $(x, y) = (1, 1)$. Both take exact "
    "gradient steps with $\\alpha = 0.1$, at the same time. How far from $(0, 0)$ are they after "
    "2,000 steps? (To 10 %. What does one step make of $x^2 + y^2$?)",
    answer=START * math.sqrt(SQUARED),
    tolerance=0.1 * START * math.sqrt(SQUARED),
    near=(
        Near(
            0,
            "They never arrive. Write down one step: $x - \\alpha y$ and $y + \\alpha x$. Is the "
            "sum of squares smaller than before?",
        ),
        Near(
            START,
            "The distance would stay if the steps were infinitely small: the path is then a "
            "circle. A step of finite length goes along the tangent, and so outwards.",
        ),
        Near(
            math.sqrt(SQUARED),
            "This is the factor by which the distance grows. It starts from $\\sqrt2$, not 1.",
        ),
        Near(
            2 * math.sqrt(SQUARED),
            "The factor is right, but the distance of $(1, 1)$ from the centre is $\\sqrt2$; 2 is "
            "its square.",
        ),
        Near(
            START * SQUARED,
            "One step multiplies the *squared* distance by $1 + \\alpha^2$, and so the distance "
            "by the root of that.",
        ),
        Near(2 * SQUARED, "This is $x^2 + y^2$. The distance is its square root."),
    ),
    otherwise="One step leads to $x - \\alpha y$ and $y + \\alpha x$. Their squares add up to "
    "$(1 + \\alpha^2)(x^2 + y^2)$. Now take 2,000 steps, and the root.",
    why="Look for the line *at the same time*: every step leads outwards, by exact gradients, "
    "so no batch size helps.",
    prediction=True,
    printed="3e+04",
)
