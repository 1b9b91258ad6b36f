"""One hill, ℓ/m of an FVSBN, and the methods that climb it in ``second_order.py``.

A method is a generator: θ after each of its steps, and how many rows it read for it. All share the
same gradient (2.3) and curvature (2.6), written out; ``Hill`` holds them against the library.
"""

import math
from collections.abc import Iterator

import torch
from lanes import epoch_batches, with_one
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils import vector_to_parameters

from mle_lib.gradient import full_gradient
from mle_lib.models import FVSBN
from mle_lib.models.many_fvsbn import ManyFVSBN
from mle_lib.optimizers import Adam
from mle_lib.second_order import newton_direction

Climb = Iterator[tuple[Tensor, float]]  # θ after each step, and the rows read for it


class Hill:
    """ℓ/m of an FVSBN. θ is one matrix W, ``(..., n, 1 + n)``, biases first, zero above the
    diagonal."""

    def __init__(self, x: Tensor, test: Tensor) -> None:
        self.m, self.n = x.shape
        self.p = self.n * (self.n + 1) // 2
        self.rows = with_one(x)  # (m, 1 + n)
        self.mask = torch.ones(self.n, self.n + 1, dtype=x.dtype).tril()
        self.train, self.test = ManyFVSBN(x), ManyFVSBN(test)
        self.top = self.train.maximum()
        self.maximum = self.train.height(self.top).item()
        self.order = torch.cat([FVSBN(self.n).block(i) for i in range(self.n)])
        self.check()

    def start(self, *lanes: int) -> Tensor:
        return self.rows.new_zeros(*lanes, self.n, self.n + 1)

    def flat(self, W: Tensor) -> Tensor:
        """θ in the order of ``FVSBN.parameters()``, ``(..., p)``."""
        theta = W.new_zeros(*W.shape[:-2], self.p)
        theta[..., self.order] = W[..., self.mask == 1]
        return theta

    def slope(self, W: Tensor, rows: Tensor) -> Tensor:
        """(1/b) Σ_j g_j over the rows (2.3)."""
        error = rows[..., 1:] - torch.sigmoid(rows @ W.mT)
        return self.mask * (error.mT @ rows) / rows.shape[-2]

    def height_and_slope(self, W: Tensor) -> tuple[float, Tensor]:
        """ℓ/m and ∇ℓ/m, from one reading of all rows."""
        z, x = self.rows @ W.mT, self.rows[:, 1:]
        height = F.logsigmoid((2 * x - 1) * z).sum().item() / self.m
        return height, self.mask * ((x - torch.sigmoid(z)).mT @ self.rows) / self.m

    def newton_direction(self, W: Tensor, rows: Tensor, slope: Tensor) -> Tensor:
        """H⁻¹ slope, H from these rows: n systems, one for each block of (2.6)."""
        p = torch.sigmoid(rows @ W.mT)
        weight, direction = p * (1 - p), torch.zeros_like(W)
        for i in range(self.n):
            seen = rows[:, : i + 1]
            H = (seen.mT * weight[:, i]) @ seen / len(rows)
            direction[i, : i + 1] = torch.linalg.solve(H, slope[i, : i + 1])
        return direction

    def gaps(self, W: Tensor) -> tuple[list[float], list[float]]:
        """(ℓ_max − ℓ)/m on the training set, and ℓ/m on the test set, of every lane."""
        train, test = (self._heights(W, data) for data in (self.train, self.test))
        return (self.maximum - train).flatten().tolist(), test.flatten().tolist()

    def _heights(self, W: Tensor, data: ManyFVSBN) -> Tensor:
        z = with_one(data.states) @ W.mT
        return F.logsigmoid((2 * data.states - 1) * z).sum(-1) @ data.share

    def facts(self) -> dict[str, float]:
        """Numbers at the top."""
        H, Sigma = self.train.curvature(self.top), self.train.covariance(self.top)
        curvatures = torch.linalg.eigvalsh(H)
        test = self.test.height(self.top).item()
        log_p = F.logsigmoid((2 * self.test.states - 1) * self.test.logits(self.top)).sum(1)
        spread = (self.test.share @ log_p**2 - test**2).sqrt().item()
        return {
            "rows": self.m,
            "different rows": len(self.train.states),
            "maximum": self.maximum,
            "test at the maximum": test,
            "standard error of it": spread / self.test.m**0.5,
            "p": self.p,
            "p / 2m": self.p / 2 / self.m,
            "tr(H^-1 Sigma) / 2m": torch.linalg.solve(H, Sigma).trace().item() / 2 / self.m,
            "condition number": (curvatures[-1] / curvatures[0]).item(),
        }

    def check(self) -> None:
        """Height, slope and direction are the library's, to 1e-10."""
        generator = torch.Generator().manual_seed(0)
        W = 0.3 * self.mask * torch.randn(self.mask.shape, generator=generator).double()
        model, x = FVSBN(self.n).double(), self.rows[:, 1:]
        vector_to_parameters(self.flat(W), model.parameters())
        height, slope = self.height_and_slope(W)
        theirs = full_gradient(model, x) / self.m
        pairs = [
            (slope.new_tensor(height), self.train.height(self.flat(W))),
            (self._heights(W, self.train), self.train.height(self.flat(W))),
            (self.flat(slope), theirs),
            (self.flat(self.slope(W, self.rows)), theirs),
            (
                self.flat(self.newton_direction(W, self.rows, slope)),
                newton_direction(model, x, theirs),
            ),
        ]
        for ours, expected in pairs:
            assert torch.allclose(ours, expected, rtol=0, atol=1e-10)


