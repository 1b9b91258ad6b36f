"""Addresses of what has moved, on a small book built with the real `_config.yml`."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from tests.site.test_site import Book, book  # noqa: F401, of which `book` is a fixture

pytestmark = pytest.mark.filterwarnings("ignore")  # as of the other small books

MOVED = {
    "pages": {"book/01-two": "book/two"},
    "anchors": {
        "book/one": {
            "eq-5-1": "eq-1-1",
            "exercise-5-1-sums": "exercise-1-1-sums",
            "eq-5-2": "book/two#eq-2-1",
            "eq-5-3": "",
            "eq-1-1": "book/two#eq-2-1",  # which the page has by itself
        }
    },
}
ONE = """# 1. One

$$x = 1 \\tag{1.1}$$

## Exercises

### Exercise 1.1 · Sums

See [a section](two.md#a-section), [an exercise](#exercise-sums) and (2.1).
"""
TWO = "# 2. Two\n\nText.\n\n## 2.1 A section\n\n$$x = 2 \\tag{2.1}$$\n"


def test_old_addresses_lead_on(book: Book) -> None:  # noqa: F811
    book.markdown("index", "# Index\n\nText.\n")
    book.markdown("one", ONE)
    book.markdown("two", TWO)
    (book.root / "book" / "moved.json").write_text(json.dumps(MOVED))
    build = book.build()
    assert build.warnings == []

    page = BeautifulSoup((build.site / "book" / "01-two.html").read_text(), "html.parser")
    assert page.select_one("main a")["href"] == "../book/two.html"
    assert "../book/two.html" in page.select_one("noscript meta[http-equiv=refresh]")["content"]
    assert "location.hash" in page.script.text  # allowed by its hash, as the browser's tests see

    one = build.page("one")
    assert one.find(id="eq-5-1").find_parent(id="eq-1-1")
    assert one.find(id="exercise-5-1-sums").find_parent(id="exercise-1-1-sums")
    lines = {p["id"]: p.a["href"] for p in one.select("p.mle-moved")}
    assert lines == {"eq-5-2": "two.html#eq-2-1", "eq-5-3": "index.html"}
    links = build.links("one")
    assert links["a section"] == "two.html#a-section"  # whatever its number is
    assert links["an exercise"] == "#exercise-1-1-sums"


def test_an_old_address_that_leads_nowhere_is_a_warning(book: Book) -> None:  # noqa: F811
    book.markdown("one", ONE.partition("See")[0])
    book.markdown("two", TWO)
    wrong = {"pages": {"book/old": "book/gone"}, "anchors": {"book/one": {"eq-5-1": "eq-1-9"}}}
    (book.root / "book" / "moved.json").write_text(json.dumps(wrong))
    warnings = "\n".join(book.build().warnings)
    assert re.search("eq-5-1 leads to eq-1-9", warnings)
    assert re.search("book/gone is not", warnings)
