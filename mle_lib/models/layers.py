"""Linear layers in which an output sees only some of the inputs."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib.models.base import uniform_parameter


class LowerLinear(nn.Module):
    """z_i = c_i + Σ_{k<i} W_ik x_k: a linear layer in which output i sees the inputs before i, and
    no more.

    Only the n(n − 1)/2 entries of W below the diagonal are parameters. They are held row after row,
    so those that belong to output i lie side by side, at i(i − 1)/2 … i(i + 1)/2 − 1.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(n))
        self.weight = nn.Parameter(torch.zeros(n * (n - 1) // 2))
        rows, columns = torch.tril_indices(n, n, offset=-1)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        n = len(self.bias)
        W = self.weight.new_zeros(n, n).index_put((self.rows, self.columns), self.weight)
        return F.linear(x, W, self.bias)

    def from_dense(self, matrix: Tensor) -> Tensor:
        """The entries of an ``(n, n)`` matrix that are parameters, in the layout of ``weight``."""
        return matrix[self.rows, self.columns]

    def fits(self) -> bool:
        """Whether weight, bias and the places of the weights fit each other in shape."""
        n = self.bias.numel()
        places = (n * (n - 1) // 2,)
        shapes = (self.weight.shape, self.rows.shape, self.columns.shape)
        return self.bias.shape == (n,) and all(shape == places for shape in shapes)

    def intact(self) -> bool:
        """Whether they fit, and the places are those below the diagonal."""
        n = self.bias.numel()
        below = torch.tril_indices(n, n, offset=-1, device=self.rows.device)
        return self.fits() and torch.equal(below, torch.stack([self.rows, self.columns]))


class MaskedLinear(nn.Module):
    """z = c + (M ⊙ W) x: a linear layer that sees only what its mask M lets through.

    The mask multiplies the weight at every call and the weight itself is never changed: masking in
    place keeps only the intersection of all masks ever used.
    """

    mask: Tensor

    def __init__(self, mask: Tensor, generator: torch.Generator | None = None) -> None:
        super().__init__()
        outputs, inputs = mask.shape
        bound = inputs**-0.5  # as in nn.Linear
        self.weight = uniform_parameter((outputs, inputs), bound, generator)
        self.bias = uniform_parameter((outputs,), bound, generator)
        self.register_buffer("mask", mask.to(self.weight.dtype), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.mask * self.weight, self.bias)

    def from_dense(self, matrix: Tensor) -> Tensor:
        """An ``(outputs, inputs)`` matrix with 0 where the mask lets nothing through, in the layout
        of ``weight``."""
        return matrix * self.mask

    def fits(self) -> bool:
        """Whether weight, bias and mask fit each other without broadcasting."""
        return self.weight.shape == self.mask.shape and self.bias.shape == self.mask.shape[:1]

    def intact(self) -> bool:
        """Whether they fit, and the mask holds 0 and 1 alone."""
        if not self.fits() or self.mask.is_complex():
            return False
        # M − M² is 0 for 0 and 1 alone, and read once
        low, high = torch.addcmul(self.mask, self.mask, self.mask, value=-1).aminmax()
        return bool(low == 0) and bool(high == 0)


def seeded_linear(inputs: int, outputs: int, generator: torch.Generator | None) -> nn.Linear:
    """A linear layer with all entries uniform in ±1/√inputs, drawn from ``generator``."""
    layer = torch.nn.utils.skip_init(nn.Linear, inputs, outputs)
    layer.weight = uniform_parameter((outputs, inputs), inputs**-0.5, generator)
    layer.bias = uniform_parameter((outputs,), inputs**-0.5, generator)
    return layer
