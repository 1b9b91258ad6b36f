"""Equation ↔ function ↔ test, descriptions and the page for unknown addresses, on small books."""

import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from mle_lib.results import load_result
from tests.site.test_site import ROOT, Book, Build

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from mle_book.descriptions import LENGTH, latex, shortened
from mle_book.not_found import prefix
from mle_book.tested import find_tests, read_tests

# What the book's tools deprecate among themselves is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

SAYS = "A stored result.\n\nEquations: (1.1), (1.2).\n\nArgs:\n    name: Of the result.\n"
TESTS = {
    "conftest.py": "import pytest\nfrom mle_lib.models import NADE\n\n\n@pytest.fixture\n"
    "def model():\n    return NADE(3, 2)\n",
    "test_results.py": '''"""Tests."""
import pytest
from mle_lib import results

NAMES = [results.load_result("a")]


def helper(name):
    return results.load_result(name)  # & <more>


def test_with_an_error():
    with pytest.raises(ValueError):
        helper("x")


@pytest.mark.parametrize("x", NAMES)
def test_by_a_table(x):
    assert x


def test_by_a_helper():
    assert helper("y")


def test_of_nothing():
    assert True
''',
    "test_models.py": """import pytest
from mle_lib.models import Base


def test_an_error():
    with pytest.raises(ValueError):
        Base().log_prob(0)


def test_a_model(model):
    assert model.log_prob(1)
""",
    "test_training.py": "from mle_lib.results import load_result\n\n\n"
    "def test_elsewhere():\n    load_result('z')\n",
}


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    monkeypatch.setattr(load_result, "__doc__", SAYS)
    book = Book(tmp_path)
    book.markdown("index", "# Index\n\nText.\n")
    book.markdown("one", "# One\n\nText.\n\n$$a\n\\tag{1.1}$$\n\n$$b \\tag{1.3}$$\n")
    book.markdown("two", "# Two\n\nSee `test_by_a_helper`.\n\n$$a \\tag{1.2}$$\n")
    book.markdown("api", "# API\n\nText.\n\n```{mle-api}\nmle_lib.results\n```\n")
    book.library({"results.py": ""})
    (tmp_path / "tests").mkdir()
    for name, source in TESTS.items():
        (tmp_path / "tests" / name).write_text(source)
    return book


def lines(build: Build, page: str = "one") -> dict[str, list[tuple[str, str]]]:
    """Id of an equation -> text and address of the links below it."""
    found = {}
    for line in build.article(page).select("p.mle-computed"):
        equation = line.find_previous_sibling()
        found[equation["id"]] = [(a.text, a["href"]) for a in line.select("a")]
    return found


def entry(build: Build) -> Tag:
    return build.article("api").find(id="mle_lib.results.load_result").parent


def said(build: Build) -> list[str]:
    return [" ".join(p.text.split()) for p in entry(build).select(".mle-equations, .mle-tests")]


COMPUTED = [
    ("load_result", "api.html#mle_lib.results.load_result"),
    ("source", "../_modules/mle_lib/results.html#load_result"),
    ("tests", "../_modules/tests/test_results.html#test_by_a_table"),
]


def test_an_equation_its_function_and_its_tests_lead_to_each_other(book: Book) -> None:
    build = book.build()
    assert build.warnings == []
    assert lines(build) == {"eq-1-1": COMPUTED}
    assert lines(build, "two") == {"eq-1-2": COMPUTED}
    (equations,), (tests,) = (entry(build).select(f".mle-{k}") for k in ("equations", "tests"))
    assert equations.text.strip() == "Equations (1.1), (1.2)"
    addresses = [a["href"] for a in equations.select("a")]
    assert addresses == ["one.html#eq-1-1", "two.html#eq-1-2"]
    assert said(build)[1] == "Tests by a table; by a helper; with an error, in test_results.py"
    assert "Equations:" not in entry(build).text
    # every link leads to something
    for link in [*tests.select("a"), *build.article("one").select(".mle-computed a")]:
        path, _, anchor = link["href"].partition("#")
        page = BeautifulSoup((build.site / "book" / path).read_text(), "html.parser")
        there = page.find(id=anchor) if anchor else page.find("article").h1
        assert there, link["href"]
    # prose that names a test leads to it
    assert build.links("two")["test_by_a_helper"].endswith("test_results.html#test_by_a_helper")


