"""The Sphinx extension of the website, on small books built with the real `_config.yml`."""

import contextlib
import gc
import io
import json
import re
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import nbformat
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from jupyter_book.sphinx import build_sphinx
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mle_lib.exercises import registry
from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.quizzes import Numeric, Open
from tools.publish_as import replace_repository, repository

# What the book's tools deprecate among themselves is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[2]
ADDRESS = "ada/minibatches"  # as if the book had been published there
REPOSITORY = f"https://github.com/{ADDRESS}"
COLAB = REPOSITORY.replace("github.com", "colab.research.google.com/github") + "/blob/main/book"
NUMPY = str(Path(np.__file__).parents[1])
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Build:
    """What one run of Jupyter Book did."""

    site: Path
    warnings: list[str]
    executed: list[str]
    output: str

    def page(self, name: str) -> BeautifulSoup:
        return BeautifulSoup((self.site / "book" / f"{name}.html").read_text(), "html.parser")

    def article(self, name: str) -> Tag:
        return self.page(name).find("article")

    def links(self, name: str) -> dict[str, str]:
        """Text -> address, of the links in a page's prose."""
        return {
            " ".join(a.text.split()): a["href"]
            for a in self.article(name).find_all("a", class_="reference")
        }


@contextlib.contextmanager
def no_proxies() -> Iterator[None]:
    """`gc.get_objects` without weak proxies, of which a dead one raises whatever it is asked.

    `sphinx_external_toc` asks every object of the process, and a test before may have left one.
    """
    objects = gc.get_objects
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            gc, "get_objects", lambda: [o for o in objects() if type(o) not in weakref.ProxyTypes]
        )
        yield


class Book:
    """A book in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pages: list[str] = []
        shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
        self.settings(ADDRESS)

    def settings(self, address: str) -> None:
        """The real `_config.yml`, under another address."""
        text = (ROOT / "_config.yml").read_text("utf-8")
        text = replace_repository(text, repository(), address)
        text = text.replace("mle_book: book/_ext", f"mle_book: {ROOT}/book/_ext")
        (self.root / "_config.yml").write_text(text)

    def markdown(self, name: str, text: str) -> None:
        self._path(name).with_suffix(".md").write_text(text)

    def notebook(self, name: str, *cells: str | NotebookNode) -> None:
        """A notebook of cells; a text is the source of a code cell."""
        made = new_notebook(cells=[new_markdown_cell("# A chapter\n\nText.")])
        made.cells += [c if isinstance(c, NotebookNode) else new_code_cell(c) for c in cells]
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(made, self._path(name).with_suffix(".ipynb"))

    def library(self, files: dict[str, str]) -> None:
        """Write files of `mle_lib`."""
        for name, content in files.items():
            path = self.root / "mle_lib" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def _path(self, name: str) -> Path:
        if name not in self.pages:
            self.pages.append(name)
        return self.root / "book" / name

    def build(self) -> Build:
        files = [f"book/{name}" for name in self.pages]
        toc = {"format": "jb-book", "root": files[0], "chapters": [{"file": f} for f in files[1:]]}
        (self.root / "_toc.yml").write_text(yaml.safe_dump(toc))
        site, log = self.root / "_build" / "html", io.StringIO()
        # Built twice in one process, the theme adds to its own settings, and Sphinx would write
        # every page anew. Without this file it asks only which pages changed, as in real use.
        (site / ".buildinfo").unlink(missing_ok=True)
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log), no_proxies():
            result = build_sphinx(
                self.root,
                site,
                noconfig=True,
                path_config=self.root / "_config.yml",
                confoverrides={"latex_individualpages": False},
            )
        output = COLOURS.sub("", log.getvalue())
        assert result == 0, output
        return Build(
            site,
            warnings=re.findall(r"(?:WARNING|ERROR): (.*)", output),
            executed=re.findall(r"([\w-]+)\.ipynb: Executing notebook using", output),
            output=output,
        )


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_a_dead_proxy_of_another_test_stops_no_build(book: Book) -> None:
    dead = weakref.proxy(Book(book.root / "gone"))
    gc.collect()
    book.markdown("index", "# Index\n\nText.\n")
    book.markdown("a", "# A page\n\nText.\n")
    assert book.build().page("a").h1
    assert type(dead) in weakref.ProxyTypes


# --- Patterns in the text --------------------------------------------------------------------

ONE = rf"""# A page

