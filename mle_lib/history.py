"""What a training run has done so far: its history, its best parameters, its place in the data."""

import hashlib
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mle_lib.checkpoints import copy_of, load_checkpoint, save_checkpoint
from mle_lib.likelihood import log_likelihood
from mle_lib.models import AutoregressiveModel

EVALUATION_CHUNK = 1024  # rows held at once when ℓ is evaluated


@dataclass
class History:
    """How training went. Entry k of each list is the state after ``epochs[k]`` passes over the
    data; entry 0 is before the first step.

    Attributes:
        epochs: Passes made; whole numbers but for the last entry of an interrupted run.
        train: ℓ/m on the training data at that moment, in nats.
        valid: The same on the validation data; empty without validation data.
        seconds: Time spent on steps so far; evaluation does not count.
        ended: Why training ended: ``"epochs"``, ``"patience"``, ``"interrupt"`` or ``"diverged"``.
    """

    epochs: list[float] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    ended: str = ""

    @property
    def best(self) -> int:
        """The entry whose parameters ``fit`` left in the model: the first with the largest
        ``valid``, or the last one without validation data."""
        if not self.valid:
            return len(self.epochs) - 1
        finite = [-math.inf if math.isnan(value) else value for value in self.valid]
        return finite.index(max(finite))


class Run:
    """Everything that changes while ``training.fit`` runs, so that it can be saved and resumed.

    Attributes:
        history: The entries recorded so far.
        best: The parameters of the best entry; ``None`` without validation data.
        epoch: Whole passes made.
        step: Steps made in the pass that has begun.
        shuffle: State of the generator that shuffles, at the beginning of the pass.
        seconds: Time spent on steps.
    """

    def __init__(
        self,
        model: AutoregressiveModel,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        train: Tensor,
        valid: Tensor | None,
        seed: int,
        chunk: int | None = None,
    ) -> None:
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.train, self.valid = train, valid
        self.history, self.epoch, self.step, self.seconds = History(), 0, 0, 0.0
        self.best: dict[str, Tensor] | None = None
        self.shuffle = torch.Generator().manual_seed(seed).get_state()
        self.chunk = min(chunk or EVALUATION_CHUNK, EVALUATION_CHUNK)
        self.identity = {  # a checkpoint is of this run if all of this is the same
            "train": digest(train),
            "valid": None if valid is None else digest(valid),
            "ordering": list(model.ordering),
            "scheduler": None if scheduler is None else type(scheduler).__name__,
        }

    def record(self, epochs: float) -> None:
        """Evaluate the model as it is now: a new entry of the history."""
        history = self.history
        history.epochs.append(epochs)
        history.seconds.append(self.seconds)
        history.train.append(self._mean_log_likelihood(self.train))
        if self.valid is not None:
            history.valid.append(self._mean_log_likelihood(self.valid))
            if history.best == len(history.valid) - 1:
                self.best = copy_of(self.model.state_dict())

    def _mean_log_likelihood(self, x: Tensor) -> float:
        return log_likelihood(self.model, x, self.chunk).item() / len(x)

    def end(self, epochs: int, patience: int | None) -> str:
        """Why training should end after the passes made so far; empty if it should go on."""
        history = self.history
        if not math.isfinite(history.train[-1]):
            return "diverged"
        if patience is not None and len(history.valid) - 1 - history.best >= patience:
            return "patience"
        return "epochs" if self.epoch >= epochs else ""

    def save(self, path: str | Path, setting: dict[str, Any]) -> None:
        """Everything, into one file."""
        save_checkpoint(
            path,
            self.model,
            self.optimizer,
            scheduler=None if self.scheduler is None else self.scheduler.state_dict(),
            setting=setting | self.identity,
            history=asdict(self.history),
            best=self.best,
            place=[self.epoch, self.step],
            shuffle=self.shuffle,
            seconds=self.seconds,
        )

    def resume(self, path: str | Path, setting: dict[str, Any]) -> None:
        """Go back to where ``save`` was called.

        Raises:
            ValueError: If the file is not of a run with this ``setting``, model and data. Nothing
                is changed then.
        """
        whole = setting | self.identity
        saved = load_checkpoint(path, self.model, self.optimizer, setting=whole)
        self.history = History(**saved["history"])
        self.best, self.shuffle, self.seconds = (
            saved["best"],
            saved["shuffle"].cpu(),
            saved["seconds"],
        )
        self.epoch, self.step = saved["place"]
        if self.scheduler is not None:
            self.scheduler.load_state_dict(saved["scheduler"])


def digest(x: Tensor) -> str:
    """A fingerprint of a data set of 0s and 1s."""
    return hashlib.sha256(x.cpu().bool().numpy().tobytes()).hexdigest()
