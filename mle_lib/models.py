"""p(x) = Π_i p(x_i | x_<i; θ_i): autoregressive models of n binary variables.

Each model computes one logit z_i(x_<i) for each variable, so that p(x_i = 1 | x_<i) = σ(z_i) = 1 /
(1 + e^{−z_i}).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib.checks import check_at_least, check_binary, check_matrix


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
        if set(self.ordering) != set(range(n)) or len(self.ordering) != n:
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
        ``log_prob_per_variable``."""
        return self.log_prob_per_variable(x).sum(1)

    def prepare(self, x: Tensor) -> Tensor:
        """Check a batch and bring it to the model's dtype (0 and 1 are exact in all of them)."""
        check_matrix(x, self.n)
        parameter = next(self.parameters())
        if x.device != parameter.device:
            raise ValueError(f"x must be on the model's device, {parameter.device}, got {x.device}")
        return check_binary(x).to(parameter.dtype)

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
        for i in self.ordering:
            uniform = torch.rand(k, generator=generator, dtype=x.dtype, device=x.device)
            x[:, i] = (uniform < torch.sigmoid(self.logits(x)[:, i])).to(x.dtype)
        return x


class LowerLinear(nn.Module):
    """z_i = c_i + Σ_{k<i} W_ik x_k: a linear layer in which output i sees the inputs before i, and
    no more.

    Only the n(n − 1)/2 entries of W below the diagonal are parameters. They are held row after row,
    so those that belong to output i lie side by side, at i(i − 1)/2 … i(i + 1)/2 − 1.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(n))
        self.weight = nn.Parameter(torch.zeros(n * (n - 1) // 2))
        rows, columns = torch.tril_indices(n, n, offset=-1)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        n = len(self.bias)
        W = self.weight.new_zeros(n, n).index_put((self.rows, self.columns), self.weight)
        return F.linear(x, W, self.bias)

    def from_dense(self, matrix: Tensor) -> Tensor:
        """The entries of an ``(n, n)`` matrix that are parameters, in the layout of ``weight``."""
        return matrix[self.rows, self.columns]


class MaskedLinear(nn.Module):
    """z = c + (M ⊙ W) x: a linear layer that sees only what its mask M lets through.

    The mask multiplies the weight at every call and the weight itself is never changed: masking in
    place keeps only the intersection of all masks ever used.
    """

    mask: Tensor

    def __init__(self, mask: Tensor, generator: torch.Generator | None = None) -> None:
        super().__init__()
        outputs, inputs = mask.shape
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.register_buffer("mask", mask.to(self.weight.dtype), persistent=False)
        for parameter in (self.weight, self.bias):  # the bounds that nn.Linear uses
            nn.init.uniform_(parameter, -(inputs**-0.5), inputs**-0.5, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.mask * self.weight, self.bias)

    def from_dense(self, matrix: Tensor) -> Tensor:
        """An ``(outputs, inputs)`` matrix with 0 where the mask lets nothing through, in the layout
        of ``weight``."""
        return matrix * self.mask


class FVSBN(AutoregressiveModel):
    """Fully visible sigmoid belief network: one logistic regression for each variable.

    z_i = c_i + Σ_{k<i} W_ik x_k,    θ_i = (c_i, W_i1, …, W_i,i−1),    p = n(n + 1)/2 parameters.

    ℓ(θ) is concave in θ, so θ_0 = 0 is as good a start as any. Source: Neal
    (1992), https://doi.org/10.1016/0004-3702(92)90065-6, without hidden units; CS236, lecture 3.

    Args:
        n: Number of variables, at least 1.
    """

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.linear = LowerLinear(n)

    def logits(self, x: Tensor) -> Tensor:
        return self.linear(x)

    def block(self, i: int) -> Tensor:
        """Where θ_i (counted from 0) stands in the flat parameter vector: int64 indices, the bias
        first.

        Raises:
            ValueError: If ``i`` is not between 0 and n − 1.
        """
        if check_at_least(i, 0, "i") >= self.n:
            raise ValueError(f"i must be below n = {self.n}, got {i}")
        start = self.n + i * (i - 1) // 2
        return torch.tensor([i, *range(start, start + i)])


class MADE(AutoregressiveModel):
    """Masked autoencoder for distribution estimation, with one hidden layer.

    h = ReLU((M¹ ⊙ W¹) x + c¹),    z = (M² ⊙ W²) h + c²,
    M¹_kd = 1[d_k ≥ t_d],    M²_dk = 1[t_d > d_k],

    where t_d ∈ {1, …, n} is the place of variable d in the ordering and d_k ∈ {1, …, n − 1} the
    degree of hidden unit k (here 1, 2, …, n − 1, 1, 2, … in turn). A path from input d to output e
    needs t_d ≤ d_k < t_e, so z_e depends on earlier variables alone. Source: Germain et al. (2015),
    eq. 12 and 13, https://doi.org/10.48550/arXiv.1502.03509.

    Args:
        n: Number of variables, at least 1.
        hidden: Number of hidden units, at least 1.
        ordering: Variable ``ordering[t]`` is the t-th to be generated; the natural order if
            ``None``.
        generator: Source of the random θ_0; torch's global one if ``None``.

    Raises:
        ValueError: If ``n`` or ``hidden`` < 1, or ``ordering`` is no permutation of 0 … n − 1.
    """

    def __init__(
        self,
        n: int,
        hidden: int,
        ordering: Sequence[int] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(n, ordering)
        check_at_least(hidden, 1, "hidden")
        place = torch.empty(n, dtype=torch.int64)
        place[list(self.ordering)] = torch.arange(1, n + 1)
        degree = 1 + torch.arange(hidden) % max(n - 1, 1)
        self.hidden = MaskedLinear(degree[:, None] >= place, generator)
        self.output = MaskedLinear(place[:, None] > degree, generator)

    def logits(self, x: Tensor) -> Tensor:
        return self.output(torch.relu(self.hidden(x)))
