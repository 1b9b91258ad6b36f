"""A block quote that opens with a bold label becomes an admonition.

    > **Guess.** How many batches does it take?

turns into a box with the title "Guess" and the classes `mle-callout mle-callout-guess`.
A quote without a label, or with nothing but a label, stays a quote.
"""

from docutils import nodes
from sphinx.application import Sphinx

from .tree import replace


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", make_callouts)


def make_callouts(app: Sphinx, doctree: nodes.document) -> None:
    """Replace every labelled block quote of one page."""
    for quote in list(doctree.findall(nodes.block_quote)):
        if (label := _label(quote)) is not None:
            replace(quote, _callout(quote, label))


def _label(quote: nodes.block_quote) -> nodes.strong | None:
    """The bold text at the start of a quote, if something follows it."""
    first = quote[0] if len(quote) else None
    if not isinstance(first, nodes.paragraph):
        return None
    # MyST puts an empty text in front of bold text.
    label = next((node for node in first if node.astext().strip()), None)
    if not isinstance(label, nodes.strong) or quote.astext().strip() == label.astext().strip():
        return None
    return label


def _callout(quote: nodes.block_quote, label: nodes.strong) -> nodes.admonition:
    """Build the admonition, moving the quote's content into it."""
    paragraph = quote[0]
    replace(label)
    _strip_edge(paragraph, left=True)
    if not paragraph.astext():  # the label had a paragraph to itself
        replace(paragraph)
    title = nodes.title("", "", *label.children)
    _strip_edge(title, left=False)
    slug = nodes.make_id(title.astext()) or "note"
    box = nodes.admonition("", title, *quote.children)
    box["classes"] = ["mle-callout", f"mle-callout-{slug}"]
    box.source, box.line = quote.source, quote.line
    return box


def _strip_edge(node: nodes.Element, left: bool) -> None:
    """Strip white space after a label, or the label's final period or colon."""
    while node.children and isinstance(node[0 if left else -1], nodes.Text):
        text = node[0 if left else -1]
        stripped = text.lstrip() if left else text.rstrip(".: ")
        replace(text, *[nodes.Text(stripped)] if stripped else [])
        if stripped:
            return
