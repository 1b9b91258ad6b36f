"""One step: the loss of a mini-batch, its gradient, an update."""

import math
import sys
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from mle_lib.checks import check_at_least, shown
from mle_lib.distributed import Workers
from mle_lib.models import AutoregressiveModel
from mle_lib.models.draws import wide
from mle_lib.optimizers.clipping import check_threshold, clip_by_norm
from mle_lib.training.contracts import check_optimizer

MOST = int(sys.float_info.max)


def loss_factor(scale: str, m: int, b: int) -> float:
    """What multiplies −Σ_{j∈B} log p(x^(j)) in the loss of a batch of b out of m samples.

    1 for ``"sum"``; 1/b for ``"mean"``, which estimates −ℓ/m; m/b for ``"estimate"``, which
    estimates −ℓ.

    Raises:
        ValueError: If ``scale`` is none of the three, or ``m`` or ``b`` is < 1 or no number that a
            float can hold.
    """
    m, b = check_at_least(m, 1, "m", MOST), check_at_least(b, 1, "b", MOST)
    factors = {"sum": 1.0, "mean": 1 / b, "estimate": m / b}
    if not isinstance(scale, str) or scale not in factors:
        known = ", ".join(factors)
        raise ValueError(f"scale must be one of {known}, got {shown(scale)}")
    return factors[scale]


def train_step(
    model: AutoregressiveModel,
    optimizer: Optimizer,
    batch: Tensor | Sequence[Tensor],
    m: int,
    scale: str = "estimate",
    max_norm: float | None = None,
    b: int | None = None,
    workers: Workers | None = None,
) -> float:
    """One update from one mini-batch: the optimiser descends the loss

        −(m/b) Σ_{j∈B} log p(x^(j)),    or with 1/b or 1 in place of m/b (see ``loss_factor``).

    The gradient is taken under ``torch.no_grad()`` too, and with respect to parameters alone.

    Args:
        model: p_θ, in the mode (``train`` or ``eval``) that it is to be trained in.
        optimizer: Of the model's parameters, or a part of them.
        batch: ``(b, n)``, or micro-batches whose rows together are the batch. Their gradients are
            added up before the one update, each scaled with the b of the *whole* batch, so that
            the result does not depend on how the batch is cut (where a row's terms do not depend on
            the rows beside it, as in train mode with BatchNorm).
        m: Data set size.
        scale: ``"estimate"``, ``"mean"`` or ``"sum"``.
        max_norm: If given, the gradient is clipped to this norm (``clip_by_norm``). It is the norm
            at the chosen scale, over the parameters that the optimiser holds.
        b: Rows of the whole batch, where ``workers`` share it.
        workers: Who make this step together: each calls it with its own rows, of which there may be
            none, and the b of all. Gradients and losses are summed over them (``Workers.add_up``)
            before the gradient is clipped, so that all make the update of the whole batch. If
            ``None``: this process alone, with b = the rows of ``batch``.

    Returns:
        The loss before the update, in nats.

    Raises:
        ValueError: If the model does not take the batch, it is empty, ``scale`` is unknown,
            ``m`` < 1, ``max_norm`` is not positive, or ``optimizer`` holds no trainable parameter
            of the model or needs more than dense gradients (a closure, as L-BFGS does), or there
            are none (``torch.inference_mode``), or of ``b`` and ``workers`` one is given alone.
            Nothing is changed then.
        FloatingPointError: If the loss is not finite, or with ``max_norm`` the gradient's norm, or
            if what is set in a group of an ``mle_lib`` optimiser has left the numbers of its dtype.
            The parameters are not changed then.
    """
    if max_norm is not None:
        max_norm = check_threshold(max_norm, "max_norm")
    if (b is None) != (workers is None):
        raise ValueError("b and workers must be given both or none, got one of them")
    if next(model.parameters(), None) is None:
        raise ValueError("model must have parameters, got none")
    parts = [model.prepare(part) for part in ([batch] if isinstance(batch, Tensor) else batch)]
    factor = loss_factor(scale, m, sum(len(part) for part in parts) if b is None else b)
    held = check_optimizer(model, optimizer)
    model.zero_grad()  # more than the optimiser's, if it holds a part of the parameters
    optimizer.zero_grad()
    torch.clear_autocast_cache()  # its copies of the weights, from before the last update
    if workers is None:
        loss = add_gradients(model, parts, factor)
    else:
        loss = add_shared_gradients(workers, model, parts, factor)
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss}: a smaller step size may keep it finite")
    if max_norm is not None:
        clip_by_norm([(name, q) for name, q in model.named_parameters() if id(q) in held], max_norm)
    optimizer.step()
    return loss


def add_gradients(model: AutoregressiveModel, parts: Sequence[Tensor], factor: float) -> float:
    """Add to ``.grad`` the gradient of −factor Σ log p(x^(j)) over all parts; return that loss."""
    loss = 0.0
    for part in parts:
        rows = part.clone() if part.is_inference() else part.detach()  # of data, no gradient
        with torch.enable_grad():
            terms = model(rows)
            part_loss = -factor * terms.sum(dtype=wide(terms.dtype))
        part_loss.backward()  # adds to what the parts before it left in .grad
        loss += part_loss.item()
    return loss


def add_shared_gradients(
    workers: Workers, model: AutoregressiveModel, parts: Sequence[Tensor], factor: float
) -> float:
    """The same over the parts of all workers, each of which draws noise (of dropout) of its own."""
    with workers.own_noise():
        try:
            loss = add_gradients(model, parts, factor)
        except (FloatingPointError, OverflowError):
            if workers.count == 1:
                raise
            loss = math.nan  # so that all hear of it
    return workers.add_up(model.parameters(), loss)
