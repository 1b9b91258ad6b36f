"""The handwritten digits that come with scikit-learn, black and white."""

from functools import cache

import torch
from torch import Tensor

from mle_lib.checks import check_binary

DIGITS_SPLIT = {"train": (0, 1200), "valid": (1200, 1497), "test": (1497, 1797)}


def load_digits_binary(split: str) -> Tensor:
    """Handwritten digits of 8×8 pixels: 1 where the grey level (0 … 16) is at least 8, else 0.

    The 1,797 images come with scikit-learn (the test part of Alpaydin & Kaynak's UCI set,
    https://doi.org/10.24432/C50P49), so nothing is downloaded. They are shuffled once, by a fixed
    permutation.

    Args:
        split: ``"train"`` (m = 1,200), ``"valid"`` (297) or ``"test"`` (300).

    Returns:
        A ``(m, 64)`` float32 tensor, rows of pixels read line by line.

    Raises:
        ValueError: If ``split`` is not one of the three.
    """
    if not isinstance(split, str) or split not in DIGITS_SPLIT:
        raise ValueError(f"split must be one of {', '.join(DIGITS_SPLIT)}, got {split!r}")
    start, stop = DIGITS_SPLIT[split]
    return _all_digits()[start:stop].clone()


@cache
def _all_digits() -> Tensor:
    import numpy as np
    from sklearn.datasets import load_digits

    # RandomState's stream is frozen for good; torch's and NumPy's newer generators may change it.
    order = np.random.RandomState(0).permutation(1797)
    images = torch.from_numpy(load_digits().data[order])  # (1797, 64), grey levels 0 … 16
    return check_binary((images >= 8).float())
