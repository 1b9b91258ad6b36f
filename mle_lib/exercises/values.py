"""What a reader's function gave back, as arrays that can be compared."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]


class NotNumbers(Exception):
    """A returned value is not made of real numbers."""


def as_arrays(value: Any, like: Arrays | None = None) -> Arrays:
    """The returned value, or the values of a returned tuple, as float64 arrays.

    What is right is right in any container: where a value has the shapes that are expected
    (``like``) when it is read another way, it is read so. Several values may come in a list or an
    array, one array as a tuple of its rows, one number in a list by itself.

    Raises:
        NotNumbers: If something in it is no real number.
    """
    if like is not None:
        for reading in _readings(value, like):
            with suppress(NotNumbers):
                arrays = tuple(as_array(part) for part in reading)
                if len(arrays) == len(like) > 1:  # each in a container of its own
                    read = [as_arrays(p, (b,)) for p, b in zip(reading, like, strict=True)]
                    if any(len(part) > 1 for part in read):
                        continue
                    arrays = tuple(part[0] for part in read)
                if [a.shape for a in arrays] == [b.shape for b in like]:
                    return arrays
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(as_array(part) for part in parts)


def _readings(value: Any, like: Arrays) -> Iterator[tuple[Any, ...]]:
    """The values that something returned may stand for, where as many as in ``like`` are wanted."""
    if len(like) == 1:
        yield (value,)
    with suppress(Exception):  # it may have no length, or not let itself be iterated
        if len(value) == len(like) and (len(like) > 1 or isinstance(value, list | tuple)):
            yield tuple(value)
        if like[0].shape == () and len(like) == 1:
            yield (as_array(value).reshape(()),)


def as_array(value: Any) -> np.ndarray:
    """Numbers, lists, NumPy arrays and (by duck typing) torch tensors as a float64 array.

    Raises:
        NotNumbers: If it holds something else, or rows of different lengths.
    """
    try:
        array = np.asarray(_without_graph(value))
    except Exception as error:
        raise NotNumbers(_describe(value)) from error
    if array.dtype.kind == "O":
        return _from_objects(array, value)
    if array.dtype.kind not in "fiub":
        raise NotNumbers(_describe(value))
    return array.astype(np.float64)


def _without_graph(value: Any) -> Any:
    """A tensor of any kind, on any device, with or without a graph, as an array; lists likewise."""
    if isinstance(value, list | tuple):
        return [_without_graph(part) for part in value]
    if hasattr(value, "detach"):
        tensor = value.detach().cpu().to_dense()
        # NumPy has no bfloat16
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    return value


def _from_objects(array: np.ndarray, value: Any) -> np.ndarray:
    """An array of Python's own numbers, such as fractions and long integers, as a float64 array."""
    try:
        return np.array([_real(entry) for entry in array.ravel().tolist()]).reshape(array.shape)
    except OverflowError as error:
        raise NotNumbers("a number that is too large for float64") from error
    except Exception as error:
        raise NotNumbers(_describe(value)) from error


def _real(entry: Any) -> float:
    """One entry as a float, by its own conversion; of these a few do too much."""
    if isinstance(entry, str | bytes) or np.iscomplexobj(entry) or np.ndim(entry):
        raise TypeError
    return float(entry)


def _describe(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, list | tuple) and value:
        return f"a {kind} with {type(value[0]).__name__} in it"
    return f"an object of type {kind}"


def same(given: Arrays, expected: Arrays, tolerance: float, in_each: bool = False) -> bool:
    """Whether shapes agree, and values within the tolerance, relative to the largest entry;
    ``in_each``, to each that is not below a tenth of it."""
    return len(given) == len(expected) and all(
        mine.shape == theirs.shape and close(mine, theirs, tolerance, in_each)
        for mine, theirs in zip(given, expected, strict=True)
    )


def close(given: np.ndarray, expected: np.ndarray, tolerance: float, in_each: bool = False) -> bool:
    """Whether arrays of one shape agree; where one is not finite, exactly."""
    finite = np.isfinite(expected)
    sizes = np.abs(expected[finite])
    largest = sizes.max(initial=0.0) or 1.0
    allowed = tolerance * np.maximum(sizes, largest / 10 if in_each else largest)
    with np.errstate(invalid="ignore"):
        return bool(
            np.array_equal(given[~finite], expected[~finite], equal_nan=True)
            and np.all(np.abs(given[finite] - expected[finite]) <= allowed)
        )


def unchanged(before: Any, after: Any) -> bool:
    """Whether an argument still holds what it held. What is no array or list is not looked at."""
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and before.dtype == after.dtype
            and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(unchanged(before[k], after[k]) for k in before)
    return True


def in_single(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of arguments, with the arrays in float32."""
    return tuple(
        a.astype(np.float32)
        if isinstance(a, np.ndarray) and a.dtype.kind == "f"
        else copy.deepcopy(a)
        for a in arguments
    )


def show(value: Any, digits: int = 4) -> str:
    """A value in one short line, arrays with so many decimals."""
    if callable(value):
        return getattr(value, "__name__", "a function")
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=digits, threshold=16, edgeitems=2, separator=", ")
    elif isinstance(value, tuple):
        text = "(" + ", ".join(show(part, digits) for part in value) + ")"
    elif isinstance(value, float) and digits < 17:
        text = f"{value:.6g}"
    else:
        text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."
