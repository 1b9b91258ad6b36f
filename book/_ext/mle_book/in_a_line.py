r"""Formulas as plain text, for titles and excerpts: `\frac{m}{b}` is m/b, `\hat g` is ĝ."""

import re
import unicodedata
from functools import cache
from xml.etree import ElementTree

from math_core import LatexError

from .formulas import to_mathml

# What a formula says to its page only
UNSEEN = re.compile(r"\\tag\*?\{[^}]*\}|\\label\{[^}]*\}|\\\[|\\\]|\\(?:begin|end)\{[^}]*\}|&")
ACCENTS = {"ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304", "˙": "\u0307", "→": "\u20d7"}
# A space before what closes, after what opens, after a sign, between a word and its argument
BOUNDS = {
    "msub": "_",
    "munder": "_",
    "msup": "^",
    "mover": "^",
    "msubsup": "_^",
    "munderover": "_^",
}
CLOSE = re.compile(r" (?=[,;.!)\]])|(?<=[(\[]) |(?<=[(\[^][−+<>≤≥]) |(?<=[a-z]) (?=[(\[])")


@cache
def in_a_line(latex: str) -> str:
    """The formula as plain text; what is no formula is an ellipsis."""
    try:
        mathml = to_mathml(UNSEEN.sub(" ", latex).replace(r"\\", r"\quad "))
    except LatexError:  # as of a column of lines, whose frame is left out
        return "…"
    text = _text(ElementTree.fromstring(mathml.replace("&ApplyFunction;", "")))
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    return CLOSE.sub("", CLOSE.sub("", text))


def _text(node: ElementTree.Element) -> str:
    kind, parts = node.tag.rpartition("}")[2], [_text(child) for child in node]
    if kind == "mi" and len(node.text or "") > 1 and (node.text or "").islower():
        return f" {node.text} "  # log, max
    if kind in ("mi", "mn", "mtext", "ms"):
        return node.text or ""
    if kind == "mo":
        mark = (node.text or "").strip()
        return f" {mark} " if _spaced(mark) else mark
    if kind == "mspace":
        return " " if node.get("width") else ""
    if kind == "mfrac":
        return "/".join(_one(part) for part in parts)
    if kind == "msqrt":
        return f"√{_one(''.join(parts))}"
    if kind in BOUNDS:
        base, *bounds = parts
        if bounds[0].strip() in ACCENTS and kind == "mover":
            return base + ACCENTS[bounds[0].strip()]
        if bounds[0] in ("′", "*"):
            return base + bounds[0]
        marked = zip(BOUNDS[kind], bounds, strict=True)
        written = base.strip() + "".join(mark + _one(bound) for mark, bound in marked if bound)
        return written if base == base.strip() else f" {written} "  # a sum, a maximum
    if kind in ("mtd", "mtr"):
        return "".join(parts) + " "
    return "".join(parts)


def _spaced(mark: str) -> bool:
    return bool(mark) and unicodedata.category(mark[0]) == "Sm" and mark not in "/∇∂|"


def _one(part: str) -> str:
    """Above or below a line, or beside a letter, what is more than a word stands in parentheses."""
    part = part.strip()
    single = re.fullmatch(r"[\w\u0300-\u036f]*|\([^()]*\)", part)
    return part if single else f"({part})"
