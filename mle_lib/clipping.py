"""Gradient clipping, under the name by which it is known: the workshop is in ``optimizers``."""

from mle_lib.optimizers.clipping import NonFiniteGradientError, clip_by_norm, clip_by_value

__all__ = ["NonFiniteGradientError", "clip_by_norm", "clip_by_value"]
