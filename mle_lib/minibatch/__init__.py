"""The (m/b) estimator of ∇ℓ(θ), its covariance and its noise scale."""

from mle_lib.minibatch.estimator import minibatch_gradient, sample_indices
from mle_lib.minibatch.moments import (
    GradientMoments,
    estimator_variance,
    gradient_moments,
    gradient_noise_scale,
)

__all__ = [
    "GradientMoments",
    "estimator_variance",
    "gradient_moments",
    "gradient_noise_scale",
    "minibatch_gradient",
    "sample_indices",
]
