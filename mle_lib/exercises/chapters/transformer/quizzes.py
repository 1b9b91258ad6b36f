"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

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
