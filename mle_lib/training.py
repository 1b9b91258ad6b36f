"""Training: one step, many steps, and what they leave behind."""

import math
import os
import time
import warnings

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm.auto import tqdm

from mle_lib.checkpoints import load_checkpoint, save_checkpoint
from mle_lib.checks import check_at_least, check_binary, check_not_negative, check_seed
from mle_lib.clipping import as_number, check_threshold
from mle_lib.contracts import check_lasts, check_optimizer, check_scheduler
from mle_lib.files import as_path
from mle_lib.history import History
from mle_lib.interrupts import patient_interrupt
from mle_lib.models import AutoregressiveModel
from mle_lib.run import Run
from mle_lib.states import put_state
from mle_lib.steps import loss_factor, train_step

__all__ = ["History", "fit", "load_checkpoint", "loss_factor", "save_checkpoint", "train_step"]


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
    checkpoint: str | os.PathLike[str] | None = None,
    save_every: float | None = 60.0,
    progress: bool = True,
) -> History:
    """Train by ``train_step``, pass after pass, each over a new shuffle of the data.

    The last batch of a pass may be short; it is scaled with its own b. Ctrl-C, or SIGTERM, ends
    training after the current step; what was learned is kept. A model that is in ``eval`` mode
    is put into ``train`` mode for the steps and back again; modules in ``eval`` mode within a model
    in ``train`` mode stay so.

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
            many rows: less memory, the same update. If ``None``: ``batch_size``.
        scheduler: Its ``step`` is called after each update, without arguments.
        checkpoint: File kept up to date after each pass, at an interrupt, and within a pass every
            ``save_every`` seconds. If it is there, training goes on from it as if it had never
            stopped, dropout included; what has been set (options of the optimiser and the schedule
            too) must be as it was, but for ``epochs``, ``patience`` and how it is done. What is
            told by no ``state_dict``, by no layer as it prints itself and by no plain attribute of
            the optimiser, as which function a model calls, cannot be compared.
        save_every: If ``None``, a pass is not interrupted to save.
        progress: Whether to show a progress bar (with ``TQDM_DISABLE=1`` in the environment: none).

    Returns:
        The history. Its ``ended`` says whether training diverged (there is a warning, too).

    Raises:
        ValueError: If an argument is wrong, or the checkpoint is of another run or not whole.
            Nothing is changed then.
    """
    m, b = len(check_binary(train, model.n, "train")), check_at_least(batch_size, 1, "batch_size")
    if b > m:
        raise ValueError(f"batch_size must be at most m = {m}, got {b}")
    if valid is not None:
        check_binary(valid, model.n, "valid")
    if patience is not None and check_at_least(patience, 1, "patience") and valid is None:
        raise ValueError("patience needs validation data, got valid=None")
    if (epochs := check_at_least(epochs, 1, "epochs")) > 2**53:  # the history counts in floats
        raise ValueError(f"epochs must be at most 2^53, got {epochs}")
    micro = b
    if micro_batch_size is not None:
        micro = min(b, check_at_least(micro_batch_size, 1, "micro_batch_size"))
    loss_factor(scale, m, b)  # an unknown scale is named before anything is done
    seed = check_seed(seed)
    if max_norm is not None:
        max_norm = check_threshold(max_norm, "max_norm")
    if save_every is not None:
        save_every = check_not_negative(
            as_number(save_every, "save_every", "a number"), "save_every"
        )
    if progress not in (False, True):
        raise ValueError(f"progress must be True or False, got {progress!r}")
    steps = -(-m // b)  # a pass
    check_optimizer(model, optimizer)
    if scheduler is not None:
        check_scheduler(scheduler, optimizer)
    setting = {"batch_size": b, "scale": scale, "seed": seed, "max_norm": max_norm}
    run = Run(model, optimizer, scheduler, train, valid, seed, micro)
    path = None if checkpoint is None else as_path(checkpoint, "checkpoint")
    if path is not None:
        run.prepare()
    if path is not None and path.exists():
        run.resume(path, setting, epochs * steps)
    else:
        if scheduler is not None:
            check_lasts(scheduler.state_dict(), epochs * steps)
        run.record(0)
        if path is not None and run.end(epochs, patience) != "diverged":
            run.save(path, setting)  # a place that cannot be written to is found out now

    ended = run.end(epochs, patience)
    bar = tqdm(
        total=epochs * steps,
        initial=run.epoch * steps + run.step,
        unit="step",
        leave=False,
        # in a notebook tqdm itself would not ask the environment
        disable=not progress or os.environ.get("TQDM_DISABLE") == "1",
    )
    modes = [(module, module.training) for module in model.modules()]
    if not model.training:
        model.train()
    saved = time.monotonic()
    try:
        with patient_interrupt() as asked, bar:
            while not ended:
                generator = torch.Generator()
                generator.set_state(run.shuffle)
                try:
                    for B in torch.randperm(m, generator=generator).split(b)[run.step :]:
                        start = time.perf_counter()
                        train_step(model, optimizer, train[B].split(micro), m, scale, max_norm)
                        if scheduler is not None:
                            scheduler.step()
                        run.step += 1
                        run.seconds += time.perf_counter() - start
                        bar.update()
                        if asked():
                            ended = "interrupt"
                            break
                        late = save_every is not None and time.monotonic() - saved >= save_every
                        if path is not None and late and run.step < steps:
                            run.save(path, setting)
                            saved = time.monotonic()
                    if run.step == steps:
                        run.epoch, run.step, run.shuffle = run.epoch + 1, 0, generator.get_state()
                        run.record(run.epoch)
                    ended = ended or run.end(epochs, patience)
                    if path is not None and ended != "diverged":
                        run.save(path, setting)
                        saved = time.monotonic()
                except FloatingPointError:
                    ended = "diverged"
        if run.step and ended != "diverged":  # interrupted, now or before
            run.record(run.epoch + run.step / steps)
            ended = ended if math.isfinite(run.history.train[-1]) else "diverged"
        elif ended == "interrupt" and run.epoch >= epochs:
            ended = "epochs"
    finally:  # also where a second Ctrl-C or an error ends training
        for module, mode in modes:
            module.training = mode
        if run.best is not None:
            put_state(model, run.best)
    if ended == "diverged":
        message = "training diverged and was stopped: try a smaller step size"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    run.history.ended = ended
    return run.history
