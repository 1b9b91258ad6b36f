"""The API reference: `{mle-api}` documents modules of the library, one a line.

Every public function and class of each has an entry, made from its docstring, once, under the name
by which the first module in the list has it. The entry says where the book uses it (`mentions`).
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.viewcode import OUTPUT_DIRNAME, viewcode_anchor
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from .mentions import REFERENCE, TOP, MentionDomain, Place, entry_name
from .reexecution import PACKAGE
from .tree import replace

CHAPTER = re.compile(r"(\d+)\. ")


def setup(app: Sphinx) -> None:
    app.add_directive("mle-api", ApiDirective)
    app.add_node(used_in)
    app.connect("doctree-read", make_room)
    app.connect("doctree-read", answer_to_both_names)
    app.connect("doctree-resolved", say_where_used)


class used_in(nodes.General, nodes.Element):
    """The place for "Used in" in the entry `name`."""


def public_members(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The public functions and classes of a module: `__all__`, or what is defined there."""
    for name in getattr(module, "__all__", vars(module)):
        member = getattr(module, name)
        if not (inspect.isfunction(member) or inspect.isclass(member)) or name.startswith("_"):
            continue
        if hasattr(module, "__all__") or member.__module__ == module.__name__:
            yield name, member


class ApiDirective(SphinxDirective):
    """All of the modules that are its content."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        for path in sorted(Path(self.env.srcdir, PACKAGE).rglob("*.py")):
            self.env.note_dependency(str(path))
        self.env.metadata[self.env.docname][REFERENCE] = True
        text: list[str] = []
        seen: set[Any] = set()
        for module_name in filter(None, self.content):
            module = importlib.import_module(module_name)
            text += [f"## {module_name}", "", "```{eval-rst}", f".. automodule:: {module_name}", ""]
            for name, member in public_members(module):
                if member in seen:
                    continue
                seen.add(member)
                if inspect.isclass(member):
                    text += [f".. autoclass:: {module_name}.{name}", "   :members:"]
                    if member.__bases__ != (object,):
                        text.append("   :show-inheritance:")
                else:
                    text.append(f".. autofunction:: {module_name}.{name}")
                text.append("")
            text += ["```", ""]
        holder = nodes.Element()
        lines = StringList(text, self.env.docname)
        self.state.nested_parse(lines, self.content_offset, holder, match_titles=True)
        return holder.children


def make_room(app: Sphinx, doctree: nodes.document) -> None:
    """A place for "Used in" at the end of each entry, or of what it says of a class as a whole."""
    for entry in doctree.findall(addnodes.desc):
        if entry["objtype"] in TOP and entry["domain"] == "py":
            content = entry.next_node(addnodes.desc_content)
            members = (n for n, c in enumerate(content) if isinstance(c, addnodes.desc))
            content.insert(next(members, len(content)), used_in(name=entry_name(entry)))


def answer_to_both_names(app: Sphinx, doctree: nodes.document) -> None:
    """viewcode leads from source to entries by one name of the module, and it may have two here."""
    for anchor in doctree.findall(viewcode_anchor):
        module = anchor["reftarget"].removeprefix(f"{OUTPUT_DIRNAME}/").replace("/", ".")
        _, _, _, name = app.env._viewcode_modules[module]
        entry, signature = f"{name}.{anchor['refid']}", anchor.parent
        if entry not in signature["ids"]:
            signature["ids"].append(entry)


def say_where_used(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fill the places for "Used in"."""
    places = list(doctree.findall(used_in))
    domain = app.env.get_domain(MentionDomain.name)
    assert isinstance(domain, MentionDomain)
    uses = domain.uses() if places else {}
    for place in places:
        by_page: dict[str, list[Place]] = {}
        for use in uses.get(place["name"], []):
            by_page.setdefault(use.docname, []).append(use)
        line = nodes.paragraph("", "", nodes.strong("", "Used in"), classes=["mle-used-in"])
        for number, (page, sections) in enumerate(by_page.items()):
            line += nodes.Text(", " if number else " ")
            line += _link(app, docname, page, "", _page_label(app.env, page))
            named = [use for use in sections if use.section]
            for n, use in enumerate(named):
                line += nodes.Text(", " if n else " (")
                line += _link(app, docname, page, use.section, use.label)
            line += nodes.Text(")" if named else "")
        replace(place, *[line] if by_page else [])


def _page_label(env: BuildEnvironment, docname: str) -> str:
    title = env.titles[docname].astext()
    number = CHAPTER.match(title)
    return f"chapter {number[1]}" if number else title


def _link(app: Sphinx, fromdocname: str, docname: str, anchor: str, text: str) -> nodes.reference:
    return make_refnode(app.builder, fromdocname, docname, anchor, nodes.inline("", text))
