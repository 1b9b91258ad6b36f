"""Many steps: ``fit``, the loop over passes and batches."""

import os
import time
import warnings

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm.auto import tqdm

from mle_lib.checks import check_annotations, check_flag, checked_inside
from mle_lib.data.files import as_path
from mle_lib.distributed import Workers
from mle_lib.models import AutoregressiveModel
from mle_lib.training.contracts import check_data, check_optimizer, check_scheduler
from mle_lib.training.history import History
from mle_lib.training.run import Run
from mle_lib.training.setting import Setting
from mle_lib.training.steps import train_step


@checked_inside
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
    evaluate_every: int = 1,
    max_norm: float | None = None,
    micro_batch_size: int | None = None,
    scheduler: LRScheduler | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    save_every: float | None = 60.0,
    progress: bool = True,
) -> History:
    """Train by ``train_step``, pass after pass, each over a new shuffle of the data.

    The last batch of a pass may be short; it is scaled with its own b. Ctrl-C, or SIGTERM, ends
    training after the current step, where it is not ignored; what was learned is kept. A model that
    is in ``eval`` mode is put into ``train`` mode for the steps and back again; modules in ``eval``
    mode within a model in ``train`` mode stay so.

    Under ``torchrun`` (where ``torch.distributed`` is initialised) the same call on every worker is
    the same run, but for rounding: all hold the same data and draw the same shuffle, each takes
    every W-th row of a batch, and gradients are summed before the update. ``micro_batch_size`` is
    what a worker holds at once. The first one writes the checkpoint, which all read, and shows the
    bar; the run can go on with another number of workers. A model that draws random numbers as it
    trains (dropout) draws other ones, independent on all workers: the run is equal in law. What is
    refused is a layer that takes statistics of a batch (BatchNorm), for no worker has all of it.

    Args:
        train: ``(m, n)``, on the model's device.
        valid: Other data. If given, the parameters kept are those of the entry of the history with
            the largest ``valid``.
        batch_size: b, at most m.
        epochs: Passes to make, at least 1.
        scale, max_norm: See ``train_step``.
        seed: Of the shuffles: the same seed, start and machine give the same numbers.
        patience: Stop after so many passes without a new best ``valid``.
        evaluate_every: Evaluate ℓ, of all of ``train`` and ``valid``, after each so many passes,
            and after the last. ``patience`` counts passes all the same, but only what was
            evaluated can be the best, and that a run diverged may be seen so much later.
        micro_batch_size: Cut each batch, and the data when ℓ is evaluated, into parts of at most so
            many rows: less memory, the same update (but for BatchNorm, which takes a part's
            statistics). If ``None``: ``batch_size``.
        scheduler: Its ``step`` is called after each update, without arguments.
        checkpoint: File kept up to date after each pass, at an interrupt, and within a pass every
            ``save_every`` seconds. If it is there, training goes on from it as if it had never
            stopped, dropout included; what has been set (options of the optimiser and the schedule
            too) must be as it was, but for ``epochs``, ``patience``, ``evaluate_every`` and how it
            is done. What is told by no ``state_dict``, by no layer as it prints itself and by no
            plain attribute of the optimiser, as which function a model calls, cannot be compared;
            nor are buffers that are not persistent put back, or noise from elsewhere than torch, as
            NumPy's.
        save_every: If ``None``, a pass is not interrupted to save.
        progress: Whether to show a progress bar (with ``TQDM_DISABLE=1`` in the environment: none).

    Returns:
        The history. Its ``ended`` says whether training diverged (there is a warning, too), as it
        also does where a schedule gives a step size that is no number of the parameters' dtype.

    Raises:
        ValueError: If an argument is wrong, or the checkpoint is of another run or not whole; on
            every worker if on any, and if they were not called alike (with the same data, model,
            optimiser, numbers and global random state). Nothing is changed then.
        LostWorkerError: If another worker has ended. The checkpoint is as it was saved last.
    """
    workers = Workers()
    with workers.together() as alike:
        check_annotations(fit, vars())
        check_data(model, train, "train")
        if valid is not None:
            check_data(model, valid, "valid")
        setting = Setting.of(
            len(train),
            batch_size=batch_size,
            epochs=epochs,
            scale=scale,
            seed=seed,
            patience=patience,
            evaluate_every=evaluate_every,
            max_norm=max_norm,
            micro_batch_size=micro_batch_size,
            save_every=save_every,
        )
        if patience is not None and valid is None:
            raise ValueError("patience needs validation data, got valid=None")
        progress = check_flag(progress, "progress")
        check_optimizer(model, optimizer)
        if scheduler is not None:
            check_scheduler(scheduler, optimizer)
        run = Run(model, optimizer, scheduler, train, valid, setting, workers)
        path = None if checkpoint is None else as_path(checkpoint, "checkpoint")
        if workers.count > 1:
            alike |= run.likeness() | {"checkpoint": None if path is None else str(path)}
    with run.in_train_mode():
        run.begin(path)
        bar = tqdm(
            total=setting.epochs * run.steps,
            initial=run.epoch * run.steps + run.step,
            unit="step",
            leave=False,
            # in a notebook tqdm itself would not ask the environment
            disable=not (progress and workers.writes) or os.environ.get("TQDM_DISABLE") == "1",
        )
        with run.under_way(), bar:
            make_steps(run, bar)
    if run.ended == "diverged":
        message = "training diverged and was stopped: try a smaller step size"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    return run.history


def make_steps(run: Run, bar: tqdm) -> None:
    """A step for each batch, pass after pass, each over a new shuffle of the data."""
    asked = run.setting
    for batch in run.batches():
        start = time.perf_counter()
        mine = run.workers.share(batch)
        parts = mine.split(asked.micro_batch_size) if len(mine) else ()
        train_step(
            *(run.model, run.optimizer, parts, run.m, asked.scale, asked.max_norm),
            *(len(batch), run.workers),
        )
        if run.scheduler is not None:
            run.scheduler.step()
        run.seconds += time.perf_counter() - start
        bar.update()
