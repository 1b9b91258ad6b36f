"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-mean-of-means-over-workers",
            title="A mean of means over workers",
            question="A batch of 16 rows is cut in 12 and 4. Each worker takes the mean over its "
            "rows, and DDP the mean of both. Which rows weigh more than their share?",
            options=(
                Option("Those of the part of 4", right=True),
                Option(
                    "Those of the part of 12",
                    "Twelve rows share the same say that the other four have.",
                ),
                Option(
                    "None: each row is in one mean",
                    "Both means have the same say, but not the same number of rows.",
                ),
            ),
            why="Each worker has half of the say: 0.67 for each of 12 rows, 2.00 for each of 4.",
        ),
        cell="sw-weights",
        shows="weights by DDP: 0.67 of 12 rows, 2.00 of 4",
    ),
    Recall(
        question=Choice(
            id="recall-worth-of-a-cut-batch",
            title="A batch cut unevenly",
            question="A batch is drawn at random and cut at fixed, unequal places; DDP takes the "
            "mean of the parts' means. What is wrong with the estimate?",
            options=(
                Option(
                    "It is biased towards the rows of the small part",
                    "Each row is as likely to be in the small part as any other.",
                ),
                Option("It is noisier, as if the batch were smaller", right=True),
                Option(
                    "Nothing: over many steps it all averages out",
                    "The weights do, and so there is no bias. The noise that they add does not "
                    "go away.",
                ),
            ),
            why="It is unbiased, and worth $W^2/\\sum_r 1/b_r$ rows: 12 in place of 16, if these "
            "are cut in 12 and 4.",
        ),
        cell="sw-law",
        shows="16 rows cut in 12 and 4: worth 12",
    ),
    Recall(
        question=Choice(
            id="recall-seeds-of-their-own",
            title="Seeds of their own",
            question="Two workers deal the rows out by `DistributedSampler`, each by mistake with "
            "a seed of its own, and call `set_epoch`. What is seen in one pass?",
            options=(
                Option(
                    "Every row once, in an order that nobody planned",
                    "Each takes every second place of its *own* order: they do not know of each "
                    "other.",
                ),
                Option("Some rows twice, others not at all", right=True),
                Option(
                    "The same rows as in the pass before",
                    "That is so without `set_epoch`. With it the orders are new.",
                ),
            ),
            why="Of 11 rows 3.4 a pass were seen twice and 2.4 by nobody, other rows each time.",
        ),
        cell="sw-seen",
        shows="own seeds 3.4 2.4 0.0",
    ),
    Recall(
        question=Choice(
            id="recall-sorted-shards",
            title="Sorted shards",
            question="Ten workers draw equal shares of fixed shards. Against shards dealt at "
            "random, what do shards sorted by digit do to the variance of the gradient?",
            options=(
                Option(
                    "Raise it: each worker sees one kind alone",
                    "A worker does, but the batch has every kind in its exact share.",
                ),
                Option("Lower it a little", right=True),
                Option(
                    "Nothing: every row is as likely as before",
                    "That is why the estimate is unbiased. Which rows come *together* has changed.",
                ),
            ),
            why="What shards differ by is no noise any more: the variance was 0.89 of that of a "
            "plain draw, predicted and measured.",
        ),
        cell="sw-variances",
        shows="sorted by digit 40 0.89 0.89 0.02",
    ),
    Recall(
        question=Choice(
            id="recall-clipped-with-the-scale",
            title="Clipped with the scale on",
            question="With a loss scale of 1,024 a program clips at 0.1, and divides by the scale "
            "after that. How long is the step's gradient?",
            options=(
                Option("About a thousandth of 0.1, at every step", right=True),
                Option(
                    "At most 0.1, as it should be",
                    "So it is if the scale is taken off first.",
                ),
                Option(
                    "A thousand times as long as it should be",
                    "The scale is divided out in the end; what was clipped had it still.",
                ),
            ),
            why="The scaled gradient is always above the threshold, so it is cut to 0.1 and then "
            "divided: 0.00010.",
        ),
        cell="sw-clipped",
        shows="clipped, divided 0.00010",
    ),
    Recall(
        question=Choice(
            id="recall-updates-in-bfloat16",
            title="Updates in bfloat16",
            question="Weights are rounded to bfloat16 after each step. Why does rounding by chance "
            "climb as float32 does, and rounding to the nearest not?",
            options=(
                Option(
                    "By chance, the weights have more bits",
                    "They have the same sixteen.",
                ),
                Option(
                    "Chance adds noise, which helps to leave flat places",
                    "Its noise could not be seen. What matters is its mean.",
                ),
                Option("On average no small update is lost", right=True),
            ),
            why="Its expectation is the number itself, while an update below half the distance "
            "never moves the nearest: -20.9 as in float32, against -22.2.",
        ),
        cell="sw-climbs",
        shows="bfloat16, nearest -22.2 bfloat16, by chance -20.9",
    ),
)
