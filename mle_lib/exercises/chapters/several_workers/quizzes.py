"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

WORTH = Numeric(
    id="worth-of-a-cut-batch",
    title="What a cut batch is worth",
    question="A batch of 16 rows, drawn at random, is cut in 12 and 4, and DDP takes the mean of "
    "the two means. How many rows would a batch have, all of one weight, that is as noisy?",
    answer=4 / (1 / 12 + 1 / 4),
    tolerance=0.05,
    near=(
        Near(
            16,
            "So it would be with equal weights. Here rows of the small part weigh three times as "
            "much as the others, and that is noise.",
        ),
        Near(
            8,
            "That would be twice the smaller part, as if of the larger one only as many rows "
            "counted. Its other rows do help.",
        ),
        Near(
            6,
            "This is the harmonic mean of 12 and 4. It is the size of one part: the batch has $W = "
            "2$ of them.",
        ),
    ),
    otherwise="Put $W = 2$, $b_0 = 12$ and $b_1 = 4$ into $b'$ of (11.2).",
    why="$2^2 / (\\frac{1}{12} + \\frac{1}{4}) = 12$: four of sixteen rows are given away.",
    prediction=True,
    printed="12",
)

SMALL = Numeric(
    id="weight-of-a-small-shard",
    title="The weight of a small shard",
    question="Two workers hold shards of 900 and 300 rows. At each step each draws 8 rows of its "
    "own, their gradients are added up, and the sum is multiplied by $m/b = 1200/16$. What is the "
    "expected weight of a row of the small shard, which should be 1?",
    answer=1200 / 16 * 8 / 300,
    tolerance=0.005,
    near=(
        Near(
            1,
            "That would be so if both workers drew the same share of their rows. The small shard's "
            "rows come three times as often as the others.",
        ),
        Near(
            2 / 3,
            "This is the weight of a row of the *large* shard, $\\frac{1200}{16} \\cdot "
            "\\frac{8}{900}$.",
        ),
        Near(
            3,
            "Three times as much as a row of the large shard, yes. But against the weight 1 that "
            "it should have?",
        ),
        Near(
            300 / 8,
            "With this factor, $m_r/b_r$, in place of $m/b$ the worker would be unbiased. With "
            "$m/b$ its rows have another weight.",
        ),
    ),
    otherwise="With which probability is the row in the batch, and what is its gradient multiplied "
    "by?",
    why="It is drawn with probability 8/300 and multiplied by 75: the weight is $m b_r/(b m_r) = "
    "2$, and that of the others 2/3. No larger batch mends this.",
)
