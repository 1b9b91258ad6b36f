"""What can be found: sections, equations, symbols, exercises, entries of the library, works, tests.

Sphinx's own search finds pages, by words, LaTeX among them. Here every page says what stands on it
and where, in plain text, and `search.js` finds the places, the best first. It reads one file, which
holds the texts themselves: so no page is fetched for an excerpt, and a folder on a reader's own
disk is searched in the same way.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search.en import english_stopwords, js_porter_stemmer

from mle_lib.exercises import registry
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.html import heading
from mle_lib.exercises.quizzes import Choice

from .equations import TAG
from .in_a_line import in_a_line
from .mentions import entry_name
from .pages import INSTALL, reading_order
from .tested_pages import known_tests

PLACES = "mle_places"  # in the metadata of a page
SCRIPT = "search.js"
NOTATION = "book/notation"  # the page whose tables of symbols are asked
LONGEST = 40  # characters of a formula that is shown in an excerpt
UNSHOWN = "\u2063"  # around what is found and not shown: Unicode's invisible separator
NUMBERED = re.compile(r"(Exercise )?(\d+(?:\.\d+)?)\.? (?:· )?(.+)", re.S)
WORK = re.compile(r"(.+? \(\d{4}[a-z]?\))\. ")
CITED = " Cited in "  # as each line of `references` ends
TAGS = re.compile(r"<(mle-exercise|svg|style|script|template)\b.*?</\1>|<[^>]*>", re.S)
FORMULA = re.compile(r"\$([^$]+)\$")


class Place(NamedTuple):
    kind: str
    name: str
    anchor: str
    within: str  # the section or the page that it is in
    text: str
    words: str  # of code or LaTeX, which are found, and not shown
    keys: tuple[str, ...]  # what it is called: a number, a name


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", leave_out_sphinx_search)
    # late: when all ids are there; but numbers and names are still to become links
    app.connect("doctree-read", note_places, priority=900)
    app.connect("html-collect-pages", search_page)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_index)


def leave_out_sphinx_search(app: Sphinx) -> None:
    if app.builder.format == "html":
        app.builder.search = False


def search_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "search", {}, "search.html"


def add_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    if pagename == "search":
        app.add_js_file(SCRIPT, defer="defer", priority=600)


def write_index(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    pages = reading_order(app.env)
    rows = [(page, *place) for page in pages for place in app.env.metadata[page].get(PLACES, ())]
    for test, page in known_tests(app).items():
        rows.append((page, *Place("Test", test, test, "", "", "", (test,))))
    data = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    stopwords = json.dumps(sorted(english_stopwords))
    script = f"{js_porter_stemmer}\nstartSearch({data}, {stopwords}, new Stemmer());\n"
    Path(app.outdir, "searchindex.js").write_text(script, encoding="utf-8")


# ---- what stands on a page


def note_places(app: Sphinx, doctree: nodes.document) -> None:
    docname = app.env.docname
    app.env.metadata[docname][PLACES] = [*places(doctree, docname == NOTATION)]


def places(doctree: nodes.document, notation: bool = False) -> Iterator[Place]:
    page = next((_line(_title(section)) for section in doctree.findall(nodes.section)), "")
    for section in doctree.findall(nodes.section):
        yield _section(section, page)
        for node in _own(section):
            yield from _parts(node, _line(_title(section)), notation)


def _title(section: nodes.section) -> str:
    return _text(section.next_node(nodes.title))


def _section(section: nodes.section, page: str) -> Place:
    title, top = _line(_title(section)), not isinstance(section.parent, nodes.section)
    numbered = NUMBERED.fullmatch(title)
    kind = "Chapter" if numbered and top else "Page" if top else "Section"
    keys = [numbered[2], numbered[3]] if numbered else [title]
    if numbered and numbered[1]:
        kind = "Exercise"
    name = f"{numbered[2]} · {numbered[3]}" if numbered else title
    own = list(_own(section))
    text, words = " ".join(map(_text, own)), " ".join(map(_code, own))
    anchor = "" if top else section["ids"][0]
    if anchor.startswith("module-"):
        kind = "Module"
    return Place(kind, name, anchor, "" if top else page, _line(text), _unique(words), tuple(keys))


def _own(section: nodes.section) -> Iterator[nodes.Node]:
    """What stands in a section, and not in a smaller one."""
    for node in section.children:
        if not isinstance(node, nodes.section | nodes.title):
            yield node


def _parts(node: nodes.Node, within: str, notation: bool) -> Iterator[Place]:
    """Equations, symbols, questions, entries and works in what belongs to a section."""
    for block in node.findall(nodes.math_block):
        for number in TAG.findall(latex := block.astext()):
            yield Place(
                "Equation", f"({number})", nodes.make_id(f"eq-{number}"), within,
                in_a_line(latex), _latex_words(latex), (number,),
            )  # fmt: skip
    for table in node.findall(nodes.table) if notation else ():
        yield from _symbols(table, within)
    for raw in node.findall(nodes.raw):
        if "mle_exercise" in raw:
            yield from _question(raw["mle_exercise"], within)
    for entry in node.findall(addnodes.desc):
        if entry["domain"] == "py":
            yield _entry(entry)
    for item in node.findall(nodes.list_item):
        text = _line(_text(item))
        if (work := WORK.match(text)) and CITED in text:
            about = text[work.end() :].rpartition(CITED)[0]
            anchor = _anchor(item, f"work-{work[1]}")
            yield Place("Work", work[1], anchor, within, about, "", ())


def _symbols(table: nodes.table, within: str) -> Iterator[Place]:
    head, *rows = table.findall(nodes.row)
    if head.astext().split("\n")[0] != "symbol":
        return
    for row in rows:
        formulas = [math.astext() for math in row[0].findall(nodes.math)]
        symbols = [in_a_line(latex) for latex in formulas]
        words = " ".join(map(_latex_words, formulas))
        names = [_latex_words(latex) for latex in formulas]
        yield Place(
            "Symbols" if len(symbols) > 1 else "Symbol", ", ".join(symbols),
            _anchor(row, f"symbol-{_latex_words(formulas[0])}"), within,
            _line(_text(row[1])), words, (*symbols, *names),
        )  # fmt: skip


def _question(exercise_id: str, within: str) -> Iterator[Place]:
    """A code exercise has a heading, and one that asks why is not there until that is solved."""
    number, exercise = registry.find(exercise_id)
    if isinstance(exercise, CodeExercise) or (isinstance(exercise, Choice) and exercise.of):
        return
    name = heading(exercise, number).removeprefix("Exercise ")
    question = FORMULA.sub(lambda match: in_a_line(match[1]), exercise.question)
    kind = "Exercise" if number else "Question"
    text = _line(re.sub(r"[`*]", "", question))
    keys = (number, exercise.title) if number else (exercise.title,)
    yield Place(kind, name, f"{exercise_id}-question", within, text, "", keys)


def _entry(entry: addnodes.desc) -> Place:
    name = entry_name(entry)
    content = entry.next_node(addnodes.desc_content)
    text = " ".join(_text(child) for child in content if not isinstance(child, addnodes.desc))
    anchor = entry.next_node(addnodes.desc_signature)["ids"][0]
    short = name.rpartition(".")[2]
    return Place(entry["objtype"].title(), name, anchor, "", _line(text), "", (short, name))


def _anchor(node: nodes.Element, name: str) -> str:
    """An address for what has none."""
    base = anchor = nodes.make_id(name)
    count = 1
    while anchor in node.document.ids:
        count += 1
        anchor = f"{base}-{count}"
    node.document.ids[anchor] = node
    node["ids"].append(anchor)
    return anchor


# ---- as plain text


def _text(node: nodes.Node) -> str:
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math | nodes.math_block):
        line = in_a_line(node.astext())
        short = isinstance(node, nodes.math) and len(line) <= LONGEST
        return line if short else f"{UNSHOWN}{line}{UNSHOWN}"
    if isinstance(node, nodes.raw):
        return "" if "mle_exercise" in node else TAGS.sub(" ", node.astext())
    unread = nodes.literal_block, nodes.comment, nodes.section, addnodes.desc
    if isinstance(node, unread):
        return ""
    joint = "" if isinstance(node, nodes.TextElement) else " "
    return joint.join(map(_text, node.children))


def _code(node: nodes.Node) -> str:
    """All code but what installs the library."""
    blocks = node.findall(nodes.literal_block)
    return " ".join(block.astext() for block in blocks if not _installs(block))


def _installs(block: nodes.Node) -> bool:
    while (block := block.parent) is not None:
        if INSTALL in block.get("cell_metadata", {}).get("tags", ()):
            return True
    return False


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _unique(text: str) -> str:
    return " ".join(dict.fromkeys(re.findall(r"[^\W\d]\w+", text)))


def _latex_words(latex: str) -> str:
    plain = re.sub(r"\\(?:text|mathrm|mathbb|operatorname|tag)\b\*?", "", latex)
    return " ".join(re.findall(r"[a-zA-Z]+|\d+", plain))
