"""The built site behind a local server, and a browser to look at it."""

import os
import re
import threading
from collections.abc import Iterator, Mapping
from functools import cache, partial
from html.parser import HTMLParser
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tools import moved
from tools.check import SKIPPED
from tools.chromium import find_browser
from tools.serve import Handler

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("MLE_SITE", ROOT / "_build" / "html"))
WIDTHS = (1280, 390)


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


class Look(HTMLParser):
    """What a page is made of: each element, by its name, classes and attributes, in its place."""

    VOID = ("br", "hr", "img", "input", "link", "meta", "source", "wbr")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.place: tuple[str, ...] = ()
        self.elements: set[tuple[str, ...]] = set()
        self.feed(html)
        self.size = len(html)
        self.longest_line = max(map(len, html.splitlines()), default=0)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        within = (*self.place, " ".join([tag, *sorted(classes), *sorted(n for n, _ in attrs)]))
        self.elements.add(within)
        if tag not in self.VOID:
            self.place = within

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self.place = self.place[:-1]


def show_all(looks: Mapping[str, Look]) -> set[str]:
    """A few of these pages, on which there is whatever is on any of them.

    Pages of one template differ in that, and in lengths: of a name, which is a heading, of code,
    and of lines of code. So the longest and the shortest in each are among the few.
    """
    lengths = (len, lambda page: looks[page].size, lambda page: looks[page].longest_line)
    chosen = {best(looks, key=of) for best in (min, max) for of in lengths} if looks else set()
    missing = {element for look in looks.values() for element in look.elements}
    missing -= {element for page in chosen for element in looks[page].elements}
    while missing:
        page = max(looks, key=lambda page: len(looks[page].elements & missing))
        missing -= looks[page].elements
        chosen.add(page)
    return chosen


def in_the_light() -> set[str]:
    """The pages that a push opens: of those made from sources, what shows all that any shows."""
    made = {page for page in all_pages() if page.startswith("_modules/")}
    return {*all_pages()} - made | chosen(SITE, *sorted(made))


@cache  # every process reads them when it collects its tests
def chosen(site: Path, *pages: str) -> set[str]:
    return show_all({page: Look((site / page).read_text("utf-8")) for page in pages})


def left_to_soak(value: Any, left: bool) -> Any:
    """A parameter, marked if a push does without it."""
    return pytest.param(value, marks=[pytest.mark.soak] if left else [])


def visits(in_the_dark: bool = False) -> list[Any]:
    """Each page, opened at each width; all but one visit of each are left to `make soak`.

    Of most pages made from sources all are: see `in_the_light`. The next page is opened at the
    next width. Every visit sees a page at both widths, in the light and in the dark. What is opened
    in the dark is an example of each kind, at that width at which it is not opened in the light.
    """
    found = []
    opened = {page for page in all_pages() if is_example(page)} if in_the_dark else in_the_light()
    for number, page in enumerate(all_pages()):
        for n, width in enumerate(WIDTHS):
            left = page not in opened or (number % len(WIDTHS) == n) == in_the_dark
            found.append(pytest.param(page, width, marks=[pytest.mark.soak] if left else []))
    return found or [("(no site)", WIDTHS[0])]


def figure_pages() -> list[str]:
    """The pages that hold a figure that moves."""
    return [page for page in pages() if "<mle-explore" in (SITE / page).read_text("utf-8")]


FORGOTTEN = "book/forgotten.html"  # as many questions as all chapters have, of kinds that they have


def exercise_pages() -> list[str]:
    """The pages that set exercises."""
    return [page for page in pages() if "<mle-exercise" in (SITE / page).read_text("utf-8")]


KIND = re.compile(r'<mle-exercise kind="\w+"|\bdata-(?:prediction|of)\b|\bmle-[\w-]+')


def with_all_kinds() -> list[str]:
    """A few pages on which there is every kind of exercise, and of what belongs to one."""
    kinds = {page: {*KIND.findall((SITE / page).read_text("utf-8"))} for page in exercise_pages()}
    kinds.pop(FORGOTTEN, None)
    few: list[str] = []
    while missing := set().union(*kinds.values()).difference(*(kinds[page] for page in few)):
        few.append(max(kinds, key=lambda page: len(kinds[page] & missing)))
    return few


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "figure_page" in metafunc.fixturenames:
        # the tests of a page follow each other, and may share a visit
        metafunc.parametrize("figure_page", figure_pages(), scope="module")
    if "page_with_exercises" in metafunc.fixturenames:
        found = [left_to_soak(page, page == FORGOTTEN) for page in exercise_pages()]
        metafunc.parametrize("page_with_exercises", found or ["(no site)"])
    if "page_shown" in metafunc.fixturenames:
        # with a close look where there is a kind of element first; with one at all in `make soak`
        few = with_all_kinds()
        close = {page: page in few for page in exercise_pages()}
        found = [pytest.param(page, close[page], id=page) for page in close if page != FORGOTTEN]
        found += [
            pytest.param(page, True, id=f"{page}-closely", marks=pytest.mark.soak)
            for page in close
            if not close[page]
        ]
        metafunc.parametrize(("page_shown", "closely"), found or [("(no site)", True)])
    if "any_page" in metafunc.fixturenames:
        metafunc.parametrize(("any_page", "width"), visits())
    if "dark_page" in metafunc.fixturenames:
        metafunc.parametrize(("dark_page", "width"), visits(in_the_dark=True))
    if "page_path" in metafunc.fixturenames:
        # Without a site there is one test, which says so.
        metafunc.parametrize("page_path", pages() or ["(no site)"])


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
