"""The library's docstrings, as they are written, for autodoc and napoleon.

They are plain text with Unicode formulas, and of reST's markup they use ``code`` and *emphasis*
alone. So whatever else reST would read in them (|x|, x_, a lone *) is escaped, and formulas, which
are an indented block or the opening of a docstring, keep their lines.
"""

import re
from collections.abc import Iterator
from textwrap import dedent, indent
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):$")
MARKUP = re.compile(r"(``.+?``|(?<!\w)\*\w[\w -]*\*(?!\w))", re.DOTALL)
SPECIAL = re.compile(r"[\\*|`]|_(?!\w)")
RELATION = re.compile(r"[=←≤≥∝]")
# A formula stands before the first word: "ĝ = (m/b) Σ ..., the estimator", not "The sum Σ ..."
OPENING = re.compile(
    r"(?:(?!(?<![\w^])(?!log|exp|max|min)[A-Za-z]{3,}(?!\w))[^=←≤≥∝ΣΠ∇])*[=←≤≥∝ΣΠ∇]"
)
FORMULA = "mle-formula"


def setup(app: Sphinx) -> None:
    # before napoleon, which makes reST of the sections
    app.connect("autodoc-process-docstring", mend, priority=400)
    app.connect("doctree-read", leave_formulas_uncoloured)
    app.connect("doctree-read", keep_names_from_translation)


def mend(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Change the lines of one docstring, in place."""
    lines[:] = to_rest("\n".join(lines), opens_with_formula=what != "module").splitlines()


def to_rest(docstring: str, opens_with_formula: bool = True) -> str:
    """The docstring in reST, its sections left to napoleon."""
    return "\n\n".join(_paragraphs(docstring.rstrip(), opens_with_formula)) + "\n"


def _paragraphs(docstring: str, opens_with_formula: bool) -> Iterator[str]:
    in_sections = False
    for number, paragraph in enumerate(re.split(r"\n\s*\n", docstring)):
        in_sections = in_sections or bool(SECTION.match(paragraph.partition("\n")[0]))
        if in_sections:
            yield escaped(paragraph)
        elif number == 0 and opens_with_formula and OPENING.match(paragraph):
            # its lines are those of the formula, or only those of the page
            first, *rest = paragraph.split("\n")
            lines = [f"\n{line}" if RELATION.search(line) else f" {line}" for line in rest]
            yield _formula("".join([first, *lines]))
        elif paragraph.startswith(" "):
            yield _formula(dedent(paragraph))
        else:
            yield escaped(paragraph)


def _formula(text: str) -> str:
    return f".. parsed-literal::\n   :class: {FORMULA}\n\n{indent(escaped(text), '   ')}"


def escaped(text: str) -> str:
    """The text with everything escaped that is markup in reST, but ``code`` and *emphasis*."""
    parts = MARKUP.split(text)
    return "".join(
        part if number % 2 else SPECIAL.sub(r"\\\g<0>", part) for number, part in enumerate(parts)
    )


def leave_formulas_uncoloured(app: Sphinx, doctree: nodes.document) -> None:
    """Sphinx colours, as Python, a block whose text is its source."""
    for block in doctree.findall(nodes.literal_block):
        if FORMULA in block["classes"]:
            block.rawsource = ""


def keep_names_from_translation(app: Sphinx, doctree: nodes.document) -> None:
    """What is bold in a list of arguments is their names, which are code, and types are slanted.

    `delivery` adds the attribute.
    """
    for field in doctree.findall(nodes.field):
        for kind in (nodes.strong, addnodes.literal_emphasis):
            for name in field.findall(kind):
                name["classes"].append("notranslate")
