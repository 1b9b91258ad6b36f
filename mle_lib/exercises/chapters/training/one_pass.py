"""One pass over the data, to be mended."""

from itertools import permutations
from typing import Any

import numpy as np

from mle_lib.exercises.chapters.training.stand_in import FVSBN, SGD, Linear, Tensor
from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def one_pass(model, optimizer, x, order, size):
    m, losses = len(x), []
    for start in range(0, m, size):
        batch = x[order[start : start + size]]
        optimizer.zero_grad()
        loss = -m / len(batch) * model.log_prob(batch).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def cleared_once(model, optimizer, x, order, size):
    m, losses = len(x), []
    optimizer.zero_grad()
    for start in range(0, m, size):
        batch = x[order[start : start + size]]
        loss = -m / len(batch) * model.log_prob(batch).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def nominal_size(model, optimizer, x, order, size):
    m, losses = len(x), []
    for start in range(0, m, size):
        batch = x[order[start : start + size]]
        optimizer.zero_grad()
        loss = -m / size * model.log_prob(batch).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def cleared_once_and_nominal_size(model, optimizer, x, order, size):
    m, losses = len(x), []
    optimizer.zero_grad()
    for start in range(0, m, size):
        batch = x[order[start : start + size]]
        loss = -m / size * model.log_prob(batch).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def cleared_before_the_step(model, optimizer, x, order, size):
    m, losses = len(x), []
    for start in range(0, m, size):
        batch = x[order[start : start + size]]
        loss = -m / len(batch) * model.log_prob(batch).sum()
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        losses.append(loss.item())
    return losses


def not_cleared_first(model, optimizer, x, order, size):
    m, losses = len(x), []
    for start in range(0, m, size):
        batch = x[order[start : start + size]]
        loss = -m / len(batch) * model.log_prob(batch).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def on_a_small_model(answer: Function) -> Function:
    """How far the parameters have moved, what the answer returned, and the step size after it."""

    def run(
        theta: np.ndarray,
        x: np.ndarray,
        order: np.ndarray,
        size: int,
        lr_times_m: float,
        earlier: bool,
    ) -> Any:
        model, rows = FVSBN(theta), Tensor(x)
        if earlier:
            (-model.log_prob(rows[:1]).sum()).backward()
        optimizer = SGD(model, lr_times_m / len(x))
        losses = answer(model, optimizer, rows, order, size)
        if losses is None or losses is ...:
            return losses
        if isinstance(losses, list):
            losses = np.array([one.data if isinstance(one, Tensor) else one for one in losses])
        return np.asarray(model.theta.data) - theta, losses, optimizer.param_groups[0]["lr"]

    return run


class Recorded(SGD):
    """Keeps where each of its steps has led."""

    def __init__(self, model: Linear) -> None:
        super().__init__(model, 1.0)
        self.path = [1.0 * model.theta.data]

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        self.path.append(1.0 * self.model.theta.data)
        return loss


def weights(answer: Function, m: int, size: int) -> np.ndarray:
    """What each step of a pass weighs each sample with, the mean over all orders: (steps, m)."""
    moves = []
    for order in permutations(range(m)):
        model = Linear(np.zeros(m))
        optimizer = Recorded(model)
        answer(model, optimizer, Tensor(np.eye(m)), np.array(order), size)
        moves.append(np.diff(optimizer.path, axis=0))
    return np.mean(moves, axis=0)


def estimates(answer: Function) -> str:
    m, size = 5, 2
    of_steps = weights(answer, m, size)
    if not len(of_steps):
        return f"With {m} samples and `size = {size}`, your program never calls `optimizer.step`."
    means = ", ".join(f"{w.mean():.2f}" for w in of_steps)
    alike = np.allclose(of_steps, of_steps.mean(axis=1, keepdims=True))
    spread = "" if alike else " (not all alike: these are means)"
    many = "step gives" if len(of_steps) == 1 else f"{len(of_steps)} steps give"
    return (
        f"With {m} samples and `size = {size}`, in the mean over all orders, your {many} each "
        f"sample the weight {means}{spread}. $\\nabla\\ell$ needs the weight 1 at each of 3 steps."
    )


def draw(d: Draw) -> Arguments:
    n, m = d.size("n", 1, 4, far=31), d.size("m", 1, 12, far=307)
    size = d.size("size", 1, 8, far=101)
    theta = d.reals("theta", n * (n + 1) // 2, upto=300)
    x = d.bits("x", m, n)
    order = np.argsort(d.reals("order", m), kind="stable")
    rate, earlier = d.number("rate", 1e-4, 0.1), bool(d.bits("earlier", 1).item())
    return theta, x, order, size, rate, earlier


EXERCISE = CodeExercise(
    id="mend-a-training-loop",
    title="One pass over the data",
    answer=one_pass,
    draw=draw,
    # a loss near 0, and a large one
    cases=lambda rng: [
        (np.array([-9.0]), np.zeros((1, 1)), np.zeros(1, int), 1, 0.1, True),
        (np.array([-3000.0]), np.ones((3, 1)), np.array([2, 0, 1]), 2, 0.1, True),
    ],
    adapt=on_a_small_model,
    stage="mend",
    given="cleared_once_and_nominal_size",
    estimates=estimates,
    slips=(
        Slip(
            cleared_once_and_nominal_size,
            "Step $k$ follows the sum of the gradients of batches $1$ to $k$ of the pass. A last "
            "batch with only $b$ samples, fewer than `size`, enters it as $b/$`size` times an "
            "estimate of $\\nabla\\ell$.",
        ),
        Slip(
            cleared_once,
            "Each batch now has its own factor. But step $k$ follows the sum of the gradients of "
            "batches $1$ to $k$ of the pass: nearly $k\\,\\nabla\\ell$, most of it at places where "
            "$\\theta$ was before.",
        ),
        Slip(
            nominal_size,
            "Each step now follows its own batch. But where the last batch has only $b$ samples, "
            "fewer than `size`, its step estimates $b/$`size` times $\\nabla\\ell$.",
        ),
        Slip(
            cleared_before_the_step,
            "Nothing is estimated: the parameters do not move. `step` is to follow `backward`, and "
            "`zero_grad` between the two takes away what `backward` has left for it.",
        ),
        Slip(
            not_cleared_first,
            "What a batch leaves in `.grad` is cleared after its step. But what was there before "
            "the pass is still in your first step: clear before the first `backward` too.",
        ),
    ),
    hints=(
        "At which steps is `.grad` empty when `backward` is called?",
        "How many samples has the last batch, if `size` does not divide $m$?",
        "Clear in every round, before `backward`; and divide by `len(batch)`.",
    ),
    why="Every step of the pass now estimates $\\nabla\\ell$ once: the right batch, the right "
    "weight.",
    note="`zero_grad` belongs to each step, not to the pass. The factor belongs to the batch that "
    "is there.",
)
