"""What every room asks of its arguments: a wrong one meets the same clear ``ValueError``."""

import inspect
import numbers
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from beartype.door import is_bearable
from torch import Tensor

from mle_lib import CHECKS

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
# torch does little with the last three, but knows the signed numbers with the same bits
SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}
WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, *SIGNED)
REAL = (torch.bool, *WHOLE, *FLOATS)
KINDS = {  # of numbers, as ``check_dense`` is asked for them
    "floats": FLOATS,
    "whole numbers": WHOLE,
    "real numbers": (*WHOLE, *FLOATS),
    "real numbers or bools": REAL,
}
MOST = 2**63 - 1  # of a whole number in torch

F = TypeVar("F", bound=Callable[..., Any])


class NotFiniteError(ValueError, FloatingPointError):
    """A number that is to be finite is NaN or infinite."""


def checked_inside(function: F) -> F:
    """A function whose annotations are not checked where it is called: it does so itself, by
    ``check_annotations``, where what is found can be told to other processes."""
    function.__no_type_check__ = True  # type: ignore[attr-defined]
    return function


def check_annotations(function: Callable[..., Any], given: Mapping[str, object]) -> None:
    """
    Raises:
        ValueError: If an argument is not of the type that the function's annotations say.
    """
    for name, hint in inspect.get_annotations(function).items():
        if name in given and not is_bearable(given[name], hint, conf=CHECKS):
            wanted = getattr(hint, "__name__", hint)
            raise ValueError(f"{name} must be a {wanted}, got {shown(given[name])}")


def check_binary(x: Tensor, n: int | None = None, name: str = "x") -> Tensor:
    """Return ``x`` if it is a non-empty ``(rows, n)`` tensor of 0s and 1s.

    The values are read once, so this is for data as it is loaded and for the batch of one step,
    never for a whole data set at every step.

    Raises:
        ValueError: If the shape is wrong, ``x`` is empty, or an entry (NaN included) is not 0 or 1.
    """
    check_matrix(x, n, name)
    if not _is_binary(x):
        bad = (x != 0) & (x != 1)
        value = x[bad][0].item()
        raise ValueError(
            f"{name} must hold only 0 and 1, got {value} ({int(bad.sum())} such entries)"
        )
    return x


def _is_binary(x: Tensor) -> bool:
    if x.is_floating_point():
        # x² − x is 0 for 0 and 1 alone (NaN, which counts, for NaN and ±∞): cheap for small batches
        return not (x * x).sub_(x).count_nonzero()
    if x.dtype == torch.bool:
        return True
    low, high = x.view(SIGNED.get(x.dtype, x.dtype)).aminmax()  # 0, 1 and no others stay 0 and 1
    return bool(low >= 0) and bool(high <= 1)


def check_dense(values: Tensor, name: str, kind: str = "real numbers") -> Tensor:
    """Return ``values`` if it is a dense tensor of one of the ``KINDS`` of numbers; they are not
    read.

    Raises:
        ValueError: If it is not.
    """
    if values.layout != torch.strided or values.is_nested or values.is_meta:
        got = "one on meta" if values.is_meta else f"{values.layout}: to_dense() makes it so"
        got = "a nested tensor" if values.is_nested else got
        raise ValueError(f"{name} must be dense, got {got}")
    if values.dtype not in KINDS[kind]:
        raise ValueError(f"{name} must hold {kind}, got {values.dtype}")
    return values


def check_matrix(x: Tensor, n: int | None = None, name: str = "x") -> Tensor:
    """Return ``x`` if it is a non-empty, dense ``(rows, n)`` tensor; its values are not read.

    Raises:
        ValueError: If it is not of two dimensions, is sparse or empty, has a dtype that is
            not bool, whole numbers or floats of 16 bits and more, or has not ``n`` columns.
    """
    if check_dense(x, name, "real numbers or bools").ndim != 2:
        raise ValueError(f"{name} must have shape (rows, n), got {tuple(x.shape)}")
    if n is not None and x.shape[1] != n:
        raise ValueError(f"{name} must have n = {n} columns, got {x.shape[1]}")
    if x.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(x.shape)}")
    return x


