"""A language whose strings have known probabilities: `TinyWorld`'s sibling for sequences."""

import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_seed, check_sequences, is_going


class KnownLanguage:
    """Strings of letters 1 … K − 1 that end with 0, drawn from a Markov chain.

    p(x) = Π_i P[x_{i−1}, x_i],    x_0 = 0,

    up to the first 0. The rows of P are drawn from ``seed``: K numbers exp(1.5 u) with u ~ N(0, 1),
    divided by their sum, and mixed with the end so that every symbol is the last with probability
    ``stop`` at least. A string has as many letters as it gets; longer ones are rarer and rarer.

    Args:
        alphabet: K, the number of symbols, the end included, 2 to 100.
        seed: Seed of the language. The global random state is not touched.

    Raises:
        ValueError: If ``alphabet`` is not from 2 to 100, or ``seed`` is no seed.
    """

    stop = 0.1

    def __init__(self, alphabet: int, seed: int) -> None:
        self.alphabet = check_at_least(alphabet, 2, "alphabet", 100)
        generator = torch.Generator("cpu").manual_seed(check_seed(seed))
        with torch.device("cpu"):
            u = torch.randn(self.alphabet, self.alphabet, generator=generator, dtype=torch.float64)
        rows = (1.5 * u).softmax(1)
        rows[0, 0] = 0  # no string is empty
        rows = (1 - self.stop) * rows / rows.sum(1, keepdim=True)
        rows[1:, 0] += self.stop
        self.transitions = rows / rows.sum(1, keepdim=True)  # P, (K, K)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats, ``(b, ·) -> (b,)`` float64; what comes after the first 0 is not read.

        Raises:
            ValueError: If ``x`` is not a ``(b, ·)`` tensor of symbols with an end in each row.
        """
        symbols = check_sequences(x, self.alphabet)
        came = torch.nn.functional.pad(symbols[:, :-1], (1, 0))
        terms = self.transitions.to(x.device).log()[came, symbols]
        return torch.where(is_going(symbols), terms, 0.0).sum(1)

    def entropy(self) -> float:
        """H = −Σ_x p(x) log p(x) = Σ_s N_s h_s, in nats: N_s is how often a string is expected to
        be at symbol s, and h_s the entropy of what follows it.

        N solves N = e_0 + Pᵀ N over the letters, for a string leaves the start once.
        """
        P = self.transitions
        h = -torch.xlogy(P, P).sum(1)
        visits = self._visits()
        return float(h[0] + visits @ h[1:])

    def mean_length(self) -> float:
        """The expected number of symbols of a string, its end included."""
        return 1 + float(self._visits().sum())

    def _visits(self) -> Tensor:
        """How often each letter is expected in a string, ``(K − 1,)``."""
        P = self.transitions
        eye = torch.eye(self.alphabet - 1, dtype=P.dtype)
        return torch.linalg.solve(eye - P[1:, 1:].T, P[0, 1:])

    def sample(self, m: int, generator: torch.Generator | None = None) -> Tensor:
        """m independent strings: ``(m, t)`` int64, with t the longest of them and its end.

        Raises:
            ValueError: If ``m`` < 1.
        """
        m = check_at_least(m, 1, "m")
        columns, last = [], torch.zeros(m, dtype=torch.int64)
        going = torch.ones(m, dtype=torch.bool)
        while going.any():
            drawn = torch.multinomial(self.transitions[last], 1, generator=generator)[:, 0]
            last = torch.where(going, drawn, 0)
            columns.append(last)
            going = going & (last != 0)
        return torch.stack(columns, 1)
