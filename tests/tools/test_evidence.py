"""Each number that a page quotes stands in a cell: named in a comment below the paragraph.

    <!-- from
    20 20 = ch7-14: newton 20 of 20
    4e-10 = ch7-9: Newton, step 4: gap 4e-10
    -->

A line has numbers as the paragraph says them, in its order, and the id of a checked cell with what
it prints, where they stand; a line without numbers has more that the line above needs. White space
counts as one blank, and `= work:` names a work that the paragraph links to.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest

from tools.notebooks import is_checked, read, toc_files, toc_notebooks

# as in Pandoc: no space inside the dollars, no digit after them, so that prices are none
MATHS = re.compile(r"(?<!\\)\$(?!\s)[^$]+(?<!\s)\$(?!\d)")
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
NAMES = re.compile(r"CS236|float64")
LINE = re.compile(r"(?P<said>[^=]*?)\s*= (?P<cell>[\w-]+): (?P<source>.+)")
WORK = "work"
# on this page no number is without a source; on others, those of a paragraph with a comment
WHOLE = "lecture-questions"
PAGES = {path.stem: path.read_text("utf-8") for path in toc_files() if path.suffix == ".md"}


class Row(NamedTuple):
    """Numbers, as said, and (cell, what it prints) for all that they stand in."""

    said: list[str]
    sources: list[tuple[str, str]]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def without_formulas(text: str) -> str:
    """Without maths in which there are letters: $2^{-6}$ is a number like others."""
    return MATHS.sub(lambda m: "" if re.search(r"[A-Za-z]", m[0]) else m[0], text)


def numbers(text: str) -> list[str]:
    """Every number, as written; a minus sign belongs to it."""
    return [number.rstrip(",") for number in NUMBER.findall(text)]


def value(number: str) -> float:
    return float(number.replace(",", ""))


def quoting(paragraph: str) -> str:
    """What of a paragraph may quote: no headings, links, equations, names."""
    text = one_line("" if paragraph.startswith("#") else paragraph)
    text = re.sub(r"\[[^\]]*\]\([^)]*\)|\(\d+\.\d+\)", "", without_formulas(text))
    return NAMES.sub("", text)


def rows(comment: str) -> list[Row]:
    """The lines of a comment, each with those that continue it."""
    found: list[Row] = []
    for line in comment.splitlines()[1:-1]:
        match = LINE.fullmatch(line)
        assert match, f"not as in '20 20 = ch7-14: newton 20 of 20': {line}"
        if match["said"].strip():
            found.append(Row(match["said"].split(), []))
        found[-1].sources.append((match["cell"], match["source"]))
    return found


def paragraphs(page: str) -> Iterator[tuple[str, list[Row]]]:
    """Each paragraph, and what stands in the comment below it."""
    for paragraph, below in pairwise([*page.split("\n\n"), ""]):
        if not paragraph.startswith("<!--"):
            yield paragraph, rows(below) if below.startswith("<!-- from\n") else []


@cache
def printed() -> dict[str, str]:
    """What each checked cell of the book prints, as stored and compared by the tests."""
    return {
        cell.id: one_line("\n".join(o.get("text") or o["data"]["text/plain"] for o in cell.outputs))
        for path in toc_notebooks()
        for cell in read(path).cells
        if is_checked(cell)
    }


def faults(paragraph: str, evidence: list[Row]) -> Iterator[str]:
    """What is said otherwise than printed, or without a source."""
    text = quoting(paragraph)
    said = [number for row in evidence for number in row.said]
    if numbers(text) != said:
        yield f"says {numbers(text)}, and the comment has {said}"
    if left := re.search(r"\d", NUMBER.sub("", text)):
        yield f"no number that can be read: {text[left.start() - 20 : left.end() + 20]}"
    for row in evidence:
        for cell, source in row.sources:
            there = paragraph if cell == WORK else f"{printed().get(cell, '')} "
            if source not in there:
                yield f"{cell} does not have: {source}"
        known = {value(n) for _, source in row.sources for n in numbers(source)}
        if row.sources[0][0] != WORK:
            missing = [n for n in row.said if value(n) not in known and -value(n) not in known]
            yield from (f"{n} is not in {row.sources}" for n in missing)


QUOTING = [
    (page, paragraph, evidence)
    for page, text in PAGES.items()
    for paragraph, evidence in paragraphs(text)
    if evidence or (page == WHOLE and numbers(quoting(paragraph)))
]


@pytest.mark.parametrize(
    ("paragraph", "evidence"),
    [(paragraph, evidence) for _, paragraph, evidence in QUOTING],
    ids=[f"{page}: {' '.join(paragraph.split()[:5])}" for page, paragraph, _ in QUOTING],
)
def test_every_number_is_as_a_cell_prints_it(paragraph: str, evidence: list[Row]) -> None:
    assert list(faults(paragraph, evidence)) == []


def test_there_is_much_to_compare_and_every_comment_is_read() -> None:
    assert sum(len(evidence) for _, _, evidence in QUOTING) >= 61
    assert sum(text.count("<!-- from") for text in PAGES.values()) == sum(
        bool(evidence) for _, _, evidence in QUOTING
    )


def test_a_checked_cell_has_an_id_of_its_own_in_the_whole_book() -> None:
    cells = [c.id for path in toc_notebooks() for c in read(path).cells if is_checked(c)]
    assert len(set(cells)) == len(cells) == len(printed())


CELL, PRINTED = next((c, t) for c, t in printed().items() if len(numbers(t)) > 1)
FIRST, SECOND = numbers(PRINTED)[:2]
EVIDENCE = [Row([FIRST], [(CELL, PRINTED.strip())])]


@pytest.mark.parametrize(
    ("text", "evidence", "count"),
    [
        (f"It is {FIRST}.", EVIDENCE, 0),
        (f"In other words: {FIRST}, for $x_3$, [2.1](a.md) and (2.1).", EVIDENCE, 0),
        ("It is 987654.", EVIDENCE, 1),  # not what the comment has
        (f"It is {FIRST}, and {SECOND}.", EVIDENCE, 1),  # the second has no source
        ("It is 987654.", [Row(["987654"], EVIDENCE[0].sources)], 1),  # not in the source
        (f"It is {FIRST}.", [Row([FIRST], [(CELL, f"no such output {FIRST}")])], 1),
        (f"It is {FIRST}.", [Row([FIRST], [("no-cell", PRINTED)])], 1),
        ("28 % ([A](https://a.org/1))", [Row(["28"], [(WORK, "a.org/1")])], 0),
        ("28 % ([A](https://a.org/1))", [Row(["28"], [(WORK, "b.org/1")])], 1),
    ],
)
def test_a_number_without_a_source_is_seen(text: str, evidence: list[Row], count: int) -> None:
    assert len(list(faults(text, evidence))) == count


def test_a_comment_that_cannot_be_read_is_seen() -> None:
    with pytest.raises(AssertionError, match="not as in"):
        rows("<!-- from\nnewton 20 of 20\n-->")
