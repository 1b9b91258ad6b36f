"""The doubly stochastic estimator: single terms of the double sum (2.1), drawn at random."""

import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_choices, check_flag, check_indices, check_matrix
from mle_lib.gradient import summed_gradient
from mle_lib.minibatch.estimator import check_sizes, finite_population
from mle_lib.models import AutoregressiveModel
from mle_lib.variance_reduction.allocation import check_terms


def sample_variables(
    n: int, k: int, b: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """Draw k of the variables 0 … n − 1 without replacement, each subset equally likely.

    Args:
        n: Number of variables.
        k: How many to draw, 1 ≤ k ≤ n.
        b: If given, draw anew for each of b samples.
        generator: Source of randomness; torch's global one if ``None``.

    Returns:
        int64: ``(k,)``, shared by a batch, or ``(b, k)``, a row for each sample.

    Raises:
        ValueError: If ``k`` is not between 1 and n, or ``b`` < 1.
    """
    n, k = check_at_least(n, 1, "n"), check_at_least(k, 1, "k")
    if k > n:
        raise ValueError(f"k must be at most n = {n}, got {k}")
    rows = 1 if b is None else check_at_least(b, 1, "b")
    device = None if generator is None else generator.device
    # the order of uniform numbers is a uniform permutation
    uniform = torch.rand(rows, n, generator=generator, device=device, dtype=torch.float64)
    drawn = uniform.argsort(1)[:, :k]
    return drawn[0] if b is None else drawn


def doubly_stochastic_gradient(
    model: AutoregressiveModel, x: Tensor, indices: Tensor, variables: Tensor
) -> Tensor:
    """(m/b)(n/k) Σ_{j∈B} Σ_{i∈K_j} ∇ log p(x_i^(j) | x_<i^(j); θ_i), with k variables a sample.

    Unbiased for ∇ℓ when every sample is equally likely to be in B and every variable in K_j.

    Equation: (13.5).

    Args:
        model: p_θ.
        x: The whole data set, ``(m, n)``.
        indices: B, as ``sample_indices`` draws it.
        variables: As ``sample_variables`` draws them: ``(k,)``, one K for the whole batch, or ``(b,
            k)``, a K_j for each sample. A shared K adds a variance that does not fall with b.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype.

    Raises:
        ValueError: If ``indices`` or ``variables`` have a wrong shape or type or lie outside their
            range, or the model does not take a row of the batch.
    """
    m, n, indices = len(check_matrix(x)), model.n, check_indices(indices, x)
    b = len(indices)
    variables = check_choices(variables, b, n, "variables", "k", "n")
    chosen = variables.to(x.device).expand(b, -1)
    ones = torch.ones_like(chosen, dtype=torch.float64)
    weights = ones.new_zeros(b, n).scatter_add_(1, chosen, ones)
    return (m / b) * (n / chosen.shape[1]) * summed_gradient(model, x[indices], weights)


def doubly_stochastic_variance(
    terms: Tensor, b: int, k: int, shared: bool, replacement: bool
) -> tuple[Tensor, Tensor]:
    """The predicted variance of ``doubly_stochastic_gradient``, in two parts, by coordinate.

    By the law of total variance, with Σ the variance of the g_j, v̄ the mean over j of the variance
    that the choice of K_j adds to (n/k) Σ_{i∈K_j} g_ji, v_0 the same for the means over j, and f
    the finite-population correction (13.6):

        a K_j for each sample:   m²/b Σ f          from the samples,  m²/b v̄  from the variables;
        one K for the batch:     m²/b (Σ + v̄ − v_0) f                m² v_0.

    Equation: (13.6).

    Args:
        terms: g_ji of all the data, ``(m, n, p)``, from ``gradient.per_variable_gradients``.
        b: Batch size.
        k: Variables a sample, drawn without replacement.
        shared: Whether the batch has one K.
        replacement: How B is drawn.

    Returns:
        The part from the choice of samples and the part from the choice of variables, each ``(p,)``
        float64.

    Raises:
        ValueError: If ``terms`` is not ``(m, n, p)``, or b or k do not fit.
    """
    g = check_terms(terms)
    m, n, _ = g.shape
    m, b = check_sizes(m, b, replacement)
    if (k := check_at_least(k, 1, "k")) > n:
        raise ValueError(f"k must be at most n = {n}, got {k}")

    def of_choosing(values: Tensor) -> Tensor:
        """Variance of (n/k) Σ_{i∈K} u_i over K, for u in the second last dimension."""
        return n**2 / k * finite_population(n, k, False) * values.var(-2, correction=0)

    Sigma = g.sum(1).var(0, correction=0)
    v, v_0 = of_choosing(g).mean(0), of_choosing(g.mean(0))
    f = finite_population(m, b, replacement)
    if check_flag(shared, "shared"):
        return m**2 / b * (Sigma + v - v_0).clamp(min=0) * f, m**2 * v_0
    return m**2 / b * Sigma * f, m**2 / b * v
