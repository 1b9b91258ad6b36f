"""Markdown as a chapter may use it, parsed: its links, and what Colab would show raw.

CommonMark with tables and with maths between dollars, as on the website: what looks like a link or
like MyST inside code or maths is none.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

# as in Pandoc: no space inside the dollars, no digit after them, so that prices are no maths
PARSER = MarkdownIt("commonmark").enable("table")
PARSER.use(
    dollarmath_plugin, allow_space=False, allow_digits=False, allow_labels=False, double_inline=True
)
PARSER.validateLink = lambda url: True  # type: ignore[method-assign] # `file:` is a link too

HTML_LINK = re.compile(
    r"\b(?:src|href|srcset|poster|data|action)\s*=\s*[\"']?([^\"'\s>]+)|\burl\([\"']?([^\"')]+)",
    re.I,
)
MYST_FENCE = re.compile(r"\{[\w:+.-]+\}")
MYST_ROLE = re.compile(r"\{[\w:+.-]+\}$")
# where a line of a paragraph begins
MYST_LINES = {
    "a directive": re.compile(r"^:{3,}.*", re.M),
    "a target": re.compile(r"^\([\w:. -]+\)=[ \t]*$", re.M),
    "a comment": re.compile(r"^%.*", re.M),
    "a block break": re.compile(r"^\+\+\+.*", re.M),
}
MYST_TEXT = {
    "a substitution": re.compile(r"\{\{.*?\}\}"),
    "an attribute": re.compile(r"\{(?:[#.][\w-]|[\w-]+=)[^{}]*\}"),
    "a footnote": re.compile(r"\[\^[^\]\s]+\]"),
    "an environment outside of dollars": re.compile(r"\\begin\{[^}]*\}"),
}
MYST_LABEL = re.compile(r"\$\$[ \t]*(\([\w:.-]+\))[ \t]*$", re.M)
MATHS = {"math_inline", "math_inline_double", "math_block"}
MACRO = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|[gex]?def|let|(?:re)?newenvironment|require"
    r"|DeclareMathOperator|label|(?:eq)?ref)(?![a-zA-Z])"
)


def tokens(text: str) -> list[Token]:
    """Every token, those inside paragraphs after their paragraph."""
    blocks = PARSER.parse(text)
    return [token for block in blocks for token in (block, *(block.children or ()))]


def links(text: str) -> Iterator[str]:
    """Where links, images and HTML lead to, in the order of the text."""
    for token in tokens(text):
        if token.type in ("html_block", "html_inline"):
            for match in HTML_LINK.finditer(token.content):
                yield match[1] or match[2]
        for name in ("href", "src"):
            if name in token.attrs:
                yield str(token.attrs[name])


def myst(text: str) -> Iterator[tuple[str, str]]:
    """What only MyST knows: its kind and the text of it."""
    found = tokens(text)
    for token, following in zip(found, [*found[1:], None], strict=True):
        if token.type == "fence" and MYST_FENCE.match(token.info.strip()):
            yield "a directive", token.info.strip()
        if token.type == "inline":
            for kind, pattern in MYST_LINES.items():
                yield from ((kind, match[0]) for match in pattern.finditer(token.content))
            yield from (("a label", match[1]) for match in MYST_LABEL.finditer(token.content))
        if token.type == "text":
            for kind, pattern in MYST_TEXT.items():
                yield from ((kind, match[0]) for match in pattern.finditer(token.content))
            role = MYST_ROLE.search(token.content)
            if role and following and following.type == "code_inline":
                yield "a role", f"{role[0]}`{following.content}`"


def macros(text: str) -> Iterator[str]:
    """Maths that says more than a formula: definitions, and references between formulas."""
    for token in tokens(text):
        if token.type in MATHS:
            yield from MACRO.findall(token.content)
