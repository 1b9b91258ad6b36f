"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

LEARNED_BY_HEART = Numeric(
    id="learned-by-heart",
    title="Learned by heart",
    question="A transformer with far more parameters than letters is trained on eight different "
    "names and nothing else, until its loss falls no more. Which value does the loss approach, in "
    "nats a name (a mean over the eight)?",
    answer=2.08,
    tolerance=0.05,
    near=(
        Near(
            0,
            "For a loss of 0 each of the eight names would need the probability 1. They share one "
            "distribution.",
        ),
        Near(3, "That is $\\log_2 8$, in bits. In nats it is less."),
        Near(
            0.125,
            "$1/8$ is the probability that a name can have if all eight are to have the same. The "
            "loss is minus its logarithm.",
        ),
        Near(16.6, "That is the sum over the eight names. The loss is their mean."),
        Near(
            3.66,
            "$\\log 39$ is the cost of one symbol of which nothing is known. Most letters of a "
            "name that is known by heart cost nothing.",
        ),
    ),
    otherwise="The probabilities of all strings add up to 1. How much of it can each of the eight "
    "names have?",
    why="No model gives eight names a larger product of probabilities than $\\frac18$ for each: "
    "$\\log 8$ nats a name, all of it paid where the names part from each other.",
    prediction=True,
    printed="2.1",
    unit="nats",
)

ORDERED = Choice(
    id="why-order-the-mask",
    title="The mask before the largest",
    question="The line with $-\\infty$ stands before the line that takes off each row's largest "
    "score. Why is it not to stand between that line's `A.max` and its `np.exp`?",
    options=(
        Option(
            "The largest is to be one of those that stay: a hidden one far above them would make "
            "all their exponentials 0.",
            right=True,
        ),
        Option(
            "The softmax would change: taking another number off the scores of a row gives its "
            "places other weights.",
            "What is taken off a whole row cancels: numerator and denominator get the same factor. "
            "It is only a question of which numbers `np.exp` can give.",
        ),
        Option(
            "The rows would add up to less than 1: a later place would have had its share of the "
            "sum before it is hidden.",
            "The sum is taken after the exponential either way, when the later places are hidden "
            "already. So its rows add up to 1, as long as it is not 0.",
        ),
    ),
    why="Where all visible scores lie 1,000 below a hidden one, each $e^{-1000}$ is 0 in float64, "
    "and the row is $0/0$.",
    of="order-the-mask",
)

FILLED = Choice(
    id="why-fill-the-mask",
    title="The diagonal in place of the move",
    question="Somebody forgets to move the input, so that place $i$ reads $x_i$, and begins the "
    "mask on the diagonal instead; to the first place attention brings nothing. Is this model "
    "causal?",
    options=(
        Option(
            "It is, as before: place $i$ takes over from places $j < i$ alone, which have read "
            "$x_1$ to $x_{i-1}$.",
            "So it is with what *attention* brings. It is added to the vector of place $i$, which "
            "was made from $x_i$.",
        ),
        Option(
            "It is not: what attention brings is added to the vector of place $i$, which was made "
            "from $x_i$.",
            right=True,
        ),
        Option(
            "It is, but knows less than before: the newest symbol that place $i$ has is "
            "$x_{i-2}$, not $x_{i-1}$.",
            "$x_{i-2}$ is the newest that attention brings if the input is moved *and* the "
            "diagonal is hidden. Here place $i - 1$ has read $x_{i-1}$, and place $i$ more.",
        ),
    ),
    why="A mask hides places from each other, and no place from itself. So the input has to move, "
    "and then the diagonal may stay.",
    of="fill-the-mask",
)

ROOT = Choice(
    id="why-causal-attention",
    title="The root of d",
    question="Entries of $q_i$ and $k_j$ at the start are independent, with mean 0 and variance 1. "
    "What would the weights be without $1/\\sqrt d$, for a large $d$?",
    options=(
        Option(
            "Nearly equal: the products average out over the $d$ entries, and all scores of a row "
            "come close to 0.",
            "A mean over $d$ entries would average out. $q_i \\cdot k_j$ is their sum, and its "
            "spread is $\\sqrt d$.",
        ),
        Option(
            "The same: a common factor of all scores in a row cancels in the softmax, as a common "
            "constant does.",
            "A constant cancels, a factor does not: $e^{2a}/e^{2b}$ is the square of $e^a/e^b$.",
        ),
        Option(
            "Nearly all on one place in each row: the scores' spread is $\\sqrt d$, and the "
            "softmax is all but a maximum.",
            right=True,
        ),
    ),
    why="Where one weight is nearly 1 and the others nearly 0, the softmax has hardly a slope, and "
    "queries and keys learn nothing.",
    of="causal-attention",
)

MENDED = Choice(
    id="why-mend-a-mask",
    title="What a zero hides",
    question="In the program as it stood, each later place had the weight exactly 0. You change "
    "one symbol of a text. Do the logits of earlier places, in a model with this program, stay as "
    "they were, to the last bit?",
    options=(
        Option(
            "They do not: the symbol changes a later key, and with it the sum by which the "
            "earlier rows were divided.",
            right=True,
        ),
        Option(
            "They do: with the weight 0 no value of a later place comes through. The rows are "
            "only too short.",
            "No value comes through, but by how much a row is too short tells of the later keys.",
        ),
        Option(
            "They do at the start, where all weights are alike, and no longer once training has "
            "made them differ.",
            "Weights that are nearly alike still change with a key, a little, and with them the "
            "last bits of the logits.",
        ),
    ),
    why="A training can use such a leak: rows that are short say that something large comes. One "
    "changed symbol shows it before any training.",
    of="mend-a-mask",
)
