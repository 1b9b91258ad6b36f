"""A table that a cell prints is a table on its page.

`mle_lib.display.table` prints a heading, a line of dashes that says where columns are, and a line a
row; what is no row ends it.
"""

import re
from itertools import pairwise

from docutils import nodes
from sphinx.application import Sphinx

from .tree import replace

RULE = re.compile(r"-+(?:   -+)+")
DASHES = re.compile("-+")
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?")
FIGURES = re.compile(r"[-+−\d.,%±e() ]+(?: to [-+−\d.,%±e() ]+)?")  # one number, or a few
Rows = list[list[str]]


def setup(app: Sphinx) -> None:
    # after `outputs`, which joins what was printed in pieces
    app.connect("doctree-read", make_tables, priority=600)


def pieces(text: str) -> list[str | Rows]:
    """The tables of a text, a list of rows each, the heading first, and what stands around them."""
    found: list[str | Rows] = []
    lines = text.split("\n")
    while lines:
        rule = next((n for n, line in enumerate(lines) if n and RULE.fullmatch(line)), None)
        if rule is None:
            found.append("\n".join(lines))
            break
        spans = [match.span() for match in DASHES.finditer(lines[rule])]
        rows = range(rule + 1, len(lines))
        end = next((n for n in rows if not _is_row(lines[n], spans)), len(lines))
        found.append("\n".join(lines[: rule - 1]))
        found.append(
            [
                [line[a:b].strip() for a, b in spans]
                for line in (lines[rule - 1], *lines[rule + 1 : end])
            ]
        )
        lines = lines[end:]
    if len(found) == 1:
        return found
    texts = (piece.strip("\n") if isinstance(piece, str) else piece for piece in found)
    return [piece for piece in texts if piece]


def _is_row(line: str, spans: list[tuple[int, int]]) -> bool:
    """Whether a line has something, and nothing beside the columns."""
    between = "".join(line[a:b] for (_, a), (b, _) in pairwise([*spans, (len(line), 0)]))
    return bool(line.strip()) and not between.strip()


def make_tables(app: Sphinx, doctree: nodes.document) -> None:
    for block in list(doctree.findall(nodes.literal_block)):
        if "output" not in block["classes"]:
            continue
        found = pieces(block.astext())
        if any(isinstance(piece, list) for piece in found):
            replace(block, *(_node(piece, block) for piece in found))


def _node(piece: str | Rows, block: nodes.literal_block) -> nodes.Element:
    if isinstance(piece, list):
        return _table(piece)
    text = nodes.literal_block(piece, piece, **block.attributes)
    text["ids"], text["names"] = [], []
    return text


def _table(rows: Rows) -> nodes.table:
    heading, *body = rows
    columns = list(zip(*body, strict=True))
    sides = ["text-right" if of_numbers(c, n) else "text-left" for n, c in enumerate(columns)]
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in heading), cols=len(heading))
    group += nodes.thead("", _row(heading, sides))
    group += nodes.tbody("", *(_row(row, sides) for row in body))
    return nodes.table("", group, classes=["mle-printed"])


def of_numbers(column: tuple[str, ...], position: int) -> bool:
    """Whether a column is to be aligned on the right.

    In the first one what looks like a few numbers may be a name; in another a word among them says
    that there is none.
    """
    if position == 0:
        return all(map(_is_number, column))
    words = [word for word in column if word]
    return 2 * sum(FIGURES.fullmatch(word) is not None for word in words) >= len(words)


def _is_number(word: str) -> bool:
    return not word or NUMBER.fullmatch(word) is not None


def _row(words: list[str], sides: list[str]) -> nodes.row:
    row = nodes.row()
    for word, side in zip(words, sides, strict=True):
        classes = ["text-nowrap", side] if FIGURES.fullmatch(word) else [side]
        row += nodes.entry("", nodes.paragraph("", word), classes=classes)
    return row
