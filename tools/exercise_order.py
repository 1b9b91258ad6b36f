"""The order of the exercises, as the pages have them: written into the library, for readers have no
pages where they run it."""

import json
import re
from pathlib import Path

from nbformat import NotebookNode

from mle_lib.exercises.registry import asks_why, defined
from tools.environment import ROOT
from tools.exercise_rules import is_exercise
from tools.notebooks import read, toc_notebooks

FILE = Path("mle_lib") / "exercises" / "order.json"
ASKED = re.compile(r'\b(?:check|quiz)\("([a-z0-9-]+)"')

GUESS = re.compile(r"^> \*\*Guess\.\*\*", re.M)

Order = dict[str, list[str]]  # folder of each chapter's exercises -> the ids on its page, in order


def asked(cell: NotebookNode) -> str:
    """The id that a cell asks for, if it is an exercise's."""
    return (ASKED.findall(cell.source) or [""])[-1] if is_exercise(cell) else ""


def order(root: Path = ROOT) -> Order:
    """The order in which the pages ask for them."""
    found: Order = {}
    for path in toc_notebooks(root):
        found[path.stem.replace("-", "_")] = [
            id for cell in read(path).cells if (id := asked(cell))
        ]
    return found


def written(root: Path = ROOT) -> Order:
    """The order when it was last written."""
    known: Order = json.loads((root / FILE).read_text("utf-8"))
    return known


def numbers(ordered: Order) -> dict[str, str]:
    """The number of each exercise, by id; who asks why has the number of what is above."""
    found = {}
    for chapter, (folder, ids) in enumerate(ordered.items(), 1):
        position, exercises = 0, defined(folder)
        for id in ids:
            position += not (id in exercises and asks_why(exercises[id]))
            found[id] = f"{chapter}.{position}"
    return found


def guesses(root: Path = ROOT) -> list[str]:
    """The names under which guesses are kept: a box has that of its cell."""
    found = []
    for path in toc_notebooks(root):
        for cell in read(path).cells:
            if cell.cell_type == "markdown":
                boxes = len(GUESS.findall(cell.source))
                found += [
                    f"guess-{cell.id}" + (f"-{k}" if k > 1 else "") for k in range(1, boxes + 1)
                ]
    return found


def write_order(root: Path = ROOT) -> None:
    (root / FILE).write_text(json.dumps(order(root), indent=1) + "\n", encoding="utf-8")
