"""Which term of ℓ a place of a model's logits is about: rows of data, found again by what is in
them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mle_lib.checks import shown

NONE = -1


class Rows:
    """The rows of a data set, numbered, and their terms, numbered through.

    Rows that are equal cannot be told apart by what a model sees: they are one row here, which
    stands for all of them.

    Args:
        data: ``(m, n)``, or rows of any lengths.
        shift: How many symbols a row begins with that are given: 0, or 1.
        binary: Whether a place has one logit, of x = 1.
        longest: Of rows that end with their first 0: the most terms of a row.

    Attributes:
        length: Terms of each row, ``(m,)``.
        first: Number of the first term of each row, ``(m,)``.
        like: Number of the first row that is equal to it, ``(m,)``.
        row, place: Of each of the N terms, ``(N,)``.
        alike: Number of the first term that cannot be told from it, ``(N,)``.
        target: Its symbol, ``(N,)``.

    Raises:
        ValueError: If there is no row, or one has no term.
    """

    def __init__(
        self,
        data: Tensor | Sequence[Tensor],
        shift: int = 0,
        binary: bool = True,
        longest: int | None = None,
    ) -> None:
        rows = [torch.as_tensor(row).detach().cpu() for row in data]
        if not rows or any(row.ndim != 1 for row in rows):
            raise ValueError("data must hold one row or more, each a tensor with one index")
        if longest:  # symbols up to the first 0, which is the end
            rows = [row[: int((row == 0).int().argmax()) + 1] for row in rows]
        if any(len(row) <= shift for row in rows):
            raise ValueError(f"data must hold rows of more than {shift} symbols, got a shorter one")
        self.shift, self.binary, self.m = shift, binary, len(rows)
        self._keys = [tuple(row.tolist()) for row in rows]
        most = longest or max(map(len, rows))  # where nothing but the end can come is no term
        self.length = torch.tensor([min(len(row) - shift, most) for row in rows])
        self.first = self.length.cumsum(0) - self.length
        self.row = torch.arange(self.m).repeat_interleave(self.length)
        self.place = torch.arange(len(self.row)) - self.first[self.row]
        counts = self.length.tolist()
        self.target = torch.cat(
            [row[shift : shift + count] for row, count in zip(rows, counts, strict=True)]
        )
        if not binary:
            self.target = self.target.long()
        seen: dict[tuple[float, ...], int] = {}
        self.like = torch.tensor([seen.setdefault(key, j) for j, key in enumerate(self._keys)])
        self.alike = self.first[self.like[self.row]] + self.place
        self._whole = seen
        self._inputs: dict[tuple[float, ...], int] = {}  # a row without its last symbol
        if shift:
            for key, j in seen.items():
                if self._inputs.setdefault(key[:-1], j) != j:
                    self._inputs[key[:-1]] = NONE
        self._lengths = sorted({len(key) for key in [*seen, *self._inputs]}, reverse=True)
        self._found: dict[tuple[float, ...], tuple[int, int]] = {}

    def __len__(self) -> int:
        """N, the number of terms."""
        return len(self.row)

    def regroup(self, count: int) -> None:
        """Every row has ``count`` terms, whatever its places are."""
        self.length = torch.full((self.m,), count)
        self.first = count * torch.arange(self.m)
        self.row = torch.arange(self.m).repeat_interleave(count)
        self.place = torch.arange(count).repeat(self.m)
        self.alike = torch.arange(len(self.row))

    def terms(self, inputs: Tensor, width: int) -> Tensor:
        """The number of the term at each of ``width`` places of each row of inputs, ``(b, width)``;
        −1 where there is none."""
        found = torch.full((len(inputs), width), NONE)
        for r, key in enumerate(map(tuple, inputs.detach().cpu().tolist())):
            if key not in self._found:
                self._found[key] = self._find(key)
            j, start = self._found[key]
            if j != NONE:
                count = min(int(self.length[j]), width - start)
                first = int(self.first[j])
                found[r, start : start + count] = torch.arange(first, first + count)
        return found

    def numbers(self, row: Tensor, place: Tensor) -> Tensor:
        """The numbers of the terms at places of rows; −1 where a row is."""
        inside = (row >= 0) & (place >= 0)
        if row.numel() and (
            int(row.max()) >= self.m or bool((place >= self.length[row.clamp(min=0)])[inside].any())
        ):
            raise ValueError("terms must give rows and places of data, got one that is not there")
        number = self.first[self.like[row.clamp(min=0)]] + place
        return torch.where(inside, number, NONE)

    def _find(self, key: tuple[float, ...]) -> tuple[int, int]:
        """Which row it is, the longest that fits, and where in ``key`` it starts."""
        if self.binary:
            return self._whole.get(key, NONE), 0
        for start in range(len(key)):
            if start and key[start - 1] != key[0]:
                break  # before a row stands nothing but padding, one symbol again and again
            for length in self._lengths:
                part = key[start : start + length]
                if len(part) == length and (part in self._whole or part in self._inputs):
                    return self._one(
                        part, self._whole.get(part, self._inputs.get(part, NONE))
                    ), start
        cut = [j for whole, j in self._whole.items() if whole[: len(key)] == key]
        return (self._one(key, cut[0] if len(cut) == 1 else NONE), 0) if cut else (NONE, 0)

    def _one(self, part: tuple[float, ...], j: int) -> int:
        if j == NONE:
            raise ValueError(
                "data must have rows that the model's inputs tell apart, got several that go on "
                f"after {shown(list(part))}: give `terms`, which says which term each place is"
            )
        return j
