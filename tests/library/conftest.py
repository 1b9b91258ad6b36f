"""Shared by the tests of figures."""

import sys
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from mle_lib.display import use_style
from mle_lib.display.figures import Picture, show


@pytest.fixture
def style() -> Iterator[None]:
    """The book's style, for one test, which leaves no figure open."""
    with mpl.rc_context():
        use_style()
        yield
    assert not plt.get_fignums(), "a figure was left open"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Figure, str]]:
    """Each figure with its alt text, as they were handed over to be drawn by any of `display`."""
    found: list[tuple[Figure, str]] = []

    def keep(figure: Figure, alt: str) -> Picture:
        found.append((figure, alt))
        plt.close(figure)
        return Picture("<svg ></svg>", alt)

    for name, module in list(sys.modules.items()):
        if name.startswith("mle_lib.display.") and getattr(module, "show", None) is show:
            monkeypatch.setattr(module, "show", keep)
    return found
