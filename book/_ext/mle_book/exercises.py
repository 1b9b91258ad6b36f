"""Exercises on the page, made from their definitions in `mle_lib.exercises`.

A cell tagged `exercise` or `quiz` names its exercise: `check("id", …)`, `quiz("id")`. Here it
becomes the HTML of that exercise, and what the kernel gave for it is dropped: so a changed
definition is on the page after the next build (`tools/build_book.py` has every page read again),
and no notebook has to be executed for it. In Markdown `{mle-open} id` is an open question.

A page holds its exercises in the order of their definitions, under the headings made from them:
whatever differs is a warning. Beside the pages stand the files that answer: the library as a zip
for Python in the page, the worker that runs it, the editor. (Python itself is put there by
`tools/pyodide.py`, after the build.)
"""

import ast
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import mle_lib
from mle_lib.exercises import registry
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.html import Exercise, code_html, heading, quiz_html
from mle_lib.exercises.quizzes import Open

from . import practice, published
from .tree import insert_before, replace, siblings_before

logger = logging.getLogger(__name__)

PACKAGE = Path(mle_lib.__file__).parent
STATIC = PACKAGE / "exercises" / "static"
REST = Path(__file__).parents[2] / "_static" / "exercises_site.js"  # the rest of that program
FILES = "_exercises"  # under the site's root; what of it is not made here stands in book/
# tag -> the call that names the exercise, or the chapter that earlier ones are asked for in
KINDS = {"exercise": "check", "quiz": "quiz", "recall": "recall"}
HEADING = re.compile(r"^#+ .*", re.M)
# The heading of an exercise: of a task by the theme, of a question by `quiz_html`
NAMED = re.compile(
    r'(<h3>)(Exercise \d+\.\d+)([^<]*)<a class="headerlink" href="#([^"]+)"[^>]*>#</a>'
    r'|(<legend>)(Exercise \d+\.\d+)([^<]*</legend>\s*<div class="mle-question" id="([^"]+)")'
)
SECTION = "Exercises"
LEXER = "ipython3"  # as of all other cells
MADE_AT = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold: the same zip at every build


def setup(app: Sphinx) -> None:
    app.add_directive("mle-open", OpenQuestion)
    app.connect("config-inited", add_static_files)
    # early: the names that a reader's code defines say nothing about those of the chapter
    app.connect("doctree-read", make_exercises, priority=400)
    app.connect("env-updated", pages_to_write_again)
    app.connect("html-page-context", add_list)
    app.connect("html-page-context", link_to_themselves)
    app.connect("build-finished", write_files)


def add_static_files(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(STATIC))
    app.add_css_file("exercises.css")
    digest = hashlib.sha256(REST.read_bytes()).hexdigest()[:8]  # a browser fetches what is new
    rest = {"data-rest": f"{REST.name}?v={digest}"}
    app.add_js_file("exercises.js", defer="defer", **rest)


# ---- on a page


