"""The whole book as one PDF (`tools/pdf.py`)."""

import re
from html import unescape

import pytest

from tests.browser.conftest import SITE
from tools import pdf

PAGE = '<head><link href="a.css"><script>1</script></head><article class="bd-article">{}</article>'


def test_addresses_lead_to_the_parts_of_the_whole() -> None:
    one = (
        '<h1 id="x">1</h1><a href="#x">a</a><a href="two.html#x">b</a><a href="two.html">c</a>'
        '<a href="../_modules/m.html">d</a><a href="https://doi.org/1">e</a>'
        '<use xlink:href="#x"/><g clip-path="url(#x)"/><details><summary>s</summary></details>'
    )
    html = pdf.whole({"one": PAGE.format(one), "two": PAGE.format('<p id="x">2</p>')})
    assert re.findall(r'href="(.*?)"', html) == [
        "a.css", "#one--x", "#two--x", "#two--", "https://doi.org/1", "#one--x",
    ]  # fmt: skip
    assert re.findall(r'\sid="(.*?)"', html) == ["one--", "one--x", "two--", "two--x"]
    assert "url(#one--x)" in html
    assert "<details open>" in html
    assert "<script" not in html


# what is cut off at its right edge, by its first words
CLIPPED = """() => [...document.querySelectorAll("pre, .mle-cell, fieldset")]
    .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
    .map((e) => e.textContent.slice(0, 60))"""


@pytest.mark.soak
def test_the_book_is_printed_whole(tmp_path) -> None:
    pages = {n: (SITE / "book" / f"{n}.html").read_text("utf-8") for n in pdf.names()}
    html = pdf.whole(pages)
    tasks = re.findall(r'<mle-exercise kind="code" exercise="([^"]*)"', "".join(pages.values()))
    assert tasks
    for task in tasks:
        assert f'exercise="{task}"' in html
    path = tmp_path / "book.pdf"
    with pdf.shown(html) as page:
        page.set_viewport_size({"width": 660, "height": 900})  # A4 less its margins
        page.emulate_media(media="print")
        assert page.evaluate(CLIPPED) == []
        pdf.write(page, path)
    printed = path.read_bytes()
    marks = re.findall(rb"/Title\s*(?:\((.*?)(?<!\\)\)|<FEFF([0-9A-F]*)>)", printed, re.S)
    marked = {
        bytes.fromhex(coded.decode()).decode("utf-16-be") if coded else plain.decode("latin-1")
        for plain, coded in marks
    }
    letters = {re.sub(r"\W", "", mark) for mark in marked}
    for name, text in pages.items():
        title = re.search(r"<article.*?<h1[^>]*>(.*?)<a class=\"headerlink", text, re.S)
        assert title, name
        said = unescape(re.sub(r"<[^>]*>", "", title[1]))
        assert re.sub(r"\W", "", said) in letters, name
