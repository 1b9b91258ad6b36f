"""Search, by the page of its own and by the keyboard on any page, asking no other host."""

from urllib.parse import unquote

import pytest
from conftest import SITE
from playwright.sync_api import Browser, Page, expect
from visits import Seen, opened

# Words of the book, and the page that should be among the first that are found.
QUERIES = [
    ("finite-population", "book/03-minibatch-estimator"),
    ("noise scale", "book/03-minibatch-estimator"),
    ("Fisher information", "book/07-second-order"),
    ("minibatch_gradient", "book/api"),
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
    with opened(browser, f"{site}/search.html") as (page, seen):
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
    with opened(browser, f"{site}/search.html?q=zyzzyva") as (page, seen):
        summary = page.locator("#search-results .search-summary")
        expect(summary).to_contain_text("did not match any documents")
    check(seen)


@pytest.mark.parametrize("width", [1280, 390])
def test_search_by_keyboard_on_any_page(site: str, browser: Browser, width: int) -> None:
    with opened(browser, f"{site}/book/04-training.html", width) as (page, seen):
        page.keyboard.press("Control+k")
        field = page.locator("input[name=q]:focus")
        expect(field).to_be_visible()
        page.keyboard.type("importance sampling")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=importance+sampling*")
        assert "book/09-biased-or-unbiased" in " ".join(results(page)[:FIRST])
    check(seen)


def test_search_works_without_a_server(browser: Browser) -> None:
    """From a folder on the reader's own disk, where a page may not fetch another's text."""
    if not (SITE / "search.html").exists():
        pytest.fail(f"no site in {SITE}: run `make book` first", pytrace=False)
    page = browser.new_page()
    page.goto((SITE / "search.html").as_uri() + "?q=momentum")
    found = [unquote(address) for address in results(page)]
    assert "book/06-optimizers" in " ".join(found[:FIRST])
    page.close()
