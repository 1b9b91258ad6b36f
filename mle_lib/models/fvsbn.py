"""The simplest model: one logistic regression for each variable."""

import torch
from torch import Tensor

from mle_lib.checks import check_at_least
from mle_lib.models.base import AutoregressiveModel
from mle_lib.models.layers import LowerLinear


class FVSBN(AutoregressiveModel):
    """Fully visible sigmoid belief network: one logistic regression for each variable.

    z_i = c_i + Σ_{k<i} W_ik x_k,    θ_i = (c_i, W_i1, …, W_i,i−1),    p = n(n + 1)/2 parameters.

    ℓ(θ) is concave in θ, so θ_0 = 0 is as good a start as any. Source: Neal
    (1992), https://doi.org/10.1016/0004-3702(92)90065-6, without hidden units; CS236, lecture 3.

    Equation: (1.2).

    Args:
        n: Number of variables, at least 1.
    """

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.linear = LowerLinear(self.n)

    def logits(self, x: Tensor) -> Tensor:
        return self.linear(x)

    def block(self, i: int) -> Tensor:
        """Where θ_i (counted from 0) stands in the flat parameter vector: int64 indices, the bias
        first.

        Raises:
            ValueError: If ``i`` is not between 0 and n − 1, or the bias or the weight of
                ``linear`` is no parameter of its own any more.
        """
        if (i := check_at_least(i, 0, "i")) >= self.n:
            raise ValueError(f"i must be below n = {self.n}, got {i}")
        starts, end = {}, 0
        for parameter in self.parameters():
            starts[id(parameter)], end = end, end + parameter.numel()
        try:  # the order is that of registration, which a replaced parameter may have changed
            bias, weight = starts[id(self.linear.bias)], starts[id(self.linear.weight)]
        except KeyError:
            raise ValueError(
                "model must have the bias and weight of linear as parameters"
            ) from None
        start = weight + i * (i - 1) // 2
        places = [bias + i, *range(start, start + i)]
        return torch.tensor(places, device=self.linear.bias.device)
