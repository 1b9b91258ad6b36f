"""A chapter's figure on another page, on small books built with the real `_config.yml`."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from tests.site.test_site import FIGURE, Book

# What the book's tools deprecate among themselves is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

INDEX = """# Index

```{mle-figure} a
A *caption*, see [the chapter](a.ipynb).
```

The first sentence.
"""


def front(source: str, tag: str = "front-page"):
    return new_code_cell(source, metadata={"tags": [tag]})


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = Book(tmp_path)
    made.markdown("index", INDEX)
    return made


def test_the_figure_of_the_tagged_cell_opens_another_page(book: Book) -> None:
    settings = "data-frames='{&quot;start&quot;: [2, 1]}'"
    moving = FIGURE.replace("<mle-explore>", f"<mle-explore {settings}>")
    book.notebook("a", FIGURE.replace("frames", "others"), front(moving))
    build = book.build()
    assert build.warnings == []
    assert build.executed == ["a"]
    article = build.article("index")
    assert article.find("mle-explore").text == "frames"
    assert '"start": [0, 1]' in article.find("mle-explore")["data-frames"]
    assert '"start": [2, 1]' in build.article("a").find_all("mle-explore")[1]["data-frames"]
    caption = article.find(class_="mle-front").find(class_="caption-text")
    assert caption.text == "A caption, see the chapter."
    assert caption.find("a")["href"] == "a.html"
    # a page is described by its own first paragraph, not by a caption
    assert build.page("index").find("meta", attrs={"name": "description"})["content"] == (
        "The first sentence."
    )
    assert [e.text for e in build.article("a").find_all("mle-explore")] == ["others", "frames"]


def test_it_follows_a_change_of_the_chapter(book: Book) -> None:
    book.notebook("a", front(FIGURE))
    book.build()
    written = book.root / "_build" / "html" / "book" / "index.html"
    before = written.stat().st_mtime_ns
    assert book.build().executed == []
    assert written.stat().st_mtime_ns == before  # nothing changed: nothing is written
    book.notebook("a", front(FIGURE.replace("frames", "new frames")))
    assert book.build().article("index").find("mle-explore").text == "new frames"


@pytest.mark.parametrize(
    "cell",
    [front(FIGURE, "install"), front("1 + 1"), front("import IPython\nIPython.display.HTML('x')")],
)
def test_a_chapter_without_the_figure_is_a_warning(book: Book, cell) -> None:
    book.notebook("a", cell)
    build = book.build()
    assert [w for w in build.warnings if "mle-figure: book/a has no cell tagged" in w]
    assert build.article("index").find("mle-explore") is None


def test_an_unknown_chapter_is_a_warning(book: Book) -> None:
    book.markdown("b", "# B\n")
    assert any("mle-figure: book/a has no cell" in w for w in book.build().warnings)
