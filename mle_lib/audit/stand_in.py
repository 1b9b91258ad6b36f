"""A model whose parameters are the logits of every term: it audits a loop that has none."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mle_lib.audit.rows import NONE, Rows
from mle_lib.checks import check_at_least


class StandIn(nn.Module):
    """Every term of some rows has K logits of its own, drawn from N(0, 1): p(x_i | x_<i) is
    whatever they say. It tells what a loop and its loss do to any model, and nothing of a certain
    one.

    Args:
        data: As for ``audit``.
        alphabet: K.
        predicts: As for ``audit``.
    """

    def __init__(
        self,
        data: Tensor | Sequence[Tensor],
        alphabet: int,
        predicts: str = "next",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        alphabet = check_at_least(alphabet, 2, "alphabet")
        if predicts not in ("next", "same"):
            raise ValueError(f"predicts must be next or same, got {predicts!r}")
        self.known = Rows(data, int(predicts == "next"), False)
        self.z = nn.Parameter(torch.randn(len(self.known) + 1, alphabet, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(b, t) -> (b, t, K)``; at places that are no term, those of no term."""
        term = self.known.terms(x, x.shape[1])
        return self.z[torch.where(term == NONE, len(self.known), term).to(self.z.device)]
