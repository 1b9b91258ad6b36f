"""Batches in which some samples are likelier than others, and the weights that undo it."""

import torch
from torch import Tensor

from mle_lib.checks import (
    check_at_least,
    check_dense,
    check_indices,
    check_matrix,
    check_not_negative,
)
from mle_lib.gradient import summed_gradient
from mle_lib.models import AutoregressiveModel

MOST_CATEGORIES = 2**24  # that torch.multinomial takes
SMALLEST = torch.finfo(torch.float64).tiny  # of a q, so that 1/q is a number
SUM_TOLERANCE = 1e-4  # guards against mistakes; rounding is divided out, as torch.multinomial does


def sample_with_probability(q: Tensor, b: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw b sample numbers with replacement, j with probability q_j.

    Args:
        q: ``(m,)``, positive, with sum 1; m at most 2²⁴.
        b: Batch size.
        generator: Source of randomness, on the device of ``q``; torch's global one if ``None``.

    Returns:
        A ``(b,)`` int64 tensor.

    Raises:
        ValueError: If ``q`` is no such distribution, or ``b`` < 1.
    """
    b, q = check_at_least(b, 1, "b"), check_probabilities(q)
    if len(q) > MOST_CATEGORIES:
        raise ValueError(f"q must have at most {MOST_CATEGORIES} entries, got {len(q)}")
    return torch.multinomial(q, b, replacement=True, generator=generator)


def importance_gradient(
    model: AutoregressiveModel, x: Tensor, indices: Tensor, q: Tensor
) -> Tensor:
    """Σ_{j∈B} 1/(b q_j) Σ_i ∇ log p(x_i^(j) | x_<i^(j); θ_i), with j drawn with probability q_j.

    Unbiased for ∇ℓ, whatever q > 0: a sample that is drawn more often counts less. With q_j = 1/m
    the weight is m/b, and this is ``minibatch.minibatch_gradient`` with replacement. All m entries
    of q are checked at every call.

    Equation: (14.5).

    Args:
        model: p_θ.
        x: The whole data set, ``(m, n)``.
        indices: B, as ``sample_with_probability`` draws it; a sample drawn twice counts twice.
        q: ``(m,)``, positive, with sum 1.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype.

    Raises:
        ValueError: If ``indices`` are not sample numbers, ``q`` is no distribution over the m
            samples, or the model does not take a row of the batch.
    """
    m, indices = len(check_matrix(x)), check_indices(indices, x)
    q = check_probabilities(q, m)
    weights = 1 / (len(indices) * q[indices.to(q.device)])
    return summed_gradient(model, x[indices], weights.to(x.device)[:, None].expand(-1, model.n))


def importance_variance(gradients: Tensor, q: Tensor, b: int) -> Tensor:
    """The predicted variance of ``importance_gradient``, coordinate by coordinate:

        (1/b) [Σ_j g_j²/q_j − (Σ_j g_j)²].

    Its sum over the coordinates is least at q_j ∝ ‖g_j‖ (``norm_probabilities``), by the
    Cauchy–Schwarz inequality: (1/b) [(Σ_j ‖g_j‖)² − ‖∇ℓ‖²].

    Equation: (14.5).

    Args:
        gradients: g_j of all the data, ``(m, p)``, from ``gradient.per_sample_gradients``.
        q: ``(m,)``, positive, with sum 1.
        b: Batch size.

    Returns:
        ``(p,)`` float64.

    Raises:
        ValueError: If ``gradients`` is not ``(m, p)``, ``q`` is no distribution over the m samples,
            or ``b`` < 1.
    """
    g = check_matrix(gradients, name="gradients").double()
    q = check_probabilities(q, len(g)).to(g)[:, None]
    b = check_at_least(b, 1, "b")
    root = q.sqrt()  # by which q (g/q)² is within float64 wherever it is
    return ((g / root - root * g.sum(0)) ** 2).sum(0) / b  # of squares: no small difference


def norm_probabilities(gradients: Tensor, uniform: float = 0.0) -> Tensor:
    """q_j = (1 − u) ‖g_j‖ / Σ_l ‖g_l‖ + u/m: the least total variance at u = 0.

    Source: Zhao & Zhang (2015), Stochastic optimization with importance sampling for regularized
    loss minimization, https://proceedings.mlr.press/v37/zhaoa15.html. A part u > 0 of uniform
    probability keeps the weights 1/(b q_j) below m/(b u) where the norms are old or estimated; it
    is needed where some g_j are 0, since q must be positive.

    Args:
        gradients: ``(m, p)``, from ``gradient.per_sample_gradients``.
        uniform: u, from 0 to 1.

    Returns:
        ``(m,)`` float64, with sum 1.

    Raises:
        ValueError: If ``gradients`` is not ``(m, p)`` or all 0 or not finite, or ``uniform`` is not
            from 0 to 1.
    """
    if (uniform := check_not_negative(uniform, "uniform")) > 1:
        raise ValueError(f"uniform must be at most 1, got {uniform!r}")
    norms = check_matrix(gradients, name="gradients").double().norm(dim=1)
    total = norms.sum().item()
    if not 0 < total < float("inf"):
        raise ValueError(f"gradients must be finite and not all 0, got norms with sum {total}")
    return (1 - uniform) * norms / total + uniform / len(norms)


def check_probabilities(q: Tensor, m: int | None = None) -> Tensor:
    """``q`` in float64, divided by its sum, if it holds m positive numbers with sum 1 up to
    rounding; else a ``ValueError``."""
    if check_dense(q, "q", "floats").ndim != 1:
        raise ValueError(f"q must have shape (m,), got {tuple(q.shape)}")
    if m is not None and len(q) != m:
        raise ValueError(f"q must have one entry for each of the {m} samples, got {len(q)}")
    allowed = max(SUM_TOLERANCE, torch.finfo(q.dtype).eps)
    q = q.detach().double()
    if not (good := q >= SMALLEST).all():  # NaN too
        bad = f"{q[~good][0].item()} ({int((~good).sum())} such entries)"
        raise ValueError(f"q must be positive, got {bad}: 1/q must be a number")
    total = float(q.sum())
    if not abs(total - 1) <= allowed:
        raise ValueError(f"q must have the sum 1, got {total}")
    return q / total
