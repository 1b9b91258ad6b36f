"""Questions of a chapter."""

from mle_lib.exercises.quizzes import Near, Numeric

DECAY = Numeric(
    id="power-of-the-decay",
    title="How fast it goes on falling",
    question="Take the third schedule, $\\alpha_t = 1/(1 + t/200)$, late: $t \\gg 200$. What is "
    "lost against the maximum then falls like $t^p$. Which $p$ does (6.3) with short steps "
    "suggest, if the run hovers at each $t$ as it would with that $\\alpha_t$ held constant?",
    answer=-1.0,
    tolerance=0.05,
    near=(
        Near(
            1,
            "With that power the loss would grow. It falls: a sign is missing.",
        ),
        Near(
            -2,
            "The step size falls like $1/t$. You have the noise of *one* step, which goes like "
            "$\\alpha^2$. What has gathered at the top goes like $\\alpha$, because a shorter step "
            "also forgets more slowly.",
        ),
        Near(
            -0.5,
            "Like this falls the *distance* to the top. The height lost goes with its square.",
        ),
        Near(
            0,
            "That is the constant step, which levels off. Here the step gets ever shorter, and the "
            "loss with it.",
        ),
    ),
    otherwise="With a short constant step the loss is $\\frac{\\alpha}{4b}\\operatorname{tr}"
    "\\Sigma$. How does $\\alpha_t$ fall when $t$ is far above 200?",
    why="The loss is proportional to $\\alpha$, and $\\alpha_t \\approx 200/t$. The checked cell "
    "below measures it after step 2000.",
    prediction=True,
    printed="-1.0",
)