def check_rows(x: Tensor, n: int, like: Tensor) -> Tensor:
    """``x`` in the dtype of ``like``, if it is a non-empty ``(rows, n)`` tensor of 0s and 1s on the
    device of ``like``, a parameter of the model. (0 and 1 are exact in every dtype.)

    Raises:
        ValueError: If it is not.
    """
    check_matrix(x, n)
    if x.device != like.device:
        raise ValueError(f"x must be on the model's device, {like.device}, got {x.device}")
    return recordable(check_binary(x).to(like.dtype))


def check_sequences(x: Tensor, alphabet: int, longest: int | None = None) -> Tensor:
    """Rows of symbols, if each has an end: cut where the longest ends, with 0 for what came after
    an end, which is not read.

    Args:
        x: ``(b, ·)``, whole numbers of any dtype.
        alphabet: K: symbols are 0, which is the end, to K − 1.
        longest: The most symbols of a row, the end included; any number if ``None``.

    Returns:
        ``(b, t)`` int64.

    Raises:
        ValueError: If ``x`` is not that.
    """
    check_matrix(x)
    values = x.view(SIGNED[x.dtype]) if x.dtype in SIGNED else x  # 0 alone stays 0
    ends = (values == 0)[:, :longest]
    if not ends.any(1).all():
        row, where = (
            int((~ends.any(1)).nonzero()[0]),
            f" within {longest} places" if longest else "",
        )
        raise ValueError(f"x must have an end (0) in each row{where}, row {row} has none")
    last = ends.long().argmax(1, keepdim=True)  # where the first end is
    width = int(last.max()) + 1
    inside = torch.arange(width, device=x.device) <= last
    rows = torch.where(inside, values[:, :width], 0)
    symbols = rows.long()
    bad = (symbols != rows) | (symbols < 0) | (symbols >= alphabet)
    if bad.any():
        raise ValueError(
            f"x must hold whole numbers from 0 to {alphabet - 1} up to the end, got "
            f"{x[:, :width][bad][0].item()} ({int(bad.sum())} such entries)"
        )
    return symbols


def is_going(symbols: Tensor) -> Tensor:
    """Whether no end has come before, place by place: ``(b, t)`` symbols -> bools."""
    end = (symbols == 0).long()
    return end.cumsum(1) - end == 0


def check_columns(values: Tensor, count: int, name: str) -> Tensor:
    """Return ``values`` if its last dimension is ``count``: no other may be broadcast.

    Raises:
        ValueError: If it is not.
    """
    if values.shape[-1:] != (count,):
        got = tuple(values.shape)
        raise ValueError(f"{name} must give {count} numbers for each row, got shape {got}")
    return values


def recordable(x: Tensor) -> Tensor:
    """``x``, or a copy if it was made under ``torch.inference_mode``: autograd keeps no such."""
    return x.clone() if x.is_inference() else x


def plain(value: object) -> object:
    """Python's own number for a NumPy or torch scalar (no dimensions); anything else as it is."""
    if isinstance(value, (np.generic, np.ndarray, Tensor)) and value.ndim == 0:
        return value.item()
    return value