def newton(hill: Hill, size: int | None, seeds: list[int]) -> Climb:
    """(12.1), α halved until ℓ rises enough; H from all rows, or ``size`` fresh ones a step."""
    W, generator = hill.start(), torch.Generator().manual_seed(seeds[0])
    height, slope = hill.height_and_slope(W)
    read = hill.m
    while True:
        some: slice | Tensor = slice(None)
        if size is not None:
            some = torch.randperm(hill.m, generator=generator)[:size]
        rows = hill.rows[some]
        direction = hill.newton_direction(W, rows, slope)
        alpha, old, gain = 1.0, height, (slope * direction).sum().item()
        read += len(rows)
        while True:
            height, new = hill.height_and_slope(W + alpha * direction)
            read += hill.m
            if height >= old + 1e-4 * alpha * gain - 1e-13:  # the last term: rounding
                break
            alpha /= 2
        W, slope = W + alpha * direction, new
        yield W, read
        read = 0


def lbfgs(hill: Hill, seeds: list[int]) -> Climb:
    del seeds  # nothing here is random
    W = hill.start()
    optimizer = torch.optim.LBFGS(
        [W],
        max_iter=1,
        max_eval=25,  # of one line search; the default, 5/4 of max_iter, allows none
        history_size=10,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )
    at, loss, read = torch.full_like(W, math.nan), 0.0, 0

    def closure() -> float:
        # Each step begins where the line search of the one before it ended: no need to read again
        nonlocal at, loss, read
        if not torch.equal(at, W):
            height, slope = hill.height_and_slope(W)
            at, loss, read, W.grad = W.clone(), -height, read + hill.m, -slope
        return loss

    while True:
        read = 0
        optimizer.step(closure)
        yield W.clone(), read


def ascent(hill: Hill, alpha: float, beta: float, seeds: list[int]) -> Climb:
    """(7.1) with exact gradients; with β = 0, exact ascent."""
    del seeds
    W = velocity = hill.start()
    while True:
        velocity = beta * velocity + hill.slope(W, hill.rows)
        W = W + alpha * velocity
        yield W, hill.m


def minibatches(hill: Hill, b: int, seeds: list[int]) -> Iterator[Tensor]:
    """Reshuffled passes, one lane for each seed: ``(L, b, 1 + n)``. A last, short batch is left
    out."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    while True:
        yield from (hill.rows[B] for B in epoch_batches(hill.m, b, generators).unbind(1))


def sgd(hill: Hill, b: int, alpha: float, passes: float, seeds: list[int]) -> Climb:
    """α falls in a straight line to 0, over so many passes."""
    W, T = hill.start(len(seeds)), round(passes * hill.m / b)
    for t, rows in zip(range(T), minibatches(hill, b, seeds), strict=False):
        W = W + alpha * (1 - t / T) * hill.slope(W, rows)
        yield W, b


def averaged(hill: Hill, b: int, alpha: float, seeds: list[int]) -> Climb:
    """α is constant; the mean of the iterates, with weights that grow like t³."""
    W = mean = hill.start(len(seeds))
    for t, rows in enumerate(minibatches(hill, b, seeds)):
        W = W + alpha * hill.slope(W, rows)
        mean = mean + 4 / (t + 4) * (W - mean)
        yield mean, b


def adam(hill: Hill, b: int, alpha: float, passes: float, seeds: list[int]) -> Climb:
    """As ``sgd``, with Adam's steps."""
    W, T = hill.start(len(seeds)), round(passes * hill.m / b)
    optimizer = Adam([W], lr=alpha)
    for t, rows in zip(range(T), minibatches(hill, b, seeds), strict=False):
        optimizer.param_groups[0]["lr"] = alpha * (1 - t / T)
        W.grad = -hill.slope(W, rows)
        optimizer.step()
        yield W, b
