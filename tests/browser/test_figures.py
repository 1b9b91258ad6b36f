"""Every figure that moves on the built site: by keyboard, by its button, read out, and its weight.

The frames are read from the page's HTML, which is what a reader without scripts has too.
"""

import gzip
import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Locator, Page, Request, expect

from mle_lib.display.explore import MOST_BYTES
from tests.browser.conftest import SITE, WIDTHS, figure_pages, left_to_soak
from tests.browser.test_translation import unmarked
from tests.browser.visits import opened, resize

ELSEWHERE = re.compile(r"&quot;start&quot;: \[[\d, ]*\]")
FIGURE = re.compile(r"<mle-explore.*?</mle-explore>", re.DOTALL)
FRONT_PAGE = "book/index.html"
PAGES = ["#ffffff", "#14181e"]  # light and dark
STEP_MS = 600  # of explore.js


def figures(page: str) -> list[str]:
    return FIGURE.findall((SITE / page).read_text("utf-8"))


def frames(figure: str) -> list[Tag]:
    return BeautifulSoup(figure, "html.parser").find_all("figure")


def test_the_book_has_some_and_no_chapter_many(all_figure_pages: list[str]) -> None:
    counts = {page: len(figures(page)) for page in all_figure_pages if page != FRONT_PAGE}
    assert sum(counts.values()) >= 5
    assert max(counts.values()) <= 2, counts


def test_the_book_opens_with_one(site: str) -> None:
    article = BeautifulSoup((SITE / FRONT_PAGE).read_text("utf-8"), "html.parser").find("article")
    # what it is, where to start, and then the figure
    first = article.find_all(["mle-explore", "p", "a"], limit=6)
    names = [e.name for e in first if e.name != "a" or "Start" in e.text]
    assert names == ["p", "a", "p", "mle-explore"]
    # the same frames as in the chapter that computes it, from the first on
    frames_of = ELSEWHERE.sub("", figures(FRONT_PAGE)[0])
    assert frames_of in [ELSEWHERE.sub("", figure) for figure in figures("book/optimizers.html")]
    assert "start&quot;: [0, 0]" in figures(FRONT_PAGE)[0]
    weight = len(gzip.compress(figures(FRONT_PAGE)[0].encode()))
    assert weight <= 150_000


def test_a_figure_is_light(figure_page: str) -> None:
    for figure in figures(figure_page):
        assert len(gzip.compress(figure.encode())) <= MOST_BYTES
        assert not re.search(r"(?:href|src)=\"(?!#|data:)", figure), "asks for something"


def test_every_frame_says_what_it_shows(figure_page: str) -> None:
    for figure in figures(figure_page):
        found = [frame.find("svg", recursive=False) for frame in frames(figure)]
        assert all(svg["role"] == "img" for svg in found)
        texts = [svg["aria-label"].strip() for svg in found]
        assert all(texts)
        assert len(set(texts)) == len(texts) > 1


def test_ids_are_unique_and_references_lead_somewhere(figure_page: str) -> None:
    text = (SITE / figure_page).read_text("utf-8")
    inside = "".join(figures(figure_page))
    ids = re.findall(r'\sid="([^"]+)"', inside)
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(re.findall(r'\sid="([^"]+)"', FIGURE.sub("", text)))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', inside)) <= set(ids)


@pytest.mark.parametrize("background", PAGES)
def test_lines_stand_out(figure_page: str, background: str) -> None:
    for figure in figures(figure_page):
        strokes = set(re.findall(r"stroke: (#\w{6})(?!; stroke-opacity: 0\b)", figure))
        assert strokes
        assert {color for color in strokes if contrast(color, background) < 3} == set()


