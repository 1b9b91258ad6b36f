"""What the cells of exercises keep to. A rule returns its complaints: none, if all is well.

That they are those of `mle_lib.exercises`, in its order, is asked by the site's extension and by
`tests/exercises/test_exercises.py`.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from itertools import pairwise

from nbformat import NotebookNode

QUIZ = re.compile(r'quiz\("[a-z0-9-]+"\)')
QUIZ_IMPORT = "from mle_lib.exercises import quiz"
HEADING = re.compile(r"^#+ .*", re.M)
HEADED = re.compile(r"#{2,3} \S")
TITLE = re.compile(r"### Exercise \d+\.\d+ · \S.*")
LIBRARY = "mle_lib.exercises"
RECALL = "recall"
TAGS_OF_RECALL = [RECALL, "remove-input"]
RECALL_CELL = """\
from mle_lib.exercises import recall

recall("{name}")"""


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def is_exercise(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool({"exercise", "quiz", RECALL} & {*tags(cell)})


def has_whole_exercises(notebook: NotebookNode) -> list[str]:
    """Each below its heading; and it works by itself, since on the page it is all there is."""
    found = []
    for position, cell in enumerate(notebook.cells):
        if "exercise" in tags(cell):
            above = notebook.cells[position - 1].source if position else ""
            if not TITLE.fullmatch((HEADING.findall(above) or [""])[-1]):
                found.append(f"not below a heading ### Exercise 1.1 · Title: {cell.source!r}")
            found += [f"an exercise {what}: {cell.source!r}" for what in _faults(cell.source)]
    return found


def has_exercises_at_the_ends_of_sections(notebook: NotebookNode) -> list[str]:
    """What follows one is a heading or the question why: other text would stand under its name."""
    cells = notebook.cells
    return [
        f"an exercise is followed by what is no heading: {after.source[:60]!r}"
        for cell, after in pairwise(cells)
        if "exercise" in tags(cell) and "quiz" not in tags(after) and not HEADED.match(after.source)
    ]


def _faults(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"is no Python ({error.msg})"
        return
    nodes = list(ast.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    known = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    match tree.body[-1] if tree.body else None:
        case ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str()), ast.Name(name)], [])):
            ends_well = name in known
        case _:
            ends_well = False
    if not ends_well:
        yield 'does not end with check("id", its_function)'
    known |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    known |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            known |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    unknown = {node.id for node in names} - known - set(dir(builtins))
    if unknown:
        yield f"uses what it does not define: {', '.join(sorted(unknown))}"


def has_bare_quizzes(notebook: NotebookNode) -> list[str]:
    """A quiz is all in its definition; the first one brings the import."""
    found = []
    first = True
    for cell in notebook.cells:
        if "quiz" in tags(cell):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            expected = [QUIZ_IMPORT] if first else []
            first = False
            if not (
                sorted(tags(cell)) == ["quiz", "remove-input"]
                and lines
                and lines[:-1] == expected
                and QUIZ.fullmatch(lines[-1])
            ):
                found.append(f"a quiz is not in the one form of its cell: {cell.source!r}")
    return found


def opens_with_questions(notebook: NotebookNode, name: str, first: bool) -> list[str]:
    """Every chapter but the first, on earlier ones, before its first section."""
    cells = [cell for cell in notebook.cells if RECALL in tags(cell)]
    if first:
        return ["the first chapter asks for earlier ones"] if cells else []
    text = RECALL_CELL.format(name=name)
    if len(cells) != 1 or cells[0].source != text or sorted(tags(cells[0])) != TAGS_OF_RECALL:
        return [f"has not one cell tagged {' and '.join(TAGS_OF_RECALL)}, that is exactly\n{text}"]
    before = notebook.cells[: notebook.cells.index(cells[0])]
    late = any("\n## " in f"\n{cell.source}" for cell in before if cell.cell_type == "markdown")
    return ["asks for earlier chapters after its first section has begun"] if late else []


def leaves_exercises_alone(notebook: NotebookNode) -> list[str]:
    """Other cells do not use them: they would not be executed again when a definition changes."""
    return [
        f"a cell that is tagged neither exercise nor quiz uses {LIBRARY}: {cell.source!r}"
        for cell in notebook.cells
        if cell.cell_type == "code" and not is_exercise(cell) and LIBRARY in cell.source
    ]
