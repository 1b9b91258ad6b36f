"""The source of the tests, beside that of the library: a page for each file that an entry names.

Every definition has its name for an anchor; names of the library lead to their entries, and above
the source stands what it tests. Inline code that names one of these tests leads to it.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from .claims import ClaimDomain, claims_of, page_of
from .code_links import with_links
from .descriptions import DESCRIPTION
from .equations import is_prose
from .mentions import MentionDomain
from .tested import TestFile
from .tree import replace

NAMES = "mle_names_of_tests"  # in the metadata of a page: those that its prose names
TEST = re.compile(r"test_\w+")

Page = tuple[str, dict[str, Any], str]


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", note_names_of_tests)
    app.connect("env-updated", pages_to_write_again)  # after that of `claims`
    app.connect("html-collect-pages", collect_pages)
    app.connect("doctree-resolved", link_names_of_tests)


def shown(domain: ClaimDomain) -> dict[str, tuple[TestFile, list[str]]]:
    """File -> its source, and the entries that it tests."""
    found: dict[str, tuple[TestFile, list[str]]] = {}
    for name, (file, _) in domain.tests.items():
        found.setdefault(file.name, (file, []))[1].append(name)
    return dict(sorted(found.items()))


def collect_pages(app: Sphinx) -> Iterator[Page]:
    domain = claims_of(app)
    entries = domain.entries()
    for name, (file, tested) in shown(domain).items():
        page = page_of(name)
        if _is_written(app, name):
            continue
        links = ", ".join(
            f'<a href="{app.builder.get_relative_uri(page, entries[entry][0])}#{entry}">'
            f"<code>{escape(entries[entry][1].short)}</code></a>"
            for entry in tested
        )
        body = f"<h1>Tests in {name}.py</h1>\n<p>They test {links}.</p>\n{_source(app, page, file)}"
        names = ", ".join(entries[entry][1].short for entry in tested)
        context = {
            "parents": [],
            "title": f"{name}.py",
            "body": body,
            DESCRIPTION: f"{name}.py, the tests of {names}",
        }
        yield page, context, "page.html"


def _is_written(app: Sphinx, name: str) -> bool:
    """Whether the page is there, and nothing has changed in it."""
    return Path(app.builder.get_outfilename(page_of(name))).exists() and not claims_of(app).changed


def _source(app: Sphinx, page: str, file: TestFile) -> str:
    """The source in colours, with links and anchors."""
    html = app.builder.highlighter.highlight_block(file.source, "python")
    lines = with_links(html, dict(_uses(app, page, file))).split("\n")
    for block in file.blocks:
        if block.names:
            start = f'<div class="viewcode-block" id="{block.names[0]}">'
            before, pre, code = lines[block.start].rpartition("<pre>")  # in the first line
            lines[block.start] = f"{before}{pre}{start}{code}"
            lines[block.end] += "</div>"
    return "\n".join(lines)


def _uses(app: Sphinx, page: str, file: TestFile) -> Iterator[tuple[Any, Any]]:
    """The first use of each name in each block: its place -> its text and its address."""
    domain = app.env.get_domain(MentionDomain.name)
    assert isinstance(domain, MentionDomain)
    known: set[tuple[int, str]] = set()
    starts = [block.start for block in file.blocks]
    for use in sorted(file.uses, key=lambda use: (use.line, use.column)):
        block = sum(start <= use.line for start in starts)
        target = domain.target(use.text, use.path)
        if target and not target[1].startswith("module-") and (block, use.path) not in known:
            known.add((block, use.path))
            address = app.builder.get_relative_uri(page, target[0])
            yield (use.line, use.column), (use.text, f"{address}#{target[1]}")


def note_names_of_tests(app: Sphinx, doctree: nodes.document) -> None:
    """Which tests the prose of one page names."""
    if names := sorted({code.astext() for code in _names(doctree)}):
        app.env.metadata[app.env.docname][NAMES] = names


def _names(doctree: nodes.document) -> list[nodes.literal]:
    found = doctree.findall(nodes.literal)
    return [code for code in found if TEST.fullmatch(code.astext()) and is_prose(code)]


def known_tests(app: Sphinx) -> dict[str, str]:
    """Test -> the page that shows it."""
    files = shown(claims_of(app))
    return {t.name: page_of(name) for name, (file, _) in files.items() for t in file.tests}


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages that name tests which came, went or moved."""
    known = known_tests(app)
    naming = {doc: data[NAMES] for doc, data in env.metadata.items() if NAMES in data}
    now = {doc: {name: known.get(name) for name in names} for doc, names in naming.items()}
    before, env.mle_names_of_tests = getattr(env, "mle_names_of_tests", {}), now
    return [docname for docname, links in now.items() if links != before.get(docname)]


def link_names_of_tests(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """`test_the_variance_law` in the prose of one page leads to that test."""
    if NAMES not in app.env.metadata[docname]:
        return
    known = known_tests(app)
    for code in _names(doctree):
        if page := known.get(name := code.astext()):
            replace(code, make_refnode(app.builder, docname, page, name, code.deepcopy()))
