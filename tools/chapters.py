"""Insert, split, move or remove a chapter, and renumber whatever names one.

    python -m tools.chapters insert NAME "Title" --before PAGE    (or --after)
    python -m tools.chapters split PAGE NAME "Title" --at 5.5
    python -m tools.chapters move PAGE --before OTHER             (or --after)
    python -m tools.chapters remove PAGE [--to OTHER | --unpublished]
    python -m tools.chapters exercises    (after one was moved, or is new)

A chapter is named by its file, without its ending. Where something is not sure, such as a reference
to what would be gone, the complaints are listed, a line each, and nothing is changed.
"""

import argparse
import ast
import builtins
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from docutils import nodes
from nbformat import NotebookNode, v4

from tools import exercise_order, moved, references
from tools.chapter_rules import FIRST_CELL, RULES
from tools.environment import ROOT, say
from tools.exercise_rules import RECALL_CELL, TAGS_OF_RECALL, is_exercise
from tools.notebooks import read, strip, toc_notebooks, write
from tools.numbering import (
    Mention,
    Place,
    known,
    mentions,
    places,
    renumbered,
    rewrite,
    unmarked,
    unresolved,
)
from tools.publish_as import repository

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SECTION = re.compile(r"^## ", re.M)
EXERCISE = re.compile(r"^(### Exercise )\d+\.\d+ ", re.M)
LAST = "## Summary"
NUMBERED_ID = re.compile(r"(eq|exercise)-(\d+)-(\d+)(.*)")


class ChapterError(ValueError):
    """Why nothing was changed, a complaint a line."""


class Plan:
    """New numbers for old ones; what is in no table keeps its own, and None is gone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pages = [path.stem for path in toc_notebooks(root)]
        self.chapters: dict[str, str | None] = {}  # number of a chapter -> its new one
        self.things: dict[tuple[str, str], str] = {}  # kind and number -> number, in a split
        self.splits = ""  # the page whose sections leave
        self.sections: dict[str, str] = {}  # anchor -> page, of these

    def order(self, pages: list[str]) -> None:
        """The numbers that follow from a new order; a page that is in it no more is gone."""
        new = {page: str(number) for number, page in enumerate(pages, 1)}
        self.chapters = {str(n): new.get(page) for n, page in enumerate(self.pages, 1)}

    def new(self, kind: str, number: str) -> str | None:
        if (kind, number) in self.things:
            return self.things[kind, number]
        chapter, dot, rest = number.partition(".")
        changed = self.chapters.get(chapter, chapter)
        return None if changed is None else f"{changed}{dot}{rest}"

    def page(self, number: str, pages: list[str]) -> str:
        return pages[int(number.partition(".")[0]) - 1]


# ---- what is not sure


def complaints(plan: Plan, leave_out: Iterable[Path] = ()) -> Iterator[str]:
    """What is named in no known form, is nowhere or would be gone; ranges that would turn."""
    numbers, left_out = known(plan.root), set(leave_out)
    for place in places(plan.root):
        for mention in unresolved(place, numbers):
            yield f"{place}: there is no {mention.kind} {mention.number}"
        yield from (f"{place}: is this a reference? {words}" for words in unmarked(place, numbers))
        if place.path not in left_out:
            yield from _lost(plan, place)


def _lost(plan: Plan, place: Place) -> Iterator[str]:
    before: Mention | None = None
    for mention in mentions(place):
        number = plan.new(mention.kind, mention.number)
        if number is None:
            yield f"{place}: names {mention.kind} {mention.number}, which would be gone"
        elif before and place.text[before.end : mention.start].strip() in ("to", "-", "–"):
            first = plan.new(before.kind, before.number)
            if first and _key(first) > _key(number):
                yield f"{place}: {before.number} to {mention.number} would turn round"
        before = mention


def _key(number: str) -> list[int]:
    return [int(part) for part in number.split(".")]


def refuse(found: Iterable[str]) -> None:
    if listed := list(found):
        raise ChapterError("\n".join(listed))


def position(plan: Plan, page: str) -> int:
    if page not in plan.pages:
        raise ChapterError(f"{page!r} is no chapter; these are: {', '.join(plan.pages)}")
    return plan.pages.index(page)


def new_name(plan: Plan, name: str) -> str:
    taken = plan.root / "book" / f"{name}.ipynb"
    if not SLUG.fullmatch(name) or re.match(r"\d", name):
        raise ChapterError(f"a name is like 'what-they-cost', without a number, not {name!r}")
    if taken.exists() or taken.with_suffix(".md").exists():
        raise ChapterError(f"book/{name} is there already")
    return name


# ---- what is written


def renumber(plan: Plan, leave_out: Iterable[Path] = ()) -> None:
    """Every number that is named or given, in all files."""
    left_out = set(leave_out)
    changed: dict[Path, dict[tuple[int | None, int | None], str]] = {}
    for place in places(plan.root):
        if place.path not in left_out:
            text = renumbered(place, lambda m: plan.new(m.kind, m.number) or m.number)
            if text != place.text:
                changed.setdefault(place.path, {})[place.cell, place.output] = text
                if place.path.suffix == ".py":
                    for line in too_long(plan.root, place, text):
                        say(line)
    for path, texts in changed.items():
        rewrite(path, texts)


def too_long(root: Path, place: Place, text: str) -> Iterator[str]:
    """Lines that longer numbers pushed over the limit: where to break them is the author's."""
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    limit = settings["tool"]["ruff"]["line-length"]
    lines = zip(place.text.splitlines(), text.splitlines(), strict=True)
    for number, (before, line) in enumerate(lines, 1):
        if len(before) <= limit < len(line):
            yield f"{place}, line {number}: {len(line)} characters, {limit} are allowed"


