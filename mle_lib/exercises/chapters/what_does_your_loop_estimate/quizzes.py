"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

PARTS = Numeric(
    id="short-part-against-long",
    title="A short part against a long one",
    question="Eight sequences of 3 to 12 symbols each are cut into micro-batches of two, four of "
    "them to a step. Each part's loss is the mean over its own symbols, divided by 4. By which "
    "factor is a symbol of a part of 6 symbols over-weighted against one of a part of 24?",
    answer=24 / 6,
    tolerance=0.05,
    near=(
        Near(
            1,
            "So it would be with one denominator for the whole step. Here each part has the same "
            "say, a quarter, and its symbols share that.",
        ),
        Near(
            6 / 24,
            "This is the weight of a symbol of the *long* part against one of the short.",
        ),
        Near(
            4 * 24 / 6,
            "The divisor 4 is in this once more. Both parts are divided by it, and it cancels.",
        ),
    ),
    otherwise="With which factor does the term of one symbol enter the step's loss, in a part of "
    "6 symbols, and in one of 24?",
    why="$\\frac{1}{4 \\cdot 6}$ against $\\frac{1}{4 \\cdot 24}$: the number of parts cancels, "
    "and what is left is the ratio of the lengths, whatever the model.",
    prediction=True,
    printed="4.0",
)

UNEQUAL = Choice(
    id="drawn-unequally",
    title="Drawn unequally",
    question="A loop draws $b$ rows with replacement, row $j$ with the probability $\\pi_j > 0$, "
    "and multiplies the term of a drawn row $j$ by $1/(m \\pi_j)$. Its gradient is the mean over "
    "the $b$ draws. Which of these is true, whatever the $\\pi_j$ are?",
    options=(
        Option(
            "Rows that are seldom drawn are over-weighted: their factor is large.",
            "The factor is large as often as the row is drawn: with probability $\\pi_j$. The "
            "product of the two is $1/m$ for every row.",
        ),
        Option(
            "Every row has the same expected weight.",
            right=True,
        ),
        Option(
            "With a small $b$ it is biased; the bias falls as $b$ grows.",
            "That is so if one divides by the sum of the drawn factors, which is random. Divided "
            "by $b$, each draw is unbiased by itself, and $b = 1$ is enough.",
        ),
        Option(
            "Its variance is smaller than with $\\pi_j = 1/m$.",
            "It is smaller where the $\\pi_j$ are large for the rows with large gradients. A row "
            "that is seldom drawn and has a large gradient makes it larger.",
        ),
    ),
    why="A draw is row $j$ with probability $\\pi_j$ and then has the factor $1/(m \\pi_j)$, so "
    "$\\mathbb{E}[w_j] = 1/m$. The $\\pi_j$ decide about the variance alone.",
)
