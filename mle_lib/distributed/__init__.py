"""ℓ, ∇ℓ and its estimators over several processes, each with its part of the data."""

from mle_lib.distributed.estimators import full_gradient, log_likelihood, minibatch_gradient
from mle_lib.distributed.moments import gradient_moments
from mle_lib.distributed.workers import LostWorkerError, Workers

__all__ = [
    "LostWorkerError",
    "Workers",
    "full_gradient",
    "gradient_moments",
    "log_likelihood",
    "minibatch_gradient",
]
