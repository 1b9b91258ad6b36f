"""Every page of the built site, opened in a browser: wide and narrow, light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.browser.conftest import FORGOTTEN, SITE, WIDTHS, exercise_pages
from tests.browser.visits import (
    SCHEMES,
    Scheme,
    Seen,
    accessibility_faults,
    colour_faults,
    excess,
    go,
    new_context,
    opened,
    opened_and_watched,
    resize,
    site_file,
    turn,
    watched,
    wire_bytes,
)
from tools.notebooks import toc_notebooks

CHAPTERS = {f"book/{path.stem}.html" for path in toc_notebooks()}
LARGEST_FIRST_VIEW = 500_000  # bytes on the wire, all that a page asks for by itself
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
HASH = re.compile(r" 'sha256-[A-Za-z0-9+/]{43}='")
ALLOWED = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)


@pytest.fixture(scope="session")
def visitors(browser: Browser) -> Iterator[dict[tuple[int, Scheme], BrowserContext]]:
    """A browser for each view, which goes from page to page as a reader does."""
    made = {(w, s): new_context(browser, w, s) for w in WIDTHS for s in SCHEMES}
    yield made
    for context in made.values():
        context.close()


def look(page: Page, address: str, scheme: Scheme) -> None:
    assert page.get_attribute("html", "data-theme") == scheme
    assert page.get_attribute("html", "lang") == "en"
    assert page.locator("h1:visible").count() == 1
    formulas = page.locator(".math").count()
    assert page.locator(".math math[data-tex]").count() == formulas
    assert formulas > 0 or address not in CHAPTERS  # a chapter has some
    # Pictures can be read out, the frames of a figure that moves one by one.
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert page.locator(".mle-figure svg:not([role=img][aria-label])").count() == 0
    assert excess(page) <= 0  # at any width


def test_page(
    site: str,
    visitors: dict[tuple[int, Scheme], BrowserContext],
    any_page: str,
    width: int,
) -> None:
    """In the light, and as it is when the reader's system turns dark or the window changes.

    What axe-core finds on a page with exercises is asked with everything shown on it
    (`test_page_with_everything_shown`), and of one of them as it is opened in the dark.
    """
    with watched(visitors[width, "light"], f"{site}/{any_page}") as (page, seen, asked):
        look(page, any_page, "light")
        assert sum(wire_bytes(site_file(url)) for url in asked) <= LARGEST_FIRST_VIEW
        look_at_the_other_width(page, any_page, width)
        turn(page, "dark")
        look(page, any_page, "dark")
        if any_page == FORGOTTEN or any_page not in exercise_pages():
            assert colour_faults(page) == ""
            turn(page, "light")
            assert accessibility_faults(page) == ""
    assert seen == Seen()


def look_at_the_other_width(page: Page, address: str, width: int) -> None:
    """Before axe-core has simplified the page; colours and names are the same at any width, and
    widths in any colours."""
    (other,) = {*WIDTHS} - {width}
    resize(page, other)
    look(page, address, "light")
    resize(page, width)


def test_page_opened_in_the_dark(
    site: str,
    visitors: dict[tuple[int, Scheme], BrowserContext],
    dark_page: str,
    width: int,
) -> None:
    with watched(visitors[width, "dark"], f"{site}/{dark_page}") as (page, seen, _):
        look(page, dark_page, "dark")
        assert accessibility_faults(page) == ""
    assert seen == Seen()


PALE = {"light": 220, "dark": 50}  # a grey
PLACES = {  # in which thousands of texts look alike
    "sentence": "article p:nth-of-type(3)",
    "code": "article dt.sig .pre",
    "list": "article li:last-of-type",
}


def test_one_pale_word_is_seen(
    site: str, visitors: dict[tuple[int, Scheme], BrowserContext]
) -> None:
    """In each of these places, in the light and after a change to the dark."""
    with watched(visitors[1280, "light"], f"{site}/book/api.html") as (page, _, _asked):
        for n, (place, selector) in enumerate(PLACES.items()):
            for scheme, grey in PALE.items():
                name = f"pale-{scheme}-{place}"
                colour = f"rgb({grey + n} {grey + n} {grey + n})"  # of none but this word
                style = f"[data-theme={scheme}] .{name} {{ color: {colour} !important }}"
                page.add_style_tag(content=style)
                page.locator(f"{selector}:visible").last.evaluate(
                    "(e, name) => e.insertAdjacentHTML('beforeend', ` <b class=${name}>pale</b>`)",
                    name,
                )
        turn(page, "dark")
        seen = colour_faults(page)
        assert [place for place in PLACES if f"pale-dark-{place}" in seen] == [*PLACES]
        assert "pale-light" not in seen
        turn(page, "light")
        seen = accessibility_faults(page)
        assert [place for place in PLACES if f"pale-light-{place}" in seen] == [*PLACES]
        assert "pale-dark" not in seen


def test_root_leads_to_the_book(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/book/status.html") as page:
        page.evaluate("location.assign('../index.html')")
        page.wait_for_url("**/book/index.html")


@pytest.fixture(scope="session")
def without_javascript(browser: Browser) -> Iterator[BrowserContext]:
    with new_context(browser, java_script_enabled=False) as context:
        yield context


def test_page_without_javascript(
    site: str, without_javascript: BrowserContext, page_path: str
) -> None:
    """Its text, one frame of each figure, and what the exercises ask."""
    page = without_javascript.new_page()
    go(page, f"{site}/{page_path}")
    assert page.locator("h1:visible").count() >= 1
    for figure in page.locator("mle-explore").all():
        assert figure.locator("[data-index]:visible").count() == 1
        assert figure.locator("input:visible, button:visible").count() == 0
    asked = "mle-exercise:not([kind='progress'], [kind='guess'], .mle-recall-all *)"
    for place in page.locator(asked).all():
        assert place.locator("summary:visible").count() >= 1
        code = place.get_attribute("kind") in ("code", "order")
        assert place.locator("pre:visible" if code else "legend:visible").count() == 1
    assert page.locator("mle-exercise button").count() == 0
    page.close()


# ---- the policy


def every_html_file() -> list[Path]:
    return [p for p in SITE.rglob("*.html") if "_static" not in p.relative_to(SITE).parts]


def sources(policy: str) -> dict[str, set[str]]:
    """What a policy allows of each kind, hashes apart."""
    rules = (rule.split() for rule in HASH.sub("", f" {policy}").split(";"))
    return {kind: set(allowed) - {"'none'"} for kind, *allowed in rules}


def test_every_page_has_the_policy(site: str) -> None:
    """Scripts: files of the site and, by their hashes, those that stand in the page."""
    files = every_html_file()
    for path in files:
        (policy,) = POLICY.findall(path.read_text("utf-8"))
        if path.parent != SITE or path.name == "search.html":
            assert HASH.sub("", policy) == ALLOWED, path
        else:  # the two pages that are not the theme's allow less
            assert all(few <= sources(ALLOWED)[kind] for kind, few in sources(policy).items()), path
    assert len(files) > 20


MORE = {
    "a script in the page": "<script>document.title = 'x'</script>",
    "a handler": "<img src='../_static/favicon.svg' alt='x' onload='document.title = 1'>",
    "a script of another host": "<script src='http://127.0.0.2:1/x.js'></script>",
    "code from text": "<script src='../_static/needs-eval.js'></script>",
    "a picture of another host": "<img src='http://127.0.0.2:1/x.png' alt='x'>",
    "a frame": "<iframe src='index.html' title='x'></iframe>",
    "an address that starts elsewhere": "<base href='http://127.0.0.2:1/'>",
}


@pytest.mark.parametrize("what", MORE)
def test_a_page_that_needs_more_is_seen(site: str, browser: Browser, what: str) -> None:
    """What the policy refuses is an error on the console, and so fails `test_page`."""
    address = f"{site}/book/status.html"

    def with_more(route: Route) -> None:
        response = route.fetch()
        route.fulfill(
            response=response, body=response.text().replace("</body>", f"{MORE[what]}</body>")
        )

    with new_context(browser) as context:
        context.route(address, with_more)
        script = "eval('document.title = 1')"
        context.route(
            "**/needs-eval.js", lambda r: r.fulfill(body=script, content_type="text/javascript")
        )
        with watched(context, address) as (_, seen, _asked):
            assert any("Content Security Policy" in text for text in seen.console_errors)


def test_print_button_prints(site: str, browser: Browser) -> None:
    """The theme's handler stood in an attribute, which the policy does not let run."""
    with opened_and_watched(browser, f"{site}/book/status.html") as (page, seen):
        page.evaluate("window.print = () => { window.printed = true; }")
        page.locator(".dropdown-download-buttons button.dropdown-toggle").click()
        page.locator("[data-mle-action=print]").click()
        assert page.evaluate("window.printed")
    assert seen == Seen()


def test_printed_page_is_dark_on_white(site: str, browser: Browser) -> None:
    with opened_and_watched(browser, f"{site}/book/minibatch-estimator.html", scheme="dark") as (
        page,
        _,
    ):
        page.emulate_media(media="print")
        look = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        assert page.locator("body").evaluate(look) == ["rgb(20, 24, 30)", "rgb(255, 255, 255)"]
        for shown in ("article h1", "article p", ".mle-figure svg", "div.math"):
            assert page.locator(shown).first.is_visible(), shown
        for hidden in (".bd-sidebar-primary", ".bd-header-article", ".mle-controls", ".mle-setup"):
            assert not page.locator(hidden).first.is_visible(), hidden
