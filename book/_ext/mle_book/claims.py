"""Equation ↔ function ↔ test: which function computes which equation, and which tests test it.

A docstring says "Equation: (3.1)." in a paragraph of its own; that is the one place where it
stands. The function's entry in the API reference then leads to the equation and to its tests, and
a line below the equation leads to the entry, the source and the tests: `claim_lines` writes both.
Which tests they are is read from the tests (`tested`); `tested_pages` shows them.
"""

import importlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.ext.viewcode import OUTPUT_DIRNAME, viewcode_anchor
from sphinx.util import logging

from .api import used_in
from .equations import NUMBER
from .mentions import REFERENCE, TOP, entry_name
from .tested import Test, TestFile, find_tests, read_tests
from .tree import replace

logger = logging.getLogger(__name__)

CLAIM = re.compile(r"Equations?:(.*)", re.DOTALL)
NUMBERS = re.compile(rf"\s*\({NUMBER}\)(?:(?:,| and|, and)\s+\({NUMBER}\))*\.?\s*")
HANDFUL = 4  # so many tests are named in an entry
TESTS = "tests"  # their folder, beside the book's


def setup(app: Sphinx) -> None:
    app.add_domain(ClaimDomain)
    app.add_node(tested_by)
    # after the numbers became links (600) and `api` made room for "Used in"
    app.connect("doctree-read", read_claims, priority=650)
    app.connect("env-updated", pages_to_write_again)


class tested_by(nodes.General, nodes.Element):
    """The place for "Tests" in the entry `name`."""


class Entry(NamedTuple):
    """A function, class or method of the API reference."""

    name: str  # its id
    short: str  # without the module
    numbers: tuple[str, ...]  # of the equations that it computes
    source: tuple[str, str]  # page and anchor

    @property
    def path(self) -> str:
        """Where it is defined; of a method, its class."""
        module = self.source[0].removeprefix(f"{OUTPUT_DIRNAME}/").replace("/", ".")
        return f"{module}.{self.source[1].partition('.')[0]}"

    @property
    def method(self) -> str:
        return self.short.partition(".")[2]


class ClaimDomain(Domain):
    """The entries of the API reference, page by page, and their tests."""

    name = "mle-claims"
    label = "equations and their functions"
    initial_data: ClassVar[dict[str, Any]] = {
        "entries": {},  # page -> {name: entry}
        "written": {},  # page -> what was said on it, as the last build wrote it
    }
    tests: ClassVar[dict[str, tuple[TestFile, list[Test]]]] = {}  # name of an entry -> its tests
    changed = False  # whether an entry says something else of them than before

    def clear_doc(self, docname: str) -> None:
        self.data["entries"].pop(docname, None)

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        found = otherdata["entries"]
        self.data["entries"] |= {name: found[name] for name in docnames if name in found}

    def entries(self) -> dict[str, tuple[str, Entry]]:
        """Name -> (page, entry)."""
        return {
            name: (docname, entry)
            for docname, on_page in sorted(self.data["entries"].items())
            for name, entry in on_page.items()
        }

    def computing(self) -> dict[str, list[tuple[str, Entry]]]:
        """Number of an equation -> the entries that say they compute it, with their pages."""
        found: dict[str, list[tuple[str, Entry]]] = {}
        for docname, entry in self.entries().values():
            for number in entry.numbers:
                found.setdefault(number, []).append((docname, entry))
        return found

    def read_tests(self, folder: Path) -> None:
        """Find the tests of every entry."""
        files = read_tests(folder)
        for file in files:
            file.resolve(known_as)
        self.tests = {}
        for name, (_, entry) in self.entries().items():
            modules = [*reversed(entry.path.split(".")[:-1]), *reversed(name.split("."))]
            if found := find_tests(files, entry.path, modules, entry.method):
                self.tests[name] = found


@cache
def known_as(path: str) -> tuple[str, ...]:
    """Where a name is defined: in ``optimizers.clipping`` for ``optimizers.clip_by_norm``.

    After a class come its bases.
    """
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
        return tuple(f"{k.__module__}.{k.__qualname__}" for k in getattr(found, "__mro__", [found]))
    except (ImportError, AttributeError, ValueError):
        return (path,)


