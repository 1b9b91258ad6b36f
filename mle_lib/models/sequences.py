"""p(x) = Π_i p(x_i | x_<i) of sequences of symbols, of any length up to a longest."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from mle_lib.checks import check_at_least, check_sequences, is_going, recordable
from mle_lib.models.base import AutoregressiveModel
from mle_lib.models.draws import uniform, wide
from mle_lib.models.evaluation import as_built, evaluation, parameter_of

END = 0  # the symbol that ends a sequence, and stands before the first


class SequenceModel(AutoregressiveModel):
    """The part that all models of sequences share. A subclass gives ``logits``; place i may depend
    on earlier symbols only.

    p(x_i = s | x_<i) = exp z_is / Σ_k exp z_ik,    s ∈ {0, …, K − 1},

    where symbol 0 is the end. A sample is a row of whole numbers up to its first 0; what comes
    after that is padding, which is never read. A sequence has at most n symbols, the end included:
    at place n nothing but the end can come, so that the probabilities of all sequences sum to 1.

    Args:
        alphabet: K, the number of symbols, the end included: at least 2.
        longest: n, the length of the longest sequence, the end included.

    Raises:
        ValueError: If ``alphabet`` < 2 or ``longest`` < 1.
    """

    def __init__(self, alphabet: int, longest: int) -> None:
        super().__init__(check_at_least(longest, 1, "longest"))
        self.alphabet = check_at_least(alphabet, 2, "alphabet")

    def logits(self, x: Tensor) -> Tensor:
        """z_i(x_<i) of every symbol at every place, ``(b, t) -> (b, t, K)``, for whole numbers x
        and any t from 1 to n. ``models.before(x)`` has in place i the symbol that came before it.
        Rows without an end come too: while sampling, and in checks."""
        raise NotImplementedError(f"{type(self).__name__} must give logits")

    def forward(self, x: Tensor) -> Tensor:
        """log p(x_i | x_<i; θ), ``(b, t) -> (b, t)``, and 0 after the end: the bare map."""
        z = self.logits(x)
        if z.shape != (*x.shape, self.alphabet):
            raise ValueError(
                f"logits must have shape {(*x.shape, self.alphabet)}, got {tuple(z.shape)}"
            )
        log_p = z.log_softmax(-1)
        terms = log_p.gather(-1, x[..., None])[..., 0]
        free = torch.arange(x.shape[1], device=x.device) < self.n - 1
        return torch.where(is_going(x) & free, terms, torch.zeros_like(terms))

    def prepare(self, x: Tensor) -> Tensor:
        """Check a batch, cut it where its longest sequence ends, and put the end's symbol wherever
        there was padding.

        Returns:
            ``(b, t)`` int64, t ≤ n.

        Raises:
            ValueError: If ``x`` is not a non-empty ``(b, ·)`` tensor on the model's device, of
                whole numbers from 0 to K − 1 up to the first 0, which comes within n places.
        """
        like = parameter_of(self)
        if x.device != like.device:
            raise ValueError(f"x must be on the model's device, {like.device}, got {x.device}")
        return recordable(check_sequences(x, self.alphabet, self.n))

    @torch.no_grad()
    def sample(self, k: int, generator: torch.Generator | None = None) -> Tensor:
        """k independent draws from the model, ``(k, n)`` int64, 0 from the end on: ancestral
        sampling, one symbol after the other, in eval mode.

        Args:
            k: How many, at least 1.
            generator: Source of the uniform numbers, on the model's device.

        Raises:
            ValueError: If ``k`` < 1, or the model gives no probabilities (NaN).
        """
        k = check_at_least(k, 1, "k")
        start = torch.zeros(k, self.n, dtype=torch.int64, device=parameter_of(self).device)
        with evaluation(self, start):
            x, going = torch.zeros_like(start), torch.ones_like(start[:, 0], dtype=torch.bool)
            for i, log_p in zip(range(self.n - 1), self._log_probs_in_turn(x), strict=False):
                p = log_p.to(wide(log_p.dtype)).exp()
                if p.isnan().any():
                    raise ValueError(f"model must give probabilities, got NaN at place {i}")
                u = uniform(k, 1, like=p, generator=generator)
                drawn = (p.cumsum(1) < u).sum(1).clamp(max=self.alphabet - 1)
                x[:, i] = torch.where(going, drawn, END)
                going = going & (x[:, i] != END)
                if not going.any():
                    break
        return x

    def _log_probs_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        """log p(x_i = s | x_<i) of all s, ``(b, K)``, one place after the other. A model whose
        forward pass is another is asked for it itself, symbol by symbol."""
        hooks = self._forward_hooks or self._forward_pre_hooks
        if as_built(self):
            yield from (z.log_softmax(-1) for z in self.logits_in_turn(x))
        elif getattr(self.forward, "__func__", None) is SequenceModel.forward and not hooks:
            for i in range(self.n):
                yield self.logits(x[:, : i + 1])[:, i].log_softmax(-1)
        else:
            symbols = torch.arange(self.alphabet, device=x.device)
            for i in range(self.n):
                rows = x[:, : i + 1].repeat_interleave(self.alphabet, 0)
                rows[:, i] = symbols.repeat(len(x))
                yield self(rows)[:, i].view(len(x), -1)

    def logits_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        """z_i(x_<i), ``(b, K)``, for one place after the other, each computed only when it is asked
        for, so that ``x`` can be filled in on the way. Of a model of this library alone ``sample``
        asks for it."""
        for i in range(self.n):
            yield self.logits(x[:, : i + 1])[:, i]


def before(x: Tensor) -> Tensor:
    """x_{i−1} in place i, the end's symbol in the first: ``(b, t) -> (b, t)``."""
    return F.pad(x[:, :-1], (1, 0), value=END)
