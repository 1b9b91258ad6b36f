"""What has moved, for readers with an old address: `book/moved.json`, small notebooks for Colab.

The site's extension (`book/_ext/mle_book/moved.py`) says what the file holds and keeps the old
addresses of pages alive. Colab opens notebooks by their path: where one was, a small one says where
it is now. What must stay alive is in `book/addresses.json`, which only grows (`make generated`).
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from bs4 import BeautifulSoup
from nbformat import NotebookNode, v4

from tools.environment import ROOT
from tools.notebooks import read, toc_notebooks, write
from tools.publish_as import repository

FILE = Path("book") / "moved.json"
KEPT = Path("book") / "addresses.json"


class Kept(TypedDict):
    """What readers may have kept: page -> its anchors; ids of exercises; names; notebooks."""

    pages: dict[str, list[str]]
    exercises: list[str]
    names: list[str]
    notebooks: list[str]


class Moved(TypedDict):
    """Old name of a page -> its name; page -> old anchor -> anchor, page and anchor, or nothing."""

    pages: dict[str, str]
    anchors: dict[str, dict[str, str]]


def load(root: Path = ROOT) -> Moved:
    path = root / FILE
    return json.loads(path.read_text("utf-8")) if path.exists() else {"pages": {}, "anchors": {}}


def kept(root: Path = ROOT) -> Kept:
    return json.loads((root / KEPT).read_text("utf-8"))


def keep(exercises: Iterable[str], site: Path, root: Path = ROOT) -> None:
    """Add what there is now: the ids of exercises, the notebooks, what a built site has."""
    known = kept(root)
    known["exercises"] = sorted({*known["exercises"], *exercises})
    notebooks = {path.relative_to(root).as_posix() for path in toc_notebooks(root)}
    known["notebooks"] = sorted({*known["notebooks"], *notebooks})
    for path in [*sorted(site.glob("*.html")), *sorted((site / "book").glob("*.html"))]:
        anchors = anchors_of(path.read_text("utf-8"))
        before = known["pages"].get(path.relative_to(site).as_posix(), [])
        if anchors:
            known["pages"][path.relative_to(site).as_posix()] = sorted({*before, *anchors})
        names = {anchor for anchor in anchors if anchor.startswith("mle_lib.")}
        known["names"] = sorted({*known["names"], *names})
    _save_kept(known, root)


def _save_kept(known: Kept, root: Path) -> None:
    text = json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (root / KEPT).write_text(text, encoding="utf-8")


def forget(notebooks: Iterable[Path], exercises: Iterable[str], root: Path = ROOT) -> None:
    """Keep no longer what no reader can have: pages that were never published, their exercises."""
    known, gone = kept(root), set(exercises)
    known["exercises"] = [name for name in known["exercises"] if name not in gone]
    for path in notebooks:
        name = path.relative_to(root).as_posix()
        known["notebooks"] = [other for other in known["notebooks"] if other != name]
        known["pages"].pop(name.removesuffix(".ipynb") + ".html", None)
    _save_kept(known, root)


def anchors_of(html: str) -> set[str]:
    """What of a page can be linked to: headings, equations, questions, entries, not cells, nor what
    is asked now here, now there."""
    found = BeautifulSoup(html, "html.parser").select("article :is(section, div, dt)[id]")
    ids = {str(element["id"]) for element in found}
    return {name for name in ids if not name.startswith(("codecell", "cell-", "recall-"))}


def save(moved: Moved, root: Path = ROOT) -> None:
    text = json.dumps(moved, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    (root / FILE).write_text(text, encoding="utf-8")


def stubs(root: Path = ROOT) -> dict[Path, str]:
    """Old path of each notebook -> the page that it is by now; some pages were never notebooks."""
    return {
        root / f"{old}.ipynb": new
        for old, new in load(root)["pages"].items()
        if (root / f"{new}.ipynb").exists()
    }


def stub(page: str, root: Path = ROOT) -> NotebookNode:
    """A notebook that leads to another; without the number of the chapter, which may change."""
    title = read(root / f"{page}.ipynb").cells[0].source.partition("\n")[0]
    title = title.removeprefix("# ").partition(". ")[2]
    colab = f"https://colab.research.google.com/github/{repository(root)}/blob/main"
    text = f"# This chapter has moved\n\nIt is here: [{title}]({colab}/{page}.ipynb)."
    made = v4.new_notebook(cells=[v4.new_markdown_cell(text, id="moved")])
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python"}
    made.metadata["kernelspec"]["name"] = "python3"
    return made


def write_stubs(root: Path = ROOT) -> int:
    """Write the small notebooks; how many there are."""
    for path, page in stubs(root).items():
        write(stub(page, root), path)
    return len(stubs(root))
