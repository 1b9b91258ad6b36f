"""What every chapter keeps to. A rule returns its complaints: none, if all is well.

A chapter is one sitting, and that is measured without its exercises: who does them comes back for
them, so they have a limit of their own. A quiz is no code to be read, and the cell of an
exercise is written by the reader; neither counts among the code cells. Of the number of open ones a
folded one is none either, and one that draws has no line to be read.
"""

import re
import statistics
from collections.abc import Callable

from nbformat import NotebookNode

from tools.exercise_rules import (
    has_bare_quizzes,
    has_exercises_at_the_ends_of_sections,
    has_whole_exercises,
    is_exercise,
    leaves_exercises_alone,
)
from tools.folding import draws, is_folded, lent
from tools.markdown import links, macros, myst
from tools.notebooks import CHECKED, is_checked, is_text, strip
from tools.reading import EXERCISE

MAX_WORDS = 3500
MAX_EXERCISE_WORDS = 2000
MAX_CODE_CELLS = 25
MAX_CODE_LINES = 25
MAX_MEDIAN_LINES = 6
MAX_FIGURES = 12
MAX_SUMMARY_LINES = 4
PRACTICE = "In practice"
RULES_IN_PRACTICE = (3, 4)
LAST_SECTIONS = ["Summary", PRACTICE, "Exercises", "Next"]

FIRST_CELL = """\
try:
    import mle_lib
except ImportError:  # in Colab: the book's library, and what checks its arguments
    %pip install --quiet --no-deps beartype git+https://github.com/{repository}"""

TAGS = {
    CHECKED,
    "install",
    "exercise",
    "quiz",
    "recall",
    "answers",
    "front-page",
    "raises-exception",
} | {f"{verb}-{what}" for verb in ("hide", "remove") for what in ("input", "output", "cell")}
COMMENT = re.compile(r"<!--.*?-->\n*", re.S)
NO_TEXT = re.compile(r"\b(?!display\b)\w+\.show\(")
FIGURE = re.compile(r"(?<![\w.])(?:display\.)?(?:show(?:_(?!paths|source)\w+)?|explore)\(")
VERDICT = re.compile(r"\b(?:True|False)\b")
CELL_LINK = re.compile(r"\[([^\]]+)\]\([^)]*#scrollTo=([\w-]+)\)")


def markdown(notebook: NotebookNode) -> str:
    """The text as it is read: a comment is for authors."""
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    return COMMENT.sub("", text)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def code_lines(cell: NotebookNode) -> int:
    return sum(1 for line in cell.source.splitlines() if line.strip())


