"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

PIXELS, HIDDEN = 64, 100

COPIES = Numeric(
    id="copies-of-a-unit",
    title="How many units?",
    question="Zero is one constant; now start *every* parameter of MADE at 0.1, with 100 hidden "
    "units. There are $n = 64$ pixels, and the units' degrees go round as in the figure above."
    "\n\n"
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
    why="One for each degree: in the table below, the row “all 0.1” counts 63 different "
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

WHY_IN_TURN = Choice(
    id="why-parts-in-turn",
    title="One part at a time",
    question="Why may a part's gradient be added to `total` and then be thrown away?",
    options=(
        Option(
            "The gradient of each part is by itself an unbiased estimate of the batch's.",
            "It is, if the samples were dealt to the parts at random. But here the result *is* the "
            "batch's gradient, whichever samples a part holds.",
        ),
        Option(
            "The gradient of a sum over samples is the sum of the gradients of its terms.",
            right=True,
        ),
        Option(
            "The parameters move so little from part to part that it hardly matters.",
            "They do not move at all between parts: every part's gradient is taken at the same "
            "$\\theta$, and one step follows the last.",
        ),
    ),
    why="The sum can be made in any pieces and in any order, as long as $\\theta$ stays.",
    of="order-the-accumulation",
)

WHY_WEIGHT = Choice(
    id="why-a-part-weighs-its-share",
    title="The share of a part",
    question="Why does part $k$ weigh $b_k/b$, and not $1/K$?",
    options=(
        Option(
            "So that every sample weighs $1/b$, whichever part it happens to be in.",
            right=True,
        ),
        Option(
            "So that every part weighs the same, however many samples it may hold.",
            "That is what $1/K$ does. A sample of a short part then weighs more than the others.",
        ),
        Option(
            "So that a short part, whose mean is noisier, moves the step the least.",
            "It does move it less. But the noise is not the reason: were there none, $1/K$ would "
            "still give another vector than the batch's gradient.",
        ),
    ),
    why="A mean over $b_k$ samples holds $1/b_k$ for each; times $b_k/b$ that is $1/b$.",
    of="fill-the-accumulation",
)

WHY_ANY_CUT = Choice(
    id="why-the-cut-is-free",
    title="Any cut",
    question="Your result is the same for each `size`. Why?",
    options=(
        Option(
            "Only the last part is shorter, and one part of many hardly counts.",
            "With the weight $1/K$ it counts far too much, as the figure above shows. The results "
            "are equal, not nearly equal.",
        ),
        Option(
            "The mean of the means of parts is the mean of the whole batch.",
            "Only where all parts have the same size: else it is the right-hand side of (4.2).",
        ),
        Option(
            "Each sample enters once, with $1/b$, and the cut only groups them.",
            right=True,
        ),
    ),
    why="So `size` may be as large as memory allows, and can be changed at any time.",
    of="unequal-micro-batches",
)

WHY_ONE_CLIP = Choice(
    id="why-one-clip",
    title="Once, at the end",
    question="Why is the gradient clipped once, after the last part?",
    options=(
        Option(
            "One factor for the whole gradient keeps its direction; one for each part turns it.",
            right=True,
        ),
        Option(
            "The sum over all parts is shorter than the parts are, so it is clipped less often.",
            "It often is shorter, as noise averages out. But clipping parts would be wrong even if "
            "it were as rare: the long ones would lose more than the others.",
        ),
        Option(
            "Clipping reads all parameters each time, and $K$ such passes would take too long.",
            "That costs little beside a backward pass. Clipped parts would add up to another "
            "vector at any speed.",
        ),
    ),
    why="Clipping is no linear function: what it makes of a sum is not the sum of what it makes of "
    "the terms.",
    of="mend-a-clipped-accumulation",
)

# ---- why, below the stages of the training step, and below what was mended

WHY_ORDER = Choice(
    id="why-order-the-training-step",
    title="The first line",
    question="Suppose `zero_grad` came last, after `step`, at every step of a run. Which steps "
    "would follow another gradient than their batch's?",
    options=(
        Option(
            "All of them: each would follow the sum of all gradients so far.",
            "That is so without any `zero_grad`. Here each step leaves `.grad` empty for the next.",
        ),
        Option(
            "The first alone, and only if something was in `.grad` before.",
            right=True,
        ),
        Option(
            "None of them: each step finds `.grad` empty, as now.",
            "The first would not, if something was in `.grad` before the run.",
        ),
    ),
    why="Each later `backward` finds `.grad` as empty as before; only the first may not.",
    of="order-the-training-step",
)

WHY_FILL = Choice(
    id="why-fill-the-training-step",
    title="The factor",
    question="Why `len(batch)` in the factor, and not the batch size that the loader was given?",
    options=(
        Option(
            "The last batch may be shorter, and its sum has fewer terms.",
            right=True,
        ),
        Option(
            "The two are equal, and it saves the function an argument.",
            "At a short last batch they differ: with the loader's size its step would be too "
            "short.",
        ),
        Option(
            "The last batch may be shorter, and its mean is noisier.",
            "It is, and nothing makes up for that: the factor is *larger* for a short batch, and "
            "the noise with it.",
        ),
    ),
    why="A sum over $b$ samples is on average $b/m$ of $\\ell$, with the $b$ of this very batch.",
    of="fill-the-training-step",
)

WHY_WRITE = Choice(
    id="why-train-step",
    title="The scale of the loss",
    question="With plain SGD, why does the factor $m/b$ matter, although a loss without it has its "
    "minimum at the same $\\theta$?",
    options=(
        Option(
            "The direction of each step changes, so the run ends at another maximum.",
            "A positive number times a gradient has the direction of that gradient.",
        ),
        Option(
            "The estimate is biased without it, so the run drifts off as it goes on.",
            "It then estimates a multiple of $\\nabla\\ell$, without a bias towards any side: "
            "another step size undoes this.",
        ),
        Option(
            "The step size is multiplied by it, so the steps are longer or shorter.",
            right=True,
        ),
    ),
    why="SGD sees the step size times the factor: the next section converts one into the other.",
    of="train-step",
)

WHY_LOOP = Choice(
    id="why-mend-a-training-loop",
    title="Why nobody noticed",
    question="With `zero_grad` before the loop, $\\ell$ still rises in most runs. Why?",
    options=(
        Option(
            "The sum of all the gradients of a pass is a multiple of the exact gradient.",
            "It would be at one $\\theta$, and only the last step has them all. The steps before "
            "follow a part of the sum, and each part is of another $\\theta$.",
        ),
        Option(
            "A sum of gradients of earlier batches still points uphill on average.",
            right=True,
        ),
        Option(
            "The gradients of one pass cancel, so that the last batch is all that counts.",
            "They would cancel at a maximum of $\\ell$. Far from it they point in like directions.",
        ),
    ),
    why="It acts as a step size that grows within each pass, with old gradients: too long at the "
    "end of a pass, not wrong in direction.",
    of="mend-a-training-loop",
)

WHY_RESUME = Choice(
    id="why-mend-a-resume",
    title="A seed is not enough",
    question="A program resumes in the middle of a pass, and sets the seed again. Why is this not "
    "enough?",
    options=(
        Option(
            "Saved parameters are rounded when they are read again, which no seed undoes.",
            "They come back bit for bit: section 4.5's run in two parts ended where the run in "
            "one did.",
        ),
        Option(
            "The velocity depends on the seed, and it would be another one.",
            "The velocity is made of gradients. It is lost for another reason: nobody saved it.",
        ),
        Option(
            "The generator then draws again the orders of the first passes.",
            right=True,
        ),
    ),
    why="The order that is under way, and the generator's state behind it, are part of the run.",
    of="mend-a-resume",
)
