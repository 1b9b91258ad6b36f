"""The references page: every work that the book links to, and where (`make generated`).

Authors and titles are written by hand, one line a work, each with one link and "Cited in …" at its
end. What follows "Cited in" is made here, from the links of the chapters, pages and docstrings.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from myst_parser.mdit_to_docutils.base import default_slugify

from tools.environment import ROOT, say
from tools.markdown import links
from tools.notebooks import read, toc_files
from tools.publish_as import repository

PAGE = Path("book") / "references.md"
CODE = ("mle_lib", "benchmarks")

URL = re.compile(r"https?://[^\s\"'`<>]+")
# no works: notebooks in Colab, the book's licence, the address that data are fetched from; and the
# book's own address, which is asked for
NO_WORK = re.compile(
    r"https://(?:colab\.research\.google\.com|raw\.githubusercontent\.com|creativecommons\.org)/"
    r"|https?://localhost\b"
)
NUMBER = re.compile(r"^(Exercise )?\d+\.\d* (?:· )?")  # of a heading
HEADING = re.compile(r"^#{1,3} +(.+?)\s*$", re.M)
CITED = " Cited in "


class Section(NamedTuple):
    """A heading of a page, with the text up to the next heading."""

    heading: str
    anchor: str
    text: str


def sections(markdown: str) -> list[Section]:
    """Cut Markdown at its headings of level 1 to 3, which are those that can be linked to."""
    parts = HEADING.split(markdown)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return [Section(heading, anchor(heading), text) for heading, text in pairs]


def anchor(heading: str) -> str:
    """What a link to the heading says after `#`: no number, since a heading's number may change.

    MyST leaves maths out and keeps code; the number is left out by the site's `moved.slug`.
    """
    return default_slugify(re.sub(r"\$[^$]*\$", "", NUMBER.sub(r"\1", heading)).replace("`", ""))


def pages(root: Path = ROOT) -> list[Path]:
    """The chapters, then the other pages, without the references themselves."""
    chapters = [path for path in toc_files(root) if path.suffix == ".ipynb"]
    others = sorted((root / "book").glob("*.md"))
    return [path for path in [*chapters, *others] if path != root / PAGE]


def page_text(path: Path) -> str:
    """The Markdown of a page or a chapter."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def name(link: str) -> str:
    """One spelling of an address: `%28` or `(`, and DOIs know no capitals."""
    plain = unquote(link)
    return plain.lower() if plain.startswith("https://doi.org/") else plain


def is_work(link: str, repo: str) -> bool:
    """Whether a link leads to something that others have written."""
    ours = re.compile(rf"https://github\.com/{re.escape(repo)}(?![\w.-])")
    return link.startswith("http") and not NO_WORK.match(link) and not ours.match(link)


def mentions(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """(name of a work, place that links to it, as Markdown), in the order of the book."""
    repo = repository(root)
    for path in pages(root):
        for section in sections(page_text(path)):
            for link in links(section.text):
                if is_work(link, repo):
                    yield name(link), place(path, section)
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            for match in URL.finditer(path.read_text(encoding="utf-8")):
                if is_work(match.group(), repo):
                    yield name(trimmed(match.group())), f"`{path.relative_to(root)}`"


def trimmed(url: str) -> str:
    """Without the punctuation that follows an address in a sentence."""
    url = url.rstrip(".,;:")
    return trimmed(url[:-1]) if url.endswith(")") and url.count("(") < url.count(")") else url


def place(path: Path, section: Section) -> str:
    """A link to a section, such as [3.8](chapter.ipynb#…), or to a whole page."""
    if path.suffix == ".md":
        return f"[{path.stem.replace('-', ' ')}]({path.name})"
    if number := re.match(r"\d+\.\d+\b", section.heading):
        words = number[0]
    else:
        (chapter,) = re.findall(r"^# (\d+)\.", page_text(path), re.M)
        words = f"chapter {chapter}, {section.heading.lower()}"
    return f"[{words}]({path.name}#{section.anchor})"


def citations(root: Path = ROOT) -> dict[str, list[str]]:
    """Name of each work -> the places that link to it, each once."""
    found: dict[str, list[str]] = {}
    for work, where in mentions(root):
        places = found.setdefault(work, [])
        if where not in places:
            places.append(where)
    return found


def entries(page: str) -> dict[int, str]:
    """Line number -> name of the work, for each entry of the page (a list item).

    Raises:
        ValueError: If an entry has not exactly one link, or no "Cited in".
    """
    found = {}
    for number, line in enumerate(page.splitlines()):
        if line.startswith("- "):
            work, marker, _ = line.partition(CITED)
            urls = list(links(work))
            if len(urls) != 1 or not marker:
                raise ValueError(f"not one link and{CITED.rstrip()!r}: {line}")
            found[number] = name(urls[0])
    return found


def completed(page: str, cited: dict[str, list[str]]) -> str:
    """The page with what follows "Cited in" made anew."""
    lines = page.splitlines()
    for number, work in entries(page).items():
        places = ", ".join(cited.get(work, ["nothing"]))
        lines[number] = f"{lines[number].partition(CITED)[0]}{CITED}{places}."
    return "\n".join(lines) + "\n"


def main() -> int:
    path, cited = ROOT / PAGE, citations()
    page = path.read_text(encoding="utf-8")
    path.write_text(completed(page, cited), encoding="utf-8")
    listed = set(entries(page).values())
    for work in sorted(cited.keys() - listed):
        print(f"not on the page: {work}, cited in {', '.join(cited[work])}", file=sys.stderr)
    for work in sorted(listed - cited.keys()):
        print(f"cited nowhere: {work}", file=sys.stderr)
    say(f"{len(listed)} works on {PAGE}")
    return 0 if listed == cited.keys() else 1


if __name__ == "__main__":
    sys.exit(main())
