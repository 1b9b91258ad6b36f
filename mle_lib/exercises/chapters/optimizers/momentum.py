"""One update of momentum."""

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def momentum_update(theta, u, g, alpha, beta):
    u = beta * u + g
    return theta + alpha * u, u


def old_velocity(theta, u, g, alpha, beta):
    return theta + alpha * u, beta * u + g


def damped(theta, u, g, alpha, beta):
    u = beta * u + (1 - beta) * g
    return theta + alpha * u, u


def step_inside(theta, u, g, alpha, beta):
    u = beta * u + alpha * g
    return theta + u, u


def other_order(theta, u, g, alpha, beta):
    theta, u = momentum_update(theta, u, g, alpha, beta)
    return u, theta


def downhill(theta, u, g, alpha, beta):
    u = beta * u + g
    return theta - alpha * u, u


def draw(d: Draw) -> Arguments:
    p, scale = d.size("p", 1, 8, far=401), d.number("scale", 1e-4, 1e4)
    u, g = (scale * d.reals(name, p, upto=8) for name in ("u", "g"))
    step = d.number("step", 1e-4, 100)
    theta = step * scale * d.reals("theta", p)  # what is added to it shows
    beta = 1 - d.number("1 - beta", 1e-4, 0.99, also=(1, 0))
    return theta, u, g, step * d.number("alpha", 0.3, 3, also=(0,)), beta


EXERCISE = CodeExercise(
    id="momentum-update",
    title="Momentum, one update",
    answer=momentum_update,
    draw=draw,
    slips=(
        Slip(
            old_velocity,
            "You moved $\\theta$ with the velocity from before this gradient. (7.1) renews $u$ "
            "first; with yours every gradient comes one step late.",
        ),
        Slip(
            damped,
            "You put $1-\\beta$ in front of the gradient. (7.1) adds the whole of it; a running "
            "mean, as in Adam, would have the factor.",
        ),
        Slip(
            step_inside,
            "You put $\\alpha$ into the velocity, as Polyak did. In (7.1) $u$ is made of "
            "gradients, without $\\alpha$, and the $u$ you were given is of that kind.",
        ),
        Slip(other_order, "Both are right, in the other order: $\\theta$ comes first."),
        Slip(
            downhill,
            "You walked downhill. Here `g` is uphill, as everywhere in the text. With the gradient "
            "of a loss, as PyTorch has it, the minus would be right.",
        ),
    ),
    hints=(
        "(7.1) has two lines. Which velocity stands in the second: the old one or the new one?",
        "The new velocity keeps the share $\\beta$ of the old one and adds the whole gradient.",
        "`u = beta * u + g` makes the new velocity. Then add `alpha` times it to `theta`, and "
        "return both, `theta` first.",
    ),
    why="Each gradient goes on pushing, with weights $1, \\beta, \\beta^2, \\dots$, which add up "
    "to the $1/(1-\\beta)$ of the effective step (7.4).",
    note="`u = beta * u + g` makes a new array; `u *= beta` would change the caller's. Fed with "
    "minus the gradient of a loss, this is `mle_lib.optimizers.Momentum`, and PyTorch's "
    "`SGD` with `momentum=beta`.",
)
