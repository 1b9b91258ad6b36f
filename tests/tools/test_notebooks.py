"""Every chapter keeps to the rules of the house; and every rule can tell when one does not."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4

from tools import chapter_rules, moved
from tools.chapter_rules import FIRST_CELL, RULES, installs_library, misnamed_repositories
from tools.environment import ROOT
from tools.exercise_rules import QUIZ_IMPORT, RECALL_CELL, TAGS_OF_RECALL, opens_with_questions
from tools.folding import is_folded, lent
from tools.notebooks import CHECKED, read, strip, toc_files, toc_notebooks
from tools.publish_as import places, repository
from tools.reading import minutes

NOTEBOOKS = toc_notebooks()
names = [path.stem for path in NOTEBOOKS]
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=names)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_table_of_contents_lists_exactly_the_pages_of_the_book() -> None:
    book = ROOT / "book"
    pages = {p for ending in ("*.ipynb", "*.md") for p in book.rglob(ending)}
    pages = {p for p in pages if not any(part[0] in "._" for part in p.relative_to(book).parts)}
    listed = toc_files()
    assert len(set(listed)) == len(listed), "_toc.yml names a page twice"
    missing = sorted(str(p.relative_to(ROOT)) for p in pages - set(listed) - set(moved.stubs()))
    assert not missing, f"in book/ but not in _toc.yml: {', '.join(missing)}"


@every_notebook
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_chapter_keeps_the_rule(path: Path, rule: Callable[[NotebookNode], list[str]]) -> None:
    complaints = rule(read(path))
    assert not complaints, f"{path.name}: " + "; ".join(complaints)


@every_notebook
def test_first_code_cell_installs_the_library_alone(path: Path) -> None:
    complaints = installs_library(read(path), repository())
    assert not complaints, f"{path.name}: {complaints[0]}"


@pytest.mark.parametrize("path", places(), ids=lambda path: path.name)
def test_addresses_are_those_of_the_configuration(path: Path) -> None:
    complaints = misnamed_repositories(path.read_text(encoding="utf-8"), repository())
    assert not complaints, f"{path.name}: " + "; ".join(complaints)


# ---- the rules themselves

REPOSITORY = "ada/mle-minibatches"
COLAB = f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/book/02.ipynb"
PRACTICE = f"""\
## In practice

