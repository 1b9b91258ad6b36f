"""A page of the site, opened in a browser, and what it did there.

No other file of this folder has a browser go anywhere: here a visit ends when the page says that
it is ready, and not when some time has passed or the network has been silent for a while.
"""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from tests.browser.conftest import SITE, WIDTHS

Scheme = Literal["light", "dark"]

HEIGHT = 900
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# For what is done by keyboard: at a push two of the four views, in `make soak` the others
in_each_view = pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(w, s, marks=[] if (w < 600) == (s == "dark") else [pytest.mark.soak])
        for w in WIDTHS
        for s in SCHEMES
    ],
)
# It would fetch the style sheets itself, and look for those that they import in the wrong place.
AXE = {"resultTypes": ["violations"], "preload": False}
PACKED = {".woff", ".woff2", ".png", ".zip", ".whl"}  # compressed already


@dataclass
class Seen:
    """What a page did while it was open."""

    console_errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    outside_requests: list[str] = field(default_factory=list)


def new_context(
    browser: Browser,
    width: int = 1280,
    scheme: Scheme = "light",
    **options: Any,
) -> BrowserContext:
    """A browser that has kept nothing yet."""
    viewport = {"width": width, "height": HEIGHT}
    return browser.new_context(viewport=viewport, color_scheme=scheme, **options)


# Nothing waits for a guess, unless the test is of that: else nobody would look at it. The
# editors that are near the window are open, or the plain ones in their place; fonts are there.
# Where no script runs there is nothing of the first, nor a next frame.
READY = """async () => {
    const hidden = ":is(.mle-outcome, mle-exercise[data-of])[hidden]";
    const waits = window.mleGuessesWait ? [] : document.querySelectorAll(hidden);
    for (const element of waits) element.removeAttribute("hidden");
    const views = [...document.querySelectorAll("mle-exercise")].map((e) => e.view);
    const frame = () => new Promise(requestAnimationFrame);
    if (views.some(Boolean)) await frame().then(frame); // by now it is known which are near
    await Promise.all(views.map((view) => view?.opening));
    await document.fonts.ready;
}"""


def ready(page: Page) -> None:
    """Wait until the page is ready, wherever a click has led."""
    page.evaluate(READY)


def go(page: Page, url: str, patience_ms: float | None = None) -> Response | None:
    """Open an address, and wait until the page is ready."""
    answer = page.goto(url, wait_until="load", timeout=patience_ms)
    ready(page)
    return answer


def lead(page: Page, url: str) -> None:
    """Open an address that leads to another: the page is left before it is ready."""
    page.goto(url)


def back(page: Page) -> None:
    """Back to the page before, when that is ready."""
    page.go_back(wait_until="load")
    ready(page)


def go_again(page: Page) -> None:
    """Load the page again, and wait until it is ready."""
    page.reload(wait_until="load")
    ready(page)


@contextmanager
def watched(context: BrowserContext, url: str) -> Iterator[tuple[Page, Seen, set[str]]]:
    """A page that is ready; what it did; and the addresses that it asked for."""
    page, seen, asked = context.new_page(), Seen(), set[str]()
    origin = "/".join(url.split("/")[:3])
    page.on("console", lambda m: seen.console_errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: seen.console_errors.append(str(error)))
    page.on("requestfailed", lambda r: seen.failed_requests.append(r.url))
    page.on("response", lambda r: seen.failed_requests.append(r.url) if r.status >= 400 else None)

    def note(address: str) -> None:
        if address.startswith(origin + "/"):
            asked.add(address)
        elif not address.startswith(("data:", "blob:")):
            seen.outside_requests.append(address)

    page.on("request", lambda request: note(request.url))
    go(page, url)
    yield page, seen, asked
    page.close()


@contextmanager
def opened(
    browser: Browser, url: str, width: int = 1280, scheme: Scheme = "light", **options: Any
) -> Iterator[Page]:
    """A page that is ready, in a browser that has kept nothing yet."""
    with new_context(browser, width, scheme, **options) as context:
        page = context.new_page()
        go(page, url)
        yield page


@contextmanager
def opened_and_watched(
    browser: Browser, url: str, width: int = 1280, scheme: Scheme = "light", **options: Any
) -> Iterator[tuple[Page, Seen]]:
    """The same, and what the page did."""
    with (
        new_context(browser, width, scheme, **options) as context,
        watched(context, url) as (page, seen, _),
    ):
        yield page, seen


