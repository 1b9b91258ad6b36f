"""Many FVSBNs at once on one small data set, exactly: for experiments with hundreds of runs."""

from collections.abc import Iterator
from itertools import count

import torch
from torch import Tensor
from torch.nn import functional as F

from mle_lib.checks import check_at_least, check_binary, check_dense, check_flag
from mle_lib.models.draws import uniform
from mle_lib.models.fvsbn import FVSBN

NEWTON_STEPS = 50  # quadratic convergence takes about ten; more means that there is no maximum


class ManyFVSBN:
    """ℓ/m, its gradient and its curvature for FVSBNs at many θ, on data with few different rows.

    The logits are linear in θ, z(x; θ) = A_x θ with A_x of shape ``(n, p)``, so each different row
    ("state") needs its A_x once, and a batch is known by the share that each state has in it. Every
    θ is flat, in the order of ``FVSBN.parameters()``; leading dimensions are runs. All is float64.

    Attributes:
        m, p: Rows of the data set; parameters of one model.
        states: The k different rows, ``(k, n)``.
        which: For each of the m rows, its place in ``states``, ``(m,)``.
        share: Of each state in the data set, ``(k,)``; sums to 1.

    Args:
        x: Data, ``(m, n)``, 0s and 1s. Memory is k·n·p numbers.

    Raises:
        ValueError: If ``x`` is not a non-empty matrix of 0s and 1s.
    """

    def __init__(self, x: Tensor) -> None:
        x = check_binary(x).double()
        self.states, self.which, counts = x.unique(dim=0, return_inverse=True, return_counts=True)
        self.m, self.share = len(x), counts.double() / len(x)
        k, n = self.states.shape
        with x.device:
            model = FVSBN(n)
        self.p = n * (n + 1) // 2
        A = torch.zeros(k, n, self.p, dtype=x.dtype, device=x.device)
        for i in range(n):
            A[:, i, model.block(i)] = F.pad(self.states[:, :i], (1, 0), value=1.0)
        self._A = A.flatten(0, 1)  # (k n, p)

    def logits(self, theta: Tensor) -> Tensor:
        """z_i of every state, ``(..., p) -> (..., k, n)``.

        Raises:
            ValueError: If ``theta`` is no tensor of numbers with p columns (so all methods).
        """
        if check_dense(theta, "theta").shape[-1:] != (self.p,):
            got = tuple(theta.shape)
            raise ValueError(f"theta must be a tensor of shape (..., {self.p}), got {got}")
        return (theta.to(self._A) @ self._A.mT).unflatten(-1, self.states.shape)

    def height(self, theta: Tensor) -> Tensor:
        """ℓ(θ)/m in nats, ``(..., p) -> (...)``."""
        log_p = F.logsigmoid((2 * self.states - 1) * self.logits(theta))
        return log_p.sum(-1) @ self.share

    def gradient(self, theta: Tensor, shares: Tensor | None = None) -> Tensor:
        """ḡ = ∇ℓ/m, or its estimate (1/b) Σ_{j∈B} g_j from a batch, ``(..., p)``.

        Equation: (2.3).

        Args:
            theta: ``(..., p)``.
            shares: Of each state in the batch, ``(..., k)``; those of the data set if ``None``.

        Raises:
            ValueError: If ``theta`` or ``shares`` have a wrong shape or type.
        """
        error = self.states - torch.sigmoid(self.logits(theta))  # (2.2)
        shares = self.share if shares is None else shares
        if check_dense(shares, "shares").shape[-1:] != self.share.shape:
            wanted = f"(..., {len(self.share)})"
            raise ValueError(f"shares must have shape {wanted}, got {tuple(shares.shape)}")
        try:
            torch.broadcast_shapes(theta.shape[:-1], shares.shape[:-1])
        except RuntimeError:
            runs = f"{tuple(theta.shape)} and {tuple(shares.shape)}"
            raise ValueError(f"theta and shares must agree in their runs, got {runs}") from None
        shares = shares.to(self.share)
        return (shares[..., None] * error).flatten(-2) @ self._A

    def state_gradients(self, theta: Tensor) -> Tensor:
        """∇ log p(s) for each state at one θ, ``(p,) -> (k, p)``."""
        return self.gradient(
            self._one(theta), torch.eye(len(self.states), device=self.states.device)
        )

    def curvature(self, theta: Tensor) -> Tensor:
        """H = −∇²ℓ/m at one θ, ``(p,) -> (p, p)``, positive semidefinite (2.6).

        Equation: (2.6).
        """
        p = torch.sigmoid(self.logits(self._one(theta)))
        weights = (self.share[:, None] * p * (1 - p)).flatten()
        return (self._A.mT * weights) @ self._A

    def covariance(self, theta: Tensor) -> Tensor:
        """Σ = (1/m) Σ_j (g_j − ḡ)(g_j − ḡ)ᵀ at one θ, ``(p,) -> (p, p)``."""
        centred = self.state_gradients(theta) - self.gradient(theta)
        return (centred.mT * self.share) @ centred

    def _one(self, theta: Tensor) -> Tensor:
        if theta.ndim != 1:
            raise ValueError(f"theta must have shape ({self.p},), got {tuple(theta.shape)}")
        return theta

    def maximum(self) -> Tensor:
        """The maximum likelihood estimate, ``(p,)``, by Newton's method from θ = 0, without damping
        (``second_order.newton`` has it).

        Raises:
            ValueError: If the data have no finite maximum or more than one, or the steps diverge.
        """
        theta = torch.zeros(self.p, dtype=self.states.dtype, device=self.states.device)
        for _ in range(NEWTON_STEPS):
            step, info = torch.linalg.solve_ex(self.curvature(theta), self.gradient(theta))
            if info != 0 or not step.isfinite().all():
                break
            theta = theta + step
            if step.abs().max() < 1e-10:
                if torch.linalg.eigvalsh(self.curvature(theta))[0] > 1e-10:
                    return theta
                break  # flat: θ ran off until every σ was rounded to 0 or 1
        raise ValueError("x must have one finite maximum of ℓ, but Newton's method finds none")

    def batches(
        self, b: int, runs: int, reshuffle: bool = False, generator: torch.Generator | None = None
    ) -> Iterator[Tensor]:
        """Without end, a batch for each run: the share of each state, ``(runs, k)``.

        Args:
            b: Batch size.
            runs: How many runs, each with its own draws.
            reshuffle: If so, each pass over the data is a new permutation cut into batches (b must
                divide m). If not, every batch is independent, drawn with replacement.
            generator: Source of randomness, on the CPU; torch's global one if ``None``.

        Raises:
            ValueError: If ``b`` or ``runs`` < 1, or b does not divide m and ``reshuffle``.
        """
        b, runs = check_at_least(b, 1, "b"), check_at_least(runs, 1, "runs")
        if check_flag(reshuffle, "reshuffle") and self.m % b:
            raise ValueError(f"b must divide m = {self.m} for reshuffled passes, got {b}")
        return self._batches(b, runs, reshuffle, generator)

    def _batches(
        self, b: int, runs: int, reshuffle: bool, generator: torch.Generator | None
    ) -> Iterator[Tensor]:
        for t in count():
            if not reshuffle:
                rows = torch.randint(self.m, (runs, b), generator=generator)
            else:
                if (start := t * b % self.m) == 0:
                    orders = uniform(runs, self.m, generator=generator).argsort(1)
                rows = orders[:, start : start + b]
            drawn = self.which[rows.to(self.which.device)]
            shares = self._A.new_zeros(runs, len(self.states))
            yield shares.scatter_add_(1, drawn, torch.full_like(shares[:, :1], 1 / b).expand(-1, b))
