r"""Numbered equations and sections that can be linked to, from plain LaTeX and plain prose.

Display maths with `\tag{2.3}` gets the id `eq-2-3`. Where prose says "(2.3)" and the book has
an equation of that number, on any page, the number becomes a link. Prose that says "equation
(2.3)" where there is none is a warning, and so is a number given twice.

Prose that says "section 2.3", or "sections 2.3 and 4.1", links to the headings that begin with
these numbers; that there is none is a warning. A section of a work cited is "§2.3".
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from .tree import replace, siblings_before

logger = logging.getLogger(__name__)

NUMBER = r"\d+\.\d+[a-z]?"
TAG = re.compile(rf"\\tag\*?\{{\(?({NUMBER})\)?\}}")
MENTION = re.compile(rf"\(({NUMBER})\)")
# "equation (2.3)", and the later members of "equations (2.3), (2.4) and (2.5)"
SAYS_EQUATION = re.compile(
    rf"\b(?:equations?:?|eqs?\.)\s+(?:\({NUMBER}\)(?:,|\s|-|\u2013|and|or|to)+)*$",
    re.IGNORECASE,
)
HEADING = re.compile(r"(\d+\.\d+)\s")
# "section 2.3", "sections 2.3, 2.4 and 4.1", "sections 2.3-2.5"
SECTIONS = re.compile(
    r"\bsections?\s+\d+\.\d+(?:(?:,\s+and\s+|,\s+|\s+and\s+|\s+to\s+|[-\u2013])\d+\.\d+)*",
    re.IGNORECASE,
)
NOT_PROSE = (
    nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw,
    nodes.reference, nodes.title, nodes.comment, pending_xref,
)  # fmt: skip


def setup(app: Sphinx) -> None:
    app.add_domain(EquationDomain)
    # Late, so that titles of callouts are titles, and links are links.
    app.connect("doctree-read", read_equations, priority=600)
    app.connect("env-updated", pages_to_write_again)


class EquationDomain(Domain):
    """All numbered equations of the book, and all mentions of them, page by page.

    Page by page, because Sphinx reads one changed page after the other: in between, an equation
    that moved stands on both.
    """

    name = "mle"
    label = "numbered equations and sections"
    object_types: ClassVar[dict[str, ObjType]] = {
        "equation": ObjType("equation"),
        "section": ObjType("section"),
    }
    initial_data: ClassVar[dict[str, Any]] = {
        "equations": {},  # page -> {number: id}; the number of a section is "section 2.3"
        "mentions": {},  # page -> {number}
        "written": {},  # number -> (page, id), as the last build wrote them
    }

    def equations(self) -> dict[str, tuple[str, str]]:
        """Number -> (page, id); sections too."""
        return {
            number: (docname, eq_id)
            for docname, on_page in self.data["equations"].items()
            for number, eq_id in on_page.items()
        }

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """For the search page: a number leads to the equation, and then to the section."""
        for number, (docname, eq_id) in self.equations().items():
            kind, _, digits = number.rpartition(" ")
            yield digits, digits, kind or "equation", docname, eq_id, 1 if kind else 0

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        return type.lname

    def clear_doc(self, docname: str) -> None:
        self.data["equations"].pop(docname, None)
        self.data["mentions"].pop(docname, None)

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        for docname in docnames:
            for kind in ("equations", "mentions"):
                if docname in otherdata[kind]:
                    self.data[kind][docname] = otherdata[kind][docname]

    def check_consistency(self) -> None:
        first: dict[str, str] = {}
        for docname, on_page in sorted(self.data["equations"].items()):
            for number in on_page:
                if first.setdefault(number, docname) != docname:
                    warn_twice(number, first[number], docname)

    def resolve_xref(
        self, env: BuildEnvironment, fromdocname: str, builder: Builder, typ: str,
        target: str, node: pending_xref, contnode: nodes.Element,
    ) -> nodes.Element | None:  # fmt: skip
        if found := self.equations().get(target):
            docname, eq_id = found
            return make_refnode(builder, fromdocname, docname, eq_id, contnode)
        if node["must_exist"]:
            missing = (
                f"no {target} in the book: no heading begins with its number"
                if target.startswith("section ")
                else rf"no equation ({target}) in the book: no display maths has \tag{{{target}}}"
            )
            logger.warning(missing, location=node, type="mle", subtype="equation")
        return None  # the text stays as it is


def read_equations(app: Sphinx, doctree: nodes.document) -> None:
    """Give one page's numbered equations their ids, and mark the mentions in its prose."""
    docname = app.env.docname
    data = app.env.get_domain("mle").data
    equations = data["equations"].setdefault(docname, {})
    mentions = data["mentions"].setdefault(docname, set())
    for block in doctree.findall(nodes.math_block):
        for number in TAG.findall(block.astext()):
            if number in equations:
                warn_twice(number, docname, block)
            equations[number] = nodes.make_id(f"eq-{number}")
            block["ids"].append(equations[number])
    for section in doctree.findall(nodes.section):
        if heading := HEADING.match(section[0].astext()):
            number = f"section {heading[1]}"
            if number in equations:
                warn_twice(number, docname, section)
            equations[number] = section["ids"][0]
    for text_node in [t for t in doctree.findall(nodes.Text) if is_prose(t)]:
        parts = list(_split_mentions(text_node, docname))
        if found := {part["reftarget"] for part in parts if isinstance(part, pending_xref)}:
            replace(text_node, *parts)
            mentions |= found