- One: [the cell]({COLAB}#scrollTo=printed).
- Two, on
  two lines: [the cell]({COLAB}#scrollTo=printed).
- Three: [the cell]({COLAB}#scrollTo=printed)."""
EXERCISE = """\
import numpy as np
from mle_lib.exercises import check

def double(x):
    factor = 2.0
    return np.array([factor * value for value in x])

check("double-it", double)"""


@pytest.mark.parametrize("path", toc_notebooks(), ids=lambda path: path.stem)
def test_chapter_opens_with_questions_on_earlier_ones(path: Path) -> None:
    assert opens_with_questions(read(path), path.stem, path == toc_notebooks()[0]) == []


def test_where_a_chapter_asks_for_earlier_ones_is_found() -> None:
    chapter = good_chapter()
    asks = v4.new_code_cell(RECALL_CELL.format(name="here"), metadata={"tags": TAGS_OF_RECALL})
    assert opens_with_questions(chapter, "here", True) == []
    assert opens_with_questions(chapter, "here", False)
    for position, name, good in ((2, "here", True), (2, "there", False), (5, "here", False)):
        changed = deepcopy(chapter)
        changed.cells.insert(position, asks)
        assert opens_with_questions(changed, "here", True)
        assert (opens_with_questions(changed, name, False) == []) == good


def good_chapter() -> NotebookNode:
    text = [
        "# Title\n\nWords, $\\{a\\}[b](c)$, `{role}` and [a link](https://example.org).\n\n"
        "In code `{{x}} [^1] [a](b)`, in maths $x\\{#a\\}$, and \\[no\\](link).\n\n"
        "<details><summary>One</summary>\n\nA price, $5, and 100 %\nof it.\n\n</details>",
        "## A section\n\n```python\nx = {}[0](1)\n```\n\n$$\\begin{aligned} x \\end{aligned}$$",
        f"## Summary\n\nOne line.\n\n{PRACTICE}",
        "## Exercises\n\nWrite.",
        "### Exercise 3.2 · Twice\n\nDouble it.",
        f"## Next\n\n[Chapter 2]({COLAB})",
    ]
    cells = [v4.new_markdown_cell(source) for source in text]
    first = v4.new_code_cell(FIRST_CELL.format(repository=REPOSITORY))
    printed = v4.new_code_cell("print(1)", metadata={"tags": [CHECKED]}, id="printed")
    printed.outputs = [v4.new_output("stream", name="stdout", text="1\n")]
    quizzes = [
        v4.new_code_cell(source, metadata={"tags": ["quiz", "remove-input"]})
        for source in (f'{QUIZ_IMPORT}\n\nquiz("how-many")', 'quiz("how-long")')
    ]
    exercise = v4.new_code_cell(EXERCISE, metadata={"tags": ["exercise"]})
    body = [cells[0], first, cells[1], printed, *cells[2:4], *quizzes, cells[4], exercise]
    return strip(v4.new_notebook(cells=[*body, cells[5]]))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_chapter_passes(rule: Callable[[NotebookNode], list[str]]) -> None:
    assert rule(good_chapter()) == []


def set_source(index: int, source: str) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells[index].update(source=source)


def add_text(source: str) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells[2].update(source=nb.cells[2].source + "\n\n" + source)


def add_code(*sources: str) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells.__setitem__(slice(4, 4), [v4.new_code_cell(s) for s in sources])


def set_outputs(index: int, *outputs: NotebookNode) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells[index].update(outputs=list(outputs))


def set_practice(text: str) -> Callable[[NotebookNode], None]:
    return set_source(4, f"## Summary\n\nOne line.\n\n{text}")


def says(text: str) -> NotebookNode:
    return v4.new_output("stream", name="stdout", text=text + "\n")


def draw_then_use(drawing: str, using: str) -> Callable[[NotebookNode], None]:
    def change(nb: NotebookNode) -> None:
        add_code(drawing, using)(nb)
        nb.update(strip(nb))

    return change


STDERR = v4.new_output("stream", name="stderr", text="oops\n")
PICTURE = v4.new_output("display_data", data={"image/png": "aGVsbG8="})
EMPTY = v4.new_output("stream", name="stdout", text=" \n")

BROKEN = [
    ("is_stripped", set_outputs(1, EMPTY)),
    ("is_stripped", lambda nb: nb.cells[1].update(execution_count=3)),
    ("is_stripped", add_code("display.show(1)")),
    ("is_stripped", lambda nb: nb.cells[3].metadata.update(cellView="form")),
    ("is_stripped", lambda nb: nb.cells[3].metadata.tags.append("hide-input")),
    ("is_stripped", set_source(0, "# Title\n\n**Reading** 10 minutes.")),
    ("is_stripped", lambda nb: nb.metadata.update(colab={})),
    ("is_stripped", lambda nb: nb.cells[0].metadata.update(id="abc")),
    ("has_unique_ids", lambda nb: nb.cells[1].update(id=nb.cells[0].id)),
    ("has_unique_ids", lambda nb: nb.update(nbformat_minor=4)),
    ("has_checked_outputs", set_outputs(3)),
    ("has_checked_outputs", set_outputs(3, EMPTY)),
    ("has_checked_outputs", set_outputs(3, PICTURE)),
    ("has_checked_outputs", set_outputs(3, STDERR)),
    ("has_known_tags", lambda nb: nb.cells[3].metadata.update(tags=["nbval-check-outputs"])),
    ("is_plain_markdown", add_text("```{note}\nNo.\n```")),
    ("is_plain_markdown", add_text(":::{tip}\nNo.\n:::")),
    ("is_plain_markdown", add_text("See {cite}`wu2018`.")),
    ("is_plain_markdown", add_text("See {eq}`law`.")),
    ("is_plain_markdown", add_text("See {code}``a`b``.")),
    ("is_plain_markdown", add_text("> ```{note}\n> No.\n> ```")),
    ("is_plain_markdown", add_text("- ```{note}\n  No.\n  ```")),
    ("is_plain_markdown", add_text("- :::{tip}\n  No.\n  :::")),
    ("is_plain_markdown", add_text("(a-target)=\n### Heading")),
    ("is_plain_markdown", add_text("### Heading {#an-id}")),
    ("is_plain_markdown", add_text("![x](https://a.org/x.png){width=50%}")),
    ("is_plain_markdown", add_text("{{ version }}")),
    ("is_plain_markdown", add_text("% a comment")),
    ("is_plain_markdown", add_text("+++")),
    ("is_plain_markdown", add_text("As is known.[^1]\n\n[^1]: To whom?")),
    ("is_plain_markdown", add_text("$$\nx\n$$ (law)")),
    ("is_plain_markdown", add_text("\\begin{align}\nx\n\\end{align}")),
    ("is_plain_markdown", add_text(r"$\newcommand{\E}{\mathbb{E}}$")),
    ("is_plain_markdown", add_text("$$\n\\def\\E{x}\n\\E\n$$")),
    ("is_plain_markdown", add_text(r"By $\eqref{law}$.")),
    ("has_absolute_links", add_text("[there](gradient.ipynb)")),
    ("has_absolute_links", add_text("![picture](figure.png)")),
    ("has_absolute_links", add_text('<img src="figure.png">')),
    ("has_absolute_links", add_text("[there][1]\n\n[1]: ../README.md")),
    ("has_absolute_links", add_text("[there]( <a file.md> )")),
    ("has_absolute_links", add_text("> [there][1]\n>\n>   [1]: ../README.md")),
    ("has_absolute_links", add_text("[![picture](a.png)](https://example.org)")),
    ("has_absolute_links", add_text(r"\` [there](a.md) \`")),
    ("has_absolute_links", add_text("`` ` `` [there](a.md) `` ` ``")),
    ("has_absolute_links", add_text("<a\nhref=a.md>there</a>")),
    ("has_absolute_links", add_text('<p style="background: url(a.png)">x</p>')),
    ("has_absolute_links", add_text("[there](//example.org/a)")),
    ("has_absolute_links", add_text("[there](file:///a.md)")),
    ("has_absolute_links", add_text("[a section](#a-section)")),
    ("has_absolute_links", add_text("It costs $5 and [x](rel.md) costs $6.")),
    ("has_figures_with_text", add_code("plt.show()")),
    ("opens_with_title", set_source(0, "No title")),
    ("opens_with_title", lambda nb: nb.cells.pop(0)),
    ("ends_with_sections", lambda nb: nb.cells.pop(5)),
    ("ends_with_sections", set_source(4, f"## Summary\n\n1\n\n2\n\n3\n\n4\n\n5\n\n{PRACTICE}")),
    ("ends_with_sections", set_source(4, f"## Summary\n\n{PRACTICE}")),
    ("ends_with_sections", set_source(4, "## Summary\n\nOne line.")),
    ("has_rules_in_practice", set_practice(PRACTICE.rpartition("- ")[0])),
    (
        "has_rules_in_practice",
        set_practice(PRACTICE + 2 * f"\n- Four: [the cell]({COLAB}#scrollTo=printed)."),
    ),
    ("has_rules_in_practice", set_practice(PRACTICE.replace("=printed", "=elsewhere", 1))),
    ("has_rules_in_practice", set_practice(PRACTICE.replace("#scrollTo=printed", "", 1))),
    ("has_rules_in_practice", set_practice(PRACTICE.replace("[the cell]", "[cell]", 1))),
    ("gives_numbers_with_verdicts", set_outputs(3, says("equal: True"))),
    ("gives_numbers_with_verdicts", set_outputs(3, says("1 of 1: True\n2 of 2: True"))),
    ("folds_what_draws", draw_then_use("made = 3\ndisplay.show(made)", "made + 1")),
    ("folds_what_draws", draw_then_use("made = 3\nshow_maps({})", "[made for _ in range(3)]")),
    ("folds_what_draws", draw_then_use("import made\nexplore(made)", "def f():\n    return made")),
    ("ends_with_sections", set_source(10, "## Next\n\nNothing.")),
    ("ends_with_sections", set_source(10, "## Next\n\n[a](https://a.org) [b](https://b.org)")),
    ("is_one_sitting", add_text("word " * 3500)),
    ("is_one_sitting", add_code(*["1"] * 24)),
    ("is_one_sitting", add_code("1\n" * 26)),
    ("is_one_sitting", add_code(*["1\n" * 7] * 3)),
    (
        "is_one_sitting",
        add_code(*["display.show(1)"] * 5, *["display.explore(f)\nshow_images(x)"] * 4),
    ),
    (
        "is_one_sitting",
        lambda nb: nb.cells[8].update(source=f"{nb.cells[8].source} {'word ' * 2000}"),
    ),
    ("is_one_sitting", set_source(9, EXERCISE.replace("return", "x\n    " * 20 + "return"))),
    ("has_whole_exercises", set_source(8, "Double it.")),
    ("has_whole_exercises", lambda nb: nb.cells.insert(9, nb.cells[7])),
    ("has_whole_exercises", set_source(9, "")),
    ("has_whole_exercises", set_source(9, EXERCISE.replace("(x):", "(x:"))),
    ("has_whole_exercises", set_source(9, EXERCISE.replace("import numpy as np", ""))),
    ("has_whole_exercises", set_source(9, EXERCISE.replace("factor =", "other ="))),
    ("has_whole_exercises", set_source(9, EXERCISE.replace('"double-it"', "name"))),
    ("has_whole_exercises", set_source(9, EXERCISE.replace("double)", "double(1))"))),
    ("has_whole_exercises", set_source(9, EXERCISE.replace("double)", "np)"))),
    ("has_whole_exercises", set_source(9, EXERCISE + '\nprint("after")')),
    ("has_exercises_at_the_ends_of_sections", set_source(10, "And so on.")),
    ("has_exercises_at_the_ends_of_sections", lambda nb: nb.cells.insert(10, nb.cells[3])),
    ("has_bare_quizzes", set_source(6, 'quiz("how-many")')),
    ("has_bare_quizzes", set_source(7, f'{QUIZ_IMPORT}\nquiz("how-long")')),
    ("has_bare_quizzes", set_source(7, 'print(1)\nquiz("how-long")')),
    ("has_bare_quizzes", set_source(7, "quiz(name)")),
    ("has_bare_quizzes", set_source(7, "")),
    ("has_bare_quizzes", lambda nb: nb.cells[7].metadata.update(tags=["quiz"])),
    ("leaves_exercises_alone", add_code("from mle_lib.exercises import hint")),
    ("leaves_exercises_alone", lambda nb: nb.cells[9].metadata.update(tags=[])),
]


@pytest.mark.parametrize(("rule", "break_it"), BROKEN, ids=lambda value: str(value)[:20])
def test_a_broken_chapter_is_found(rule: str, break_it: Callable[[NotebookNode], None]) -> None:
    chapter = deepcopy(good_chapter())
    break_it(chapter)
    assert getattr(chapter_rules, rule)(chapter)


def test_a_fourth_rule_is_allowed() -> None:
    chapter = good_chapter()
    set_practice(f"{PRACTICE}\n- Four: [the cell]({COLAB}#scrollTo=printed).")(chapter)
    assert chapter_rules.has_rules_in_practice(chapter) == []


def test_what_the_reader_writes_or_clicks_is_no_code_to_read() -> None:
    """As many exercises and quizzes as a chapter may have code cells, and long ones."""
    chapter = good_chapter()
    chapter.cells[8:8] = [deepcopy(cell) for cell in chapter.cells[8:10] * 25]
    chapter.cells[6:6] = [deepcopy(chapter.cells[7]) for _ in range(25)]
    assert chapter_rules.is_one_sitting(chapter) == []


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _ in BROKEN} == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["a = 1\ndisplay.show(a)", "a = 2\nprint(a)"], []),
        (["a = 1\ndisplay.show(a)", "a = 2", "print(a)"], []),
        (["a = 1\ndisplay.show(a)", "a += 1"], ["a"]),
        (["a = 1\ndisplay.show(a)", "a = a + 1"], ["a"]),
        (["a = 1\ndisplay.show(a)", "b = a\na = 2"], ["a"]),
        (["a = 1\ndisplay.show(a)", "for a in range(3):\n    print(a)"], []),
        (["a = 1\ndisplay.show(a)", "for b in range(3):\n    a = b\n    print(a)"], []),
        (["a = 1\ndisplay.show(a)", "with a as b:\n    a = 1"], ["a"]),
        (["a = 1\ndisplay.show(a)", "if True:\n    print(a)\nelse:\n    a = 1"], ["a"]),
        (["a = 1\ndisplay.show(a)", "def f(a):\n    return a"], []),
        (["a = 1\ndisplay.show(a)", "sum(a for a in range(3))"], []),
        (["def a():\n    pass\n\n\nexplore(a)", "lambda: a"], ["a"]),
        (["[a for a in x]\nshow_maps(x)", "print(a)"], []),
        (["a = 1\ndisplay.show(a)", "display.show(a)"], []),
        (["a = 1\ndisplay.show(a)\nprint(a)", "print(a)"], []),
        (["a = 1\nfigure = display.show(a)", "print(a)"], []),
        (["a = 1", "display.show(a)", "print(a)"], []),
    ],
)
def test_what_an_open_cell_borrows_from_a_folded_one(cells: list[str], found: list[str]) -> None:
    notebook = strip(v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells]))
    assert [name for name, _, _ in lent(notebook.cells)] == found


