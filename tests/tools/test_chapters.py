"""Chapters are inserted, split, moved and removed: what named a thing names the same thing then."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from nbformat import v4

from tests.site.test_addresses import tracked
from tools import chapters, moved
from tools.chapter_rules import RULES
from tools.chapters import ChapterError
from tools.environment import ROOT
from tools.exercise_rules import is_exercise
from tools.notebooks import read, strip, toc_notebooks, write
from tools.numbering import known, mentions, places, unmarked, unresolved

Tree = dict[Path, bytes]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """All that is in the repository."""
    for path in tracked():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path


def tree(root: Path) -> Tree:
    return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def pages(root: Path) -> list[str]:
    return [path.stem for path in toc_notebooks(root)]


def things(root: Path) -> dict[tuple[str, str], str]:
    """Kind and number -> the heading or the formula that has it."""
    found = {}
    for place in places(root):
        for mention in mentions(place):
            if mention.gives and place.path.suffix == ".ipynb":
                line = place.text[mention.end :].partition("\n")[0]
                if mention.kind == "equation":
                    line = place.text[: mention.start].rpartition("$$")[2]
                found[mention.kind, mention.number] = line
    return found


def named(root: Path) -> Counter[tuple[str, str]]:
    """Kind and heading or formula of each thing -> how often it is named."""
    known_things = things(root)
    return Counter(
        (mention.kind, known_things.get((mention.kind, mention.number), "an exercise"))
        for place in places(root)
        for mention in mentions(place)
        if not mention.gives
    )


def is_sound(root: Path) -> None:
    """Everything named is there; sections and equations count from one in each chapter."""
    numbers, found = known(root), [*places(root)]
    for place in found:
        assert unresolved(place, numbers) == [], place
        assert list(unmarked(place, numbers)) == [], place
    for number, path in enumerate(toc_notebooks(root), 1):
        given = [m for p in found if p.path == path for m in mentions(p) if m.gives]
        assert [m.number for m in given if m.kind == "chapter"] == [str(number)]
        for kind in ("section", "equation"):
            of_kind = [m.number for m in given if m.kind == kind]
            assert of_kind == [f"{number}.{k}" for k in range(1, len(of_kind) + 1)]


def middle(root: Path) -> tuple[str, str]:
    """A chapter and a section of it, after which no exercise is asked before the summary."""
    for number, path in enumerate(toc_notebooks(root), 1):
        for at in ("4", "5", "3", "6"):
            _, leaving = chapters.cut(read(path), f"{number}.{at}")
            has_equations = any(r"\tag" in cell.source for cell in leaving)
            if has_equations and not any(map(is_exercise, leaving)):
                return path.stem, f"{number}.{at}"
    raise AssertionError("no chapter can be split")


def test_an_empty_third_chapter_is_inserted_and_removed(root: Path) -> None:
    before, names, order = tree(root), named(root), pages(root)
    chapters.insert("in-between", "Something new", before=order[2], root=root)
    is_sound(root)
    assert pages(root) == [*order[:2], "in-between", *order[2:]]
    assert named(root) == names
    anchors = moved.load(root)["anchors"][f"book/{order[2]}"]
    assert anchors["eq-3-1"] == "eq-4-1"
    assert {new for old, new in anchors.items() if old.startswith("eq-3-")} <= {
        f"eq-4-{number.partition('.')[2]}" for kind, number in things(root) if kind == "equation"
    }
    chapters.remove("in-between", root=root)
    assert tree(root) == before


def test_a_chapter_is_split(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names, order, formulas = named(root), pages(root), sorted(things(root).values())
    page, at = middle(root)
    chapters.split(page, "second-part", "The second part", at, root=root)
    is_sound(root)
    place = order.index(page) + 1
    assert pages(root) == [*order[:place], "second-part", *order[place:]]
    assert named(root) == names
    title = ". The second part"
    assert sorted(things(root).values()) == sorted([*formulas, title])
    number = place + 1
    assert things(root)["section", f"{number}.1"]
    leads = moved.load(root)["anchors"][f"book/{page}"]
    assert any("second-part#" in new for new in leads.values())
    parts = [read(root / "book" / f"{name}.ipynb") for name in (page, "second-part")]
    assert [strip(part) for part in parts] == parts
    ids = [cell.id for part in parts for cell in part.cells]
    assert len(set(ids)) == len(ids)
    said = capsys.readouterr().out
    for part, notebook in zip((page, "second-part"), parts, strict=True):
        assert f"{part}.ipynb: write its title" in said
        for fault in (fault for rule in RULES for fault in rule(notebook)):
            assert f"{part}.ipynb: {fault}" in said
    asked = re.findall(r"^### .+", "\n".join(cell.source for cell in parts[0].cells), re.M)
    assert asked
    assert re.findall(rf"^{page}\.ipynb, (### .+): if its section left", said, re.M) == asked


def test_a_line_that_a_longer_number_makes_too_long_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "mle_lib" / "gradient.py"
    line = "# as in section 9.1 ".ljust(100, ".")
    path.write_text(f"{line}\n{path.read_text('utf-8')}", encoding="utf-8")
    chapters.insert("new", "New", before=pages(root)[1], root=root)
    assert "section 10.1" in path.read_text("utf-8").partition("\n")[0]
    assert "mle_lib/gradient.py, line 1: 101 characters, 100 are allowed" in capsys.readouterr().out


def test_the_addresses_of_a_chapter_that_is_removed_lead_on(root: Path) -> None:
    order, before = pages(root), moved.load(root)["anchors"]
    chapters.insert("in-between", "Something new", before=order[2], root=root)
    kept = moved.kept(root)
    kept["pages"]["book/in-between.html"] = ["something-new"]
    (root / moved.KEPT).write_text(json.dumps(kept), encoding="utf-8")
    chapters.remove("in-between", to=order[1], root=root)
    table = moved.load(root)
    assert table["pages"]["book/in-between"] == f"book/{order[1]}"
    page = f"book/{order[1]}"
    assert table["anchors"] == {**before, page: {**before.get(page, {}), "something-new": ""}}
    assert read(root / "book" / "in-between.ipynb") == moved.stub(f"book/{order[1]}", root)


def test_of_a_chapter_that_no_reader_has_seen_nothing_stays(root: Path) -> None:
    before, order = tree(root), pages(root)
    chapters.insert("in-between", "Something new", before=order[2], root=root)
    moved.keep(["new-question"], root / "_build", root)
    kept = moved.kept(root)
    kept["pages"]["book/in-between.html"] = ["something-new"]
    (root / moved.KEPT).write_text(json.dumps(kept), encoding="utf-8")
    folder = root / "mle_lib" / "exercises" / "chapters" / "in_between"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Exercises."""\n')
    path = root / "book" / "in-between.ipynb"
    notebook = read(path)
    cell = v4.new_code_cell('quiz("new-question")', id="q", metadata={"tags": ["quiz"]})
    notebook.cells.insert(2, cell)
    write(notebook, path)
    chapters.remove("in-between", unpublished=True, root=root)
    assert tree(root) == before


