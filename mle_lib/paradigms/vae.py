"""The variational autoencoder: a latent variable model trained by a lower bound of ℓ."""

import math

import torch
from torch import Tensor, nn

from mle_lib.checks import (
    check_at_least,
    check_columns,
    check_dense,
    check_finite,
    check_flag,
    check_rows,
    chunks,
    recordable,
)
from mle_lib.models import bernoulli_log_prob
from mle_lib.models.draws import normal, wide
from mle_lib.models.evaluation import eval_mode, parameter_of
from mle_lib.models.layers import seeded_linear

REACH = 8.0  # ``log_prob`` integrates over −8 … 8, outside of which N(0, 1) has 1e-15


class VAE(nn.Module):
    """Variational autoencoder of n binary variables,

        p(x) = ∫ N(z; 0, I) Π_i Bernoulli(x_i; σ(a_i(z))) dz,    q(z | x) = N(z; μ(x), diag s²(x)),

    with the logits a from the decoder, and μ and log s from the encoder; each has one hidden layer
    of tanh units. p alone is the model. q stands in for its posterior p(z | x), and belongs to the
    method of training. Source: Kingma & Welling (2014), https://doi.org/10.48550/arXiv.1312.6114;
    Rezende, Mohamed & Wierstra (2014), https://doi.org/10.48550/arXiv.1401.4082.

    Args:
        n: Number of variables, at least 1.
        hidden: Number of hidden units of the encoder, and of the decoder, at least 1.
        latent: Length of z, at least 1.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If ``n``, ``hidden`` or ``latent`` < 1.
    """

    def __init__(
        self, n: int, hidden: int, latent: int = 2, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.n, self.latent = check_at_least(n, 1, "n"), check_at_least(latent, 1, "latent")
        n, latent, hidden = self.n, self.latent, check_at_least(hidden, 1, "hidden")
        self.encoder = nn.Sequential(
            seeded_linear(n, hidden, generator),
            nn.Tanh(),
            seeded_linear(hidden, 2 * latent, generator),
        )
        self.decoder = nn.Sequential(
            seeded_linear(latent, hidden, generator), nn.Tanh(), seeded_linear(hidden, n, generator)
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """μ(x) and log s(x) of q(z | x), each ``(b, latent)``."""
        both = check_columns(self.encoder(x), 2 * self.latent, "encoder")
        mean, log_s = both.chunk(2, dim=-1)
        return mean, log_s

    def decode(self, z: Tensor) -> Tensor:
        """The logits a(z) of p(x | z), ``(..., latent) -> (..., n)``."""
        return check_columns(self.decoder(z), self.n, "decoder")

    def forward(self, x: Tensor, noise: Tensor, analytic: bool = False) -> Tensor:
        """log w = log p(x, z) − log q(z | x) at z = μ(x) + s(x) ε, ``(S, b)``.

        The bare map, without checks, for autograd and ``torch.func``. If ``analytic``, it is log
        p(x | z) − KL(q(z | x) ‖ N(0, I)) instead, which has the same mean over ε."""
        mean, log_s = self.encode(x)
        z = mean + log_s.exp() * noise  # (S, b, latent)
        log_likelihood = bernoulli_log_prob(self.decode(z), x).sum(-1)
        if analytic:
            return log_likelihood - (mean**2 + (2 * log_s).exp() - 1 - 2 * log_s).sum(-1) / 2
        return log_likelihood + ((noise**2 - z**2) / 2 + log_s).sum(-1)

    def elbo(self, x: Tensor, noise: Tensor, analytic: bool = True) -> Tensor:
        """An unbiased estimate of the evidence lower bound of each log p(x), in nats,

            ELBO(x) = E_q[log p(x | z)] − KL(q(z | x) ‖ N(0, I)) = log p(x) − KL(q(z|x) ‖ p(z|x)),

        by z = μ(x) + s(x) ε: the mean over the S draws of ε. Kingma & Welling (2014), eq. 10.

        Equation: (15.2).

        Args:
            x: ``(b, n)``, 0s and 1s.
            noise: ε, ``(S, b, latent)``, as ``draw_noise`` makes it.
            analytic: Whether the KL is the closed form. If not it is sampled like the rest:
                ``mean_s log w_s``, which for S = 1 is ``iwae``.

        Returns:
            ``(b,)``.

        Raises:
            ValueError: If ``x`` has a wrong shape, device or value, or ``noise`` a wrong shape.
        """
        return self(*self.prepare(x, noise), check_flag(analytic, "analytic")).mean(0)

    def iwae(self, x: Tensor, noise: Tensor) -> Tensor:
        """log (1/K) Σ_k w_k with w_k = p(x, z_k) / q(z_k | x), z_k ~ q(z | x), in nats, ``(b,)``.

        E[w] = p(x), and the log of a mean of K is below log p(x) in expectation, less so for larger
        K; K = ``len(noise)``. Source: Burda, Grosse & Salakhutdinov (2016), eq. 8,
        https://doi.org/10.48550/arXiv.1509.00519. Arguments and errors as in ``elbo``.

        Equation: (15.4).
        """
        return torch.logsumexp(self(*self.prepare(x, noise)), 0) - math.log(len(noise))

    def log_prob(self, x: Tensor, points: int = 201, chunk_size: int | None = 100) -> Tensor:
        """log p(x) in nats, ``(b,)``, by the trapezoid rule on a grid over −8 … 8 in each latent
        variable; differentiable, and in eval mode.

        For a smooth integrand with Gaussian tails the rule converges faster than any power of its
        spacing, so once the spacing is below the width of p(z | x) the result is exact to rounding,
        but for what lies beyond −8 … 8: at most 1e-15 of p(x), which could only count where log
        p(x) is below −30 and p(z | x) lies out there.
        Source: Trefethen & Weideman (2014), https://doi.org/10.1137/130932132.

        Args:
            x: ``(b, n)``, 0s and 1s.
            points: Of the grid, in each latent variable.
            chunk_size: Rows of ``x`` to hold beside the grid at once; all if ``None``.

        Raises:
            ValueError: If ``x`` is wrong, ``points`` < 2, ``chunk_size`` < 1 or ``latent`` > 2.
        """
        x = self._check(x)
        points = check_at_least(points, 2, "points")
        if self.latent > 2:
            raise ValueError(f"latent must be at most 2 to integrate on a grid, got {self.latent}")
        axis = torch.linspace(-REACH, REACH, points, dtype=wide(x.dtype), device=x.device)
        z = torch.cartesian_prod(*[axis] * self.latent).view(-1, self.latent)
        log_cell = self.latent * math.log(2 * REACH / (points - 1) / math.sqrt(2 * math.pi))
        with eval_mode(self):
            logits = self.decode(z.to(x.dtype)).to(z.dtype)  # (grid, n), once for all x
        log_prior = log_cell - z.square().sum(1) / 2
        # log p(x | z) = Σ_i x_i log σ(a_i) + (1 − x_i) log σ(−a_i): no large terms that cancel
        one, zero = (bernoulli_log_prob(logits, torch.full_like(logits, v)).T for v in (1, 0))
        parts = chunks(x.to(z.dtype), chunk_size)
        rows = [torch.logsumexp(part @ one + (1 - part) @ zero + log_prior, 1) for part in parts]
        return torch.cat(rows).to(x.dtype)

    @torch.no_grad()
    def sample(self, k: int, generator: torch.Generator | None = None) -> Tensor:
        """k independent draws from p(x), ``(k, n)``: z from the prior, then x from the decoder, in
        eval mode.

        Raises:
            ValueError: If ``k`` < 1, or the decoder gives no probabilities (NaN).
        """
        k = check_at_least(k, 1, "k")
        with eval_mode(self):
            logits = self.decode(z := self.draw_noise(1, k, generator)[0])
        probability = torch.sigmoid(logits.to(wide(logits.dtype)))
        if probability.isnan().any():
            raise ValueError("model must give probabilities, got NaN from its decoder")
        return torch.bernoulli(probability, generator=generator).to(z.dtype)

    def draw_noise(self, k: int, b: int, generator: torch.Generator | None = None) -> Tensor:
        """k draws of ε ~ N(0, I) for each of b samples, ``(k, b, latent)``.

        Raises:
            ValueError: If ``k`` or ``b`` < 1.
        """
        shape = check_at_least(k, 1, "k"), check_at_least(b, 1, "b"), self.latent
        like = parameter_of(self)
        return normal(*shape, like=like, generator=generator)

    def prepare(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Check both and bring them to the model's dtype."""
        x = self._check(x)
        shape = tuple(noise.shape)
        if check_dense(noise, "noise").ndim != 3 or len(noise) < 1:
            raise ValueError(f"noise must have shape (S, b, latent), got {shape}")
        if noise.shape[1:] != (len(x), self.latent):
            needs = f"(S, {len(x)}, {self.latent})"
            raise ValueError(f"noise must have shape {needs}, a row for each x, got {shape}")
        return x, recordable(check_finite(noise.to(x), "noise"))  # 1e39 is not in float32

    def _check(self, x: Tensor) -> Tensor:
        return check_rows(x, self.n, parameter_of(self))
