"""Estimators of ∇ℓ that subtract from each g_j something whose sum over all samples is known.

What is subtracted in the batch is added again as a whole: (m/b) Σ_{j∈B} (g_j − h_j) + Σ_j h_j. The
better h_j foretells g_j, the less is left to estimate. Each estimator is called as
``minibatch.minibatch_gradient`` is: ``estimator(model, x, indices)``, with the data it was made
for, row by row; only their number is checked.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from mle_lib.checks import (
    check_at_least,
    check_finite,
    check_indices,
    check_matrix,
    check_number,
    chunks,
)
from mle_lib.gradient import full_gradient, per_sample_gradients
from mle_lib.minibatch.estimator import check_sizes, finite_population, minibatch_gradient
from mle_lib.models import AutoregressiveModel
from mle_lib.models.evaluation import outside_inference, parameter_of

ROWS = 256  # held at once while all the data are gone through, unless a caller says otherwise


class ControlVariate:
    """(m/b) Σ_{j∈B} (g_j − γ h_j) + γ Σ_{j=1}^m h_j, for any known function h of a sample.

    Unbiased for ∇ℓ for every fixed γ (elementwise). The variance is that of g_j − γ h_j in place of
    g_j; it is least at γ = Cov(g_j, h_j)/Var(h_j), coordinate by coordinate
    (``best_coefficient``). With ``coefficient=None``, γ is computed so from each batch: then γ and
    the batch depend on each other, and the estimate has a bias of order 1/b. Source: Owen
    (2013), Monte Carlo theory, methods and examples, §8.9, https://artowen.su.domains/mc/.

    Equation: (14.2).

    Args:
        control: h: rows ``(b, n)`` to ``(b, p)``. It must not change.
        x: The whole data set, ``(m, n)``; Σ_j h_j is computed here, once.
        coefficient: γ, a number or ``(p,)``, or ``None``.
        chunk_size: Rows to hold in memory at once while Σ_j h_j is computed; all if ``None``.

    Raises:
        ValueError: If ``x`` is not a non-empty ``(m, n)`` tensor, or ``coefficient`` is none of
            these or not finite.
    """

    def __init__(
        self,
        control: Callable[[Tensor], Tensor],
        x: Tensor,
        coefficient: float | Tensor | None = 1.0,
        chunk_size: int | None = ROWS,
    ) -> None:
        if isinstance(coefficient, Tensor):
            coefficient = check_finite(coefficient, "coefficient").detach()
        elif coefficient is not None:
            wanted = "a finite number, a tensor or None"
            coefficient = check_number(coefficient, "coefficient", wanted)
        self.control, self.coefficient = control, coefficient
        self.m = len(check_matrix(x))
        with outside_inference():
            self.total = sum(self._rows(r).double().sum(0) for r in chunks(x, chunk_size))

    def __call__(self, model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
        """The estimate of ∇ℓ(θ) at the model's θ, flat ``(p,)``.

        Raises:
            ValueError: If ``x`` has not the m rows of the data set, ``indices`` are not sample
                numbers, the control gives no ``(b, p)`` tensor, or the coefficient is no number and
                not ``(p,)``.
        """
        check_fits(x, self.m, model)
        indices = check_indices(indices, x)
        b = len(indices)
        h = self._rows(x[indices])
        p = sum(parameter.numel() for parameter in model.parameters())
        if h.shape != (b, p):
            raise ValueError(f"control must give a ({b}, {p}) tensor, got {tuple(h.shape)}")
        gamma = self.coefficient
        if gamma is None:
            gamma = best_coefficient(per_sample_gradients(model, x[indices]), h)
        elif isinstance(gamma, Tensor) and gamma.shape not in ((), (p,)):
            raise ValueError(
                f"coefficient must be a number or of shape ({p},), got {tuple(gamma.shape)}"
            )
        known = gamma * (self.total - (self.m / b) * h.double().sum(0))
        g = minibatch_gradient(model, x, indices)
        return (g + known).to(g.dtype)

    def _rows(self, x: Tensor) -> Tensor:
        h = self.control(x)
        if not isinstance(h, Tensor):
            raise ValueError(f"what control gives must be a tensor, got {type(h).__name__}")
        h = check_matrix(h, name="what control gives").detach()
        if len(h) != len(x):
            raise ValueError(f"control must give a row for each of {len(x)} x, got {len(h)}")
        return h


def best_coefficient(gradients: Tensor, controls: Tensor) -> Tensor:
    """γ = Cov_j(g_j, h_j) / Var_j(h_j), coordinate by coordinate; 0 where h varies by rounding
    alone.

    Args:
        gradients: g_j, ``(b, p)``: of all samples, or of a batch.
        controls: h_j, ``(b, p)``.

    Returns:
        ``(p,)`` float64.

    Raises:
        ValueError: If the two are not matrices of one shape.
    """
    g = check_matrix(gradients, name="gradients").double()
    h = check_matrix(controls, name="controls").double()
    if g.shape != h.shape:
        raise ValueError(f"controls must have shape {tuple(g.shape)}, got {tuple(h.shape)}")
    dtype = controls.dtype if controls.is_floating_point() else h.dtype
    (g, of_g), (h, of_h) = _scaled(g), _scaled(h)
    rounding = len(h) * (8 * torch.finfo(dtype).eps * h.abs().amax(0)) ** 2
    g, h = g - g.mean(0), h - h.mean(0)
    spread = h.square().sum(0)
    scale = torch.exp2((of_g - of_h).clamp(max=1023))
    return torch.where(spread <= rounding, 0.0, (g * h).sum(0) / spread * scale)


def _scaled(values: Tensor) -> tuple[Tensor, Tensor]:
    """The values over a power of two for each column, which takes no digit from them, and its
    exponent: their squares and sums are then within float64."""
    exponent = torch.frexp(values.abs().amax(0)).exponent.double().clamp(-1022, 1022)
    return values * torch.exp2(-exponent), exponent


def control_variate_variance(differences: Tensor, b: int, replacement: bool) -> Tensor:
    """The predicted variance of (m/b) Σ_{j∈B} d_j + a known sum, coordinate by coordinate:

        m²/b Var_j(d_j), times (m − b)/(m − 1) without replacement.

    d_j is g_j − γ h_j for a control variate, g_j(θ) − g_j(θ̃) for SVRG, g_j − y_j for SAGA; SAG has
    (b/m)² of SAGA's (without replacement: it counts a repeated sample once).

    Args:
        differences: d_j of all the data, ``(m, p)``.
        b: Batch size.
        replacement: How B is drawn.

    Returns:
        ``(p,)`` float64.

    Raises:
        ValueError: If ``differences`` is not ``(m, p)``, ``b`` < 1, or ``b`` > m without
            replacement.
    """
    d = check_matrix(differences, name="differences").double()
    m, b = check_sizes(len(d), b, replacement)
    return m**2 / b * d.var(0, correction=0) * finite_population(m, b, replacement)


class SVRG:
    """Stochastic variance reduced gradient: the control variate is the gradient at an older θ̃,

        (m/b) Σ_{j∈B} (g_j(θ) − g_j(θ̃)) + ∇ℓ(θ̃).

    Unbiased for ∇ℓ(θ), whatever θ̃. It costs two gradients for each sample of a batch, and m for
    each snapshot. Source: Johnson & Zhang (2013), figure 1,
    https://proceedings.neurips.cc/paper/2013/hash/ac1dd209cbcc5e5d1c6e28598e8cbbe8-Abstract.html.

    Equation: (14.2).

    Args:
        model: p_θ; its parameters (and buffers) are copied as θ̃. What else it has must not change
            between two snapshots: ∇ℓ(θ̃) would be another function's.
        x: The whole data set, ``(m, n)``.
        chunk_size: Rows to hold in memory at once for ∇ℓ(θ̃); all if ``None``.
    """

    def __init__(
        self, model: AutoregressiveModel, x: Tensor, chunk_size: int | None = ROWS
    ) -> None:
        self.chunk_size = (
            None if chunk_size is None else check_at_least(chunk_size, 1, "chunk_size")
        )
        self.take_snapshot(model, x)

    def take_snapshot(self, model: AutoregressiveModel, x: Tensor) -> None:
        """Take θ̃ = θ and compute ∇ℓ(θ̃). Raises as ``full_gradient``; if anything fails, nothing is
        changed."""
        with outside_inference():
            full = full_gradient(model, x, self.chunk_size)
            snapshot = {name: tensor.detach().clone() for name, tensor in _state(model).items()}
        self.full, self.m, self.snapshot = full, len(x), snapshot  # one alone would be a bias

    def __call__(self, model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
        """The estimate of ∇ℓ(θ) at the model's θ, flat ``(p,)``. Raises as ``minibatch_gradient``,
        and if ``x`` has not the m rows of the snapshot or the model not its parameters and
        buffers."""
        check_fits(x, self.m, model, self.full)
        now = minibatch_gradient(model, x, indices)
        with _at(self.snapshot, model):
            then = minibatch_gradient(model, x, indices)
        return now - then + self.full


def _state(model: AutoregressiveModel) -> dict[str, Tensor]:
    return dict([*model.named_parameters(), *model.named_buffers()])


@contextmanager
def _at(values: dict[str, Tensor], model: AutoregressiveModel) -> Iterator[None]:
    """A place in which the model's parameters and buffers have these values. (A copy of the model
    might still reach the parameters of the first, through a function or a list.)"""
    state = _state(model)
    own = {name: tensor.data for name, tensor in state.items()}
    for name in sorted(own.keys() | values.keys()):
        if not (name in own and name in values and own[name].shape == values[name].shape):
            raise ValueError(
                "model must have the parameters and buffers of its snapshot, "
                f"got a change of {name}"
            )
    try:
        for name, tensor in state.items():
            tensor.data = values[name]
        yield
    finally:
        for name, tensor in state.items():
            tensor.data = own[name]


def check_fits(x: Tensor, m: int, model: AutoregressiveModel, like: Tensor | None = None) -> None:
    """``like`` is a gradient of the model as it was, flat ``(p,)``."""
    if len(check_matrix(x)) != m:
        raise ValueError(f"x must be the data set of {m} samples it was made for, got {len(x)}")
    dtype = parameter_of(model).dtype
    has = sum(parameter.numel() for parameter in model.parameters())
    if like is not None and (has, dtype) != (len(like), like.dtype):
        raise ValueError(
            f"model must have the {len(like)} parameters in {like.dtype} it was made for, "
            f"got {has} in {dtype}"
        )
