"""Methods that use the curvature of ℓ: Newton's, the natural gradient, L-BFGS.

H = −∇²ℓ/m is the curvature (2.6) and ḡ = ∇ℓ/m, in the flat order of ``model.parameters()``. The
matrices are float64, so the device must have float64; of a float32 model they have its precision.
"""

from mle_lib.second_order.fisher import curvature, exact_fisher, lbfgs, natural_gradient
from mle_lib.second_order.irls import newton, newton_direction

__all__ = [
    "curvature",
    "exact_fisher",
    "lbfgs",
    "natural_gradient",
    "newton",
    "newton_direction",
]
