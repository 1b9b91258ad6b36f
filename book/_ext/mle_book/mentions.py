"""Where the pages of the book mention what the API reference documents, and links from there.

Inline code that names an entry leads to it, and so does the first use in each code cell
(`code_links`), but only where there is no doubt that the library's name is meant.
"""

import re
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from .equations import is_prose
from .names import Names, read_cells
from .pages import reading_order
from .tree import replace

TOP = {"function", "class", "exception"}
REFERENCE = "mle_api"  # in the metadata of the page that is the reference
# `minibatch_gradient`, `minibatch.minibatch_gradient(model, x, indices)`
DOTTED = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(\(.*\))?", re.DOTALL)
DISTINCT = re.compile(r"[A-Z_.]")  # no English word looks like this
SECTION = re.compile(r"\d+\.\d+")
# its functions have the names of those for one process, which a name alone means
SAME_NAMES = "mle_lib.distributed."


def setup(app: Sphinx) -> None:
    app.add_domain(MentionDomain)
    app.connect("doctree-read", read_page, priority=700)
    app.connect("env-updated", pages_to_write_again)


class Mention(NamedTuple):
    """A name in a chapter. `path` is where the chapter's code imports it from, or empty."""

    text: str
    path: str


class Place(NamedTuple):
    """A numbered section of a page, or the page as a whole."""

    docname: str
    section: str  # its id, or empty
    label: str  # its number


class MentionDomain(Domain):
    """Where the book mentions what Sphinx's domain of Python documents, page by page."""

    name = "mle-api"
    label = "mentions of the API reference"
    initial_data: ClassVar[dict[str, Any]] = {
        "mentions": {},  # page -> {mention: [places]}
        "written": {},  # page -> what was linked to what, as the last build wrote it
    }

    def clear_doc(self, docname: str) -> None:
        self.data["mentions"].pop(docname, None)

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        self.data["mentions"] |= {
            docname: otherdata["mentions"][docname]
            for docname in docnames
            if docname in otherdata["mentions"]
        }

    def target(self, text: str, path: str) -> tuple[str, str] | None:
        """Page and id of the entry that is meant, if there is no doubt which; the id is its name.

        Sphinx knows an object that is documented under one name and defined under another by both.
        """
        entries = self.env.get_domain("py").data["objects"]
        if path:
            found = [entries[path]] if path in entries else []
        else:
            found = [
                entry
                for name, entry in entries.items()
                if f".{name}".endswith(f".{text}") and not entry.aliased
                if "." in text or (entry.objtype in TOP and not name.startswith(SAME_NAMES))
            ]
        return (found[0].docname, found[0].node_id) if len(found) == 1 else None

    def uses(self) -> dict[str, list[Place]]:
        """Entry -> where the book uses it, in the order of the pages."""
        uses: dict[str, list[Place]] = {}
        for docname in reading_order(self.env):
            for mention, places in self.data["mentions"].get(docname, {}).items():
                found = self.target(*mention)
                if found and found[0] != docname:
                    uses.setdefault(found[1], []).extend(places)
        return {name: list(dict.fromkeys(places)) for name, places in uses.items()}

    def resolve_xref(
        self, env: BuildEnvironment, fromdocname: str, builder: Builder, typ: str,
        target: str, node: addnodes.pending_xref, contnode: nodes.Element,
    ) -> nodes.Element | None:  # fmt: skip
        if found := self.target(target, node["path"]):
            return make_refnode(builder, fromdocname, *found, contnode)
        return None  # the code stays as it is


def read_page(app: Sphinx, doctree: nodes.document) -> None:
    """Note which names one page mentions, and mark them to become links."""
    docname, domain = app.env.docname, app.env.get_domain(MentionDomain.name)
    mentions = domain.data["mentions"].setdefault(docname, {})
    blocks = [b for b in doctree.findall(nodes.literal_block) if _is_cell(b)]
    names, cells = read_cells([block.astext() for block in blocks])
    found: list[tuple[nodes.Node, Mention, bool]] = []
    for block, uses in zip(blocks, cells, strict=True):
        block["mle_uses"] = uses
        found += [(block, Mention(use.text, use.path), not use.is_import) for use in uses]
    for literal in [node for node in doctree.findall(nodes.literal) if is_prose(node)]:
        if mention := _mention(literal, names):
            found.append((literal, mention, True))
            link = addnodes.pending_xref(
                "", refdomain=MentionDomain.name, reftype="name", reftarget=mention.text,
                refdoc=docname, refwarn=False, refexplicit=True, path=mention.path,
            )  # fmt: skip
            replace(literal, link)
            link += literal
    order = {node: number for number, node in enumerate(doctree.findall(nodes.Element))}
    for node, mention, is_use in sorted(found, key=lambda item: order[item[0]]):
        places = mentions.setdefault(mention, [])
        if is_use and (place := _place(node, docname)) not in places:
            places.append(place)


def _is_cell(block: nodes.literal_block) -> bool:
    return block.parent.get("nb_element") == "cell_code_source"


def _mention(literal: nodes.literal, names: Names) -> Mention | None:
    match = DOTTED.fullmatch(literal.astext())
    if not match:
        return None
    text, root = match[1], match[1].partition(".")[0]
    entry: nodes.Node | None = literal
    while (entry := entry.parent) is not None:  # an entry does not link to itself
        if isinstance(entry, addnodes.desc) and f".{entry_name(entry)}".endswith(f".{text}"):
            return None
    if path := names.path(text):
        return Mention(text, path)
    free = root not in names.taken and DISTINCT.search(text)
    return Mention(text, "") if free else None


def entry_name(entry: addnodes.desc) -> str:
    """The full name of what an entry documents."""
    signature = entry.next_node(addnodes.desc_signature)
    return f"{signature['module']}.{signature['fullname']}"


def _place(node: nodes.Node, docname: str) -> Place:
    """The numbered section that holds the node, or the page as a whole."""
    while (node := node.parent) is not None:
        if isinstance(node, nodes.section):
            number = SECTION.match(node.next_node(nodes.title).astext())
            if number:
                return Place(docname, node["ids"][0], number[0])
    return Place(docname, "", "")


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages whose links, or whose "Used in", are others than when they were last written."""
    domain = env.get_domain(MentionDomain.name)
    assert isinstance(domain, MentionDomain)
    uses, titles = domain.uses(), {doc: title.astext() for doc, title in env.titles.items()}
    now: dict[str, Any] = {
        docname: {mention: domain.target(*mention) for mention in mentions}
        for docname, mentions in domain.data["mentions"].items()
    }
    for docname in now:
        if REFERENCE in env.metadata[docname]:
            now[docname] |= {"uses": uses, "titles": titles}
    before, domain.data["written"] = domain.data["written"], now
    return [docname for docname, links in now.items() if links != before.get(docname)]