The first paragraph describes <the> & page.

> **Guess.** How many?
> Two lines.

> **Key idea**
>
> A sum.

> A plain quote with a **bold** word.

> **Nothing but bold.**

$$
\begin{{aligned}}
a &= b \\
  &= c
\end{{aligned}} \tag{{1.1}}
$$

$$
a \\ b
$$

Over two lines: equation
(1.1), and (1.2a) on the other page. (0.5) is a number, `(1.1)` is code, $(1.1)$ is maths.

The number $n$, then $m$ (and $b$).

## A heading (1.1)

[Next]({COLAB}/two.md), [a section]({COLAB}/two.md#second-section),
[GitHub]({REPOSITORY}/blob/main/book/two.md),
[its section]({REPOSITORY}/blob/main/book/two.md#second-section), [in Colab]({COLAB}/two.md),
[the code]({REPOSITORY}/blob/main/mle_lib/data.py),
[another book](https://github.com/someone/else/blob/main/book/two.md).

As section 1.2 says, and sections 1.2, 1.3 and 1.2; not `section 1.2`, nor that of
[another work](https://example.org/work), §8.9.
"""
TWO = r"""# Two

## Second section

$$c \tag{1.2a}$$

By equations (1.1), (1.2a) and eq. (1.1).

## 1.2 A numbered section

## 1.3 Another, after section 1.2

Section 1.3 is this one.
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """One correct book with every pattern in it."""
    book = Book(tmp_path_factory.mktemp("sample"))
    book.markdown("one", ONE)
    book.markdown("two", TWO)
    return book.build()


def test_a_correct_book_gives_no_warning(sample: Build) -> None:
    assert sample.warnings == []


def test_labelled_quotes_become_callouts(sample: Build) -> None:
    article = sample.article("one")
    guess, key_idea = article.select(".mle-callout")
    assert "mle-callout-guess" in guess["class"]
    assert guess.select_one(".admonition-title").text == "Guess"
    assert guess.select("p")[1].text.split() == ["How", "many?", "Two", "lines."]
    assert "mle-callout-key-idea" in key_idea["class"]
    assert [p.text.strip() for p in key_idea.select("p")] == ["Key idea", "A sum."]
    quotes = [quote.text.strip() for quote in article.select("blockquote")]
    assert quotes == ["A plain quote with a bold word.", "Nothing but bold."]


def test_numbers_in_prose_link_to_their_equations(sample: Build) -> None:
    links = sample.links("one")
    assert links["(1.1)"] == "#eq-1-1"
    assert links["(1.2a)"] == "two.html#eq-1-2a"
    assert sample.links("two")["(1.1)"] == "one.html#eq-1-1"
    assert "(0.5)" not in links
    article = sample.article("one")
    (link,) = article.select("a[href='#eq-1-1']:not(.mle-equation-number)")
    assert link.find_parent("p")  # not in code, maths or headings
    assert article.find("code").find_parent("a") is None


def test_section_numbers_in_prose_link_to_their_headings(sample: Build) -> None:
    links = sample.links("one")
    assert links["section 1.2"] == "two.html#a-numbered-section"
    assert links["sections 1.2"] == links["1.2"] == "two.html#a-numbered-section"
    assert links["1.3"] == "two.html#another-after-section-1-2"
    assert sample.links("two")["Section 1.3"] == "#another-after-section-1-2"
    assert not [text for text in links if "8.9" in text]
    article = sample.article("one")
    assert "sections 1.2, 1.3 and 1.2; not section 1.2, nor" in " ".join(article.text.split())
    assert "section 1.2" not in sample.links("two")  # not in headings


def test_punctuation_stays_with_its_formula(sample: Build) -> None:
    groups = [group.text for group in sample.article("one").select(".mle-nobreak")]
    assert groups == ["n,", "b)."]
    assert "then m (and b)." in sample.article("one").text


def test_links_to_chapters_stay_in_the_site(sample: Build) -> None:
    links = sample.links("one")
    assert links["Next"] == links["GitHub"] == "two.html"
    assert links["a section"] == links["its section"] == "two.html#second-section"
    assert links["in Colab"] == f"{COLAB}/two.md"
    assert links["the code"].startswith(f"{REPOSITORY}/blob/main/mle_lib")
    assert links["another book"].startswith("https://github.com/someone/else/")


def test_page_head(sample: Build) -> None:
    page = sample.page("one")
    (description,) = page.select("meta[name=description]")
    assert description["content"] == "The first paragraph describes <the> & page."
    sources = [tag["src"] for tag in page.select("script[src], img[src]")]
    sources += [tag["href"] for tag in page.select("link[rel=stylesheet], link[rel=preload]")]
    assert sources
    assert not [source for source in sources if "//" in source]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("See equation (9.9).", r"no equation \(9.9\) in the book"),
        ("See equations (1.1) and\n(9.9).", r"no equation \(9.9\) in the book"),
        ("$$a \\tag{1.1}$$", r"equation number given twice: \\tag\{1.1\}"),
        ("See section 9.9.", "no section 9.9 in the book"),
        ("## 9.9 Once\n\n## 9.9 Twice", "section number given twice: section 9.9 also stands"),
        (f"[x]({COLAB}/three.ipynb)", r"link to a chapter that is not in _toc.yml: book/three"),
        (f"[x]({COLAB}/two.md#no-such)", r"local id not found in doc 'book/two'"),
    ],
    ids=[
        "unknown equation",
        "unknown in a list",
        "number twice",
        "unknown section",
        "section twice",
        "no chapter",
        "no anchor",
    ],
)
def test_a_fault_in_the_text_is_a_warning(book: Book, text: str, warning: str) -> None:
    book.markdown("one", f"# One\n\n$$b \\tag{{1.1}}$$\n\n{text}\n")
    book.markdown("two", "# Two\n\nText.\n")
    warnings = book.build().warnings
    assert len(warnings) == 1
    assert re.search(warning, warnings[0])


def test_an_equation_number_on_two_pages_is_a_warning(book: Book) -> None:
    book.markdown("one", "# One\n\n$$a \\tag{1.1}$$\n")
    book.markdown("two", "# Two\n\n$$a \\tag{1.1}$$\n")
    (warning,) = book.build().warnings
    assert r"equation number given twice: \tag{1.1} also stands in book/one" in warning


def test_a_moved_equation_moves_links_on_unchanged_pages(book: Book) -> None:
    book.markdown("index", "# Index\n\nSphinx writes this page anew whenever another changes.\n")
    book.markdown("one", "# One\n\nAs (1.1) says.\n")
    book.markdown("two", "# Two\n\n$$a \\tag{1.1}$$\n")
    book.markdown("three", "# Three\n\nText.\n")
    assert book.build().links("one")["(1.1)"] == "two.html#eq-1-1"
    book.markdown("two", "# Two\n\nText.\n")
    book.markdown("three", "# Three\n\n$$a \\tag{1.1}$$\n")
    build = book.build()
    assert build.warnings == []
    assert build.links("one")["(1.1)"] == "three.html#eq-1-1"


# --- Executing notebooks again ---------------------------------------------------------------

PRELUDE = "try:\n    import mle_lib\nexcept ImportError:\n    %pip --version"
LIBRARY = {
    "__init__.py": "",
    "base.py": "A = 1\n",
    "used.py": "from .base import A\n",
    "other.py": "B = 2\n",
    "sub/__init__.py": "from ..other import B\n",
    "sub/deep.py": "C = 3\n",
    "table.json": "[1]\n",
    "exercises/__init__.py": "D = 4\n",
    "exercises/maths.json": "{}\n",
}


@pytest.fixture
def two_notebooks(book: Book) -> Book:
    """Notebook `a` uses `used` and through it `base`; `b` uses `sub.deep`, and through it `other`.

    The cells import by a path that is put in at run time, as an installed library would be found.
    """
    book.library(LIBRARY)
    (book.root / "requirements.txt").write_text("torch==1\n")
    path = "import sys; sys.path.insert(0, '..')"
    book.markdown("index", "# Index\n\nText.\n")
    exercise = "from mle_lib.exercises import D"
    book.notebook("a", path, PRELUDE, "from mle_lib import used", "used.A", exercise)
    book.notebook("b", path, PRELUDE, "import mle_lib.sub.deep", "mle_lib.sub.deep.C")
    assert book.build().executed == ["a", "b"]
    return book


CHANGES = {
    "mle_lib/used.py": ["a"],
    "mle_lib/base.py": ["a"],
    "mle_lib/sub/deep.py": ["b"],
    "mle_lib/other.py": ["b"],
    "mle_lib/__init__.py": ["a", "b"],
    "mle_lib/table.json": ["a", "b"],
    "requirements.txt": ["a", "b"],
    "mle_lib/exercises/__init__.py": [],  # what its cells give is not on the page
    "mle_lib/exercises/maths.json": [],
}


def test_a_change_executes_what_depends_on_it(two_notebooks: Book) -> None:
    """One after the other."""
    assert two_notebooks.build().executed == []
    for changed, executed in CHANGES.items():
        path = two_notebooks.root / changed
        path.write_text(path.read_text() + "\n")
        build = two_notebooks.build()
        assert (changed, build.warnings, build.executed) == (changed, [], executed)
    assert two_notebooks.build().executed == []


def test_the_new_value_is_on_the_page(two_notebooks: Book) -> None:
    two_notebooks.library({"base.py": "A = 12345\n"})
    assert "12345" in two_notebooks.build().article("a").text


def test_an_old_text_of_a_notebook_is_not_taken_from_before_a_change(two_notebooks: Book) -> None:
    """The cache still knows the notebook as it was, but executed with another library."""
    path = two_notebooks.root / "book" / "a.ipynb"
    old = path.read_text()
    path.write_text(old.replace("used.A", "used.A + 1"))
    two_notebooks.library({"base.py": "A = 12345\n"})
    assert two_notebooks.build().executed == ["a"]
    path.write_text(old)
    build = two_notebooks.build()
    assert build.executed == ["a"]
    assert "12345" in build.article("a").text


def test_a_failed_execution_is_shown_and_never_kept(two_notebooks: Book) -> None:
    two_notebooks.library({"base.py": "A = 1 / 0\n"})
    for _build in range(2):  # the second time nothing has changed, and it fails again
        build = two_notebooks.build()
        assert build.executed == ["a"]
        assert any("Executing notebook failed" in warning for warning in build.warnings)
        assert "from mle_lib import used" in build.output
        assert "ZeroDivisionError" in build.output
    # Back to the library with which it last succeeded: what was drawn then is gone.
    two_notebooks.library({"base.py": LIBRARY["base.py"]})
    build = two_notebooks.build()
    assert (build.executed, build.warnings) == (["a"], [])


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import mle_lib", {"mle_lib"}),
        ("from mle_lib import used as u", {"mle_lib", "mle_lib.used", "mle_lib.base"}),
        ("from mle_lib.used import A", {"mle_lib", "mle_lib.used", "mle_lib.base"}),
        ("import mle_lib\nmle_lib.other.B", {"mle_lib", "mle_lib.other"}),
        ("import mle_lib as m", "all"),
        ("from mle_lib import *", "all"),
        ("def broken(", "all"),
        ("%matplotlib inline\n!ls\nimport mle_lib.base", {"mle_lib", "mle_lib.base"}),
        ("import numpy", set()),
        ("from mle_lib.exercises import D", set()),
    ],
)
def test_which_modules_a_notebook_uses(
    book: Book, monkeypatch: pytest.MonkeyPatch, source: str, modules: set[str] | str
) -> None:
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    from mle_book.reexecution import Library, notebook_imports

    book.library(LIBRARY)
    library = Library(book.root)
    notebook = new_notebook(cells=[new_code_cell(source)])
    found = library.closure(notebook_imports(notebook, set(library.modules)))
    assert found == (set(library.modules) if modules == "all" else modules)


