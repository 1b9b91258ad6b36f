"""Gradients of a bound and of a game, sample by sample."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from mle_lib.checks import check_flag
from mle_lib.gradient import gradients_of_rows
from mle_lib.models.evaluation import check_alone, eval_mode
from mle_lib.paradigms.gan import GAN, GameNoise, fooling_value
from mle_lib.paradigms.vae import VAE


def bound_gradients(model: VAE, x: Tensor, noise: Tensor, bound: str = "elbo") -> Tensor:
    """The ``(b, p)`` matrix whose row j is ∇ of the bound of log p(x^(j)) at its own draws of ε.

    Rows are in the order of ``model.parameters()``: the encoder's weights, then the decoder's.

    Args:
        model: p_θ and q_φ.
        x: ``(b, n)``, 0s and 1s.
        noise: ε, ``(S, b, latent)``.
        bound: ``"elbo"`` (the KL in closed form) or ``"iwae"``.

    Raises:
        ValueError: If ``bound`` is neither, as in ``VAE.elbo``, or if the bound of a row depends on
            other rows.
    """
    if bound not in ("elbo", "iwae"):
        raise ValueError(f"bound must be elbo or iwae, got {bound!r}")
    x, noise = model.prepare(x, noise)

    def value(call: Callable[..., Tensor], x: Tensor, noise: Tensor) -> Tensor:
        terms = call(x, noise.transpose(0, 1), bound == "elbo")  # (S, b)
        return terms.mean(0) if bound == "elbo" else torch.logsumexp(terms, 0)

    return _rows(model, model, value, x, noise.transpose(0, 1))


def fooling_gradients(model: GAN, noise: GameNoise, saturating: bool = False) -> Tensor:
    """The ``(b, p)`` matrix whose row j is ∇ of ``GAN.generator_value`` on the j-th row of the
    noise alone, by the generator's weights.

    Raises:
        ValueError: As ``GAN.generator_value``, or if the value of a row depends on other rows.
    """
    noise, saturating = model.prepare_noise(noise), check_flag(saturating, "saturating")

    def value(call: Callable[..., Tensor], z: Tensor, fake: Tensor) -> Tensor:
        logits = model.logits(call(z), fake)
        return torch.stack([fooling_value(logit, saturating) for logit in logits])

    return _rows(model, model.generator, value, noise.z, noise.fake)


def _rows(
    model: nn.Module, part: nn.Module, value: Callable[..., Tensor], *inputs: Tensor
) -> Tensor:
    """By the parameters of a part of the model, in eval mode, which the whole model is in."""
    with eval_mode(model):
        check_alone(lambda *row: value(part, *row), *(rows[:1] for rows in inputs))
        return gradients_of_rows(part, value, *inputs)
