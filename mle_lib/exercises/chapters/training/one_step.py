"""The training step: lines to order, two gaps, a stub."""

from dataclasses import replace
from typing import Any

import numpy as np

from mle_lib.exercises.chapters.training.stand_in import FVSBN, SGD, Tensor
from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def one_step(model, optimizer, batch, m):
    optimizer.zero_grad()
    loss = -m / len(batch) * model.log_prob(batch).sum()
    loss.backward()
    optimizer.step()
    return loss.item()


def gradient_kept(model, optimizer, batch, m):
    loss = -m / len(batch) * model.log_prob(batch).sum()
    loss.backward()
    optimizer.step()
    return loss.item()


def downhill(model, optimizer, batch, m):
    optimizer.zero_grad()
    loss = m / len(batch) * model.log_prob(batch).sum()
    loss.backward()
    optimizer.step()
    return loss.item()


def mean_of_the_batch(model, optimizer, batch, m):
    return one_step(model, optimizer, batch, 1)


def sum_of_the_batch(model, optimizer, batch, m):
    return one_step(model, optimizer, batch, len(batch))


def step_before_backward(model, optimizer, batch, m):
    optimizer.zero_grad()
    loss = -m / len(batch) * model.log_prob(batch).sum()
    optimizer.step()
    loss.backward()
    return loss.item()


def on_a_small_model(answer: Function) -> Function:
    """The parameters after one step, what the answer returned, and the step size after it.

    The model is an FVSBN, in whose ``.grad`` an earlier batch may have left its gradient. A step
    size that was multiplied for one step, and left so, would spoil the next.
    """

    def step(theta: np.ndarray, batch: np.ndarray, m: int, alpha: float, earlier: bool) -> Any:
        model, rows = FVSBN(theta), Tensor(batch)
        if earlier:
            (-model.log_prob(rows[:1]).sum()).backward()
        optimizer = SGD(model, alpha)
        loss = answer(model, optimizer, rows, m)
        if loss is None or loss is ...:
            return loss
        number = loss.data if isinstance(loss, Tensor) else loss
        return np.asarray(model.theta.data), number, optimizer.param_groups[0]["lr"]

    return step


def draw(d: Draw) -> Arguments:
    n, b = d.size("n", 1, 4, far=31), d.size("b", 1, 8, far=307)
    theta = d.reals("theta", n * (n + 1) // 2, upto=300)
    batch = d.bits("batch", b, n)
    earlier = bool(d.bits("earlier", 1).item())  # no word: not with each class of each size
    m, alpha = d.size("m", b, max(b, 100), far=59_999), d.number("alpha", 1e-5, 1)
    return theta, batch, m, alpha, earlier


EXERCISE = CodeExercise(
    id="train-step",
    title="The training step",
    answer=one_step,
    draw=draw,
    # a loss near 0
    cases=lambda rng: [(np.array([-9.0]), np.zeros((1, 1)), 1, 0.1, True)],
    adapt=on_a_small_model,
    slips=(
        Slip(
            gradient_kept,
            "The gradient of an earlier batch is still in your step: `backward` adds to what is in "
            "`.grad`. It must be cleared before `backward` is called.",
        ),
        Slip(
            downhill,
            "The sign is flipped: the optimiser descends the loss, so here the log-likelihood "
            "falls. The loss is *minus* the estimate of $\\ell$.",
        ),
        Slip(
            mean_of_the_batch,
            "This is off by exactly $m$: minus the mean over the batch estimates $-\\ell/m$. The "
            "task asks for the $(m/b)$ estimate of $-\\ell$.",
        ),
        Slip(
            sum_of_the_batch,
            "This is off by exactly $m/b$: the sum is over the $b$ samples of the batch, while "
            "$\\ell$ is a sum over all $m$.",
        ),
        Slip(
            step_before_backward,
            "The parameters have not moved. `step` uses what `backward` has left in `.grad`: is it "
            "called, after `backward`, and with no `zero_grad` between the two?",
        ),
    ),
    hints=(
        "Five things: forget, compute, differentiate, move, return. Section 4.2 has them in "
        "order, with another loss.",
        "`model.log_prob(batch)` has one entry for each of the `len(batch)` samples.",
        "The loss is $-m/b$ times their sum. Return it with `.item()`.",
    ),
    why="Every training loop of this book is this step in two loops; what differs is the model, "
    "the optimiser and the factor.",
    note="With plain SGD the step is $\\alpha \\hat g$ itself. `loss.item()` is a plain "
    "number; the loss itself would keep its graph, and the memory it takes, alive.",
)

ORDER = replace(
    EXERCISE,
    id="order-the-training-step",
    title="A training step",
    stage="order",
    of=EXERCISE.id,
    hints=(
        "`step` moves along what is in `.grad`. Which line puts it there, and from what?",
        "`backward` adds to `.grad`. What an earlier batch has left must be gone before.",
    ),
    why="`step` uses whatever is in `.grad`: clear it, fill it, use it.",
    note="`zero_grad` may stand anywhere before `backward`, and `loss.item()` anywhere after the "
    "loss: a step does not change a loss that was computed before it.",
)

FILL = replace(
    EXERCISE,
    id="fill-the-training-step",
    title="What the step must not forget",
    stage="fill",
    of=EXERCISE.id,
    hints=(
        "`backward` adds to `.grad`, and an earlier batch may have left its gradient there.",
        "The sum is over `len(batch)` of $m$ samples, and the loss estimates *minus* $\\ell$.",
    ),
    why="Both gaps decide what the step follows: this batch alone, on the scale of $-\\ell$.",
    note="The $b$ of the factor is that of this batch, `len(batch)`: the last one of a pass may be "
    "shorter.",
)