def sections(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Title and text of each `## ` section."""
    parts = re.split(r"^## +(.+?)\s*$", markdown(notebook), flags=re.M)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def is_stripped(notebook: NotebookNode) -> list[str]:
    if strip(notebook) == notebook:
        return []
    return ["holds outputs, counts or settings that are not to be kept: run `make notebooks`"]


def has_unique_ids(notebook: NotebookNode) -> list[str]:
    ids = [cell.get("id") for cell in notebook.cells]
    unique = None not in ids and len(set(ids)) == len(ids)
    modern = (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    return [] if unique and modern else ["is not nbformat 4.5 with one id for each cell"]


def has_checked_outputs(notebook: NotebookNode) -> list[str]:
    return [
        f"a cell tagged {CHECKED} has no stored text, or more than text: {cell.source!r}"
        for cell in filter(is_checked, notebook.cells)
        if not any(shown_text(output) for output in cell.outputs)
        or not all(map(is_text, cell.outputs))
    ]


def shown_text(output: NotebookNode) -> str:
    return (output.get("text") or output.get("data", {}).get("text/plain", "")).strip()


def has_known_tags(notebook: NotebookNode) -> list[str]:
    used = {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
    return [f"unknown tag {tag!r}" for tag in sorted(used - TAGS)]


def is_plain_markdown(notebook: NotebookNode) -> list[str]:
    text = markdown(notebook)
    found = [f"{kind} of MyST, which Colab shows raw: {shown!r}" for kind, shown in myst(text)]
    return found + [f"maths that is more than a formula: {macro!r}" for macro in macros(text)]


def has_absolute_links(notebook: NotebookNode) -> list[str]:
    return [
        f"a link that does not work in Colab, as it is not absolute: {link!r}"
        for link in links(markdown(notebook))
        if not re.match(r"https?://[^/]|mailto:", link)
    ]


def opens_with_title(notebook: NotebookNode) -> list[str]:
    first = notebook.cells[0] if notebook.cells else None
    if first and first.cell_type == "markdown" and re.match(r"# \S", first.source):
        return []
    return ["does not open with a Markdown title (# ...)"]


def ends_with_sections(notebook: NotebookNode) -> list[str]:
    last = sections(notebook)[-len(LAST_SECTIONS) :]
    if [title for title, _ in last] != LAST_SECTIONS:
        return [f"its last sections are not {', '.join(LAST_SECTIONS)}"]
    summary = [line for line in last[0][1].splitlines() if line.strip()]
    found = []
    if not 1 <= len(summary) <= MAX_SUMMARY_LINES:
        found.append(f"its summary has {len(summary)} lines; 1 to {MAX_SUMMARY_LINES} are allowed")
    if (count := len(list(links(last[3][1])))) != 1:
        found.append(f"its section Next has {count} links, not one")
    return found


def has_rules_in_practice(notebook: NotebookNode) -> list[str]:
    """Each of the three or four rules leads to a cell of the chapter that shows it."""
    found, ids = [], {cell.get("id") for cell in code_cells(notebook)}
    text = dict(sections(notebook)).get(PRACTICE, "")
    rules = re.findall(r"^- (.+(?:\n  .+)*)", text, flags=re.M)
    if len(rules) not in RULES_IN_PRACTICE:
        allowed = " or ".join(map(str, RULES_IN_PRACTICE))
        found.append(f"{PRACTICE} has {len(rules)} rules, not {allowed}")
    for rule in rules:
        if len(linked := CELL_LINK.findall(rule)) != 1 or linked[0][1] not in ids:
            found.append(f"a rule that leads to no one cell of the chapter: {rule!r}")
        elif len(linked[0][0].split()) < 2:
            found.append(f"a link that does not say where it leads: {linked[0][0]!r}")
    return found


def gives_numbers_with_verdicts(notebook: NotebookNode) -> list[str]:
    """True or False says less than what was compared and by how much; a wall of them, nothing."""
    found = []
    for cell in filter(is_checked, notebook.cells):
        lines = "\n".join(map(shown_text, cell.outputs)).splitlines()
        verdicts = [line for line in lines if VERDICT.search(line)]
        bare = [line for line in verdicts if not re.search(r"\d", line)]
        found += [f"a verdict without a number beside it: {line!r}" for line in bare]
        if len(verdicts) > 1:
            found.append(f"{len(verdicts)} verdicts in the output of one cell: {verdicts}")
    return found


def folds_what_draws(notebook: NotebookNode) -> list[str]:
    return [
        f"{name!r} comes from a folded cell, which only draws, and is used in: {cell.source!r}"
        for name, cell, _ in lent(code_cells(notebook))
    ]


def exercise_text(text: str) -> str:
    """The tasks at a chapter's sections, and all that stands under its exercises."""
    return "\n".join(match[0] for match in EXERCISE.finditer(text))


def is_one_sitting(notebook: NotebookNode) -> list[str]:
    exercises = exercise_text(markdown(notebook))
    cells = code_cells(notebook)
    lines = [code_lines(cell) for cell in cells]
    to_read = [cell for cell in cells if not is_exercise(cell) and not draws(cell)]
    opened = [cell for cell in to_read if not is_folded(cell)]
    median = statistics.median(map(code_lines, to_read)) if to_read else 0
    words = len(markdown(notebook).split()) - len(exercises.split())
    figures = sum(len(FIGURE.findall(cell.source)) for cell in cells)
    measured = {
        "words before the exercises": (words, MAX_WORDS),
        "words in the exercises": (len(exercises.split()), MAX_EXERCISE_WORDS),
        "open code cells": (len(opened), MAX_CODE_CELLS),
        "lines in one code cell": (max(lines, default=0), MAX_CODE_LINES),
        "lines in the median code cell": (median, MAX_MEDIAN_LINES),
        "figures": (figures, MAX_FIGURES),
    }
    return [
        f"{number} {what}; at most {most} are allowed"
        for what, (number, most) in measured.items()
        if number > most
    ]


def has_figures_with_text(notebook: NotebookNode) -> list[str]:
    found = [match for cell in code_cells(notebook) for match in NO_TEXT.findall(cell.source)]
    return [
        f"a figure that cannot be read out: {call}...), not display.show(...)" for call in found
    ]


def installs_library(notebook: NotebookNode, repository: str) -> list[str]:
    cells = code_cells(notebook)
    expected = FIRST_CELL.format(repository=repository)
    if cells and cells[0].source == expected:
        return []
    return [f"its first code cell is not exactly\n{expected}"]


def misnamed_repositories(text: str, repository: str) -> list[str]:
    """Addresses that must be this repository's, and are another's."""
    name = re.escape(repository.partition("/")[2])
    ours = re.compile(
        r"(?:colab\.research\.google\.com/github/|git\+https://github\.com/)([^/\s]+/[\w.-]*[\w-])"
        r"|github\.com/([^/\s]+/[\w.-]*[\w-])/blob/main/book/"
        rf"|github\.com/([^/\s]+/{name})(?![\w-])"
    )
    found = (next(filter(None, match.groups())) for match in ours.finditer(text))
    return [
        f"names the repository {other}, while _config.yml says {repository}"
        for other in dict.fromkeys(found)
        if other.removesuffix(".git") != repository
    ]


RULES: list[Callable[[NotebookNode], list[str]]] = [
    is_stripped,
    has_unique_ids,
    has_checked_outputs,
    has_known_tags,
    is_plain_markdown,
    has_absolute_links,
    opens_with_title,
    ends_with_sections,
    has_rules_in_practice,
    gives_numbers_with_verdicts,
    folds_what_draws,
    is_one_sitting,
    has_figures_with_text,
    has_whole_exercises,
    has_exercises_at_the_ends_of_sections,
    has_bare_quizzes,
    leaves_exercises_alone,
]
