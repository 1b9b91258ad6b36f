"""What a batch is made of: numbers of samples, variables, components."""

from torch import Tensor

from mle_lib.checks import holds_whole, recordable


def check_indices(indices: Tensor, x: Tensor) -> Tensor:
    """Return ``indices`` as int64 if it is a non-empty 1-D tensor of row numbers of ``x``, whole
    numbers of any size.

    Raises:
        ValueError: If it is not, or lies neither on the CPU nor on the device of ``x``.
    """
    if not holds_whole(indices) or indices.ndim != 1:
        got = f"{indices.dtype} of shape {tuple(indices.shape)}"
        raise ValueError(f"indices must be a 1-D int64 tensor, got {got}")
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
    good = holds_whole(values) and values.ndim > 0
    if not good or not values.numel() or values.shape[:-1] not in ((), (b,)):
        got = f"shape {tuple(values.shape)}" if good else repr(values)
        shapes = f"({how_many},) or (b, {how_many}) with b = {b}"
        raise ValueError(f"{name} must be int64 of shape {shapes}, got {got}")
    values = recordable(values.long())
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= count:
        raise ValueError(
            f"{name} must lie in 0 … {count - 1} ({out_of} = {count}), got {low} … {high}"
        )
    return values
