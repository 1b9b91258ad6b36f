"""Counting: the model that is exact at once, and knows nothing of what it has not seen."""

import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_not_negative, check_sequences, is_going

MOST = 10**8  # numbers in the table of counts


class NGram:
    """p(x_i = s | x_<i) = (N(c, s) + a) / (N(c) + a K), from counts in a data set.

    c is the context, the ``order`` − 1 symbols before place i (the end's symbol, 0, where there are
    none), N(c, s) how often s followed it and N(c) how often it came. With a = 0 it is the maximum
    of the likelihood over all models of this order; a > 0 gives a probability to what was not seen.

    Args:
        x: Data, ``(m, t)``, rows of symbols with an end (0) in each, as for a ``SequenceModel``.
        alphabet: K, the number of symbols, the end included, at least 2.
        order: How many symbols a count is of, the last included, at least 1.
        smoothing: a, at least 0.

    Raises:
        ValueError: If one of them is wrong, or there are too many contexts for a table.
    """

    def __init__(self, x: Tensor, alphabet: int, order: int, smoothing: float = 0.0) -> None:
        self.alphabet = check_at_least(alphabet, 2, "alphabet")
        self.order = check_at_least(order, 1, "order")
        self.smoothing = check_not_negative(smoothing, "smoothing")
        if self.alphabet**self.order > MOST:
            raise ValueError(f"order must be at most {self.order - 1} for a table, got {order}")
        symbols = check_sequences(x, self.alphabet)
        cells = (self._contexts(symbols) * self.alphabet + symbols)[is_going(symbols)]
        size = self.alphabet**self.order
        self.counts = torch.bincount(cells, minlength=size).view(-1, self.alphabet)

    def log_prob_per_variable(self, x: Tensor) -> Tensor:
        """log p(x_i | x_<i), ``(b, ·) -> (b, t)`` float64, in nats, and 0 after a row's end;
        without smoothing −∞ for what was not seen.

        Raises:
            ValueError: As for the data.
        """
        symbols = check_sequences(x, self.alphabet)
        contexts = self._contexts(symbols)
        seen = self.counts[contexts, symbols].double() + self.smoothing
        all_seen = self.counts.sum(1)[contexts] + self.smoothing * self.alphabet
        log_p = torch.where(seen > 0, (seen / all_seen.clamp(min=1e-300)).log(), -torch.inf)
        return torch.where(is_going(symbols), log_p, 0.0)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x), ``(b, ·) -> (b,)`` float64, in nats."""
        return self.log_prob_per_variable(x).sum(1)

    def _contexts(self, symbols: Tensor) -> Tensor:
        """The number of the context of each place: its symbols as digits to the base K."""
        number = torch.zeros_like(symbols)
        for back in range(self.order - 1, 0, -1):
            came = torch.nn.functional.pad(symbols, (back, 0))[:, : symbols.shape[1]]
            number = number * self.alphabet + came
        return number
