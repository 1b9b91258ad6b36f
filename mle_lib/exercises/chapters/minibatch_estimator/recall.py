"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-four-times-the-batch",
            title="Four times the batch",
            question="Batches of 16 samples, out of many more, are replaced by batches of 64. "
            "What becomes of the gradient estimate's standard error?",
            options=(
                Option(
                    "It falls to a quarter",
                    "That is what the *variance* does. The standard error is its root.",
                ),
                Option("It falls to a half", right=True),
                Option(
                    "It falls to a sixteenth",
                    "The variance goes like $1/b$, a quarter, and the standard error is its root, "
                    "not its square.",
                ),
            ),
            why="The variance goes like $1/b$, its root like $1/\\sqrt{b}$: the spread was 0.82 "
            "at 16 and 0.41 at 64, so half the error costs four times the work.",
        ),
        cell="ch3-65",
        shows="16 1.00 0.08 0.82 64 1.00 0.04 0.41",
    ),
    Recall(
        question=Choice(
            id="recall-gradient-of-the-mean",
            title="What the mean estimates",
            question="A loop takes the mean of $\\log p$ over $b$ of $m$ samples. Which multiple "
            "of $\\nabla\\ell$, the gradient of the whole sum, does its gradient "
            "estimate?",
            options=(
                Option(
                    "$1/b$ of it",
                    "The mean divides the batch's sum by $b$. But that sum is itself only about "
                    "$b/m$ of the whole.",
                ),
                Option(
                    "$b/m$ of it",
                    "That is what the *sum* over the batch estimates. The mean divides by $b$ "
                    "once more.",
                ),
                Option("$1/m$ of it", right=True),
            ),
            why="The batch's sum is $b/m$ of the whole on average, and the mean divides it by "
            "$b$: with 2 of 8 samples it was 0.12500, a factor that plain SGD's step size "
            "absorbs.",
        ),
        cell="ch3-13",
        shows="sum over samples 0.25000 mean over samples 0.12500",
    ),
    Recall(
        question=Choice(
            id="recall-short-last-batch",
            title="The short last batch",
            question="A shuffled pass is cut into batches, the last of them short. Each gives "
            "the gradient of its `mean()`, and these are averaged alike. What is the average, as "
            "an estimate of $\\nabla\\ell/m$?",
            options=(
                Option(
                    "Unbiased over shuffles, but in each pass the last samples count more",
                    right=True,
                ),
                Option(
                    "Exact in each pass, as every sample comes once",
                    "A batch of one counts as much as a batch of two, so its sample counts twice. "
                    "In one pass that is not the gradient.",
                ),
                Option(
                    "Biased, as the last batch's estimate is too small",
                    "That happens where the short batch is divided by the size of the full ones. "
                    "`mean()` divides by its own.",
                ),
            ),
            why="The average was 1.00 times the exact gradient over all orders of five samples, "
            "but a single order was off by up to 0.26 of it: weigh the short batch by its "
            "size, or leave it out.",
        ),
        cell="ch3-16",
        shows="1 own size 1.00 0.26 2 own size, weighted 1.00 0.00 3 nominal size 0.83 0.00",
    ),
    Recall(
        question=Choice(
            id="recall-errors-in-a-shuffle",
            title="Errors in a shuffle",
            question="At a fixed $\\theta$, a shuffled pass begins with a batch whose estimate "
            "is too large in one direction. How is the next batch's there, on average?",
            options=(
                Option(
                    "Too large, as the data are the same",
                    "What made the first too large are the samples that it drew, and these cannot "
                    "come again in this pass.",
                ),
                Option(
                    "Just right, as each batch is unbiased",
                    "Each is, seen alone. But *given* the first, the samples that it used are "
                    "missing from all others.",
                ),
                Option("Too small, as the first's samples are used up", right=True),
            ),
            why="The errors of a pass add up to zero, so each is paid back by the others: with "
            "three batches in a pass the correlation was -0.500.",
        ),
        cell="ch3-21",
        shows="correlation of two batches' errors: -0.500",
    ),
    Recall(
        question=Choice(
            id="recall-noise-scale-rises",
            title="Why the noise scale rises",
            question="As exact steps climb towards the top, the gradient noise scale rises from "
            "a few samples to thousands. Why?",
            options=(
                Option(
                    "The samples' gradients spread ever wider around their mean",
                    "Their spread even fell, from 125.36 to 59.53. The noise scale divides it by "
                    "a square that fell far more.",
                ),
                Option("The mean gradient shrinks far more than the spread", right=True),
                Option(
                    "The curvature grows near the top, and noise with it",
                    "Curvature does not enter it: the noise scale is the spread of the samples' "
                    "gradients over their squared mean.",
                ),
            ),
            why="The samples' gradients come to cancel, though each alone is still long: the "
            "squared mean fell from 54.4202 to 0.0042, the spread only from 125.36 to 59.53.",
        ),
        cell="ch3-35",
        shows="0 54.4202 125.36 2 20 0.4495 76.76 171 50 0.1380 68.48 496 200 0.0155 61.15 3953 "
        "400 0.0042 59.53 14093",
    ),
    Recall(
        question=Choice(
            id="recall-single-sample-downhill",
            title="How often it points downhill",
            question="The noise in one sample's gradient is a hundred times as long as the mean "
            "gradient of a large model. How often does it point downhill?",
            options=(
                Option("In a minority of cases, as noise is mostly sideways", right=True),
                Option(
                    "In half of the cases, as it is nearly all noise",
                    "Nearly all noise, but in many directions. What counts is the little of it "
                    "that lies along the gradient.",
                ),
                Option(
                    "In nearly all cases, as noise outweighs the gradient",
                    "Noise has mean zero: noise alone would point downhill half of the time, and "
                    "the gradient makes it less.",
                ),
            ),
            why="In all directions the noise was 119 times as long as the gradient, along it "
            "only 1.3 times: 18% of single samples pointed downhill.",
        ),
        cell="ch3-40",
        shows="single samples that point downhill: 18% noise of one sample, in units of the "
        "gradient's length along the gradient: 1.3 in all directions: 119",
    ),
)