def test_what_draws_is_folded_wherever_it_is_read() -> None:
    notebook = v4.new_notebook(cells=[v4.new_code_cell("display.show(1)"), v4.new_code_cell("1")])
    folded, open_one = strip(notebook).cells
    assert folded.metadata == {  # the page, Colab, JupyterLab
        "tags": ["hide-input"],
        "cellView": "form",
        "jupyter": {"source_hidden": True},
    }
    assert open_one.metadata == {}
    folded.source = "1"
    assert strip(v4.new_notebook(cells=[folded])).cells[0].metadata == {}


@pytest.mark.parametrize(
    ("cell", "folded"),
    [
        ('rows = load_result("a")\nprint(display.table(rows))', True),
        ('for row in load_result("a")["rows"]:\n    print(torch.tensor(row))', True),
        ('print(load_result("a")["rows"], b)', False),  # b is computed
        ('b = 2\nprint(load_result("a"), b)', True),
        ("print(display.table(b))", False),
        ("load_result", False),
    ],
)
def test_what_only_arranges_a_stored_result_is_folded(cell: str, folded: bool) -> None:
    before = "import torch\nfrom mle_lib import display\nfrom mle_lib.results import load_result"
    cells = [v4.new_code_cell(source) for source in (before, "b = 1", cell)]
    cells[2].metadata["tags"] = [CHECKED]
    *open_ones, last = strip(v4.new_notebook(cells=cells)).cells
    assert not any(map(is_folded, open_ones))
    assert is_folded(last) == folded
    assert last.metadata["tags"][0] == CHECKED


