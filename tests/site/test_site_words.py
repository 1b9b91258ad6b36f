"""A page says what its source says and shows what its cells print, on small books; what hosts need.

The same is asked of every page of the book in `tests/browser/test_words.py`.
"""

import ast
from itertools import product
from pathlib import Path

import pytest
from mle_book.tables import of_numbers
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.site.page_text import differing, page_text, shown, source_text, words
from tests.site.test_site import COLAB, ROOT, Book
from tools.notebooks import CHECKED

# What the book's tools deprecate among themselves is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

EXTENSION = ROOT / "book" / "_ext" / "mle_book"
# A piece of a line for each thing that some part of the extension cuts, moves or replaces.
PIECES = {
    "code": "`x`",
    "name": "`load_result`",
    "test": "`test_a`",
    "formula": "$n$",
    "link": f"[two]({COLAB}/two.md)",
    "equation": "(1.1)",
    "section": "section 1.2",
    "emphasis": "*so*",
}
BETWEEN = (". ", ", ", ") and ", " ", ": (1.1). ")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def by_equality() -> list[str]:
    """The calls of the extension by which docutils would find a node by equality."""
    found = []
    for path in sorted(EXTENSION.glob("*.py")):
        for call in [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if is_call(n)]:
            name, first = call.func.attr, call.args[0] if call.args else None
            of_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
            if name in ("index", "remove", "replace_self") or (name == "replace" and not of_text):
                found.append(f"{path.name}: {ast.unparse(call)}")
    return found


def is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


def test_the_extension_finds_no_node_by_equality() -> None:
    texts = {"tested.py: wanted.index(file.name)"}  # a list of names
    assert set(by_equality()) - texts == set()


def test_equal_texts_stay_where_they_are(book: Book) -> None:
    """Every two pieces in every order, in a paragraph, a list, a table, a quote and its label."""
    pairs = list(product(PIECES.values(), repeat=2))
    lines = [
        f"{between.join((a, b, a, b, b))}{between.strip()} End.\n\n"
        for between in BETWEEN
        for a, b in pairs
    ]
    lines += [f"- {a}. {b}. {a}. {b}.\n" for a, b in pairs] + ["\n"]
    lines += ["| a | b |\n|---|---|\n", *(f"| {a}. {b}. {a} | {b}. {a}. |\n" for a, b in pairs)]
    lines += [f"\n> **See.** {a}. {b}. {a}. {b}.\n\nEnd.\n" for a, b in pairs]
    lines += [f"\n> **{between}{a}{between}{a}{between}** {b}\n\nEnd.\n" for between in (".", ": ")
              for a, b in product(("`x`", "*y*"), ("`x`", "$n$"))]  # fmt: skip
    book.markdown("one", "# One\n\n$$a \\tag{1.1}$$\n\n## 1.2 A section\n\n" + "".join(lines))
    book.markdown("two", "# Two\n\nText.\n")
    build = book.build()
    page = page_text((build.site / "book" / "one.html").read_text("utf-8"))
    differ = [
        (said, want)
        for said, want in zip(
            page.split("End."), source_text(book.root / "book/one.md").split("End."), strict=True
        )
        if said != want
    ]
    assert differ == []


def test_paragraphs_of_a_caption_do_not_run_together(book: Book) -> None:
    book.markdown("index", "# Index\n\n```{mle-figure} one\nFirst.\n\nSecond.\n```\n\nText.\n")
    book.markdown("one", "# One\n\nText.\n")
    assert "First. Second." in book.build().article("index").text


PRINTED = {
    'for i in range(3):\n    print(i, end=" ")\n    import sys; sys.stdout.flush()\nprint("end")': [
        "0 1 2 end"
    ],
    'print("  a", end="", flush=True)\nprint("", flush=True)\nprint("\\n\\n b  ")': [
        "  a\n\n\n b  "
    ],
    'print("no end", end="")': ["no end"],
    'print("\\ta\\tb")\n"value"': ["\ta\tb", "'value'"],
    'print("1 %\\r2 %\\r3 %")': ["3 %"],
    'print("a", end="", flush=True)\ndisplay({"text/plain": "shown"}, raw=True)\nprint("b")': [
        "a",
        "shown",
        "b",
    ],
    'print("a\\n", flush=True)\nprint("<b> & c", flush=True)\nprint("\\n")': ["a\n\n<b> & c\n\n"],
    'print("one", flush=True)\nimport sys\nprint("two", file=sys.stderr, flush=True)\n'
    'import time; time.sleep(.3)\nprint("three")': ["one", "two", "three"],
    'print("\\n\\n  a")': ["\n\n  a"],
    'for i in range(3):\n    print(f"{i:3}", end="" if i < 2 else "\\n", flush=True)': [
        "  0  1  2"
    ],
}


