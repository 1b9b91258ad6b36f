"""One network for all conditionals, kept autoregressive by masks."""

from collections.abc import Iterable

import torch
from torch import Tensor

from mle_lib.checks import check_at_least
from mle_lib.models.base import AutoregressiveModel
from mle_lib.models.layers import MaskedLinear


class MADE(AutoregressiveModel):
    """Masked autoencoder for distribution estimation, with one hidden layer.

    h = ReLU((M¹ ⊙ W¹) x + c¹),    z = (M² ⊙ W²) h + c²,
    M¹_kd = 1[d_k ≥ t_d],    M²_dk = 1[t_d > d_k],

    where t_d ∈ {1, …, n} is the place of variable d in the ordering and d_k ∈ {1, …, n − 1} the
    degree of hidden unit k (here 1, 2, …, n − 1, 1, 2, … in turn). A path from input d to output e
    needs t_d ≤ d_k < t_e, so z_e depends on earlier variables alone. Source: Germain et al. (2015),
    eq. 12 and 13, https://doi.org/10.48550/arXiv.1502.03509.

    Args:
        n: Number of variables, at least 1.
        hidden: Number of hidden units, at least 1.
        ordering: Variable ``ordering[t]`` is the t-th to be generated; the natural order if
            ``None``.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If ``n`` or ``hidden`` < 1, or ``ordering`` is no permutation of 0 … n − 1.
    """

    def __init__(
        self,
        n: int,
        hidden: int,
        ordering: Iterable[int] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(n, ordering)
        n, hidden = self.n, check_at_least(hidden, 1, "hidden")
        place = torch.empty(n, dtype=torch.int64)
        place[list(self.ordering)] = torch.arange(1, n + 1)
        degree = 1 + torch.arange(hidden) % max(n - 1, 1)
        self.hidden = MaskedLinear(degree[:, None] >= place, generator)
        self.output = MaskedLinear(place[:, None] > degree, generator)

    def logits(self, x: Tensor) -> Tensor:
        return self.output(torch.relu(self.hidden(x)))
