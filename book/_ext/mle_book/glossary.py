"""The glossary, and the first use of each of its words in a chapter, which leads there.

On `book/glossary.md` each item of a list is an entry:

    - **step size**, **learning rate** · *taxa de aprendizado*

      What it is. [2.6](gradient.ipynb#the-algorithm-and-backpropagation)

The bold words are what is looked for, in the singular and in the plural, as whole words; the words
in italics are Portuguese, and say so to programs that read aloud; the last link leads to the
section that explains the word. The entry gets the id `term-step-size`, and is an object of a
domain, so that the search has it.

A word leads to its entry only after the section that explains it: before, the text itself is about
to. Only the prose of numbered sections is linked, and no guess and no bold text, which is a label.
These links are not stops of the Tab key, or a page would have dozens on the way to its first
exercise. For the keyboard all of them stand at the chapter's end, in one fold.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from .equations import HEADING, is_prose
from .guesses import GUESS
from .tree import replace

logger = logging.getLogger(__name__)

PAGE = "book/glossary"
NUMBER = re.compile(r"\d+\.\d+")
Place = tuple[int, ...]  # chapter and section


class Entry(NamedTuple):
    forms: tuple[str, ...]
    id: str
    section: Place


class Target(NamedTuple):
    entry: Entry
    uri: str  # from the page at hand


class TermLink(nodes.inline):
    """A link that Tab passes over; `nodes.reference` cannot say so."""


class GlossaryDomain(Domain):
    """The entries of the glossary."""

    name = "mle-glossary"
    label = "glossary"
    object_types: ClassVar[dict[str, ObjType]] = {"term": ObjType("term")}
    initial_data: ClassVar[dict[str, Any]] = {
        "entries": [],
        "written": [],  # the same, as the last build wrote them
    }

    def clear_doc(self, docname: str) -> None:
        if docname == PAGE:
            self.data["entries"] = []

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        if PAGE in docnames:
            self.data["entries"] = otherdata["entries"]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        for entry in self.data["entries"]:
            yield entry.forms[0], entry.forms[0], "term", PAGE, entry.id, 1

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        return type.lname


def setup(app: Sphinx) -> None:
    app.add_domain(GlossaryDomain)
    app.add_node(TermLink, html=(visit_link, depart_link))
    app.connect("doctree-read", read_entries)
    app.connect("env-updated", pages_to_write_again)
    app.connect("doctree-resolved", link_first_uses)


def visit_link(self: Any, node: TermLink) -> None:
    attributes = {"href": node["refuri"], "tabindex": "-1"}
    self.body.append(self.starttag(node, "a", "", CLASS="mle-term", **attributes))


def depart_link(self: Any, node: TermLink) -> None:
    self.body.append("</a>")


def read_entries(app: Sphinx, doctree: nodes.document) -> None:
    """Give each entry of the page its id, and say which of its words are Portuguese."""
    if app.env.docname != PAGE:
        return
    entries: list[Entry] = app.env.get_domain(GlossaryDomain.name).data["entries"]
    for item in doctree.findall(nodes.list_item):
        forms = tuple(plain(node.astext()) for node in item[0].findall(nodes.strong))
        names = list(item[0].findall(nodes.emphasis))
        section = NUMBER.findall(item.astext())
        if not (forms and names and section):
            logger.warning(
                "glossary: an entry has words, their Portuguese and a section: %s",
                item[0].astext(), location=item, type="mle", subtype="glossary",
            )  # fmt: skip
            continue
        for name in names:
            name["classes"].append("language-pt")  # docutils makes lang="pt" of it
        entry = Entry(forms, nodes.make_id(f"term-{forms[0]}"), place_of(section[-1]))
        entries.append(entry)
        box = nodes.container("", *item.children, ids=[entry.id], classes=["mle-entry"])
        item.children = []
        item += box


def plain(word: str) -> str:
    """With the apostrophe as it is typed; Sphinx curls it."""
    return word.replace("’", "'")


def place_of(number: str) -> Place:
    return tuple(map(int, number.split(".")))


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """All pages, if an entry came, went or changed its words since the last build."""
    data = env.get_domain(GlossaryDomain.name).data
    before, data["written"] = data["written"], data["entries"]
    return env.found_docs if before != data["written"] else ()


def link_first_uses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link each word's first use in a chapter, and list all of them at its end."""
    if app.builder.format != "html" or docname == PAGE:
        return
    targets = {
        form: Target(entry, app.builder.get_relative_uri(docname, PAGE) + f"#{entry.id}")
        for entry in app.env.get_domain(GlossaryDomain.name).data["entries"]
        for form in entry.forms
    }
    if not targets:
        return
    words = pattern(targets)
    found: set[str] = set()  # where the links of this page lead
    for text in [node for node in doctree.findall(nodes.Text) if is_prose(node)]:
        if here := section_of(text):
            parts = list(linked(text, here, words, targets, found))
            if any(isinstance(part, TermLink) for part in parts):
                replace(text, *parts)
    if found:
        links = ", ".join(
            f'<a class="mle-term" href="{escape(uri)}">{escape(entry.forms[0])}</a>'
            for entry, uri in dict.fromkeys(targets.values())
            if uri in found
        )
        fold = f"<details><summary>Words of this chapter in the glossary</summary><p>{links}</p>"
        doctree[-1] += nodes.raw(
            "", f'<div class="mle-terms">{fold}</details></div>', format="html"
        )


def section_of(text: nodes.Text) -> Place:
    """The numbered section whose prose this is, or nothing."""
    node: nodes.Node | None = text
    while (node := node.parent) is not None:
        if isinstance(node, nodes.strong | nodes.table | nodes.caption) or GUESS in node["classes"]:
            return ()
        if isinstance(node, nodes.section):
            heading = HEADING.match(node[0].astext())
            return place_of(heading[1]) if heading else ()
    return ()


def pattern(forms: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, the longest first; at the start of a sentence, too; MADE is not "made"."""
    words = (
        f"[{form[0]}{form[0].upper()}]{re.escape(form[1:])}".replace("'", "['’]")
        for form in sorted(forms, key=len, reverse=True)
    )
    return re.compile(rf"(?<![\w-])({'|'.join(words)})(?:s|es)?(?![\w-])")


def linked(
    text: nodes.Text,
    here: Place,
    words: re.Pattern[str],
    targets: dict[str, Target],
    found: set[str],
) -> Iterator[nodes.Node]:
    """Cut "the noise scale rises" into "the ", a link and " rises"."""
    position = 0
    for match in words.finditer(text):
        word = plain(match[1])
        entry, uri = targets.get(word) or targets[word[0].lower() + word[1:]]
        if uri not in found and entry.section < here:
            found.add(uri)
            if match.start() > position:
                yield nodes.Text(text[position : match.start()])
            yield TermLink("", match[0], refuri=uri)
            position = match.end()
    if position < len(text):
        yield nodes.Text(text[position:])
