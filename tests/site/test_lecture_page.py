"""The page that follows the lecture line by line: no row is empty, and what it names is there."""

import re
from functools import cache
from pathlib import Path

import pytest

from tools.environment import ROOT
from tools.notebooks import CHECKED, read, toc_notebooks

PAGE = (ROOT / "book" / "lecture.md").read_text(encoding="utf-8")
ITEM = re.compile(r"^- \*\*(.+?)\*\* (Sections? [\d., and]+)(?:; (.+?))?\.(?: .+)?$")
LINES = [line for line in PAGE.splitlines() if line.startswith("-")]


@cache
def checked_sections() -> set[str]:
    """Numbers of the sections with at least one cell whose output the tests compare."""
    found = set()
    for path in toc_notebooks():
        number = ""
        for cell in read(path).cells:
            if cell.cell_type == "markdown":
                number = (re.findall(r"^## (\d+\.\d+) ", cell.source, re.M) or [number])[-1]
            elif CHECKED in cell.metadata.get("tags", []):
                found.add(number)
    return found


@cache
def known_names() -> set[str]:
    files = Path(__file__).parents[1].rglob("test_*.py")
    return {name for f in files for name in re.findall(r"^def (test_\w+)", f.read_text(), re.M)}


def test_every_part_of_the_lecture_has_its_lines() -> None:
    parts = {
        part.splitlines()[0]: len(re.findall(r"^- ", part, re.M))
        for part in re.split(r"^## ", PAGE, flags=re.M)[1:]
    }
    assert parts["Six claims"] == 6
    assert parts["Three techniques"] == 3
    assert parts["The algorithm"] == 3
    assert parts["Seven questions"] == 7
    assert sum(parts.values()) == len(LINES)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[4:40])
def test_every_line_names_checked_sections_and_tests_that_exist(line: str) -> None:
    item = ITEM.match(line)
    assert item, "- **what the lecture says.** Sections 1.1 and 1.2; `test_a`, `test_b`. Outcome."
    _, where, tests = item.groups()
    numbers = re.findall(r"\d+\.\d+", where)
    assert numbers
    assert [n for n in numbers if n not in checked_sections()] == []
    names = re.findall(r"`(test_\w+)`", tests or "")
    assert not re.sub(r"`test_\w+`|[,\s]", "", tests or "")
    assert [name for name in names if name not in known_names()] == []
