"""A language whose strings have known probabilities: `TinyWorld`'s sibling for sequences."""

import torch
from torch import Tensor
from torch.nn import functional as F

from mle_lib.checks import check_at_least, check_sequences, is_going
from mle_lib.data.strings import Language


class KnownLanguage(Language):
    """The strings of a `strings.Language` as rows of symbols, 0 from the end on.

    Args:
        alphabet: K, the number of symbols, the end included, 2 to 100.
        seed: Seed of the language, 0 to 2³² − 1. The global random state is not touched.

    Raises:
        ValueError: If ``alphabet`` is not from 2 to 100, or ``seed`` is no seed.
    """

    def __init__(self, alphabet: int, seed: int) -> None:
        super().__init__(
            check_at_least(alphabet, 2, "alphabet", 100), check_at_least(seed, 0, "seed", 2**32 - 1)
        )

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats, ``(b, ·) -> (b,)`` float64; what comes after the first 0 is not read.

        Raises:
            ValueError: If ``x`` is not a ``(b, ·)`` tensor of symbols with an end in each row.
        """
        symbols = check_sequences(x, self.alphabet)
        came = F.pad(symbols[:, :-1], (1, 0))
        terms = torch.from_numpy(self.transitions).to(x.device).log()[came, symbols]
        return torch.where(is_going(symbols), terms, 0.0).sum(1)

    def sample(self, m: int, generator: torch.Generator | None = None) -> Tensor:
        """m independent strings: ``(m, t)`` int64, with t the longest of them and its end.

        Raises:
            ValueError: If ``m`` < 1.
        """
        m, P = check_at_least(m, 1, "m"), torch.from_numpy(self.transitions)
        P = P if generator is None else P.to(generator.device)
        last = torch.zeros(m, dtype=torch.int64, device=P.device)
        columns, going = [], torch.ones_like(last, dtype=torch.bool)
        while going.any():
            drawn = torch.multinomial(P[last], 1, generator=generator)[:, 0]
            last = torch.where(going, drawn, 0)
            columns.append(last)
            going = going & (last != 0)
        return torch.stack(columns, 1)