def warn_twice(number: str, docname: str, location: nodes.Node | str) -> None:
    """Two equations or sections with one number: a link could not know which is meant."""
    what = number if number.startswith("section ") else rf"\tag{{{number}}}"
    logger.warning(
        "%s number given twice: %s also stands in %s",
        "section" if what == number else "equation", what, docname,
        location=location, type="mle", subtype="equation",
    )  # fmt: skip


def is_prose(node: nodes.Node) -> bool:
    while (node := node.parent) is not None:
        # myst-nb marks what belongs to a code cell, its output included, with `nb_element`.
        if isinstance(node, NOT_PROSE) or "nb_element" in node.attributes:
            return False
    return True


def _split_mentions(text: nodes.Text, docname: str) -> Iterator[nodes.Node]:
    """Cut "see (2.3)." into "see ", a reference and "."."""
    position = 0
    for start, end, target, must_exist in sorted([*_equations(text), *_sections(text)]):
        if start > position:
            yield nodes.Text(text[position:start])
        reference = pending_xref(
            "", nodes.inline("", text[start:end]), refdomain="mle", reftype="eq",
            reftarget=target, refdoc=docname, refwarn=False, refexplicit=True,
            must_exist=must_exist,
        )  # fmt: skip
        reference.source, reference.line = text.parent.source, text.parent.line
        yield reference
        position = end
    if position < len(text):
        yield nodes.Text(text[position:])


Mention = tuple[int, int, str, bool]  # start, end, number, whether there must be such a thing


def _equations(text: nodes.Text) -> Iterator[Mention]:
    so_far = "".join(node.astext() for node in siblings_before(text))
    for match in MENTION.finditer(text):
        said = bool(SAYS_EQUATION.search(so_far + text[: match.start()]))
        yield match.start(), match.end(), match[1], said


def _sections(text: nodes.Text) -> Iterator[Mention]:
    for words in SECTIONS.finditer(text):
        start = words.start()  # the first link takes the word with it
        for number in re.finditer(r"\d+\.\d+", words[0]):
            end = words.start() + number.end()
            yield start, end, f"section {number[0]}", True
            start = end + len(re.match(r"\D*", text[end:])[0])


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages that mention a number whose equation came, went or moved since the last build."""
    domain = env.get_domain("mle")
    assert isinstance(domain, EquationDomain)
    now, before = domain.equations(), domain.data["written"]
    changed = {n for n in now.keys() | before.keys() if now.get(n) != before.get(n)}
    domain.data["written"] = now
    return [doc for doc, numbers in domain.data["mentions"].items() if numbers & changed]