# --- Figures ---------------------------------------------------------------------------------

FIGURE = """
import ipywidgets

class Figure:
    def _repr_mimebundle_(self, **options):
        widget = ipywidgets.IntSlider()._repr_mimebundle_()
        return {**widget, "text/html": "<mle-explore>frames</mle-explore>"}

Figure()
"""


def test_html_frames_win_over_the_widget(book: Book) -> None:
    book.markdown("index", "# Index\n\nText.\n")
    book.notebook("a", FIGURE)
    build = book.build()
    assert build.warnings == []
    assert build.article("a").find("mle-explore").text == "frames"
    page = (build.site / "book" / "a.html").read_text()
    assert "application/vnd.jupyter.widget" not in page
    assert "require.js" not in page
    assert "explore.js" in page


# --- Exercises -------------------------------------------------------------------------------


def double(x):
    return 2 * x


def once(x):
    return 1.0 * x


def guess_the_shown_example(x):
    return 4.0


CODE = CodeExercise(
    id="double-it",
    title="It's double",
    answer=double,
    cases=lambda rng: [(rng.normal(),) for _ in range(3)],
    slips=(Slip(once, "You forgot the *two*."), Slip(guess_the_shown_example, "No constant.")),
    hints=("Add it to itself.", "Or multiply: $2x$."),
    why="Twice as much.",
    note="Twice is $2x$.",
)
QUIZ = Numeric(
    id="how-many",
    title="How many",
    question="How many **wheels**?",
    answer=4,
    tolerance=0.1,
    near=(),
    otherwise="Count again.",
    why="Four.",
)
QUESTIONS = tuple(
    Open(f"open-{k}", f"Open {k}", f"Why {k}?", ("Because.",), "Section 1.") for k in (1, 2)
)
CELL = """\
from mle_lib.exercises import check

def double(x):
    \"\"\"Twice x.\"\"\"
    return ...

check("double-it", double)"""
ASK = 'from mle_lib.exercises import quiz\nquiz("how-many")'
HEADING = "### Exercise 3.2 · It's double"


