"""The page for an address that does not exist, where GitHub Pages puts the site and elsewhere."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import SITE, WIDTHS
from tests.browser.visits import SCHEMES, Scheme, Seen, accessibility_faults, opened_and_watched
from tools.publish_as import repository
from tools.serve import Handler

NAME = repository().partition("/")[2]
DEPTHS = ("nothing", "book/nothing.html", "some/where/deep/nothing")


@pytest.fixture(scope="module", params=["", f"/{NAME}"], ids=["root", "GitHub Pages"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """The site at the root of a host, and in a folder of the repository's name."""
    if not (SITE / "404.html").exists():
        pytest.fail(f"no site in {SITE}: run `make book` first", pytrace=False)
    root = SITE
    if request.param:
        root = tmp_path_factory.mktemp("pages")
        (root / NAME).symlink_to(SITE)
        (root / "404.html").symlink_to(SITE / "404.html")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{request.param}"
        server.shutdown()


@contextmanager
def lost(browser: Browser, url: str, **options: Any) -> Iterator[tuple[Page, Seen]]:
    """A page that answers with a 404, which the browser itself logs, and nothing else with one."""
    with opened_and_watched(browser, url, **options) as (page, seen):
        assert seen.failed_requests == [url]
        (logged,) = seen.console_errors
        assert "status of 404" in logged
        seen.failed_requests.clear()
        seen.console_errors.clear()
        yield page, seen


@pytest.mark.parametrize("depth", DEPTHS)
def test_an_unknown_address_leads_back_to_the_book(
    browser: Browser, address: str, depth: str
) -> None:
    with lost(browser, f"{address}/{depth}") as (page, seen):
        links = page.locator("a").evaluate_all("links => links.map(link => link.href)")
        assert len(links) > 15
        for link in links:
            assert page.request.head(link).status == 200, link
        page.get_by_role("link", name="3. The mini-batch estimator").click()
        page.wait_for_url(f"{address}/book/minibatch-estimator.html")
        assert seen == Seen()


def test_it_searches(browser: Browser, address: str) -> None:
    with lost(browser, f"{address}/a/b") as (page, seen):
        page.get_by_label("Search the book").fill("momentum")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/search.html?q=momentum")
        page.locator("#search-results li").first.wait_for()
        assert seen == Seen()


def test_on_github_pages_it_needs_no_script(browser: Browser, address: str) -> None:
    if not address.endswith(NAME):
        pytest.skip("elsewhere the addresses are mended by a script")
    with lost(browser, f"{address}/a/b", java_script_enabled=False) as (page, _):
        page.get_by_role("link", name="1. Maximum likelihood").click()
        page.wait_for_url(f"{address}/book/maximum-likelihood.html")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_looks_like_the_site(browser: Browser, address: str, width: int, scheme: Scheme) -> None:
    with lost(browser, f"{address}/a", width=width, scheme=scheme) as (page, seen):
        colour = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, colour[4:-1].split(","))) > 600) == (scheme == "light")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert page.locator("h1").inner_text() == "No such page"
        assert accessibility_faults(page) == ""
        assert seen == Seen()
