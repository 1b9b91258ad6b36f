"""Other ways to train a generative model of binary data than by ∇ℓ itself: a lower bound of ℓ
(``VAE``) and a game (``GAN``), and their gradients sample by sample."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from mle_lib.gan import GAN, GameNoise, fooling_value, game_value
from mle_lib.vae import VAE

__all__ = [
    "GAN",
    "VAE",
    "GameNoise",
    "bound_gradients",
    "fooling_gradients",
    "fooling_value",
    "game_value",
]


def bound_gradients(model: VAE, x: Tensor, noise: Tensor, bound: str = "elbo") -> Tensor:
    """The ``(b, p)`` matrix whose row j is ∇ of the bound of log p(x^(j)) at its own draws of ε.

    Rows are in the order of ``model.parameters()``: the encoder's weights, then the decoder's.

    Args:
        model: p_θ and q_φ.
        x: ``(b, n)``, 0s and 1s.
        noise: ε, ``(S, b, latent)``.
        bound: ``"elbo"`` (the KL in closed form) or ``"iwae"``.

    Raises:
        ValueError: If ``bound`` is neither, or as in ``VAE.elbo``.
    """
    if bound not in ("elbo", "iwae"):
        raise ValueError(f"bound must be elbo or iwae, got {bound!r}")
    x, noise = model.prepare(x, noise)

    def value(weights: dict[str, Tensor], row: Tensor, epsilon: Tensor) -> Tensor:
        terms = functional_call(model, weights, (row[None], epsilon[:, None], bound == "elbo"))
        return terms.mean() if bound == "elbo" else torch.logsumexp(terms, 0).sum()

    return _rows(model, value, x, noise.transpose(0, 1))


def fooling_gradients(model: GAN, noise: GameNoise, saturating: bool = False) -> Tensor:
    """The ``(b, p)`` matrix whose row j is ∇ of ``GAN.generator_value`` on the j-th row of the
    noise alone, by the generator's weights.

    Raises:
        ValueError: As ``GAN.generator_value``.
    """
    noise = model.prepare_noise(noise)

    def value(weights: dict[str, Tensor], z: Tensor, fake: Tensor) -> Tensor:
        image = functional_call(model.generator, weights, (z,))
        return fooling_value(model.logits(image, fake), saturating)

    return _rows(model.generator, value, noise.z, noise.fake)


def _rows(module: nn.Module, value: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    weights = {name: q.detach() for name, q in module.named_parameters()}
    g = vmap(grad(value), in_dims=(None, *[0] * len(inputs)))(weights, *inputs)
    return torch.cat([part.flatten(1) for part in g.values()], 1).detach()
