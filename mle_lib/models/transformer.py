"""Attention over all symbols so far, layer upon layer: the model that is trained today."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib.checks import check_at_least, check_number
from mle_lib.models.base import uniform_parameter
from mle_lib.models.sequences import SequenceModel, before

Past = tuple[Tensor, Tensor]  # keys and values of the places so far, (b, heads, t, d) each


class Attention(nn.Module):
    """What place i takes over from the places up to i, for each head

        A = softmax_{j ≤ i}(q_i · k_j / √d),    y_i = Σ_j A_ij v_j,

    with q = W_q h + c_q, k = W_k h, v = W_v h + c_v, and W_o y + c_o of all heads together. The key
    has no constant c_k: it would add q_i · c_k to every score of place i, which the softmax takes
    out again. Its exact gradient is 0, and an optimiser that normalises gradients, such as Adam,
    would move it by its rounding. Source: Vaswani et al. (2017), §3.2,
    https://doi.org/10.48550/arXiv.1706.03762.
    """

    def __init__(
        self, width: int, heads: int, dropout: float, generator: torch.Generator | None
    ) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        shape, bound = (width, width), width**-0.5
        self.query = uniform_parameter(shape, bound, generator)
        self.query_bias = nn.Parameter(torch.zeros(width))
        self.key = uniform_parameter(shape, bound, generator)
        self.value = uniform_parameter(shape, bound, generator)
        self.value_bias = nn.Parameter(torch.zeros(width))
        self.output = uniform_parameter(shape, bound, generator)
        self.output_bias = nn.Parameter(torch.zeros(width))

    def forward(self, h: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """``(b, t, width)`` -> the same, with the keys and values of all places: those of ``past``,
        which came before, and these t."""
        q = self._heads(F.linear(h, self.query, self.query_bias))
        k = self._heads(F.linear(h, self.key))
        v = self._heads(F.linear(h, self.value, self.value_bias))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        scores = q @ k.mT / math.sqrt(q.shape[-1])  # (b, heads, t, places so far)
        t, places = scores.shape[-2:]
        later = torch.ones(t, places, dtype=torch.bool, device=h.device).triu(places - t + 1)
        A = scores.masked_fill(later, -math.inf).softmax(-1)
        y = F.dropout(A, self.dropout, self.training) @ v
        return F.linear(y.transpose(1, 2).flatten(2), self.output, self.output_bias), (k, v)

    def extra_repr(self) -> str:
        """What no parameter tells."""
        return f"heads={self.heads}, dropout={self.dropout}"

    def _heads(self, h: Tensor) -> Tensor:
        """``(b, t, width) -> (b, heads, t, width / heads)``."""
        return h.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def fits(self) -> bool:
        """Whether the parameters have the shapes that the class gives them."""
        width = self.query.shape[0]
        square = (self.query, self.key, self.value, self.output)
        flat = (self.query_bias, self.value_bias, self.output_bias)
        return (
            width % self.heads == 0
            and all(q.shape == (width, width) for q in square)
            and all(q.shape == (width,) for q in flat)
        )


class FeedForward(nn.Module):
    """W₂ GELU(W₁ h + c₁) + c₂ at each place by itself, four times as wide inside."""

    def __init__(self, width: int, generator: torch.Generator | None) -> None:
        super().__init__()
        self.inner = uniform_parameter((4 * width, width), width**-0.5, generator)
        self.inner_bias = nn.Parameter(torch.zeros(4 * width))
        self.outer = uniform_parameter((width, 4 * width), (4 * width) ** -0.5, generator)
        self.outer_bias = nn.Parameter(torch.zeros(width))

    def forward(self, h: Tensor) -> Tensor:
        return F.linear(
            F.gelu(F.linear(h, self.inner, self.inner_bias)), self.outer, self.outer_bias
        )

    def fits(self) -> bool:
        """Whether the parameters have the shapes that the class gives them."""
        width = len(self.outer_bias)
        shapes = [tuple(q.shape) for q in self.parameters()]
        return shapes == [(4 * width, width), (4 * width,), (width, 4 * width), (width,)]


class Block(nn.Module):
    """h + attention(norm(h)), and of that h + feed(norm(h)): each part adds to what passes by
    (*pre-norm*: Xiong et al. 2020, https://doi.org/10.48550/arXiv.2002.04745)."""

    def __init__(
        self, width: int, heads: int, dropout: float, generator: torch.Generator | None
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout, generator)
        self.feed = FeedForward(width, generator)

    def forward(self, h: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        taken, known = self.attention(self.norm_attention(h), past)
        h = h + F.dropout(taken, self.dropout, self.training)
        return h + F.dropout(self.feed(self.norm_feed(h)), self.dropout, self.training), known

    def extra_repr(self) -> str:
        """What no parameter tells."""
        return f"dropout={self.dropout}"


class Transformer(SequenceModel):
    """A causal transformer over symbols: a vector for the symbol before place i and one for the
    place itself, blocks of attention and feed-forward layers, and a linear map to K logits,

        h = E[x_{i−1}] + P[i],    h = block(h), layer after layer,    z_i = U norm(h) + c.

    Place i is computed from the symbols before it alone: the input is moved by one place, and in
    the attention i sees j ≤ i. At the start U is small, so that all symbols are nearly equally
    likely, and the loss is near log K a symbol. Source of the form: Radford et al. (2019), GPT-2.

    Args:
        alphabet: K, the number of symbols, the end (0) included.
        longest: n, the most symbols of a sequence, the end included.
        width: Length of h, a multiple of ``heads``.
        layers: Number of blocks.
        heads: Number of attention heads in each.
        dropout: The part of the attention and of what a block adds that is left out in train mode,
            from 0 to below 1.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        alphabet: int,
        longest: int,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(alphabet, longest)
        width, layers = check_at_least(width, 1, "width"), check_at_least(layers, 1, "layers")
        if width % (heads := check_at_least(heads, 1, "heads")):
            raise ValueError(f"width must be a multiple of heads = {heads}, got {width}")
        if not 0 <= (dropout := check_number(dropout, "dropout", "a number from 0 to below 1")) < 1:
            raise ValueError(f"dropout must be a number from 0 to below 1, got {dropout}")
        self.symbols = uniform_parameter((self.alphabet, width), 1.0, generator)
        self.places = uniform_parameter((self.n, width), 1.0, generator)
        self.blocks = nn.ModuleList(Block(width, heads, dropout, generator) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.output = uniform_parameter((self.alphabet, width), 0.1 * width**-0.5, generator)
        self.output_bias = nn.Parameter(torch.zeros(self.alphabet))

    def logits(self, x: Tensor) -> Tensor:
        return self._logits(before(x), 0, [None] * len(self.blocks))[0]

    def logits_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        """Place by place, with the keys and values of the places before kept."""
        past: list[Past | None] = [None] * len(self.blocks)
        for i in range(self.n):
            came = x[:, i - 1, None] if i else torch.zeros_like(x[:, :1])
            z, past = self._logits(came, i, past)
            yield z[:, 0]

    def _logits(
        self, came: Tensor, start: int, past: list[Past | None]
    ) -> tuple[Tensor, list[Past | None]]:
        """The logits of the places from ``start`` on, from the symbols that came before each."""
        h = self.symbols[came] + self.places[start : start + came.shape[1]]  # (b, t, width)
        kept: list[Past | None] = []
        for block, known in zip(self.blocks, past, strict=True):
            h, known = block(h, known)
            kept.append(known)
        return F.linear(self.norm(h), self.output, self.output_bias), kept

    def fits(self) -> bool:
        """Whether the parameters have the shapes that the class gives them."""
        width = self.symbols.shape[-1]
        return (
            self.symbols.shape == self.output.shape == (self.alphabet, width)
            and self.places.shape == (self.n, width)
            and self.output_bias.shape == (self.alphabet,)
            and self.norm.normalized_shape == (width,)
        )
