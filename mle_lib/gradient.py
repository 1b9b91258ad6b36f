"""∇ℓ(θ): exact gradients of the log-likelihood, whole and sample by sample.

A gradient here is a flat vector ``(p,)`` in the order of ``model.parameters()``. It has p entries
whatever ``requires_grad`` says, and taking it changes neither that flag nor ``.grad``. It is taken
in eval mode: the mini-batch estimate, too, estimates the gradient of ℓ, which is a function of θ
alone. The model keeps its mode, and ``training.train_step`` alone trains. Sums are float64, so the
device must have float64 (Apple's MPS has not).
"""

import math
from collections.abc import Callable, Iterable
from contextlib import suppress

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jacrev, vmap
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from mle_lib.checks import check_matrix, chunks, recordable
from mle_lib.models import AutoregressiveModel
from mle_lib.models.evaluation import (
    all_differentiable,
    as_built,
    evaluation,
    gradients_of,
    has_a_part_twice,
    has_hooks_on_parameters,
    parameter_of,
)

__all__ = ["full_gradient", "per_sample_gradients", "per_variable_gradients"]


def full_gradient(model: AutoregressiveModel, x: Tensor, chunk_size: int | None = None) -> Tensor:
    """∇ℓ(θ) = Σ_{j=1}^m Σ_{i=1}^n ∇ log p(x_i^(j) | x_<i^(j); θ_i), by backpropagation.

    Equation: (2.1).

    Args:
        model: p_θ.
        x: Data, ``(m, n)``, of which the model says what it takes (``prepare``).
        chunk_size: Rows to hold in memory at once; all if ``None``. Memory does not grow with m
            beyond it.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype. Chunks are added in float64.

    Raises:
        ValueError: If ``x`` is not a non-empty ``(m, n)`` tensor that the model takes, or
            ``chunk_size`` < 1, or log p of a row depends on other rows.
    """
    check_matrix(x)
    first, *others = chunks(x, chunk_size)
    if not others:
        return summed_gradient(model, first)
    total = summed_gradient(model, first).double()
    for piece in others:
        total += summed_gradient(model, piece)
    return total.to(parameter_of(model).dtype)


