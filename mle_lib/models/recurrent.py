"""One cell, used again for every variable: where gradients vanish and explode."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mle_lib.checks import check_at_least
from mle_lib.models.base import AutoregressiveModel, uniform_parameter


class RecurrentModel(AutoregressiveModel):
    """A recurrent network that reads the variables one by one and keeps what it needs in a state.

    h_1 = tanh(d),    h_i = tanh(W h_{i−1} + u x_{i−1} + d),    z_i = c + v · h_i.

    Every i has the same parameters, θ_i = θ: their number does not depend on n. At the start all
    are uniform in ±1/√hidden. A derivative of z_i by an early state is a product of i − 1 Jacobians
    diag(1 − h²) W, which may grow or shrink geometrically with i. Source: Elman (1990),
    https://doi.org/10.1207/s15516709cog1402_1; on the product, Pascanu, Mikolov & Bengio (2013),
    https://doi.org/10.48550/arXiv.1211.5063.

    Args:
        n: Number of variables, at least 1.
        hidden: Length of the state, at least 1.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If ``n`` or ``hidden`` < 1.
    """

    def __init__(self, n: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(n)
        hidden = check_at_least(hidden, 1, "hidden")
        bound = hidden**-0.5
        self.W = uniform_parameter((hidden, hidden), bound, generator)
        self.u = uniform_parameter((hidden,), bound, generator)
        self.d = uniform_parameter((hidden,), bound, generator)
        self.v = uniform_parameter((hidden,), bound, generator)
        self.c = uniform_parameter((), bound, generator)

    def fits(self) -> bool:
        """Whether the parameters have the shapes that the class gives them."""
        wanted = [(hidden := self.u.numel(), hidden), (hidden,), (hidden,), (hidden,), ()]
        return [tuple(q.shape) for q in (self.W, self.u, self.d, self.v, self.c)] == wanted

    def logits(self, x: Tensor) -> Tensor:
        return torch.stack(list(self.logits_in_turn(x)), dim=1)

    def logits_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        h = torch.tanh(self.d).expand(len(x), -1)  # (b, hidden)
        yield self.c + h @ self.v
        for i in range(1, self.n):
            h = torch.tanh(h @ self.W.T + x[:, i - 1, None] * self.u + self.d)
            yield self.c + h @ self.v
