"""One network for all conditionals, kept autoregressive by masks."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from mle_lib.checks import check_at_least, plain
from mle_lib.models.base import AutoregressiveModel
from mle_lib.models.layers import MaskedLinear


class MADE(AutoregressiveModel):
    """Masked autoencoder for distribution estimation, with one hidden layer or more.

    h = ReLU((M¹ ⊙ W¹) x + c¹),    z = (M² ⊙ W²) h + c²,
    M¹_kd = 1[d_k ≥ t_d],    M²_dk = 1[t_d > d_k],

    where t_d ∈ {1, …, n} is the place of variable d in the ordering and d_k ∈ {1, …, n − 1} the
    degree of hidden unit k (here 1, 2, …, n − 1, 1, 2, … in turn). A path from input d to output e
    needs t_d ≤ d_k < t_e, so z_e depends on earlier variables alone. Between two hidden layers unit
    l sees unit k where d_l ≥ d_k, so that along a path degrees never fall. Source: Germain et al.
    (2015), eq. 12 to 15, https://doi.org/10.48550/arXiv.1502.03509.

    Args:
        n: Number of variables, at least 1.
        hidden: Number of hidden units, at least 1; of several layers a sequence of such numbers.
        ordering: Variable ``ordering[t]`` is the t-th to be generated; the natural order if
            ``None``.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If ``n`` or a number of hidden units < 1, if there is no hidden layer, or
            ``ordering`` is no permutation of 0 … n − 1.
    """

    def __init__(
        self,
        n: int,
        hidden: int | Iterable[int],
        ordering: Iterable[int] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(n, ordering)
        given = plain(hidden)
        layers = list(given) if isinstance(given, Iterable) else [given]
        if not layers:
            raise ValueError("hidden must name at least one layer, got none")
        sizes = [check_at_least(size, 1, "hidden") for size in layers]  # type: ignore[arg-type]
        place = torch.empty(self.n, dtype=torch.int64)
        place[list(self.ordering)] = torch.arange(1, self.n + 1)
        first, *others, last = masks(place, sizes)
        self.hidden = MaskedLinear(first, generator)
        self.deeper = nn.ModuleList()
        for mask in others:
            self.deeper.append(MaskedLinear(mask, generator))
        self.output = MaskedLinear(last, generator)

    def logits(self, x: Tensor) -> Tensor:
        h = torch.relu(self.hidden(x))
        for layer in self.deeper:
            h = torch.relu(layer(h))
        return self.output(h)


def masks(place: Tensor, sizes: list[int]) -> list[Tensor]:
    """The mask of each layer, from the first to the outputs.

    Args:
        place: Of each variable in the ordering, from 1 to n, ``(n,)``.
        sizes: Units of each hidden layer.
    """
    found, below = [], place
    for size in sizes:
        # 1, …, n − 1, 1, …
        degree = 1 + torch.arange(size) % max(len(place) - 1, 1)
        found.append(degree[:, None] >= below)
        below = degree
    return [*found, place[:, None] > below]
