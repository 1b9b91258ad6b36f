"""What a training run was asked to do."""

from dataclasses import dataclass
from typing import Any

from mle_lib.checks import check_at_least, check_not_negative, check_seed
from mle_lib.optimizers.clipping import as_number, check_threshold
from mle_lib.training.steps import loss_factor


@dataclass(frozen=True)
class Setting:
    """The arguments of ``training.fit`` that are numbers and words, checked, in Python's own types.

    Attributes:
        batch_size, scale, seed, max_norm: A run that goes on must have them as they were.
        epochs, patience, evaluate_every, micro_batch_size, save_every: May be others then.
    """

    batch_size: int
    scale: str
    seed: int
    max_norm: float | None
    epochs: int
    patience: int | None
    evaluate_every: int
    micro_batch_size: int
    save_every: float | None

    def kept(self) -> dict[str, Any]:
        """What a checkpoint holds of it, to be compared."""
        return {name: getattr(self, name) for name in ("batch_size", "scale", "seed", "max_norm")}

    @classmethod
    def of(
        cls,
        m: int,
        *,
        batch_size: int,
        epochs: int,
        scale: str,
        seed: int,
        patience: int | None,
        evaluate_every: int,
        max_norm: float | None,
        micro_batch_size: int | None,
        save_every: float | None,
    ) -> "Setting":
        """Of a run on m samples.

        Raises:
            ValueError: If one of them is wrong.
        """
        if (b := check_at_least(batch_size, 1, "batch_size")) > m:
            raise ValueError(f"batch_size must be at most m = {m}, got {b}")
        loss_factor(scale, m, b)  # which names an unknown scale
        micro = micro_batch_size
        return cls(
            batch_size=b,
            scale=scale,
            seed=check_seed(seed),
            max_norm=None if max_norm is None else check_threshold(max_norm, "max_norm"),
            # the history counts in floats
            epochs=check_at_least(epochs, 1, "epochs", 2**53),
            patience=None if patience is None else check_at_least(patience, 1, "patience"),
            evaluate_every=check_at_least(evaluate_every, 1, "evaluate_every"),
            micro_batch_size=(
                b if micro is None else min(b, check_at_least(micro, 1, "micro_batch_size"))
            ),
            save_every=None if save_every is None else _seconds(save_every),
        )


def _seconds(save_every: float) -> float:
    return check_not_negative(as_number(save_every, "save_every", "a number"), "save_every")
