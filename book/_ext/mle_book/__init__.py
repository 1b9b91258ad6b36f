"""What the website adds to the plain notebooks of the book.

`callouts`: a block quote that opens with a bold label becomes a titled box.
`equations`: display maths with a `\\tag` gets an address, and "(2.3)" in prose links to it.
`formulas`: LaTeX is set as MathML, when the site is built.
`links`: absolute links to chapters (they must work in Colab) become links between pages.
`exercises`: cells that name an exercise become the form or the editor that answers.
`guesses`: what comes after a "Guess" waits for one.
`practice`: questions on earlier chapters, and pages of what may be forgotten and of progress.
`reexecution`: a notebook is executed again when the library modules that it uses change.
`docstrings`, `api`: the API reference, from docstrings, and where the book uses each entry.
`claims`, `claim_lines`: from an equation to the functions that compute it, and back; to tests too.
`tested`, `tested_pages`: which tests test what, and their source.
`mentions`, `names`, `code_links`: names of the library, in prose and code, lead to their entries.
`figures`: a figure of a chapter on another page.
`outputs`: what a cell prints, in one piece.
`tables`: a table that a cell prints.
`cells`: each code cell has an address.
`search`: sections, equations, symbols, exercises, functions: what the page that searches finds.
`in_a_line`: formulas as plain text.
`tree`: nodes are found by identity.
`status`: how long each chapter ran, with which versions.
`moved`: old addresses lead on.
`descriptions`: what a search engine says of a page.
`not_found`: the page for an address that does not exist.
`pages`: what the theme leaves out of, or puts too much into, a page.
`storage`: what pages keep in the browser, apart from other sites on the host.
`delivery`: how a page is sent: what it may run, its icons, its scripts.
`glossary`: words that lead to what they mean.
`cards`: what a page says of itself to who links to it, or cites it.
`stylesheets`: the theme's stylesheet, without what no page has.
`published`: no link leads to a repository that is not published yet.
`front`: where to start, and the map of the chapters.
"""

from typing import Any

from sphinx.application import Sphinx

from . import (
    api,
    callouts,
    cards,
    cells,
    claim_lines,
    claims,
    code_links,
    delivery,
    descriptions,
    docstrings,
    equations,
    exercises,
    figures,
    formulas,
    front,
    glossary,
    guesses,
    links,
    mentions,
    moved,
    not_found,
    outputs,
    pages,
    practice,
    published,
    reexecution,
    search,
    status,
    storage,
    stylesheets,
    tables,
    tested_pages,
)

PARTS = (
    *(callouts, equations, formulas, links, exercises, docstrings, api, mentions, code_links),
    *(status, claims, claim_lines, tested_pages, figures, descriptions, pages, not_found),
    *(storage, delivery, outputs, tables, cells, search, reexecution, moved, guesses, practice),
    *(glossary, stylesheets, cards, published, front),
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    for part in PARTS:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
