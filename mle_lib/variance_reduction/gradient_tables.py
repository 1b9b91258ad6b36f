"""Estimators of ∇ℓ that remember the last gradient seen of every sample: SAG and SAGA."""

import torch
from torch import Tensor

from mle_lib.checks import check_flag, check_indices, check_matrix, chunks
from mle_lib.gradient import per_sample_gradients
from mle_lib.models import AutoregressiveModel
from mle_lib.models.evaluation import outside_inference
from mle_lib.variance_reduction.control_variates import ROWS, check_fits


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
    §4, https://doi.org/10.1007/s10107-016-1030-6.

    Equation: (14.3).

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
        check_matrix(x)
        filled, pieces = check_flag(filled, "filled"), chunks(x, chunk_size)
        with outside_inference():
            if filled:
                self.table = torch.cat([per_sample_gradients(model, rows) for rows in pieces])
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
        m = len(self.table)
        check_fits(x, m, model, self.table[0])
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
    on a full one (without replacement). Source: Defazio, Bach & Lacoste-Julien (2014),
    §3, https://doi.org/10.48550/arXiv.1407.0202.

    Equation: (14.3).
    """

    def _combine(self, news: Tensor, rows: Tensor, times: Tensor) -> Tensor:
        return self.total + (len(self.table) / times.sum()) * (times @ news)
