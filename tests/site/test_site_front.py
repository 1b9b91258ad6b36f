"""The first page, and links to the repository, on small books built with the real `_config.yml`."""

from pathlib import Path

import pytest

from tests.site.test_site import REPOSITORY, Book
from tools.publish_as import is_published, repository

# What the book's tools deprecate among themselves is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

INDEX = f"""# Index

Text, and [the code]({REPOSITORY}).

```{{mle-start}}
Patience is enough.
```

```{{mle-map}}
```
"""
NEEDS = {"one": "a pen", "two": "chapter 1", "three": "chapters 1 and 2", "four": "chapters 1, 2"}


def chapter(number: int, name: str, question: str = "Why?") -> str:
    return (
        f"# {number}. {name.capitalize()}\n\n{question} Read on.\n\n"
        f"**You need** {NEEDS[name]}. **Reading** 25 minutes.\n"
    )


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = Book(tmp_path)
    made.markdown("index", INDEX)
    for number, name in enumerate(NEEDS, 1):
        made.markdown(name, chapter(number, name))
    made.markdown("notes", "# Notes\n\nNo chapter.\n")
    return made


def test_the_map_has_each_chapter_its_question_and_what_it_needs(book: Book) -> None:
    build = book.build()
    assert build.warnings == []
    article = build.article("index")
    assert article.select_one(".mle-start a")["href"] == "one.html"
    much = "4 chapters, 2 hours of reading. Patience is enough."
    assert article.select_one(".mle-start p").text == much
    links = article.select(".mle-map a")
    assert [link["href"] for link in links] == [f"{name}.html" for name in NEEDS]
    assert [link.find("text").text for link in links][1:3] == ["2. Two", "3. Three"]
    assert links[2].title.text == "3. Three. Why? You need chapters 1 and 2."
    # 1 to 2, 2 to 3, 2 to 4: that 4 needs 1 follows
    assert article.select_one(".mle-map path")["d"].count("M") == 3
    book.markdown("three", chapter(3, "three", "How?"))
    assert "How?" in book.build().article("index").select(".mle-map a")[2].title.text


def test_nothing_leads_to_a_repository_that_is_not_published(book: Book) -> None:
    book.notebook("five", "1 + 1")
    published = book.build()
    assert published.article("index").find("a", string="the code")
    assert published.page("five").find("a", href=lambda address: "colab" in address)
    assert published.page("five").find("a", href=REPOSITORY)
    book.settings(repository())
    book.markdown("index", INDEX.replace(REPOSITORY, f"https://github.com/{repository()}"))
    build = book.build()
    leading = [a for page in ("index", "five") for a in build.page(page).select("a[href*='//']")]
    assert [a["href"] for a in leading if repository() in a["href"]] == []
    if not is_published():
        assert "the code (not published yet)." in build.article("index").text
