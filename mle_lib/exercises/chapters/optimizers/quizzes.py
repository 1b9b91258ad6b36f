"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

SGD, BETA = 2**-4, 0.9  # SGD's best step size at b = 3; the momentum of the table

EFFECTIVE_STEP = Numeric(
    id="effective-step",
    title="The effective step",
    question="At $b = 3$ noise limits the step, and SGD's best $\\alpha$ is 0.062. Which $\\alpha$ "
    "will be best for momentum with $\\beta = 0.9$? The grid is coarse: one figure is enough. And "
    "at which end will momentum win, at $b = 3$ or with the whole data set?",
    answer=SGD * (1 - BETA),
    tolerance=0.0025,  # so that both of the grid's values beside it are taken
    near=(
        Near(
            SGD,
            "The same $\\alpha$ would make the effective step ten times as long, and by (7.5) the "
            "hovering about ten times as strong.",
        ),
        Near(
            SGD / (1 - BETA),
            "The other way round: momentum already lengthens the effective step, so $\\alpha$ must "
            "be shorter.",
        ),
        Near(
            SGD * (1 - BETA) ** 0.5,
            "A root of $1 - \\beta$ is too little: variance (7.5) depends on $\\alpha/(1-\\beta)$, "
            "without a root.",
        ),
        Near(
            SGD * (1 + BETA),
            "That is how much longer (7.2) lets a step be before the curvature stops it. Here "
            "noise limits the step, and (7.5) counts.",
        ),
    ),
    otherwise="By (7.5), for short steps the variance depends on $\\alpha/(1-\\beta)$ alone. Which "
    "$\\alpha$ leaves it as it was?",
    why="By (7.4) it is a tenth of SGD's, and the grid's best is one of the two nearest; now look "
    "at the steps: hardly fewer at $b = 3$, less than half with the whole data set.",
    prediction=True,
    printed="0.008",
)

TWO_DECAYS = Choice(
    id="why-decay-and-the-scale",
    title="Whose decay fades",
    question="Multiply the loss $-\\ell/m$ by $\\gamma=100$, and leave $\\alpha$ and $\\rho$ as "
    "they are. Why does L2 in Adam take off far less than before, and AdamW's decay as much?",
    options=(
        Option(
            "Adam ignores a factor of its gradient, so it hardly sees a penalty. AdamW's decay "
            "stands outside of Adam, where such factors count.",
            "It ignores a factor of the *whole* gradient. Here $\\gamma$ multiplies one of two "
            "parts; at $\\gamma=1$ Adam sees the penalty well.",
        ),
        Option(
            "Adam divides by the size of all that it gets, and of that $\\rho\\theta$ is now a far "
            "smaller part. AdamW's decay is not divided.",
            right=True,
        ),
        Option(
            "The penalty grows with the loss, and the larger it is, the more the root of "
            "$\\hat\\nu$ shortens it. AdamW's decay has no root.",
            "The penalty stands beside $-\\gamma\\,\\ell/m$ in the loss, and $\\rho\\theta$ stays "
            "as it was. It is the data's part that grows.",
        ),
    ),
    why="Only a factor of both parts cancels: L2 depends on $\\rho/\\gamma$, AdamW's decay on "
    "$\\alpha\\rho$.",
    of="decay-and-the-scale",
)
