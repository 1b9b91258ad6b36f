"""A browser goes to a page by `visits.py` alone, which knows when that is ready."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# To go somewhere, or to wait for something else than what is needed.
METHODS = {"goto", "reload", "go_back", "go_forward", "wait_for_timeout", "wait_for_load_state"}
METHODS |= {"sleep", "wait_for_event", "set_default_navigation_timeout"}
STATES = {"networkidle", "commit", "domcontentloaded"}


def found(source: str) -> list[str]:
    """What waits for the network or the clock, or goes where `visits.py` does not."""
    return [
        f"line {node.lineno}: {name}"
        for node in ast.walk(ast.parse(source))
        if (name := _named(node)) in METHODS | STATES
    ]


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.alias):
        return node.name
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")), ids=lambda path: path.name)
def test_no_file_waits_in_its_own_way(path: Path) -> None:
    allowed = {"visits.py": ["goto", "reload"], Path(__file__).name: sorted(METHODS | STATES)}
    names = sorted({line.partition(": ")[2] for line in found(path.read_text("utf-8"))})
    assert names == allowed.get(path.name, []), found(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "code",
    [
        "page.goto(url)",
        "page.reload()",
        "page.wait_for_timeout(800)",
        "time.sleep(1)",
        "from time import sleep",
        "page.wait_for_load_state()",
        "page.wait_for_url(url, wait_until='networkidle')",
    ],
)
def test_it_is_seen(code: str) -> None:
    assert len(found(code)) == 1
