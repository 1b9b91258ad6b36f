"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

M = 1200  # the digits

LARGEST_ENTRY = Numeric(
    id="largest-entry",
    title="How large is the gradient?",
    question="At $\\theta = 0$ every $\\sigma(z_i)$ is one half. Some pixels are inked in none of "
    "the $m = 1200$ pictures. What is the largest entry of $\\nabla\\ell(0)$, in absolute value?",
    answer=M / 2,
    tolerance=0.5,
    near=(
        Near(
            -M / 2,
            "That is the entry itself: the errors are $-\\frac12$ where no ink came. The question "
            "is for its absolute value.",
        ),
        Near(
            M,
            "That would be errors of size 1. The model says one half, so whatever comes, the "
            "error $x_i - \\sigma(z_i)$ has size $\\frac12$.",
        ),
        Near(
            0.5,
            "That is the error of one picture. $\\nabla\\ell$ adds those of all $m$; a mean would "
            "be $\\nabla\\ell/m$.",
        ),
        Near(
            0,
            "The gradient is zero at the top, and $\\theta = 0$ is only the start. A pixel that "
            "is never inked should not have probability one half.",
        ),
    ),
    otherwise="Look at the bias $c_i$ of a pixel that is never inked. By (2.3) its entry adds one "
    "error $x_i - \\sigma(z_i)$ for each picture.",
    why="All 1,200 errors of such a pixel are $-\\frac12$. In the last column below the entry "
    "grows in proportion to $k$, while that of $\\nabla L$ disappears.",
    prediction=True,
    printed="600.0",
)

STEP_FOR_THE_MEAN = Choice(
    id="step-for-the-mean",
    title="The step size of the mean",
    question="The step size $\\alpha = 1/\\lambda_n$ of section 2.7 was computed for the sum "
    "$\\ell$. You climb the mean $\\ell/m$ instead and want the same steps. Which step size do you "
    "take?",
    options=(
        Option(
            "$\\alpha/m$",
            "The gradient of $\\ell/m$ is already $m$ times shorter. With $\\alpha/m$ the step "
            "would be $m^2$ times shorter.",
        ),
        Option(
            "$\\alpha$",
            "The direction is the same, and so is the top, but the step is $\\alpha$ times a "
            "gradient that is now $m$ times shorter.",
        ),
        Option("$m \\alpha$", right=True),
        Option(
            "None: the two have different tops",
            "A constant factor $1/m$ moves no maximum. It changes the length of the gradient and "
            "nothing else.",
        ),
    ),
    why="$\\alpha \\nabla\\ell = (m \\alpha) \\nabla(\\ell/m)$: a step size means nothing without "
    "the scale of the function it multiplies. Chapter 4 returns to this.",
)
