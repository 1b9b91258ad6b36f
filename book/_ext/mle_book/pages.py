"""What the theme leaves out of, or puts too much into, a page."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from .tree import place, replace

INSTALL = "install"  # the tag of a chapter's first code cell
PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")


def reading_order(env: BuildEnvironment) -> list[str]:
    """All pages, those of the table of contents first and in its order."""
    listed = [page for page in env.collect_relations() if page in env.found_docs]
    return [*listed, *sorted(env.found_docs - set(listed))]


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", drop_widget_state)
    app.connect("doctree-read", keep_punctuation)
    app.connect("doctree-read", fold_setup)
    app.connect("html-page-context", name_folds_by_their_text)


def drop_widget_state(app: Sphinx, doctree: nodes.document) -> None:
    """Leave the state of widgets out of the page: nothing on it reads it, and it is large."""
    page = getattr(app.env, "nb_metadata", {}).get(app.env.docname, {})
    page.get("js_files", {}).pop("ipywidgets_state", None)


def keep_punctuation(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the punctuation after a formula on its line: browsers break a line between the two."""
    for formula in list(doctree.findall(nodes.math)):
        text = formula.next_node(descend=False, siblings=True, ascend=False)
        match = PUNCTUATION.match(text) if isinstance(text, nodes.Text) else None
        if match:
            rest = text[match.end() :]
            replace(text, *[nodes.Text(rest)] if rest else [])
            group = nodes.inline(classes=["mle-nobreak"])
            replace(formula, group)
            group += [formula, nodes.Text(match[0])]


def name_folds_by_their_text(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Of a folded cell a screen reader says what stands there, not MyST-NB's name for them all."""
    if body := context.get("body"):
        context["body"] = body.replace(' aria-label="Toggle hidden content"', "")


def fold_setup(app: Sphinx, doctree: nodes.document) -> None:
    """Fold what a chapter begins with, the cell that installs and the one that imports.

    Who runs the notebook needs them; who reads it wants the first sentence.
    """
    for first in [cell for cell in doctree.findall(nodes.container) if _installs(cell)]:
        position, parent = place(first), first.parent
        following = parent[position + 1 : position + 2]
        cells = [first, *(cell for cell in following if _is_code(cell))]
        summary = "<summary>Set up: what this chapter installs and imports</summary>"
        opening = nodes.raw("", f'<details class="mle-setup">{summary}', format="html")
        closing = nodes.raw("", "</details>", format="html")
        parent[position : position + len(cells)] = [opening, *cells, closing]


def _is_code(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _installs(node: nodes.container) -> bool:
    return _is_code(node) and INSTALL in node["cell_metadata"].get("tags", ())