def test_the_page_of_the_tests_shows_their_source_and_leads_back(book: Book) -> None:
    build = book.build()
    folder = build.site / "_modules" / "tests"
    assert [path.name for path in folder.iterdir()] == ["test_results.html"]
    page = BeautifulSoup((folder / "test_results.html").read_text(), "html.parser")
    assert page.find("pre").text.strip() == TESTS["test_results.py"].strip()
    assert page.find(id="helper").text.strip().startswith("def helper(name):")
    assert page.find(id="test_by_a_table").text.strip().startswith("@pytest.mark.parametrize")
    targets = {"../../book/api.html#mle_lib.results.load_result"}
    assert {a["href"] for a in page.select("article p a")} == targets
    in_code = page.select("pre a")
    assert {a["href"] for a in in_code} == targets
    assert len(in_code) == 2  # once in each definition that names it
    names = page.find("meta", attrs={"name": "description"})["content"]
    assert names == "test_results.py, the tests of load_result"


@pytest.mark.parametrize(
    ("doc", "warning"),
    [
        ("A.\n\nEquation: (9.9).", r"no equation \(9.9\) in the book"),
        ("A.\n\nEquation: (1.1), see there.", r'not as in "Equations: \(3.3\), \(3.4\)."'),
        ("A.\n\nEquation: 1.1", 'not as in "Equations'),
    ],
)
def test_a_claim_that_cannot_be_true_is_a_warning(
    book: Book, monkeypatch: pytest.MonkeyPatch, doc: str, warning: str
) -> None:
    monkeypatch.setattr(load_result, "__doc__", doc)
    found = book.build().warnings
    assert len(found) == 1
    assert re.search(warning, found[0])


def written(build: Build) -> dict[str, int]:
    pages = [*(build.site / "book").glob("*.html"), *(build.site / "_modules").rglob("test_*.html")]
    return {path.stem: path.stat().st_mtime_ns for path in pages}