def contrast(first: str, second: str) -> float:
    """WCAG 2.2's definition."""
    dark, light = sorted(map(luminance, (first, second)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def shown(figure: Locator) -> Locator:
    return figure.locator("[data-index]:visible")


@pytest.fixture(scope="module")
def page(site: str, browser: Browser, figure_page: str) -> Iterator[Page]:
    """One visit for many tests, which leave the figures at rest; its clock can be moved on."""
    with opened(browser, f"{site}/{figure_page}") as page:
        page.clock.install()
        for figure in page.locator("mle-explore").all():
            assert spoken(figure).inner_text() == ""  # a page that opens says nothing
        yield page


def spoken(figure: Locator) -> Locator:
    return figure.locator("[aria-live=polite]")


@pytest.mark.crossed({"width": WIDTHS[1]}, {"figure_page": FRONT_PAGE})
@pytest.mark.parametrize("width", WIDTHS)
def test_figures_move_by_keyboard(page: Page, width: int) -> None:
    """Every slider of every figure shows another frame at each of its positions."""
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    resize(page, width)
    page.on("request", note)
    for figure in page.locator("mle-explore").all():
        height = shown(figure).bounding_box()["height"]
        for slider in figure.locator("input[type=range]").all():
            slider.focus()
            page.keyboard.press("Home")
            seen = [shown(figure).get_attribute("data-index")]
            values = [slider.get_attribute("aria-valuetext")]
            for _ in range(int(slider.get_attribute("max"))):
                page.keyboard.press("ArrowRight")
                assert shown(figure).count() == 1
                seen.append(shown(figure).get_attribute("data-index"))
                values.append(slider.get_attribute("aria-valuetext"))
                # nothing below the figure moves
                assert abs(shown(figure).bounding_box()["height"] - height) < 1
            assert len(set(seen)) == len(seen) > 1
            assert len(set(values)) == len(values)
            page.keyboard.press("ArrowLeft")
            assert shown(figure).get_attribute("data-index") == seen[-2]
            assert slider.bounding_box()["height"] >= 44
            # The label, the slider and the read-out belong together.
            name = slider.get_attribute("id")
            assert figure.locator(f"label[for='{name}']").inner_text().strip()
            read_out = figure.locator(f"output[for='{name}']").inner_text()
            assert read_out == slider.get_attribute("aria-valuetext")
    page.remove_listener("request", note)
    # a letter needs its font; an exercise that comes near opens its editor
    others = ("/_static/fonts/", "/_exercises/editor/")
    assert [r for r in requests if not any(other in r for other in others)] == []


def test_a_translator_is_told_what_to_leave(page: Page) -> None:
    assert unmarked(page) == []


def test_frames_differ_to_the_eye(page: Page) -> None:
    for figure in page.locator("mle-explore").all():
        for slider in figure.locator("input[type=range]").all():
            slider.focus()
            page.keyboard.press("Home")
            first = shown(figure).screenshot()
            page.keyboard.press("End")
            assert shown(figure).screenshot() != first


def test_a_frame_is_read_out_once_the_slider_rests(page: Page) -> None:
    for figure in page.locator("mle-explore").all():
        figure.locator("input[type=range]").last.focus()
        for key in ("Home", "ArrowRight"):
            page.keyboard.press(key)
        page.clock.run_for(STEP_MS)
        label = shown(figure).locator("svg").get_attribute("aria-label")
        expect(spoken(figure)).to_have_text(label)
        assert spoken(figure).bounding_box()["width"] <= 1


def test_figures_and_buttons_have_names(page: Page) -> None:
    for figure in page.locator("mle-explore").all():
        axes = figure.locator(".mle-control-name").all_inner_texts()
        group = page.get_by_role("group", name=f": {', '.join(axes)}")
        assert group.and_(figure).count() == 1
        assert figure.get_by_role("button", name=f"Play {axes[0]}", exact=True).count() == 1


def test_play_runs_once_through_and_pauses(page: Page) -> None:
    """It moves the first slider, and leaves a second one where it is."""
    for figure in page.locator("mle-explore").all():
        button = figure.locator(".mle-control-play")
        first, *others = figure.locator("input[type=range]").all()
        before = [slider.input_value() for slider in others]
        first.focus()
        page.keyboard.press("End")
        button.click()  # from the end it starts again
        expect(button).to_have_attribute("aria-label", re.compile("^Pause "))
        page.clock.run_for(STEP_MS)
        expect(first).not_to_have_value("0")
        button.press("Enter")
        assert button.inner_text() == "Play"
        held = first.input_value()
        page.clock.run_for(5 * STEP_MS)
        assert first.input_value() == held
        first.focus()
        for key in ("End", "ArrowLeft", "ArrowLeft"):
            page.keyboard.press(key)
        button.click()
        page.clock.run_for(3 * STEP_MS)  # two steps, and the last one has its time, too
        expect(first).to_have_value(first.get_attribute("max"))
        expect(button).to_have_text("Play")
        assert [slider.input_value() for slider in others] == before


def test_paths_grow_while_it_plays(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{FRONT_PAGE}") as page:
        figure = page.locator("mle-explore")
        moved = shown(figure).locator(".mle-tip[transform]")
        page.clock.install(time=0)
        page.clock.pause_at(1)
        figure.locator(".mle-control-play").click()
        page.clock.run_for(1.5 * STEP_MS)
        assert moved.count() > 0
        halfway = moved.first.get_attribute("transform")
        page.clock.run_for(STEP_MS / 4)
        assert moved.first.get_attribute("transform") != halfway
        figure.locator(".mle-control-play").click()
        assert moved.count() == 0
        before = shown(figure).locator("svg").inner_html()
        figure.locator("input[type=range]").first.press("ArrowRight")
        figure.locator("input[type=range]").first.press("ArrowLeft")
        assert shown(figure).locator("svg").inner_html() == before  # as if it had not moved


def test_a_hand_on_the_slider_stops_the_play(page: Page) -> None:
    for figure in page.locator("mle-explore").all():
        figure.locator(".mle-control-play").click()
        figure.locator("input[type=range]").last.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        # before it could have come to its end
        expect(figure.locator(".mle-control-play")).to_have_text("Play", timeout=1000)


@pytest.mark.parametrize("path", [left_to_soak(p, k > 0) for k, p in enumerate(figure_pages())])
def test_where_motion_is_reduced(site: str, browser: Browser, path: str) -> None:
    """There is no play button; one that has the focus stays until it loses it."""
    with opened(browser, f"{site}/{path}", reduced_motion="reduce") as page:
        assert page.locator(".mle-control-slider:visible").count() > 0
        assert page.locator(".mle-control-play:visible").count() == 0
        for button in page.locator(".mle-control-play").all():
            page.emulate_media(reduced_motion="no-preference")
            button.click()
            page.emulate_media(reduced_motion="reduce")
            expect(button).to_have_text("Play")
            assert button.is_visible()
            button.blur()
            expect(button).to_be_hidden()
