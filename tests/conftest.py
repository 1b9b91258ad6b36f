"""Shared by all tests: small models with random parameters, every device present, deviations and
counts that are printed."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
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
    "NADE": lambda n: NADE(n, hidden=7),
    "Recurrent": lambda n: RecurrentModel(n, hidden=5),
    "Mixture-shuffled": lambda n: Mixture(
        [MADE(n, 4, ordering=[*(i for i in SHUFFLED if i < n), *range(10, n)]) for _ in range(2)]
    ),
    "Mixture": lambda n: Mixture([FVSBN(n), FVSBN(n), MADE(n, hidden=6)]),
}


@pytest.fixture(params=list(MODELS))
def make_model(request: pytest.FixtureRequest) -> Callable[[int], AutoregressiveModel]:
    return MODELS[request.param]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def deviation(
    record_property: Callable[[str, object], None],
) -> Iterator[Callable[[float, float], None]]:
    """``deviation(value, limit)`` asserts value <= limit; the largest of a test is printed in the
    summary."""
    seen: list[tuple[float, float]] = []

    def check(value: float | torch.Tensor, limit: float) -> None:
        seen.append((float(torch.as_tensor(value).detach()), limit))
        assert seen[-1][0] <= limit

    yield check
    if seen:
        record_property("deviation", max(seen))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    largest: dict[str, tuple[float, float]] = {}
    # The fixture records as it is torn down; pytest files those reports under "".
    for report in terminalreporter.stats.get("", []):
        for key, value in report.user_properties:
            if key == "deviation" and report.when == "teardown":
                name = report.nodeid.partition("[")[0]
                largest[name] = max(largest.get(name, (0.0, 0.0)), tuple(value))
    counts: Counter[str] = Counter()
    for kind in ("passed", "failed"):
        for report in terminalreporter.stats.get(kind, []):
            for key, value in getattr(report, "user_properties", ()):
                if key == "count":
                    counts[value[0]] += value[1]
    if counts:
        terminalreporter.section("exercises")
        for name, number in sorted(counts.items()):
            terminalreporter.write_line(f"{number:6}  {name}")
    if largest:
        terminalreporter.section("largest deviations")
        for name, (value, limit) in largest.items():
            terminalreporter.write_line(f"{value:8.1e}  (limit {limit:.0e})  {name}")
