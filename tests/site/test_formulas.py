"""Formulas are set when the site is built."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from mle_book.formulas import FONT, characters, to_mathml

from mle_lib.exercises.text import stored_maths
from tests.site.test_site import Book

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = Book(tmp_path)
    book.markdown("index", "# Index\n\nText.\n")
    return book


def test_formulas_are_mathml_with_their_latex_and_their_numbers(book: Book) -> None:
    tagged = "$$\nx \\\\ y < 1\n\\tag{1.2}\n$$"
    book.markdown("one", f"# One\n\nA formula $x_{{<i}}$ and others.\n\n{tagged}\n\n$$z$$\n")
    build = book.build()
    assert build.warnings == []
    article = build.article("one")
    inline, numbered, plain = article.select(".math")
    assert inline.name == "span"
    assert inline.math["data-tex"] == "x_{<i}"
    assert not inline.math.get("display")
    assert numbered["id"] == "eq-1-2"
    assert numbered.math["data-tex"] == r"x \\ y < 1 \tag{1.2}"
    assert (numbered.a["href"], numbered.a.text) == ("#eq-1-2", "(1.2)")
    assert plain.math["display"] == "block"
    assert plain.a is None


def test_a_formula_that_cannot_be_set_is_a_warning(book: Book) -> None:
    book.markdown("one", "# One\n\n$\\nosuchthing$\n\n$\\frac{1$\n\n$水$\n")
    said = ["cannot be set", "cannot be set", "lacks '水'"]
    assert all(what in warning for what, warning in zip(said, book.build().warnings, strict=True))


def test_the_font_has_what_the_exercises_need_and_its_tables_of_maths() -> None:
    """What the pages need, the build asks."""
    font = TTFont(FONT)
    assert "MATH" in font
    needed = set().union(*map(characters, stored_maths().values()))
    assert len(needed) > 50
    assert {hex(ord(c)) for c in needed} <= {hex(code) for code in font.getBestCmap()}


def test_letters_alone_are_italic_and_others_are_not() -> None:
    assert characters(to_mathml(r"h + \mathrm{h} + 2\alpha")) == set("ℎh+2𝛼")
    assert characters(to_mathml(r"\log x \le 1")) == set("log𝑥≤1")
