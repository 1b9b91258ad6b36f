"""Small models with random parameters, small data, every device present."""

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from mle_lib.models import FVSBN, MADE, NADE, AutoregressiveModel, Mixture, RecurrentModel

# Devices with float64, in which the mathematics is asserted.
DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])

SHUFFLED = (3, 7, 0, 9, 1, 5, 8, 2, 6, 4)


def randomised(model: AutoregressiveModel, seed: int, scale: float = 1.0) -> AutoregressiveModel:
    """The model in float64 with every parameter drawn from N(0, scale²)."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    return model.double()


def binary(rows: int, n: int, seed: int = 0) -> torch.Tensor:
    """Random 0s and 1s, ``(rows, n)`` float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(2, (rows, n), generator=generator).double()


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def beside_their_tests(name: str) -> dict[Any, Any]:
    """The entries of the dictionaries of a name in the library's test files, which have one each:
    what a test walks stands beside the tests of what it is."""
    found: dict[Any, Any] = {}
    for path in sorted((Path(__file__).parent / "library").glob("test_*.py")):
        if re.search(rf"^{name} = ", path.read_text("utf-8"), re.M):
            found |= getattr(importlib.import_module(f"tests.library.{path.stem}"), name)
    return found


# Every kind of model, as a function of n; MADE in several orderings and with fewer hidden units
# than variables.
MODELS: dict[str, Callable[[int], AutoregressiveModel]] = {
    "FVSBN": FVSBN,
    "MADE": lambda n: MADE(n, hidden=13),
    "MADE-narrow": lambda n: MADE(n, hidden=3),
    "MADE-reversed": lambda n: MADE(n, 20, ordering=list(reversed(range(n)))),
    "MADE-shuffled": lambda n: MADE(
        n, 20, ordering=[*(i for i in SHUFFLED if i < n), *range(10, n)]
    ),
    "MADE-deep": lambda n: MADE(n, [6, 4, 5]),
    "NADE": lambda n: NADE(n, hidden=7),
    "Recurrent": lambda n: RecurrentModel(n, hidden=5),
    "Mixture-shuffled": lambda n: Mixture(
        [MADE(n, 4, ordering=[*(i for i in SHUFFLED if i < n), *range(10, n)]) for _ in range(2)]
    ),
    "Mixture": lambda n: Mixture([FVSBN(n), FVSBN(n), MADE(n, hidden=6)]),
}
