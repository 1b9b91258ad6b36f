"""A training run as it goes: its best parameters, its place in the data, how it is resumed."""

import hashlib
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _NormBase
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mle_lib.distributed import Workers, log_likelihood
from mle_lib.models import AutoregressiveModel
from mle_lib.training.checkpoints import check_taken_back, read_checkpoint, save_checkpoint
from mle_lib.training.contracts import check_lasts
from mle_lib.training.history import History
from mle_lib.training.interrupts import patient_interrupt
from mle_lib.training.records import check_no_nan, fingerprint, plain
from mle_lib.training.resuming import (
    attributes_of,
    check_options,
    check_random_states,
    check_schedule,
    check_unsaved,
    functions_of,
    lost_attributes,
    options_of,
    parts_of_model,
    random_states,
    set_random_states,
)
from mle_lib.training.setting import Setting
from mle_lib.training.states import check_state, copy_of, plain_names, put_state


class Run:
    """Everything that changes while ``training.fit`` runs, so that it can be saved and resumed.

    Attributes:
        m, steps: Samples; steps of a pass.
        history: The entries recorded so far.
        ended: Why it has ended; empty while it goes on.
        best: The state of the model at the best entry; ``None`` without validation data.
        epoch: Whole passes made.
        step: Steps made in the pass that has begun.
        shuffle: State of the generator that shuffles, at the beginning of the pass.
        seconds: Time spent on steps.
        start: What must be as it was when the run goes on, as it is before the first step.
        identity: Of which data and models this is a run.
        workers: Who make it, each with its share of the rows.
    """

    def __init__(
        self,
        model: AutoregressiveModel,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        train: Tensor,
        valid: Tensor | None,
        setting: Setting,
        workers: Workers,
    ) -> None:
        self.workers = workers
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.train, self.valid, self.setting = train, valid, setting
        self.m, self.steps = len(train), -(-len(train) // setting.batch_size)
        self.history, self.epoch, self.step, self.seconds = History(), 0, 0, 0.0
        self.ended = ""
        self.best: dict[str, Tensor] | None = None
        self.shuffle = torch.Generator("cpu").manual_seed(setting.seed).get_state()
        self.path: Path | None = None
        self.saved = time.monotonic()
        self.asked: Callable[[], bool] = lambda: False  # whether somebody wants it to end
        self.start: dict[str, Any] = {}
        self.identity: dict[str, Any] = {}
        self.attributes: dict[str, Any] | None = None  # until it was warned of them

    # ---- the loop

    def begin(self, path: Path | None) -> None:
        """Go on from the checkpoint at ``path``, or begin with the first entry of the history.

        Raises:
            ValueError: If the checkpoint is of another run or not whole, or the schedule is too
                short. Nothing is changed then.
        """
        updates = self.setting.epochs * self.steps
        if path is not None:
            self.prepare()
        if path is not None and self.workers.first(path.exists()):
            self.resume(path, updates)
            self.ended, self.path = self.end(), path
        else:
            if self.scheduler is not None:
                check_lasts(self.scheduler.state_dict(), updates)
            self.record(0)
            self.ended, self.path = self.end(), path
            self.save()  # a place that cannot be written to is found out now

    def batches(self) -> Iterator[Tensor]:
        """The batches still to be trained on, pass after pass, each over a new shuffle of the data.
        The run is evaluated and saved on the way, and ends when it is time."""
        while not self.ended:
            generator = torch.Generator("cpu")
            generator.set_state(self.shuffle)
            order = torch.randperm(self.m, generator=generator, device="cpu")
            for B in order.split(self.setting.batch_size)[self.step :]:
                yield self.train[B]
                self.step += 1
                asked, late = self.workers.heard(self.asked(), self.is_late())
                if asked:
                    self.ended = "interrupt"
                    break
                if late and self.step < self.steps:
                    self.save()
            if self.step == self.steps:
                self.epoch, self.step, self.shuffle = self.epoch + 1, 0, generator.get_state()
                last = self.epoch == self.setting.epochs
                if last or self.epoch % self.setting.evaluate_every == 0:
                    self.record(self.epoch)
            why = self.end()
            self.ended = why if why == "diverged" else self.ended or why
            self.save()

    @contextmanager
    def in_train_mode(self) -> Iterator[None]:
        """Within it the model is in train mode. After it modes are as they were. All parameters are
        read and put back within: a model's own ``train`` may change them."""
        modes = [(module, module.training) for module in self.model.modules()]
        if not (before := self.model.training):
            self.model.train()
        try:
            yield
        finally:
            if not before:
                self.model.eval()
            for module, mode in modes:
                module.training = mode

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Within it an interrupt waits for the step, and a number that is not finite ends the run.
        After it, however it ends, the model has its best parameters."""
        self.saved = time.monotonic()
        try:
            with patient_interrupt() as self.asked:
                try:
                    yield
                except (FloatingPointError, OverflowError):  # a schedule's, too
                    self.ended = "diverged"
            self._close()
        finally:  # also where a second Ctrl-C or an error ends training
            if self.best is not None:
                put_state(self.model, self.best)
            self.history.ended = self.ended

    def _close(self) -> None:
        made = self.epoch + self.step / self.steps
        if made > self.history.epochs[-1] and self.ended != "diverged":
            self.record(made)  # interrupted, now or before
            if not math.isfinite(self.history.train[-1]):
                self.ended = "diverged"
        elif self.ended == "interrupt" and self.epoch >= self.setting.epochs:
            self.ended = "epochs"

    def prepare(self) -> None:
        """Note what a checkpoint needs, which a run without one does not.

        Raises:
            ValueError: If there is something that could not be saved or would not be taken back.
        """
        scheduler, optimizer = self.scheduler, self.optimizer
        check_taken_back(optimizer)
        start = {
            "optimizer": options_of(optimizer.param_groups),
            "scheduler": None if scheduler is None else plain(scheduler.state_dict()),
            "factors": functions_of(scheduler),
            "model": parts_of_model(self.model),
        }
        self.start = deepcopy(start)  # schedules move tensors in place
        self.attributes = attributes_of(optimizer)
        self.identity = {  # a checkpoint is of this run if all of this is the same
            "train": digest(self.model.prepare(self.train)),
            "valid": None if self.valid is None else digest(self.model.prepare(self.valid)),
            "ordering": list(self.model.ordering),
            "scheduler": None if scheduler is None else type(scheduler).__name__,
        }

    def likeness(self) -> dict[str, object]:
        """What must be the same on all workers.

        Raises:
            ValueError: If a layer takes statistics of a batch, which no worker has.
        """
        for name, part in self.model.named_modules():
            if isinstance(part, _NormBase):
                raise ValueError(
                    "model must have no layer that takes statistics of a batch, of which each "
                    f"worker has a part, got {type(part).__name__} at {name}"
                )
        setting = self.setting
        return {
            "model": fingerprint(plain(plain_names(self.model.state_dict()))),
            "optimizer": fingerprint(plain(self.optimizer.state_dict())),
            "scheduler": type(self.scheduler).__name__,
            "train": digest(self.model.prepare(self.train)),
            "valid": None if self.valid is None else digest(self.model.prepare(self.valid)),
            **{name: getattr(setting, name) for name in vars(setting) if name != "save_every"},
            "the global random state": fingerprint(random_states(self.model)),
        }

    def record(self, epochs: float) -> None:
        """Evaluate the model as it is now: a new entry of the history."""
        history = self.history
        history.epochs.append(epochs)
        history.seconds.append(self.workers.first(self.seconds))
        history.train.append(self._mean_log_likelihood(self.train))
        if self.valid is not None:
            history.valid.append(self._mean_log_likelihood(self.valid))
            if history.top == len(history.valid) - 1:
                self.best = copy_of(plain_names(self.model.state_dict()))

    def _mean_log_likelihood(self, x: Tensor) -> float:
        # no more rows at once than in a step
        chunk_size, mine = self.setting.micro_batch_size, self.workers.share(x)
        total = log_likelihood(self.model, mine, chunk_size, self.workers.group)
        return total.item() / len(x)

    def end(self) -> str:
        """Why training should end after the passes made so far; empty if it should go on."""
        history, patience = self.history, self.setting.patience
        if not math.isfinite(history.train[-1]):
            return "diverged"
        if patience is not None and history.epochs[-1] - history.epochs[history.top] >= patience:
            return "patience"
        return "epochs" if self.epoch >= self.setting.epochs else ""

    # ---- the checkpoint

    def is_late(self) -> bool:
        """Whether ``save_every`` seconds have gone since it was saved."""
        every = self.setting.save_every
        return every is not None and time.monotonic() - self.saved >= every

    def save(self) -> None:
        """Everything, into one file, if there is to be one and the run has not diverged. Of several
        workers the first writes it, and none goes on before it is there.

        Raises:
            NotFiniteError: If the model or what the optimiser remembers is not finite: no run
                could go on from there, and the file stays as it was.
        """
        if self.path is None or self.ended == "diverged":
            return
        with self.workers.together():
            if self.workers.writes:
                self._write(self.path)
        self.saved = time.monotonic()

    def _write(self, path: Path) -> None:
        save_checkpoint(
            path,
            self.model,
            self.optimizer,
            scheduler=None if self.scheduler is None else self.scheduler.state_dict(),
            setting=self.setting.kept() | self.identity,
            history=asdict(self.history),
            best=self.best,
            place=[self.epoch, self.step],
            shuffle=self.shuffle,
            seconds=self.seconds,
            start=self.start,
            attributes=attributes_of(self.optimizer),
            random=random_states(self.model),
        )
        if self.attributes is not None and (
            lost := lost_attributes(self.optimizer, self.attributes)
        ):
            self.attributes = None
            warnings.warn(
                f"optimizer.{lost[0]} moves and is not in its state_dict: with another optimizer "
                "the run will not go on from the checkpoint",
                RuntimeWarning,
                stacklevel=3,
            )

    def resume(self, path: Path, updates: int) -> None:
        """Go back to where ``save`` was called, the global random state included, to make so many
        updates in all.

        Raises:
            ValueError: If the file is not of a run with this setting, model, data and options,
                or holds what no run leaves. Nothing is changed then.
        """
        with self.workers.together():
            whole = self.setting.kept() | self.identity
            checkpoint = read_checkpoint(path, self.model, self.optimizer, setting=whole)
            older: dict[str, Any] = {
                "start": None,
                "attributes": {},
                "random": {},
            }  # do not have these
            saved = older | checkpoint.rest
            try:
                history = self._check_saved(saved, checkpoint.remembers)
            except (
                Exception
            ) as error:  # KeyError, TypeError, …: there is no end to what may be there
                what = f"{type(error).__name__}: {error}"
                raise ValueError(
                    f"path must name a whole checkpoint, got {path} ({what})"
                ) from error
            check_options(path, checkpoint.options, saved, self.optimizer, self.scheduler)
            check_unsaved(path, saved, self.start, checkpoint.trial)
            if self.scheduler is not None:
                epoch, step = saved["place"]
                check_lasts(saved["scheduler"], updates - epoch * self.steps - step)
        checkpoint.put()
        self.history, self.seconds, self.start = (
            history,
            saved["seconds"],
            saved["start"] or self.start,
        )
        self.shuffle, self.best = saved["shuffle"].cpu(), saved["best"]
        self.epoch, self.step = saved["place"]
        if self.scheduler is not None:
            self.scheduler.load_state_dict(saved["scheduler"])
        set_random_states(saved["random"])

    def _check_saved(self, saved: dict[str, Any], remembers: bool) -> History:
        """The saved history, if everything saved is what a run leaves."""
        history, (epoch, step) = History(**saved["history"]), saved["place"]
        start = saved["start"]
        checks = {
            "place": type(epoch) is type(step) is int and epoch >= 0 and 0 <= step < self.steps,
            "optimizer": remembers or (epoch, step) == (0, 0),
            "history": (
                history.epochs == sorted({0, *history.epochs} & {*range(epoch + 1)})
                and len(history.train) == len(history.seconds) == len(history.epochs)
                and len(history.valid) == (0 if self.valid is None else len(history.epochs))
                and all(math.isfinite(v) for v in history.train + history.seconds)
                and all(isinstance(v, float) for v in history.valid)
                and isinstance(history.ended, str)
            ),
            "start": start is None
            or (
                [type(g) for g in start["optimizer"]] == [dict] * len(self.optimizer.param_groups)
                and isinstance(start["scheduler"], dict | None)
                and isinstance(start.get("factors", []), list)
            ),
            "attributes": isinstance(saved["attributes"], dict),
            "seconds": history.seconds[-1] <= saved["seconds"] < math.inf,
            "best": (saved["best"] is None) == (self.valid is None),
            "scheduler": (saved["scheduler"] is None) == (self.scheduler is None),
        }
        if wrong := [name for name, right in checks.items() if not right]:
            raise ValueError(f"its {wrong[0]} is not one that a run leaves: {saved.get(wrong[0])}")
        if saved["best"] is not None:
            check_state("best", saved["best"], self.model)
        if self.scheduler is not None:
            check_no_nan(saved["scheduler"], "scheduler")
            for state in [saved["scheduler"], *([start["scheduler"]] if start else [])]:
                check_schedule(self.scheduler.state_dict(), state)
        check_random_states({"shuffle": saved["shuffle"], **saved["random"]})
        return history


def digest(x: Tensor) -> str:
    """A fingerprint of a data set: of its bits, if it has no other symbols."""
    symbols = x.cpu().long()
    narrow = symbols.bool() if symbols.max() <= 1 else symbols
    return hashlib.sha256(narrow.numpy().tobytes()).hexdigest()
