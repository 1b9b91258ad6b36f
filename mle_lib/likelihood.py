"""ℓ(θ): the log-likelihood of a data set."""

import torch
from torch import Tensor

from mle_lib.checks import check_matrix, chunks
from mle_lib.models import AutoregressiveModel
from mle_lib.models.evaluation import evaluation


@torch.no_grad()
def log_likelihood(model: AutoregressiveModel, x: Tensor, chunk_size: int | None = None) -> Tensor:
    """ℓ(θ) = Σ_{j=1}^m Σ_{i=1}^n log p(x_i^(j) | x_<i^(j); θ_i), the lecture's double sum, in nats.

    The model is evaluated in eval mode, whatever mode it is in, and keeps its own. The terms are
    added in float64, whatever the model's dtype, on a device that has float64.

    Equation: (1.3).

    Args:
        model: p_θ.
        x: Data, ``(m, n)``, of which the model says what it takes (``prepare``).
        chunk_size: Rows to hold in memory at once; all if ``None``. The result does not depend on
            it.

    Returns:
        A float64 scalar tensor. ℓ is a sum; the mean per sample is ``log_likelihood(model, x) /
        len(x)``.

    Raises:
        ValueError: If the model does not take ``x``, ``chunk_size`` < 1, or log p of a row depends
            on other rows (``models.evaluation``).
    """
    check_matrix(x)
    parts = []
    for chunk in chunks(x, chunk_size):
        with evaluation(model, chunk) as rows:
            parts.append(model(rows).sum(dtype=torch.float64))
    return torch.stack(parts).sum()
