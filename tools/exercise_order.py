"""The order of the exercises, as the pages have them: written into the library, for readers have no
pages where they run it."""

import json
import re
from pathlib import Path

from tools.environment import ROOT
from tools.exercise_rules import is_exercise
from tools.notebooks import read, toc_notebooks

FILE = Path("mle_lib") / "exercises" / "order.json"
ASKED = re.compile(r'\b(?:check|quiz)\("([a-z0-9-]+)"')


def order(root: Path = ROOT) -> dict[str, list[str]]:
    """Folder of each chapter's exercises -> the ids that its cells ask for."""
    found: dict[str, list[str]] = {}
    for path in toc_notebooks(root):
        asked = [ASKED.findall(cell.source) for cell in read(path).cells if is_exercise(cell)]
        found[path.stem.replace("-", "_")] = [ids[-1] for ids in asked if ids]
    return found


def write_order(root: Path = ROOT) -> None:
    (root / FILE).write_text(json.dumps(order(root), indent=1) + "\n", encoding="utf-8")
