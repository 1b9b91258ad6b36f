"""What a training run has to tell: its history."""

import math
from dataclasses import dataclass, field


@dataclass
class History:
    """How training went. Entry k of each list is the state after ``epochs[k]`` passes over the
    data; entry 0 is before the first step.

    Attributes:
        epochs: Passes made; whole numbers but for the last entry of an interrupted run. Not every
            pass has an entry if ``fit`` was told to evaluate less often.
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
    def best(self) -> int | None:
        """The entry whose parameters ``fit`` left in the model: the first with the largest
        ``valid``, or the last one without validation data; ``None`` if a run without them diverged,
        which leaves parameters of no entry, or if there is none."""
        if not self.epochs:
            return None
        if not self.valid:
            return None if self.ended == "diverged" else len(self.epochs) - 1
        return self.top

    @property
    def top(self) -> int:
        """The first entry with the largest ``valid``."""
        finite = [-math.inf if math.isnan(value) else value for value in self.valid]
        return finite.index(max(finite))
