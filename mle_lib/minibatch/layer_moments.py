"""Sums of g_j and g_j² over a batch, from what one forward and one backward pass leave behind."""

import torch
from torch import Tensor, nn

from mle_lib.models import FVSBN, MADE, AutoregressiveModel, LowerLinear, MaskedLinear
from mle_lib.models.evaluation import (
    all_differentiable,
    as_built,
    has_hooks_on_parameters,
)

Layer = LowerLinear | MaskedLinear


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


def summed_moments(model: AutoregressiveModel, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Σ_j g_j and Σ_j g_j² (elementwise) over a batch, flat ``(p,)`` float64, without ``(b, p)``.

    For a layer z = W a + c with δ_j = ∂ log p(x^(j)) / ∂z_j these are

        Σ_j δ_j a_jᵀ and (δ²)ᵀ(a²) for W,    Σ_j δ_j and Σ_j δ_j² for c.

    The model must have the shortcut (``has_shortcut``); elsewhere the result would be wrong.
    """
    inputs: dict[nn.Module, Tensor] = {}
    outputs: dict[nn.Module, Tensor] = {}

    def keep(layer: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
        inputs[layer], outputs[layer] = args[0].detach().double(), output

    layers: list[Layer] = [layer for layer in model.modules() if isinstance(layer, Layer)]
    handles = [layer.register_forward_hook(keep) for layer in layers]
    try:
        with all_differentiable(model):
            total = model(batch).sum()
            deltas = torch.autograd.grad(total, [outputs[layer] for layer in layers])
    finally:
        for handle in handles:
            handle.remove()

    moments: dict[nn.Parameter, tuple[Tensor, Tensor]] = {}
    for layer, delta in zip(layers, deltas, strict=True):
        a, d = inputs[layer], delta.double()
        moments[layer.weight] = layer.from_dense(d.T @ a), layer.from_dense((d**2).T @ a**2)
        moments[layer.bias] = d.sum(0), (d**2).sum(0)
    first, second = zip(*(moments[parameter] for parameter in model.parameters()), strict=True)
    return torch.cat([s.flatten() for s in first]), torch.cat([s.flatten() for s in second])
