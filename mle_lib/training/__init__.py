"""Training: one step, many steps, and what they leave behind."""

from mle_lib.training.checkpoints import load_checkpoint, save_checkpoint
from mle_lib.training.history import History
from mle_lib.training.loop import fit
from mle_lib.training.steps import loss_factor, train_step

__all__ = [
    "History",
    "fit",
    "load_checkpoint",
    "loss_factor",
    "save_checkpoint",
    "train_step",
]
