"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

EXACT_STEPS = Numeric(
    id="steps-with-the-exact-gradient",
    title="Steps with the exact gradient",
    question="With batches of a single sample this takes about 2,500 steps. How many does it "
    "take with the exact gradient, each step over all 1,200 samples? (Within 50 counts as "
    "right.) And which of the two ways needs fewer sample gradients?",
    answer=54,
    tolerance=50,
    near=(
        Near(
            2,
            "Two steps, 2,500/1,200, would do if every sample gradient were worth as much as "
            "before. But the length of a step has a limit, the curvature, however exact its "
            "direction is.",
        ),
        Near(
            2500,
            "That many? Noise forces the steps of single samples to be short. An exact step may "
            "be much longer.",
        ),
    ),
    otherwise="Noise keeps the steps of single samples short. Exact steps are limited by the "
    "curvature alone. In section 5.1 exact runs took about 80 steps: here it is of that order.",
    why="Now look at the sample gradients: for these few steps the exact run pays more than twenty "
    "times as many.",
    prediction=True,
    printed="54",
    unit="steps",
)


def steps(b: float) -> float:
    """$T/T_min$ of (5.1), with b in units of $B_crit$."""
    return 1 + 1 / b


DOUBLING = Numeric(
    id="doubling-the-batch",
    title="Doubling the batch",
    question="You double $b$ from $B_\\text{crit}/4$ to $B_\\text{crit}/2$. By what factor does "
    "(5.1) change the number of steps? Two figures.",
    answer=steps(1 / 2) / steps(1 / 4),
    tolerance=0.0125,  # so that 1.7 is known for 5/3
    near=(
        Near(
            0.5,
            "Half the steps is the limit for $b \\ll B_\\text{crit}$. The 1 in (5.1) stays as it "
            "is.",
        ),
        Near(
            2 * steps(1 / 2) / steps(1 / 4),
            "That is the factor for sample gradients: each step now takes twice as many. (The "
            "fraction in (5.1) upside down gives 1.2 as well.)",
        ),
        Near(
            steps(1 / 4) / steps(1 / 2),
            "That is the old number over the new one. A larger batch needs fewer steps.",
        ),
        Near(
            1 - steps(1 / 2) / steps(1 / 4),
            "That is the share of the steps that is saved. The factor is what is left.",
        ),
    ),
    otherwise="Put both batch sizes into (5.1); $T_\\text{min}$ cancels. What is "
    "$B_\\text{crit}/b$ at each?",
    why="Twice the batch, 0.6 times the steps, so 1.2 times the sample gradients; from "
    "$4B_\\text{crit}$ to $8B_\\text{crit}$ it is 0.9 times the steps for 1.8 times the sample "
    "gradients.",
)
