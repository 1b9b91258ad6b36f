"""The part that all models share: from logits to log-probabilities, and ancestral sampling."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib.checks import check_at_least, check_rows


def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """log p(x) of Bernoulli variables from their logits z, elementwise, in nats.

    log p(x) = log σ((2x − 1) z), finite and exact at any finite z: the same formula serves x = 0
    and x = 1, because 1 − σ(z) = σ(−z).
    """
    return F.logsigmoid((2 * x - 1) * logits)


class AutoregressiveModel(nn.Module):
    """The part that all models share. A subclass gives ``logits``; column i may depend on earlier
    variables only.

    Attributes:
        n: Number of variables.
        ordering: Variable ``ordering[t]`` is the t-th to be generated; ``(0, 1, …, n − 1)`` unless
            said otherwise.
    """

    def __init__(self, n: int, ordering: Sequence[int] | None = None) -> None:
        super().__init__()
        self.n = check_at_least(n, 1, "n")
        self.ordering = tuple(range(n)) if ordering is None else tuple(ordering)
        whole = all(isinstance(i, int) and not isinstance(i, bool) for i in self.ordering)
        if not whole or sorted(self.ordering) != list(range(n)):
            raise ValueError(f"ordering must be a permutation of 0 … {n - 1}, got {self.ordering}")

    def logits(self, x: Tensor) -> Tensor:
        """z_i(x_<i) for every variable at once, ``(b, n) -> (b, n)``."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """log p(x_i | x_<i; θ_i), ``(b, n) -> (b, n)``: the bare map, without checks, for autograd
        and ``torch.func``."""
        return bernoulli_log_prob(self.logits(x), x)

    def log_prob_per_variable(self, x: Tensor) -> Tensor:
        """log p(x_i | x_<i; θ_i) for every sample and variable, ``(b, n) -> (b, n)``, in nats.

        Args:
            x: 0s and 1s of any dtype (bool and uint8 too), on the model's device.

        Raises:
            ValueError: If ``x`` is not a non-empty ``(b, n)`` tensor of 0s and 1s, or lies on
                another device.
        """
        return self(self.prepare(x))

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) = Σ_i log p(x_i | x_<i; θ_i), ``(b, n) -> (b,)``, in nats. Raises as
        ``log_prob_per_variable``.

        Equation: (1.1).
        """
        return self.log_prob_per_variable(x).sum(1)

    def prepare(self, x: Tensor) -> Tensor:
        """Check a batch and bring it to the model's dtype."""
        return check_rows(x, self.n, next(self.parameters()))

    @torch.no_grad()
    def sample(self, k: int, generator: torch.Generator | None = None) -> Tensor:
        """k independent draws from the model, ``(k, n)``: ancestral sampling, one variable after
        the other.

        Args:
            k: How many, at least 1.
            generator: Source of the uniform numbers, on the model's device.

        Raises:
            ValueError: If ``k`` < 1.
        """
        check_at_least(k, 1, "k")
        parameter = next(self.parameters())
        x = torch.zeros(k, self.n, dtype=parameter.dtype, device=parameter.device)
        for i, z in zip(self.ordering, self.logits_in_turn(x), strict=True):
            uniform = torch.rand(k, generator=generator, dtype=x.dtype, device=x.device)
            x[:, i] = (uniform < torch.sigmoid(z)).to(x.dtype)
        return x

    def logits_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        """z_i(x_<i), ``(b,)``, for one variable after the other, in the model's ordering. Each is
        computed only when it is asked for, so that ``x`` can be filled in on the way."""
        for i in self.ordering:
            yield self.logits(x)[:, i]


def uniform_parameter(
    shape: tuple[int, ...], bound: float, generator: torch.Generator | None
) -> nn.Parameter:
    """A parameter with entries drawn uniformly from −bound … bound."""
    parameter = nn.Parameter(torch.empty(shape))
    nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return parameter
