"""Cells that only show: folded on the page, in Colab and in JupyterLab, open to who wants them.

A cell draws if it ends with a call that shows a figure or a source, and prints nothing. It arranges
if all it needs is a stored result, and is folded unless an open cell needs something from it. What
a cell that draws defines is for its picture: no open cell may use it, for its reader would not see
where it is from.
"""

import ast
import builtins
import symtable
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

FOLDED = "hide-input"
SHOWS = ("show", "explore")  # and what begins with "show_"
STORED = "load_result"
OTHERS = {"install", "exercise", "quiz"}  # cells with a face of their own


def parsed(cell: NotebookNode) -> ast.Module | None:
    """None for what is not Python alone: `%pip` in a cell that installs."""
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def shows(node: ast.AST) -> bool:
    """A call of `display.show`, `display.explore` or `display.show_...`."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = getattr(called, "attr", getattr(called, "id", ""))
    return name in SHOWS or name.startswith("show_")


def draws(cell: NotebookNode) -> bool:
    tree = parsed(cell) if cell.cell_type == "code" else None
    if tree is None or not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return False
    prints = any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
        for node in ast.walk(tree)
    )
    return shows(tree.body[-1].value) and not prints


def imported(tree: ast.AST) -> set[str]:
    kinds = ast.Import | ast.ImportFrom
    found = (alias for node in ast.walk(tree) if isinstance(node, kinds) for alias in node.names)
    return {(alias.asname or alias.name).partition(".")[0] for alias in found}


def arranging(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Cells that need nothing but what is imported, and what was stored: read there, or before."""
    modules, stored = {*dir(builtins)}, set[str]()
    found = []
    for cell in cells:
        tree = parsed(cell) if cell.cell_type == "code" else None
        if tree is None:
            continue
        given, needed = defined_and_used(tree.body)
        modules |= (new := imported(tree))
        calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
        reads = any(getattr(called, "id", "") == STORED for called in calls)
        if (reads or needed & stored) and needed <= modules | stored:
            found.append(cell)
            stored |= given - new
        else:
            stored -= given
    return found


def fold(cells: Sequence[NotebookNode]) -> None:
    """Tag the cells of a notebook that only show, and no others, for JupyterLab and Colab too."""
    for cell in cells:
        _tag(cell, draws(cell))
    arranged = arranging(cells)
    for cell in arranged:
        _tag(cell, True)
    while needed := [one for _, _, one in lent(cells) if one in arranged and not draws(one)]:
        _tag(needed[0], False)


def _tag(cell: NotebookNode, folded: bool) -> None:
    tags = [tag for tag in cell.metadata.get("tags", []) if tag != FOLDED]
    for key in ("cellView", "jupyter", "tags"):
        cell.metadata.pop(key, None)
    if folded and not OTHERS & {*tags}:
        tags.append(FOLDED)
        cell.metadata["cellView"] = "form"
        cell.metadata["jupyter"] = {"source_hidden": True}
    if tags:
        cell.metadata["tags"] = tags


def is_folded(cell: NotebookNode) -> bool:
    return FOLDED in cell.metadata.get("tags", [])


def _symbols(nodes: Sequence[ast.AST]) -> tuple[set[str], set[str]]:
    """Names that are given by some statements or expressions, and those that are used."""
    body = [n if isinstance(n, ast.stmt) else ast.Expr(n) for n in nodes]  # type: ignore[arg-type]
    top = symtable.symtable(ast.unparse(ast.Module(body, [])), "cell", "exec")
    given = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    scopes, used = [top], set()
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        used |= {
            s.get_name()
            for s in scope.get_symbols()
            if s.is_referenced() and (scope is top or s.is_global())
        }
    return given, used


def defined_and_used(body: Sequence[ast.stmt]) -> tuple[set[str], set[str]]:
    """Names that a cell gives to those after it, and those that it needs from those before it."""
    given: set[str] = set()
    needed: set[str] = set()

    def visit(statements: Sequence[ast.stmt]) -> None:
        for one in statements:
            first: list[ast.AST] = [one]
            if isinstance(one, ast.For):
                first = [one.iter, ast.Assign([one.target], ast.Constant(0), lineno=0)]
            elif isinstance(one, ast.If | ast.While):
                first = [one.test]
            elif isinstance(one, ast.With):
                first = [ast.With(one.items, [ast.Pass()], lineno=0)]
            new, used = _symbols(first)
            if isinstance(one, ast.AugAssign):
                used |= new
            needed.update(used - given)
            given.update(new)
            if first != [one]:
                visit(one.body)  # type: ignore[attr-defined]
                visit(getattr(one, "orelse", []))

    visit(body)
    return given, needed


def lent(cells: Sequence[NotebookNode]) -> Iterator[tuple[str, NotebookNode, NotebookNode]]:
    """Names that an open cell uses and a folded one was the last before it to define: the name, who
    uses it, who gave it."""
    last: dict[str, NotebookNode] = {}
    for cell in cells:
        tree = parsed(cell) if cell.cell_type == "code" else None
        if tree is None:
            continue
        given, used = defined_and_used(tree.body)
        if not is_folded(cell):
            for name in sorted(used & last.keys()):
                if is_folded(last[name]):
                    yield name, cell, last[name]
        last |= dict.fromkeys(given, cell)