def claims_of(app: Sphinx) -> ClaimDomain:
    domain = app.env.get_domain(ClaimDomain.name)
    assert isinstance(domain, ClaimDomain)
    return domain


def read_claims(app: Sphinx, doctree: nodes.document) -> None:
    """Note what the entries of one page compute, and make room for their tests."""
    entries = claims_of(app).data["entries"].setdefault(app.env.docname, {})
    for desc in doctree.findall(addnodes.desc):
        signature = desc.next_node(addnodes.desc_signature)
        source = signature.next_node(viewcode_anchor) if signature else None
        if desc["domain"] != "py" or source is None:
            continue
        content = desc.next_node(addnodes.desc_content)
        numbers: tuple[str, ...] = ()
        room = [tested_by(name=entry_name(desc))]
        for paragraph in [p for p in content if isinstance(p, nodes.paragraph)]:
            if claim := CLAIM.fullmatch(paragraph.astext()):
                numbers += tuple(_numbers(claim[1], paragraph))
                replace(paragraph)
                room.insert(0, _equations(paragraph))
        if numbers or desc["objtype"] in TOP:
            place = next((n for n, c in enumerate(content) if isinstance(c, used_in)), len(content))
            content[place:place] = room
            where = source["reftarget"], source["refid"]
            entry = Entry(entry_name(desc), signature["fullname"], numbers, where)
            entries[entry.name] = entry


def _numbers(claim: str, paragraph: nodes.paragraph) -> list[str]:
    if not NUMBERS.fullmatch(claim):
        logger.warning(
            'not as in "Equations: (3.3), (3.4).": %s', paragraph.astext(),
            location=paragraph, type="mle", subtype="equation",
        )  # fmt: skip
    return re.findall(rf"\(({NUMBER})\)", claim)


def _equations(paragraph: nodes.paragraph) -> nodes.paragraph:
    """The same links behind a bold word, as in "Used in"."""
    links = list(paragraph.findall(addnodes.pending_xref))
    label = "Equation" if len(links) == 1 else "Equations"
    line = nodes.paragraph("", "", nodes.strong("", label), classes=["mle-equations"])
    line.source, line.line = paragraph.source, paragraph.line
    for number, link in enumerate(links):
        line += [nodes.Text(", " if number else " "), link]
    return line


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages with an equation, or an entry, of which something else is to be said than before."""
    domain = claims_of(app)
    domain.read_tests(Path(env.srcdir, TESTS))
    computing = domain.computing()
    now: dict[str, Any] = {
        docname: {
            number: [(page, entry, first_test(domain, entry)) for page, entry in computing[number]]
            for number in numbers
            if number in computing
        }
        for docname, numbers in env.get_domain("mle").data["equations"].items()
    }
    for docname, entries in domain.data["entries"].items():
        if REFERENCE in env.metadata[docname]:
            tests = {name: listed(domain, name) for name in entries}
            # the pages of the tests are written together with this one
            files = {file.name: file.digest for file, _ in domain.tests.values()}
            now[docname] = now.get(docname, {}) | tests | files
    before, domain.data["written"] = domain.data["written"], now
    changed = [docname for docname, said in now.items() if said != before.get(docname)]
    domain.changed = any(REFERENCE in env.metadata[docname] for docname in changed)
    return changed


def listed(domain: ClaimDomain, name: str) -> tuple[str, list[str], int]:
    """File, names of the first few tests, number of the others."""
    if name not in domain.tests:
        return "", [], 0
    file, tests = domain.tests[name]
    return file.name, [test.name for test in tests[:HANDFUL]], len(tests[HANDFUL:])


def first_test(domain: ClaimDomain, entry: Entry) -> tuple[str, str]:
    """Page and anchor of the first test of an entry."""
    file, tests, _ = listed(domain, entry.name)
    return (page_of(file), tests[0]) if tests else ("", "")


def page_of(file: str) -> str:
    """The page that shows a file of tests, beside those of the library's modules."""
    return f"{OUTPUT_DIRNAME}/{TESTS}/{file}"
