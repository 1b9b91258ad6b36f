"""A data set so small that every batch can be listed, for the tests of estimators."""

from collections import Counter
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
    """The exact mean and variance of ``estimator(indices)`` over all batches, of an estimator to
    which their order is nothing: those that differ in it alone are asked once, and weighted."""
    some = torch.arange(M - b, M)
    torch.testing.assert_close(estimator(some.flip(0)), estimator(some), rtol=1e-12, atol=1e-12)
    times = Counter(tuple(sorted(batch.tolist())) for batch in batches(b, replacement))
    share = torch.tensor([*times.values()]).double()[:, None] / times.total()
    estimates = torch.stack([estimator(torch.tensor(batch)) for batch in times])
    mean = (share * estimates).sum(0)
    return mean, (share * (estimates - mean) ** 2).sum(0)


SIZES = [(b, replacement) for b in (1, 2, 3) for replacement in (False, True)] + [(4, False)]
