"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

N = 64  # pixels of a digit

CORRELATION = Numeric(
    id="copies-or-independent",
    title="Copies, or independent?",
    question="All conditionals of a MADE share its first layer, and each pixel of a digit nearly "
    "repeats its neighbour. Are the $n = 64$ terms of a sample worth 64 independent ones, or "
    "nearly copies? Guess $\\operatorname{tr}\\Sigma$ over "
    "$\\sum_i\\operatorname{tr}\\Sigma_{ii}$ after 1,000 steps of training. It is 1 if the terms "
    "are uncorrelated, and 64 if they are copies. (Within 0.2 counts as right.)",
    answer=1.01,
    tolerance=0.2,
    near=(
        Near(
            N,
            "That is $n$: all terms the same vector. But a neighbour that can be foretold leaves "
            "no *error*, and the gradient is made of errors.",
        ),
        Near(
            N / 2,
            "Half way to copies. The pixels depend on each other that much; a gradient is made of "
            "what the model could not foretell.",
        ),
        Near(
            N**0.5,
            "$\\sqrt n$ is how much larger the standard deviation is if the terms are copies. Here "
            "the variance is asked for, and they are far from copies.",
        ),
        Near(
            2,
            "At 2 all pairs together would weigh as much as all terms by themselves. Sharing "
            "weights makes that possible, but an error says little about the next one.",
        ),
        Near(
            0.5,
            "Below 1 the terms must cancel: an error at one pixel pulls against the error at "
            "another. Section 13.4's recurrence does that early in training, a MADE does not.",
        ),
    ),
    otherwise="Each term is an error times a slope. Does the error at one pixel foretell the error "
    "at the next, once the model knows their dependence?",
    why="It stands in the table of section 13.4, in MADE's row. The theorem before it says why the "
    "shared first layer comes near 1; the rest of a MADE has blocks of their own.",
    prediction=True,
    printed="1.01",
)
