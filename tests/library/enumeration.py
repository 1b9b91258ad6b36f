"""A data set so small that every batch can be listed, for the tests of estimators."""

from collections.abc import Callable
from itertools import combinations, product

import torch

M, N = 4, 3
X = torch.tensor([[0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]).double()


def batches(b: int, replacement: bool) -> list[torch.Tensor]:
    """Every batch of b of the M samples, all equally likely."""
    drawn = product(range(M), repeat=b) if replacement else combinations(range(M), b)
    return [torch.tensor(batch) for batch in drawn]


def over_batches(estimator: Callable, b: int, replacement: bool) -> tuple[torch.Tensor, ...]:
    """The exact mean and variance of ``estimator(indices)`` over all batches."""
    estimates = torch.stack([estimator(batch) for batch in batches(b, replacement)])
    return estimates.mean(0), estimates.var(0, correction=0)


SIZES = [(b, replacement) for b in (1, 2, 3) for replacement in (False, True)] + [(4, False)]
