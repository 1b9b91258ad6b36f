"""Questions of chapter 3."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

HALVE = Numeric(
    id="halve-the-error",
    title="Half the standard error",
    question="You train with $b = 128$. Which $b$ halves the standard deviation of $\\hat g$?",
    answer=4 * 128,
    tolerance=0.5,
    near=(
        Near(
            256,
            "With $b = 256$ the *variance* is halved; the standard deviation falls like "
            "$1/\\sqrt b$.",
        ),
        Near(64, "A smaller batch is noisier."),
    ),
    otherwise="The variance is $m^2\\sigma^2/b$. What must it be multiplied by for its root to be "
    "halved?",
    why="Four times the work for half the error: this is why large batches buy so little.",
    unit="samples",
)

SHUFFLED = Choice(
    id="what-a-shuffle-gives",
    title="What a shuffle gives",
    question="Batches come from a shuffled pass over the data. At a fixed $\\theta$, which are "
    "true?",
    options=(
        Option(
            "Each batch's estimate is unbiased.",
            "Taken by itself, each batch is a uniform draw without replacement.",
            right=True,
        ),
        Option(
            "The batches of one pass are independent.",
            "The last batch is what the others left over: given them, it is no longer random.",
        ),
        Option(
            "The mean over the pass is exact.",
            "Every sample is used once, so the batches add up to the whole sum.",
            right=True,
        ),
    ),
    several=True,
    why="Marginally uniform, jointly dependent: that is what makes a pass exact.",
)