def test_pages_are_written_again_when_a_docstring_or_a_test_changes(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written(book.build())
    assert written(book.build()) == before
    # another equation
    monkeypatch.setattr(load_result, "__doc__", "A stored result.\n\nEquation: (1.3).")
    book.library({"results.py": "# changed"})
    build = book.build()
    assert (lines(build), lines(build, "two")) == ({"eq-1-3": COMPUTED}, {})
    assert said(build)[0] == "Equation (1.3)"
    # a test of another name, on which three pages depend
    path = book.root / "tests" / "test_results.py"
    path.write_text(path.read_text().replace("by_a_", "with_a_"))
    build = book.build()
    assert build.warnings == []
    assert lines(build)["eq-1-3"][2][1].endswith("#test_with_a_table")
    assert said(build)[1] == "Tests with a table; with a helper; with an error, in test_results.py"
    assert "test_by_a_helper" not in build.links("two")
    # a test's body, which only its own page shows
    path.write_text(path.read_text().replace("assert True", "assert 1"))
    page = book.build().site / "_modules" / "tests" / "test_results.html"
    assert "assert 1" in BeautifulSoup(page.read_text(), "html.parser").text
    before = written(book.build())
    assert written(book.build()) == before


def test_an_equation_that_goes_is_missed(book: Book) -> None:
    assert book.build().warnings == []
    book.markdown("two", "# Two\n\nText.\n")
    (warning,) = book.build().warnings
    assert "no equation (1.2) in the book" in warning


def test_without_tests_there_is_no_link_to_any(book: Book) -> None:
    for path in (book.root / "tests").iterdir():
        path.unlink()
    build = book.build()
    assert build.warnings == []
    assert lines(build) == {"eq-1-1": COMPUTED[:2]}
    assert said(build) == ["Equations (1.1), (1.2)"]
    assert not (build.site / "_modules" / "tests").exists()


def test_which_tests_use_a_name(book: Book) -> None:
    files = read_tests(book.root / "tests")
    for file in files:
        file.resolve(lambda path: (path, "mle_lib.models.Base"))

    def found(path: str, modules: list[str], method: str = "") -> list[str]:
        file, tests = find_tests(files, path, modules, method) or (None, [])
        return [file.name, *(test.name for test in tests)] if file else []

    load = "mle_lib.results.load_result"
    of_results = ["test_results", "test_by_a_table", "test_by_a_helper", "test_with_an_error"]
    assert found(load, ["results"]) == of_results
    assert found(load, ["training"]) == ["test_training", "test_elsewhere"]
    assert found(load, ["unknown"]) == of_results  # which has the most
    assert found("mle_lib.results.other", ["results"]) == []
    # through conftest.py, and by a subclass where the class itself is only tested for errors
    assert found("mle_lib.models.NADE", ["models"]) == ["test_models", "test_a_model"]
    of_base = ["test_models", "test_a_model", "test_an_error"]
    assert found("mle_lib.models.Base", ["models"], "log_prob") == of_base
    assert found("mle_lib.models.Base", ["models"], "sample") == []


# --- Descriptions ----------------------------------------------------------------------------


def test_a_formula_in_a_description_is_plain() -> None:
    assert latex(r"\ell") == "ℓ"
    assert latex(r"x_{<i}") == "x_<i"
    assert latex(r"\nabla \ell(\theta)\, \operatorname{tr}\Sigma") == "∇ ℓ(θ) trΣ"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("One. Two.", "One. Two."),
        (f"One sentence. {'X' * LENGTH}. More.", "One sentence."),
        (f"{'a ' * 40}, {'b ' * 30}, {'c ' * 90}", f"{'a ' * 40}, {'b ' * 30} …"),
        ("word " * 60, "word " * 31 + "…"),
    ],
    ids=["short", "a sentence", "a clause", "words"],
)
def test_a_description_ends_where_a_sentence_or_a_clause_does(text: str, short: str) -> None:
    assert shortened(text) == short
    assert len(short) <= LENGTH


def test_every_page_is_described(book: Book) -> None:
    book.markdown("long", f"# Long\n\nHere $\\alpha < 1$ & more. {'And so on ' * 30}\n")
    build = book.build()
    pages = [p for p in build.site.rglob("*.html") if p.name not in ("404.html", "genindex.html")]
    found = {}
    for path in pages:
        page = BeautifulSoup(path.read_text(), "html.parser")
        tags = page.select("meta[name=description]")
        if page.find("article") or path.stem == "search":  # not the root, which leads on
            (found[path.stem],) = [tag["content"] for tag in tags]
    assert found["long"] == "Here α < 1 & more."
    assert found["results"].startswith("Source of mle_lib.results: What the scripts")
    assert set(found) == {"index", "one", "two", "api", "long", "results", "test_results", "search"}
    assert build.page("index").title.text == "Index"  # the book's, and not twice
    assert build.page("one").title.text.startswith("One — ")


# --- The page for addresses that do not exist ------------------------------------------------


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("https://github.com/ada/book", "/book/"),
        ("https://github.com/ada/book/", "/book/"),
        ("https://github.com/Ada/ada.github.io", "/"),
        ("", "/"),
    ],
)
def test_where_github_pages_puts_the_site(repository: str, expected: str) -> None:
    assert prefix(repository) == expected


def test_the_page_for_unknown_addresses_lists_the_book(book: Book) -> None:
    site = book.build().site
    page = BeautifulSoup((site / "404.html").read_text(), "html.parser")
    links = {a.text: a["href"] for a in page.select("li a")}
    assert list(links) == ["One", "Two", "API"]
    root = page.body["data-prefix"]
    for address in [*links.values(), page.form["action"], page.header.a["href"]]:
        assert address.startswith(root)
        assert (site / address.removeprefix(root)).exists()
    assert page.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "unsafe" not in policy
    assert not page.select("[src], [onclick]")