def test_a_page_shows_what_is_printed_to_the_letter(book: Book) -> None:
    book.markdown("index", "# Index\n\nText.\n")
    cells = [
        cell for n, source in enumerate(PRINTED) for cell in (new_markdown_cell(f"{n}."), source)
    ]
    book.notebook("one", *cells)
    page = shown((book.build().site / "book" / "one.html").read_text("utf-8"))
    assert list(page.values()) == list(PRINTED.values())


TABLE = " b   how it is drawn\n--   ----------------\n 1   with replacement\n10"


def test_a_printed_table_is_a_table(book: Book) -> None:
    book.markdown("index", "# Index\n\nText.\n")
    source = f'print("before", flush=True)\nprint({TABLE!r})\nprint()\nprint("after")'
    cell = new_code_cell(source, metadata={"tags": [CHECKED]})
    cell.outputs = [new_output("stream", name="stdout", text=f"before\n{TABLE}\n\nafter\n")]
    book.notebook("one", cell, f"class T:\n    def __repr__(self): return {TABLE!r}\nT()")
    build = book.build()
    html = (build.site / "book" / "one.html").read_text("utf-8")
    rows = [["b", "how it is drawn"], ["1", "with replacement"], ["10", ""]]
    assert [*shown(html).values()] == [["before", rows, "after"], [rows]]
    assert differing(book.root / "book" / "one.ipynb", html) == {}
    table = build.article("one").select_one("table.mle-printed")
    sides = ["text-right", "text-left"] * 3
    assert [cell["class"][-1] for cell in table.select("th, td")] == sides
    assert table.find_parent(class_="pst-scrollable-table-container")
    cell.outputs[0].text = cell.outputs[0].text.replace("10", "11")
    book.notebook("one", cell)
    assert differing(book.root / "book" / "one.ipynb", html)


def test_figures_stand_on_the_right() -> None:
    """Also a mean with its error, and a number among words for none; not names made of digits."""
    assert of_numbers(("1.07 ± 0.01", "", "-0.7 (-1.0 to -0.3)"), 1)
    assert of_numbers(("none", "5", "25"), 1)
    assert not of_numbers(("none", "none", "25"), 1)
    assert not of_numbers(("500", "200-200"), 0)


def test_each_cell_has_an_address(book: Book) -> None:
    """The link of a rule leads to Colab's cell in Colab, and to the same cell on the page."""
    link = new_markdown_cell(f"See [cell]({COLAB}/one.ipynb#scrollTo=a-1).")
    folded = new_code_cell("7", id="b-2", metadata={"tags": ["hide-input"]})
    book.markdown("index", f"# Index\n\nSee [cell]({COLAB}/one.ipynb#scrollTo=b-2).\n")
    book.notebook("one", new_code_cell("6", id="a-1"), folded, link)
    build = book.build()
    assert build.warnings == []
    assert [a["href"] for a in build.article("one").select("p a.reference")] == ["#cell-a-1"]
    (other,) = build.article("index").select("p a.reference")
    assert other["href"].endswith("one.html#cell-b-2")
    for name, source in (("a-1", "6"), ("b-2", "7")):
        cell = build.article("one").select_one(f"#cell-{name}")
        assert words(cell.select_one(".cell_input").get_text()) == source
    book.markdown("index", f"# Index\n\nSee [cell]({COLAB}/one.ipynb#scrollTo=gone).\n")
    assert any("scrollTo=gone" in warning for warning in book.build().warnings)


def test_a_changed_stored_number_is_found(book: Book) -> None:
    book.markdown("index", "# Index\n\nText.\n")
    cells = [new_code_cell(f"print({n} * 7)", metadata={"tags": [CHECKED]}) for n in (6, 7)]
    for cell in cells:  # right of the first alone
        cell.outputs = [new_output("stream", name="stdout", text="42\n")]
    book.notebook("one", *cells, "6 * 8")
    page = (book.build().site / "book" / "one.html").read_text("utf-8")
    found = differing(book.root / "book" / "one.ipynb", page)
    assert found == {"print(7 * 7)": (["42"], ["49"])}


def test_what_begins_with_an_underscore_is_served(book: Book) -> None:
    """GitHub's Jekyll, where a branch is published, leaves it out but for this file."""
    for name in ("index", "one"):
        book.markdown(name, "# Index\n\nText.\n")
    site = book.build().site
    assert [path.name for path in site.iterdir() if path.name.startswith("_")]
    assert (site / ".nojekyll").is_file()
