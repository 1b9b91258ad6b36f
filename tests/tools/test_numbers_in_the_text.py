"""A number in a chapter's text stands in a cell of that chapter: compared there, or a setting.

All text is read up to the exercises, and every description of a figure. Left out is what is no
measurement: formulas, code, links, years, numbers of sections and equations, and whole numbers up
to twelve, which are as often said in words. A number is known if a checked cell prints it, to as
many places as the text gives, or if the code or a formula of the chapter has it. After "about" and
the like it may be rounded to its leading digits.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4

from tools.chapter_rules import code_cells, markdown
from tools.exercise_rules import is_exercise
from tools.notebooks import CHECKED, is_checked, read, toc_notebooks

NUMBER = re.compile(r"(?<![\w.,^])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w^])")
MATHS = re.compile(r"\$\$.*?\$\$|(?<!\\)\$(?!\s)[^$]+(?<!\s)\$(?!\d)", re.S)
MANY = r" ?\d+(?:\.\d+)?(?:(?:,| and| to| or)+ \d+(?:\.\d+)?)*"
NO_MEASUREMENT = [
    MATHS,
    re.compile(r"\*\*Reading\*\*.*"),  # how long the chapter takes
    re.compile(r"\[[^\]]*\]\([^)]*\)"),  # works, with their years
    re.compile(r"`[^`]*`"),
    re.compile(r"^#+ .*$", re.M),
    re.compile(rf"\b(?:[Cc]hapters?|[Ss]ections?|[Ee]xercises?|theorem){MANY}|§{MANY}"),
    re.compile(r"\(\d+\.\d+\)"),
    re.compile(r"\b95 %"),  # of an interval
    re.compile(r"\b(?:19|20)\d\d\b"),  # years
]
ROUNDED = re.compile(r"\b(?:about|almost|nearly|some|over|than|under|least|most|near)\s*$")
# what a chapter does not compute: an example, a law of chance, a fact from a work cited beside it
ELSEWHERE = {
    "ask 100 of 1,200 people": "an example",
    "about 28 % faster": "arXiv.2502.15015",
}


def value(number: str) -> float:
    return float(number.replace(",", "").replace("_", ""))


def code_values(cell: NotebookNode) -> Iterator[ast.Constant]:
    if "%pip" not in cell.source and not is_exercise(cell):
        program = re.sub(r"^%%.*", "", cell.source)  # what becomes a file
        found = ast.walk(ast.parse(program))
        yield from (node for node in found if isinstance(node, ast.Constant))


def known_numbers(chapter: NotebookNode) -> set[float]:
    outputs = [o for cell in chapter.cells if is_checked(cell) for o in cell.outputs]
    printed = [o.get("text") or o["data"]["text/plain"] for o in outputs]
    text = " ".join([*printed, *MATHS.findall(markdown(chapter))])
    found = re.findall(r"\d[\d,]*(?:\.\d+)?(?:e-?\d+)?", text)
    settings = [node.value for cell in code_cells(chapter) for node in code_values(cell)]
    return {value(number.rstrip(",")) for number in found} | {
        abs(float(s)) for s in settings if isinstance(s, int | float) and not isinstance(s, bool)
    }


def is_known(number: str, before: str, known: set[float]) -> bool:
    v, (mantissa, _, power) = value(number), number.partition("e")
    places = len(mantissa.partition(".")[2])
    if v <= 12 and not places and not power:
        return True
    steps = [0.5001 * 10.0 ** (int(power or 0) - places)]
    if ROUNDED.search(before) and not places:
        steps.append(0.55 * 10.0 ** (len(number) - len(number.rstrip("0"))))
    return any(abs(k * unit - v) <= step for step in steps for k in known for unit in (1, 100))


def texts(chapter: NotebookNode) -> Iterator[str]:
    """The text up to the exercises; then each description, which is a string of several words."""
    text = markdown(chapter).partition("\n## Exercises")[0]
    for said in ELSEWHERE:
        text = text.replace(said, "")
    for pattern in NO_MEASUREMENT:
        text = pattern.sub(" ", text)
    yield text
    for cell in code_cells(chapter):
        for node in code_values(cell):
            if isinstance(node.value, str) and len(node.value.split()) > 5:
                yield node.value


def unknown_numbers(chapter: NotebookNode) -> Iterator[str]:
    """Every number that no cell has, in brackets, with the words around it."""
    known = known_numbers(chapter)
    for text in texts(chapter):
        for match in NUMBER.finditer(text):
            before = text[max(0, match.start() - 40) : match.start()]
            number = match[0].rstrip(",")
            if not is_known(number, before, known):
                yield " ".join(f"{before}[{number}]{text[match.end() : match.end() + 30]}".split())


@pytest.mark.parametrize("path", toc_notebooks(), ids=lambda path: path.stem)
def test_every_number_in_the_text_stands_in_a_cell(path: Path) -> None:
    found = list(unknown_numbers(read(path)))
    assert not found, "\n".join(found)


def test_what_stands_elsewhere_is_said_and_cited() -> None:
    pages = [markdown(read(path)) for path in toc_notebooks()]
    for said, source in ELSEWHERE.items():
        (page,) = [page for page in pages if said in page]
        assert "arXiv" not in source or source in page


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("It gained 1.25 nats.", []),
        ("It gained 1.3 nats, or 1.2 nats.", ["1.2"]),
        ("A gain of 25 %, then 26 %.", ["26"]),
        ("It took about 700 steps of 703, not 705.", ["705"]),
        ("It took 700 steps.", ["700"]),
        ("$b = 40$, 40 times; [A (1999)](https://a.b/77), section 3.44 and `k = 99`.", []),
        ("All 3 of 12, and 13.", ["13"]),
        ("Losses of 2.7e-20, 2.8e-20 and 1,200.", ["2.8e-20"]),
    ],
)
def test_a_number_without_a_cell_is_seen(text: str, unknown: list[str]) -> None:
    cell = v4.new_code_cell("m = 1_200", metadata={"tags": [CHECKED]})
    cell.outputs = [v4.new_output("stream", text="gain 1.254 of 703 steps, 0.25, 2.7e-20")]
    chapter = v4.new_notebook(cells=[v4.new_markdown_cell(f"# A\n\n{text}"), cell])
    found = [re.findall(r"\[(.*?)\]", around)[-1] for around in unknown_numbers(chapter)]
    assert found == unknown


def test_a_number_in_a_description_is_read_too() -> None:
    source = 'display.show(figure, "One line. It falls from 77 nats to nothing.")'
    chapter = v4.new_notebook(cells=[v4.new_code_cell(source)])
    assert len(list(unknown_numbers(chapter))) == 1
