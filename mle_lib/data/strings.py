"""Sequences that need no download: names, and a known language. No torch is needed here."""

import hashlib
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np

WITHOUT = ("CJK UNIFIED IDEOGRAPH", "HANGUL SYLLABLE", "CJK COMPAT")  # numbered, not named
DIGEST = "03ce3aea0397e841afdbafb4f732c6cb6fdca0bdb370d0a9cdbdbdcae33a3ee3"


@cache
def character_names() -> tuple[str, ...]:
    """The names of the characters of Unicode 3.2, in the order of their numbers: 12,886 strings of
    3 to 83 capital letters, digits, spaces, hyphens and parentheses.

    Every Python has them (``unicodedata.ucd_3_2_0``, which never changes). Left out are the names
    that consist of a kind and a number, of Chinese characters and Korean syllables.

    Raises:
        RuntimeError: If this Python has other names.
    """
    table = unicodedata.ucd_3_2_0
    every = (table.name(chr(number), "") for number in range(0x110000))
    names = tuple(name for name in every if name and not name.startswith(WITHOUT))
    if hashlib.sha256("\n".join(names).encode()).hexdigest() != DIGEST:
        raise RuntimeError("this Python has other names of characters than it should")
    return names


def alphabet_of(strings: tuple[str, ...]) -> str:
    """Their characters, sorted. Character k of it is symbol k + 1; symbol 0 is the end."""
    return "".join(sorted(set("".join(strings))))


class Language:
    """Strings of letters 1 … K − 1 that end with 0, drawn from a Markov chain.

    p(x) = Π_i P[x_{i−1}, x_i],    x_0 = 0,

    up to the first 0. The rows of P are drawn from ``seed``: K numbers exp(1.5 u) with u ~ N(0, 1),
    divided by their sum. No string is empty, and after each letter the end has a probability of at
    least 0.1, so that longer strings are rarer and rarer.

    Attributes:
        alphabet: K.
        transitions: P, ``(K, K)``.
    """

    def __init__(self, alphabet: int, seed: int) -> None:
        random = np.random.RandomState(seed)  # whose stream is frozen for good
        weights = np.exp(1.5 * random.standard_normal((alphabet, alphabet)))
        weights[0, 0] = 0.0
        P = 0.9 * weights / weights.sum(1, keepdims=True)
        P[1:, 0] += 0.1
        self.alphabet, self.transitions = alphabet, P / P.sum(1, keepdims=True)

    def log_p(self, string: Sequence[int]) -> float:
        """log p of a string of letters, whose end is added, in nats."""
        symbols = [0, *string, 0]
        return float(np.log(self.transitions[symbols[:-1], symbols[1:]]).sum())

    def entropy(self) -> float:
        """H = −Σ_x p(x) log p(x) = Σ_s N_s h_s, in nats: N_s is how often a string is expected to
        be at symbol s, and h_s the entropy of what follows it. (A string is at the start once.)"""
        P = self.transitions
        h = -(P * np.log(np.where(P > 0, P, 1))).sum(1)
        return float(h[0] + self._visits() @ h[1:])

    def mean_length(self) -> float:
        """The expected number of symbols of a string, its end included."""
        return 1 + float(self._visits().sum())

    def _visits(self) -> np.ndarray:
        """How often each letter is expected in a string, ``(K − 1,)``: N = P[0, ·] + Pᵀ N."""
        P = self.transitions
        return np.linalg.solve(np.eye(self.alphabet - 1) - P[1:, 1:].T, P[0, 1:])
