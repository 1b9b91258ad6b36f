"""The gradient of a log of a mean over some of a mixture's components: biased, and not by the
batch."""

from torch import Tensor

from mle_lib.checks import check_indices, check_matrix
from mle_lib.gradient import flat
from mle_lib.models import Mixture
from mle_lib.models.evaluation import all_differentiable, evaluation, gradients_of


def log_mean_gradient(model: Mixture, x: Tensor, indices: Tensor, components: Tensor) -> Tensor:
    """(m/b) Σ_{j∈B} ∇ log (1/K) Σ_{r∈S_j} p_r(x^(j)), with K of the R components for each sample.

    A component counts by its share w_jr = p_r(x^(j)) / Σ_{s∈S_j} p_s(x^(j)):

        (m/b) Σ_{j∈B} Σ_{r∈S_j} w_jr ∇ log p_r(x^(j)).

    Unbiased for ∇ℓ only at K = R. The bias comes from the S_j, not from B: no batch size removes
    it. Source: the importance weighted bound of Burda, Grosse & Salakhutdinov (2016), equation
    13, https://doi.org/10.48550/arXiv.1509.00519, here with the components for the latent variable
    and the uniform prior for the proposal, drawn without replacement.

    Args:
        model: p_θ, a mixture.
        x: The whole data set, ``(m, n)``.
        indices: B, as ``minibatch.sample_indices`` draws it.
        components: S_j, as ``variance_reduction.sample_variables(R, K, b)`` draws them: ``(K,)``,
            shared by the batch, or ``(b, K)``. One that stands twice counts twice.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype.

    Raises:
        ValueError: If ``indices`` or ``components`` have a wrong shape or
            type or lie outside their range, or the model does not take a row of the batch.
    """
    m, indices = len(check_matrix(x)), check_indices(indices, x)
    with evaluation(model, x[indices]) as rows, all_differentiable(model) as parameters:
        value = model.log_mean(rows, components).sum()
        gradients = gradients_of(value, parameters)
    return (m / len(indices)) * flat(gradients)
