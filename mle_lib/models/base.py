"""The part that all models share: from logits to log-probabilities, and ancestral sampling."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib.checks import check_at_least, check_permutation, check_rows, shown
from mle_lib.models.draws import uniform, wide
from mle_lib.models.evaluation import as_built, evaluation, parameter_of

MOST_VARIABLES = 2**24  # each has a place in ``ordering``


def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """log p(x) of Bernoulli variables from their logits z, elementwise, in nats.

    log p(x) = log σ((2x − 1) z), finite and exact at any finite z: the same formula serves x = 0
    and x = 1, because 1 − σ(z) = σ(−z).
    """
    if not logits.is_floating_point():
        if logits.is_complex():
            raise ValueError(f"logits must hold real numbers, got {logits.dtype}")
        logits = logits.float()
    return F.logsigmoid((2 * x.to(logits.dtype) - 1) * logits)  # 2x − 1 has no place in a uint8


class _Compiled(type):
    """``torch.compile(model)`` wraps a model, and counts as one."""

    def __instancecheck__(cls, instance: object) -> bool:
        inner = getattr(instance, "_orig_mod", instance)
        return super().__instancecheck__(instance) or super().__instancecheck__(inner)


class AutoregressiveModel(nn.Module, metaclass=_Compiled):
    """The part that all models share. A subclass gives ``logits``; column i may depend on earlier
    variables only.

    Attributes:
        n: Number of variables.
        ordering: Variable ``ordering[t]`` is the t-th to be generated; ``(0, 1, …, n − 1)`` unless
            said otherwise. It cannot be changed.
    """

    def __init__(self, n: int, ordering: Iterable[int] | None = None) -> None:
        super().__init__()
        self.n = check_at_least(n, 1, "n", MOST_VARIABLES)
        given = range(self.n) if ordering is None else ordering
        self._ordering = check_permutation(given, self.n, "ordering")

    @property
    def ordering(self) -> tuple[int, ...]:
        """Fixed, because a class may have made its connections from it."""
        return self._ordering

    @ordering.setter
    def ordering(self, values: Iterable[int]) -> None:
        fixed = f"{self._ordering}, which the model was made with"
        raise ValueError(f"ordering must stay {fixed}, got {shown(values)}")

    def logits(self, x: Tensor) -> Tensor:
        """z_i(x_<i) for every variable at once, ``(b, n) -> (b, n)``."""
        raise NotImplementedError(f"{type(self).__name__} must give logits")

    def forward(self, x: Tensor) -> Tensor:
        """log p(x_i | x_<i; θ_i), ``(b, n) -> (b, n)``: the bare map, without checks, for autograd
        and ``torch.func``."""
        return bernoulli_log_prob(self.logits(x), x)

    def log_prob_per_variable(self, x: Tensor) -> Tensor:
        """log p(x_i | x_<i; θ_i) for every sample and variable, ``(b, n) -> (b, n)``, in nats.

        Like ``forward``, it is what a training loop of one's own differentiates, so it leaves the
        model in the mode that it is in: with dropout, ``model.train()`` makes it random.
        ``likelihood.log_likelihood`` and all that it comes with evaluate in eval mode.

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
        return check_rows(x, self.n, parameter_of(self))

    @torch.no_grad()
    def sample(self, k: int, generator: torch.Generator | None = None) -> Tensor:
        """k independent draws from the model, ``(k, n)``: ancestral sampling, one variable after
        the other, in eval mode.

        Args:
            k: How many, at least 1.
            generator: Source of the uniform numbers, on the model's device.

        Raises:
            ValueError: If ``k`` < 1, or the model gives no probabilities (NaN).
        """
        k = check_at_least(k, 1, "k")
        parameter = parameter_of(self)
        start = torch.zeros(k, self.n, dtype=parameter.dtype, device=parameter.device)
        with evaluation(self, start) as x:
            for i, p in zip(self.ordering, self._probabilities_in_turn(x), strict=True):
                if p.isnan().any():
                    raise ValueError(f"model must give probabilities, got NaN for variable {i}")
                x[:, i] = (uniform(k, like=x, generator=generator) < p).to(x.dtype)
        return x

    def _probabilities_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        """p(x_i = 1 | x_<i), ``(b,)``, one variable after the other. A model that was changed, or a
        subclass, is asked for it itself: ``logits_in_turn`` may be of another model than it."""
        if as_built(self):
            yield from (torch.sigmoid(z.to(wide(z.dtype))) for z in self.logits_in_turn(x))
        else:
            for i in self.ordering:
                one = x.clone()
                one[:, i] = 1
                log_p = self(one)[:, i]
                yield log_p.to(wide(log_p.dtype)).exp()

    def logits_in_turn(self, x: Tensor) -> Iterator[Tensor]:
        """z_i(x_<i), ``(b,)``, for one variable after the other, in the model's ordering. Each is
        computed only when it is asked for, so that ``x`` can be filled in on the way."""
        for i in self.ordering:
            yield self.logits(x)[:, i]


def uniform_parameter(
    shape: tuple[int, ...], bound: float, generator: torch.Generator | None
) -> nn.Parameter:
    """A parameter with entries drawn uniformly from −bound … bound."""
    values = torch.empty(shape)
    drawn = values.to(wide(values.dtype)).uniform_(-bound, bound, generator=generator)
    return nn.Parameter(drawn.to(values.dtype))
