"""The training step in PyTorch."""

from importlib import import_module
from typing import Any

import numpy as np

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

    The model is an FVSBN, in whose ``.grad`` an earlier batch may have left its gradient. torch
    and the model are imported by the call, so that a chapter's exercises can be listed without
    them. A step size that was multiplied for one step, and left so, would spoil the next.
    """

    def step(theta: np.ndarray, batch: np.ndarray, m: int, alpha: float, earlier: bool) -> Any:
        torch, models = import_module("torch"), import_module("mle_lib.models")
        model = models.FVSBN(batch.shape[1]).double()
        torch.nn.utils.vector_to_parameters(torch.tensor(theta), model.parameters())
        rows = torch.as_tensor(batch)
        if earlier:
            (-model.log_prob(rows[:1]).sum()).backward()
        optimizer = torch.optim.SGD(model.parameters(), lr=alpha)
        loss = answer(model, optimizer, rows, m)
        if loss is None or loss is ...:
            return loss
        moved = torch.nn.utils.parameters_to_vector(model.parameters())
        return moved, loss, optimizer.param_groups[0]["lr"]

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
    needs="torch",
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
