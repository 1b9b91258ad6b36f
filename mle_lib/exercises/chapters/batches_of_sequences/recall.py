"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-mean-over-symbols",
            title="The batch's own denominator",
            question="Sequences of unequal lengths are drawn at random, and the loss is the mean "
            "over all symbols of the batch. On average, which symbols get more than a fair weight?",
            options=(
                Option(
                    "Those of long sequences, which bring more terms",
                    "More terms are their due. But a long sequence also enlarges the denominator "
                    "by which its terms are divided.",
                ),
                Option(
                    "None: a batch has one denominator for all",
                    "Within a batch, yes. From batch to batch it is largest just where a long "
                    "sequence is.",
                ),
                Option(
                    "Those of short sequences, which keep the denominator small",
                    right=True,
                ),
            ),
            why="Each sequence is a part of its own denominator: with four names a batch a symbol "
            "of a short one weighed 1.25, one of the longest 0.67.",
        ),
        cell="bs-83a5ee45",
        shows="4 1.251 0.668 1.000",
    ),
    Recall(
        question=Choice(
            id="recall-excess-of-short-sequences",
            title="Bias and batch size",
            question="The mean over a batch's symbols gives short sequences a little too much "
            "weight. How does this excess shrink as the batch size $b$ grows?",
            options=(
                Option("Like $1/b$", right=True),
                Option(
                    "Like $1/\\sqrt b$",
                    "So shrinks the standard deviation of the estimate. The bias shrinks faster, "
                    "and so also in standard errors.",
                ),
                Option(
                    "Not at all",
                    "So it is for a mean of each sequence's mean. Here one sequence is an ever "
                    "smaller part of the denominator.",
                ),
            ),
            why="One of $b$ sequences makes up about $1/b$ of the denominator: four times the "
            "batch, from 32 to 128, left a quarter of the excess, 0.026 and then 0.006.",
        ),
        cell="bs-83a5ee45",
        shows="32 1.026 0.943 1.000 128 1.006 0.985 1.000",
    ),
    Recall(
        question=Choice(
            id="recall-batches-of-like-lengths",
            title="Batches of like lengths",
            question="Sequences are sorted by length, and neighbours make up a batch, divided by "
            "its own number of symbols. What does the sorting do to the weights of symbols?",
            options=(
                Option(
                    "It evens them out: a batch's lengths are alike",
                    "They are alike *within* a batch. From batch to batch the denominators now "
                    "differ by all that the lengths differ.",
                ),
                Option(
                    "It spreads them: the same short sequences always gain",
                    right=True,
                ),
                Option(
                    "It leaves them: each sequence is drawn as often",
                    "As often, yes. But a weight is that over the denominator, and this now "
                    "follows the sequence's own length.",
                ),
            ),
            why="Such a loss is the mean of means, whatever $b$ is: at 32 names a batch the "
            "weights went from 0.40 to 4.88, and in batches drawn at random from 0.81 to 1.25.",
        ),
        cell="bs-2c5d9fa7",
        shows="drawn : 0.81 to 1.25, a fixed step varies by 7% buckets: 0.40 to 4.88",
    ),
    Recall(
        question=Choice(
            id="recall-terms-of-a-right-model",
            title="Terms of one sequence",
            question="All places of a sequence model share their weights, and the model is exactly "
            "right. How does the variance of a sequence's gradient compare with the sum of its "
            "terms' variances?",
            options=(
                Option(
                    "Larger: shared weights are pulled one way",
                    "What all terms say together is what the model has wrong. A right model "
                    "leaves nothing of that.",
                ),
                Option(
                    "Smaller: errors along a sequence cancel",
                    "That was seen early in training. In a right model each term has the mean 0 "
                    "whatever came before, so that none undoes an earlier one.",
                ),
                Option("Equal: the terms do not correlate", right=True),
            ),
            why="Given what came before, each term of a right model has the mean 0: at the truth "
            "the ratio was 1.00, and with a table half way to uniform 1.13.",
        ),
        cell="bs-db3cbf54",
        shows="the truth: together over alone 1.00 ± 0.01",
    ),
    Recall(
        question=Choice(
            id="recall-beyond-the-critical-batch",
            title="Beyond the critical batch",
            question="A run's critical batch size is about 32 sequences. With 256 in place of 32, "
            "each at its best step size, how many steps does it take to the same loss?",
            options=(
                Option("A little over half as many", right=True),
                Option(
                    "About an eighth as many",
                    "Steps fall in proportion to $b$ only far below the critical size, where "
                    "noise is all that limits them.",
                ),
                Option(
                    "About as many as before",
                    "At the critical size a run still takes twice the fewest steps that any batch "
                    "can reach.",
                ),
            ),
            why="By $T_\\text{min}(1 + B_\\text{crit}/b)$ they fall from 2 to $1\\frac18$ times "
            "the fewest; they fell from 35 to 21, for eight times the work a step.",
        ),
        cell="bs-796aafad",
        shows="32 35 0.032 0.039 ± 0.003 64 27 0.032 0.041 ± 0.003 128 24 0.032 0.043 ± 0.002 "
        "256 21",
    ),
    Recall(
        question=Choice(
            id="recall-mean-of-the-weights",
            title="The mean of the weights",
            question="SGD with a constant step size hovers around an optimum, and you keep a "
            "running mean of the weights. In which directions does this remove least of the "
            "hovering?",
            options=(
                Option(
                    "In steep ones, where each step is large",
                    "There the weights soon forget where they were, so that the mean is over many "
                    "independent places.",
                ),
                Option("In flat ones, where the weights move slowly", right=True),
                Option(
                    "In none: it averages all directions alike",
                    "The average is the same, but not what is averaged: where the weights move "
                    "slowly, its places are nearly one and the same.",
                ),
            ),
            why="What moves as slowly as the mean is not averaged away: at "
            "$\\alpha\\lambda = 0.01$ half of the variance stayed, at 0.1 less than a tenth.",
        ),
        cell="bs-2433fb46",
        shows="αλ = 0.01: predicted 0.500, measured 0.500 ± 0.011 αλ = 0.1: predicted 0.087, "
        "measured 0.088",
    ),
)
