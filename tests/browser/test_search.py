"""Search, by the page of its own and by the keyboard on any page, asking no other host."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup, NavigableString
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SITE, pages
from tests.browser.visits import Seen, opened, opened_and_watched, ready
from tools.environment import ROOT
from tools.notebooks import toc_files

# Words of the book, and the page that should be among the first that are found.
QUERIES = [
    ("finite-population", "book/minibatch-estimator"),
    ("noise scale", "book/minibatch-estimator"),
    ("Fisher information", "book/second-order"),
    ("minibatch_gradient", "book/api"),
    ("Bohning", "book/references"),
    ("m/b", "book/minibatch-estimator"),
]
FIRST = 5


def results(page: Page) -> list[str]:
    """Addresses of what was found, once all is there."""
    expect(page.locator("#search-results .search-summary")).to_contain_text("found", timeout=20000)
    return page.locator("#search-results li > a").evaluate_all("links => links.map(l => l.href)")


def check(seen: Seen) -> None:
    """No error and no other host; what a page left behind was still loading is no fault."""
    assert (seen.console_errors, seen.outside_requests) == ([], [])


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_search_finds_words_of_the_book(
    site: str, browser: Browser, query: str, expected: str
) -> None:
    with opened_and_watched(browser, f"{site}/search.html", formulas=False) as (page, seen):
        page.locator("#search-results, .bd-search-container").first.wait_for()
        field = page.locator(".bd-search-container input[name=q]")
        field.fill(query)
        field.press("Enter")
        page.wait_for_url("**/search.html?q=*")
        found = results(page)
        assert expected in " ".join(found[:FIRST]), found[:FIRST]
        assert not [address for address in found if "/_modules/" in address]
        link = page.locator(f"#search-results li > a[href*='{expected}']").first
        link.click()
        page.wait_for_url(f"**/{expected}.html*")
        assert page.locator("h1:visible").count() == 1
    check(seen)


def test_a_search_that_finds_nothing_says_so(site: str, browser: Browser) -> None:
    with opened_and_watched(browser, f"{site}/search.html?q=zyzzyva") as (page, seen):
        summary = page.locator("#search-results .search-summary")
        expect(summary).to_contain_text("did not match any documents")
    check(seen)


@pytest.mark.parametrize("width", [1280, 390])
def test_search_by_keyboard_on_any_page(site: str, browser: Browser, width: int) -> None:
    address = f"{site}/book/training.html"
    with opened_and_watched(browser, address, width, formulas=False) as (page, seen):
        page.keyboard.press("Control+k")
        field = page.locator("input[name=q]:focus")
        expect(field).to_be_visible()
        page.keyboard.type("importance sampling")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=importance+sampling*")
        assert "book/biased-or-unbiased" in " ".join(results(page)[:FIRST])
    check(seen)


def test_search_works_without_a_server(browser: Browser) -> None:
    """From a folder on the reader's own disk, where a page may not fetch another's text."""
    if not (SITE / "search.html").exists():
        pytest.fail(f"no site in {SITE}: run `make book` first", pytrace=False)
    with opened(browser, (SITE / "search.html").as_uri() + "?q=momentum") as page:
        found = [unquote(address) for address in results(page)]
        assert "book/optimizers" in " ".join(found[:FIRST])


# ---- whole lists of words, asked of the page's own program


class Found(NamedTuple):
    page: str
    anchor: str  # of a result that is a part of a page
    name: str


ASK = """queries => queries.map(query => {
    const results = Search._performSearch(...Search._parseQuery(query));
    return results.reverse().map(([page, name, at, about]) => [page, at, about ? name : ""]);
})"""
TAG = re.compile(r"\\tag\*?\{+\(?(\d+\.\d+[a-z]?)")


@pytest.fixture(scope="module")
def search_page(site: str, browser: Browser) -> Iterator[Page]:
    with opened_and_watched(browser, f"{site}/search.html?q=zyzzyva") as (page, seen):
        expect(page.locator("#search-results .search-summary")).to_contain_text("did not match")
        yield page
    check(seen)


def ask(page: Page, queries: list[str]) -> dict[str, list[Found]]:
    """What is found, the best first."""
    answers = page.evaluate(ASK, queries)
    return {q: [Found(*one) for one in found] for q, found in zip(queries, answers, strict=True)}


@cache
def words_on_pages() -> dict[str, set[str]]:
    """Word -> the pages of the book that say it."""
    found: dict[str, set[str]] = {}
    for path in pages():
        html = BeautifulSoup((SITE / path).read_text("utf-8"), "html.parser")
        if article := path.startswith("book/") and html.select_one("article"):
            for formula in article.select(".math"):  # TeX, until MathJax sets it
                formula.decompose()
            for label in article.select("details.hide > summary"):  # the theme writes some twice
                label.decompose()
            for code in article.select("pre"):  # in colours, which divide words
                code.string = code.get_text()
            for text in article.find_all(string=lambda text: type(text) is NavigableString):
                for word in re.findall(r"\w+", text):
                    found.setdefault(word, set()).add(path.removesuffix(".html"))
    return found


def typed(word: str) -> str:
    """The word by the keys of a keyboard that has no accents."""
    plain = unicodedata.normalize("NFKD", word)
    for letter, keys in {
        "ø": "o",
        "Ø": "O",
        "ß": "ss",
        "æ": "ae",
        "ł": "l",
        "ς": "σ",
        "⁄": "/",
    }.items():
        plain = plain.replace(letter, keys)
    return "".join(c for c in plain if not unicodedata.combining(c))


def test_every_word_is_found_as_written_and_as_typed(search_page: Page) -> None:
    stopwords = search_page.evaluate("stopwords")
    places = {word: on for word, on in words_on_pages().items() if word.lower() not in stopwords}
    names = {
        word
        for word in places
        if not word.isascii() and re.fullmatch(r"[A-Za-z\u00c0-\u024f]{4,}", word)
    }
    assert {"Böhning", "Cramér", "Sønderby"} <= names
    assert [word for word in names if not typed(word).isascii()] == []
    forms: dict[str, set[str]] = {}
    for word, on in places.items():
        decomposed, capitals = unicodedata.normalize("NFD", word), word.upper()
        for form in (word, decomposed, capitals, typed(word), typed(word).lower()):
            if not form.isdecimal() and form.lower() in (word.lower(), typed(word).lower()):
                forms.setdefault(form, set()).update(on)
    found = ask(search_page, list(forms))
    missed = {q: on - {f.page for f in found[q]} for q, on in forms.items()}
    assert not any(missed.values()), sorted((q, *on) for q, on in missed.items() if on)


def equation_numbers() -> dict[str, str]:
    """Number of an equation -> its page."""
    return {
        number: path.relative_to(ROOT).with_suffix("").as_posix()
        for path in toc_files(ROOT)
        for number in TAG.findall(path.read_text("utf-8"))
    }


@pytest.mark.parametrize(
    "form", ["{}", "({})", " ({}). ", "equation {}", "Eq. ({})", "equation({})"]
)
def test_the_number_of_an_equation_leads_to_it(search_page: Page, form: str) -> None:
    equations = equation_numbers()
    assert len(equations) > 50
    found = ask(search_page, [form.format(number) for number in equations])
    first = {number: found[form.format(number)][:1] for number in equations}
    wanted = {
        number: [Found(page, f"#eq-{number.replace('.', '-')}", number)]
        for number, page in equations.items()
    }
    assert first == wanted


def test_the_number_of_a_section_leads_to_it(search_page: Page) -> None:
    sections = {
        heading.text.partition(" ")[0]: (path.removesuffix(".html"), f"#{heading.parent['id']}")
        for path in pages()
        for heading in BeautifulSoup((SITE / path).read_text("utf-8"), "html.parser").select(
            "article :is(h2, h3)"
        )
        if re.match(r"\d+\.\d+ ", heading.text)
    }
    assert len(sections) > 50
    found = ask(search_page, [f"section {number}" for number in sections])
    first = {number: found[f"section {number}"][0][:2] for number in sections}
    assert first == sections
    both = ask(search_page, list(sections))
    assert {
        n: place for n, place in sections.items() if place not in [f[:2] for f in both[n][:2]]
    } == {}


def test_a_few_letters_do_not_find_every_name_that_holds_them(search_page: Page) -> None:
    """Every word of one or two letters, and every fraction, that the book has."""
    terms: dict[str, list[int] | int] = search_page.evaluate("Search._index.terms")
    documents: list[str] = search_page.evaluate("Search._index.docnames")
    on = {
        term: {documents[n] for n in ([where] if isinstance(where, int) else where)}
        for term, where in terms.items()
    }
    fractions = [term for term in terms if "/" in term]
    assert {"m/b", "1/b"} <= {*fractions}
    for query, found in ask(search_page, fractions).items():
        assert {one.page for one in found} == on[query], query
        assert len(found) == len(on[query]), query
    for form in ("(m/b)", "m / b", "M/B", "(m/b) Σ"):
        assert {one.page for one in ask(search_page, [form])[form]} <= on["m/b"], form
    short = [term for term in terms if len(term) < 3 and not term.isdigit()]
    assert {"m", "b", "ḡ"} <= {*short}
    for query, found in ask(search_page, short).items():
        names = [one.name.lower().split(".") for one in found if one.name]
        assert [name for name in names if query not in name] == [], query
        assert len(found) <= len(documents) + len(names), query


# ---- what is shown of what was found


SUMMARIES = """async (queries) => {
    const pages = new Map();
    const read = async (path) => (await fetch(`${path}.html`)).text();
    const shown = [];
    for (const query of queries) {
        const parsed = Search._parseQuery(query);
        for (const [path, , anchor, about] of Search._performSearch(...parsed)) {
            if (about) continue; // an object, of which no text is shown
            if (!pages.has(path)) pages.set(path, await read(path));
            const summary = Search.makeSearchSummary(pages.get(path), parsed[1], anchor);
            const marks = [...summary.querySelectorAll(".highlighted")].map((e) => e.textContent);
            shown.push([query, path, summary.textContent, marks]);
        }
    }
    return shown;
}"""


def plain(text: str) -> str:
    return re.sub("[() ]", "", typed(text).lower())


def test_what_is_shown_of_a_page_holds_the_word_and_marks_it(search_page: Page) -> None:
    """Every word with an accent, typed without it; numbers and fractions."""
    places = {w: on for w, on in words_on_pages().items() if re.search(r"[^\W\d_]{3}", w)}
    written = {typed(word): on for word, on in places.items() if typed(word) != word}
    compounds = ["m/b", "1/b", "m / b", "3.4", "(10.2)"]
    assert {"Bohning", "Cramer", "Sonderby"} <= written.keys()
    shown = search_page.evaluate(SUMMARIES, [*written, *compounds])
    assert len(shown) > len(written)
    for query, path, text, marks in shown:
        if query in written and path not in written[query]:
            continue  # found by its title, or for what a picture says
        assert any(plain(query) in plain(mark) for mark in marks), (query, path, text)


MARKED = [
    ("sonderby", "Sønderby"),
    ("Bohning", "Böhning"),
    ("cramer", "Cramér"),
    ("likelihoods", "likelihood"),
    ("minibatch_gradient", "minibatch_gradient"),
    ("3.4", "3.4"),
    ("m/b", "m/b"),
    ("b", "b"),
]


@pytest.mark.parametrize(("query", "word"), MARKED)
def test_what_was_searched_for_is_marked_on_the_page(
    site: str, browser: Browser, query: str, word: str
) -> None:
    """As whole words of the text, or as a formula; and no formula comes to harm."""
    with opened_and_watched(browser, f"{site}/search.html?q={query}") as (page, seen):
        results(page)
        one = page.locator("#search-results li:has(.context .highlighted)").first
        expect(one.locator(".highlighted").first).to_have_text(re.compile(f"^{word}$", re.I))
        one.locator("a").click()
        page.wait_for_url("**/book/*.html*")
        expect(page.locator("article .highlighted").first).to_be_attached()
        marks = page.locator("article .highlighted:not(.math)").evaluate_all(
            "marks => marks.map((e) => [e.previousSibling, e, e.nextSibling]"
            ".map((n) => n?.textContent ?? ''))"
        )
        for before, mark, after in marks:
            assert not re.search(r"\w\Z", before), (before, mark, after)
            assert not re.search(r"^\w", after), (before, mark, after)
        assert {mark.lower() for _, mark, _ in marks} >= {word.lower()} or word == "m/b"
        ready(page)
        assert page.locator(".highlighted").count() == page.locator("article .highlighted").count()
    check(seen)
