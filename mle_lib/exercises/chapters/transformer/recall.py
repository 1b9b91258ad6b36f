"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-no-end-symbol",
            title="Strings without an end",
            question="In a model of strings, letters share all the probability at each place, and "
            "no symbol means the end. What do the probabilities of all strings, of every length, "
            "add up to?",
            options=(
                Option(
                    "Less than 1: the end's share is missing",
                    "Nothing is missing: at each place the letters divide the whole probability "
                    "among themselves. What the model leaves open is where to stop.",
                ),
                Option("More than any bound: each length adds 1", right=True),
                Option(
                    "Exactly 1, as with an end symbol",
                    "The strings of *one* length add up to 1. Those of the next length do so once "
                    "more.",
                ),
            ),
            why="Without an end the strings of up to seven letters had the sum 7, and with the end "
            "0.981, on its way to 1: the end is a term of the likelihood.",
        ),
        cell="tf-b8a9f6c5",
        shows="6 0.966 6.000 7 0.981 7.000",
    ),
    Recall(
        question=Choice(
            id="recall-loss-at-the-start",
            title="The loss before training",
            question="A language model with $K$ symbols has just been initialised and prefers none "
            "of them. From which loss, in nats a symbol, should its training start?",
            options=(
                Option("About $\\log K$", right=True),
                Option(
                    "About $1/K$",
                    "That is the probability of each symbol. The loss is minus its logarithm.",
                ),
                Option(
                    "About $\\log 2$",
                    "That is the cost of a fair bit, $K = 2$. Here one of $K$ symbols has to be "
                    "foretold.",
                ),
            ),
            why="A probability of $1/K$ costs $\\log K$: the untrained transformer stood at 3.666 "
            "beside $\\log 39 = 3.664$, and a loss far above that says that the start is too "
            "large.",
        ),
        cell="tf-7db97e45",
        shows="at the start 3.666, log K 3.664",
    ),
    Recall(
        question=Choice(
            id="recall-one-changed-symbol",
            title="One changed symbol",
            question="In a causal language model place $i$ predicts symbol $i$. You change symbol "
            "20 of a text. At which places may the logits change?",
            options=(
                Option(
                    "From place 20 on",
                    "Then place 20 has read the symbol that it is to predict. This is the leak "
                    "that the test finds.",
                ),
                Option(
                    "At all places, through attention",
                    "A place takes over only from itself and from places to its left, so those "
                    "before the change cannot notice it.",
                ),
                Option("From place 21 on", right=True),
            ),
            why="Place 21 is the first that reads symbol 20; in the model that read its own symbol "
            "the logits changed from place 20 on.",
        ),
        cell="tf-d6567b90",
        shows="as it should be: symbol 20 changed, logits change from place 21 on",
    ),
    Recall(
        question=Choice(
            id="recall-all-terms-in-one-call",
            title="All terms in one call",
            question="Teacher forcing: one call of a causal model on a whole text gives "
            "$\\log p(x_i \\mid x_{<i})$ for all $i$. How do these terms compare with one call for "
            "each place?",
            options=(
                Option(
                    "Too high: later symbols are in view",
                    "The whole text is given to the model, but no place takes over anything from "
                    "places to its right.",
                ),
                Option(
                    "Approximate: the model's own symbols are missing",
                    "The product rule asks for conditionals on the symbols of *this* text. What "
                    "the model would have said itself is not in $p(x)$.",
                ),
                Option("Equal: they are the product rule's factors", right=True),
            ),
            why="Each conditional is on the earlier symbols of the text itself, so one call gives "
            "them all: 37 terms differed by rounding alone.",
        ),
        cell="tf-326bb20f",
        shows="37 terms, largest difference 4e-16",
    ),
    Recall(
        question=Choice(
            id="recall-which-divergence-is-infinite",
            title="Which divergence is infinite",
            question="Maximum likelihood has trained a model well. One of the two divergences "
            "between it and the data's distribution may still be infinite. Which?",
            options=(
                Option(
                    "$\\mathrm{KL}(p_\\theta \\,\\|\\, p_\\text{data})$, averaged over the model's "
                    "strings",
                    right=True,
                ),
                Option(
                    "$\\mathrm{KL}(p_\\text{data} \\,\\|\\, p_\\theta)$, averaged over the data's "
                    "strings",
                    "This is the one that maximum likelihood lowers. It is infinite only if data "
                    "come to which the model gives the probability 0.",
                ),
                Option(
                    "Neither: both are finite, or neither is",
                    "Each averages over strings of its own. A string that the model says now and "
                    "then, and the data never, makes one infinite and hardly touches the other.",
                ),
            ),
            why="An average over data asks little about what never occurs: in a known language the "
            "trained model was 0.12 nats off by the one and infinitely far by the other, for it "
            "sometimes said the empty string.",
        ),
        cell="tf-1c04b9c5",
        shows="strings of the language: KL 0.12 nats a string; mismatch 0.01337 ± 0.00007 a symbol "
        "strings of the model: KL inf nats a string",
    ),
    Recall(
        question=Choice(
            id="recall-beside-counting",
            title="A number beside counting",
            question="A small transformer was trained on 400 batches of 32 names. Split by name, "
            "how many nats a symbol lay between its cost on new names and that of a table of "
            "which symbol followed which four?",
            options=(
                Option(
                    "It was ahead by about half a nat",
                    "A table knows a word from its first occurrence; a model that learns by small "
                    "steps has to meet it often. The difference has the other sign.",
                ),
                Option("It was behind by about half a nat", right=True),
                Option(
                    "None, within the standard errors",
                    "The two were compared on the same names, with a standard error of 0.02. "
                    "That is far less than what lies between them.",
                ),
            ),
            why="Split by name it cost 0.45 nats a symbol more than the 5-gram, and after 2,000 "
            "batches still 0.08: a number of nats means something beside a simple baseline.",
        ),
        cell="tf-04e7c134",
        shows="transformer 400 +0.45 ± 0.02 1.23 ± 0.02",
    ),
)
