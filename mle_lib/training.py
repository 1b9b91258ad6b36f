"""Training: one step, many steps, and what they leave behind."""

import math
import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm.auto import tqdm

from mle_lib.checkpoints import load_checkpoint, patient_interrupt, save_checkpoint
from mle_lib.checks import check_at_least, check_binary
from mle_lib.clipping import check_threshold, clip_by_norm
from mle_lib.history import History, Run
from mle_lib.models import AutoregressiveModel

__all__ = ["History", "fit", "load_checkpoint", "loss_factor", "save_checkpoint", "train_step"]


def loss_factor(scale: str, m: int, b: int) -> float:
    """What multiplies −Σ_{j∈B} log p(x^(j)) in the loss of a batch of b out of m samples.

    1 for ``"sum"``; 1/b for ``"mean"``, which estimates −ℓ/m; m/b for ``"estimate"``, which
    estimates −ℓ.

    Raises:
        ValueError: If ``scale`` is none of the three, or ``m`` or ``b`` < 1.
    """
    m, b = check_at_least(m, 1, "m"), check_at_least(b, 1, "b")
    factors = {"sum": 1.0, "mean": 1 / b, "estimate": m / b}
    if scale not in factors:
        raise ValueError(f"scale must be one of {', '.join(factors)}, got {scale!r}")
    return factors[scale]


def train_step(
    model: AutoregressiveModel,
    optimizer: Optimizer,
    batch: Tensor | Sequence[Tensor],
    m: int,
    scale: str = "estimate",
    max_norm: float | None = None,
) -> float:
    """One update from one mini-batch: the optimiser descends the loss

        −(m/b) Σ_{j∈B} log p(x^(j)),    or with 1/b or 1 in place of m/b (see ``loss_factor``).

    Args:
        model: p_θ.
        optimizer: Of the model's parameters.
        batch: ``(b, n)``, or micro-batches whose rows together are the batch. Their gradients are
            added up before the one update, each scaled with the b of the *whole* batch, so that
            the result does not depend on how the batch is cut.
        m: Data set size.
        scale: ``"estimate"``, ``"mean"`` or ``"sum"``.
        max_norm: If given, the gradient is clipped to this norm (``clip_by_norm``). It is the norm
            at the chosen scale, over the parameters that the optimiser holds.

    Returns:
        The loss before the update, in nats.

    Raises:
        ValueError: If the batch is empty or not made of rows of n 0s and 1s, ``scale`` is unknown,
            ``m`` < 1, or ``max_norm`` is not positive. Nothing is changed then.
        FloatingPointError: If the loss is not finite, or with ``max_norm`` the gradient's norm. The
            parameters are not changed then.
    """
    parts = [model.prepare(part) for part in ([batch] if isinstance(batch, Tensor) else batch)]
    factor = loss_factor(scale, m, sum(len(part) for part in parts))
    if max_norm is not None:
        check_threshold(max_norm, "max_norm")
    model.zero_grad()  # more than the optimiser's, if it holds a part of the parameters
    optimizer.zero_grad()
    loss = 0.0
    for part in parts:
        part_loss = -factor * model(part).sum()
        part_loss.backward()  # adds to what the parts before it left in .grad
        loss += part_loss.item()
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss}: a smaller step size may keep it finite")
    if max_norm is not None:
        moved = {id(q) for group in optimizer.param_groups for q in group["params"]}
        named = [(name, q) for name, q in model.named_parameters() if id(q) in moved]
        clip_by_norm(named, max_norm)
    optimizer.step()
    return loss


