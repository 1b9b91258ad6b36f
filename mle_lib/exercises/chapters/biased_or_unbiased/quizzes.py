"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

SPREAD = 2.4  # Var h / Var g at step 450, over all coordinates; Cov(g, h) / Var g is 1.0
GAMMA = 1

KNOWN_HALF = Numeric(
    id="known-half",
    title="Half of it is known",
    question="The data part $h_j = x_i \\tilde x_i$ is half of the gradient, and known exactly. "
    "Late in training (step 450) its variance, over all coordinates, is 2.4 times that of $g_j$. "
    "And $g_j$ is nearly uncorrelated with the other half, so "
    "$\\mathrm{Cov}(g, h) = \\mathrm{Var}\\,g$. With $\\gamma = 1$, how many times plain's "
    "variance is left? (Two figures.)",
    answer=1 - 2 * GAMMA + GAMMA**2 * SPREAD,
    tolerance=0.1,
    near=(
        Near(
            0.5,
            "Half of the gradient is not half of its variance. That would need two halves that "
            "vary alike and are uncorrelated; here they nearly cancel, and each varies more than "
            "$g_j$.",
        ),
        Near(
            1 - 1 / SPREAD,
            "This is $1 - \\mathrm{corr}^2$, what is left with $\\gamma = 1/2.4$, the best that is "
            "the same for all coordinates. The question is about $\\gamma = 1$.",
        ),
        Near(
            1 / SPREAD,
            "This is $\\gamma^* = \\mathrm{Cov}(g, h)/\\mathrm{Var}\\,h$, a coefficient. The "
            "question is about the variance that $\\gamma = 1$ leaves.",
        ),
        Near(
            SPREAD,
            "This is the variance of the half that is taken away. What is left is "
            "$\\mathrm{Var}(g - h)$.",
        ),
        Near(
            1 - SPREAD,
            "Variances do not subtract: this is $\\mathrm{Var}\\,g - \\mathrm{Var}\\,h$, and no "
            "variance is negative. $\\mathrm{Var}\\,h$ is added; twice the covariance comes off.",
        ),
        Near(
            1 + SPREAD,
            "You left out the covariance: $\\mathrm{Var}\\,g + \\mathrm{Var}\\,h$ is right only "
            "if $g$ and $h$ are uncorrelated.",
        ),
    ),
    otherwise="Put $\\gamma = 1$ into $\\mathrm{Var}\\,g - 2\\gamma\\,\\mathrm{Cov}(g, h) + "
    "\\gamma^2\\,\\mathrm{Var}\\,h$, and divide by $\\mathrm{Var}\\,g$.",
    why="More than with no control: look for the data part at step 450, first with $\\gamma = 1$ "
    "and then with $\\gamma^*$.",
    prediction=True,
    printed="1.36",
    unit="times plain's",
)

WHY_LARGE_BATCHES = Choice(
    id="why-clipping-needs-large-batches",
    title="What a large batch does for clipping",
    question="At the top of $\\ell$ the bias of a clipped batch falls as $b$ grows, while that of "
    "clipped samples stays. Why?",
    options=(
        Option(
            "Large batches leave fewer steps in a pass, and each step adds a bias",
            "The bias is that of one estimate, at one place, whatever the number of steps. Clipped "
            "samples have as few steps in a pass, and keep their bias.",
        ),
        Option(
            "The mean of many samples is seldom longer than $c$, so seldom bent",
            right=True,
        ),
        Option(
            "The errors that clipping makes cancel in the mean of a large batch",
            "Errors of either sign that cancel are chance, which any mean removes. A bias is what "
            "all means leave: the mean over all batches was taken, and it was still there.",
        ),
    ),
    why="Means of $b$ samples scatter about $\\nabla\\ell/m = 0$ with a variance that falls as "
    "$1/b$, so that fewer reach $c$. Each sample is as long in a large batch as in a small one.",
    of="bias-of-clipping",
)
