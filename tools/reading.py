"""How long a chapter takes to read: counted from what stands in it, and written where it says so.

A reader of English non-fiction reads 238 words a minute in the mean (Brysbaert, 2019,
https://doi.org/10.1016/j.jml.2019.104047). Here a fifth is taken off for what is looked up, and
what is not words has a price of its own: an estimate, the same for every chapter, not a measurement
of readers.
"""

import math
import re

from nbformat import NotebookNode

from tools.folding import is_folded

WORDS_A_MINUTE = 190
SECONDS_A_FORMULA = 15  # set apart, on a line of its own
SECONDS_A_LINE = 5  # of open code
SECONDS_A_PICTURE = 20  # or a stored table
STEP = 5  # minutes

COMMENT = re.compile(r"<!--.*?-->", re.S)
FOLDED_ANSWER = re.compile(r"<details>.*?</details>", re.S)
# one of a section up to the next heading, those at the end up to what is next
EXERCISE = re.compile(r"^### Exercise .*?(?=^#|\Z)|^## Exercises$.*?(?=^## |\Z)", re.M | re.S)
END = "## Exercises"
DISPLAYED = re.compile(r"\$\$.*?\$\$", re.S)
SAID = re.compile(r"(?<=\*\*Reading\*\* )\d+(?= minutes)")
NOT_READ = {"exercise", "quiz", "recall", "install"}


def minutes(cells: list[NotebookNode]) -> int:
    """Up to the next five, without exercises, which are done rather than read."""
    seconds = 0.0
    for cell in cells:
        if cell.cell_type == "markdown":
            text = EXERCISE.sub("", COMMENT.sub("", FOLDED_ANSWER.sub("", cell.source)))
            seconds += SECONDS_A_FORMULA * len(DISPLAYED.findall(text))
            seconds += 60 * len(DISPLAYED.sub("", text).split()) / WORDS_A_MINUTE
            if END in cell.source:
                break
        elif not NOT_READ & {*cell.metadata.get("tags", [])}:
            if is_folded(cell):
                seconds += SECONDS_A_PICTURE
            else:
                seconds += SECONDS_A_LINE * len(cell.source.split("\n"))
    return STEP * max(1, math.ceil(seconds / 60 / STEP))


def say_time(cells: list[NotebookNode]) -> None:
    """Where the first cell says how long reading takes, write what was counted."""
    if cells and cells[0].cell_type == "markdown":
        cells[0].source = SAID.sub(str(minutes(cells)), cells[0].source)
