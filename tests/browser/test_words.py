"""Every page says what its source says, and shows what its notebook stores."""

from functools import cache
from pathlib import Path

import pytest

from tests.browser.conftest import SITE
from tests.site.page_text import differing, page_text, source_text, stored
from tools.notebooks import relative, toc_files, toc_notebooks


@cache
def html(source: Path) -> str:
    path = SITE / relative(source).with_suffix(".html")
    if not path.exists():
        pytest.fail(f"no {path}: run `make book` first", pytrace=False)
    return path.read_text("utf-8")


@pytest.mark.parametrize("source", toc_files(), ids=lambda path: path.stem)
def test_no_word_is_lost_doubled_or_moved(source: Path) -> None:
    page, wanted = page_text(html(source)).split(), source_text(source).split()
    first = next((n for n, (a, b) in enumerate(zip(page, wanted, strict=False)) if a != b), 0)
    assert page == wanted, (page[first - 5 : first + 9], wanted[first - 5 : first + 9])


@pytest.mark.parametrize("source", toc_notebooks(), ids=lambda path: path.stem)
def test_a_page_shows_what_the_notebook_stores(source: Path) -> None:
    """The book has run the notebook, so this is what each checked cell prints now."""
    assert stored(source)
    assert differing(source, html(source)) == {}


def test_nothing_is_left_out_by_a_host() -> None:
    """Jekyll would leave out what begins with "_", and this file says that it shall not run."""
    named = [
        p for p in SITE.rglob("*") if any(n.startswith("_") for n in p.relative_to(SITE).parts)
    ]
    assert named
    assert (SITE / ".nojekyll").is_file()
