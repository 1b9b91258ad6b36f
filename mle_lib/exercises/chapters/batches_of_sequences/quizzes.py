"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

WEIGHT = Numeric(
    id="weight-of-a-long-sequence",
    title="The weight of a long sequence",
    question="The lengths of some data have the coefficient of variation $c = 0.5$. A program "
    "divides by the symbols of its batch of 16 sequences, drawn at random. A sequence is three "
    "times as long as the mean. Which weight do its symbols have in expectation, by (9.2)? Two "
    "digits after the point.",
    answer=0.890625,
    tolerance=0.005,
    near=(
        Near(1, "That would be the fixed denominator. This one is larger when the long one is in."),
        Near(
            1.109,
            "That is the weight of a symbol that gains as much as this one loses: the sign is "
            "turned.",
        ),
        Near(
            0.875,
            "The $c^2$ is missing: a denominator that varies has an inverse that is larger on "
            "average.",
        ),
        Near(0.333, "That is a mean of means: the weight $\\bar n/L$, as with $b = 1$."),
        Near(
            0.906,
            "With $c$ in place of its square the weight would come out so.",
        ),
    ),
    otherwise="Put $c^2 = 0.25$, $L/\\bar n = 3$ and $b = 16$ into (9.2).",
    why="$1 + (0.25 + 1 - 3)/16$: a tenth less than fair, at a batch size that is common. With "
    "$b = 128$ it would be about a hundredth.",
)
