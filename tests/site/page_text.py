"""What a page of the site says, and what its notebook or Markdown file does: to be the same."""

import re
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mle_book.tables import Rows, pieces

from tools.environment import ROOT
from tools.notebooks import is_checked, read, without_rounding

# as the site reads it, where spaces inside of the dollars are no matter
PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
BLOCKS = (
    "p, h1, h2, h3, h4, h5, h6, li, dt, dd, div, pre, td, th, tr, table, blockquote, ul, ol, hr, "
    "figcaption, summary, details, section, br"
)
# What the extension puts on a page, by the marks that it puts on it: the lines below equations,
# the summary of what is folded at the beginning, exercises, questions on chapters, the tables of
# how the site was built, the API reference, a chapter's figure elsewhere, the list of its words in
# the glossary, where to start and the map of the chapters. And the theme: the "#" beside headings.
ADDED = (
    ".mle-computed, .mle-moved, .mle-setup > summary, mle-exercise, .mle-status, "
    ".mle-recall, .mle-recall-all, .mle-progress-page, .mle-terms, "
    ".mle-start, .mle-map, .mle-not-yet, .mle-citation, .mle-front mle-explore, "
    "[id^='module-mle_lib'], .headerlink, .cell_output, script, style, "
    "details.hide > summary"
)
DIRECTIVE = re.compile(r"^```\{([\w-]+)\}[^\n]*\n(.*?)```$", re.M | re.S)
INCLUDE = re.compile(r"^```\{include\} \.\./(\S+)\n```$", re.M)  # on a page of `book/`
ASKED = re.compile(r"^> \*\*Question\.\*\*(?:.*\n)+?\n(?=```\{mle-open\})", re.M)
QUOTES = str.maketrans("‘’“”", "''\"\"")  # Sphinx makes these of straight ones
EXERCISES = {"exercise", "quiz", "recall"}  # tags of cells that become exercises


def text_of(html: Tag) -> str:
    """The text as it is read: one white space between words, and one between blocks."""
    for block in html.select(BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    return words(html.get_text())


def words(text: str) -> str:
    return " ".join(text.translate(QUOTES).split())


def article(html: str) -> Tag:
    return BeautifulSoup(html, "html.parser").select_one("article")


def page_text(html: str) -> str:
    """What a page says, but for what was added to what its source says."""
    found = article(html)
    for added in found.select(ADDED):
        added.decompose()
    for formula in found.select(".math"):
        formula.string = formula.math["data-tex"]
    return text_of(found)


def source_text(path: Path) -> str:
    """What a notebook or a Markdown file says."""
    if path.suffix == ".md":
        return markdown_text(path.read_text("utf-8"))
    parts = [
        markdown_text(cell.source) if cell.cell_type == "markdown" else words(cell.source)
        for cell in read(path).cells
        if cell.cell_type == "markdown" or not EXERCISES & {*cell.metadata.get("tags", ())}
    ]
    return " ".join(filter(None, parts))


def markdown_text(source: str) -> str:
    """Of directives the caption of a figure is text; an open question is shown in its form."""
    source = ASKED.sub("", source)
    source = INCLUDE.sub(lambda match: (ROOT / match[1]).read_text("utf-8"), source)
    source = DIRECTIVE.sub(lambda match: match[2] if match[1] == "mle-figure" else "", source)
    html = BeautifulSoup(PARSER.render(source), "html.parser")
    # the label of a box is its title, without the full stop
    for label in html.select("blockquote > p:first-child > strong:first-child"):
        before, quote = label.previous_sibling, label.find_parent("blockquote")
        if (before is None or not before.strip()) and words(quote.text) != words(label.text):
            label.find_all(string=True)[-1].replace_with(
                label.find_all(string=True)[-1].rstrip(".: ")
            )
            label.insert_after("\n")
    return text_of(html)


def stored(path: Path) -> list[tuple[str, list[str | Rows]]]:
    """Source of each checked cell, and its outputs, texts and tables, to the letter."""
    return [
        (
            words(cell.source),
            [
                without_rounding(piece) if isinstance(piece, str) else piece
                for o in cell.outputs
                for piece in pieces(_letters(o.get("text") or o.data["text/plain"]))
            ],
        )
        for cell in read(path).cells
        if is_checked(cell)
    ]


def shown(html: str) -> dict[str, list[str | Rows]]:
    """Source of each cell on a page -> the texts and the tables below it, to the letter."""
    return {
        words(cell.select_one(".cell_input").get_text()): [
            _piece(block) for block in cell.select(".cell_output :is(pre, table)")
        ]
        for cell in article(html).select("div.cell:has(.cell_input)")
    }


def _piece(block: Tag) -> str | Rows:
    if block.name == "table":
        return [[c.get_text().strip() for c in row.select("th, td")] for row in block.select("tr")]
    return without_rounding(_letters(block.get_text()))


def differing(path: Path, html: str) -> dict[str, tuple[list[str | Rows], list[str | Rows] | None]]:
    """Source of each checked cell whose outputs, stored and on the page, are not the same."""
    page = shown(html)
    return {
        cell: (texts, page.get(cell)) for cell, texts in stored(path) if texts != page.get(cell)
    }


def _letters(text: str) -> str:
    return text.removesuffix("\n")  # a block on a page always ends with one
