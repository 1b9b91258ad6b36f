"""p(x) = Π_i p(x_i | x_<i; θ_i): autoregressive models of n binary variables, and of sequences.

Each model of binary variables computes one logit z_i(x_<i) for each variable, so that p(x_i = 1 |
x_<i) = σ(z_i) = 1 / (1 + e^{−z_i}); of sequences one for each symbol and place.
"""

import torch

from mle_lib.models.base import AutoregressiveModel, bernoulli_log_prob
from mle_lib.models.evaluation import remember
from mle_lib.models.fvsbn import FVSBN
from mle_lib.models.layers import LowerLinear, MaskedLinear
from mle_lib.models.made import MADE
from mle_lib.models.mixture import Mixture
from mle_lib.models.nade import NADE
from mle_lib.models.ngram import NGram
from mle_lib.models.recurrent import RecurrentModel
from mle_lib.models.sequences import SequenceModel, before
from mle_lib.models.transformer import Transformer

with torch.device("cpu"):
    _seed = torch.Generator().manual_seed(0)  # the global one is left alone
    remember(Mixture([FVSBN(2)]), MADE(2, 2, None, _seed), NADE(2, 2, _seed))
    remember(RecurrentModel(2, 2, _seed), Transformer(2, 2, 2, 1, 1, 0.0, _seed))

__all__ = [
    "FVSBN",
    "MADE",
    "NADE",
    "AutoregressiveModel",
    "LowerLinear",
    "MaskedLinear",
    "Mixture",
    "NGram",
    "RecurrentModel",
    "SequenceModel",
    "Transformer",
    "before",
    "bernoulli_log_prob",
]
