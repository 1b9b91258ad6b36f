"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

PIXELS, HIDDEN = 64, 100

COPIES = Numeric(
    id="copies-of-a-unit",
    title="How many units?",
    question="Zero is one constant; now start *every* parameter of MADE at 0.1, with 100 hidden "
    "units. A unit of degree $k$ sees the first $k$ pixels; with $n = 64$ pixels, $k$ is one of "
    "$1, \\dots, n-1$, and each of these occurs.\n\n"
    "After training, how many of the 100 units are different?",
    answer=PIXELS - 1,
    tolerance=0.5,
    near=(
        Near(
            1,
            "Units that see different pixels have different gradients, even if they start from the "
            "same number. Only those of one degree stay alike.",
        ),
        Near(
            HIDDEN,
            "Two units of one degree start alike, see the same pixels and get the same gradient, "
            "at every step. What should pull them apart?",
        ),
        Near(
            PIXELS,
            "The degrees end at $n-1$: a unit that sees all $n$ pixels could be used by no "
            "conditional.",
        ),
        Near(HIDDEN - PIXELS + 1, "So many are copies of another unit. How many are left?"),
    ),
    otherwise="Which units get the same gradient at the first step? These are still alike at the "
    "second.",
    why="One for each degree: in the checked output below, the row “all 0.1” counts 63 different "
    "units of 100.",
    prediction=True,
    printed="63",
    unit="units",
)

BUGS = Choice(
    id="bugs-in-a-loop",
    title="A loop with bugs",
    question="With $m = 1200$ samples, each step of this program should follow the $(m/b)$ "
    "estimate of its batch. Which of these are mistakes in it?\n\n"
    "```\n"
    "loader = DataLoader(x, batch_size=500, shuffle=True)\n"
    "for epoch in range(100):\n"
    "    for batch in loader:\n"
    "        loss = -m / 500 * model.log_prob(batch).sum()\n"
    "        loss.backward()\n"
    "        optimizer.step()\n"
    "```",
    options=(
        Option(
            "The minus sign: it makes $\\ell$ fall.",
            "The optimiser *descends* the loss, and the loss is an estimate of $-\\ell$. So "
            "$\\ell$ rises; without the minus it would fall.",
        ),
        Option(
            "`zero_grad` is missing.",
            "`backward` adds to `.grad`. Without `zero_grad` each step follows the sum of all "
            "gradients since the start.",
            right=True,
        ),
        Option(
            "`sum()` has to be `mean()`.",
            "The factor $m/b$ belongs in front of a sum. With the mean it would divide by $b$ "
            "twice.",
        ),
        Option(
            "The 500 in the factor.",
            "The batches are 500, 500 and 200. The last one's estimate, scaled with 500, is too "
            "small by the factor $200/500$.",
            right=True,
        ),
        Option(
            "`shuffle=True`: batches of one pass depend on each other.",
            "They do, but each by itself is a uniform draw, so at a fixed $\\theta$ its estimate "
            "is unbiased (section 3.5).",
        ),
    ),
    several=True,
    why="Both are silent: the program runs, and the loss may even fall for a while.",
)
