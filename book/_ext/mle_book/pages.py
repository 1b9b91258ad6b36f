"""What the theme leaves out of, or puts too much into, a page."""

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

DESCRIPTION_LENGTH = 160  # about what a search engine shows
PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", drop_widget_state)
    app.connect("doctree-read", keep_punctuation)
    app.connect("html-page-context", add_description)


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
            text.parent.replace(text, [nodes.Text(rest)] if rest else [])
            group = nodes.inline(classes=["mle-nobreak"])
            formula.replace_self(group)
            group += [formula, nodes.Text(match[0])]


def add_description(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    """Describe a page by its first paragraph."""
    paragraph = next(doctree.findall(nodes.paragraph), None) if doctree else None
    if paragraph is None:
        return
    text = " ".join(paragraph.astext().split())
    if len(text) > DESCRIPTION_LENGTH:
        text = text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"
    context["metatags"] = (
        context.get("metatags", "") + f'\n<meta name="description" content="{escape(text)}" />'
    )