def turn(page: Page, scheme: Scheme) -> None:
    """What the reader's system does in the evening, or in the morning."""
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)


def resize(page: Page, width: int) -> None:
    """What the reader does with the window."""
    page.set_viewport_size({"width": width, "height": HEIGHT})


def excess(page: Page) -> int:
    """By how much something widens the page."""
    return page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


# Leaves out what axe-core would only look at again: frames of a figure that are not shown; glyphs
# of a drawing, of one colour, which assistive technology does not meet (it has the name); of a
# formula all but one letter; words of code, but for the first of a class and a colour on the same
# ground.
SIMPLIFY = """() => {
    document.querySelectorAll("[data-index][hidden]").forEach((e) => e.remove());
    document.querySelectorAll("svg[role=img]").forEach((e) => e.replaceChildren());
    document.querySelectorAll("math").forEach(
        (e) => e.replaceChildren(e.querySelector("mi, mn, mo, mtext") ?? ""));
    const ground = (e) => {
        const color = e ? getComputedStyle(e).backgroundColor : "";
        return color === "rgba(0, 0, 0, 0)" ? ground(e.parentElement) : color;
    };
    const look = (e) => {
        const { color, fontWeight, fontSize, opacity } = getComputedStyle(e);
        return [color, fontWeight, fontSize, opacity, ground(e)].join();
    };
    const known = new Set();
    const spans = [...document.querySelectorAll("article :is(pre, code, dt) span[class]")];
    const needless = spans.filter((e) => {
        if (e.attributes.length > 1 || getComputedStyle(e).display !== "inline") return false;
        const kind = `${e.className} ${look(e)}`;
        return known.has(kind) || !known.add(kind);
    });
    needless.forEach((e) => e.replaceWith(...e.childNodes));
    document.querySelector("article")?.normalize();
}"""


# For contrast one text of each look is enough: of a colour, weight and size, on the same grounds.
# axe-core compares each text with all that may lie behind it: on a page of four thousand that takes
# twenty seconds, and for each look one.
ONE_OF_EACH_LOOK = """(within) => {
    const NOTHING = "rgba(0, 0, 0, 0),none,1";
    const grounds = (e) => {
        if (!e) return "";
        const { backgroundColor, backgroundImage, opacity } = getComputedStyle(e);
        const own = [backgroundColor, backgroundImage, opacity].join();
        return grounds(e.parentElement) + (own === NOTHING ? "" : `;${own}`);
    };
    const texts = [];
    for (const root of document.querySelectorAll(within)) {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) texts.push(walker.currentNode);
    }
    const known = new Set();
    window.leftOut = texts.map((text) => [text, text.data]);
    for (const text of texts) {
        const e = text.parentElement;
        if (!text.data.trim() || !e.checkVisibility({ visibilityProperty: true })) continue;
        const { color, fontWeight, fontSize } = getComputedStyle(e);
        const look = [color, fontWeight, fontSize, grounds(e)].join();
        if (known.has(look)) text.data = "";
        known.add(look);
    }
}"""
ALL_AGAIN = "() => window.leftOut.forEach(([text, data]) => { text.data = data; })"


def accessibility_faults(page: Page, within: str = "html") -> str:
    """What axe-core finds, to be read; nothing if nothing."""
    page.evaluate(SIMPLIFY)
    others = _faults(page, within, rules={"color-contrast": {"enabled": False}})
    return others + _contrast_faults(page, within)


def colour_faults(page: Page, within: str = "html") -> str:
    """The same of what depends on colours: a page in the dark is otherwise the one in the light."""
    page.evaluate(SIMPLIFY)
    links = _faults(page, within, runOnly=["link-in-text-block"])
    return links + _contrast_faults(page, within)


def _contrast_faults(page: Page, within: str) -> str:
    page.evaluate(ONE_OF_EACH_LOOK, within)
    found = _faults(page, within, runOnly=["color-contrast"])
    page.evaluate(ALL_AGAIN)
    return found


def _faults(page: Page, within: str, **options: Any) -> str:
    found = Axe().run(page, context=within, options={**AXE, **options})
    return found.generate_report() if found.violations_count else ""


@cache
def wire_bytes(path: Path) -> int:
    """The size of a file as a server sends it: GitHub Pages compresses what is not compressed."""
    content = path.read_bytes()
    return len(content) if path.suffix in PACKED else len(gzip.compress(content, 6))


def site_file(url: str) -> Path:
    path = SITE / unquote(urlsplit(url).path).lstrip("/")
    return path / "index.html" if path.is_dir() else path