def keep_addresses(plan: Plan, pages: list[str], gone: str = "", to: str = "") -> None:
    """Say in `book/moved.json` where each address is that readers may have kept."""
    before, anchors = moved.load(plan.root), _kept_anchors(plan.root)
    names = {f"book/{gone}": f"book/{to}"} if gone in plan.pages else {}
    after: moved.Moved = {
        "pages": {old: names.get(new, new) for old, new in before["pages"].items()}
        | {old: new for old, new in names.items() if old in anchors},
        "anchors": {},
    }
    for page, on_page in anchors.items():
        leads = before["anchors"].get(page, {})
        for anchor in on_page:
            page_now, new = names.get(page, page), ""  # a line says that it is no more
            if page not in names and (where := leads.get(anchor, anchor)):
                target, _, there = where.rpartition("#")
                new = _new_address(plan, pages, target or page, there).removeprefix(f"{page}#")
            if anchor != new:
                after["anchors"].setdefault(page_now, {})[anchor] = new
    if after != before:
        moved.save(after, plan.root)
    moved.write_stubs(plan.root)


def _kept_anchors(root: Path) -> dict[str, set[str]]:
    """Page, by its name of today -> the anchors that it or a page before it ever had."""
    found: dict[str, set[str]] = {}
    names = moved.load(root)["pages"]
    for address, anchors in moved.kept(root)["pages"].items():
        name = address.removesuffix(".html")
        found.setdefault(names.get(name, name), set()).update(anchors)
    return found


def _new_address(plan: Plan, pages: list[str], page: str, anchor: str) -> str:
    """Page and anchor of what is at an address now."""
    if match := NUMBERED_ID.fullmatch(anchor):
        kind = "equation" if match[1] == "eq" else "exercise"
        number = plan.new(kind, f"{match[2]}.{match[3]}")
        if number is None:
            return ""
        name = plan.page(number, pages)
        return f"book/{name}#{match[1]}-{number.replace('.', '-')}{match[4]}"
    if page == f"book/{plan.splits}" and anchor in plan.sections:
        page = f"book/{plan.sections[anchor]}"
    return f"{page}#{anchor}"