@pytest.fixture
def definitions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One chapter has these two exercises, no other has any; there are two open questions."""
    ids = [QUIZ.id, CODE.id]
    monkeypatch.setattr(registry, "order", lambda: {"one": [], "two": [], "three": ids})
    three = {"three": {QUIZ.id: QUIZ, CODE.id: CODE}}
    monkeypatch.setattr(registry, "defined", lambda name: three.get(name, {}))
    monkeypatch.setattr("mle_lib.exercises.lecture.EXERCISES", QUESTIONS)
    known = (registry.chapter, registry.open_questions, registry.by_id)
    for function in known:
        function.cache_clear()
    yield
    for function in known:
        function.cache_clear()


def code_cell(source: str, *tags: str) -> NotebookNode:
    # The kernel must not know of the exercises: what it gives is not on the page.
    return new_code_cell(source, metadata={"tags": [*tags, "raises-exception"]})


def exercise_cells() -> list[NotebookNode]:
    return [
        code_cell(ASK, "quiz", "remove-input"),
        new_markdown_cell("## Exercises\n\nWrite.\n\n## Other"),
        new_markdown_cell(f"{HEADING}\n\nDouble it."),
        code_cell(CELL, "exercise"),
        code_cell("double = 1\nprint('shown')"),
    ]


def elements(page: Tag) -> dict[str, Tag]:
    return {e["kind"]: e for e in page.find_all("mle-exercise")}


@pytest.mark.usefixtures("definitions")
def test_exercises_are_made_from_their_definitions(book: Book) -> None:
    book.markdown("index", "# Index\n\nText.\n")
    book.notebook("03-three", *exercise_cells())
    open_ones = "\n\n".join(
        f"## {q.title}\n\n> **Question.** {q.question}\n\n```{{mle-open}} {q.id}\n```"
        for q in QUESTIONS
    )
    book.markdown("questions", f"# Questions\n\nText.\n\n{open_ones}\n\n> **Note.** Kept.\n")
    build = book.build()
    assert build.warnings == []
    article = build.article("03-three")
    code, quiz, progress = (elements(article)[kind] for kind in ("code", "numeric", "progress"))

    assert code["exercise"] == "double-it"
    assert code["label"] == HEADING.removeprefix("### ")
    data = json.loads(code["data-exercise"])
    own = {"why": "<p>Twice as much.</p>"}
    assert data == {**own, "code": CELL, "colab": f"{COLAB}/03-three.ipynb"}
    assert code.select_one(".mle-cell pre").text.strip() == CELL
    assert code.select_one(".mle-solution pre").text.strip() == CODE.source()
    assert code.select(".mle-cell .highlight span[class]"), "not highlighted"
    assert [fold.summary.text for fold in code.find_all("details")] == [
        "Hint 1",
        "Hint 2",
        "Solution",
    ]

    assert quiz["label"] == "Exercise 3.1 · How many"
    assert json.loads(quiz["data-exercise"])["answer"] == 4
    assert quiz.select_one("input[name=how-many]")
    assert quiz.find("strong").text == "wheels"
    assert "mle_lib.exercises import quiz" not in article.text  # its input is removed

    assert json.loads(progress["data-exercise"]) == {"page": "book/03-three"}
    assert progress.parent.find(["h2", "mle-exercise"]).text.startswith("Exercises")
    assert "ValueError" not in article.text  # what the kernel said of the exercises
    assert "shown" in article.text

    asked = build.article("questions")
    assert [e["exercise"] for e in asked.find_all(kind="open")] == ["open-1", "open-2"]
    assert asked.find("mle-exercise")["kind"] == "progress"
    assert asked.text.count("Why 1?") == 1
    assert "Kept." in asked.text
    for page in ("index", "03-three", "questions"):
        (listed,) = build.page(page).select("script#mle-exercise-list[type='application/json']")
        assert json.loads(listed.text) == {
            "book/03-three": ["how-many", "double-it"],
            "book/questions": ["open-1", "open-2"],
        }


@pytest.mark.usefixtures("definitions")
def test_a_readers_names_are_not_those_of_the_chapter(book: Book) -> None:
    """What an exercise calls `load_result` is the reader's; the chapter's is the library's."""
    book.markdown("api", "# API\n\n```{mle-api}\nmle_lib.results\n```\n")
    cells = exercise_cells()
    cells[3].source = CELL.replace("def double", "load_result = 1\n\ndef double")
    book.notebook("03-three", *cells, "from mle_lib.results import load_result\nload_result")
    links = [a["href"] for a in book.build().article("03-three").select(".cell_input a.mle-api")]
    assert links == ["api.html#mle_lib.results.load_result"]


