"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

NEWTON_STEPS = Numeric(
    id="newton-steps-to-the-top",
    title="Steps to the top",
    question="Newton's method on chapter 2's TinyWorld sample: $p = 21$ parameters, a condition "
    "number $\\kappa$ (chapter 7) of 80. At $\\theta = 0$, $\\ell/m$ is about one nat below its "
    "maximum. After how many steps of (12.1) is it less than $10^{-9}$ nats below? (Two more or "
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
            "That would do if each step settled one parameter. (12.1) solves for all parameters at "
            "once, and the nearer it comes, the better the quadratic fits.",
        ),
        Near(
            30,
            "That would do if each step halved the error. (12.1) does better: the nearer it comes, "
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

FISHER_OR_EMPIRICAL = Choice(
    id="why-fisher-or-empirical",
    title="What keeps them apart",
    question="A TinyWorld is not an FVSBN. At the top of $\\ell$, with endless data, the table "
    "above has $F$ near $H$, and $E$ further off. Why?",
    options=(
        Option(
            "$E$ is a mean over samples of the data, $F$ over all $x$. More samples would bring "
            "$E$ to $F$, whatever the model is.",
            "The data are endless here, so $E$ has nothing to gain from more. It has arrived, and "
            "not at $F$.",
        ),
        Option(
            "$E$ does not take off the mean gradient. $E-\\bar g\\bar g^\\top$ is $F$, at any "
            "$\\theta$ and for any model.",
            "At the top $\\bar g=0$, so nothing is to be taken off. And what is left is $\\Sigma$, "
            "which is $F$ only for the right model.",
        ),
        Option(
            "$E$ has the squared errors that the data make, $F$ and $H$ those that the model "
            "expects. A wrong model expects others.",
            right=True,
        ),
    ),
    why="Given $x_{<i}$, the mean of $(x_i-\\sigma)^2$ is $\\sigma(1-\\sigma)$ only where "
    "$\\sigma$ is the true probability: in the table's last row.",
    of="fisher-or-empirical",
)
