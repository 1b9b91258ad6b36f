"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-limit-of-the-step",
            title="The limit of the step",
            question="As the batch grows from one sample, the best step size at first grows in "
            "proportion. How does it go on, up to the full data?",
            options=(
                Option("It stays, limited by the curvature", right=True),
                Option(
                    "It grows on, like the root of $b$",
                    "Less noise lets a step be longer only while noise limits it. Past that a "
                    "longer step leaps over the top, however exact it is.",
                ),
                Option(
                    "It falls, as exact steps repeat their errors",
                    "An exact step has no errors to repeat. What limits it, the curvature, is the "
                    "same for all large batches.",
                ),
            ),
            why="Noise limits the steps of small batches, the curvature those of large ones: the "
            "best step size was $2^0$ for 100, 300 and 1200 samples.",
        ),
        cell="ch5-24",
        shows="30 2^-2 100 2^0 300 2^0 1200 2^0",
    ),
    Recall(
        question=Choice(
            id="recall-where-to-measure",
            title="Where to measure noise",
            question="The gradient noise scale is to tell where larger batches stop saving "
            "steps. Along which run should it be measured?",
            options=(
                Option(
                    "Exact gradients, with short and safe steps",
                    "These follow the ridge, where the mean gradient is short: the noise scale "
                    "was 14.0 to 25.9 times the critical batch size.",
                ),
                Option(
                    "Mini-batches, with short and safe steps",
                    "Short steps average the noise out, and the run stays near the ridge: the "
                    "noise scale was 3.0 to 4.6 times the critical batch size.",
                ),
                Option("Mini-batches, with long and tuned steps", right=True),
            ),
            why="It depends on how one came to the place: along runs with tuned steps it was 0.7 "
            "to 1.3 times the critical batch size, along exact safe ones 14.0 times or more.",
        ),
        cell="ch5-26",
        shows="exact, safe step 14.0 25.9 b = 30, safe step 3.0 4.6 b = 10, tuned step 0.8 1.2 b "
        "= 30, tuned step 0.7 1.3 b = 100, tuned step 1.0 1.3",
    ),
    Recall(
        question=Choice(
            id="recall-half-the-step",
            title="Half the step size",
            question="With short steps, a noisy run hovers around the top. The step size is "
            "halved. What becomes of the variance of its distance?",
            options=(
                Option(
                    "It falls to a quarter",
                    "The noise of *one* step does. But shorter steps also pull back less, so more "
                    "of these errors gather.",
                ),
                Option("It falls to a half", right=True),
                Option(
                    "It stays the same",
                    "Each error moves the run half as far, and each pull does too. The squared "
                    "errors fall more than the pull.",
                ),
            ),
            why="A step adds $\\alpha^2 C$ and takes away about $2\\alpha\\lambda v$, so $v "
            "\\approx \\alpha C/2\\lambda$: what was measured was 1.00 to 1.01 times the law.",
        ),
        cell="ch5-28",
        shows="measured over (6.2), 9 settings: 1.00 to 1.01",
    ),
    Recall(
        question=Choice(
            id="recall-when-a-run-oscillates",
            title="Wander or oscillate",
            question="Near a top of curvature $\\lambda$, a noisy run with step size $\\alpha$ "
            "wanders on one side for long, or jumps across again and again. When does "
            "it jump?",
            options=(
                Option("When $\\alpha\\lambda$ is more than 1", right=True),
                Option(
                    "When $\\alpha\\lambda$ is more than 2",
                    "Then it leaves for good, even without noise. Between 1 and 2 a step already "
                    "ends on the other side.",
                ),
                Option(
                    "When the batch is small enough",
                    "Noise throws it about, but does not make it turn: batches of 10 at "
                    "$\\alpha\\lambda = 0.23$ had a cosine of +0.81 from step to step.",
                ),
            ),
            why="A step takes away the share $\\alpha\\lambda$ of the distance, more than all of "
            "it above 1: successive gradients had the cosine +0.21 at 0.86, and -0.36 at "
            "1.65.",
        ),
        cell="cost-66",
        shows="10 0.125 1100-1200 0.23 +0.81 10 1 1100-1200 1.37 -0.02 100 0.125 1100-1200 0.23 "
        "+0.68 100 0.5 1100-1200 0.86 +0.21 100 1 1100-1200 1.65 -0.36 300 1 1100-1200 "
        "1.70 -0.51",
    ),
    Recall(
        question=Choice(
            id="recall-reshuffled-hovering",
            title="Passes that are reshuffled",
            question="Independent batches are replaced by those of reshuffled passes; batch size "
            "and step size stay. How far below the top does the run hover?",
            options=(
                Option(
                    "As far, as each batch has the same variance",
                    "Each has, alone. But what counts is what several errors in a row add up to, "
                    "and in a pass they cancel.",
                ),
                Option(
                    "Farther, as batches now depend on each other",
                    "They depend on each other in the good way: what one batch has overdone is "
                    "missing from the others.",
                ),
                Option("Less far or as far, as a pass's errors cancel", right=True),
            ),
            why="Every sample has its turn in each pass: reshuffled batches lost 0.03 to 1.00 "
            "times what the law for independent ones says, the least with short steps.",
        ),
        cell="ch5-34",
        shows="independent batches lose 0.99 to 1.07 times what (6.3) says reshuffled batches "
        "lose 0.03 to 1.00 times what (6.3) says",
    ),
    Recall(
        question=Choice(
            id="recall-steps-that-shrink-too-fast",
            title="Steps that shrink too fast",
            question="The step size shrinks geometrically, as $0.99^t$, with mini-batches. Where "
            "does the run end?",
            options=(
                Option(
                    "At the top, as the noise dies out",
                    "The noise does, and so does all motion. The flattest directions need a "
                    "longer way than these steps have together.",
                ),
                Option("Short of the top, as the steps add up to little", right=True),
                Option(
                    "Around the top, as with a constant step",
                    "To hover it would have to go on moving. Steps that shrink so fast come to a "
                    "stop.",
                ),
            ),
            why="All steps together make 100, too little for the flattest directions: 0.011 nats "
            "stayed lost, while a step size falling like $1/t$ lost less and less, with the "
            "power -1.0 of $t$.",
        ),
        cell="ch5-40",
        shows="1 0.07 0.0 0.99^t 0.011 0.0 1 / (1 + t/200) 0.0035 -1.0",
    ),
)
