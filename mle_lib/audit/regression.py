"""Weights without logits: the gradient of a step, regressed on the terms' own gradients."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mle_lib.audit.record import Backward, Recorder, Step
from mle_lib.audit.rows import Rows
from mle_lib.models.evaluation import eval_mode

EXACT = 1e-8  # what a projection on the gradients may lack


class Regression(Recorder):
    """Listens at the parameters alone.

    A vector Σ_τ w_τ G_τ of gradients G = U S Vᵀ, one row a term, tells w along the columns of U
    alone: another w with the same Uᵀw gives the same vector. So w_τ is told iff the unit vector
    e_τ lies there, (U Uᵀ)_ττ = 1. Terms whose gradients are equal are told as their sum.
    """

    def __init__(
        self,
        model: nn.Module,
        known: Rows,
        log_prob: Callable[..., Tensor],
        data: Tensor | Sequence[Tensor],
        seed: int,
    ) -> None:
        super().__init__(model, known, 0.0, seed, None)
        with eval_mode(model):
            G = [self._gradients(log_prob(model, torch.as_tensor(row)[None])) for row in data]
        if len({len(rows) for rows in G}) > 1:
            raise ValueError("log_prob must give every row as many terms, got different numbers")
        if len(G[0]) != int(known.length[0]):  # a row is one term, or has other terms than places
            known.regroup(len(G[0]))
        self.G = torch.cat(G)
        if not self.G.any():
            raise ValueError("log_prob must depend on the model's parameters, and does not")
        scale = self.G.norm(dim=1).max()
        _, same = (self.G / scale / self.tolerance).round().unique(dim=0, return_inverse=True)
        first = torch.full((int(same.max()) + 1,), len(self.G)).scatter_reduce(
            0, same, torch.arange(len(self.G)), "amin"
        )
        self.first = first.sort().values
        known.alike = first[same]
        U, S, V = torch.linalg.svd(self.G[self.first] / scale, full_matrices=False)
        rank = max(self.G.shape) * torch.finfo(torch.float64).eps * S.max() < S
        self.U, self.inverse = U[:, rank], (V[rank].T / S[rank] / scale)
        self.told_alone = self.U.square().sum(1) > 1 - EXACT
        self.full = int(rank.sum()) == self.G.shape[1]

    def _gradients(self, value: Tensor) -> Tensor:
        if value.shape[:1] != (1,) or value.ndim > 2:
            raise ValueError(
                f"log_prob must give (b,) or (b, n) for b rows, got {tuple(value.shape)} for one"
            )
        parameters = self.coordinates.parameters
        return torch.stack(
            [
                self.coordinates.of(
                    torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
                )
                for term in value.flatten()
            ]
        )

    def told_apart(self, target: Tensor) -> Tensor:
        """0 for what is not told."""
        keep = torch.zeros_like(target)
        keep[self.first[self.told_alone]] = 1
        return target * keep

    def step(self, optimizer: Optimizer | None) -> None:
        """The weights that the step's gradient has, of the terms that it can tell."""
        mine, y = self._taken(optimizer)
        if not bool(mine.all()):
            raise ValueError("model must be trained by one optimiser to be told without logits")
        w = -(self.U @ (self.inverse.T @ y))
        rest = float((y + self.G[self.first].T @ w).norm() / y.norm().clamp(min=1e-300))
        here = self.told_alone & (w.abs() > 1e-9 * w.abs().max())
        none, error = torch.zeros(int(here.sum())).double(), 1e-8 * w[here].abs()
        part = Backward(self.first[here], w[here], none, error)
        part.rows = len(self.known.row[part.term].unique())
        part.places = len(part.term)
        part.passes, self.waiting = len(self.waiting), []
        one = torch.ones(1, dtype=torch.float64)
        self.steps.append(Step([part], one, rest, float("nan"), True, [True]))

    def check_heard(self) -> None:
        if not bool(self.told_alone.any()):
            raise ValueError(
                "model must have terms that its gradients tell apart, got none: more parameters, "
                "or fewer rows, would"
            )

    def told_of_terms(self) -> list[tuple[str, str]]:
        """What the gradients cannot tell."""
        lost, classes = int((~self.told_alone).sum()), len(self.first)
        cases = {
            "alike": (
                classes < len(self.G),
                f"{len(self.G)} terms have {classes} different gradients: terms that are equal are "
                "told as their sum.",
            ),
            "not identified": (
                bool(lost),
                f"The weights of {lost} of {classes} terms are not identified: their gradients "
                "depend on those of others.",
            ),
            "no residual": (
                self.full,
                "There are as many terms as parameters, or more: any gradient is a sum of theirs, "
                "so that what is no sum of log p could not be seen.",
            ),
        }
        return [(kind, text) for kind, (so, text) in cases.items() if so]