class OpenQuestion(SphinxDirective):
    """An open question, at this place of a Markdown page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = _find(self.arguments[0], self.get_location())
        if found is None:
            return []
        # the book's own answer stands below it on the page
        return [_raw(quiz_html(found[1], found[0], answer=False), found[1])]


def make_exercises(app: Sphinx, doctree: nodes.document) -> None:
    """Replace the cells of one page, and compare the page with the definitions."""
    env, docname = app.env, app.env.docname
    tagged = [node for node in doctree.findall(nodes.container) if _tag(node)]
    if tagged:  # the page does not hold the code of cells whose input is removed
        cells = nbformat.read(env.doc2path(docname), as_version=4).cells
        for node in tagged:
            replace(node, _made(app, node, cells))
    made = [node for node in doctree.findall(nodes.raw) if "mle_exercise" in node]
    for node in made:
        if isinstance(registry.find(node["mle_exercise"])[1], Open):
            _drop_quote(node)
    ids = [node["mle_exercise"] for node in made]
    if ids:
        _compare(docname, ids)
        env.metadata[docname]["mle_exercises"] = ids
        _insert_progress(doctree, docname)


def _tag(node: nodes.container) -> str | None:
    if node.get("nb_element") != "cell_code":
        return None
    return next((tag for tag in node["cell_metadata"].get("tags", ()) if tag in KINDS), None)


def _made(app: Sphinx, node: nodes.container, cells: list[nbformat.NotebookNode]) -> nodes.Node:
    """What stands in place of a cell; nothing if its exercise is not known."""
    position, call = node["cell_index"], KINDS[_tag(node) or ""]
    source = cells[position].source
    named = re.search(rf'^{call}\("([^"]+)"', source, re.M)
    if not named:
        _warn(f'no {call}("id"{", …" if call == "check" else ""}) in the cell', node)
        return nodes.comment()
    if call == "recall":
        return practice.opening(app, node, named[1])
    found = _find(named[1], node)
    if found is None:
        return nodes.comment()
    number, exercise = found
    if not isinstance(exercise, CodeExercise):
        return _raw(quiz_html(exercise, number), exercise)
    title = f"### {heading(exercise, number)}"
    above = HEADING.findall(cells[position - 1].source if position else "")
    if above[-1:] != [title]:
        _warn(f"{exercise.id!r} stands below {above[-1:]}, not below {title!r}", node)
    data = {"code": source, "colab": _colab(app)}
    if exercise.stage == "order":
        data["lines"] = _body(source)
    cell, solution = _highlighted(app, source), _highlighted(app, exercise.source())
    return _raw(code_html(exercise, number, cell, solution, data), exercise)


def _body(source: str) -> tuple[int, int]:
    """The lines of a cell that are the body of its function: the first, and that after the last."""
    tree = ast.parse(source)
    body = next(node.body for node in tree.body if isinstance(node, ast.FunctionDef))
    return body[0].lineno - 1, body[-1].end_lineno or body[-1].lineno


def _find(exercise_id: str, location: nodes.Node | str) -> tuple[str, Exercise] | None:
    try:
        return registry.find(exercise_id)
    except ValueError as error:
        _warn(str(error), location)
        return None


def _warn(text: str, location: nodes.Node | str) -> None:
    logger.warning("exercises: %s", text, location=location, type="mle", subtype="exercise")


def _raw(html: str, exercise: Exercise) -> nodes.raw:
    return nodes.raw("", practice.words_apart(html), format="html", mle_exercise=exercise.id)


def _highlighted(app: Sphinx, source: str) -> str:
    html = app.builder.highlighter.highlight_block(source, LEXER)
    return f'<div class="highlight-{LEXER} notranslate">{html}</div>'


def _colab(app: Sphinx) -> str:
    """The page's notebook in Colab, by the one address of `_config.yml`; none as long as that is
    not published."""
    if not published.is_published(app.config):
        return ""
    options = app.config.html_theme_options
    repository = options["repository_url"].rstrip("/").removeprefix("https://github.com/")
    branch, path = options.get("repository_branch") or "main", f"{app.env.docname}.ipynb"
    return f"https://colab.research.google.com/github/{repository}/blob/{branch}/{path}"


def _drop_quote(node: nodes.raw) -> None:
    """Drop a question that is quoted right above its form: GitHub shows that one, we show this."""
    above = next(reversed(siblings_before(node)), None)
    if isinstance(above, nodes.block_quote):
        replace(above)


def _compare(docname: str, ids: list[str]) -> None:
    """Warn if a page with some exercises of a chapter has not all of them, in order."""
    number = registry.find(ids[0])[0]
    chapter = int(number.partition(".")[0]) if number else 0
    definitions = registry.chapter(chapter) if chapter else registry.open_questions()
    expected = [exercise.id for exercise in definitions]
    if ids != expected:
        _warn(f"the page has {ids}, and the definitions say {expected}", docname)


def _insert_progress(doctree: nodes.document, docname: str) -> None:
    """Below the heading of the exercises; on a page without one, above its first section."""
    data = escape(json.dumps({"page": docname}))
    html = f'<mle-exercise kind="progress" label="Progress" data-exercise="{data}"></mle-exercise>'
    progress = nodes.raw("", html, format="html")
    sections = list(doctree.findall(nodes.section))
    for section in sections:
        if section[0].astext() == SECTION:
            section.insert(1, progress)
            return
    if len(sections) > 1:
        insert_before(sections[1], progress)


# ---- on every page


def exercise_list(env: BuildEnvironment) -> dict[str, list[str]]:
    """The ids of each page, for the marks in the list of chapters."""
    pages = sorted(page for page in env.found_docs if "mle_exercises" in env.metadata[page])
    return {page: env.metadata[page]["mle_exercises"] for page in pages}


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    now = exercise_list(env)
    before, env.mle_exercise_list = getattr(env, "mle_exercise_list", None), now
    return sorted(env.found_docs) if now != before else []


def add_list(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    if "mle_exercises" in app.env.metadata.get(pagename, {}):
        app.add_css_file("exercises_site.css")
    data = json.dumps(exercise_list(app.env)).replace("</", r"<\/")
    script = f'<script type="application/json" id="mle-exercise-list">{data}</script>'
    context["metatags"] = f"{context.get('metatags', '')}\n{script}"


def link_to_themselves(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    """An exercise's number is a link to it, which `page.js` copies."""
    if "mle_exercises" in app.env.metadata.get(pagename, {}):
        context["body"] = NAMED.sub(_number, context["body"])


def _number(match: re.Match[str]) -> str:
    opening, number, rest, anchor = match.groups()[:4] if match[1] else match.groups()[4:]
    own = f'<a class="mle-own" href="#{anchor}" title="Link to this exercise">{number}</a>'
    return f"{opening}{own}{rest}"


# ---- beside the pages


def write_files(app: Sphinx, error: Exception | None) -> None:
    if error:
        return
    target = Path(app.outdir, FILES)
    shutil.rmtree(target, ignore_errors=True)  # what was there before may be gone by now
    source = Path(app.srcdir, "book", FILES)
    if source.exists():  # a small book may have no exercises
        shutil.copytree(source, target)
    target.mkdir(exist_ok=True)
    (target / "library.zip").write_bytes(library_zip())


def library_zip() -> bytes:
    """What of the library Python in the page needs."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, part in library_files():
            archive.writestr(ZipInfo(name, MADE_AT), part, ZIP_DEFLATED)
    return content.getvalue()


def library_files() -> Iterator[tuple[str, bytes]]:
    yield "mle_lib/__init__.py", b""  # the library's own asks for beartype, which no page has
    yield "mle_lib/data/__init__.py", b""  # nor torch
    exercises = [p for p in (PACKAGE / "exercises").rglob("*") if "__pycache__" not in p.parts]
    for path in sorted([PACKAGE / "data" / "strings.py", *exercises]):
        if path.is_file():
            yield path.relative_to(PACKAGE.parent).as_posix(), path.read_bytes()
