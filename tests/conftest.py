"""Shared by all tests: every kind of model and device, deviations and counts that are printed."""

import gc
import signal
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import torch

from mle_lib.models import AutoregressiveModel
from tests.cases import DEVICES, MODELS

# A background job of a shell ignores Ctrl-C, and so would what is tested of it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``@pytest.mark.crossed({name: usual}, …)``: each dictionary is a choice. At a push a test has
    all values of each, the others being usual; `make soak` has the other combinations."""
    for item in items:
        for mark in item.iter_markers("crossed"):
            params = item.callspec.params
            unusual = [any(params[name] != one[name] for name in one) for one in mark.args]
            if sum(unusual) > 1:
                item.add_marker("soak")


def pytest_collection_finish() -> None:
    """What was collected stays till the end. The collector, and the audit, which looks through all
    objects, need not go through it again and again."""
    gc.collect()
    gc.freeze()


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