@pytest.mark.usefixtures("definitions")
@pytest.mark.parametrize(
    ("break_it", "warning"),
    [
        (lambda cells: cells.pop(3), "has ['how-many'], and the definitions say ['how-many', "),
        (lambda cells: cells.append(cells.pop(0)), "has ['double-it', 'how-many'], and the"),
        (lambda cells: cells.append(code_cell(ASK, "quiz")), "and the definitions say"),
        (lambda cells: cells[0].update(source='quiz("how-mny")'), "did you mean 'how-many'"),
        (lambda cells: cells[3].update(source="check(double)"), 'no check("id", …) in the cell'),
        (lambda cells: cells[0].update(source="quiz"), 'no quiz("id") in the cell'),
        (lambda cells: cells[2].update(source="### Exercise 3.1 · It's double"), 'not below "###'),
    ],
    ids=["missing", "order", "twice", "unknown", "no id", "no quiz", "heading"],
)
def test_a_page_that_differs_from_the_definitions_is_a_warning(
    book: Book, break_it: Callable[[list[NotebookNode]], object], warning: str
) -> None:
    cells = exercise_cells()
    break_it(cells)
    book.markdown("index", "# Index\n\nText.\n")
    book.notebook("03-three", *cells)
    warnings = book.build().warnings
    assert any(warning in text for text in warnings), warnings


