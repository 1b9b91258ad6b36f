"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-loss-near-zero",
            title="A loss near zero",
            question="An autoregressive model of binary variables has a loss near 0 on all data, "
            "new data too. What is the likely cause?",
            options=(
                Option("The logit of $x_i$ sees $x_i$ itself", right=True),
                Option(
                    "The model has learned the data by heart",
                    "What is known by heart helps on that data alone. New samples would get small "
                    "probabilities, and the loss on them would be large.",
                ),
                Option(
                    "The data hold hardly any information",
                    "Then the loss would be small on such data alone. A distribution cannot give "
                    "*all* data a probability near 1: its values sum to 1.",
                ),
            ),
            why="A variable that enters its own logit can be copied, and what comes out is no "
            "distribution: the chapter saw each of 32 states get the probability 1, which "
            "sums to 32.0.",
        ),
        cell="ch1-13a",
        shows="16 1 32.0",
    ),
    Recall(
        question=Choice(
            id="recall-log-of-a-sigmoid",
            title="The logarithm of a sigmoid",
            question="A program computes the sigmoid of a logit $z = -1000$, and then the "
            "logarithm of that. What comes out?",
            options=(
                Option(
                    "$-1000$, as logarithm and exponential cancel",
                    "On paper they do. But the sigmoid, $e^{-1000}$, is rounded before the "
                    "logarithm sees it.",
                ),
                Option(
                    "$0$, as the sigmoid is flat there",
                    "The *sigmoid* is near 0 there. A logarithm of 0 would belong to the "
                    "probability 1.",
                ),
                Option("$-\\infty$, as the sigmoid is rounded to 0", right=True),
            ),
            why="No float holds $e^{-1000}$; from the logit itself, `logsigmoid` gives -1000.0 "
            "where the logarithm of the sigmoid was -inf.",
        ),
        cell="ch1-17",
        shows="log(sigmoid(z)) = -inf logsigmoid(z) = -1000.0",
    ),
    Recall(
        question=Choice(
            id="recall-ceiling-of-a-model",
            title="The ceiling of all models",
            question="A model is scored by its mean log-likelihood on endless new data. How high "
            "can any model's score become?",
            options=(
                Option(
                    "Up to 0, if it is large enough",
                    "For 0 every sample would need the probability 1. Where data vary, no "
                    "distribution can do that.",
                ),
                Option("Up to minus the entropy of the data", right=True),
                Option(
                    "Up to minus its KL divergence from the data",
                    "The divergence is what a model lacks *below* the ceiling. For the best model "
                    "it is 0, and the ceiling is still there.",
                ),
            ),
            why="The expectation is $-\\mathrm{KL} - \\mathcal{H}$, and KL is never negative: "
            "the chapter saw -0.0603 - 3.0632 = -3.1235 on a distribution that it knew.",
        ),
        cell="ch1-25",
        shows="E[log p_θ] = -3.1235 -KL - H = -0.0603 - 3.0632 = -3.1235",
    ),
    Recall(
        question=Choice(
            id="recall-long-climb-on-few",
            title="A long climb on few",
            question="A model is trained on 100 samples, for longer and longer. How does its "
            "expected log-likelihood on *new* data go?",
            options=(
                Option("It rises at first, and later falls again", right=True),
                Option(
                    "It rises together with that of the samples",
                    "Only at first. Later steps fit what these 100 samples have and others have "
                    "not.",
                ),
                Option(
                    "It rises at first, and then stays level",
                    "It does not stay: the steps that still raise the likelihood of the samples "
                    "lead away from the distribution that they came from.",
                ),
            ),
            why="In section 1.6 it rose for about 100 steps and fell from then on, while that of "
            "the samples rose on: only fresh data show where to stop.",
        ),
        cell="ch1-34a",
        shows="3 -4.61 -4.73 10 -3.62 -3.94 30 -3.13 -3.51 100 -2.78 -3.27 300 -2.66 -3.33 1000 "
        "-2.65 -3.44",
    ),
    Recall(
        question=Choice(
            id="recall-list-of-the-samples",
            title="The list as a model",
            question="A model gives each training picture its share of the training set as "
            "probability, and all other pictures 0. How good is it?",
            options=(
                Option(
                    "The best on training pictures and on new ones",
                    "Of a picture that is not on its list it says that it cannot be, and nearly "
                    "all new ones are not.",
                ),
                Option(
                    "Bad on training pictures and on new ones",
                    "On its own data it is unbeaten: no distribution gives these pictures a "
                    "larger product of probabilities.",
                ),
                Option("The best on training pictures, infinitely bad on new ones", right=True),
            ),
            why="No distribution scores more on the training set than its list, and 287 of 300 "
            "new pictures were not on it: only held-out data tell.",
        ),
        cell="ch1-39",
        shows="train: -7.06 nats a picture; -log m = -7.09 the largest L there is: 10^-3679 "
        "test: 287 of 300 pictures have probability 0: ℓ = -inf",
    ),
    Recall(
        question=Choice(
            id="recall-nats-as-a-factor",
            title="Seven nats as a factor",
            question="One model's log-likelihood is 7 nats a picture better than another's. How "
            "many times more probable is a picture under it (geometric mean)?",
            options=(
                Option(
                    "About 7 times",
                    "Nats are logarithms: a *difference* in nats is a ratio of probabilities.",
                ),
                Option("About 1,100 times", right=True),
                Option(
                    "About 130 times",
                    "That is $2^7$, for 7 bits. A nat is a factor of $e$, not of 2.",
                ),
            ),
            why="$e^7 \\approx 1100$: in section 1.7 a gain of 6.8 nats was a factor of about 900.",
        ),
        cell="ch1-37",
        shows="gain on the test set: 6.8 ± 0.23 from two separate means: ± 0.33 e^gain: about 900",
    ),
)
