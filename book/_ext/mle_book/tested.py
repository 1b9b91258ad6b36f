"""Which tests use which names of the library: by reading the tests, not running them.

A test uses a name where it says it, or where a helper, a fixture or a table of cases does that
it names, in the same file. What is used in that way by no test but those of errors, as a base class
is, is looked for once more: through what files share, and by the names of subclasses.
"""

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .names import Use, read_cells

SHARED = ("cases.py", "conftest.py")  # models, data and fixtures of all files


@dataclass(frozen=True)
class Block:
    """A statement at the top of a file of tests: a test, a helper, a table of cases."""

    names: tuple[str, ...]  # what it defines
    start: int  # first and last line, from 0; decorators belong to it
    end: int
    says: frozenset[str]  # names and attributes in it
    paths: frozenset[str]  # names of the library, dotted


@dataclass(frozen=True)
class Test:
    """A test function, with what it uses, by itself or by what it names."""

    name: str
    paths: frozenset[str]
    says: frozenset[str]
    shared: frozenset[str]  # `paths`, and those that come by what files share

    @property
    def of_errors(self) -> bool:
        return "raises" in self.says


class TestFile:
    """A file of tests."""

    def __init__(self, name: str, source: str, shared: "TestFile | None" = None) -> None:
        self.name = name
        self.source = source
        self.digest = hashlib.sha256(source.encode()).hexdigest()
        self.uses: list[Use] = [use for use in read_cells([source])[1][0] if not use.is_import]
        self.blocks = [self._block(node) for node in ast.parse(source).body]
        self.tests = [
            self._test(block, shared)
            for block in self.blocks
            for name in block.names
            if name.startswith("test_")
        ]

    def resolve(self, known_as: Callable[[str], tuple[str, ...]]) -> None:
        """Know every name of the library by where it is defined, and with its base classes.

        `known_as` gives both, the former first.
        """
        self.tests = [
            replace(
                test,
                paths=frozenset(known_as(path)[0] for path in test.paths),
                shared=frozenset(name for path in test.shared for name in known_as(path)),
            )
            for test in self.tests
        ]

    def _block(self, node: ast.stmt) -> Block:
        decorators = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(d.lineno for d in decorators)]) - 1
        end = (node.end_lineno or node.lineno) - 1
        paths = frozenset(use.path for use in self.uses if start <= use.line <= end)
        return Block(tuple(_defined(node)), start, end, frozenset(_said(node)), paths)

    def _test(self, block: Block, shared: "TestFile | None") -> Test:
        own = _reached(block, self.blocks)
        paths = frozenset().union(*(other.paths for other in own))
        says = frozenset().union(*(other.says for other in own))
        all_blocks = [*(shared.blocks if shared else ()), *self.blocks]
        reached = _reached(block, all_blocks)
        return Test(
            block.names[0], paths, says, frozenset().union(*(other.paths for other in reached))
        )


def _reached(block: Block, blocks: list[Block]) -> list[Block]:
    """A block and those that it names, that they name, and so on."""
    by_name = {name: other for other in blocks for name in other.names}
    found, waiting = [block], [block]
    while waiting:
        for name in waiting.pop().says & by_name.keys():
            if by_name[name] not in found:
                found.append(by_name[name])
                waiting.append(by_name[name])
    return found


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _said(node: ast.stmt) -> Iterator[str]:
    """Names, attributes and arguments; an argument may be a fixture."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.arg):
            yield part.arg


def read_tests(folder: Path) -> list[TestFile]:
    """All files of tests below a folder, in alphabetical order; those in a browser test no name."""
    common = [path for name in SHARED if (path := folder / name).exists()]
    shared = TestFile("shared", "\n".join(path.read_text("utf-8") for path in common))
    paths = [path for path in folder.rglob("test_*.py") if path.parent.name != "browser"]
    paths.sort(key=lambda path: path.stem)
    return [TestFile(path.stem, path.read_text("utf-8"), shared) for path in paths]


def find_tests(
    files: list[TestFile], path: str, modules: list[str], method: str
) -> tuple[TestFile, list[Test]] | None:
    """The file that tests what stands at a path, and its tests; those of errors come last.

    It is the file named after the first of the modules that has one, or else that with the most
    such tests. A method is used where its name and that of its class, the path's, are said.
    """
    best = _choose(files, modules, method, lambda test: path in test.paths)
    if best is None or all(test.of_errors for test in best[1]):
        best = _choose(files, modules, method, lambda test: path in test.shared) or best
    return best


def _choose(
    files: list[TestFile], modules: list[str], method: str, uses: Callable[[Test], bool]
) -> tuple[TestFile, list[Test]] | None:
    wanted = [f"test_{module}" for module in modules]
    found = []
    for file in files:
        tests = [test for test in file.tests if uses(test) and (not method or method in test.says)]
        place = wanted.index(file.name) if file.name in wanted else len(wanted)
        if tests:
            found.append((place, -len(tests), file, tests))
    if not found:
        return None
    _, _, file, tests = min(found, key=lambda item: item[:2])
    return file, sorted(tests, key=lambda test: test.of_errors)
