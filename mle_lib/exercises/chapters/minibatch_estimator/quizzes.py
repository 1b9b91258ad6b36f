"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

M, B = 1200, 100
CORRECTED = (M - B) / B  # (3.4) at b = B, up to what does not depend on b

HALVE = Numeric(
    id="halve-the-error",
    title="Half the standard error",
    question="Draw $b = 100$ of the $m = 1200$ digits *without* replacement. The standard error "
    "of $\\hat g$ is the root of its variance. Which $b$ halves it? An answer within 10 is taken.",
    answer=M / (1 + CORRECTED / 4),
    tolerance=10,
    near=(
        Near(
            4 * B,
            "Four times the batch halves it *with* replacement. Without, the factor $(m-b)/(m-1)$ "
            "falls as well, so fewer samples do.",
        ),
        Near(
            2 * B,
            "Twice the batch halves the *variance*, and with replacement only. The standard error "
            "is its root.",
        ),
        Near(
            M / (1 + CORRECTED / 2),
            "You have (3.4), but halved the *variance*. For half the standard error the variance "
            "must fall to a quarter.",
        ),
        Near(B / 2, "A smaller batch has a larger error."),
    ),
    otherwise="By (3.4) the variance is proportional to $(m-b)/b$. At $b = 100$ that is 11. What "
    "must it be for the root to be halved?",
    why="$(1200-b)/b = 11/4$ gives $b = 320$, not 400: in the checked output of section 3.7, look "
    "for what was measured at 200, 320 and 400.",
    prediction=True,
    printed="320",
    unit="samples",
)

SHUFFLED = Choice(
    id="what-a-shuffle-gives",
    title="What a shuffle gives",
    question="A shuffled pass over the data is cut into $K > 2$ batches of equal size. At a fixed "
    "$\\theta$, which of these are true of their estimates $\\hat g$?",
    options=(
        Option(
            "Taken by itself, each is unbiased.",
            "Seen alone, each batch is a uniform draw without replacement, so (3.2) holds for it.",
            right=True,
        ),
        Option(
            "Given the first batch, the second one's estimate is still unbiased.",
            "What the first batch used cannot come again. Given its error, the next one's mean "
            "error is $-1/(K-1)$ times as large.",
        ),
        Option(
            "Taken by itself, each has the variance of (3.4).",
            "(3.4) needs a random subset, and each batch is one. How it depends on the other "
            "batches does not enter.",
            right=True,
        ),
        Option(
            "The mean of two of them has half the variance of one.",
            "That is the law for *independent* estimates. These have correlation $-1/(K-1)$, so "
            "the mean of two has less than half.",
        ),
        Option(
            "The mean of all $K$ is exactly $\\nabla\\ell$.",
            "Every sample is used once, so the errors of a pass add up to zero.",
            right=True,
        ),
    ),
    several=True,
    why="One by one uniform, together dependent: a shuffled pass has less noise than formulas for "
    "independent batches say, which chapter 6 measures.",
)
