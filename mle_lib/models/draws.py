"""Random numbers for a model of any dtype. They are drawn and compared in float32 at least: numbers
drawn in bfloat16 are multiples of 2⁻⁸, so that no event has a probability between 0 and 2⁻⁸."""

import torch
from torch import Tensor


def wide(dtype: torch.dtype) -> torch.dtype:
    """float32 for a dtype of 16 bits, else the dtype itself."""
    return torch.promote_types(dtype, torch.float32)


def uniform(
    *shape: int, like: Tensor | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """Uniform numbers from 0 to 1, in the ``wide`` dtype of ``like``, on its device (or torch's
    default ones)."""
    like = torch.empty(0) if like is None else like
    return torch.rand(shape, generator=generator, dtype=wide(like.dtype), device=like.device)


def normal(*shape: int, like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Numbers from N(0, 1), in the dtype of ``like``, on its device."""
    drawn = torch.randn(shape, generator=generator, dtype=wide(like.dtype), device=like.device)
    return drawn.to(like.dtype)
