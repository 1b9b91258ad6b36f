"""What x is: data sets as ``(m, n)`` tensors, of 0s and 1s or of symbols."""

from mle_lib.data.density_sets import load_density_set
from mle_lib.data.digits import load_digits_binary
from mle_lib.data.known_language import KnownLanguage
from mle_lib.data.names import LETTERS, decoded, encoded, load_names
from mle_lib.data.tiny_world import TinyWorld, all_states

__all__ = [
    "LETTERS",
    "KnownLanguage",
    "TinyWorld",
    "all_states",
    "decoded",
    "encoded",
    "load_density_set",
    "load_digits_binary",
    "load_names",
]
