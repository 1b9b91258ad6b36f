"""Every page of the built site, opened in a browser: wide and narrow, light and dark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass
class Seen:
    """What a page did while it was open."""

    console_errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    outside_requests: list[str] = field(default_factory=list)


@contextmanager
def opened(
    browser: Browser,
    url: str,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    reduced_motion: Literal["reduce", "no-preference"] = "no-preference",
) -> Iterator[tuple[Page, Seen]]:
    """Open a page and wait until its maths stands."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion=reduced_motion
    )
    page, seen = context.new_page(), Seen()
    origin = "/".join(url.split("/")[:3])
    page.on("console", lambda m: seen.console_errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: seen.console_errors.append(str(error)))
    page.on("requestfailed", lambda r: seen.failed_requests.append(r.url))
    page.on("response", lambda r: seen.failed_requests.append(r.url) if r.status >= 400 else None)

    def note(address: str) -> None:
        if not address.startswith((origin + "/", "data:", "blob:")):
            seen.outside_requests.append(address)

    page.on("request", lambda request: note(request.url))
    page.goto(url, wait_until="networkidle")
    page.evaluate("async () => { if (window.MathJax?.startup) await MathJax.startup.promise; }")
    yield page, seen
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_page(
    site: str, browser: Browser, page_path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, f"{site}/{page_path}", width, scheme) as (page, seen):
        assert page.get_attribute("html", "data-theme") == scheme
        assert page.get_attribute("html", "lang") == "en"
        # Maths: MathJax turned every formula into a container, and none into an error.
        formulas = page.locator(".math").count()
        assert page.locator(".math > mjx-container").count() == formulas
        assert formulas > 0 or not page_path.startswith("book/0")  # a chapter has some
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
        # Pictures can be read out.
        assert page.locator("img:not([alt]), img[alt='']").count() == 0
        assert page.locator(".mle-figure svg:not([aria-label])").count() == 0
        assert excess(page) <= 0  # at any width
    assert seen == Seen()


def excess(page: Page) -> int:
    """By how much something widens the page."""
    return page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def test_source_page(site: str, browser: Browser, source_page: str) -> None:
    with opened(browser, f"{site}/{source_page}", width=390, scheme="dark") as (page, seen):
        assert page.locator("h1:visible").count() == 1
        assert excess(page) <= 0
    assert seen == Seen()


def test_root_leads_to_the_book(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/index.html") as (page, _):
        page.wait_for_url("**/book/index.html")


def test_text_is_readable_without_javascript(site: str, browser: Browser, page_path: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{page_path}")
    for figure in page.locator("mle-explore").all():
        assert figure.locator("[data-index]:visible").count() == 1
    assert page.locator("h1:visible").count() >= 1
    context.close()


def test_the_book_has_a_figure_that_moves(site: str, all_figure_pages: list[str]) -> None:
    assert all_figure_pages, "no page holds <mle-explore>"


def test_figures_move_by_keyboard(site: str, browser: Browser, figure_page: str) -> None:
    """Every slider of every figure shows another frame at another position."""
    with opened(browser, f"{site}/{figure_page}") as (page, seen):
        for figure in page.locator("mle-explore").all():
            shown = figure.locator("[data-index]:visible")
            for slider in figure.locator("input[type=range]").all():
                slider.focus()
                before = shown.get_attribute("data-index")
                label = slider.get_attribute("aria-valuetext")
                forward = slider.input_value() != slider.get_attribute("max")
                page.keyboard.press("ArrowRight" if forward else "ArrowLeft")
                assert shown.count() == 1
                assert shown.get_attribute("data-index") != before
                assert slider.get_attribute("aria-valuetext") != label
                assert slider.bounding_box()["height"] >= 44
                # The label, the slider and the read-out belong together.
                name = slider.get_attribute("id")
                assert figure.locator(f"label[for='{name}']").inner_text().strip()
                read_out = figure.locator(f"output[for='{name}']").inner_text()
                assert read_out == slider.get_attribute("aria-valuetext")
    assert seen.console_errors == []


def test_play_runs_once_through(site: str, browser: Browser, figure_page: str) -> None:
    with opened(browser, f"{site}/{figure_page}") as (page, _):
        for button in page.locator(".mle-control-play").all():
            figure = page.locator("mle-explore", has=button)
            slider = figure.locator("input[type=range]")
            slider.focus()
            page.keyboard.press("End")
            for _back in range(2):
                page.keyboard.press("ArrowLeft")
            button.click()
            assert button.inner_text() == "Pause"
            assert button.get_attribute("aria-label").startswith("Pause ")
            page.wait_for_function(
                "slider => slider.value === slider.max", arg=slider.element_handle()
            )
            assert button.inner_text() == "Play"


def test_figures_and_buttons_have_names(site: str, browser: Browser, figure_page: str) -> None:
    with opened(browser, f"{site}/{figure_page}") as (page, _):
        for figure in page.locator("mle-explore").all():
            axes = figure.locator(".mle-control-name").all_inner_texts()
            group = page.get_by_role("group", name=f": {', '.join(axes)}")
            assert group.and_(figure).count() == 1
            if len(axes) == 1:
                assert figure.get_by_role("button", name=f"Play {axes[0]}", exact=True).count() == 1


def test_button_with_the_focus_stays_when_motion_is_reduced(
    site: str, browser: Browser, figure_page: str
) -> None:
    with opened(browser, f"{site}/{figure_page}") as (page, _):
        for button in page.locator(".mle-control-play").all():
            page.emulate_media(reduced_motion="no-preference")
            button.click()
            page.emulate_media(reduced_motion="reduce")
            expect(button).to_have_text("Play")
            assert button.is_visible()
            button.blur()
            expect(button).to_be_hidden()


def test_no_play_button_where_motion_is_reduced(
    site: str, browser: Browser, figure_page: str
) -> None:
    with opened(browser, f"{site}/{figure_page}", reduced_motion="reduce") as (page, _):
        assert page.locator(".mle-control-play:visible").count() == 0
