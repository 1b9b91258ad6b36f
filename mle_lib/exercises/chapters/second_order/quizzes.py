"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

NEWTON_STEPS = Numeric(
    id="newton-steps-to-the-top",
    title="Steps to the top",
    question="Newton's method on chapter 2's TinyWorld sample: $p = 21$ parameters, a condition "
    "number $\\kappa$ (chapter 7) of 80. At $\\theta = 0$, $\\ell/m$ is about one nat below its "
    "maximum. After how many steps of (11.1) is it less than $10^{-9}$ nats below? (Two more or "
    "fewer count as right.)",
    answer=4,
    tolerance=2,
    near=(
        Near(
            1,
            "One step would do if $\\ell$ were the quadratic. What the quadratic leaves out is "
            "still there after it.",
        ),
        Near(
            21,
            "That would do if each step settled one parameter. (11.1) solves for all parameters at "
            "once, and the nearer it comes, the better the quadratic fits.",
        ),
        Near(
            30,
            "That would do if each step halved the error. (11.1) does better: the nearer it comes, "
            "the better the quadratic fits.",
        ),
        Near(
            80,
            "$\\kappa$ sets the number of steps of *ascent*, whose one step size must serve all "
            "directions. $H^{-1}$ gives each direction its own.",
        ),
        Near(
            880,
            "That is what ascent with the exact gradient takes. Newton's step knows the curvature "
            "of each direction.",
        ),
    ),
    otherwise="Near the top the quadratic fits better and better. What does that do to the error "
    "of the next step?",
    why="Look at the exponents of the gap: from one step to the next they about double. Then "
    "compare with ascent, in the last line.",
    prediction=True,
    printed="4",
    unit="steps",
)