def edit_toc(root: Path, page: str, after: str | None = None, before: str | None = None) -> None:
    """Put the line of a page below or above that of another; without either, take it out."""
    path = root / "_toc.yml"
    lines = path.read_text("utf-8").splitlines()

    def line_of(name: str) -> int:
        return next(n for n, line in enumerate(lines) if line.endswith(f"file: book/{name}"))

    line = f"      - file: book/{page}"
    if line in lines:
        lines.remove(line)
    if after or before:
        lines.insert(line_of(after) + 1 if after else line_of(before or ""), line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def finish(root: Path) -> None:
    """What is made from the rest."""
    exercise_order.write_order(root)
    page = root / references.PAGE
    text = references.completed(page.read_text("utf-8"), references.citations(root))
    page.write_text(text, encoding="utf-8")


def skeleton(root: Path, name: str, number: int, title: str, following: str) -> NotebookNode:
    """A chapter with all that the rules ask of one, and nothing in it."""
    colab = f"https://colab.research.google.com/github/{repository(root)}/blob/main/book"
    texts = [
        f"# {number}. {title}\n\n**After this chapter you can** …\n\n**You need** … "
        "**Reading** … minutes. **Running** under 20 seconds on one CPU core.",
        f"{LAST}\n\n- …\n\n## Exercises",
        f"## Next\n\n[…]({colab}/{following}.ipynb)",
    ]
    cells = [v4.new_markdown_cell(text, id=f"text-{k}") for k, text in enumerate(texts)]
    install = FIRST_CELL.format(repository=repository(root))
    cells.insert(1, v4.new_code_cell(install, id="install", metadata={"tags": ["install"]}))
    if number > 1:
        asks, marked = RECALL_CELL.format(name=name), {"tags": TAGS_OF_RECALL}
        cells.insert(2, v4.new_code_cell(asks, id=f"{name}-recall", metadata=marked))
    made = v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {
        "display_name": "Python 3", "language": "python", "name": "python3",
    }  # fmt: skip
    return strip(made)


# ---- the commands


def insert(
    name: str, title: str, before: str | None = None, after: str | None = None, root: Path = ROOT
) -> None:
    """A chapter with nothing in it, at its place."""
    plan = Plan(root)
    at = position(plan, before) if before else position(plan, after or "") + 1
    pages = [*plan.pages[:at], new_name(plan, name), *plan.pages[at:]]
    plan.order(pages)
    refuse(complaints(plan))
    renumber(plan)
    edit_toc(root, name, before=before, after=after)
    following = pages[at + 1] if at + 1 < len(pages) else pages[at - 1]
    write(skeleton(root, name, at + 1, title, following), root / "book" / f"{name}.ipynb")
    keep_addresses(plan, pages)
    finish(root)


def move(page: str, before: str | None = None, after: str | None = None, root: Path = ROOT) -> None:
    """A chapter to another place."""
    plan = Plan(root)
    other = before or after or ""
    if position(plan, page) == position(plan, other):
        raise ChapterError("a chapter cannot stand beside itself")
    pages = [name for name in plan.pages if name != page]
    pages.insert(pages.index(other) + (before is None), page)
    plan.order(pages)
    refuse(complaints(plan))
    renumber(plan)
    edit_toc(root, page, before=before, after=after)
    keep_addresses(plan, pages)
    finish(root)


def remove(page: str, to: str | None = None, unpublished: bool = False, root: Path = ROOT) -> None:
    """A chapter that nothing names; its addresses lead to another page. Of one that was never
    published no reader has anything: its exercises and kept addresses go with it."""
    plan = Plan(root)
    position(plan, page)
    path = root / "book" / f"{page}.ipynb"
    pages = [name for name in plan.pages if name != page]
    plan.order(pages)
    exercises = _exercises(root, page)
    left_out = [path, *(exercises.rglob("*.py") if unpublished else ())]
    refuse([*complaints(plan, left_out), *_tied(plan, page, to, unpublished)])
    renumber(plan, left_out)
    if unpublished:
        moved.forget([path], exercise_order.order(root).get(exercises.name, []), root)
        shutil.rmtree(exercises, ignore_errors=True)
    edit_toc(root, page)
    path.unlink()
    keep_addresses(plan, pages, gone=page, to=to or "")
    finish(root)


def _exercises(root: Path, page: str) -> Path:
    return root / "mle_lib" / "exercises" / "chapters" / page.replace("-", "_")


def _tied(plan: Plan, page: str, to: str | None, unpublished: bool) -> Iterator[str]:
    """What else holds a chapter where it is."""
    if _exercises(plan.root, page).exists() and not unpublished:
        yield f"{page} has exercises, under whose ids readers have answers: they need a chapter"
    for path, text in _files_with_links(plan.root):
        if path.stem != page and re.search(_link(page), text):
            yield f"{path.name}: leads to {page}.ipynb"
    old = [name for name, new in moved.load(plan.root)["pages"].items() if new == f"book/{page}"]
    known = old or f"book/{page}.html" in moved.kept(plan.root)["pages"]
    if known and not to and not unpublished:
        yield f"readers have addresses of {page}: where do they lead? Say --to PAGE"
    if to and to not in plan.pages:
        yield f"{to!r} is no chapter"


def _files_with_links(root: Path) -> Iterator[tuple[Path, str]]:
    for path in [*toc_notebooks(root), *sorted((root / "book").glob("*.md"))]:
        if path != root / references.PAGE:
            yield path, path.read_text("utf-8")


def _link(page: str, anchor: str = "") -> str:
    """A link to a page; Markdown pages also show its figure, by name."""
    return rf"(?<=[/(]){page}\.ipynb{anchor}|(?<=mle-figure\}} ){page}$"


def exercises(root: Path = ROOT) -> None:
    """Number the exercises of every chapter by their places, and what names one."""
    plan = Plan(root)
    before = exercise_order.numbers(exercise_order.written(root))
    after = exercise_order.numbers(exercise_order.order(root))
    plan.things = {
        ("exercise", number): after[id]
        for id, number in before.items()
        if id in after and after[id] != number
    }
    refuse(complaints(plan))
    renumber(plan)
    for path in toc_notebooks(root):
        notebook = read(path)
        for title, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
            if (id := exercise_order.asked(cell)) and title.cell_type == "markdown":
                title.source = EXERCISE.sub(rf"\g<1>{after[id]} ", title.source)
        write(notebook, path)
    keep_addresses(plan, plan.pages)
    finish(root)


# ---- splitting


def split(page: str, name: str, title: str, at: str, root: Path = ROOT) -> None:
    """The sections of a chapter from one on, up to its summary, as a chapter of their own."""
    plan = Plan(root)
    place = position(plan, page)
    number, (chapter, first) = place + 1, _key(at)
    path = root / "book" / f"{page}.ipynb"
    headings = [m.number for m in _given(root, page) if m.kind == "section"]
    if chapter != number or at not in headings or at == headings[0]:
        raise ChapterError(f"--at must be a section of {page}, not its first: {headings[1:]}")
    pages = [*plan.pages[: place + 1], new_name(plan, name), *plan.pages[place + 1 :]]
    plan.order(pages)
    plan.splits = page
    cells = cut(read(path), at)
    _plan_split(plan, cells[1], number, first, name)
    asked = [cell.source for cell in cells[1] if is_exercise(cell)]
    refuse([*complaints(plan), *(f"it would take an exercise along: {a!r}" for a in asked)])
    renumber(plan)
    kept, leaving = cut(read(path), plan.new("section", at) or at)
    first_part = read(path)
    first_part.cells = kept
    write(strip(first_part), path)
    made = skeleton(
        root, name, number + 1, title, pages[place + 2] if place + 2 < len(pages) else page
    )
    made.cells[3:3] = leaving
    write(strip(made), root / "book" / f"{name}.ipynb")
    edit_toc(root, name, after=page)
    _lead_links(root, page, name)
    keep_addresses(plan, pages)
    finish(root)
    for line in left_to_do(root, number, page, name):
        say(line)


def _given(root: Path, page: str) -> Iterator[Mention]:
    for place in places(root):
        if place.path == root / "book" / f"{page}.ipynb" and place.output is None:
            yield from (mention for mention in mentions(place) if mention.gives)


def cut(notebook: NotebookNode, at: str) -> tuple[list[NotebookNode], list[NotebookNode]]:
    """The cells that stay, and those from section `at` to the summary; a cell may be cut in two."""
    stay: list[NotebookNode] = []
    leave: list[NotebookNode] = []
    leaving = False
    for cell in notebook.cells:
        parts = [cell.source]
        if cell.cell_type == "markdown":
            parts = re.split(rf"^(?=## {re.escape(at)} |{LAST}$)", cell.source, flags=re.M)
        for count, part in enumerate(part for part in parts if part):
            if cell.cell_type == "markdown" and part.startswith((f"## {at} ", LAST)):
                leaving = part.startswith(f"## {at} ")
            piece = cell
            if len(parts) > 1:
                piece = v4.new_markdown_cell(part.rstrip("\n"), metadata=cell.metadata)
                piece.id = cell.id if not count else f"{cell.id}-{count}"
            (leave if leaving else stay).append(piece)
    return stay, leave


def _plan_split(
    plan: Plan, leaving: list[NotebookNode], number: int, first: int, name: str
) -> None:
    """Sections and equations of the second part count from one."""
    counts: dict[str, int] = {}
    path = plan.root / "book" / f"{plan.pages[number - 1]}.ipynb"
    for position_of, cell in enumerate(leaving):
        if cell.cell_type != "markdown":
            continue
        place = Place(path, position_of, None, "markdown", cell.source)
        for mention in mentions(place):
            if mention.gives and mention.kind in ("section", "equation"):
                counts[mention.kind] = counts.get(mention.kind, 0) + 1
                new = f"{number + 1}.{counts[mention.kind]}"
                plan.things[mention.kind, mention.number] = new
        for heading in re.findall(r"^#{2,3} +(.+?)\s*$", cell.source, re.M):
            plan.sections[nodes.make_id(re.sub(r"[$`*]", "", heading))] = name


def _lead_links(root: Path, page: str, name: str) -> None:
    """Links to the sections that have left lead to the new page."""
    new = references.page_text(root / "book" / f"{name}.ipynb")
    slugs = {s.anchor for s in references.sections(new)} - {"summary", "exercises", "next"}
    left = "|".join(map(re.escape, slugs))
    pattern = re.compile(rf"(?<=[/(]){page}(?=\.ipynb#(?:{left})(?![\w-]))")
    for path, text in _files_with_links(root):
        if (led := pattern.sub(name, text)) != text:
            path.write_text(led, encoding="utf-8")


def left_to_do(root: Path, number: int, page: str, name: str) -> Iterator[str]:
    """What a program cannot know after a split: for its author."""
    parts = {part: read(root / "book" / f"{part}.ipynb") for part in (page, name)}
    for part, notebook in parts.items():
        yield f"{part}.ipynb: write its title, opening, summary and what is next"
        yield from (f"{part}.ipynb: {fault}" for rule in RULES for fault in rule(notebook))
    cells = parts[name].cells
    code = [ast.parse(c.source) for c in cells if c.cell_type == "code" and "%pip" not in c.source]
    if missing := sorted(undefined_names(code)):
        yield f"{name}.ipynb uses what the first part defines: {', '.join(missing)}"
    headings = [line for c in parts[page].cells for line in c.source.splitlines()]
    for heading in (line for line in headings if line.startswith("### ")):
        yield f"{page}.ipynb, {heading}: if its section left, so does it, and {moved.FILE} says so"
    for place in places(root):
        for mention in mentions(place):
            if mention == (mention.start, mention.end, "chapter", str(number), False):
                around = place.text[max(0, mention.start - 40) : mention.end + 40]
                yield f"{place}: this chapter, or the new one? {' '.join(around.split())}"


def undefined_names(code: Iterable[ast.AST]) -> set[str]:
    nodes = [node for tree in code for node in ast.walk(tree)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    defined = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {node.id for node in names} - defined - set(dir(builtins))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("exercises")
    for command in ("insert", "split", "move", "remove"):
        sub = commands.add_parser(command)
        sub.add_argument("page" if command != "insert" else "name")
        if command == "split":
            sub.add_argument("name")
            sub.add_argument("title")
            sub.add_argument("--at", required=True, help="the first section that leaves: 5.5")
        if command == "remove":
            where = sub.add_mutually_exclusive_group()
            where.add_argument("--to", help="the chapter that old addresses lead to")
            where.add_argument(
                "--unpublished", action="store_true", help="no reader has seen it: all of it goes"
            )
        if command == "insert":
            sub.add_argument("title")
        if command in ("insert", "move"):
            place = sub.add_mutually_exclusive_group(required=True)
            place.add_argument("--before", metavar="PAGE")
            place.add_argument("--after", metavar="PAGE")
    options = vars(parser.parse_args(arguments))
    commands_by_name: dict[str, Callable[..., None]] = {
        "insert": insert, "split": split, "move": move, "remove": remove, "exercises": exercises,
    }  # fmt: skip
    try:
        commands_by_name[options.pop("command")](**options)
    except ChapterError as error:
        print(f"Nothing was changed:\n{error}", file=sys.stderr)
        return 1
    say("Done. Read what git shows; then `make format`, `make notebooks`, `make test`.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
