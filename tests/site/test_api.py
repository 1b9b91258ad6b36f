"""The API reference and the status page: the docstrings, and small books with the real settings."""

import importlib
import inspect
import platform
import re
import sys
from importlib.metadata import version
from urllib.parse import urldefrag

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag

from tests.site.test_site import ROOT, Book, Build
from tools.notebooks import toc_notebooks
from tools.references import page_text

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from mle_book.api import public_members
from mle_book.claims import CLAIM, NUMBERS
from mle_book.docstrings import to_rest
from mle_book.names import Use, read_cells

# What the book's tools deprecate among themselves is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

DIRECTIVE = re.search(
    r"^```\{mle-api\}\n(.*?)^```$", (ROOT / "book" / "api.md").read_text(), re.MULTILINE | re.DOTALL
)
MODULES = DIRECTIVE[1].split()
PACKAGE = ROOT / "mle_lib"
NOTEBOOKS = toc_notebooks()


def documented() -> dict[str, object]:
    """Every public function and class, under the first name that the list of modules gives it."""
    found: dict[object, str] = {}
    for name in MODULES:
        for member_name, member in public_members(importlib.import_module(name)):
            found.setdefault(member, f"{name}.{member_name}")
    return {name: member for member, name in found.items()}


def claims() -> dict[str, list[str]]:
    """Number of an equation -> the functions, classes and methods that say they compute it."""
    found: dict[str, list[str]] = {}
    for name, member in documented().items():
        methods = vars(member).items() if inspect.isclass(member) else []
        said = {name: member, **{f"{name}.{k}": v for k, v in methods if inspect.isfunction(v)}}
        for of, thing in said.items():
            for paragraph in (thing.__doc__ or "").split("\n\n"):
                if claim := CLAIM.fullmatch(paragraph.strip()):
                    assert NUMBERS.fullmatch(claim[1]), of
                    for number in re.findall(r"\d+\.\d+", claim[1]):
                        found.setdefault(number, []).append(of)
    return found


# --- The list of modules, and the docstrings ----------------------------------------------------


def library_imports(source: str) -> set[str]:
    return set(re.findall(r"^\s*(?:from|import) (mle_lib(?:\.\w+)*)", source, re.MULTILINE))


