"""The generative adversarial network: a generator trained by a game against a discriminator."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib.checks import (
    check_at_least,
    check_columns,
    check_dense,
    check_finite,
    check_flag,
    check_not_negative,
    check_rows,
    recordable,
)
from mle_lib.models.draws import normal
from mle_lib.models.evaluation import eval_mode, parameter_of
from mle_lib.models.layers import seeded_linear


def game_value(real: Tensor, fake: Tensor) -> Tensor:
    """V = mean log D(x) + mean log(1 − D(G(z))), what D ascends, from D's logits a: D = σ(a).

    Over all functions D the maximum is at D = p_data / (p_data + p_g), where V = 2 JS(p_data, p_g)
    − log 4, JS the Jensen–Shannon divergence in nats. Source: Goodfellow et al. (2014), eq. 1,
    proposition 1 and theorem 1, https://doi.org/10.48550/arXiv.1406.2661.

    Equation: (15.1).

    Args:
        real: Logits at data, any shape.
        fake: Logits at generated x, any shape.

    Raises:
        ValueError: If one is empty or no tensor of floats.
    """
    real, fake = _check_logits(real, "real"), _check_logits(fake, "fake")
    return F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean()


def fooling_value(fake: Tensor, saturating: bool) -> Tensor:
    """What G ascends: −mean log(1 − D(G(z))) if ``saturating``, else mean log D(G(z)).

    The first is −V up to D's own term. Times the number of logits, its derivative by one
    logit a is D = σ(a), that of the second is 1 − D: the ratio of the two is D/(1 − D) = eᵃ, tiny
    where D wins. Source: Goodfellow et al.
    (2014), §3.

    Equation: (15.7).

    Args:
        fake: Logits at generated x, any shape.
        saturating: Which of the two.

    Raises:
        ValueError: If ``fake`` is empty or no tensor of floats, or ``saturating`` is no bool.
    """
    fake, saturating = _check_logits(fake, "fake"), check_flag(saturating, "saturating")
    return -F.logsigmoid(-fake).mean() if saturating else F.logsigmoid(fake).mean()


def _check_logits(logits: Tensor, name: str) -> Tensor:
    if not check_dense(logits, name, "floats").numel():
        raise ValueError(f"{name} must be a non-empty tensor, got shape {tuple(logits.shape)}")
    return logits


class GameNoise(NamedTuple):
    """All that is random in one step of the game but the data; a row for each sample.

    Attributes:
        z: The generator's input, ``(b, latent)``.
        fake: Instance noise of the generated samples, ``(b, n)``.
        real: Instance noise of the data, ``(b, n)``.
    """

    z: Tensor
    fake: Tensor
    real: Tensor

    # tensors have no one truth to compare by, as a tuple does
    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)


class GAN(nn.Module):
    """Generative adversarial network for n binary variables.

    The generator maps z ~ N(0, I) to grey levels in (0, 1)ⁿ, the discriminator an image to the
    logit of "this is data". Data are binary and grey levels are not, so D could tell them apart by
    that alone, for ever, and would give no useful slope. Therefore D sees both under the same
    **instance noise** N(0, blur² I): then the two densities overlap, and the game stays smooth in
    G's weights (binary samples would not be). Sources: Goodfellow et al. (2014),
    https://doi.org/10.48550/arXiv.1406.2661; on the noise, Sønderby et al. (2017),
    https://doi.org/10.48550/arXiv.1610.04490, and Arjovsky & Bottou (2017),
    https://doi.org/10.48550/arXiv.1701.04862.

    Args:
        n: Number of variables, at least 1.
        hidden: Number of hidden units (leaky ReLU) of either network, at least 1.
        latent: Length of z, at least 1.
        blur: Standard deviation of the instance noise, at least 0.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        n: int,
        hidden: int,
        latent: int = 16,
        blur: float = 0.5,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.n, self.latent = check_at_least(n, 1, "n"), check_at_least(latent, 1, "latent")
        self.blur = check_not_negative(blur, "blur")
        if self.blur > torch.finfo(torch.get_default_dtype()).max:
            raise ValueError(f"blur must be a number of the weights' dtype, got {blur!r}")
        n, latent, hidden = self.n, self.latent, check_at_least(hidden, 1, "hidden")
        self.generator = nn.Sequential(
            seeded_linear(latent, hidden, generator),
            nn.LeakyReLU(0.2),
            seeded_linear(hidden, n, generator),
            nn.Sigmoid(),
        )
        self.discriminator = nn.Sequential(
            seeded_linear(n, hidden, generator),
            nn.LeakyReLU(0.2),
            seeded_linear(hidden, 1, generator),
        )

    def logits(self, images: Tensor, instance_noise: Tensor) -> Tensor:
        """D's logit for each image under its noise, ``(b, n) -> (b,)``; without checks."""
        logits = self.discriminator(images + self.blur * instance_noise)
        return check_columns(logits, 1, "discriminator").squeeze(-1)

    def discriminator_value(self, x: Tensor, noise: GameNoise) -> Tensor:
        """``game_value`` of one batch, a scalar in nats: what D ascends and G descends.

        Args:
            x: Data, ``(b, n)``, 0s and 1s.
            noise: As ``draw_noise`` makes it, for the same b.

        Raises:
            ValueError: If ``x`` has a wrong shape, device or value, or ``noise`` a wrong shape.
        """
        x = check_rows(x, self.n, parameter_of(self))
        noise = self.prepare_noise(noise)
        if len(noise.real) != len(x):
            raise ValueError(f"noise must have a row for each of {len(x)} x, got {len(noise.real)}")
        fake = self.logits(self.generator(noise.z), noise.fake)
        return game_value(self.logits(x, noise.real), fake)

    def generator_value(self, noise: GameNoise, saturating: bool = False) -> Tensor:
        """``fooling_value`` of one batch of generated samples, a scalar in nats: what G ascends.

        Raises:
            ValueError: If ``noise`` has a wrong shape.
        """
        noise = self.prepare_noise(noise)
        return fooling_value(self.logits(self.generator(noise.z), noise.fake), saturating)

    @torch.no_grad()
    def sample(self, k: int, generator: torch.Generator | None = None) -> Tensor:
        """k generated samples of 0s and 1s, ``(k, n)``: grey levels of at least ½ become 1, as the
        digits were made binary. In eval mode.

        Raises:
            ValueError: If ``k`` < 1, or the generator gives no grey levels (NaN).
        """
        k = check_at_least(k, 1, "k")
        with eval_mode(self):
            grey = self.generator(z := self.draw_noise(k, generator).z)
        if grey.isnan().any():
            raise ValueError("model must give grey levels, got NaN from its generator")
        return (grey >= 0.5).to(z.dtype)

    def draw_noise(self, b: int, generator: torch.Generator | None = None) -> GameNoise:
        """The noise of one step with b data and b generated samples, all N(0, 1).

        Raises:
            ValueError: If ``b`` < 1.
        """
        b = check_at_least(b, 1, "b")
        like = parameter_of(self)
        return GameNoise(
            *(
                normal(b, size, like=like, generator=generator)
                for size in (self.latent, self.n, self.n)
            )
        )

    def prepare_noise(self, noise: GameNoise) -> GameNoise:
        """Check it and bring it to the model's dtype and device."""
        b = noise.z.shape[0] if noise.z.ndim else 0
        for name, part, size in zip(
            noise._fields, noise, (self.latent, self.n, self.n), strict=True
        ):
            if b < 1 or part.shape != (b, size):
                needs = f"(b, {size}) with one b >= 1"
                raise ValueError(f"noise.{name} must have shape {needs}, got {tuple(part.shape)}")
            check_finite(part, f"noise.{name}")
        like, names = parameter_of(self), noise._fields
        parts = [recordable(part.to(like)) for part in noise]  # in float32 1e39 is infinite
        return GameNoise(
            *(check_finite(p, f"noise.{k}") for k, p in zip(names, parts, strict=True))
        )
