"""What a search engine says of a page: one or two sentences of the page, in plain text.

A page of the book is described by its first paragraph, cut where a clause ends; a page of source by
the first sentence of its module. No two pages have the same description.
"""

import importlib
import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.ext.viewcode import OUTPUT_DIRNAME

DESCRIPTION = "mle_description"  # in the context of a page that brings its own
LENGTH = 160  # about what a search engine shows
SOURCE = f"{OUTPUT_DIRNAME}/"
OTHERS = {
    "search": "Search the chapters of the book, its API reference, notation and other pages.",
    f"{SOURCE}index": "The modules of mle_lib, the library of the book, with their source.",
}
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z“])")
CLAUSE = re.compile(r"[,;:]\s")
COMMAND = re.compile(r"\\([A-Za-z]+)|\\[,;! ]")
SYMBOLS = {
    "ell": "ℓ", "theta": "θ", "alpha": "α", "beta": "β", "kappa": "κ", "nabla": "∇", "sum": "Σ",
    "sigma": "σ", "Sigma": "Σ", "approx": "≈", "le": "≤", "ge": "≥", "mid": "|", "to": "→",
    "operatorname": "", "mathbb": "", "text": "", "hat": "", "bar": "", "log": "log ",
}  # fmt: skip


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", describe)


def describe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    """Put the description into the head of a page, and the title of the book there only once."""
    text = of_page(doctree) if doctree else of_source(pagename, context) or OTHERS.get(pagename)
    text = text or context.get("title", "")
    tag = f'\n<meta name="description" content="{escape(text)}" />'
    context["metatags"] = context.get("metatags", "") + tag
    if pagename == app.config.root_doc:
        context["docstitle"] = ""  # which is the title of the page


def of_page(doctree: nodes.document) -> str:
    paragraph = next(doctree.findall(nodes.paragraph), None)
    return shortened(plain(paragraph)) if paragraph else ""


def of_source(pagename: str, context: dict[str, Any]) -> str:
    if not pagename.startswith(SOURCE) or pagename in OTHERS:
        return ""
    if DESCRIPTION in context:
        return shortened(context[DESCRIPTION])
    module = pagename.removeprefix(SOURCE).replace("/", ".")
    words = " ".join((importlib.import_module(module).__doc__ or "").replace("``", "").split())
    return shortened(f"Source of {module}: {words}")


def plain(node: nodes.Node) -> str:
    """The text of a paragraph, formulas without LaTeX."""
    pieces = (
        latex(text) if isinstance(text.parent, nodes.math | nodes.math_block) else text
        for text in node.findall(nodes.Text)
    )
    return " ".join("".join(pieces).split())


def latex(formula: str) -> str:
    """A short formula in Unicode: `x_<i` for `x_{<i}`."""
    text = COMMAND.sub(lambda command: SYMBOLS.get(command[1] or "", command[1] or " "), formula)
    return " ".join(re.sub(r"[{}]", "", text).split())


def shortened(text: str) -> str:
    """As many whole sentences as there is room for; if that is little, as many clauses or words."""
    sentences = SENTENCE.split(text)
    while sentences and len(" ".join(sentences)) > LENGTH:
        sentences.pop()
    whole = " ".join(sentences)
    if whole == text or len(whole) > LENGTH // 2:
        return whole
    ends = [match.start() for match in CLAUSE.finditer(text) if match.start() <= LENGTH - 2]
    if ends and ends[-1] > LENGTH // 2:
        return f"{text[: ends[-1]]} …"
    return whole or f"{text[: LENGTH - 2].rsplit(' ', 1)[0]} …"
