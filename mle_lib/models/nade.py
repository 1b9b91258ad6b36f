"""One hidden layer for each conditional, all of them sharing their weights."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mle_lib.checks import check_at_least
from mle_lib.models.base import AutoregressiveModel, uniform_parameter

BLOCK = 8  # variables at once; on one busy thread quicker than 4, 16 and 28 at n = 784


class NADE(AutoregressiveModel):
    """Neural autoregressive distribution estimator.

    a_i = d + Σ_{k<i} x_k W_k,    h_i = σ(a_i),    z_i = c_i + V_i · h_i,

    with one row W_k and one row V_i of ``hidden`` weights for each variable. Every conditional has
    a hidden layer of its own, h_i, but the W are shared: a_{i+1} = a_i + x_i W_i. So one sample
    costs O(n·hidden), forward and backward, where n separate networks would cost O(n²·hidden). At
    the start W and d are uniform in ±1/√n, V and c in ±1/√hidden.
    Source: Larochelle & Murray (2011), eq. 10 and 11,
    https://proceedings.mlr.press/v15/larochelle11a.html.

    Equation: (4.1).

    Args:
        n: Number of variables, at least 1.
        hidden: Number of hidden units, at least 1.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If ``n`` or ``hidden`` < 1.
    """

    def __init__(self, n: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(n)
        n, hidden = self.n, check_at_least(hidden, 1, "hidden")
        inside, out = n**-0.5, hidden**-0.5
        # Nothing follows the last variable, so it has no row in W.
        self.W = uniform_parameter((n - 1, hidden), inside, generator)
        self.d = uniform_parameter((hidden,), inside, generator)
        self.V = uniform_parameter((n, hidden), out, generator)
        self.c = uniform_parameter((n,), out, generator)

    def fits(self) -> bool:
        """Whether the parameters have the shapes that the class gives them."""
        n, hidden = self.n, len(self.W.mT)
        wanted = [(n - 1, hidden), (hidden,), (n, hidden), (n,)]
        return [tuple(q.shape) for q in (self.W, self.d, self.V, self.c)] == wanted

    def logits(self, x: Tensor) -> Tensor:
        """Some variables at a time: what they need beside h, ``(b, BLOCK, hidden)``, stays small
        enough for a processor's cache, and without a gradient h itself is not kept either."""
        Vs, cs = self.V.split(BLOCK), self.c.split(BLOCK)
        *whole, last = map(len, cs)
        rows = [*whole, last - 1]  # of W: none for the last variable
        xs = x[:, None, :-1].split(rows, 2)
        a, z = self.d, []  # a_i of the first variable of a block
        for x_k, W, V, c in zip(xs, self.W.split(rows), Vs, cs, strict=True):
            earlier = x.new_ones(len(V), len(W)).tril(-1)  # 1[k < i]
            h = torch.sigmoid(a + (earlier * x_k) @ W)  # (b, BLOCK, hidden)
            z.append(c + (h * V).sum(2))
            a = a + x_k @ W
        return torch.cat(z, 1)

    def logits_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        a = self.d.expand(len(x), -1)  # (b, hidden)
        yield self.c[0] + torch.sigmoid(a) @ self.V[0]
        for i in range(1, self.n):
            a = a + x[:, i - 1, None] * self.W[i - 1]
            yield self.c[i] + torch.sigmoid(a) @ self.V[i]
