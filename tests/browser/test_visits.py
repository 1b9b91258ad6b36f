"""Which pages a browser goes to; and that it does by `visits.py` alone, which knows when."""

import ast
from pathlib import Path

import pytest

from tests.browser import conftest
from tests.browser.conftest import WIDTHS, all_pages, visits

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
    allowed = {
        "visits.py": ["go_back", "goto", "reload"],
        Path(__file__).name: sorted(METHODS | STATES),
    }
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


PAGE = "<html><body><pre>{}</pre></body></html>"
CODE = "<span class='k'>if</span><br>"
NEW = {
    "a class": f"{CODE}<span class='kn'>if</span>",
    "an attribute": f"{CODE}<span class='k' id='x'>if</span>",
    "an element": f"{CODE}<img alt='x'>",
    "another place": f"<div>{CODE}</div>",
    "a longer line": 9 * CODE,
    "a shorter line": "",
}


@pytest.mark.parametrize("what", ["", *NEW])
def test_a_page_made_from_a_source_is_opened_if_it_shows_what_is_new(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    contents = {"a": CODE, "b": 3 * CODE, "longest": 6 * CODE, "c": 3 * CODE, "d": 3 * CODE}
    contents["d"] = NEW.get(what, contents["d"])
    (tmp_path / "_modules").mkdir()
    for name, content in contents.items():
        (tmp_path / "_modules" / f"{name}.html").write_text(PAGE.format(content))
    monkeypatch.setattr(conftest, "SITE", tmp_path)
    names = [one.values[0] for one in visits() if not one.marks]
    assert names == [f"_modules/{n}.html" for n in ("a", *(["d"] if what else []), "longest")]
    for in_the_dark in (False, True):  # and what is not opened is left to `make soak`
        found = visits(in_the_dark)
        assert [one.values for one in found] == [(p, w) for p in all_pages() for w in WIDTHS]
        assert {mark.name for one in found for mark in one.marks} == {"soak"}
