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
    why="$(1200-b)/b = 11/4$ gives $b = 320$, not 400: section 3.7 measures the error at 200, 320 "
    "and 400.",
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

WHY_ORDER = Choice(
    id="why-order-the-estimator",
    title="The factor after the sum",
    question="The last line multiplies the sum by $m/b$. One could multiply each row by it first. "
    "Why is that the same?",
    options=(
        Option(
            "The factor is the same for every row, so that it can be taken out of the sum.",
            right=True,
        ),
        Option(
            "A sum does not depend on the order of its terms, nor on where a factor enters it.",
            "The order is free even where each row has a factor of its own, and such factors "
            "cannot be taken out of the sum.",
        ),
        Option(
            "The two agree in the mean over all batches, though not in each single batch.",
            "They agree in each batch, up to rounding: $\\sum_j \\frac{m}{b} g_j = "
            "\\frac{m}{b} \\sum_j g_j$. No mean is needed for this.",
        ),
    ),
    why="Only a factor that differs from sample to sample has to stand inside the sum, where it "
    "can change the direction.",
    of="order-the-estimator",
)

WHY_FILL = Choice(
    id="why-fill-the-estimator",
    title="This factor and no other",
    question="Why does the batch's sum, times $m/b$, have the mean $\\nabla\\ell$?",
    options=(
        Option(
            "The sum has $b$ terms, so it must be divided by $b$ to have the size of a single "
            "$g_j$.",
            "That explains $1/b$ and gives the mean of the $g_j$. $\\nabla\\ell$ is their sum, "
            "$m$ times as long.",
        ),
        Option(
            "Each sample is in the batch with probability $b/m$, and $m/b$ makes up for this.",
            right=True,
        ),
        Option(
            "A batch holds $b$ of the $m$ terms of $\\nabla\\ell$, so its sum is $b/m$ of it.",
            "Of a single batch that is not true: its sum may be longer, shorter or turned. Only "
            "the mean over all batches is $b/m$ of the whole.",
        ),
    ),
    why="In (3.2) the probability $b/m$ is all that is asked of the way the batch is drawn.",
    of="fill-the-estimator",
)

WHY_WRITE = Choice(
    id="why-minibatch-gradient",
    title="A sample drawn twice",
    question="Drawn with replacement, a sample may count twice in your sum. Why does the estimate "
    "stay unbiased?",
    options=(
        Option(
            "Dividing by $b$ takes the repetition back, since $b$ counts that sample twice too.",
            "In that batch the sample still has twice the weight of the others. It is over the "
            "batches that the weights even out.",
        ),
        Option(
            "The $b$ draws are independent of each other, so repetitions even out over batches.",
            "Independence matters to the variance (section 3.6). Draws that depend on each other "
            "give the same mean, if each sample is drawn $b/m$ times on average.",
        ),
        Option(
            "How often a sample is drawn has the mean $b/m$, and it is the same for all samples.",
            right=True,
        ),
    ),
    why="Replace the indicator in (3.2) by this number: only its mean enters.",
    of="minibatch-gradient",
)

WHY_MEND = Choice(
    id="why-mend-the-estimator",
    title="A fault that goes unseen",
    question="With both faults the program returned the batch's mean, and plain gradient ascent "
    "with it still climbs $\\ell$. Why?",
    options=(
        Option(
            "The batch's mean has the mean $\\nabla\\ell/m$: its length is wrong, its direction "
            "is not.",
            right=True,
        ),
        Option(
            "The batch's mean is unbiased for $\\nabla\\ell$ as well, only with a smaller "
            "variance.",
            "It is unbiased for $\\nabla\\ell/m$. Its standard error is smaller by the same $m$: "
            "signal over noise is as before.",
        ),
        Option(
            "A step raises $\\log p_\\theta$ of its own batch, and $\\ell$ is the sum of these.",
            "What raises one batch may lower the others. It is the *mean* of the steps that points "
            "uphill: a multiple of $\\nabla\\ell$.",
        ),
    ),
    why="The step size absorbs $1/m$. A penalty or a threshold beside it does not: that is where "
    "such a fault shows.",
    of="mend-the-estimator",
)
