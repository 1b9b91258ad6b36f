"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-clipping-each-sample",
            title="Clipping each sample",
            question="The gradient of each sample is clipped before the mean over a batch of $b$, "
            "and the step size falls to 0. How does the loss of $\\ell$ at the end depend on $b$?",
            options=(
                Option(
                    "It falls like $1/b$, as the variance does",
                    "The variance is no matter once the step size has fallen to 0. What is left "
                    "is where the mean of the estimate is 0.",
                ),
                Option(
                    "It falls like $1/b^2$, as for clipped batches",
                    "A clipped *batch* is nearly right if the batch is large. Here the bend is in "
                    "each sample, before any mean is taken.",
                ),
                Option("It stays: each sample is bent by itself", right=True),
            ),
            why="The mean of the estimate is the same for every $b$, and so is the place where it "
            "is 0: the price was about 0.05 nats from $b = 2$ to 128.",
        ),
        cell="ch9-60",
        shows="clipped samples 0.06 0.05 0.04 0.05",
    ),
    Recall(
        question=Choice(
            id="recall-fitted-on-the-batch",
            title="Fitted on the batch",
            question="A coefficient is fitted on each batch of $b$ and used on this same batch. If "
            "the step size falls to 0, how does the loss of $\\ell$ at the end depend on $b$?",
            options=(
                Option(
                    "It falls like $1/b$",
                    "So does the shift of the place where the run settles. What it loses is "
                    "quadratic in the shift.",
                ),
                Option("It falls like $1/b^2$", right=True),
                Option(
                    "It stays",
                    "So it is if each *sample* is bent. A statistic of the batch varies ever less "
                    "as the batch grows.",
                ),
            ),
            why="The bias of a curved function of the batch's mean is proportional to $1/b$, and "
            "the price is its square: four times the batch left a twentieth, 0.08 and then 0.004.",
        ),
        cell="ch9-60",
        shows="γ of batch 1 0.08 0.004 0.0002",
    ),
    Recall(
        question=Numeric(
            id="recall-mean-place-of-hovering",
            title="The mean place of hovering",
            question="Plain SGD hovers at a constant step size, and its mean place is 0.01 nats "
            "below the top. How many nats are left if the batch is ten times as large?",
            answer=0.0001,
            tolerance=0.00001,
            near=(
                Near(
                    0.001,
                    "The *shift* of the mean place falls tenfold. What it loses is quadratic in "
                    "the shift.",
                ),
                Near(
                    0.01,
                    "Longer runs would leave it so. The shift comes from the noise, which a "
                    "larger batch makes smaller.",
                ),
            ),
            otherwise="The shift of the mean place is proportional to $\\alpha/b$. How does the "
            "height depend on the shift?",
            why="The shift is proportional to $\\alpha/b$ and the loss to its square: five times "
            "the batch left about a 25th, half of the step size about a quarter.",
            unit="nats",
        ),
        cell="ch9-30",
        shows="2 1 0.016 0.015 0.015 2 0.5 0.0035 0.0032 0.0032 10 1 0.00053 0.00057 0.00056",
    ),
    Recall(
        question=Choice(
            id="recall-shuffle-against-draws",
            title="Shuffle against independent draws",
            question="Two runs make 64 passes, with step sizes that fall to 0. One reshuffles the "
            "data, the other draws each batch independently. Which ends nearer to the top?",
            options=(
                Option("The reshuffled one, by far", right=True),
                Option(
                    "The independent one, being unbiased",
                    "Given the past, the shuffle's estimates are biased. But the rest of the pass "
                    "takes back the error of its beginning.",
                ),
                Option(
                    "Neither: each batch has one law",
                    "Each batch by itself has. But the batches of a pass add up to the whole data "
                    "set, so that their errors cancel.",
                ),
            ),
            why="It is free, and left less than a tenth of the gap: 0.0014 against 0.024 nats on "
            "the digits, after 64 passes.",
        ),
        cell="ch9-38",
        shows="plain 0.0011 0.081 0.024 reshuffled 2e-05 0.013 0.0014",
    ),
    Recall(
        question=Choice(
            id="recall-momentum-against-plain",
            title="Momentum against plain SGD",
            question="Momentum makes the variance of the gradient's estimate about eight times "
            "smaller. With tuned step sizes that fall to 0, how does its final gap compare with "
            "plain SGD's?",
            options=(
                Option(
                    "It is about eight times smaller",
                    "That would follow if squared error were progress. The past batches' noise is "
                    "spread over more steps, not taken away.",
                ),
                Option(
                    "It is larger: momentum is biased",
                    "Its bias is a lag, and where $\\theta$ stands still there is none: it settles "
                    "at the same place.",
                ),
                Option("It is about the same", right=True),
            ),
            why="The smaller variance is paid for by the lag: after 64 passes the gap was 0.024 "
            "nats on the digits with momentum and without.",
        ),
        cell="ch9-38",
        shows="plain 0.0011 0.081 0.024 reshuffled 2e-05 0.013 0.0014 momentum 0.0011 0.083 0.024",
    ),
    Recall(
        question=Choice(
            id="recall-bias-against-variance",
            title="Bias against variance",
            question="Of two estimators one is biased, the other unbiased and far noisier. $T$ "
            "estimates are averaged while $\\theta$ hardly moves. Which has the smaller squared "
            "error?",
            options=(
                Option(
                    "The unbiased one, for every $T$",
                    "For $T = 1$ its variance counts in full, and may be far more than the bias "
                    "of the other.",
                ),
                Option("The biased one, up to some $T$", right=True),
                Option(
                    "The biased one, for every $T$",
                    "Averaging divides the variance by $T$ and leaves the bias. In the end the "
                    "bias is what remains.",
                ),
            ),
            why="Averaging removes variance and no bias: Russian roulette, of variance 52 against "
            "14, needed 241 samples before it was the better one.",
        ),
        cell="ch9-36",
        shows="k = 2 of 4 0.159 14.1 roulette 0 52.3 241",
    ),
)
