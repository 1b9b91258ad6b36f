"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-the-next-newton-step",
            title="The next Newton step",
            question="Near the top of a concave log-likelihood, Newton's method is $10^{-5}$ nats "
            "below the maximum. About how far below is it one step later?",
            options=(
                Option(
                    "$10^{-6}$: each step leaves a tenth",
                    "A constant part is what ascent leaves, or Newton with a curvature from few "
                    "rows. The parabola fits better the nearer it is drawn.",
                ),
                Option("$10^{-10}$: each step doubles the digits", right=True),
                Option(
                    "0: one step goes to the top",
                    "To the top of the parabola. What this leaves out, third derivatives, is "
                    "still there after the step.",
                ),
            ),
            why="The parabola's top is off by about the square of the distance to go, whatever the "
            "condition number: the gap went from $8 \\cdot 10^{-6}$ to $4 \\cdot 10^{-10}$.",
        ),
        cell="ch7-07",
        shows="3 8e-06 4 4e-10",
    ),
    Recall(
        question=Choice(
            id="recall-sure-and-wrong",
            title="Sure and wrong",
            question="A logistic model starts at parameters where it is sure, and wrong. What is "
            "the matter with an undamped Newton step from there?",
            options=(
                Option(
                    "It is tiny, for the slope is nearly 0",
                    "The slope is the error, which is large where the model is wrong. What is "
                    "nearly 0 is the curvature, by which it is divided.",
                ),
                Option(
                    "It leads downhill, for the curvature is negative",
                    "The log-likelihood of a logistic model is concave, so the direction is "
                    "uphill everywhere.",
                ),
                Option("It is far too long, for curvature is nearly 0", right=True),
            ),
            why="Slope over curvature grows without bound where the sigmoid is flat: for a fair "
            "coin the step from 3 ended at $-7$, farther out than it began, and halving it helps.",
        ),
        cell="ch7-54",
        shows="2.5 -3.6 3.0 -7.0",
    ),
    Recall(
        question=Choice(
            id="recall-three-matrices",
            title="Three matrices at the top",
            question="At the top of $\\ell$, when are the curvature, the Fisher information and "
            "the mean outer product of the samples' gradients one and the same matrix?",
            options=(
                Option("If endless data come from the model", right=True),
                Option(
                    "Always: the mean gradient is 0 there",
                    "Then the mean outer product is the covariance of the noise. That it equals "
                    "the curvature takes a model that is right.",
                ),
                Option(
                    "If the data are endless, whatever the model",
                    "With endless data a wrong model keeps its distance: the noise at its top is "
                    "that of the data, the curvature its own.",
                ),
            ),
            why="With data of an FVSBN's own they agreed to $10^{-12}$; with endless data of "
            "another kind the outer products stayed 9 % away from the curvature.",
        ),
        cell="ch7-17",
        shows="500 samples, top 0.006 0.059 endless, top 0.006 0.086 an FVSBN, top < 1e-12 < 1e-12",
    ),
    Recall(
        question=Numeric(
            id="recall-loss-of-the-exact-maximum",
            title="Loss of the exact maximum",
            question="A right model with 100 parameters is fitted exactly to 5,000 samples. On new "
            "data, how many nats a sample does it lose on average to the best parameters?",
            answer=0.01,
            tolerance=0.0005,
            near=(
                Near(
                    0.02,
                    "That is $p/m$. The loss is quadratic in what the parameters are off, with "
                    "the factor $\\frac12$ of a parabola.",
                ),
                Near(
                    0.0001,
                    "That is $1/2m$, what one parameter loses. There are 100 of them.",
                ),
                Near(
                    0.0,
                    "It is at the top of *its* sample's $\\ell$. Another sample has its top "
                    "elsewhere.",
                ),
            ),
            otherwise="How much does one parameter lose that is fitted to $m$ samples? Multiply by "
            "the number of parameters.",
            why="$\\frac{p}{2m}$, since each parameter loses $\\frac{1}{2m}$: 200 fits in the "
            "TinyWorld lost 0.99 of what the law says, and smaller gaps hardly show on new data.",
            unit="nats",
        ),
        cell="ch7-80",
        shows="TinyWorld, 200 MLEs: mean loss / law 0.99",
    ),
    Recall(
        question=Choice(
            id="recall-newton-under-noise",
            title="Newton under noise",
            question="Gradients of batches of $b$ are multiplied by the exact $H^{-1}$ and a "
            "constant $\\alpha$. What decides how far below the top such a run hovers?",
            options=(
                Option(
                    "The condition number of $H$, as for SGD",
                    "All directions now forget their start alike, so the condition number is out "
                    "of it.",
                ),
                Option(
                    "Nothing: with $H^{-1}$ it goes to the top",
                    "$H^{-1}$ multiplies the noise of the gradient as well as the gradient.",
                ),
                Option("$\\alpha/b$, the step size over the batch size", right=True),
            ),
            why="Curvature sets the speed and does nothing against noise: runs with three pairs of "
            "$\\alpha$ and $b$ hovered at 1.00 to 1.03 of the law, about $\\alpha p/4b$.",
        ),
        cell="ch7-29",
        shows="0.1 25 1.01 0.1 125 1.00 0.5 125 1.03",
    ),
    Recall(
        question=Choice(
            id="recall-newton-with-hidden-units",
            title="Newton with hidden units",
            question="Undamped Newton climbed the log-likelihood of a network with hidden units "
            "from twelve random starts. Where did those runs end that settled at all?",
            options=(
                Option(
                    "At tops, of different heights",
                    "So ended L-BFGS, which keeps to positive curvature and never steps lower. "
                    "Newton goes to a parabola's bottom as readily as to its top.",
                ),
                Option("At saddles or plateaus, none at a top", right=True),
                Option(
                    "At one top, the highest of all",
                    "That would do for a concave log-likelihood. With hidden units there are "
                    "directions in which the curvature is negative.",
                ),
            ),
            why="Where the curvature is negative, slope over curvature leads downhill: seven runs "
            "were lost, three ended at saddles, one on a plateau.",
        ),
        cell="ch7-77",
        shows="lost, below -20 7 12 plateau at -3.655 1 0 saddle at -3.290 1 0 "
        "saddle at -3.655 2 0 still moving 1 0",
    ),
)
