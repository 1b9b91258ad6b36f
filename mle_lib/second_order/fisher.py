"""Curvature, the Fisher matrix, and two methods that use them: the natural gradient, L-BFGS."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils import parameters_to_vector

from mle_lib.checks import check_at_least, check_matrix, check_not_negative, chunks
from mle_lib.data import all_states
from mle_lib.gradient import flat, full_gradient, per_sample_gradients
from mle_lib.models import AutoregressiveModel, SequenceModel
from mle_lib.models.evaluation import (
    all_differentiable,
    evaluation,
    finite_parameters,
    gradients_of,
    parameter_of,
    put_back,
)
from mle_lib.second_order.irls import solve_definite


def curvature(model: AutoregressiveModel, x: Tensor) -> Tensor:
    """H = −∇²ℓ(θ)/m of any model, ``(p, p)`` float64, by differentiating twice.

    Where ReLUs make ℓ piecewise smooth, it is the curvature of the piece that θ is in.

    Raises:
        ValueError: If ``x`` is not a non-empty ``(m, n)`` tensor that the model takes.
    """
    with evaluation(model, x) as rows, all_differentiable(model) as parameters:
        with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
            height = model(rows).sum() / len(rows)
        g = flat(gradients_of(height, parameters, create_graph=True))
        H = -_slopes(g, parameters).double()
    return (H + H.T) / 2


def _slopes(g: Tensor, parameters: list[nn.Parameter]) -> Tensor:
    """∂g/∂θ, ``(p, p)``: all rows at once, or one by one where a model cannot do that."""
    if not g.requires_grad:
        return torch.diag(torch.zeros_like(g))
    try:
        columns = torch.autograd.grad(
            g,
            parameters,
            torch.eye(len(g), dtype=g.dtype, device=g.device),
            retain_graph=True,
            is_grads_batched=True,
            allow_unused=True,
        )
    except Exception:  # a backward pass of its own may do what torch cannot take at once
        return torch.stack([flat(gradients_of(s, parameters, retain_graph=True)) for s in g])
    parts = [  # None is 0: the slope is the same for all values of this parameter
        g.new_zeros(len(g), q.numel()) if part is None else part.reshape(len(g), -1)
        for part, q in zip(columns, parameters, strict=True)
    ]
    return torch.cat(parts, 1)


def exact_fisher(model: AutoregressiveModel) -> Tensor:
    """The Fisher information of one sample, F = Σ_x p_θ(x) ∇log p_θ(x) ∇log p_θ(x)ᵀ.

    The sum runs over all 2^n states and weighs them with the **model's** probabilities. With the
    data's it would be the "empirical Fisher", another matrix.

    Equation: (12.3).

    Returns:
        ``(p, p)`` float64, positive semidefinite. On the way 2^n · p numbers are held.

    Raises:
        ValueError: If n > 12.
    """
    if isinstance(model, SequenceModel):
        raise ValueError("model must be of binary variables, got one of sequences")
    if model.n > 12:
        raise ValueError(f"n must be at most 12 to sum over all 2^n states, got {model.n}")
    with parameter_of(model).device:
        states = all_states(model.n)
    with evaluation(model, states) as x, torch.no_grad():
        p = model(x).sum(1).double().exp()
    rows = per_sample_gradients(model, states).double()
    return (rows.T * p) @ rows


def natural_gradient(
    model: AutoregressiveModel, x: Tensor, damping: float = 0.0, chunk_size: int | None = None
) -> Tensor:
    """(F + λ I)⁻¹ ḡ: the steepest direction when distance is measured between distributions.

    For a short step δ, KL(p_θ ‖ p_θ+δ) ≈ ½ δᵀ F δ whatever the parameters mean, so with λ = 0 the
    direction is the same, to first order, in any parametrisation. Source: Amari (1998),
    https://doi.org/10.1162/089976698300017746.

    Equation: (12.4).

    Args:
        model: p_θ, with n ≤ 12 (see ``exact_fisher``).
        x: Data, ``(m, n)``.
        damping: λ ≥ 0.
        chunk_size: Rows of ``x`` to hold in memory at once; all if ``None``.

    Returns:
        A flat ``(p,)`` float64 tensor.

    Raises:
        ValueError: If an argument is wrong, or F + λ I is singular (as F is where some parameters
            change no probability: masked weights, units that are off).
    """
    damping = check_not_negative(damping, "damping")
    g = full_gradient(model, x, chunk_size).double() / len(x)
    fisher = exact_fisher(model)
    fisher.diagonal().add_(damping)
    return solve_definite(fisher, g, "damping")


def lbfgs(
    model: AutoregressiveModel,
    x: Tensor,
    max_steps: int = 100,
    history: int = 10,
    chunk_size: int | None = None,
) -> list[float]:
    """Maximise ℓ by L-BFGS from the model's θ, in place: ``torch.optim.LBFGS`` on −ℓ/m, with all
    the data and its line search for the strong Wolfe conditions.

    It keeps the last steps and changes of gradient and takes from them a curvature in their
    directions: O(history · p) memory where H needs p². Source: Liu & Nocedal (1989),
    https://doi.org/10.1007/BF01589116.

    Args:
        model: p_θ, any model; float64 is advised.
        x: Data, ``(m, n)``.
        max_steps: Most steps; fewer where no entry of ∇ℓ/m is above 1e-10, or nothing changes any
            more. Frozen parameters stay where they are, and ``.grad`` is cleared.
        history: Steps kept.
        chunk_size: Rows to hold in memory at once; all if ``None``.

    Returns:
        ℓ/m in nats at each evaluation of ℓ and ∇ℓ, about one for a step. Line searches may try
        points that are lower than the last.

    Raises:
        ValueError: If the model does not take ``x``, a number < 1, or all parameters are frozen,
            or ℓ is not finite at the model's θ.
        FloatingPointError: If ℓ or ∇ℓ is NaN on the way, or θ or ℓ not finite at the end. After any
            error, and Ctrl-C, θ and ``.grad`` are as they were.
    """
    max_steps = check_at_least(max_steps, 1, "max_steps")
    history = check_at_least(history, 1, "history")
    chunks(check_matrix(x), chunk_size)  # a wrong size is named before anything is done
    finite_parameters(model)
    heights: list[float] = []
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("model must have a parameter that is not frozen, got none")
    optimizer = torch.optim.LBFGS(
        model.parameters(),
        max_iter=max_steps,
        max_eval=25 * max_steps,
        history_size=min(history, max_steps),  # more there are not
        tolerance_grad=1e-10,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    with put_back(model), evaluation(model, x) as rows:

        def closure() -> Tensor:
            optimizer.zero_grad()
            torch.clear_autocast_cache()  # its copies of the weights, from the last point
            height = rows.new_zeros((), dtype=torch.float64)
            for chunk in chunks(rows, chunk_size):
                part = model(chunk).sum() / len(rows)
                if part.requires_grad:  # else ∇ℓ is 0
                    (-part).backward()
                height += part.detach()
            slopes = [q.grad.isnan().any() for q in model.parameters() if q.grad is not None]
            if not heights and not height.isfinite():
                raise ValueError(f"model must give a finite ℓ at its θ, got {height}")
            if height.isnan() or any(slopes):
                raise FloatingPointError("ℓ or its gradient became NaN: the model is put back")
            heights.append(height.item())
            return -height

        _step(optimizer, closure)
        theta = parameters_to_vector(model.parameters())
        if not theta.isfinite().all() or not math.isfinite(heights[-1]):
            raise FloatingPointError("ℓ or θ did not stay finite: the model is put back")
    optimizer.zero_grad()
    return heights


def _step(optimizer: torch.optim.LBFGS, closure: Callable[[], Tensor]) -> None:
    try:
        optimizer.step(closure)
    except RuntimeError as error:
        if "without overflow" not in str(error):
            raise
        raise FloatingPointError("a step left the model's dtype: the model is put back") from error
