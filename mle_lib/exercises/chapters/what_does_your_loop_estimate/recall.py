"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-means-of-micro-batches",
            title="Means of micro-batches",
            question="Each micro-batch of two sequences takes the mean over its own symbols, and "
            "the gradients are averaged. Which symbols get too much weight?",
            options=(
                Option("Those of short sequences", right=True),
                Option(
                    "Those of long sequences",
                    "A long sequence makes the denominator of its micro-batch large, which "
                    "divides its own symbols.",
                ),
                Option(
                    "Those of no sequence",
                    "Each micro-batch has the same say. One with fewer symbols has fewer to share "
                    "it.",
                ),
            ),
            why="A short sequence makes its own denominator small: symbols of the shortest name "
            "weighed 1.49, those of the longest 0.69, and no larger batch mends that.",
        ),
        cell="wl-68bfce94",
        shows="in_parts 1025 1.49 0.69",
    ),
    Recall(
        question=Choice(
            id="recall-the-last-window",
            title="The last window",
            question="A pass ends with three micro-batches where a step usually has four, and "
            "their sum is divided by four as usual. What is wrong with this step?",
            options=(
                Option(
                    "Its direction: it favours short sequences",
                    "All its terms get the same weight, so that it favours none.",
                ),
                Option(
                    "Nothing: fewer rows deserve a shorter step",
                    "Fewer rows make a noisier estimate of the same gradient, not of a shorter "
                    "one.",
                ),
                Option("Its length: on average the direction is right", right=True),
            ),
            why="Divided by the usual number, not by its own, the step was 0.70 as long as the "
            "others; all its weights are equal.",
        ),
        cell="wl-e56ed7c0",
        shows="15 of 75 steps have 6 rows where the others have 8, and their gradient is 0.70 as "
        "long: they are divided by the usual number",
    ),
    Recall(
        question=Choice(
            id="recall-sampler-and-loss",
            title="Sampler and loss together",
            question="Sequences are drawn with a probability in proportion to their length, and "
            "the loss is the mean of their means. On average, which symbols get more weight?",
            options=(
                Option(
                    "Those of long sequences, which are drawn more often",
                    "They are, and each time each symbol counts in proportion to one over the "
                    "length. That is half of the story.",
                ),
                Option("None: the drawing and the mean cancel", right=True),
                Option(
                    "Those of short sequences, which are divided by less",
                    "They are, but they are also drawn less often, in the same proportion.",
                ),
            ),
            why="Only the product counts, $n_j \\cdot 1/n_j$: the audit found 0 faults, though "
            "the sampler and the loss are uneven by themselves.",
        ),
        cell="wl-ebc436a5",
        shows="0 faults, matches: True",
    ),
    Recall(
        question=Choice(
            id="recall-clipped-part-by-part",
            title="Clipped part by part",
            question="A step adds up several micro-batches, and after each backward pass the "
            "gradient is clipped. What becomes of the terms' weights within the step?",
            options=(
                Option("They differ: early parts are clipped repeatedly", right=True),
                Option(
                    "They shrink alike, as with a smaller step",
                    "So it is if you clip *once*, between the last backward pass and the step.",
                ),
                Option(
                    "They stay equal: all parts get equally long",
                    "What is clipped is the sum so far, not each part; and parts of equal length "
                    "would not have equal weights either.",
                ),
            ),
            why="The first part is shrunk with every later one and the last only once: within a "
            "step the factors were up to 33.6 % apart.",
        ),
        cell="wl-87e9fa53",
        shows="different factors after they have run (up to 33.6 % apart)",
    ),
    Recall(
        question=Choice(
            id="recall-added-up-undivided",
            title="Accumulation without division",
            question="Four micro-batches are added up without a division by four. If SGD's step "
            "size is chosen anew, what does that cost on new data?",
            options=(
                Option(
                    "Much: the noise of the step is four times as large",
                    "So is the gradient. Against each other nothing has changed.",
                ),
                Option(
                    "A little: the batch is in effect smaller",
                    "All four micro-batches are in the sum, each with the same weight.",
                ),
                Option("Nothing: it is a factor of the step size", right=True),
            ),
            why="If all weights have one factor, SGD takes it for a step size: the cost was 0.0, "
            "and large only where the step size was kept.",
        ),
        cell="wl-2f388bdc",
        shows="10 accumulation without division 1.00 to 1.00 +0.0 ± 0.0",
    ),
    Recall(
        question=Choice(
            id="recall-the-dearest-fault",
            title="What a fault costs",
            question="Each loop has its best step size. Which of these faults cost most on new "
            "data?",
            options=(
                Option(
                    "The gradient is clipped after each micro-batch",
                    "That makes the weights uneven by a few per cent, which cost nothing that "
                    "could be told from 0.",
                ),
                Option("The longest rows are dropped in every pass", right=True),
                Option(
                    "Micro-batches are added up without a division",
                    "For SGD that is a factor of the step size, which was chosen anew.",
                ),
            ),
            why="What is never seen is not learned: it cost 0.16 nats a symbol, while most uneven "
            "weights cost nothing that five seeds could tell from 0.",
        ),
        cell="wl-2f388bdc",
        shows="7b the same, rows sorted by length 0.00 to 1.86 +161.6 ± 23.2 "
        "8 class-balanced sampling without weights 0.44 to 3.72 +100.3 ± 17.2 "
        "9 clipping after each micro-batch 0.98 to 1.02 +3.1 ± 6.7 "
        "10 accumulation without division 1.00 to 1.00 +0.0 ± 0.0",
    ),
)
