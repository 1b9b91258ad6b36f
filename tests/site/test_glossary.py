"""The glossary: its entries against the chapters, and the links to them, on a small book."""

import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest

from tests.site.test_site import Book
from tools import references
from tools.environment import ROOT

# What the book's tools deprecate among themselves is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

BOOK = ROOT / "book"
ITEM = re.compile(
    r"- (?P<words>\*\*.+\*\*) · \*(?P<portuguese>[^*]+)\*\n\n"
    r"  (?P<meaning>.+) \[(?P<number>[\d.]+)\]\((?P<page>[\w-]+\.ipynb)#(?P<anchor>[\w-]+)\)\n*"
)


class Entry(NamedTuple):
    words: list[str]
    portuguese: str
    meaning: str
    number: str
    page: str
    anchor: str


def entries() -> list[Entry]:
    _, *items = re.split(r"^(?=- )", (BOOK / "glossary.md").read_text("utf-8"), flags=re.M)
    matches = {item: ITEM.fullmatch(item) for item in items}
    assert [item for item, match in matches.items() if not match] == []
    return [
        Entry(re.findall(r"\*\*(.+?)\*\*", m["words"]), *m.groups()[1:]) for m in matches.values()
    ]


@cache
def sections(page: str) -> dict[str, references.Section]:
    return {s.anchor: s for s in references.sections(references.page_text(BOOK / page))}


def has(text: str, word: str) -> bool:
    """Whether a text has the word, or its plural, as the site looks for it."""
    plain = " ".join(re.sub(r"[*_]", "", text).split())
    letter = f"[{word[0]}{word[0].upper()}]"
    return bool(re.search(rf"(?<![\w-]){letter}{re.escape(word[1:])}(s|es)?(?![\w-])", plain))


def test_words_are_in_the_order_of_the_alphabet_and_stand_once() -> None:
    found = entries()
    first = [entry.words[0].casefold() for entry in found]
    assert [pair for pair in pairwise(first) if pair[0] >= pair[1]] == []
    every = [word for entry in found for word in entry.words]
    assert len(set(every)) == len(every) > 60


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.words[0])
def test_a_word_stands_in_the_section_that_explains_it(entry: Entry) -> None:
    section = sections(entry.page).get(entry.anchor)
    assert section, f"{entry.page} has no section {entry.anchor}"
    assert section.heading.startswith(f"{entry.number} ")
    assert any(has(section.heading + "\n" + section.text, word) for word in entry.words)


def test_equations_that_meanings_name_are_in_the_chapters() -> None:
    named = {n for entry in entries() for n in re.findall(r"\((\d+\.\d+)\)", entry.meaning)}
    pages = [path for path in references.pages() if path.suffix == ".ipynb"]
    tags = set(re.findall(r"\\tag\{([\d.]+)\}", "".join(map(references.page_text, pages))))
    assert named <= tags


# ---- links, on a small book

GLOSSARY = """# Glossary

- **noise scale**, **MADE** · *escala de ruído*

  A number. [1.2](one.md#where-it-is)

- **Newton's step** · *passo*

  A way. [1.3](one.md#the-last-noise-scale)
"""
ONE = """# 1. One

A noise scale.

## 1.1 First

A noise scale.

## 1.2 Where it is

A noise scale.

## 1.3 The last noise scale

[noise scale](two.md), `noise scale`, $noise scale$, **noise scale**, noise-scale, noise scaled.

| noise scale | made |
|---|---|
| noise scale | made |

> **Guess.** Is it the noise scale?

> **Note.** Two *noise scales* and Newton's step; the noise scale of MADE.

### Exercise 1.1 · A task

Noise scale.
"""
TWO = """# 2. Two

## 2.1 First

Newton's steps, and Newton's step. MADE.

## Summary

A noise scale.
"""


@pytest.fixture
def book(tmp_path):
    made = Book(tmp_path)
    made.markdown("index", "# Index\n\nA noise scale.\n")
    made.markdown("one", ONE)
    made.markdown("two", TWO)
    made.markdown("glossary", GLOSSARY)
    return made


def test_the_first_use_after_the_section_that_explains_leads_to_the_entry(book: Book) -> None:
    build = book.build()
    assert build.warnings == []
    links = {
        page: [(a.get_text(), a["href"]) for a in build.article(page).select("a.mle-term")]
        for page in ("index", "one", "two", "glossary")
    }
    scale, step = "glossary.html#term-noise-scale", "glossary.html#term-newton-s-step"
    assert links == {
        "index": [],
        "one": [("noise scales", scale), ("noise scale", scale)],
        "two": [
            ("Newton’s steps", step),
            ("MADE", scale),
            ("noise scale", scale),
            ("Newton's step", step),
        ],
        "glossary": [],
    }
    # in the text no stops of the Tab key; in the fold at the end, all
    for page in ("one", "two"):
        for link in build.article(page).select("a.mle-term"):
            assert (link.get("tabindex") == "-1") != bool(link.find_parent("details"))
    entry = build.article("glossary").select_one("#term-noise-scale")
    assert entry.select_one("[lang=pt]").get_text() == "escala de ruído"
    assert "A number." in entry.get_text()


def test_chapters_follow_a_change_of_the_glossary(book: Book) -> None:
    book.build()
    book.markdown(
        "glossary", GLOSSARY.replace("**Newton's step**", "**way**").replace("A number", "One")
    )
    (link,) = book.build().article("two").select("p > a.mle-term[tabindex]")
    assert link.get_text() == "MADE"


def test_a_section_that_was_renamed_and_half_an_entry_are_warnings(book: Book) -> None:
    text = GLOSSARY.replace("#the-last", "#gone").replace(" · *escala de ruído*", "")
    book.markdown("glossary", text)
    warnings = book.build().warnings
    assert any("gone" in warning for warning in warnings)
    assert any("their Portuguese" in warning for warning in warnings)
