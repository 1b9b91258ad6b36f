"""Gradient clipping: shorten what would be too long a step, and refuse what is not a number."""

import numbers
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mle_lib.checks import NotFiniteError, shown

__all__ = ["NonFiniteGradientError", "clip_by_norm", "clip_by_value"]


class NonFiniteGradientError(NotFiniteError):
    """A gradient is NaN or infinite, or too long for its norm to be a number."""


Parameters = Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]]
Pair = Sequence[float] | Tensor | np.ndarray


@torch.no_grad()
def clip_by_norm(params: Parameters, max_norm: float) -> Tensor:
    """g ← g · min(1, c / (‖g‖ + 10⁻⁶)), in place; g holds the gradients of all parameters.

    The direction stays, the length is at most c. Source: Pascanu, Mikolov & Bengio (2013),
    algorithm 1, https://doi.org/10.48550/arXiv.1211.5063; the 10⁻⁶ is that of
    ``torch.nn.utils.clip_grad_norm_``, to which this is equal.

    Equation: (7.13).

    Args:
        params: ``model.parameters()``, or ``model.named_parameters()`` to see names in errors.
            Those without a gradient count as 0.
        max_norm: c > 0; ``inf`` changes nothing, but ‖g‖ is still computed.

    Returns:
        ‖g‖ before clipping, a scalar tensor.

    Raises:
        NonFiniteGradientError: If ‖g‖ is not finite (the message says in which parameters). It is
            a ``ValueError`` and a ``FloatingPointError``. No gradient has been changed then.
        ValueError: If a gradient is sparse or complex, ``params`` is empty (as a generator is that
            was used before), or ``max_norm`` is not positive. No gradient has been changed then.
    """
    max_norm = check_threshold(max_norm, "max_norm")
    gradients = dense_gradients(not_empty(params))
    norm = total_norm([g for _, g in gradients])
    if not norm.isfinite():
        raise NonFiniteGradientError(
            f"the gradient's norm must be finite, got {norm}: {blame(gradients)}"
        )
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1)
    for _, g in gradients:
        g.mul_(factor.to(g.device))
    return norm


@torch.no_grad()
def clip_by_value(params: Parameters, max_value: float) -> None:
    """g_k ← min(max(g_k, −c), c) for every coordinate, in place. This may turn the direction.

    Equal to ``torch.nn.utils.clip_grad_value_``, but for entries that are not finite: that keeps a
    NaN and makes ∞ a c. Arguments and errors are those of ``clip_by_norm``, with ``max_value`` as
    c; the entries must be finite, their norm may overflow.

    Equation: (7.13).
    """
    max_value = check_threshold(max_value, "max_value")
    gradients = dense_gradients(not_empty(params))
    if not all(g.isfinite().all() for _, g in gradients):
        raise NonFiniteGradientError(f"gradients must be finite: {blame(gradients)}")
    for _, g in gradients:
        limit = min(max_value, torch.finfo(g.dtype).max)
        g.clamp_(-limit, limit)


def total_norm(gradients: list[Tensor]) -> Tensor:
    """‖g‖, from the norms of its parts."""
    if not gradients:
        return torch.tensor(0.0)
    norms = [torch.linalg.vector_norm(g).to(gradients[0].device) for g in gradients]
    return torch.linalg.vector_norm(torch.stack(norms))


def not_empty(params: Parameters) -> list[Tensor] | list[tuple[str, Tensor]]:
    """The parameters, or pairs with their names, as a list.

    Raises:
        ValueError: If there are none.
    """
    entries = [params] if isinstance(params, Tensor) else list(params)
    if not entries:
        raise ValueError("params must hold a parameter, got none (a generator serves only once)")
    return entries


def dense_gradients(
    entries: Iterable[Tensor] | Iterable[tuple[str, Tensor]],
) -> list[tuple[str, Tensor]]:
    """Every gradient that is there, with its parameter's name, or number, and shape.

    Raises:
        ValueError: If a gradient is sparse or complex, or an entry is no tensor.
    """
    gradients = []
    for k, entry in enumerate(entries):
        name, q = entry if isinstance(entry, tuple) and len(entry) == 2 else (f"number {k}", entry)
        if not isinstance(q, Tensor) or not isinstance(name, str):
            raise ValueError(f"params must hold parameters or pairs with names, got {shown(entry)}")
        if q.grad is not None:
            if q.grad.layout != torch.strided or q.grad.is_complex():
                got = f"{q.grad.dtype}, {q.grad.layout}"
                raise ValueError(f"gradients must be dense and real, got {got} at parameter {name}")
            gradients.append((f"{name} of shape {tuple(q.shape)}", q.grad))
    return gradients


def blame(gradients: list[tuple[str, Tensor]]) -> str:
    """Which parameters make the norm infinite or NaN, and how."""
    counts = [(name, int((~g.isfinite()).sum()), g.numel()) for name, g in gradients]
    found = [
        f"{count} of {size} entries NaN or infinite in parameter {name}"
        for name, count, size in counts
        if count
    ]
    if found:
        return ", ".join(found)
    size, name = max((float(g.abs().max()), name) for name, g in gradients if g.numel())
    return f"entries up to {size:.1e} in parameter {name}, whose squares overflow"


def check_threshold(value: float, name: str) -> float:
    """Return ``value`` as a ``float`` if it is a number above 0 (∞ is).

    Raises:
        ValueError: If it is not.
    """
    needed = "a number above 0"
    if not (number := as_number(value, name, needed)) > 0:
        raise ValueError(f"{name} must be {needed}, got {shown(value)}")
    return number


def as_number(value: Any, name: str, needed: str) -> float:
    """Return ``value`` as a ``float`` if it is a number that a float can hold, whoever's type it
    has: NumPy's, or a tensor or array without dimensions. (NaN and ∞ are numbers here, a bool is
    none.)

    Raises:
        ValueError: If it is not; the message says what was ``needed``.
    """
    number = value
    if isinstance(value, Tensor | np.ndarray | np.generic) and not value.shape:
        number = value.item()
    if isinstance(number, bool) or not isinstance(number, numbers.Real):
        raise ValueError(f"{name} must be {needed}, got {shown(value)}")
    try:
        return float(number)
    except OverflowError as error:
        raise ValueError(
            f"{name} must be {needed} and no larger than a float, got {shown(value)}"
        ) from error
