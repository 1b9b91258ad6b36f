"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

WEIGHT = Numeric(
    id="weight-of-a-long-sequence",
    title="The weight of a long sequence",
    question="The names have a mean length of 27.46 symbols with the coefficient of variation "
    "0.385; the longest has 84. With batches of 32 and the batch's own denominator, which weight "
    "do the symbols of the longest name have in expectation, by (9.2)? Two digits after the point.",
    answer=0.943,
    tolerance=0.0065,
    near=(
        Near(1, "That would be the fixed denominator. This one is larger when the long one is in."),
        Near(
            1.06,
            "That is the weight of a symbol that gains as much as this one loses: the sign is "
            "turned.",
        ),
        Near(0.327, "That is a mean of means: the weight $\\bar n/L$, as with $b = 1$."),
    ),
    otherwise="Put $c = 0.385$, $L/\\bar n = 84/27.46$ and $b = 32$ into (9.2).",
    why="A few hundredths less than fair, at a common batch size; with $b = 128$ it is about one.",
    prediction=True,
    printed="0.943",
)
