"""What a reader may have kept still works: pages, anchors, notebooks, answers, names to import.

`book/addresses.json` is the list of a built site, and only grows. An anchor is there if its page
has it, or if `book/moved.json` says where it is.
"""

import re
import sys
from functools import cache
from importlib import import_module

import pytest
from docutils import nodes

from tests.site.page_text import INCLUDE
from tools import moved
from tools.environment import ROOT
from tools.notebooks import read, toc_files
from tools.references import page_text

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from mle_book.api import public_members

KEPT = moved.kept()
MOVED = moved.load()
PAGES = {f"book/{path.stem}": path for path in toc_files()}
WORD = re.compile(r"^[-*] \*\*(.+?)\*\*", re.M)
MADE = {"index", "404", "search"}  # by the tools of the site


def page_of(address: str) -> str:
    """The page that an address leads to."""
    name = address.removesuffix(".html")
    return MOVED["pages"].get(name, name)


@cache
def anchors(page: str) -> set[str]:
    """The anchors of a page, as the site gives them to headings, equations, questions and words."""
    text = INCLUDE.sub(lambda match: (ROOT / match[1]).read_text("utf-8"), page_text(PAGES[page]))
    headings = re.findall(r"^#{1,3} +(.+?)\s*$", text, re.M)
    plain = [re.sub(r"[$`*]", "", heading) for heading in headings]
    found = {nodes.make_id(heading) for heading in plain}
    found |= {nodes.make_id(f"eq-{number}") for number in re.findall(r"\\tag\{(.+?)\}", text)}
    cells = read(PAGES[page]).cells if PAGES[page].suffix == ".ipynb" else []
    sources = [text, *(cell.source for cell in cells if cell.cell_type == "code")]
    for said in re.findall(r'(?:quiz\("|\{mle-open\} )([\w-]+)', "\n".join(sources)):
        found.add(f"{said}-question")
    if page == "book/glossary":
        found |= {nodes.make_id(f"term-{word}") for word in WORD.findall(text)}
    for module in re.findall(r"^mle_lib[\w.]*$", text, re.M):
        found |= {f"module-{module}", nodes.make_id(module)}
    return found


def is_documented(name: str) -> bool:
    """Whether a module of the API page has it; of a class its members, too."""
    modules = [m for m in re.findall(r"^mle_lib[\w.]*$", page_text(PAGES["book/api"]), re.M)]
    for module in sorted(modules, key=len, reverse=True):
        if name.startswith(f"{module}."):
            first, _, rest = name.removeprefix(f"{module}.").partition(".")
            found = dict(public_members(import_module(module))).get(first)
            return found is not None and (not rest or hasattr(found, rest))
    return False


def leads_somewhere(page: str, anchor: str) -> bool:
    if page == "book/api" and anchor.startswith("mle_lib."):
        return is_documented(anchor)
    if anchor in anchors(page):
        return True
    new = MOVED["anchors"].get(page, {}).get(anchor)
    if not new:
        return new == ""  # what the book no longer has: a line says so
    other, _, there = new.rpartition("#")
    return leads_somewhere(other or page, there)


@pytest.mark.parametrize("address", KEPT["pages"])
def test_every_page_and_every_anchor_leads_somewhere(address: str) -> None:
    page = page_of(address)
    if page in MADE:
        return
    assert page in PAGES
    assert [a for a in KEPT["pages"][address] if not leads_somewhere(page, a)] == []


@pytest.mark.parametrize("name", KEPT["notebooks"])
def test_every_notebook_is_where_colab_looks_for_it(name: str) -> None:
    assert (ROOT / name).is_file()


def test_small_notebooks_stand_where_others_were_and_nowhere_else() -> None:
    for path, page in moved.stubs().items():
        assert read(path) == moved.stub(page), "run `make generated`"


def test_answers_are_kept_under_the_id_of_an_exercise_alone() -> None:
    script = (ROOT / "mle_lib" / "exercises" / "static" / "exercises.js").read_text("utf-8")
    assert re.findall(r"localStorage\.setItem\((.+?),", script) == ["PREFIX + id"]


@pytest.mark.parametrize("name", KEPT["names"])
def test_every_public_name_is_imported_from_where_it_was(name: str) -> None:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return
    raise AssertionError(name)
