"""Other estimators of ∇ℓ than a plain mini-batch: with less variance, or from fewer terms.

Written out here are those that leave out single terms g_ji = ∇ log p(x_i^(j) | x_<i^(j); θ_i) of
the double sum (2.1), where a mini-batch leaves out whole samples. They show what an estimate is
worth. What it costs is another question: here all terms of a batch are computed and those not
chosen get weight 0 (chapter 13 counts what a model could save).
"""

from mle_lib.variance_reduction.allocation import (
    allocated_gradient,
    allocated_variance,
    neyman_sizes,
)
from mle_lib.variance_reduction.control_variates import (
    SVRG,
    ControlVariate,
    best_coefficient,
    control_variate_variance,
)
from mle_lib.variance_reduction.doubly_stochastic import (
    doubly_stochastic_gradient,
    doubly_stochastic_variance,
    sample_variables,
)
from mle_lib.variance_reduction.gradient_tables import SAG, SAGA
from mle_lib.variance_reduction.importance import (
    importance_gradient,
    importance_variance,
    norm_probabilities,
    sample_with_probability,
)
from mle_lib.variance_reduction.log_of_mean import log_mean_gradient

__all__ = [
    "SAG",
    "SAGA",
    "SVRG",
    "ControlVariate",
    "allocated_gradient",
    "allocated_variance",
    "best_coefficient",
    "control_variate_variance",
    "doubly_stochastic_gradient",
    "doubly_stochastic_variance",
    "importance_gradient",
    "importance_variance",
    "log_mean_gradient",
    "neyman_sizes",
    "norm_probabilities",
    "sample_variables",
    "sample_with_probability",
]
