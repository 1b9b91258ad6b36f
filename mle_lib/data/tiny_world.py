"""Worlds of few variables, whose states can be listed, and whose probabilities are known."""

import math

import torch
from torch import Tensor

from mle_lib.checks import REAL, check_at_least, check_binary, check_seed


def all_states(n: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """All 2^n binary vectors in counting order, ``(2^n, n)``; the first column is the highest bit.

    Raises:
        ValueError: If ``n`` is not between 1 and 20, or ``dtype`` is not of real numbers.
    """
    if (n := check_at_least(n, 1, "n")) > 20:
        raise ValueError(f"n must be at most 20 to list all 2^n states, got {n}")
    if dtype not in REAL:
        raise ValueError(f"dtype must be bool, of whole numbers or floats, got {dtype}")
    bits = torch.arange(n - 1, -1, -1)
    return ((torch.arange(2**n)[:, None] >> bits) & 1).to(dtype)


class TinyWorld:
    """A known distribution p_data over n binary variables, small enough to sum over all states.

    log p_data(x) = s(x) − log Σ_x' exp s(x'), with the score

        s(x) = Σ_i a_i x̃_i + Σ_{i<k} J_ik x̃_i x̃_k + ε(x),    x̃ = 2x − 1 ∈ {−1, +1},

    and a_i ~ N(0, 0.3²), J_ik ~ N(0, 0.4²), ε(x) ~ N(0, 0.5²), all drawn from ``seed``. The last
    term is what no simple model can express: a model's best fit leaves a gap KL(p_data‖p_θ) > 0.

    Args:
        n: Number of variables, 1 to 12.
        seed: Seed of the world, 0 or a larger whole number. The global random state is not
            touched.

    Raises:
        ValueError: If ``n`` is not between 1 and 12, or ``seed`` is no seed.
    """

    def __init__(self, n: int, seed: int) -> None:
        if (n := check_at_least(n, 1, "n")) > 12:
            raise ValueError(f"n must be at most 12 in a TinyWorld, got {n}")
        self.n = n
        generator = torch.Generator("cpu").manual_seed(check_seed(seed))
        with torch.device("cpu"):
            signs = 2 * all_states(n) - 1  # (2^n, n)
        a, J, noise = (
            torch.randn(shape, generator=generator, dtype=torch.float64, device="cpu")
            for shape in [(n,), (n, n), (2**n,)]
        )
        pairs = torch.einsum("si,ik,sk->s", signs, J.triu(1), signs)
        self._log_p = (0.3 * signs @ a + 0.4 * pairs + 0.5 * noise).log_softmax(0)  # (2^n,)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p_data(x) in nats, ``(b, n) -> (b,)``, in float64, on the device of ``x``.

        Raises:
            ValueError: If ``x`` is not a ``(b, n)`` tensor of 0s and 1s.
        """
        check_binary(x, self.n)
        bits = 2 ** torch.arange(self.n - 1, -1, -1, device=x.device)
        return self._log_p.to(x.device)[(x.long() * bits).sum(1)]

    def entropy(self) -> float:
        """H(p_data) = −Σ_x p_data(x) log p_data(x), in nats."""
        return -math.fsum((self._log_p.exp() * self._log_p).tolist())

    def sample(self, m: int, generator: torch.Generator | None = None) -> Tensor:
        """m independent draws from p_data: a ``(m, n)`` float64 tensor.

        Raises:
            ValueError: If ``m`` < 1.
        """
        m = check_at_least(m, 1, "m")
        states = torch.multinomial(self._log_p.exp(), m, replacement=True, generator=generator)
        with torch.device("cpu"):
            return all_states(self.n)[states]
