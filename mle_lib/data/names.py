"""The names of Unicode's characters as sequences of symbols."""

from collections.abc import Iterable
from functools import cache

import torch
from torch import Tensor

from mle_lib.checks import check_sequences
from mle_lib.data.strings import alphabet_of, character_names

PARTS = {"train": (0, 0.8), "valid": (0.8, 0.9), "test": (0.9, 1.0)}
BLOCK = 64  # names that stand side by side in the table
LETTERS = alphabet_of(character_names())


def load_names(split: str, by: str = "name") -> Tensor:
    """Names of characters (``strings.character_names``) as rows of symbols: 0 is the end, k the
    k-th of the 38 characters in ``data.LETTERS``, so that a model's ``alphabet`` is 39.

    Neighbours in Unicode's table share most of their names ("LATIN SMALL LETTER A WITH GRAVE",
    "… WITH ACUTE"). Split name by name, a test asks for what nearly stands in the training data;
    split by blocks of 64 neighbours, it asks for other kinds of names. Every number should say
    which.

    Args:
        split: ``"train"`` (8 parts of 10), ``"valid"`` or ``"test"`` (one each).
        by: ``"name"`` or ``"block"``: what is shuffled, once, by a fixed permutation.

    Returns:
        A ``(m, 84)`` int64 tensor.

    Raises:
        ValueError: If ``split`` or ``by`` is none of these.
    """
    if split not in PARTS:
        raise ValueError(f"split must be one of {', '.join(PARTS)}, got {split!r}")
    if by not in ("name", "block"):
        raise ValueError(f"by must be name or block, got {by!r}")
    order = _order(by)
    start, stop = (round(part * len(order)) for part in PARTS[split])
    return _all_names()[order[start:stop]]


def encoded(strings: Iterable[str], letters: str = LETTERS) -> Tensor:
    """Strings as rows of symbols, ``(m, longest + 1)`` int64: k for the k-th of ``letters``, and 0
    from the end on.

    Raises:
        ValueError: If there is no string, or one has another character.
    """
    known = {letter: number for number, letter in enumerate(letters, 1)}
    rows = list(strings)
    if not rows:
        raise ValueError("strings must hold at least one, got none")
    if strange := {letter for row in rows for letter in row} - set(letters):
        raise ValueError(f"strings must hold the characters of letters, got {min(strange)!r}")
    x = torch.zeros(len(rows), 1 + max(map(len, rows)), dtype=torch.int64)
    for j, row in enumerate(rows):
        x[j, : len(row)] = torch.tensor([known[letter] for letter in row], dtype=torch.int64)
    return x


def decoded(x: Tensor, letters: str = LETTERS) -> list[str]:
    """Rows of symbols as strings, up to the end.

    Raises:
        ValueError: If ``x`` does not hold symbols of ``letters``, with an end in each row.
    """
    rows = check_sequences(x, len(letters) + 1).tolist()
    return ["".join(letters[k - 1] for k in row[: row.index(0)]) for row in rows]


@cache
def _all_names() -> Tensor:
    return encoded(character_names())


@cache
def _order(by: str) -> Tensor:
    import numpy as np

    m = len(character_names())
    random = np.random.RandomState(0)  # whose stream is frozen for good
    if by == "name":
        return torch.from_numpy(random.permutation(m))
    blocks = torch.arange(m).split(BLOCK)
    return torch.cat([blocks[k] for k in random.permutation(len(blocks)).tolist()])
