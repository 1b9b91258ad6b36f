"""Many runs of plain stochastic ascent side by side: one lane for each seed and step size.

A lane is one model. All lanes take their steps together, as batched matrix products, so that a
grid of step sizes and seeds costs little more than its arithmetic. The gradient is written out by
hand; ``check_gradients`` holds it against ``mle_lib.minibatch.minibatch_gradient``.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from mle_lib.minibatch import minibatch_gradient
from mle_lib.models import FVSBN, MADE


def with_one(x: Tensor) -> Tensor:
    """x̃ = (1, x) along the last axis: the 1 is the bias's input."""
    return F.pad(x, (1, 0), value=1.0)


class Lanes:
    """L models of one kind: an FVSBN (no hidden layer) or a MADE (one).

    Attributes:
        weights: One ``(L, outputs, 1 + inputs)`` tensor for each layer; column 0 is the bias.
        masks: Which entries are parameters, ``(outputs, 1 + inputs)``.
    """

    def __init__(self, models: Sequence[FVSBN | MADE]) -> None:
        pairs = [_layers(model) for model in models]
        self.weights = [torch.stack([w[k][0] for w in pairs]) for k in range(len(pairs[0]))]
        self.masks = [mask for _, mask in pairs[0]]

    def logits(self, x: Tensor) -> Tensor:
        """z of every lane, ``(L or 1, b, n) -> (L, b, n)``."""
        a = with_one(x)
        for W in self.weights[:-1]:
            a = with_one(torch.relu(a @ W.mT))
        return a @ self.weights[-1].mT

    def mean_log_likelihood(self, x: Tensor) -> Tensor:
        """ℓ/m of every lane on the rows ``x``, in nats, ``(L,)``."""
        return F.logsigmoid((2 * x - 1) * self.logits(x[None])).sum(2).mean(1)

    def mean_gradient(self, x: Tensor, counts: Tensor | None = None) -> list[Tensor]:
        """(1/b) Σ_{j∈B} g_j in every lane: an estimate of ḡ = ∇ℓ/m, one tensor a layer.

        Args:
            x: The lanes' batches, ``(L or 1, b, n)``.
            counts: How often each row counts, ``(L or 1, b)``; once, if ``None``.
        """
        inputs = [with_one(x)]
        for W in self.weights[:-1]:
            inputs.append(with_one(torch.relu(inputs[-1] @ W.mT)))
        error = x - torch.sigmoid(inputs[-1] @ self.weights[-1].mT)  # (2.2)
        if counts is None:
            error = error / x.shape[1]
        else:
            error = error * (counts / counts.sum(1, keepdim=True))[..., None]
        gradients: list[Tensor] = []
        for k in reversed(range(len(self.weights))):
            gradients.insert(0, (error.mT @ inputs[k]) * self.masks[k])
            if k:
                error = (error @ self.weights[k])[..., 1:] * (inputs[k][..., 1:] > 0)
        return gradients

    def step(self, alpha: Tensor, gradients: list[Tensor]) -> None:
        """θ ← θ + α ĝ/m, each lane with its own α, ``(L,)``."""
        for W, gradient in zip(self.weights, gradients, strict=True):
            W.add_(gradient.mul_(alpha[:, None, None]))


def _layers(model: FVSBN | MADE) -> list[tuple[Tensor, Tensor]]:
    """Weight (bias first) and mask of each layer."""
    if isinstance(model, FVSBN):
        mask = torch.ones(model.n, model.n).tril(-1)
        W = torch.zeros_like(mask, dtype=model.linear.weight.dtype)
        W[model.linear.rows, model.linear.columns] = model.linear.weight.detach()
        layers = [(W, model.linear.bias, mask)]
    else:
        layers = [
            (layer.weight.detach() * layer.mask, layer.bias, layer.mask)
            for layer in (model.hidden, model.output)
        ]
    return [
        (torch.cat([c.detach()[:, None], W], dim=1), with_one(mask).to(W.dtype))
        for W, c, mask in layers
    ]


def check_gradients() -> None:
    """The gradient of ``Lanes`` is that of the library, in float64, to 1e-12."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(2, (20, 6), generator=generator).double()
    indices = torch.tensor([3, 3, 7, 11, 0])
    for model in (FVSBN(6).double(), MADE(6, 9, generator=generator).double()):
        for parameter in model.parameters():
            parameter.data += torch.randn(parameter.shape, generator=generator)
        lanes = Lanes([model, model])
        counts = torch.bincount(indices, minlength=len(x)).double()[None]
        expected = minibatch_gradient(model, x, indices) / len(x)
        for ours in (lanes.mean_gradient(x[indices][None]), lanes.mean_gradient(x[None], counts)):
            flat = torch.cat([_flat(model, [g[lane] for g in ours]) for lane in (0, 1)])
            assert torch.allclose(flat, expected.repeat(2), rtol=0, atol=1e-12)


def _flat(model: FVSBN | MADE, gradients: list[Tensor]) -> Tensor:
    if isinstance(model, FVSBN):
        return torch.cat([gradients[0][:, 0], model.linear.from_dense(gradients[0][:, 1:])])
    return torch.cat([part for g in gradients for part in (g[:, 1:].flatten(), g[:, 0])])


def epoch_batches(m: int, b: int, generators: list[torch.Generator]) -> Tensor:
    """One reshuffled pass for each generator: row numbers, ``(len(generators), m // b, b)``."""
    orders = torch.stack([torch.randperm(m, generator=g) for g in generators])
    return orders[:, : m // b * b].unflatten(1, (-1, b))
