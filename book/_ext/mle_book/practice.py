"""What a reader may have forgotten, and how far he is.

A cell tagged `recall` becomes the questions on earlier chapters. In Markdown `{mle-recall}` is all
of them, by chapter, and `{mle-progress}` the sections, exercises and questions of each chapter,
with what this browser has kept of them. `practice.js` says which are due.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from mle_lib.exercises import registry
from mle_lib.exercises.html import quiz_html, recall_html
from mle_lib.exercises.quizzes import Recall

from .tree import replace

SCRIPT = "practice.js"
PROGRESS = "book/progress"
PAGES = ("book/forgotten", PROGRESS)
SECTION = re.compile(r"^## (\d+\.\d+) ", re.M)
BLOCK_END = re.compile(r"</(?:p|div|label|legend|summary|li|h\d|t[dh]|details|m[a-z]+)>")
CHAPTER = re.compile(r"^# (.+)$", re.M)


def setup(app: Sphinx) -> None:
    app.add_directive("mle-recall", AllQuestions)
    app.add_directive("mle-progress", Progress)
    app.add_node(progress)
    app.connect("html-page-context", add_script)
    app.connect("env-updated", pages_to_write_again)
    app.connect("doctree-resolved", fill_progress)


def words_apart(html: str) -> str:
    """HTML of which a search finds what is left without tags: blocks, and letters of formulas, each
    on a line."""
    return BLOCK_END.sub(r"\g<0>\n", html)


# ---- questions


def page_of(chapter: str) -> str:
    return f"book/{chapter.replace('_', '-')}"


@cache
def _cells(path: Path) -> list[nbformat.NotebookNode]:
    return list(nbformat.read(path, as_version=4).cells)


def section_of(path: Path, cell: str) -> str:
    """The number of the section in which a cell of a notebook stands."""
    number = ""
    for one in _cells(path):
        if one.cell_type == "markdown":
            number = (SECTION.findall(one.source) or [number])[-1]
        if one.get("id") == cell:
            return number
    return ""


def question(srcdir: str, chapter: str, one: Recall) -> str:
    """A question as a form; its answer says where that was shown."""
    page = page_of(chapter)
    section = section_of(Path(srcdir, f"{page}.ipynb"), one.cell)
    link = f'<a href="{page.removeprefix("book/")}.html#cell-{one.cell}">Section {section}</a>'
    return quiz_html(one.question, "", where=f'<p class="mle-where">{link} has shown it.</p>')


def opening(app: Sphinx, node: nodes.Node, page: str) -> nodes.Node:
    """The questions that open a chapter, in place of its cell."""
    chapters = {one.question.id: name for name in registry.order() for one in registry.bank(name)}
    asked = registry.opening(page.replace("-", "_"))
    srcdir = str(app.srcdir)
    forms = [question(srcdir, chapters[one.question.id], one) for one in asked]
    return nodes.raw("", words_apart(recall_html(forms)), format="html")


def titles(srcdir: str) -> Iterator[tuple[str, str]]:
    """Folder and title of each chapter."""
    for name in registry.order():
        source = _cells(Path(srcdir, f"{page_of(name)}.ipynb"))[0].source
        found = CHAPTER.search(source)
        yield name, found[1] if found else name


class AllQuestions(SphinxDirective):
    """All questions, by chapter."""

    def run(self) -> list[nodes.Node]:
        srcdir = str(self.env.srcdir)
        parts = [
            f'<details data-page="{page_of(name)}"><summary>{escape(title)}</summary>'
            + "".join(question(srcdir, name, one) for one in registry.bank(name))
            + "</details>"
            for name, title in titles(srcdir)
            if registry.bank(name)
        ]
        # those that are due go into the first, which keeps room for them
        html = f'<div class="mle-asked"></div><div class="mle-recall-all">{"".join(parts)}</div>'
        return [nodes.raw("", words_apart(html), format="html")]


# ---- progress


class progress(nodes.General, nodes.Element):
    """Where the table of a reader's progress stands, until all pages are read."""


class Progress(SphinxDirective):
    """The table of a reader's progress, at this place of a Markdown page."""

    def run(self) -> list[nodes.Node]:
        return [progress()]


def chapters(env: BuildEnvironment) -> list[dict[str, Any]]:
    """Of each chapter its page, title, sections, exercises and questions."""
    found = []
    for name, title in titles(str(env.srcdir)):
        page = page_of(name)
        toc = env.tocs.get(page)
        links = [] if toc is None else list(toc.findall(nodes.reference))
        sections = [
            (link["anchorname"].lstrip("#"), link.astext())
            for link in links
            if re.match(r"\d+\.\d+ ", link.astext())
        ]
        exercises = env.metadata.get(page, {}).get("mle_exercises", [])
        recall = [one.question.id for one in registry.bank(name)]
        found.append(
            {"page": page, "title": title, "sections": sections, "exercises": exercises}
            | {"recall": recall}
        )
    return found


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The page of progress, if it would say something else; a small book may have none."""
    now = json.dumps(chapters(env)) if PROGRESS in env.found_docs else ""
    before, env.mle_chapters = getattr(env, "mle_chapters", ""), now
    return [PROGRESS] if now != before else []


def fill_progress(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in list(doctree.findall(progress)):
        known = chapters(app.env)
        data = json.dumps(known).replace("</", r"<\/")
        rows = "".join(
            f'<li><a href="{one["page"].removeprefix("book/")}.html">{escape(one["title"])}</a>'
            f'<span class="mle-room">: 0 of {len(one["sections"])} sections read, '
            f"0 of {len(one['exercises'])} exercises solved.</span></li>"
            for one in known
        )
        # room for what `practice.js` writes there, so that nothing moves
        html = (
            '<div class="mle-progress-page"><p class="mle-continue mle-room">Start with '
            f'{escape(known[0]["title"]) if known else ""}.</p><ol class="mle-chapters">{rows}</ol>'
            '<div class="mle-buttons mle-room"></div>'
            f'<script type="application/json" id="mle-chapters">{data}</script></div>'
        )
        replace(node, nodes.raw("", words_apart(html), format="html"))


def add_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    metadata = app.env.metadata.get(pagename, {})
    if doctree is None:
        return
    exercises = "mle_exercises" in metadata or pagename in PAGES
    if exercises or "mle_front" in metadata:
        app.add_js_file(SCRIPT, defer="defer", priority=600)
    if exercises:
        app.add_css_file("exercises_site.css")
