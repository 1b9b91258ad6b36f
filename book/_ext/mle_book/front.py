"""The first page: where to start, and the map of the chapters.

`{mle-start}` is a link to the first chapter, and room beside it for one to where a reader was:
`practice.js` knows. Its content says what a reader needs; how much there is to read is counted from
the chapters. `{mle-map}` is a drawing with a line for each chapter, in the order and the
parts of `_toc.yml`. A chapter's title, its question and what it needs are read from its first cell.
An arc leads from a chapter to a later one that needs it, unless a chapter between them says so.
"""

import re
from html import escape
from itertools import pairwise
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from .descriptions import plain
from .tree import replace

TITLE = re.compile(r"(\d+)\. ")
NEEDS = re.compile(r"\bYou need (.*?)\. Reading ")
MINUTES = re.compile(r"\bReading (\d+) minutes")
NUMBERS = re.compile(r"chapters? (\d+(?:(?:,? and |, | to )\d+)*)")
CALL = re.compile(r"\w\(\)")  # in a question, with code; a title has no parts
UNTRANSLATED = ' class="notranslate" translate="no"'
LINE, HEAD = 34, 40  # the height of a chapter's line, and of the name of its part
SPINE, LEFT, WIDTH = 52, 66, 358  # where the chapters stand, and their titles; a phone's width


class Chapter(NamedTuple):
    docname: str
    part: str
    number: int
    title: str
    question: str
    needs: str  # as it says itself
    minutes: int  # of reading, as it says, too


def setup(app: Sphinx) -> None:
    app.add_directive("mle-start", Start)
    app.add_directive("mle-map", Map)
    app.add_node(place)
    app.connect("env-updated", pages_to_write_again)
    app.connect("doctree-resolved", fill_in)


class place(nodes.General, nodes.Element):
    """Where one of the two stands, until all pages are read."""


class Start(SphinxDirective):
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["mle_front"] = True
        return [place(draw=type(self).__name__, said=" ".join(self.content))]


class Map(Start):
    pass


def numbers(text: str) -> set[int]:
    """{2, 5, 6, 7} for "chapters 2 and 5 to 7"."""
    found: set[int] = set()
    for listed in NUMBERS.findall(text):
        for one in re.split(r",? and |, ", listed):
            ends = [int(end) for end in one.split(" to ")]
            found.update(range(ends[0], ends[-1] + 1))
    return found


def chapters(app: Sphinx) -> list[Chapter]:
    """In the order of `_toc.yml`, whose parts they are in."""
    found: list[Chapter] = []
    site_map = app.config.external_site_map
    for tree in site_map.root.subtrees:
        for docname in map(str, tree.files()):
            title = app.env.titles[docname].astext() if docname in app.env.titles else ""
            if not (numbered := TITLE.match(title)):
                continue
            first, *others = map(plain, app.env.get_doctree(docname).findall(nodes.paragraph))
            needs = next((need[1] for text in others if (need := NEEDS.search(text))), "")
            minutes = next((int(m[1]) for text in others if (m := MINUTES.search(text))), 0)
            question, part = first[: first.rfind("?") + 1], tree.caption or ""
            found.append(Chapter(docname, part, int(numbered[1]), title, question, needs, minutes))
    return found


def arcs(known: list[Chapter]) -> list[tuple[int, int]]:
    """From a chapter to one that needs it, but not what follows from two others."""
    needed: dict[int, set[int]] = {}
    for chapter in known:
        direct = numbers(chapter.needs) & needed.keys()
        needed[chapter.number] = direct.union(*(needed[number] for number in direct))
    return [
        (first, last)
        for last, before in needed.items()
        for first in sorted(before)
        if not any(first in needed[between] for between in before)
    ]


def drawing(app: Sphinx, docname: str, _said: str) -> str:
    """The map, in pixels: it is as wide as its place, and its text as large as the page's."""
    known, parts, rows, at, y = chapters(app), "", "", {}, 0
    for before, chapter in pairwise([None, *known]):
        assert chapter
        if chapter.part and (before is None or chapter.part != before.part):
            y += HEAD
            parts += f'<text class="mle-part" x="{LEFT}" y="{y - 10}">{escape(chapter.part)}</text>'
        at[chapter.number], y = y + LINE // 2, y + LINE
        said = f"{chapter.title}. {chapter.question}"
        said += f" You need {chapter.needs}." if chapter.needs else ""
        rows += (
            f'<a href="{app.builder.get_relative_uri(docname, chapter.docname)}">'
            f"<title{UNTRANSLATED if CALL.search(said) else ''}>{escape(said)}</title>"
            f'<rect x="{SPINE - 8}" y="{y - LINE}" width="{WIDTH - SPINE}" height="{LINE}"/>'
            f'<circle cx="{SPINE}" cy="{y - LINE // 2}" r="5"/>'
            f'<text x="{LEFT}" y="{y - LINE // 2 + 5}">{escape(chapter.title)}</text></a>'
        )
    lines = ""
    for first, last in arcs(known):
        out = SPINE - (min(16 * (last - first), SPINE + 10) if last > first + 1 else 0)
        lines += f"M{SPINE} {at[first]}C{out} {at[first]} {out} {at[last]} {SPINE} {at[last]}"
    return (
        f'<nav class="mle-map" aria-label="Map of the chapters"><svg width="100%" height="{y + 4}">'
        f'<path d="{lines}"/>{parts}{rows}</svg></nav>'
    )


def start(app: Sphinx, docname: str, said: str) -> str:
    """The way to the first chapter; `practice.js` puts another beside it."""
    if not (known := chapters(app)):
        return ""
    link = app.builder.get_relative_uri(docname, known[0].docname)
    hours = round(sum(chapter.minutes for chapter in known) / 60)
    much = f"{len(known)} chapters, {hours} hours of reading. {said}"
    return (
        f'<div class="mle-start"><a href="{link}">Start: chapter 1</a>'
        f"<p>{escape(much.strip())}</p></div>"
    )


DRAW = {"Start": start, "Map": drawing}


def fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in list(doctree.findall(place)):
        replace(node, nodes.raw("", DRAW[node["draw"]](app, docname, node["said"]), format="html"))


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Those with a map, if it would look different."""
    pages = [page for page in env.found_docs if env.metadata[page].get("mle_front")]
    now = repr(chapters(app)) if pages else ""
    before, env.mle_map = getattr(env, "mle_map", ""), now
    return pages if now != before else []
