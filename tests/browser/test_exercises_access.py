"""Every page with exercises, with all of them shown: accessible, and never wider than a screen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from mle_lib.exercises.registry import by_id
from mle_lib.exercises.results import Result
from tests.browser.conftest import WIDTHS
from tests.browser.exercise_page import ANSWER, CHAPTER_3, open_all
from tests.browser.test_input_methods import SPY, check_every_field, open_editors
from tests.browser.test_reading import FEW, stops
from tests.browser.test_translation import unmarked
from tests.browser.visits import (
    accessibility_faults,
    colour_faults,
    excess,
    go,
    opened,
    resize,
    turn,
)

# Clicked in one call, without looking whether a mouse could: other tests do that.
SHOW = """() => {
    const places = [...document.querySelectorAll("mle-exercise")];
    const press = (place, kind, name) => {
        const all = [...place.querySelectorAll(kind)];
        const found = all.find((e) => e.textContent.trim().startsWith(name));
        if (!found) throw new Error(`${place.getAttribute("exercise")}: no ${name}`);
        found.click();
    };
    for (const place of places) {
        const kind = place.getAttribute("kind");
        if (kind === "code" || kind === "order") {
            press(place, "button", "Hint");
            press(place, "button", "Solution");
        } else if (kind === "choice" || kind === "several") {
            place.querySelector("input").click();
            press(place, "button", "Check");
        } else if (kind === "open") {
            press(place, "summary", "Judge it yourself");
        }
    }
}"""


def show_everything(page: Page) -> None:
    """Open every editor, hint and solution, and have something said of every quiz."""
    open_all(page)
    open_editors(page)
    page.evaluate(SHOW)
    for place in page.locator("mle-exercise[kind=numeric]").all():
        place.evaluate(ANSWER, "-123456.5")


def restored_results() -> dict[str, str]:
    """What the browser keeps of code exercises that were solved and have printed something."""
    states = {}
    for id, (_, e) in by_id().items():
        if e.kind == "code":
            result = Result(id, "correct", e.why)._repr_html_()
            states[f"mle-book/{id}"] = json.dumps(
                {"solved": True, "result": result, "output": "shape (6, 3)\n" * 40}
            )
    return states


def test_page_with_everything_shown(
    site: str, browser: Browser, page_shown: str, closely: bool
) -> None:
    """Few stops to the first exercise, deaf to an input method's keys, and code says that it is.

    Looked at closely, accessible wide in the light, and narrow in the dark as the window and the
    system change.
    """
    with with_results(browser, f"{site}/{page_shown}") as page:
        for width in (WIDTHS[1], WIDTHS[0]):
            resize(page, width)
            assert len(stops(page)) <= FEW
        check_every_field(page)
        show_everything(page)
        assert unmarked(page) == []
        assert page.locator(".mle-feedback code, .mle-output pre").count() > 0 or not (
            page.locator("mle-exercise:is([kind=code], [kind=order])").count()
        )
        look_around(page)
        assert not closely or accessibility_faults(page, "mle-exercise") == ""
        page.clock.install()
        resize(page, WIDTHS[1])
        page.clock.run_for(
            1000
        )  # a moment later the theme lets code that now scrolls have the focus
        turn(page, "dark")
        look_around(page)
        # names and roles are the same
        assert not closely or colour_faults(page, "mle-exercise") == ""


def test_accessible_as_it_is_opened(site: str, browser: Browser) -> None:
    """Wide, with a sidebar, which is the same on all pages, and narrow, in the dark."""
    for width in WIDTHS:
        with with_results(browser, f"{site}/{CHAPTER_3}", width, "dark") as page:
            show_everything(page)
            look_around(page)
            assert accessibility_faults(page, "mle-exercise") == ""


@contextmanager
def with_results(browser: Browser, url: str, *view: Any) -> Iterator[Page]:
    """A page on which code exercises were solved at an earlier visit."""
    with opened(browser, "about:blank", *view) as page:
        script = f"Object.assign(localStorage, {json.dumps(restored_results())})"
        page.add_init_script(f"if (location.protocol !== 'about:') {{ {script} }}")
        page.add_init_script(f"({SPY})()")
        go(page, url)
        yield page


def look_around(page: Page) -> None:
    """Nothing widens the page, and fingers find the controls."""
    code = page.locator("mle-exercise:is([kind=code], [kind=order])").count()
    assert page.locator("h3 .mle-tick").count() == code
    assert excess(page) <= 0
    controls = "mle-exercise :is(.mle-button, summary, .mle-option, input[type=text])"
    heights = page.locator(f"{controls}:visible").evaluate_all(
        "controls => controls.map((e) => [e.getBoundingClientRect().height, e.innerText])"
    )
    assert [control for control in heights if control[0] < 44] == []
