"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-what-makes-terms-correlate",
            title="What makes terms correlate",
            question="All conditionals of a model share their weights. What makes the gradients of "
            "two terms of one sample correlate?",
            options=(
                Option(
                    "Strong dependence between the variables",
                    "What a right conditional foretells leaves no error, and gradients are made "
                    "of errors.",
                ),
                Option(
                    "The shared weights by themselves",
                    "Sharing makes it possible. But given what came before, a right conditional's "
                    "gradient has the mean 0, whatever it shares.",
                ),
                Option("What the model has not yet learned", right=True),
            ),
            why="If the later conditional is right, the covariance is 0: rounding alone where the "
            "model was true; on other data the sizes of the pairs came to 0.64 of the diagonal.",
        ),
        cell="ch8-55",
        shows="true: pairs = 0: largest difference 1e-16, within 1e-12 "
        "true: diagonal = tr F: largest difference 2e-15, within 1e-12 "
        "wrong: pairs sum to +0.03, sizes to 0.64",
    ),
    Recall(
        question=Choice(
            id="recall-evaluate-and-draw",
            title="Evaluating and drawing",
            question="A masked network gives all $n$ conditionals of a known sample in one pass. "
            "How many passes does it take to draw a new sample?",
            options=(
                Option("$n$: each variable waits for the earlier ones", right=True),
                Option(
                    "1: the masks serve both ways",
                    "One pass gives all conditionals if all variables are there to be read. In "
                    "drawing each is known only when those before it have been drawn.",
                ),
                Option(
                    "$n/2$: half of the variables are known on average",
                    "Known variables save nothing: each pass computes all logits, and only one of "
                    "them can be used.",
                ),
            ),
            why="Evaluating a sample of 64 variables took 8,192 multiply-adds, drawing one 64 "
            "times as many; in a recurrence both cost the same.",
        ),
        cell="ch8-07",
        shows="MADE 8192 524288 1",
    ),
    Recall(
        question=Choice(
            id="recall-quiet-orders",
            title="Noise and the order",
            question="An FVSBN is fitted to pictures, its pixels in one order or another. Between "
            "these the gradient's noise differs by three quarters. Which order scored best on new "
            "pictures?",
            options=(
                Option(
                    "The quietest, least ink first",
                    "Noise counts how long the inputs are, and so depends on which symbol is "
                    "called 1. It does not measure how good an order is.",
                ),
                Option("The noisiest, most ink first", right=True),
                Option(
                    "None: the chain rule takes any order",
                    "The chain rule does, but the model's conditionals are restricted, and fit "
                    "better in some orders than in others.",
                ),
            ),
            why="Noise does not tell a good order from a bad one: the quietest, 41.0 against 72.1, "
            "was 0.20 nats behind the noisiest.",
        ),
        cell="ch8-24",
        shows="most ink first 72.1 0.00 0.00 forwards 58.2 0.09 0.07 "
        "least ink first 41.0 0.20 0.10",
    ),
    Recall(
        question=Choice(
            id="recall-some-of-the-variables",
            title="Some of the variables",
            question="Only $k$ of the 64 variables of each sample enter the gradient. At equal "
            "cost, and with the best $k$, how did its noise compare with that of whole samples?",
            options=(
                Option(
                    "About half, since more samples fit in",
                    "More samples fit in only if a term has its price by itself. One pass gives "
                    "all terms, and some of them cost nearly as much as all.",
                ),
                Option(
                    "Lower, where a sample's terms repeat each other",
                    "With as many *terms* it was a little lower in the recurrence. What the terms "
                    "cost takes that away again.",
                ),
                Option("Never lower, in any of the models", right=True),
            ),
            why="One pass gives all terms, worth about as many independent ones: the least noise "
            "at equal cost was 1.008 of that of whole samples.",
        ),
        cell="ch8-62",
        shows="at equal cost, least of all k < 64: 1.008",
    ),
    Recall(
        question=Choice(
            id="recall-dependence-taken-away",
            title="Dependence taken away",
            question="Each variable is shuffled by itself among the samples, which takes their "
            "dependence away, and the model is fitted again. How does the gradient's noise change?",
            options=(
                Option("It rises for some data, falls for others", right=True),
                Option(
                    "It rises: each variable becomes less certain",
                    "On average it does. But noise is the mean of uncertainty *times* squared "
                    "slope, and the two may go together.",
                ),
                Option(
                    "It falls: a sample's terms repeat less",
                    "Between the terms of a right model there is no correlation, with dependence "
                    "or without.",
                ),
            ),
            why="It rose from 58 to 95 on the digits and fell from 34 to 29 on bits that are "
            "uncertain just where their inputs are long.",
        ),
        cell="ch8-13",
        shows="digits 58.2 61.0 5.8 61.2 digits, ridge 0.1 57.7 58.3 5.6 58.4 "
        "bits 34.4 34.4 4.1 19.7 digits, shuffled 94.6 95.1 8.3 95.4 bits, shuffled 28.7",
    ),
    Recall(
        question=Choice(
            id="recall-sizes-for-an-average",
            title="Batch sizes and averages",
            question="Batch sizes of their own for the variables lower the loss of SGD's single "
            "iterates by a fifth. What did the same sizes do to the loss of the iterates' average?",
            options=(
                Option(
                    "They lowered it by about a fifth",
                    "An average weighs noise otherwise: it carries further where the curvature is "
                    "small, and there these sizes leave more of it.",
                ),
                Option("They raised it by about a quarter", right=True),
                Option(
                    "They left it about as it was",
                    "Averaging does not remove noise for nothing. What is left depends on how the "
                    "noise is spread over the directions.",
                ),
            ),
            why="For an average one batch size is best unless variables are certain: the loss of "
            "iterates fell to 0.80, that of their average rose to 1.24.",
        ),
        cell="ch8-67",
        shows="loss of iterates, over one b 0.80 0.78 to 0.82 "
        "loss of average, over one b 1.24 1.13 to 1.35",
    ),
)
