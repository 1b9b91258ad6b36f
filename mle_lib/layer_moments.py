"""Sums of g_j and of g_j² over a batch, from what one forward and one backward pass leave behind."""

import torch
from torch import Tensor, nn

from mle_lib.models import AutoregressiveModel, LowerLinear, MaskedLinear

SHORTCUT = (LowerLinear, MaskedLinear)


def linear_layers_only(model: nn.Module) -> bool:
    """Whether every parameter of the model belongs to a linear layer whose second moment is one matrix product."""
    inside = sum(len(list(layer.parameters(recurse=False))) for layer in _layers(model))
    return inside == len(list(model.parameters()))


def summed_moments(model: AutoregressiveModel, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Σ_j g_j and Σ_j g_j² (elementwise) over a batch, both flat ``(p,)`` float64, never holding ``(b, p)``.

    For a layer z = W a + c and δ_j = ∂ log p(x^(j)) / ∂z_j: Σ_j δ_j a_jᵀ and (δ²)ᵀ(a²) for W, Σ_j δ_j and Σ_j δ_j²
    for c.

    Raises:
        ValueError: If a layer is used more than once in a forward pass: its gradient is then a sum of such terms.
    """
    inputs: dict[nn.Module, Tensor] = {}
    outputs: dict[nn.Module, Tensor] = {}

    def keep(layer: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if layer in inputs:
            raise ValueError(f"each layer of the model must be used once in a forward pass, got {layer} twice")
        inputs[layer] = args[0].detach().double()
        # Where all parameters so far are frozen there is no graph yet; it starts here, so that δ can be asked for.
        outputs[layer] = output if output.requires_grad else output.requires_grad_()
        return output

    layers = _layers(model)
    handles = [layer.register_forward_hook(keep) for layer in layers]
    try:
        with torch.enable_grad():
            total = model(batch).sum()
        deltas = torch.autograd.grad(total, [outputs[layer] for layer in layers])
    finally:
        for handle in handles:
            handle.remove()

    sums, squares = {}, {}
    for layer, delta in zip(layers, deltas, strict=True):
        a, d = inputs[layer], delta.double()
        sums[layer.weight], squares[layer.weight] = layer.from_dense(d.T @ a), layer.from_dense((d**2).T @ a**2)
        sums[layer.bias], squares[layer.bias] = d.sum(0), (d**2).sum(0)
    order = list(model.parameters())
    return torch.cat([sums[q].flatten() for q in order]), torch.cat([squares[q].flatten() for q in order])


def _layers(model: nn.Module) -> list[nn.Module]:
    return [layer for layer in model.modules() if isinstance(layer, SHORTCUT)]