def summed_gradient(
    model: AutoregressiveModel, batch: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Σ_j Σ_i w_ji ∇ log p(x_i^(j) | x_<i^(j)) over a batch, flat ``(p,)``. The weights w, ``(b,
    n)``, are 1 if ``None``; any factor is left to the caller."""
    return flat(_summed_gradients(model, batch, weights))


def _summed_gradients(
    model: AutoregressiveModel, batch: Tensor, weights: Tensor | None = None
) -> tuple[Tensor, ...]:
    """The same, one tensor for each parameter: one forward and one backward pass."""
    with evaluation(model, batch) as rows:
        if weights is not None:  # what is beyond the longest row has no term
            weights = weights[..., : rows.shape[1]]
        if weights is not None and weights.shape != rows.shape:
            raise ValueError(
                f"weights must have shape {tuple(rows.shape)}, got {tuple(weights.shape)}"
            )
        with all_differentiable(model) as parameters:
            terms = model(rows)
            if weights is None:
                return gradients_of(terms.sum(), parameters)
            # 1/(b q_j) may lie beyond the model's dtype, and the product with a gradient within it;
            # a power of two takes no digit from either
            scale = 2.0 ** max(-1000, min(1023, math.frexp(float(weights.abs().max()))[1]))
            terms = (recordable(weights) / scale).to(terms.dtype) * terms
            parts = gradients_of(terms.sum(), parameters)
            return tuple((part.double() * scale).to(part.dtype) for part in parts)


def flat(gradients: Iterable[Tensor]) -> Tensor:
    """A gradient with one tensor for each parameter as one vector, ``(p,)``."""
    return torch.cat([g.flatten() for g in gradients])


def per_sample_gradients(model: AutoregressiveModel, x: Tensor) -> Tensor:
    """The ``(b, p)`` matrix whose row j is Σ_i ∇ log p(x_i^(j) | x_<i^(j); θ_i) = ∇ log p(x^(j)).

    It holds b·p numbers; ``minibatch.gradient_moments`` gets their mean and variance without
    holding them.

    Equation: (2.1).

    Raises:
        ValueError: If the model does not take ``x``, or log p of a row depends on other rows.
    """
    with evaluation(model, x) as rows:
        return gradients_of_rows(model, lambda log_p, row: log_p(row).sum(1), rows)


def per_variable_gradients(model: AutoregressiveModel, x: Tensor) -> Tensor:
    """The ``(b, n, p)`` terms of the double sum: [j, i] is ∇ log p(x_i^(j) | x_<i^(j); θ_i).

    Summed over i they are ``per_sample_gradients``. It holds b·n·p numbers.

    Equation: (2.1).

    Raises:
        ValueError: If the model does not take ``x``, or log p of a row depends on other rows.
    """
    with evaluation(model, x) as rows:
        terms = gradients_of_rows(model, lambda log_p, row: log_p(row), rows)
        return F.pad(terms, (0, 0, 0, model.n - terms.shape[1]))  # none after the longest row


def gradients_of_rows(module: nn.Module, value: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """The gradients by the module's parameters of each entry of ``value(module, *inputs)``, whose
    row j is a function of row j of each input: ``(b,)`` or ``(b, n)`` -> the same, then ``(p,)``.

    ``torch.func`` takes all rows at once, with other tensors under the names of the parameters.
    Where a model reaches a parameter in another way than by its name, or has a hook on it, or does
    what ``torch.func`` cannot, its rows are taken one by one, from the parameters themselves: a
    weighted sum of the rows must be what backpropagation through all of them gives. (Unequal
    weights, for at a maximum the plain sum is 0 whatever the rows are.) In 16 bits that could not
    be seen, so there rows are taken at once of what the library's classes make alone.
    """
    with all_differentiable(module) as parameters:
        inputs = tuple(recordable(rows).detach() for rows in inputs)
        values = value(module, *inputs)
        known = as_built(module)
        visible = torch.finfo(values.dtype).eps < 1e-6
        by_name = not has_a_part_twice(module) and not has_hooks_on_parameters(module)
        # torch.func and a model may disagree in any way; its fused attention has no rule for vmap
        with suppress(Exception), sdpa_kernel(SDPBackend.MATH):
            if by_name and (known or visible):
                rows = _rows_at_once(module, value, values.ndim, inputs)
                if known or _is_sum(rows, values, parameters):
                    return rows
        single = (value(module, *row) for row in zip(*(t.split(1) for t in inputs), strict=True))
        gradients = [
            flat(gradients_of(entry, parameters, retain_graph=True))
            for entries in single
            for entry in entries.flatten()
        ]
    return torch.stack(gradients).view(*values.shape, -1)


def _rows_at_once(
    module: nn.Module, value: Callable[..., Tensor], ndim: int, inputs: tuple[Tensor, ...]
) -> Tensor:
    theta = {name: q.detach() for name, q in module.named_parameters()}

    def of_row(theta: dict[str, Tensor], *row: Tensor) -> Tensor:
        def call(*args: object) -> Tensor:
            return functional_call(module, theta, args)

        return value(call, *(part[None] for part in row))[0]

    derivative = grad(of_row) if ndim == 1 else jacrev(of_row)
    parts = vmap(derivative, in_dims=(None, *[0] * len(inputs)))(theta, *inputs)
    rows = [parts[name].reshape(*parts[name].shape[:ndim], -1) for name in theta]
    return torch.cat(rows, -1).detach()  # parameters elsewhere may have a graph


def _is_sum(rows: Tensor, values: Tensor, parameters: list[nn.Parameter]) -> bool:
    """Whether weighted rows have the sum that backpropagation gives, up to rounding (of each entry,
    and of the largest of its parameter)."""
    weights = 1 + (torch.arange(values.numel(), device=values.device) * 0.618034 % 1).to(
        values
    ).view_as(values)
    totals = gradients_of((weights * values).sum(), parameters)
    rows, eps = (weights[..., None] * rows).flatten(0, -2), torch.finfo(rows.dtype).eps
    sizes = [total.numel() for total in totals]
    for part, total in zip(rows.split(sizes, 1), totals, strict=True):
        size = torch.linalg.vector_norm(part, 1, dim=0)
        allowed = eps**0.5 * size + 100 * eps * size.max() if len(size) else size
        near = (part.sum(0) - total.flatten()).abs() <= allowed
        if not (near | ~total.flatten().isfinite()).all():
            return False
    return True
