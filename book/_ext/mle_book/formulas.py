r"""Formulas, set as MathML when the site is built: they stand when the page does, without a script.

Sphinx hands each formula to these functions in place of MathJax's. One that cannot be set is a
warning, hence an error of the build. Its LaTeX stays with it, in `data-tex`: `page.js` gives that
to who copies. An equation's number is a link to itself, and stays in view where a long formula is
scrolled beside it.

The letters are those of STIX Two Math, of which `tools/math_font.py` cuts out what the book uses. A
formula with a letter that is not among them is a warning, too.
"""

import re
from collections.abc import Iterator
from functools import cache
from html import escape, unescape
from pathlib import Path

from docutils import nodes
from fontTools.ttLib import TTFont
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from .equations import TAG

logger = logging.getLogger(__name__)

CONVERTER = LatexToMathML(fancy_error=False)
CLASSES = "math notranslate nohighlight"
FONT = Path(__file__).parents[2] / "_static" / "fonts" / "stix-two-math.woff2"
# Chromium stretches a bracket in a row, and not one that by itself has an index.
LARGE_WITH_INDEX = re.compile(r"<(msu[bp]|msubsup)>(<mo [^>]*minsize[^>]*>[^<]*</mo>)")
TOKEN = re.compile(r"<(m[iosn]|mtext)\b([^>]*)>([^<]*)<")
NOT_SEEN = "\u2061\ufe00 "  # "of", between a function and its argument; "the other form of it"
# What a browser shows for an identifier of one letter is italic: the first of each alphabet there
ITALIC = (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2), ("α", "ω", 0x1D6FC))
ITALIC_ALONE = {"h": 0x210E, "∂": 0x1D715, "ϵ": 0x1D716, "ϑ": 0x1D717, "ϕ": 0x1D719, "ϱ": 0x1D71A}


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))


def to_mathml(latex: str, display: bool = False) -> str:
    """One formula as MathML, without its number.

    Raises:
        LatexError: If there is something in it that is not known.
    """
    mathml = CONVERTER.convert_with_local_state(latex.strip(), displaystyle=display)
    return LARGE_WITH_INDEX.sub(r"<\1><mrow>\2<mspace/></mrow>", mathml)


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(f'<span class="{CLASSES}">{_set(node.astext(), node)}</span>')
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    numbers = "".join(
        f'<a class="mle-equation-number" href="#{nodes.make_id(f"eq-{number}")}">({number})</a>'
        for number in TAG.findall(node.astext())
    )
    opening = self.starttag(node, "div", CLASS=CLASSES).rstrip()
    formula = f'<span class="mle-formula">{_set(node.astext(), node)}</span>'
    self.body.append(f"{opening}{formula}{numbers}</div>\n")
    raise nodes.SkipNode


def _set(latex: str, node: nodes.math | nodes.math_block) -> str:
    try:
        mathml = to_mathml(TAG.sub("", latex), isinstance(node, nodes.math_block))
    except LatexError as error:
        _warn(f"a formula cannot be set: {error}", latex, node)
        return escape(latex)
    if lacking := characters(mathml) - in_the_font():
        _warn(f"the font of formulas lacks {''.join(sorted(lacking))!r}", latex, node)
    return mathml.replace("<math", f'<math data-tex="{escape(" ".join(latex.split()))}"', 1)


def _warn(what: str, latex: str, node: nodes.Node) -> None:
    logger.warning("%s: %s", what, latex.strip(), location=node, type="mle", subtype="formula")


# ---- the font


def characters(mathml: str) -> set[str]:
    """What a formula needs of the font."""
    found = {character for token in TOKEN.finditer(mathml) for character in _shown(*token.groups())}
    return found | {"√"} if "<msqrt" in mathml or "<mroot" in mathml else found


def _shown(element: str, attributes: str, text: str) -> Iterator[str]:
    text = unescape(text)
    italic = element == "mi" and len(text) == 1 and "mathvariant" not in attributes
    for letter in text:
        found = [at + ord(letter) - ord(a) for a, z, at in ITALIC if italic and a <= letter <= z]
        code = ITALIC_ALONE.get(letter) if italic else None
        if letter not in NOT_SEEN:
            yield chr(code or [*found, ord(letter)][0])


@cache
def in_the_font() -> frozenset[str]:
    return frozenset(map(chr, TTFont(FONT).getBestCmap()))
