"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option, Recall

RECALL = (
    Recall(
        question=Numeric(
            id="recall-error-of-a-logit",
            title="What a logit feels",
            question="A model gave $x_i = 1$ the probability 0.9, and $x_i = 1$ came. What is "
            "the derivative of $\\log p$ with respect to the logit?",
            answer=0.1,
            tolerance=0.005,
            near=(
                Near(
                    0.9,
                    "That is the probability. The derivative is what came minus this, so it is "
                    "small where the model was nearly right.",
                ),
                Near(
                    1 / 0.9,
                    "That is the derivative with respect to the *probability*. The logit moves "
                    "the probability by $\\sigma(1 - \\sigma) = 0.09$ times as much.",
                ),
                Near(
                    0.09,
                    "That is $\\sigma(1 - \\sigma)$, the derivative of the probability itself. "
                    "For its logarithm divide by $\\sigma$.",
                ),
                Near(
                    -0.1,
                    "The size is right. But a larger logit makes what came more probable, so the "
                    "sign is plus.",
                ),
                Near(
                    -0.9,
                    "That it would be if $x_i = 0$ had come.",
                ),
            ),
            otherwise="It is the prediction error: what came minus what was expected.",
            why="It is the prediction error, $1 - 0.9$: a gradient made of such errors agreed "
            "with backpropagation within 1e-9.",
        ),
        cell="ch2-12",
        shows="by hand: largest difference 9e-13, within 1e-9",
    ),
    Recall(
        question=Choice(
            id="recall-why-the-logarithm",
            title="Why not the likelihood",
            question="The likelihood $L$ and $\\ell = \\log L$ are largest at the same place. "
            "Why does nobody climb along the gradient of $L$?",
            options=(
                Option(
                    "It points another way than that of $\\ell$",
                    "It is the gradient of $\\ell$ times $L$, a positive number: the same "
                    "direction.",
                ),
                Option(
                    "It leads to summits that $\\ell$ has not",
                    "The logarithm keeps the order of heights: both have their summits at the "
                    "same places.",
                ),
                Option("It is rounded to 0 after a few samples", right=True),
            ),
            why="It has the factor $L$, a product over all samples: with pictures of 64 pixels "
            "every entry was 0 from the seventeenth picture on, where $\\nabla\\ell$ reached "
            "8.5.",
        ),
        cell="ch2-21",
        shows="16 5.6e-309 4.5e-308 8.0 17 0.0e+00 0.0e+00 8.5",
    ),
    Recall(
        question=Choice(
            id="recall-gradient-of-more-data",
            title="Twice the data",
            question="At the same $\\theta$ the data are doubled by more of the same kind. What "
            "becomes of the gradient of $\\ell$, the sum over samples?",
            options=(
                Option("It becomes about twice as long", right=True),
                Option(
                    "It stays about as long",
                    "That is the gradient of the *mean*, $\\ell/m$. The sum has one more term for "
                    "each sample.",
                ),
                Option(
                    "It becomes about $\\sqrt{2}$ times as long",
                    "So grows a sum of terms without a common direction. These have one, except "
                    "at the top.",
                ),
            ),
            why="It has one term for each sample: its largest entry was 8.0 at 16 pictures and "
            "600.0 at 1200, so a step size for the sum depends on the size of the data.",
        ),
        cell="ch2-21",
        shows="16 5.6e-309 4.5e-308 8.0 17 0.0e+00 0.0e+00 8.5 1200 0.0e+00 0.0e+00 600.0",
    ),
    Recall(
        question=Choice(
            id="recall-hidden-layer-and-start",
            title="Where the start matters",
            question="Exact gradient steps, short enough, are taken from several random starts. "
            "For which model may they end at different heights?",
            options=(
                Option(
                    "For logistic regressions on the earlier variables",
                    "Their log-likelihood is concave: it has no false summits, so every start "
                    "leads to the same height.",
                ),
                Option("For a network with a hidden layer", right=True),
                Option(
                    "For both, as each start has its summit",
                    "A concave surface has no summits of different height, and without a hidden "
                    "layer $\\ell$ is concave.",
                ),
            ),
            why="With a hidden layer $\\ell$ is not concave: in 11 of 300 pairs of points the "
            "middle lay lower than the mean of the ends, for logistic regressions (the "
            "FVSBN) in none.",
        ),
        cell="ch2-34",
        shows="FVSBN: the middle is lower in 0 of 300 pairs MADE: the middle is lower in 11 of "
        "300 pairs",
    ),
    Recall(
        question=Choice(
            id="recall-step-below-the-curvature",
            title="A step that is safe",
            question="The curvature of $-\\ell$ is nowhere above $\\lambda$. With exact "
            "gradients and step size $1/\\lambda$, how often does a step lower $\\ell$?",
            options=(
                Option(
                    "At times, where the gradient is long",
                    "The step is long there. But its gain and what curvature may take both grow "
                    "with the squared gradient, and the gain stays larger.",
                ),
                Option(
                    "At times, when close to the top",
                    "The gradient, and with it the step, becomes short there. A leap over the top "
                    "to a lower place needs more than $2/\\lambda$.",
                ),
                Option("Never, from whatever place it starts", right=True),
            ),
            why="Curvature takes back at most half of what the gradient promises, and all of it "
            "only at $2/\\lambda$: 0 of 2997 steps went down.",
        ),
        cell="ch2-28",
        shows="steps that went down: 0 of 2997",
    ),
    Recall(
        question=Choice(
            id="recall-part-of-the-data",
            title="A tenth of the data",
            question="The gradient of a random tenth of the data is compared with that of all. "
            "When do the two point nearly the same way?",
            options=(
                Option("Early in training, later less and less", right=True),
                Option(
                    "Late in training, at first hardly",
                    "Late, what all samples have in common has been learned; what is left differs "
                    "from sample to sample.",
                ),
                Option(
                    "All through training, as it is unbiased",
                    "Unbiased means right on average over many draws. How far one draw is off "
                    "depends on how much the samples agree.",
                ),
            ),
            why="At first all samples ask for the same: the cosine was 0.99 at the start and "
            "0.31 after 100 steps.",
        ),
        cell="ch2-39",
        shows="0 0.92 0.99 1.00 10 0.37 0.80 0.97 100 0.10 0.31 0.70",
    ),
)
