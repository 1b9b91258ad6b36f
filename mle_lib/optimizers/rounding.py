"""Rounding to few bits by chance, so that on average nothing is lost."""

import torch
from torch import Tensor

from mle_lib.checks import FLOATS, check_dense, shown

__all__ = ["rounding_variance", "stochastic_round"]

# whole numbers of as many bits: those of neighbours of one sign are one apart
WHOLE = {2: torch.int16, 4: torch.int32, 8: torch.int64}


@torch.no_grad()
def stochastic_round(
    values: Tensor, dtype: torch.dtype, generator: torch.Generator | None = None
) -> Tensor:
    """Values x in fewer bits, each at one of its two neighbours lo ≤ x ≤ hi there:

        hi with probability (x − lo)/(hi − lo),    else lo.

    Its expectation is x. (To the nearest, the same x would always go the same way, and what is less
    than half the distance is lost each time.) What ``dtype`` has is not changed. Source: Gupta et
    al. (2015), https://doi.org/10.48550/arXiv.1502.02551.

    Equation: (11.5).

    Args:
        values: Floats of any shape.
        dtype: Of the result: float16, bfloat16, float32 or float64.
        generator: Source of randomness; torch's global one if ``None``. One uniform number of
            float64 is drawn for each entry, whether it is needed or not.

    Returns:
        A tensor of the shape and device of ``values``, of ``dtype``; no gradient passes through it.
        NaN and ±∞ stay. Beyond the largest number of ``dtype`` there are no two neighbours: what
        is there becomes what ``values.to(dtype)`` is, that number or ±∞.

    Raises:
        ValueError: If ``values`` is sparse or holds no floats, or ``dtype`` is none of the four.
    """
    size, low, high = neighbours(values, dtype)
    share = (size - low.double()) / (high.double() - low.double())
    device = values.device if generator is None else generator.device
    drawn = torch.rand(values.shape, dtype=torch.float64, device=device, generator=generator)
    rounded = torch.where(drawn.to(values.device) < share, high, low)
    signed = torch.where(values.signbit(), -rounded, rounded)
    return torch.where(high.isfinite(), signed, values.to(dtype))


@torch.no_grad()
def rounding_variance(values: Tensor, dtype: torch.dtype) -> Tensor:
    """(hi − x)(x − lo), the variance of each entry of ``stochastic_round(values, dtype)``.

    At most a quarter of (hi − lo)², in the middle between two neighbours.

    Equation: (11.5).

    Args:
        values: Floats of any shape.
        dtype: As for ``stochastic_round``.

    Returns:
        A float64 tensor of the shape of ``values``: 0 where nothing is drawn, NaN where the rounded
        entry is not finite.

    Raises:
        ValueError: As ``stochastic_round``.
    """
    size, low, high = neighbours(values, dtype)
    drawn = (high.double() - size) * (size - low.double())
    alone = torch.where(values.to(dtype).isfinite(), 0.0, torch.nan).double()
    return torch.where(high.isfinite(), drawn, alone)


def neighbours(values: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Of values x: |x| in float64, and the numbers of ``dtype`` beside it, lo ≤ |x| < hi. Where
    there are none, hi is not finite.

    Raises:
        ValueError: If ``values`` is no dense tensor of floats, or ``dtype`` none of the four.
    """
    check_dense(values, "values", "floats")
    if dtype not in FLOATS:
        names = ", ".join(map(str, FLOATS))
        raise ValueError(f"dtype must be one of {names}, got {shown(dtype)}")
    size = values.double().abs()
    near = size.to(dtype)  # the nearest, or at least a neighbour
    bits = near.view(WHOLE[dtype.itemsize])
    bits = bits - (near.double() > size).to(bits.dtype)
    # ∞ and NaN have no neighbours, nor has what is nearer to ∞ than to the largest number
    has_next = size <= torch.finfo(dtype).max
    high = torch.where(has_next, (bits + 1).view(dtype), torch.inf)
    return size, bits.view(dtype), high.to(dtype)
