"""Questions of a chapter."""

import math

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

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

DRAWS = Choice(
    id="why-draws-against-samples",
    title="One draw each",
    question="With the encoder's pass for nothing, $c_e = 0$, one draw for each sample is best for "
    "all $C$ and $W$. Why do more draws never pay?",
    options=(
        Option(
            "More draws of a sample lower no noise: the expectation of its gradient is what one "
            "draw estimates already.",
            "They do lower it: $W/S$ is the draws' part at a given $b$. But the same passes could "
            "have been draws of other samples.",
        ),
        Option(
            "A draw of a new sample costs as much, and averages the samples' noise together with "
            "that of its draw.",
            right=True,
        ),
        Option(
            "More draws of a sample make its gradient biased: the bound that they estimate is one "
            "with more weights in it.",
            "That is IWAE, where the mean is inside of the logarithm. Draws whose gradients are "
            "averaged estimate the same for every $S$.",
        ),
    ),
    why="For $bS$ passes the variance is $(SC + W)/(bS)$: the draws' part is the same for every "
    "$S$, and that of the samples grows with it.",
    of="draws-against-samples",
)

THROUGH = Choice(
    id="why-reparameterise",
    title="Through the draws",
    question="$\\mathbb{E}_q[\\nabla \\log q(z)] = 0$, so the score function, the mean of "
    "$\\log w \\cdot \\nabla \\log q(z)$, estimates the same gradient by $\\mu$ and $\\log s$. Why "
    "does one go through $z = \\mu + s\\,\\varepsilon$ instead?",
    options=(
        Option(
            "The score function is right only on average over $z$, and a batch has few draws; "
            "through $z$ each single draw is exact.",
            "Both are right on average alone. Through $z$ a draw gives $x - 2z$ for "
            "$x - 2\\mu$: its noise stays, only smaller.",
        ),
        Option(
            "The score function is biased for the encoder: it leaves out that $\\log w$ itself "
            "depends on $\\mu$ and $\\log s$.",
            "What it leaves out is $-\\mathbb{E}_q[\\nabla \\log q(z)]$, which is 0: the score "
            "function is unbiased.",
        ),
        Option(
            "The score function knows only how high $\\log w$ is at its draws; through $z$ a draw "
            "tells the slope.",
            right=True,
        ),
    ),
    why="From heights alone a slope is found by comparing many draws, and a constant added to "
    "$\\log w$ adds noise; the slope at a draw does not know the constant.",
    of="reparameterise",
)