def test_no_public_module_is_missing() -> None:
    """Each module is in the list, or a workshop of one that is, and no chapter goes there."""
    files = [p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py"]
    modules = {
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p
        for p in files
    }
    used_inside = set().union(*(library_imports(p.read_text()) for p in files))
    used_in_book = {
        name
        for path in NOTEBOOKS
        for cell in nbformat.read(path, 4).cells
        if cell.cell_type == "code"
        for name in library_imports(cell.source)
    }
    assert set(MODULES) <= set(modules)
    assert (used_in_book & set(modules)) - set(MODULES) == set()
    # the exercises themselves are found by their ids, not by the names of their modules
    exercises = {name for name in modules if name.startswith("mle_lib.exercises.")}
    programs = {name for name in modules if name.endswith(".__main__")}
    assert set(modules) - used_inside - set(MODULES) - exercises - programs == set()


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_says_what_it_is(module: str) -> None:
    """A docstring, whose first paragraph ends as a sentence does; for methods too."""
    loaded = importlib.import_module(module)
    assert (loaded.__doc__ or "").strip(), module
    members = dict(public_members(loaded))
    assert members, f"{module} has nothing public"
    for name, member in list(members.items()):
        if inspect.isclass(member):
            methods = {f"{name}.{k}": v for k, v in vars(member).items() if k[0] != "_"}
            members |= {k: getattr(v, "fget", v) for k, v in methods.items() if v.__doc__}
    for name, member in members.items():
        summary = (inspect.getdoc(member) or "").partition("\n\n")[0]
        assert summary, f"{module}.{name} has no docstring"
        assert not re.match(r"(Args|Returns|Raises|Attributes):", summary), f"{module}.{name}"


@pytest.mark.parametrize(
    ("docstring", "rest"),
    [
        ("Of |x_j| and a*b*c, x_ too.", r"Of \|x_j\| and a\*b\*c, x\_ too."),
        ("The *simple* one, ``x_ | *``.", "The *simple* one, ``x_ | *``."),
        ("The sum Σ_j x_j = 1.", "The sum Σ_j x_j = 1."),
        ("Draw x.\n\nArgs:\n    x: A *b*.", "Draw x.\n\nArgs:\n    x: A *b*."),
        ("log p = Σ_i z_i,\nin nats.", "FORMULA   log p = Σ_i z_i, in nats."),
        ("ĝ = (m/b) Σ,\nν = 1.", "FORMULA   ĝ = (m/b) Σ,\n   ν = 1."),
        ("A.\n\n    a = 1\n      + b,\n\nand on.", "A.\n\nFORMULA   a = 1\n     + b,\n\nand on."),
    ],
    ids=["escapes", "markup", "prose", "sections", "opening", "two formulas", "block"],
)  # fmt: skip
def test_a_docstring_in_rest(docstring: str, rest: str) -> None:
    formula = ".. parsed-literal::\n   :class: mle-formula\n\n"
    assert to_rest(docstring) == rest.replace("FORMULA", formula) + "\n"


# --- Equations ----------------------------------------------------------------------------------

# Every numbered equation is claimed by a function, or says why by none, in a comment below it.
NO_FUNCTION = re.compile(r"\\tag\{([\d.]+)\}\s*\$\$\s*<!-- computed by no function: .+? -->")


def test_every_numbered_equation_has_a_function_or_a_reason() -> None:
    text = "".join(map(page_text, NOTEBOOKS))
    reasons = set(NO_FUNCTION.findall(text))
    claimed = set(claims())
    assert claimed & reasons == set()
    assert claimed | reasons == set(re.findall(r"\\tag\{([\d.]+)\}", text))


@pytest.mark.parametrize(
    "name",
    [
        *("likelihood.log_likelihood", "gradient.full_gradient", "gradient.per_sample_gradients"),
        *("minibatch.minibatch_gradient", "minibatch.estimator_variance"),
        *("minibatch.gradient_noise_scale", "clipping.clip_by_norm", "clipping.clip_by_value"),
        *(f"optimizers.{k}" for k in ("SGD", "Momentum", "Nesterov", "RMSprop", "Adam", "AdamW")),
        *("models.FVSBN", "models.NADE", "second_order.newton", "second_order.exact_fisher"),
        *("second_order.natural_gradient", "paradigms.game_value", "paradigms.VAE.elbo"),
        *(f"variance_reduction.{k}" for k in ("ControlVariate", "SVRG", "SAG")),
        *(f"variance_reduction.{k}_gradient" for k in ("importance", "doubly_stochastic")),
    ],
)
def test_what_the_lecture_writes_as_a_formula_says_which(name: str) -> None:
    found = {of.removeprefix("mle_lib.") for functions in claims().values() for of in functions}
    # the optimisers' module has clipping too
    assert name in found or name.replace("clipping", "optimizers") in found


# --- Names in code ------------------------------------------------------------------------------


def paths(*cells: str) -> list[list[str]]:
    return [[use.path.removeprefix("mle_lib.") for use in uses] for uses in read_cells([*cells])[1]]


def test_names_are_followed_from_cell_to_cell() -> None:
    cells = (
        "from mle_lib import display\nfrom mle_lib.data import TinyWorld as World",
        "%matplotlib inline\nw = World(3, seed=0)\ndisplay.show(f, 'θ'); w.sample(display)",
    )
    assert paths(*cells) == [
        ["display", "data.TinyWorld"],
        ["data.TinyWorld", "display.show", "display", "display"],
    ]
    names, (_, uses) = read_cells([*cells])
    assert Use(2, 8, "show", "mle_lib.display.show", False) in uses
    assert names.path("display.show") == "mle_lib.display.show"
    assert names.path("w.sample") == names.path("show") == ""


@pytest.mark.parametrize(
    "other",
    [
        "fit = 1",
        "def fit(): pass",
        "lambda fit: fit",
        "for fit in x: pass",
        "from sklearn import fit",
        "x as fit",
    ],
)
def test_a_name_with_two_meanings_has_none(other: str) -> None:
    cell = f"with {other}: pass" if other.startswith("x as") else other
    names, uses = read_cells(["from mle_lib.training import fit", cell, "fit(model, x)"])
    assert [len(found) for found in uses] == [0, 0, 0]
    assert names.path("fit") == ""


def test_in_prose_a_name_of_another_library_has_no_meaning() -> None:
    cells = ["import torch\nfrom mle_lib.optimizers import SGD", "SGD(q); torch.optim.SGD(q)"]
    names, uses = read_cells(cells)
    assert [len(found) for found in uses] == [1, 1]
    assert names.path("SGD") == ""


# --- The pages ----------------------------------------------------------------------------------

PROSE = """
The function `load_result`, `results.load_result("x")` and `mle_lib.display` have entries, and so
has `minibatch_gradient`, in no cell here. `show` is imported; `fit`, `sample`, `check_result`,
`results`, `model.sample`, `torch.optim.SGD` and `SGD` are not, or mean something else.

## 1.1 A section with `load_result`
"""
CELLS = [
    "import torch.optim\nfrom mle_lib.display import show\nfrom mle_lib.results import load_result",
    "r = load_result('exact_gradient')  # load_result\nprint('µ', load_result is r)",
    "fit = 1\nSGD = torch.optim.SGD",
]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("api"))
    book.markdown("index", "# Index\n\nText.\n")
    book.notebook("01-one", *CELLS)
    path = book.root / "book" / "01-one.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source = "# 1. One\n\nText."
    notebook.cells.insert(2, nbformat.v4.new_markdown_cell(PROSE))
    notebook.cells[-1].metadata["tags"] = ["nbval-check-output"]
    nbformat.write(notebook, path)
    equations = "\n\n".join(f"$$a \\tag{{{number}}}$$" for number in claims())
    book.markdown("equations", f"# Equations\n\nText.\n\n{equations}\n")
    book.markdown("api", f"# API\n\nText.\n\n{DIRECTIVE[0]}\n")
    status = "```{mle-status} chapters\n```\n\n```{mle-status} versions\n```"
    book.markdown("status", f"# Status\n\nText.\n\n{status}\n")
    return book


