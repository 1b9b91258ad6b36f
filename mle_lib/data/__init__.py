"""What x is: data sets as ``(m, n)`` tensors of 0s and 1s."""

from mle_lib.data.density_sets import load_density_set
from mle_lib.data.digits import load_digits_binary
from mle_lib.data.tiny_world import TinyWorld, all_states

__all__ = [
    "TinyWorld",
    "all_states",
    "load_density_set",
    "load_digits_binary",
]