@pytest.mark.parametrize(
    ("cells", "folded"),
    [
        (['a = load_result("a")', "print(a)"], [True, True]),
        (['a = load_result("a")', "print(a, b)"], [False, False]),
        (['a = load_result("a")', "c = a", "print(c, b)"], [False, False, False]),
        (['a = load_result("a")', "print(a)", "a = b", "print(a)"], [True, True, False, False]),
        (['a = load_result("a")\ndisplay.show(a)', "print(a, b)"], [True, False]),
    ],
)
def test_a_stored_result_that_an_open_cell_needs_is_read_in_the_open(cells, folded) -> None:
    before = "from mle_lib import display\nfrom mle_lib.results import load_result"
    made = [v4.new_code_cell(source) for source in (before, "b = 1", *cells)]
    assert list(map(is_folded, strip(v4.new_notebook(cells=made)).cells[2:])) == folded


def test_reading_time_is_counted() -> None:
    def counted(*cells: NotebookNode) -> int:
        return minutes(list(cells))

    words = v4.new_markdown_cell("word " * 950)
    assert counted(words) == 5
    assert counted(words, v4.new_markdown_cell("$$x$$")) == 10
    assert counted(words, v4.new_markdown_cell("<!-- a comment -->\n\n<details>x</details>")) == 5
    assert counted(words, v4.new_markdown_cell("## Exercises"), words) == 5
    assert counted(words, v4.new_code_cell("1")) == 10
    assert counted(words, v4.new_code_cell("1", metadata={"tags": ["exercise"]})) == 5
    picture = v4.new_code_cell("display.show(1)\n" * 50, metadata={"tags": ["hide-input"]})
    assert counted(*[picture] * 15) == 5
    assert counted(*[picture] * 16) == 10


def test_first_cell_is_compared_whole() -> None:
    chapter = good_chapter()
    assert installs_library(chapter, REPOSITORY) == []
    assert installs_library(chapter, "bob/mle-minibatches")
    chapter.cells[1].source = chapter.cells[1].source.replace(" --no-deps", "")
    assert installs_library(chapter, REPOSITORY)


@pytest.mark.parametrize(
    "text",
    [
        "https://colab.research.google.com/github/bob/mle-minibatches/blob/main/book/02.ipynb",
        "git+https://github.com/bob/other",
        "https://github.com/bob/other/blob/main/book/02.ipynb",
        "https://github.com/bob/mle-minibatches",
    ],
)
def test_another_address_is_found(text: str) -> None:
    assert misnamed_repositories(text, REPOSITORY)
    assert not misnamed_repositories(
        text.replace("bob/other", REPOSITORY).replace("bob", "ada"), REPOSITORY
    )


def test_other_projects_may_be_named() -> None:
    assert not misnamed_repositories("https://github.com/f-dangel/curvlinops", REPOSITORY)
