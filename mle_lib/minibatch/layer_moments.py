"""Mean and variance of the g_j of a batch, from what one forward and one backward pass leave.

The variance is E[g²] − E[g]². Where it is not much smaller than these, products of float32 are
enough; where it is, they are not, and are made again in float64 (``outer_moments``).
"""

import torch
from torch import Tensor, nn

from mle_lib.models import FVSBN, MADE, AutoregressiveModel, LowerLinear, MaskedLinear
from mle_lib.models.evaluation import (
    all_differentiable,
    as_built,
    has_hooks_on_parameters,
)

Layer = LowerLinear | MaskedLinear
UNIT = 2.0**-24  # float32 changes a number by this part of it at most
TOLERANCE = 2.0**-12  # float32 may change a variance by this part of it
ROWS = 128  # so many rows are summed up by themselves, then their sums: fewer roundings of each
RANGE = 2.0**20  # a layer whose largest |δ| or |a| is not within 1/RANGE … RANGE is left to float64


def has_shortcut(model: nn.Module) -> bool:
    """Whether the model is made of linear layers, each used once in a forward pass, and no more.

    Only an FVSBN or MADE as its class makes it (``as_built``) is known to be so. A hook on a
    parameter changes its gradient, and a layer of another kind has none of these moments.
    """
    layers = [part for part in model.modules() if isinstance(part, Layer)]
    return (
        type(model) in (FVSBN, MADE)
        and as_built(model)
        and all(layer.intact() for layer in layers)
        and len([*model.parameters()]) == 2 * len(layers)
        and not has_hooks_on_parameters(model)
    )


class Calls:
    """A place that keeps what layers are given and what they return."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers
        self.inputs: dict[nn.Module, Tensor] = {}
        self.outputs: dict[nn.Module, Tensor] = {}

    def __enter__(self) -> "Calls":
        self.handles = [layer.register_forward_hook(self.keep) for layer in self.layers]
        return self

    def keep(self, layer: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
        self.inputs[layer], self.outputs[layer] = args[0].detach(), output

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()


def batch_moments(model: AutoregressiveModel, batch: Tensor) -> tuple[Tensor, Tensor]:
    """ḡ and the variance (1/b) Σ_j (g_j − ḡ)², elementwise, of a batch: flat ``(p,)`` float64,
    without ``(b, p)``.

    With δ_j = ∂ log p(x^(j)) / ∂z_j of a layer z = W a + c, g_j is δ_j a_jᵀ for W and δ_j for c.
    The model must have the shortcut (``has_shortcut``); elsewhere the result would be wrong.
    """
    layers: list[Layer] = [layer for layer in model.modules() if isinstance(layer, Layer)]
    with all_differentiable(model), Calls(layers) as calls:
        total = model(batch).sum()
        deltas = torch.autograd.grad(total, [calls.outputs[layer] for layer in layers])

    sizes = {parameter: parameter.numel() for parameter in model.parameters()}
    mean, variance = batch.new_empty(2, sum(sizes.values()), dtype=torch.float64)
    places = zip(mean.split([*sizes.values()]), variance.split([*sizes.values()]), strict=True)
    place = dict(zip(sizes, places, strict=True))
    for layer, delta in zip(layers, deltas, strict=True):
        a = calls.inputs[layer]
        of_weight = map(layer.from_dense, outer_moments(delta, a))
        of_bias = outer_moments(delta, a.new_ones(len(a), 1))  # z = W a + c · 1
        for parameter, found in ((layer.weight, of_weight), (layer.bias, of_bias)):
            for where, moment in zip(place[parameter], found, strict=True):
                where.copy_(moment.flatten())
    return mean, variance


def outer_moments(delta: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of g_j = δ_j a_jᵀ, ``(b, outputs)`` and ``(b, inputs)`` -> twice
    ``(outputs, inputs)``:

        ḡ = δᵀ a / b,    V = Q − ḡ²,    Q = (1/b) Σ_j g_j² = (δ²)ᵀ (a²) / b.

    In float32 no term of ḡ and Q is rounded more than k = min(b, ROWS) + b/ROWS + 4 times, by u =
    2⁻²⁴ of itself at most. So with γ = k u, to first order, Q is known up to γ Q, ḡ up to γ (1/b)
    Σ|g_j| ≤ γ √Q, and V up to 3 γ Q; 4 γ Q covers the rest. Where V ≥ 5 γ Q / TOLERANCE, that is
    at most TOLERANCE of V. Rows and columns with a smaller V are computed again in float64. (What
    underflows in float32 is not covered: up to 2⁻⁴⁶ of the layer's largest |δ|² |a|².)
    Source of the bound: Higham (2002), *Accuracy and Stability of Numerical Algorithms*, §3.1.
    """
    b = len(a)
    share = 5 * UNIT * (min(b, ROWS) + b / ROWS + 4) / TOLERANCE
    if share > 0.5 or not has_float32_digits(delta, a):
        return exact_outer_moments(delta.double(), a.double())
    mean, squares = mean_product(delta, a), mean_product(delta**2, a**2)
    surplus = torch.addcmul(squares, mean, mean, value=-1 / (1 - share))  # ∝ V − share Q
    variance = squares.addcmul_(mean, mean, value=-1)
    rows = ~(surplus.amin(1) >= 0)  # also where something is not finite
    if rows.any():
        columns = ~(surplus[rows].amin(0) >= 0)
        mean, variance = mean.double(), variance.double()
        where = rows.nonzero(), columns.nonzero().T
        again = exact_outer_moments(delta[:, rows].double(), a[:, columns].double())
        mean[where], variance[where] = again
    return mean, variance


def has_float32_digits(*factors: Tensor) -> bool:
    """Whether products of these keep float32's digits, and overflow nowhere."""
    try:
        highest = torch.get_float32_matmul_precision() == "highest"
    except RuntimeError:  # it was set for one kind of device, and torch does not say which
        highest = False
    return (
        highest
        and all(part.dtype == torch.float32 for part in factors)
        and not torch.is_autocast_enabled(factors[0].device.type)
        and all(1 / RANGE < max(map(abs, map(float, part.aminmax()))) < RANGE for part in factors)
    )


def mean_product(left: Tensor, right: Tensor) -> Tensor:
    """leftᵀ right / b, added up ROWS rows at a time."""
    total = left.new_empty(left.shape[1], right.shape[1])
    for k, (some, others) in enumerate(zip(left.split(ROWS), right.split(ROWS), strict=True)):
        total.addmm_(some.T, others, beta=min(k, 1), alpha=1 / len(left))
    return total


def exact_outer_moments(delta: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """The same of tensors of float64, without blocks."""
    mean = delta.T @ a / len(a)
    return mean, ((delta**2).T @ a**2 / len(a) - mean**2).clamp(min=0)