@pytest.mark.usefixtures("definitions")
@pytest.mark.parametrize(
    ("named", "warning"),
    [("open-1", "and the definitions say ['open-1', 'open-2']"), ("open-9", "did you mean")],
)
def test_an_open_question_that_is_missing_or_unknown_is_a_warning(
    book: Book, named: str, warning: str
) -> None:
    book.markdown("index", "# Index\n\nText.\n")
    book.markdown("questions", f"# Questions\n\n```{{mle-open}} {named}\n```\n")
    (found,) = book.build().warnings
    assert warning in found


def test_every_page_has_the_program_and_the_style_once(sample: Build) -> None:
    for name in ("one", "two"):
        sources = [tag.get("src") or tag.get("href") for tag in sample.page(name).head.select("*")]
        for file in ("exercises.js", "exercises.css"):
            assert len([s for s in sources if s and f"_static/{file}" in s]) == 1
        assert not sample.page(name).select("script[src*='exercises.js']:not([defer])")
    assert (sample.site / "_static" / "exercises.js").exists()


def test_the_library_for_the_page_is_the_same_zip_each_time(book: Book, tmp_path: Path) -> None:
    (tmp_path / "book" / "_exercises" / "editor").mkdir(parents=True)
    (tmp_path / "book" / "_exercises" / "editor" / "index.js").write_text("1")
    book.markdown("index", "# Index\n\nText.\n")
    book.markdown("one", "# One\n\nText.\n")
    made = book.build().site / "_exercises"
    first = (made / "library.zip").read_bytes()
    assert (made / "editor" / "index.js").read_text() == "1"
    (tmp_path / "book" / "_exercises" / "editor" / "index.js").unlink()
    book.build()
    assert (made / "library.zip").read_bytes() == first
    assert not (made / "editor" / "index.js").exists()
    names = ZipFile(made / "library.zip").namelist()
    assert names == sorted(names, key=lambda name: (name != "mle_lib/__init__.py", Path(name)))
    assert {"mle_lib/exercises/front.py", "mle_lib/exercises/maths.json"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
    data = {"mle_lib/__init__.py", "mle_lib/data/__init__.py", "mle_lib/data/strings.py"}
    assert {name for name in names if not name.startswith("mle_lib/exercises/")} == data
    # from there it answers, with NumPy alone
    code = (
        f"import sys; sys.path[:0] = [{str(made / 'library.zip')!r}, {NUMPY!r}]\n"
        "from mle_lib.exercises import check, quiz\n"
        "assert 'library.zip' in check.__code__.co_filename\n"
        "assert '<mle-exercise' in quiz('halve-the-error')._repr_html_()\n"
        "from mle_lib.data.strings import Language, character_names\n"
        "assert Language(3, 0).entropy() > 0\n"
        "print(check('minibatch-gradient').status, len(character_names()))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]  # without this environment's packages
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.strip() == "not attempted 12886", run.stderr


def tagged(cell: NotebookNode, *tags: str) -> NotebookNode:
    cell.metadata["tags"] = [*tags]
    return cell


def test_what_answers_a_guess_is_marked(book: Book) -> None:
    """From the next cell on: what its code gives, not its code, and the paragraph below."""
    book.markdown("index", "# Index\n\nText.\n")
    book.notebook(
        "one",
        new_markdown_cell("## 1.1 Up\n\n> **Guess.** Up or down?\n\nWe try it:", id="asks"),
        "x = 1",
        "print('up')",
        new_markdown_cell("It went up.\n\n$$x = 1 \\tag{1.1}$$\n\n- Always."),
        "print('more')",
        tagged(new_code_cell("print('most')"), "answers"),
        tagged(new_markdown_cell("Most."), "answers"),
        new_markdown_cell("Later.\n\n> **Guess.** And then?", id="again"),
        new_markdown_cell("Down.\n\n### Exercise"),
        new_markdown_cell("## 1.2 Next\n\n> **Guess.** Nobody knows?", id="open"),
    )
    build = book.build()
    article = build.article("one")
    words = [" ".join(e.get_text(" ").split()) for e in article.select(".mle-outcome")]
    assert words[2].startswith("print")  # of what is tagged all waits, the code too
    assert words[2].endswith("most")
    assert [*words[:2], *words[3:]] == ["up", "It went up.", "Most.", "Down."]
    guesses = article.select(".mle-callout-guess > mle-exercise[kind=guess]")
    assert [g["exercise"] for g in guesses] == ["guess-asks", "guess-again", "guess-open"]
    assert len(article.select("#eq-1-1")) == 1
    (warning,) = build.warnings
    assert "nothing below it answers" in warning
