"""Which names of the library a page's code uses, and where: by reading the code, not running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from IPython.core.inputtransformer2 import TransformerManager

from .reexecution import PACKAGE


@dataclass(frozen=True)
class Use:
    """A name of the library in a code cell."""

    line: int  # from 0
    column: int  # in characters
    text: str
    path: str  # dotted, as the import says: mle_lib.minibatch.minibatch_gradient
    is_import: bool


@dataclass
class Names:
    """What names mean in the code cells of one page, all cells together.

    A name that is imported from the library, and also means something else in some cell, means
    nothing here: only running the code would tell which.
    """

    imported: dict[str, str] = field(default_factory=dict)  # name -> dotted path in the library
    taken: set[str] = field(default_factory=set)  # names that mean something else
    others: set[str] = field(default_factory=set)  # names of other libraries

    def path(self, dotted: str) -> str:
        """The path in the library of what prose calls `display.show`; "" if the code says none."""
        root, dot, rest = dotted.partition(".")
        known = root in self.imported and root not in self.taken
        return self.imported[root] + dot + rest if known else ""


def read_cells(cells: list[str]) -> tuple[Names, list[list[Use]]]:
    """The names of a page, and the uses in each of its code cells."""
    names, trees = Names(), [_tree(cell) for cell in cells]
    for tree in trees:
        _collect(tree, names)
    names.taken |= names.others
    used = Names({n: path for n, path in names.imported.items() if n not in names.taken})
    for tree in trees:
        names.taken |= set(_attributes_of_others(tree, names))
    return names, [
        list(_uses(tree, used, cell.splitlines()))
        for cell, tree in zip(cells, trees, strict=True)
    ]  # fmt: skip


def _tree(cell: str) -> ast.Module:
    for plain in (str, TransformerManager().transform_cell):  # %pip and ! become plain Python
        try:
            return ast.parse(plain(cell))
        except SyntaxError:
            continue
    return ast.parse("")


def _is_ours(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] == PACKAGE


def _collect(tree: ast.Module, names: Names) -> None:
    """Note what a cell imports, and which names it gives another meaning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name
                if _is_ours(node.module):
                    names.imported[name] = f"{node.module}.{alias.name}"
                else:
                    names.others.add(name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                if _is_ours(alias.name):
                    names.imported[name] = alias.name if alias.asname else PACKAGE
                else:
                    names.others.add(name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.taken.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.taken.add(node.name)
        elif isinstance(node, ast.arg):
            names.taken.add(node.arg)


def _attributes_of_others(tree: ast.Module, names: Names) -> Iterator[str]:
    """`SGD` of `torch.optim.SGD`: where it stands, prose may mean that one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root = ast.unparse(node).partition(".")[0]
            if root in names.others:
                yield node.attr


def _uses(tree: ast.Module, names: Names, lines: list[str]) -> Iterator[Use]:
    def path(node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return names.imported.get(node.id, "")
        if isinstance(node, ast.Attribute) and (start := path(node.value)):
            return f"{start}.{node.attr}"
        return ""

    def use(line: int, column: int, text: str, path: str, is_import: bool = False) -> Iterator[Use]:
        # ast counts bytes; and a line that IPython rewrote is not the line on the page
        source = lines[line - 1] if line <= len(lines) else ""
        column = len(source.encode()[:column].decode(errors="ignore"))
        if source[column:].startswith(text):
            yield Use(line - 1, column, text, path, is_import)

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _is_ours(node.module):
            for alias in node.names:
                if (alias.asname or alias.name) in names.imported:
                    full = f"{node.module}.{alias.name}"
                    yield from use(alias.lineno, alias.col_offset, alias.name, full, True)
        elif isinstance(node, ast.Name) and (found := path(node)):
            yield from use(node.lineno, node.col_offset, node.id, found)
        elif isinstance(node, ast.Attribute) and (found := path(node)):
            column = (node.end_col_offset or 0) - len(node.attr.encode())
            yield from use(node.end_lineno or 0, column, node.attr, found)
