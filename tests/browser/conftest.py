"""The built site behind a local server, and a browser to look at it."""

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tools import moved
from tools.check import SKIPPED
from tools.serve import Handler

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("MLE_SITE", ROOT / "_build" / "html"))
WIDTHS = (1280, 390)
BROWSERS = (
    "chromium-headless-shell",  # Debian's: the same without windows, which cost half of the time
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def all_pages() -> list[str]:
    """Every page of the site, the chapters first, as a path below its root."""
    found = (p.relative_to(SITE) for p in SITE.rglob("*.html") if "_static" not in p.parts)
    # The root page does nothing but lead to the index of the book; test_not_found.py has the other.
    return sorted(
        (
            p.as_posix()
            for p in found
            if p.as_posix() not in {"index.html", "404.html", *leading_on()}
        ),
        key=lambda page: (not page.startswith("book/"), page),
    )


def leading_on() -> set[str]:
    """The pages that only lead from an old address to a new one."""
    return {f"{page}.html" for page in moved.load()["pages"]}


def pages() -> list[str]:
    """The pages of the book."""
    return [page for page in all_pages() if not page.startswith("_modules/")]


KINDS = ("_modules/index.html", "_modules/mle_lib/", "_modules/tests/")  # pages made from sources
EXAMPLES = ("book/minibatch-estimator", "book/api", "search", *KINDS)


def like_others(page: str) -> bool:
    """Whether the page is made from a source, as another one was that comes before it."""
    kind = next((kind for kind in KINDS if page.startswith(kind)), "")
    return bool(kind) and page != next(p for p in all_pages() if p.startswith(kind))


def is_example(page: str) -> bool:
    """Whether the page stands for its kind: a chapter, the reference, the search, a source."""
    return page.startswith(EXAMPLES) and not like_others(page)


def visits(in_the_dark: bool = False) -> list[Any]:
    """Each page, opened at each width; all but one visit of each are left to `make soak`.

    The next page is opened at the next width. Every visit sees a page at both widths, in the light
    and in the dark. What is opened in the dark is an example of each kind, at that width at which
    it is not opened in the light.
    """
    found = []
    for number, page in enumerate(all_pages() or ["(no site)"]):
        for n, width in enumerate(WIDTHS):
            left = (number % len(WIDTHS) == n) == in_the_dark
            left = left or (in_the_dark and not is_example(page))
            found.append(pytest.param(page, width, marks=[pytest.mark.soak] if left else []))
    return found


def figure_pages() -> list[str]:
    """The pages that hold a figure that moves."""
    return [page for page in pages() if "<mle-explore" in (SITE / page).read_text("utf-8")]


def exercise_pages() -> list[str]:
    """The pages that set exercises."""
    return [page for page in pages() if "<mle-exercise" in (SITE / page).read_text("utf-8")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "figure_page" in metafunc.fixturenames:
        # the tests of a page follow each other, and may share a visit
        metafunc.parametrize("figure_page", figure_pages(), scope="module")
    if "page_with_exercises" in metafunc.fixturenames:
        metafunc.parametrize("page_with_exercises", exercise_pages() or ["(no site)"])
    if "any_page" in metafunc.fixturenames:
        metafunc.parametrize(("any_page", "width"), visits())
    if "dark_page" in metafunc.fixturenames:
        metafunc.parametrize(("dark_page", "width"), visits(in_the_dark=True))
    if "page_path" in metafunc.fixturenames:
        # Without a site there is one test, which says so.
        metafunc.parametrize("page_path", pages() or ["(no site)"])


def find_browser() -> str | None:
    """The system's Chromium: Playwright would download one of its own."""
    candidates = [os.environ.get("MLE_CHROMIUM", ""), *BROWSERS]
    return next((found for name in candidates if name and (found := shutil.which(name))), None)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == 0 and find_browser() is None:
        session.exitstatus = SKIPPED


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the served site."""
    if not (SITE / "book" / "index.html").exists():
        pytest.fail(f"no site in {SITE}: run `make book` first", pytrace=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def all_figure_pages() -> list[str]:
    return figure_pages()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        message = (
            "no Chromium found: install chromium or google-chrome (Debian: apt install chromium), "
            "or name it in MLE_CHROMIUM"
        )
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    # Without a sandbox, as containers run it; it opens nothing but our own pages.
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=options)
        yield chromium
        chromium.close()
