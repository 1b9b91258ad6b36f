"""A batch size for every variable: Neyman's allocation, for the double sum (2.1)."""

from collections.abc import Iterable

import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_dense, check_indices, check_matrix, check_number
from mle_lib.gradient import summed_gradient
from mle_lib.models import AutoregressiveModel

COUNTED = 2**53  # every whole number up to it is one of float64


def allocated_gradient(
    model: AutoregressiveModel, x: Tensor, indices: Tensor, sizes: Tensor
) -> Tensor:
    """Σ_i (m/b_i) Σ_{j∈B_i} ∇ log p(x_i^(j) | x_<i^(j); θ_i): a batch size for every variable.

    B_i is the first b_i of ``indices``. Unbiased for ∇ℓ when their order is random.

    Args:
        model: p_θ.
        x: The whole data set, ``(m, n)``.
        indices: At least max b_i sample numbers, in random order.
        sizes: b_i ≥ 1, ``(n,)`` int64, such as ``neyman_sizes`` gives.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype.

    Raises:
        ValueError: If ``indices`` or ``sizes`` have a wrong shape or type or lie outside their
            range, or the model does not take a row of the batch.
    """
    m, indices = len(check_matrix(x)), check_indices(indices, x)
    sizes = check_allocation(sizes, model.n, len(indices)).to(x.device)
    rows = int(sizes.max())
    place = torch.arange(rows, device=x.device)[:, None]
    weights = (place < sizes).double() / sizes
    return m * summed_gradient(model, x[indices[:rows]], weights)


def allocated_variance(terms: Tensor, sizes: Tensor) -> Tensor:
    """The predicted variance of ``allocated_gradient``, by coordinate, B drawn without replacement.

    With C_il the covariance over j of g_ji and g_jl, and b_il = max(b_i, b_l) (the smaller batch is
    a random part of the larger):

        m² Σ_i Σ_l C_il / b_il · (m − b_il)/(m − 1).

    Equation: (13.8).

    Args:
        terms: g_ji of all the data, ``(m, n, p)``, from ``gradient.per_variable_gradients``.
        sizes: b_i, ``(n,)`` int64, at most m.

    Returns:
        ``(p,)`` float64.

    Raises:
        ValueError: If ``terms`` is not ``(m, n, p)``, or ``sizes`` do not fit.
    """
    g = check_terms(terms)
    m, n, _ = g.shape
    sizes = check_allocation(sizes, n, m)
    g = g - g.mean(0)
    larger = torch.maximum(sizes[:, None], sizes).to(g)  # b_il
    factors = m * (m / larger - 1) / max(m - 1, 1)
    return torch.einsum("jip,il,jlp->p", g, factors, g).clamp(min=0)  # below by rounding alone


def check_allocation(sizes: Tensor, n: int, most: int) -> Tensor:
    """``sizes`` as int64, if it is ``(n,)`` and all b_i are whole numbers in 1 … most; else a
    ``ValueError``."""
    if check_dense(sizes, "sizes", "whole numbers").shape != (n,):
        raise ValueError(f"sizes must be an int64 tensor of shape ({n},), got {sizes!r}")
    sizes = sizes.long()
    if sizes.min() < 1 or sizes.max() > most:
        low, high = int(sizes.min()), int(sizes.max())
        raise ValueError(f"sizes must lie in 1 … {most}, got {low} … {high}")
    return sizes


def neyman_sizes(spread: Iterable[float], cost: Iterable[float], budget: float, m: int) -> Tensor:
    """Batch sizes b_i ∝ s_i/√t_i that make Σ_i s_i²/b_i least for the cost Σ_i b_i t_i.

    With s_i² = tr Σ_ii this sum is the variance of ``allocated_gradient`` over m² (for b_i ≪ m)
    where terms of different variables do not covary, as in the FVSBN; else it is a part of it.

    Rounded down, each at least 1 and at most m, as large as the budget allows. Source: Neyman
    (1934), https://doi.org/10.2307/2342192, there for strata of equal cost.

    Equation: (13.9).

    Args:
        spread: s_i ≥ 0, ``(n,)``: a tensor, an array or a list.
        cost: t_i > 0 of one sample's term, ``(n,)``.
        budget: Most that Σ_i b_i t_i may be.
        m: Data set size.

    Returns:
        b_i, ``(n,)`` int64.

    Raises:
        ValueError: If shapes differ, a number is out of its range, or the budget does not reach for
            one sample a variable.
    """
    m, s, t = check_at_least(m, 1, "m", COUNTED), _vector(spread, "spread"), _vector(cost, "cost")
    if t.shape != s.shape:
        raise ValueError(f"cost must have the shape of spread, {len(s)}, got {tuple(t.shape)}")
    if not (s >= 0).all() or not s.isfinite().all():
        raise ValueError(f"spread must be finite and at least 0, got {spread}")
    if not (t > 0).all() or not t.isfinite().all():
        raise ValueError(f"cost must be finite and above 0, got {cost}")
    budget = check_number(budget, "budget")
    if not budget >= t.sum():
        raise ValueError(
            f"budget must be at least {float(t.sum())}, the cost of b_i = 1, got {budget}"
        )

    return _sizes(s, t, budget, m)


def _sizes(spread: Tensor, t: Tensor, budget: float, m: int) -> Tensor:
    def sizes(scale: float) -> Tensor:
        return (scale * s / t.sqrt()).floor().clamp(1, m)

    s = spread / (spread.max() if spread.any() else 1.0)  # sizes depend on the ratios alone
    ratio = s / t.sqrt()
    if spread[far := ratio < 1e-100 * ratio.max()].any():
        # more than float64 spans: one sample for each of these until the others have all of theirs
        result = torch.ones_like(s).long()
        result[~far] = _sizes(spread[~far], t[~far], budget - float(t[far].sum()), m)
        if (result[~far] == m).all():
            result[far] = _sizes(spread[far], t[far], budget - m * float(t[~far].sum()), m)
        return result
    largest = torch.where(s > 0, m, 1).to(t)
    if largest @ t <= budget:
        return largest.long()
    low, high = 0.0, 1.0
    while sizes(high) @ t <= budget:
        high *= 2
    for _ in range(60):  # bisection
        middle = (low + high) / 2
        low, high = (middle, high) if sizes(middle) @ t <= budget else (low, middle)
    return sizes(low).long()


def _vector(values: object, name: str) -> Tensor:
    """Any vector of real numbers (a list or an array, too) in float64."""
    try:
        # a tensor stays where it is; numbers of others are not torch's default dtype's
        vector = exact = values if isinstance(values, Tensor) else torch.as_tensor(values)
        if not isinstance(values, Tensor):
            exact = torch.as_tensor(values, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} must be a vector of numbers, got {values!r}") from None
    if check_dense(vector, name).ndim != 1 or not len(vector):
        raise ValueError(f"{name} must be a vector of numbers, got shape {tuple(vector.shape)}")
    return exact.double()


def check_terms(terms: Tensor) -> Tensor:
    """``terms`` in float64, if it is a non-empty ``(m, n, p)`` tensor; else a ``ValueError``."""
    if check_dense(terms, "terms").ndim != 3 or terms.numel() == 0:
        raise ValueError(f"terms must be a non-empty (m, n, p) tensor, got {tuple(terms.shape)}")
    return terms.double()
