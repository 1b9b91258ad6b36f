"""∇ℓ(θ): exact gradients of the log-likelihood, whole and sample by sample.

A gradient here is a flat vector ``(p,)`` in the order of ``model.parameters()``. It has p entries
whatever ``requires_grad`` says, and taking it changes neither that flag nor ``.grad``. Sums are
float64, so the device must have float64 (Apple's MPS has not).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jacrev, vmap

from mle_lib.checks import check_matrix, chunks
from mle_lib.models import AutoregressiveModel

__all__ = ["full_gradient", "per_sample_gradients", "per_variable_gradients"]


def full_gradient(model: AutoregressiveModel, x: Tensor, chunk_size: int | None = None) -> Tensor:
    """∇ℓ(θ) = Σ_{j=1}^m Σ_{i=1}^n ∇ log p(x_i^(j) | x_<i^(j); θ_i), by backpropagation.

    Equation: (2.1).

    Args:
        model: p_θ.
        x: Data, ``(m, n)``, 0s and 1s.
        chunk_size: Rows to hold in memory at once; all if ``None``. Memory does not grow with m
            beyond it.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype. Chunks are added in float64.

    Raises:
        ValueError: If ``x`` is not a non-empty ``(m, n)`` tensor of 0s and 1s, or
            ``chunk_size`` < 1.
    """
    check_matrix(x, model.n)
    pieces = chunks(x, chunk_size)
    totals = [part.double() for part in _summed_gradients(model, next(pieces))]
    for piece in pieces:
        for total, part in zip(totals, _summed_gradients(model, piece), strict=True):
            total += part
    dtype = next(model.parameters()).dtype
    return torch.cat([total.to(dtype).flatten() for total in totals])


def summed_gradient(
    model: AutoregressiveModel, batch: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Σ_j Σ_i w_ji ∇ log p(x_i^(j) | x_<i^(j)) over a batch, flat ``(p,)``. The weights w, ``(b,
    n)``, are 1 if ``None``; any factor is left to the caller."""
    return torch.cat([g.flatten() for g in _summed_gradients(model, batch, weights)])


def _summed_gradients(
    model: AutoregressiveModel, batch: Tensor, weights: Tensor | None = None
) -> tuple[Tensor, ...]:
    """The same, one tensor for each parameter: one forward and one backward pass."""
    batch, parameters = model.prepare(batch), list(model.parameters())
    if weights is not None and weights.shape != batch.shape:
        raise ValueError(
            f"weights must have shape {tuple(batch.shape)}, got {tuple(weights.shape)}"
        )
    with _all_differentiable(parameters):
        terms = model(batch) if weights is None else weights * model(batch)
        return torch.autograd.grad(terms.sum(), parameters, materialize_grads=True)


@contextmanager
def _all_differentiable(parameters: list[nn.Parameter]) -> Iterator[None]:
    """A place in which frozen parameters have gradients too, also under ``torch.no_grad``."""
    frozen = [q for q in parameters if not q.requires_grad]
    try:
        for q in frozen:
            q.requires_grad_(True)
        with torch.enable_grad():
            yield
    finally:
        for q in frozen:
            q.requires_grad_(False)


def per_sample_gradients(model: AutoregressiveModel, x: Tensor) -> Tensor:
    """The ``(b, p)`` matrix whose row j is Σ_i ∇ log p(x_i^(j) | x_<i^(j); θ_i) = ∇ log p(x^(j)).

    It holds b·p numbers; ``minibatch.gradient_moments`` gets their mean and variance without
    holding them.

    Equation: (2.1).

    Raises:
        ValueError: If ``x`` is not a non-empty ``(b, n)`` tensor of 0s and 1s.
    """
    theta = {name: value.detach() for name, value in model.named_parameters()}

    def log_prob(theta: dict[str, Tensor], row: Tensor) -> Tensor:
        return functional_call(model, theta, (row[None],)).sum()

    rows = vmap(grad(log_prob), in_dims=(None, 0))(theta, model.prepare(x))  # name -> (b, *shape)
    return torch.cat([rows[name].reshape(len(x), -1) for name in theta], dim=1)


def per_variable_gradients(model: AutoregressiveModel, x: Tensor) -> Tensor:
    """The ``(b, n, p)`` terms of the double sum: [j, i] is ∇ log p(x_i^(j) | x_<i^(j); θ_i).

    Summed over i they are ``per_sample_gradients``. It holds b·n·p numbers.

    Equation: (2.1).

    Raises:
        ValueError: If ``x`` is not a non-empty ``(b, n)`` tensor of 0s and 1s.
    """
    theta = {name: value.detach() for name, value in model.named_parameters()}

    def log_probs(theta: dict[str, Tensor], row: Tensor) -> Tensor:
        return functional_call(model, theta, (row[None],))[0]

    terms = vmap(jacrev(log_probs), in_dims=(None, 0))(theta, model.prepare(x))
    return torch.cat([terms[name].reshape(len(x), model.n, -1) for name in theta], dim=2)
