"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-memory-of-exact-gradients",
            title="The memory of exact gradients",
            question="Must the memory that backpropagation needs for an *exact* gradient grow "
            "with the number of samples?",
            options=(
                Option(
                    "Yes, values of all samples are kept until the end",
                    "Only of the samples that it is given at once. Give it some, add up the "
                    "gradients, and go on.",
                ),
                Option(
                    "No, but in chunks the gradient is an estimate",
                    "The gradient of a sum is the sum of gradients: adding up all chunks leaves "
                    "out nothing.",
                ),
                Option("No, gradients of chunks are added up one by one", right=True),
            ),
            why="In chunks of 100 samples 0.06 million numbers were kept at every size, all at "
            "once up to 5.49 million: what grows with the data is the time of an exact step.",
        ),
        cell="ch5-05",
        shows="100 0.06 0.06 1200 0.57 0.06 12000 5.49 0.06",
    ),
    Recall(
        question=Choice(
            id="recall-work-and-data",
            title="The work and the data",
            question="A tuned mini-batch run has to come within a *fixed* gap of the maximum. "
            "How does the work, in sample gradients, grow with the data's size $m$?",
            options=(
                Option("Hardly at all", right=True),
                Option(
                    "Like $m$",
                    "So grows the work of exact steps: about as many steps at every $m$, each "
                    "over all samples.",
                ),
                Option(
                    "Like $\\sqrt{m}$",
                    "Neither noise nor curvature at a fixed gap depends on $m$, so the number of "
                    "steps does not either.",
                ),
            ),
            why="It was about 30,000 sample gradients from a thousand samples to a million; "
            "exact steps, some 80 at each size, cost $m$ apiece.",
        ),
        cell="ch5-07",
        shows="1,000 84 32,480 0.3 10,000 78 29,030 2.8 100,000 76 32,400 31.4 1,000,000 78 "
        "28,220 190.2",
    ),
    Recall(
        question=Choice(
            id="recall-fewest-passes",
            title="The fewest passes",
            question="Each batch size has its own tuned step size. Which batches reach a target "
            "in the fewest *passes* over the data?",
            options=(
                Option(
                    "Large ones, as their gradients are most exact",
                    "They need the fewest *steps*. But a step costs them most, and beyond some "
                    "size they save no steps by it.",
                ),
                Option("Small ones, as their steps cost so little", right=True),
                Option(
                    "All alike, as half the batch takes twice the steps",
                    "It does for small batches. For large ones half the batch takes hardly more "
                    "steps, and saves half the work.",
                ),
            ),
            why="A larger batch saves less in steps than it costs in each: single samples needed "
            "2,520 sample gradients, batches of 100 needed 7,140, those of 10000 540,000.",
        ),
        cell="ch5-10",
        shows="1 2,520 2,520 361 909 10 281 2,814 344 97 100 71 7,140 400 29 300 57 17,160 542 "
        "31 10000 54 540,000",
    ),
    Recall(
        question=Choice(
            id="recall-beyond-critical",
            title="Beyond the critical size",
            question="A batch that is several times the critical batch size is made thirty times "
            "larger still. What becomes of the steps to a target?",
            options=(
                Option(
                    "They fall to about a thirtieth",
                    "That is the law at the other end, far below the critical size, where noise "
                    "limits the step.",
                ),
                Option(
                    "They fall to about a fifth",
                    "So the standard error falls, by the root of thirty. But noise no longer "
                    "limits the step; the curvature does.",
                ),
                Option("They stay almost the same", right=True),
            ),
            why="The steps go like $1 + B_\\text{crit}/b$, and the second term was small "
            "already: 57 steps at 300 and 54 at 10,000, with a critical size of 46.",
        ),
        cell="ch5-10",
        shows="300 57 17,160 542 31 10000 54 540,000 9,353 505",
    ),
    Recall(
        question=Choice(
            id="recall-batch-and-new-data",
            title="Batch size and new data",
            question="One network is trained with five batch sizes, each tuned by itself and "
            "stopped at its best validation. Which did best on new data?",
            options=(
                Option("None clearly, but large ones took more passes", right=True),
                Option(
                    "The smallest, as its noise acts like a penalty",
                    "At their best they differed by two hundredths of a nat at most. A large "
                    "batch that is stopped early looks worse: it needs more passes.",
                ),
                Option(
                    "The largest, as its steps follow the exact gradient",
                    "Exact steps climb the *training* likelihood. On new data they scored the "
                    "same, after more than ten times the passes.",
                ),
            ),
            why="All five were from -17.69 to -17.67 nats on new data, while the best pass came "
            "at 236 with batches of 10 and at 2755 with all the data.",
        ),
        cell="ch5-13",
        shows="10 236 -17.67 30 296 -17.68 100 488 -17.67 300 703 -17.67 1200 2755 -17.69",
    ),
    Recall(
        question=Choice(
            id="recall-best-step-and-batch",
            title="The best single step",
            question="While noise, not curvature, limits a step, the batch is made five times as "
            "large. How much longer becomes the best step size?",
            options=(
                Option(
                    "About $\\sqrt{5}$ times",
                    "The error's *length* falls by that root. But what a step loses to noise goes "
                    "like $\\alpha^2/b$, what it gains like $\\alpha$.",
                ),
                Option("About 5 times", right=True),
                Option(
                    "Not at all",
                    "That is so where the curvature limits it, with batches far above the noise "
                    "scale.",
                ),
            ),
            why="The gain goes like $\\alpha$ and the loss to noise like $\\alpha^2/b$, so the "
            "best $\\alpha$ goes like $b$: 0.02, 0.10, 0.50 and 2.76, each for five times "
            "the batch.",
        ),
        cell="ch5-18",
        shows="1 0.02 1.00 5 0.10 0.99 25 0.50 1.03 125 2.76 1.00",
    ),
)