def test_a_chapter_is_moved_and_moved_back(root: Path) -> None:
    before, names, order = tree(root), named(root), pages(root)
    chapters.move(order[-1], before=order[-2], root=root)
    is_sound(root)
    assert pages(root)[-2:] == [order[-1], order[-2]]
    assert named(root) == names
    chapters.move(order[-1], after=order[-2], root=root)
    assert tree(root) == before


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (lambda r, o: chapters.remove(o[1], root=r), "would be gone"),
        (lambda r, o: chapters.remove(o[1], root=r), "has exercises"),
        (lambda r, o: chapters.remove(o[1], root=r), "readers have addresses"),
        (lambda r, o: chapters.remove("nothing", root=r), "is no chapter"),
        (lambda r, o: chapters.insert("03-new", "New", before=o[1], root=r), "without a number"),
        (lambda r, o: chapters.insert(o[0], "New", before=o[1], root=r), "is there already"),
        (lambda r, o: chapters.insert("lecture", "New", before=o[1], root=r), "is there already"),
        (lambda r, o: chapters.move(o[0], after=o[0], root=r), "beside itself"),
        (lambda r, o: chapters.move(o[0], after=o[-1], root=r), "would turn round"),
        (lambda r, o: chapters.split(o[0], "new", "New", "1.1", root=r), "not its first"),
        (lambda r, o: chapters.split(o[0], "new", "New", "2.2", root=r), "section of"),
    ],
)
def test_what_is_not_sure_is_refused_and_nothing_is_changed(root: Path, command, why) -> None:
    before = tree(root)
    with pytest.raises(ChapterError, match=why):
        command(root, pages(root))
    assert tree(root) == before


def test_a_decimal_that_could_be_a_section_is_refused(root: Path) -> None:
    path = root / "book" / "index.md"
    path.write_text(
        path.read_text("utf-8") + "\nAs in 2.1, or in section 2.99.\n", encoding="utf-8"
    )
    with pytest.raises(ChapterError) as raised:
        chapters.insert("new", "New", before=pages(root)[1], root=root)
    assert re.findall(r"no section 2\.99|\[2\.1\]", str(raised.value)) == [
        "no section 2.99",
        "[2.1]",
    ]