def fit(
    model: AutoregressiveModel,
    optimizer: Optimizer,
    train: Tensor,
    valid: Tensor | None = None,
    *,
    batch_size: int,
    epochs: int,
    scale: str = "estimate",
    seed: int = 0,
    patience: int | None = None,
    max_norm: float | None = None,
    micro_batch_size: int | None = None,
    scheduler: LRScheduler | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train by ``train_step``, pass after pass, each over a new shuffle of the data.

    The last batch of a pass may be short; it is scaled with its own b. Ctrl-C ends training after
    the current step; what was learned is kept.

    Args:
        train: ``(m, n)``, on the model's device.
        valid: Other data. If given, the parameters kept are those of the entry of the history with
            the largest ``valid``.
        batch_size: b, at most m.
        epochs: Passes to make, at least 1.
        scale, max_norm: See ``train_step``.
        seed: Of the shuffles: the same seed, start and machine give the same numbers.
        patience: Stop after so many passes without a new best ``valid``.
        micro_batch_size: Cut each batch, and the data when ℓ is evaluated, into parts of at most so
            many rows: less memory, the same update.
        scheduler: Its ``step`` is called after each update.
        checkpoint: File kept up to date after each pass and at an interrupt. If it is there,
            training goes on from it (optimiser settings included) as if it had never stopped.
        progress: Whether to show a progress bar (with ``TQDM_DISABLE=1`` in the environment: none).

    Returns:
        The history. Its ``ended`` says whether training diverged (there is a warning, too).

    Raises:
        ValueError: If an argument is wrong, or the checkpoint is of another run.
    """
    m, b = len(check_binary(train, model.n, "train")), check_at_least(batch_size, 1, "batch_size")
    if b > m:
        raise ValueError(f"batch_size must be at most m = {m}, got {b}")
    if valid is not None:
        check_binary(valid, model.n, "valid")
    if patience is not None and check_at_least(patience, 1, "patience") and valid is None:
        raise ValueError("patience needs validation data, got valid=None")
    check_at_least(epochs, 1, "epochs")
    micro = check_at_least(
        b if micro_batch_size is None else micro_batch_size, 1, "micro_batch_size"
    )
    loss_factor(scale, m, b)  # an unknown scale is named before anything is done
    seed = check_at_least(seed, 0, "seed")
    if max_norm is not None:
        max_norm = check_threshold(max_norm, "max_norm")
    setting = {"batch_size": b, "scale": scale, "seed": seed, "max_norm": max_norm}
    run = Run(model, optimizer, scheduler, train, valid, seed, micro_batch_size)
    if checkpoint is not None and Path(checkpoint).exists():
        run.resume(checkpoint, setting)
    else:
        run.record(0)
        if checkpoint is not None:  # a place that cannot be written to is found out now
            run.save(checkpoint, setting)

    ended = run.end(epochs, patience)
    steps = -(-m // b)  # a pass
    bar = tqdm(
        total=epochs * steps,
        initial=run.epoch * steps + run.step,
        unit="step",
        leave=False,
        # in a notebook tqdm itself would not ask the environment
        disable=not progress or os.environ.get("TQDM_DISABLE") == "1",
    )
    try:
        with patient_interrupt() as asked, bar:
            while not ended:
                generator = torch.Generator()
                generator.set_state(run.shuffle)
                for B in torch.randperm(m, generator=generator).split(b)[run.step :]:
                    start = time.perf_counter()
                    try:
                        train_step(model, optimizer, train[B].split(micro), m, scale, max_norm)
                    except FloatingPointError:
                        ended = "diverged"
                        break
                    if scheduler is not None:
                        scheduler.step()
                    run.step, run.seconds = run.step + 1, run.seconds + time.perf_counter() - start
                    bar.update()
                    if asked():
                        ended = "interrupt"
                        break
                if run.step == steps:
                    run.epoch, run.step, run.shuffle = run.epoch + 1, 0, generator.get_state()
                    run.record(run.epoch)
                ended = ended or run.end(epochs, patience)
                if checkpoint is not None and ended != "diverged":
                    run.save(checkpoint, setting)
        if run.step and ended != "diverged":  # interrupted, now or before
            run.record(run.epoch + run.step / steps)
        elif ended == "interrupt" and run.epoch >= epochs:
            ended = "epochs"
    finally:  # also where a second Ctrl-C or an error ends training
        if run.best is not None:
            model.load_state_dict(run.best)
    if ended == "diverged":
        message = "training diverged and was stopped: try a smaller step size"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    run.history.ended = ended
    return run.history
