"""Nested lists and dicts of tensors, numbers and texts: all that a checkpoint may hold."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mle_lib.checks import NotFiniteError

ATOMS = (str, bytes, bool, int, float, complex, type(None), torch.dtype, torch.device)
MOST_BITS = 2039  # of a whole number that torch reads back


def plain(value: Any, name: str = "") -> Any:
    """The same with NumPy's numbers as Python's own, which alone are read back, and tensors that
    hold their own numbers (not conjugates of others).

    Raises:
        ValueError: If there is something in it that would not be read back.
    """
    if isinstance(value, dict):
        kind = Counter if isinstance(value, Counter) else dict
        return kind(
            {plain(key, name): plain(part, f"{name}[{key!r}]") for key, part in value.items()}
        )
    if isinstance(value, list | tuple):
        parts = [plain(part, f"{name}[{k}]") for k, part in enumerate(value)]
        return parts if isinstance(value, list) else tuple(parts)
    if isinstance(value, np.generic):
        value = value.item()
    got = _unusual(value) if isinstance(value, Tensor) else type(value).__name__
    if type(value) is int and value.bit_length() > MOST_BITS:
        got = f"a number of more than {MOST_BITS} bits"
    elif type(value) is bytes and not value:
        got = "empty bytes"
    elif type(value) in ATOMS:
        return value
    elif not got:
        return value.resolve_conj().resolve_neg()
    raise ValueError(
        "a checkpoint holds dense tensors, numbers, texts, lists and dicts alone, got "
        f"{got} at {name}"
    )


def _unusual(value: Tensor) -> str:
    """What keeps a tensor from being read back as it is, if anything."""
    kinds = {
        f"one of layout {value.layout}": value.layout != torch.strided,
        f"one of {value.dtype}": re.match(r"torch\.(bits|u?int[1-7]$)", str(value.dtype))
        is not None,
        "a nested one": value.is_nested,
        "a quantized one": value.is_quantized,
        "one without numbers (on meta)": value.is_meta,
        type(value).__name__: type(value) not in (Tensor, torch.nn.Parameter, torch.nn.Buffer),
    }
    return next((kind for kind, so in kinds.items() if so), "")


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """What is in it that is no list and no dict, each with the way to it."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{name}[{key!r}]")
    elif isinstance(value, list | tuple):
        for k, part in enumerate(value):
            yield from leaves(part, f"{name}[{k}]")
    else:
        yield name, value


def fingerprint(value: Any) -> str:
    """A SHA-256 of every name, kind and number in it, to the last bit."""
    digest = hashlib.sha256()

    def add(part: Any) -> None:
        if isinstance(part, dict | list | tuple):
            digest.update(f"{type(part).__name__} {len(part)};".encode())
            for entry in part.items() if isinstance(part, dict) else part:
                add(entry)
        elif isinstance(part, Tensor):
            dense = part.detach().cpu().contiguous()
            flat = dense.as_strided((dense.numel(),), (1,))  # one number may have any stride
            digest.update(f"{part.dtype} {tuple(part.shape)};".encode())
            digest.update(flat.view(torch.uint8).numpy().data)
        else:
            digest.update(f"{type(part).__name__} {part!r};".encode())

    add(value)
    return digest.hexdigest()


def same(a: Any, b: Any) -> bool:
    """Whether the two hold the same values in the same order, whatever the types that hold them. A
    tensor without values, on meta, is the same as none."""
    try:
        return _same(*(v.to_dense().cpu() if isinstance(v, Tensor) else v for v in (a, b)))
    except RuntimeError:  # of torch, which compares no such tensors
        return False


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and bool((a == b).all())
    a, b = (v.tolist() if isinstance(v, Tensor | np.ndarray | np.generic) else v for v in (a, b))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def check_no_nan(value: Any, name: str) -> None:
    """
    Raises:
        NotFiniteError: If a number in it is NaN.
    """
    for place, part in leaves(value):
        if isinstance(part, Tensor):
            bad = part.is_floating_point() and bool(part.isnan().any())
        else:
            bad = isinstance(part, float) and math.isnan(part)
        if bad:
            raise NotFiniteError(f"numbers must be finite, got NaN in {name}{place}")
