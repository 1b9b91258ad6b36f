"""The optimisers of the lecture, written out so that each update reads like its formula.

The lecture ascends ℓ. These, like PyTorch's, descend a loss, −ℓ times some factor: the same step.
θ are the parameters, g = ∇loss(θ) is what ``backward`` left in ``.grad``, α (``lr``) is the step
size; squares, roots and quotients are elementwise. Step for step they equal ``torch.optim``, and as
its subclasses they have its schedulers, parameter groups and ``state_dict``. ρ (``weight_decay``)
adds ρθ to g, as the penalty ½ρ‖θ‖² in the loss would; in ``AdamW`` it does not.
"""

from mle_lib.optimizers.clipping import clip_by_norm, clip_by_value
from mle_lib.optimizers.rounding import rounding_variance, stochastic_round
from mle_lib.optimizers.update_rules import SGD, Adam, AdamW, Momentum, Nesterov, RMSprop

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "RMSprop",
    "clip_by_norm",
    "clip_by_value",
    "rounding_variance",
    "stochastic_round",
]