def shown(value: object) -> str:
    """``repr(value)``, cut where it is long; Python writes no number of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "one with thousands of digits"
    return text if len(text) <= 200 else f"{text[:200]} …"


def check_flag(value: bool, name: str) -> bool:
    """Return ``value`` as a ``bool`` if it is one, of Python, NumPy or torch.

    Raises:
        ValueError: If it is not (1 counts as a number).
    """
    flag = plain(value)
    if not isinstance(flag, bool):
        raise ValueError(f"{name} must be True or False, got {shown(value)}")
    return flag


def check_at_least(value: int, least: int, name: str, most: int = MOST) -> int:
    """Return ``value`` as an ``int`` if it is a whole number, at least ``least`` and at most
    ``most``: an integer of Python, NumPy or torch.

    Raises:
        ValueError: If it is not (a bool counts as no number).
    """
    number = plain(value)
    try:
        whole = least - 1 if isinstance(number, (bool, Tensor)) else operator.index(number)  # type: ignore[arg-type]
    except TypeError:
        whole = least - 1
    if whole < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {shown(value)}")
    if whole > most:
        limit = most if most < 2**64 else f"{most:.1e}"
        raise ValueError(f"{name} must be at most {limit}, got {shown(value)}")
    return whole


def check_number(value: float, name: str, wanted: str = "a finite number") -> float:
    """Return ``value`` as a ``float`` if it is a finite number that one holds, of Python, NumPy or
    torch.

    Raises:
        ValueError: If it is not what is ``wanted`` (a bool counts as no number).
    """
    number = plain(value)
    good = isinstance(number, numbers.Real) and not isinstance(number, bool)
    if not good or not abs(number) <= sys.float_info.max:  # type: ignore[arg-type]
        raise ValueError(f"{name} must be {wanted}, got {shown(value)}")
    return float(number)  # type: ignore[arg-type]


def check_not_negative(value: float, name: str) -> float:
    """The same for a number of at least 0."""
    wanted = "a finite number of at least 0"
    if (number := check_number(value, name, wanted)) < 0:
        raise ValueError(f"{name} must be {wanted}, got {shown(value)}")
    return number


def check_seed(seed: int) -> int:
    """Return ``seed`` as an ``int`` if it is a whole number that torch takes, 0 … 2⁶⁴ − 1.

    Raises:
        ValueError: If it is not.
    """
    return check_at_least(seed, 0, "seed", 2**64 - 1)


def check_permutation(values: Iterable[int], n: int, name: str) -> tuple[int, ...]:
    """Return ``values`` as Python's numbers if they are 0 … n − 1 in some order.

    Raises:
        ValueError: If they are not.
    """
    given = tuple(values)
    try:
        order = tuple(check_at_least(value, 0, name) for value in given)
    except ValueError:
        order = ()
    if sorted(order) != list(range(n)):
        raise ValueError(f"{name} must be a permutation of 0 … {n - 1}, got {shown(given)}")
    return order


def check_finite(values: Tensor, name: str) -> Tensor:
    """Return ``values`` if it is a dense tensor of finite real numbers.

    Raises:
        ValueError: If it is not.
    """
    if not (good := check_dense(values, name).isfinite()).all():
        bad = values[~good]
        raise ValueError(f"{name} must be finite, got {bad[0].item()} ({len(bad)} such entries)")
    return values


def chunks(x: Tensor, chunk_size: int | None) -> Iterator[Tensor]:
    """The rows of ``x`` in views of at most ``chunk_size`` rows (one view if ``None``), one by one.

    Raises:
        ValueError: If ``chunk_size`` < 1.
    """
    size = len(x) if chunk_size is None else check_at_least(chunk_size, 1, "chunk_size")
    return (x[start : start + size] for start in range(0, len(x), size))


def check_indices(indices: Tensor, x: Tensor) -> Tensor:
    """Return ``indices`` as int64 if it is a non-empty 1-D tensor of row numbers of ``x``, whole
    numbers of any size.

    Raises:
        ValueError: If it is not, or lies neither on the CPU nor on the device of ``x``.
    """
    if check_dense(indices, "indices", "whole numbers").ndim != 1:
        raise ValueError(f"indices must be a 1-D int64 tensor, got shape {tuple(indices.shape)}")
    if indices.device.type != "cpu" and indices.device != x.device:
        raise ValueError(f"indices must be on the CPU or {x.device}, got {indices.device}")
    if len(indices) < 1:
        raise ValueError("indices must name at least one sample (b >= 1), got none")
    indices = recordable(indices.long())  # as uint8 they would be taken for a mask
    m, low, high = len(x), int(indices.min()), int(indices.max())
    if low < 0 or high >= m:
        raise ValueError(f"indices must lie in 0 … {m - 1} (m = {m}), got {low} … {high}")
    return indices


def check_choices(
    values: Tensor, b: int, count: int, name: str, how_many: str, out_of: str
) -> Tensor:
    """Return ``values`` as int64 if it is a non-empty tensor of whole numbers below ``count``, a
    row for a whole batch or one for each of its b samples.

    Args:
        values: ``(k,)`` or ``(b, k)``.
        b: Batch size.
        count: From how many is chosen.
        name: Of the argument, for the message.
        how_many: The letter for k there.
        out_of: The letter for ``count`` there.

    Raises:
        ValueError: If it is not.
    """
    rows = check_dense(values, name, "whole numbers").shape[:-1]
    if not values.ndim or not values.numel() or rows not in ((), (b,)):
        shapes = f"({how_many},) or (b, {how_many}) with b = {b}"
        got = tuple(values.shape)
        raise ValueError(f"{name} must be int64 of shape {shapes}, got shape {got}")
    values = recordable(values.long())
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= count:
        raise ValueError(
            f"{name} must lie in 0 … {count - 1} ({out_of} = {count}), got {low} … {high}"
        )
    return values