@pytest.fixture(scope="module")
def build(book: Book) -> Build:
    return book.build()


def test_every_docstring_is_valid(build: Build) -> None:
    assert build.warnings == []


def test_every_public_name_has_one_entry(build: Build) -> None:
    signatures = build.article("api").select("section > dl.py > dt.sig")
    assert [dt["id"] for dt in signatures] == list(documented())
    for dt in signatures:
        assert dt.text.split("(")[0].split()[-1].split("[")[0].startswith(dt["id"])
    ids = [tag["id"] for tag in build.article("api").find_all(id=True)]
    assert len(set(ids)) == len(ids)


def test_an_entry_says_where_it_is_used(build: Build) -> None:
    entry = build.article("api").find(id="mle_lib.results.load_result").parent
    (line,) = entry.select(".mle-used-in")
    assert line.text.strip() == "Used in chapter 1 (1.1)"
    assert [a["href"] for a in line.select("a")] == [
        "01-one.html", "01-one.html#a-section-with-load-result",
    ]  # fmt: skip
    unused = build.article("api").find(id="mle_lib.training.fit").parent
    assert unused.select(".mle-used-in") == []


def test_inline_code_links_to_its_entry(build: Build) -> None:
    links = {a.text: a["href"] for a in build.article("01-one").select("p a.reference")}
    assert links == {
        "load_result": "api.html#mle_lib.results.load_result",
        'results.load_result("x")': "api.html#mle_lib.results.load_result",
        "mle_lib.display": "api.html#module-mle_lib.display",
        "minibatch_gradient": "api.html#mle_lib.minibatch.minibatch_gradient",
        "show": "api.html#mle_lib.display.show",
    }


def test_code_links_to_entries_and_keeps_its_text(build: Build) -> None:
    blocks = build.article("01-one").select(".cell_input pre")
    assert [block.text.strip() for block in blocks] == CELLS
    links = [[(a.text, a["href"].split("#")[1]) for a in block.select("a")] for block in blocks]
    result = ("load_result", "mle_lib.results.load_result")
    assert links == [[("show", "mle_lib.display.show"), result], [result], []]
    # the first use, not the comment or the second
    assert blocks[1].select_one("a").previous_sibling.previous_sibling.text == "="


def cells_of(table: Tag) -> list[list[str]]:
    return [
        [" ".join(cell.text.split()) for cell in row.select("td")] for row in table.select("tr")
    ]


def test_status(build: Build, book: Book) -> None:
    chapters, versions = build.article("status").select("table")
    _, (title, seconds, day, checked) = cells_of(chapters)
    assert (title, checked) == ("1. One", "1 of 3")
    assert 0 <= int(seconds) < 120
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    shown = dict(row for row in cells_of(versions) if row)
    assert shown["Python"] == platform.python_version()
    assert shown["torch"] == version("torch")
    page = (build.site / "book" / "status.html").read_text()
    assert str(book.root) not in page
    assert platform.node() not in BeautifulSoup(page, "html.parser").text


def written(build: Build) -> dict[str, int]:
    return {p.stem: p.stat().st_mtime_ns for p in (build.site / "book").glob("*.html")}


def test_pages_are_written_again_when_they_say_something_else(build: Build, book: Book) -> None:
    before = written(build)
    assert written(book.build()) == before
    path = book.root / "book" / "01-one.ipynb"
    path.write_text(path.read_text().replace("## 1.1 A section", "## 1.2 A section"))
    again = book.build()
    assert (again.warnings, again.executed) == ([], [])
    after = written(again)
    assert {name for name in after if after[name] != before[name]} >= {"01-one", "api"}
    assert after["status"] == before["status"]
    line = again.article("api").find(id="mle_lib.results.load_result").parent
    assert line.select_one(".mle-used-in").text.strip() == "Used in chapter 1 (1.2)"


def test_links_go_when_their_entry_goes(build: Build, book: Book) -> None:
    book.markdown("api", "# API\n\nText.\n\n```{mle-api}\nmle_lib.display\n```\n")
    again = book.build()
    assert again.warnings == []
    links = {urldefrag(a["href"])[1] for a in again.article("01-one").select("a.mle-api")}
    assert links == {"mle_lib.display.show"}
    assert "load_result" not in again.links("01-one")
