"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-backward-adds",
            title="Two calls of backward",
            question="In PyTorch, `backward()` is called twice on one loss (at first with "
            "`retain_graph=True`), with no `zero_grad()` in between. What does `.grad` hold then?",
            options=(
                Option(
                    "The gradient, as the second call overwrites it",
                    "`backward` never overwrites. A loop without `zero_grad` follows the sum of "
                    "all gradients so far.",
                ),
                Option("Twice the gradient, as the second call adds", right=True),
                Option(
                    "The gradient, as both calls are averaged",
                    "`backward` takes no mean, it adds: who accumulates gradients puts the factor "
                    "into each part's loss.",
                ),
            ),
            why="`backward` adds to `.grad`, which was 2.0 times as long after the second call: "
            "hence `zero_grad`, and hence gradient accumulation.",
        ),
        cell="ch4-74",
        shows=".grad is 2.0 times as long as before",
    ),
    Recall(
        question=Choice(
            id="recall-step-of-another-mean",
            title="The mean over all terms",
            question="Plain SGD: a loss that was a mean over samples becomes a mean over samples "
            "*and* their 64 variables. Which step size makes the same run?",
            options=(
                Option(
                    "The old one divided by 64",
                    "The gradient is 64 times shorter already. Such steps would be $64^2$ times "
                    "too short.",
                ),
                Option(
                    "The old one, as both are means",
                    "The new mean divides the same sum by 64 times as many terms, so its gradient "
                    "is 64 times shorter.",
                ),
                Option("The old one times 64", right=True),
            ),
            why="A step size belongs to a loss scale: 0.1200 for the one and 7.6800 for the "
            "other made the same run, and with one step size for both they parted.",
        ),
        cell="ch4-18",
        shows="mean over b 0.1200 -25.42 -44.25 mean over b n 7.6800 -25.42 -44.36",
    ),
    Recall(
        question=Choice(
            id="recall-start-at-zero",
            title="All parameters at zero",
            question="A network of binary variables, with ReLU hidden units, starts with *all* "
            "parameters at zero. What does training by gradients make of it?",
            options=(
                Option("A model of independent variables, and no more", right=True),
                Option(
                    "Nothing, as all gradients are zero for ever",
                    "All but those of the output biases, which feel the prediction errors and "
                    "learn how often each variable is 1.",
                ),
                Option(
                    "The usual model, though it takes more steps",
                    "More steps do not help: the output weights' gradient has the hidden units as "
                    "a factor, the hidden weights' the output weights, and all stay zero.",
                ),
            ),
            why="Only the output biases move: $\\ell/m$ ended at -25.3, where independent pixels "
            "end, and at -18.0 from random numbers.",
        ),
        cell="ch4-22",
        shows="all 0 1 -44.4 -25.3 all 0.1 63 -197.7 -21.6 all 0.1, but V 0.01 63 -53.3 -18.4 "
        "the library's 100 -44.5 -18.0",
    ),
    Recall(
        question=Choice(
            id="recall-what-a-start-needs",
            title="What a start needs",
            question="A network starts with all weights at 0.1, so that many hidden units are "
            "copies. Which change of this run helps most?",
            options=(
                Option(
                    "Weights drawn from 0.09 to 0.11, so that units differ",
                    "Different units alone gained nothing: -21.6 to -21.5, where copies had -21.6.",
                ),
                Option("Output weights a tenth as large, copies or not", right=True),
                Option(
                    "Eight times as many passes, from the same start",
                    "It gains less: -20.6 to -19.1 after 100 passes, still below what smaller "
                    "output weights had reached in 12.",
                ),
            ),
            why="With output weights of 0.01 the run ended 12 passes at -18.5 to -18.3, against "
            "-21.6: where a run *begins* mattered more than whether units differ.",
        ),
        cell="ch4-63",
        shows="all 0.1 -21.6 to -21.6 -20.6 to -19.1 all from 0.09 to 0.11 -21.6 to -21.5 -20.6 "
        "to -19.2 all 0.1, but V 0.01 -18.5 to -18.3 -15.9 to -15.7",
    ),
    Recall(
        question=Choice(
            id="recall-paired-differences",
            title="Image by image",
            question="Two models are tested on the same images. What does one gain by comparing "
            "them image by image, instead of their two means?",
            options=(
                Option(
                    "A larger difference between the two",
                    "The mean of the differences *is* the difference of the means. Only its "
                    "standard error changes.",
                ),
                Option(
                    "A result that holds for other seeds",
                    "Pairing takes out what images differ in. How other starts and shuffles would "
                    "end, only other runs can say.",
                ),
                Option("A smaller standard error of the difference", right=True),
            ),
            why="What is hard for one model is hard for the other, and that cancels: the "
            "standard error was 0.11 where two separate means would have had 0.35.",
        ),
        cell="ch4-32",
        shows="NADE 1.1 0.12 0.35 0.26 MADE 1.3 0.11 0.35 0.25",
    ),
    Recall(
        question=Choice(
            id="recall-unequal-parts",
            title="Unequal parts of a batch",
            question="A batch of $b$ samples is cut into $K$ unequal parts of $b_k$. By what is "
            "each part's *summed* loss divided, to get the whole batch's mean?",
            options=(
                Option("By $b$, the whole batch's size", right=True),
                Option(
                    "By $K b_k$, the part's size times their number",
                    "That is the mean of the parts' means: a sample in a small part counts more "
                    "than one in a large part.",
                ),
                Option(
                    "By $b_k$, the part's own size",
                    "That adds up $K$ means: $K$ times too long, and samples of small parts count "
                    "more than others.",
                ),
            ),
            why="Every sample has to count alike, $1/b$: that was off by 0.0, the mean of the "
            "means by 1.1 times the length of the right vector.",
        ),
        cell="ch4-39",
        shows="1/b 0.0 1/(K b_k) 1.1 1/b_k 3.7",
    ),
)
