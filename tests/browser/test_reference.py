"""The API reference of the built site and the chapters, linked both ways."""

from functools import cache
from pathlib import PurePosixPath
from urllib.parse import urldefrag

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser

from tests.browser.conftest import SITE, pages
from tests.browser.visits import opened

API = "book/api.html"


@cache
def article(page: str) -> Tag:
    path = SITE / page
    if not path.exists():
        pytest.fail(f"no {page} in {SITE}: run `make book` first", pytrace=False)
    return BeautifulSoup(path.read_text("utf-8"), "html.parser").find("article")


@cache
def places(page: str) -> dict[str, Tag]:
    """What has an id in its article."""
    own = [article(page)] if article(page).get("id") else []
    return {str(tag["id"]): tag for tag in [*own, *article(page).find_all(id=True)]}


def follow(page: str, href: str) -> tuple[str, Tag | None]:
    """The page that a link leads to, and the element there that it names."""
    target, anchor = urldefrag(href)
    found = (PurePosixPath(page).parent / target).as_posix() if target else page
    return found, places(found).get(anchor) if anchor else article(found)


def entries() -> dict[str, Tag]:
    return {dt["id"]: dt.parent for dt in article(API).select("section > dl.py > dt.sig")}


def test_every_use_is_where_the_reference_says() -> None:
    followed = 0
    for name, entry in entries().items():
        for link in entry.select(".mle-used-in a"):
            page, section = follow(API, link["href"])
            assert section is not None, f"{name}: nothing at {link['href']}"
            assert name.rpartition(".")[2] in section.text, f"{name} is not in {link['href']}"
            assert page != API
            followed += 1
    assert followed > len(entries())


def test_every_link_from_a_chapter_leads_to_the_entry_of_its_name() -> None:
    names = {tag["id"] for tag in article(API).find_all(id=True)}
    in_prose = in_code = 0
    for page in pages():
        if not page.startswith("book/") or page == API:
            continue
        for link in article(page).select("a[href*='api.html#']"):
            _, anchor = urldefrag(link["href"])
            assert anchor in names, f"{page}: no {anchor} in the reference"
            if link.find_parent("pre"):  # where it may have a name of its own, by `import as`
                assert anchor.rpartition(".")[2] in article(page).text, f"{page}: {anchor}"
                in_code += 1
            elif link.find("code"):
                text = link.text.partition("(")[0]
                assert anchor.removeprefix("module-").endswith(text), f"{page}: {text} -> {anchor}"
                in_prose += 1
    assert in_prose > 0
    assert in_code > 0


def test_equations_and_the_functions_that_compute_them_lead_to_each_other() -> None:
    below = {}  # number -> the entries that the line below an equation leads to
    for page in [page for page in pages() if page.startswith("book/")]:
        for line in article(page).select("p.mle-computed"):
            equation = line.find_previous_sibling()
            links = [follow(page, a["href"]) for a in line.select("a")]
            assert all(place is not None for _, place in links)
            below[page, equation["id"]] = {place["id"] for to, place in links if to == API}
    claimed: dict[tuple[str, str], set[str]] = {}
    for dt in article(API).select("dl.py dt.sig"):
        own = dt.parent.find("dd", recursive=False)
        for line in own.find_all("p", class_="mle-equations", recursive=False):
            for a in line.select("a"):
                page, equation = follow(API, a["href"])
                claimed.setdefault((page, equation["id"]), set()).add(dt["id"])
    assert below == claimed
    assert len(claimed) > 25


@pytest.mark.parametrize("width", [1280, 390])
def test_the_line_below_an_equation_is_small_and_can_be_tapped(
    site: str, browser: Browser, width: int
) -> None:
    with opened(browser, f"{site}/book/minibatch-estimator.html", width) as page:
        size = "e => parseFloat(getComputedStyle(e).fontSize)"
        for link in page.locator("p.mle-computed a").all():
            box = link.bounding_box()
            assert min(box["width"], box["height"]) >= 24
            assert link.evaluate(size) < page.locator("article > section p").first.evaluate(size)


def test_links_in_code_look_like_code_until_they_have_the_focus(
    site: str, browser: Browser
) -> None:
    with opened(browser, f"{site}/book/minibatch-estimator.html") as page:
        page.locator("details.mle-setup > summary").click()
        link = page.locator("pre a.mle-api").first
        look = "(e) => { const s = getComputedStyle(e); return [s.color, s.textDecorationLine]; }"
        colour, line = link.evaluate(look)
        assert line == "none"
        assert colour == page.locator("pre:has(a.mle-api)").first.evaluate(look)[0]
        link.focus()
        page.keyboard.press("Shift+Tab")  # a focus by keyboard is visible
        page.keyboard.press("Tab")
        assert link.evaluate("(e) => e === document.activeElement")
        assert link.evaluate(look)[1] == "underline"
        assert link.evaluate("(e) => getComputedStyle(e).outlineStyle") == "solid"


def test_the_copy_button_copies_the_code_alone(site: str, browser: Browser) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    with opened(browser, f"{site}/book/minibatch-estimator.html", permissions=allowed) as page:
        page.locator("details.mle-setup > summary").click()
        cell = page.locator("div.highlight:has(a.mle-api)").first
        cell.hover()
        cell.locator("button.copybtn").click()
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert copied.strip() == cell.locator("pre").inner_text().strip()
        assert "import" in copied
