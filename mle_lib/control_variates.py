"""Estimators of ∇ℓ that subtract from each g_j something whose sum over all samples is known.

What is subtracted in the batch is added again as a whole: (m/b) Σ_{j∈B} (g_j − h_j) + Σ_j h_j. The
better h_j foretells g_j, the less is left to estimate. Each estimator is called as
``minibatch.minibatch_gradient`` is: ``estimator(model, x, indices)``, with the data it was made
for, row by row; only their number is checked.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_flag, check_indices, check_matrix, chunks, plain
from mle_lib.gradient import full_gradient, per_sample_gradients, summed_gradient
from mle_lib.minibatch import check_sizes, finite_population, minibatch_gradient
from mle_lib.models import AutoregressiveModel

ROWS = 256  # held at once while all the data are gone through, unless a caller says otherwise


class ControlVariate:
    """(m/b) Σ_{j∈B} (g_j − γ h_j) + γ Σ_{j=1}^m h_j, for any known function h of a sample.

    Unbiased for ∇ℓ for every fixed γ (elementwise). The variance is that of g_j − γ h_j in place of
    g_j; it is least at γ = Cov(g_j, h_j)/Var(h_j), coordinate by coordinate
    (``best_coefficient``). With ``coefficient=None``, γ is computed so from each batch: then γ and
    the batch depend on each other, and the estimate has a bias of order 1/b. Source: Owen
    (2013), Monte Carlo theory, methods and examples, section 8.9, https://artowen.su.domains/mc/.

    Equation: (9.2).

    Args:
        control: h: rows ``(b, n)`` to ``(b, p)``. It must not change.
        x: The whole data set, ``(m, n)``; Σ_j h_j is computed here, once.
        coefficient: γ, a number or ``(p,)``, or ``None``.
        chunk_size: Rows to hold in memory at once while Σ_j h_j is computed; all if ``None``.

    Raises:
        ValueError: If ``x`` is not a non-empty ``(m, n)`` tensor, or ``coefficient`` is none of
            these.
    """

    def __init__(
        self,
        control: Callable[[Tensor], Tensor],
        x: Tensor,
        coefficient: float | Tensor | None = 1.0,
        chunk_size: int | None = ROWS,
    ) -> None:
        gamma = coefficient if isinstance(coefficient, Tensor) else plain(coefficient)
        if isinstance(gamma, bool) or not isinstance(gamma, (int, float, Tensor, type(None))):
            raise ValueError(f"coefficient must be a number, a tensor or None, got {coefficient!r}")
        self.control, self.coefficient = control, gamma
        self.m = len(check_matrix(x))
        self.total = sum(control(r).detach().double().sum(0) for r in chunks(x, chunk_size))

    def __call__(self, model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
        """The estimate of ∇ℓ(θ) at the model's θ, flat ``(p,)``.

        Raises:
            ValueError: If ``x`` has not the m rows of the data set, ``indices`` are not sample
                numbers, the control gives no ``(b, p)`` tensor, or the coefficient is no number and
                not ``(p,)``.
        """
        _check_length(x, self.m, model)
        indices = check_indices(indices, x)
        b = len(indices)
        h = self.control(x[indices]).detach()
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
    rounding = len(h) * (8 * torch.finfo(dtype).eps * h.abs().amax(0)) ** 2
    g, h = g - g.mean(0), h - h.mean(0)
    spread = h.square().sum(0)
    return torch.where(spread <= rounding, 0.0, (g * h).sum(0) / spread)


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

    Equation: (9.2).

    Args:
        model: p_θ; its parameters (and buffers) are copied as θ̃.
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
        full, snapshot = full_gradient(model, x, self.chunk_size), copy.deepcopy(model)
        self.full, self.m, self.snapshot = full, len(x), snapshot  # one alone would be a bias

    def __call__(self, model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
        """The estimate of ∇ℓ(θ) at the model's θ, flat ``(p,)``. Raises as ``minibatch_gradient``,
        and if ``x`` has not the m rows of the snapshot or the model not its p parameters."""
        _check_length(x, self.m, model, len(self.full))
        now = minibatch_gradient(model, x, indices)
        with _at(self.snapshot, model):
            then = minibatch_gradient(model, x, indices)
        return now - then + self.full


def _state(model: AutoregressiveModel) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]


@contextmanager
def _at(other: AutoregressiveModel, model: AutoregressiveModel) -> Iterator[None]:
    """A place in which the model's parameters and buffers have the values of another's. (A copy of
    the model may still reach the parameters of the first, through a function or a list.)"""
    own = [tensor.data for tensor in _state(model)]
    try:
        for tensor, value in zip(_state(model), _state(other), strict=True):
            tensor.data = value.data
        yield
    finally:
        for tensor, value in zip(_state(model), own, strict=True):
            tensor.data = value


class SAG:
    """Stochastic average gradient: a table holds the last gradient y_j seen of every sample,

        Σ_{l=1}^m y_l + Σ_{j∈B} (g_j(θ) − y_j),   then y_j ← g_j(θ) for j ∈ B:

    the sum of the table once B is written into it. Its mean over B (without replacement) is Σ_l y_l
    + (b/m)(∇ℓ − Σ_l y_l): biased, by −(1 − b/m)(∇ℓ − Σ_l y_l), as long as the table is out of date.
    It costs one gradient for each sample of a batch, and memory for m·p numbers. After a call that
    was interrupted, make a new one.

    The table can be filled before the first step, at the cost of m gradients. Or it starts empty,
    with y = 0; then the sum, which lacks the samples not seen yet, is divided by the share of those
    that it has. Source: Schmidt, Le Roux & Bach (2017), equation 5 and
    section 4, https://doi.org/10.1007/s10107-016-1030-6.

    Equation: (9.3).

    Args:
        model: p_θ.
        x: The whole data set, ``(m, n)``.
        filled: Whether to fill the table with the gradients at the model's θ.
        chunk_size: Rows to hold in memory at once, beside the table, while it is filled.

    Attributes:
        table: y, ``(m, p)``.
        total: Σ_l y_l, ``(p,)`` float64.
        seen: Which samples the table has, ``(m,)`` bool.
    """

    def __init__(
        self,
        model: AutoregressiveModel,
        x: Tensor,
        filled: bool = True,
        chunk_size: int | None = ROWS,
    ) -> None:
        check_matrix(x, model.n)
        if filled := check_flag(filled, "filled"):
            parts = [per_sample_gradients(model, rows) for rows in chunks(x, chunk_size)]
            self.table = torch.cat(parts)
        else:
            self.table = torch.zeros_like(per_sample_gradients(model, x[:1])).repeat(len(x), 1)
        self.total = self.table.double().sum(0)
        self.seen = torch.full((len(x),), filled, device=self.table.device)

    def __call__(self, model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
        """The estimate of ∇ℓ(θ) at the model's θ, flat ``(p,)``; the table is renewed after it.
        Raises as ``minibatch_gradient``, and if ``x`` has not the m rows of the table or the model
        not its p columns."""
        estimate, rows, fresh = self._estimate(model, x, indices)
        change = (fresh.double() - self.table[rows].double()).sum(0)
        self.table[rows] = fresh
        self.seen[rows] = True
        self.total += change
        return estimate

    def estimate(self, model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
        """The same estimate, with the table left as it is."""
        return self._estimate(model, x, indices)[0]

    def _estimate(
        self, model: AutoregressiveModel, x: Tensor, indices: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        m, p = self.table.shape
        _check_length(x, m, model, p)
        indices = check_indices(indices, x)
        rows, times = indices.to(x.device).unique(return_counts=True)
        fresh = per_sample_gradients(model, x[rows])
        news = fresh.double() - self.table[rows].double()
        return self._combine(news, rows, times.double()).to(fresh.dtype), rows, fresh

    def _combine(self, news: Tensor, rows: Tensor, times: Tensor) -> Tensor:
        # a row changes once, however often it was drawn
        known = int(self.seen.sum()) + int((~self.seen[rows]).sum())
        return (self.total + news.sum(0)) * (len(self.table) / known)


class SAGA(SAG):
    """SAG's table with the factor m/b in place of 1:

        Σ_{l=1}^m y_l + (m/b) Σ_{j∈B} (g_j(θ) − y_j),   then y_j ← g_j(θ) for j ∈ B.

    Unbiased for ∇ℓ whatever the table holds, zeros included, with (m/b)² times the variance of SAG
    on a full one (without replacement). Source: Defazio, Bach & Lacoste-Julien (2014), section
    3, https://doi.org/10.48550/arXiv.1407.0202.

    Equation: (9.3).
    """

    def _combine(self, news: Tensor, rows: Tensor, times: Tensor) -> Tensor:
        return self.total + (len(self.table) / times.sum()) * (times @ news)


def _check_length(x: Tensor, m: int, model: AutoregressiveModel, p: int | None = None) -> None:
    if len(check_matrix(x, model.n)) != m:
        raise ValueError(f"x must be the data set of {m} samples it was made for, got {len(x)}")
    has = sum(parameter.numel() for parameter in model.parameters())
    if p is not None and has != p:
        raise ValueError(f"model must have the {p} parameters it was made for, got {has}")
