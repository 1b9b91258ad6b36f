"""The (m/b) estimator of ∇ℓ(θ), and how a batch is drawn."""

import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_flag, check_indices, check_matrix
from mle_lib.gradient import summed_gradient
from mle_lib.models import AutoregressiveModel


def sample_indices(
    m: int, b: int, replacement: bool = False, generator: torch.Generator | None = None
) -> Tensor:
    """Draw a mini-batch B: b of the numbers 0 … m − 1, each subset (or b-tuple) equally likely.

    Args:
        m: Data set size.
        b: Batch size, 1 ≤ b, and b ≤ m without replacement.
        replacement: Whether a sample may be drawn twice.
        generator: Source of randomness; torch's global one if ``None``.

    Returns:
        A ``(b,)`` int64 tensor, on the generator's device.

    Raises:
        ValueError: If ``m`` or ``b`` < 1, or ``b`` > ``m`` without replacement.
    """
    m, b = check_sizes(m, b, replacement)
    device = None if generator is None else generator.device
    if replacement:
        return torch.randint(m, (b,), generator=generator, device=device)
    return torch.randperm(m, generator=generator, device=device)[:b]


def minibatch_gradient(model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
    """ĝ = (m/b) Σ_{j∈B} Σ_i ∇ log p(x_i^(j) | x_<i^(j); θ_i), the mini-batch estimator of ∇ℓ(θ).

    It is unbiased when every sample is equally likely to be in B. m is ``len(x)`` and b is
    ``len(indices)``, so that a short batch is scaled with its own size. Only the rows
    ``x[indices]`` are read.

    Equation: (3.1).

    Args:
        model: p_θ.
        x: The whole data set, ``(m, n)``.
        indices: B, as ``sample_indices`` draws it; a sample drawn twice counts twice.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype.

    Raises:
        ValueError: If ``indices`` is not a non-empty 1-D int64 tensor of numbers below m, or a row
            of the batch is not one that the model takes.
    """
    m, indices = len(check_matrix(x)), check_indices(indices, x)
    return (m / len(indices)) * summed_gradient(model, x[indices])


def finite_population(m: int, b: int, replacement: bool) -> float:
    """The finite-population correction: (m − b)/(m − 1) without replacement (0 at m = 1), or 1."""
    return 1.0 if replacement else (m - b) / (m - 1) if m > 1 else 0.0


def check_sizes(m: int, b: int, replacement: bool) -> tuple[int, int]:
    """m and b, if both are at least 1 and, without replacement (a bool), b ≤ m; else a
    ``ValueError``."""
    m, b = check_at_least(m, 1, "m"), check_at_least(b, 1, "b")
    if not check_flag(replacement, "replacement") and b > m:
        raise ValueError(f"b must be at most m = {m} without replacement, got {b}")
    return m, b
