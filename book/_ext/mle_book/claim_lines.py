"""The lines on a page that lead from an equation to functions, and from a function to tests."""

from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

from .claims import Entry, claims_of, first_test, listed, page_of, tested_by
from .tree import insert_after, replace


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", say_what_computes)
    app.connect("doctree-resolved", say_what_tests)


def say_what_computes(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A line below each equation of one page that some function computes."""
    domain = claims_of(app)
    computing = domain.computing()
    on_page = app.env.get_domain("mle").data["equations"].get(docname, {})
    numbers = {eq_id: number for number, eq_id in on_page.items()}
    for block in list(doctree.findall(nodes.math_block)):
        found = [entry for i in block["ids"] for entry in computing.get(numbers.get(i, ""), ())]
        if found:
            line = nodes.paragraph(classes=["mle-computed"])
            for number, (page, entry) in enumerate(found):
                line += nodes.Text(" " if number else "")
                line += nodes.inline("", "", *_links(app, docname, page, entry))
            insert_after(block, line)


def _links(app: Sphinx, docname: str, page: str, entry: Entry) -> Iterator[nodes.Node]:
    name = nodes.literal("", entry.short)
    title = f"{entry.short} in the API reference"
    yield make_refnode(app.builder, docname, page, entry.name, name, title)
    targets = {"source": entry.source, "tests": first_test(claims_of(app), entry)}
    for what, (target, anchor) in targets.items():
        if target:
            yield nodes.Text(" · ")
            text, title = nodes.inline("", what), f"{what} of {entry.short}".capitalize()
            yield make_refnode(app.builder, docname, target, anchor, text, title)


def say_what_tests(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fill the places for "Tests" in the entries of one page; the name of a test is a sentence."""
    for place in list(doctree.findall(tested_by)):
        file, tests, others = listed(claims_of(app), place["name"])
        line = nodes.paragraph("", "", nodes.strong("", "Tests"), classes=["mle-tests"])
        for number, test in enumerate(tests):
            words = nodes.inline("", test.removeprefix("test_").replace("_", " "))
            line += nodes.Text("; " if number else " ")
            line += make_refnode(app.builder, docname, page_of(file), test, words, f"{test}()")
        if tests:
            name = nodes.inline("", f"{file}.py")
            line += nodes.Text(f"; and {others} more in " if others else ", in ")
            line += make_refnode(app.builder, docname, page_of(file), "", name)
        replace(place, *[line] if tests else [])
