"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-momentum-and-hovering",
            title="Momentum under noise",
            question="Momentum is switched on while $\\alpha/(1-\\beta)$ stays the same, with "
            "short steps. How far below the top does a mini-batch run hover then?",
            options=(
                Option(
                    "Less far, as noise is averaged out",
                    "Each error moves the run less at once, but goes on moving it for about "
                    "$1/(1-\\beta)$ steps.",
                ),
                Option("As far, though its path is smoother", right=True),
                Option(
                    "Farther, as old errors are carried on",
                    "They are carried on, but with the same $\\alpha/(1-\\beta)$ each moves the "
                    "run less at first.",
                ),
            ),
            why="With $\\beta = 0.9$ a step was 0.0111 long in place of 0.0490, and the height "
            "lost 0.0024 nats in place of 0.0025: only $\\alpha/(1-\\beta)$ counts.",
        ),
        cell="ch6-15",
        shows="10 0.0 0.0025 0.0024 0.0490 0.0491 10 0.9 0.0024 0.0023 0.0111 0.0110",
    ),
    Recall(
        question=Numeric(
            id="recall-condition-number",
            title="A condition number of 100",
            question="A quadratic has the condition number $\\kappa = 100$. How many times fewer "
            "steps does momentum need than plain ascent, both at their best? (Within 2 "
            "is taken.)",
            answer=10,
            tolerance=2,
            near=(
                Near(
                    100,
                    "That is $\\kappa$, the order of plain ascent's steps. Momentum still needs "
                    "of the order of $\\sqrt\\kappa$.",
                ),
                Near(
                    50,
                    "So many steps, about $\\kappa/2$, plain ascent needs for a factor $e$. "
                    "Momentum needs about $\\sqrt\\kappa/2$.",
                ),
                Near(
                    5,
                    "So many steps, about $\\sqrt\\kappa/2$, momentum needs for a factor $e$. "
                    "Plain ascent needs about $\\kappa/2$.",
                ),
                Near(
                    2,
                    "The gain is no fixed factor: it grows with $\\kappa$, like its root.",
                ),
            ),
            otherwise="Plain ascent needs of the order of $\\kappa$ steps, momentum of the order "
            "of a smaller power of $\\kappa$.",
            why="Plain ascent takes of the order of $\\kappa$ steps, momentum $\\sqrt\\kappa$: "
            "at $\\kappa = 80$ the chapter counted 366 and 43.",
        ),
        cell="ch6-13",
        shows="0 366 367 0.64 43 41",
    ),
    Recall(
        question=Choice(
            id="recall-where-momentum-pays",
            title="Where momentum pays",
            question="SGD with momentum and SGD without each have their tuned step size. With "
            "which batches does momentum save many steps?",
            options=(
                Option(
                    "With small ones, as it averages their noise",
                    "Averaging does not take the run further: at the same $\\alpha/(1-\\beta)$ "
                    "noise costs the same, and 9 % of the steps was all it saved.",
                ),
                Option(
                    "With all, as it saves half of the steps",
                    "It does where curvature limits the step. Where noise does, it is little more "
                    "than another name for the step size.",
                ),
                Option("With large ones, where curvature limits the step", right=True),
            ),
            why="It helps against curvature, not against noise: it took 0.91 of SGD's steps with "
            "batches of 3, and 0.56 with batches of 100.",
        ),
        cell="opt-84",
        shows="Momentum 0.91 (0.85 to 0.98) 0.56 (0.52 to 0.61)",
    ),
    Recall(
        question=Choice(
            id="recall-adam-and-the-batch",
            title="Adam and the batch",
            question="At a standing $\\theta$ the batch is made larger. What becomes of Adam's "
            "mean update, in units of its step size?",
            options=(
                Option("It grows, as its divisor holds less noise", right=True),
                Option(
                    "It stays, as the gradient's mean stays",
                    "So it is with SGD. Adam divides by the root of the mean *square*, in which "
                    "there is the noise, too.",
                ),
                Option(
                    "It shrinks, as there is less noise to follow",
                    "Noise has mean zero, so it adds nothing to the mean update. It only makes "
                    "the divisor larger.",
                ),
            ),
            why="Adam divides by signal and noise together, $\\sqrt{s^2 + \\sigma^2/b}$: the "
            "mean update grew from 0.15 at $b = 1$ to 0.86 at 300, towards the sign alone.",
        ),
        cell="ch6-32",
        shows="1 0.15 0.14 3 0.24 0.24 10 0.39 0.39 30 0.56 0.56 100 0.74 0.74 300 0.86 0.86",
    ),
    Recall(
        question=Choice(
            id="recall-decay-and-scale",
            title="Decay and loss scale",
            question="The log-likelihood in the loss is multiplied by 1,200, and nothing else. "
            "Which weight decay, used with Adam, acts as before?",
            options=(
                Option(
                    "L2, a penalty added to the loss",
                    "Adam divides by the size of the whole gradient, in which the penalty's share "
                    "is now 1,200 times smaller.",
                ),
                Option("AdamW's, which shrinks the weights directly", right=True),
                Option(
                    "Both, as Adam ignores the loss's scale",
                    "Adam ignores a factor of the *whole* loss. This one multiplies one term and "
                    "not the penalty.",
                ),
            ),
            why="AdamW's decay does not pass through the gradient: 0.79 of the norm was left at "
            "both scales, where with L2 it went from 0.78 to 1.00, no decay at all.",
        ),
        cell="opt-74",
        shows="1 100 0.74 0.78 0.79 100 100 1.00 0.99 0.79 1200 100 1.00 1.00 0.79",
    ),
    Recall(
        question=Choice(
            id="recall-mean-of-clipped",
            title="The mean of clipped gradients",
            question="The gradients of small batches are clipped by norm, and many are above the "
            "threshold. How does their mean compare with the exact gradient?",
            options=(
                Option(
                    "The same, as every direction is kept",
                    "Clipping keeps the direction of *each* gradient. The long ones lose most, so "
                    "they count less in the mean.",
                ),
                Option(
                    "Shorter, but in the same direction",
                    "Then a longer step would mend it. But gradients of different direction lose "
                    "different shares, so the mean turns.",
                ),
                Option("Shorter, and in another direction", right=True),
            ),
            why="Clipping is not linear, so it is biased: with 90% of single samples clipped the "
            "mean had 0.15 of the length and a cosine of 0.87.",
        ),
        cell="ch6-44",
        shows="1 2e+03 50% 0.41 0.94 17.2 1 4e+02 90% 0.15 0.87 14.0",
    ),
)
