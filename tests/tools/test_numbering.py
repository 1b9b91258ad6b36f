"""What the book says of its own chapters, sections, equations and exercises can be renumbered."""

import re
from pathlib import Path

import pytest

from tools.notebooks import read, toc_notebooks
from tools.numbering import Place, known, mentions, places, renumbered, unmarked, unresolved

KNOWN = known()
PLACES = list(places())
FILES = sorted({place.path for place in PLACES})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_everything_named_is_there_and_nothing_is_named_in_passing(path: Path) -> None:
    here = [place for place in PLACES if place.path == path]
    nowhere = [f"{p}: {m.kind} {m.number}" for p in here for m in unresolved(p, KNOWN)]
    assert not nowhere, "no such thing in the book, or a decimal in the form of a reference"
    bare = [f"{place}: {words}" for place in here for words in unmarked(place, KNOWN)]
    assert not bare, "say section N.M, or (N.M); a measurement has its unit"


BOOK = Path("book")
NUMBERS = {
    "chapter": {"1", "2"},
    "section": {"1.1", "1.2"},
    "equation": {"1.1"},
    "exercise": {"1.1"},
}


def place(text: str, kind: str = "markdown", path: Path = BOOK / "a.ipynb") -> Place:
    return Place(path, 0 if path.suffix == ".ipynb" else None, None, kind, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("chapters 1 and 2, Chapter 2's", ["chapter 1", "chapter 2", "chapter 2"]),
        ("chapters 1 to 3; chapter 1.5", ["chapter 1", "chapter 3"]),
        ("sections 1.1, 1.2 and\n> 2.3", ["section 1.1", "section 1.2", "section 2.3"]),
        ("sections 1.1–1.3", ["section 1.1", "section 1.3"]),
        ("by (1.1), `(1.2)`, $f(1.3)$ and f(1.4)", ["equation 1.1"]),
        ("[A](https://a.org/(1.1)), §1.2 <!-- (1.3) -->", ["equation 1.3"]),
        ("see exercise 1.1", ["exercise 1.1"]),
        ("[2. Title](a.ipynb), [3. 4.] (5), [6. a](b)", ["chapter 2"]),
    ],
)
def test_what_is_named_in_text(text: str, found: list[str]) -> None:
    assert [f"{m.kind} {m.number}" for m in mentions(place(text))] == found


def test_what_gets_its_number_in_a_chapter() -> None:
    text = "# 1. One\n\n## 1.2 Two\n\n$$x \\tag{1.3}$$\n\n### Exercise 1.4 · Four"
    given = [(m.kind, m.number) for m in mentions(place(text)) if m.gives]
    kinds = ["chapter", "section", "equation", "exercise"]
    assert given == list(zip(kinds, ["1", "1.2", "1.3", "1.4"], strict=True))


def test_code_speaks_in_comments_and_strings_and_tests_in_docstrings() -> None:
    code = '"""Of (1.1)."""\nx = f(1.2)  # as in section 1.3\ny = "in section "\\\n    "1.4"\n'
    for folder, found in (("mle_lib", ["1.1", "1.3", "1.4"]), ("tests", ["1.1", "1.3"])):
        spoken = mentions(place(code, "python", Path(folder, "a.py")))
        assert sorted(m.number for m in spoken) == found


@pytest.mark.parametrize(
    ("text", "kind", "seen"),
    [
        ("As in 1.1, and 1.2's.", "markdown", 2),
        ("| a | 1.1 |", "markdown", 1),
        ("1.1 nats, 1.1 to 1.2 times, 1.1 ± 0.2, $1.1$ and §1.1", "markdown", 0),
        ("[1.1](a.ipynb#x), section 1.1", "markdown", 0),
        ('print("as in 1.1", 1.2)', "python", 1),
        ("loss 1.1 1.2\n1.1's", "output", 1),
    ],
)
def test_what_could_be_a_number_of_the_book_is_seen(text: str, kind: str, seen: int) -> None:
    assert len(list(unmarked(place(text, kind), NUMBERS))) == seen


def test_what_is_named_and_is_nowhere_is_seen() -> None:
    found = unresolved(place("section 1.1, section 1.3, (1.2), chapter 3"), NUMBERS)
    assert [m.number for m in found] == ["1.3", "1.2", "3"]


def test_every_number_is_replaced_and_nothing_else() -> None:
    text = "# 1. A\n\nSections 1.1 and 1.2, (1.1), 1.1 nats, $1.1$."
    new = renumbered(place(text), lambda m: m.number.replace("1", "9", 1))
    assert new == "# 9. A\n\nSections 9.1 and 9.2, (9.1), 1.1 nats, $1.1$."


def test_two_places_are_not_called_the_same() -> None:
    named = [str(place) for place in places()]
    assert sorted(named) == sorted(set(named))


def test_a_link_that_says_a_number_and_a_title_says_those_of_its_chapter() -> None:
    titles = {p.name: read(p).cells[0].source.partition("\n")[0] for p in toc_notebooks()}
    texts = [(p.path.name, p.text) for p in places() if p.kind == "markdown"]
    link = re.compile(r"\[(\d{1,2}\. [^\]]+)\]\([^)]*?([\w-]+\.ipynb)\)")
    found = [(where, *match) for where, text in texts for match in link.findall(text)]
    assert len(found) >= len(titles) - 1
    assert [line for line in found if titles[line[2]] != f"# {line[1]}"] == []
