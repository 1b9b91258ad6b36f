"""Every page with exercises: accessible, readable without JavaScript, never wider than a screen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from mle_lib.exercises.registry import by_id
from mle_lib.exercises.results import Result
from tests.browser.conftest import WIDTHS
from tests.browser.exercise_page import CHAPTER_3, answer, editor, exercise_pages
from tests.browser.visits import accessibility_faults, excess, go, opened, turn


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_with_exercises" in metafunc.fixturenames:
        metafunc.parametrize("page_with_exercises", exercise_pages() or ["(no site)"])


def show_everything(page: Page) -> None:
    """Open every editor, hint and solution, and have something said of every quiz."""
    for place in page.locator("mle-exercise").all():
        kind = place.get_attribute("kind")
        if kind == "code":
            if place.get_by_role("button", name="Run").count():
                editor(place)
            place.get_by_role("button", name="Hint").click()
            place.get_by_role("button", name="Solution").click()
        elif kind in ("choice", "several"):
            place.locator("input").first.check()
            place.get_by_role("button", name="Check").click()
        elif kind == "numeric":
            answer(place, "-123456.5")
        elif kind == "open":
            place.get_by_text("Judge it yourself").click()


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


def test_accessible(site: str, browser: Browser, page_with_exercises: str) -> None:
    """Wide in the light, and narrow in the dark as the window and the system change meanwhile."""
    with everything_shown(browser, f"{site}/{page_with_exercises}") as page:
        look_closely(page)
        page.clock.install()
        page.set_viewport_size({"width": WIDTHS[1], "height": 900})
        page.clock.run_for(
            1000
        )  # a moment later the theme lets code that now scrolls have the focus
        turn(page, "dark")
        look_closely(page)


def test_accessible_as_it_is_opened(site: str, browser: Browser) -> None:
    """Wide, with a sidebar, which is the same on all pages, and narrow, in the dark."""
    for width in WIDTHS:
        with everything_shown(browser, f"{site}/{CHAPTER_3}", width, "dark") as page:
            look_closely(page)


@contextmanager
def everything_shown(browser: Browser, url: str, *view: Any) -> Iterator[Page]:
    with opened(browser, "about:blank", *view) as page:
        script = f"Object.assign(localStorage, {json.dumps(restored_results())})"
        page.add_init_script(f"if (location.protocol !== 'about:') {{ {script} }}")
        go(page, url)
        show_everything(page)
        yield page


def look_closely(page: Page) -> None:
    """axe-core finds nothing, nothing widens the page, and fingers find the controls."""
    code = page.locator("mle-exercise[kind='code']").count()
    assert page.locator("h3 .mle-tick").count() == code
    assert excess(page) <= 0
    controls = "mle-exercise :is(.mle-button, summary, .mle-option, input[type=text])"
    heights = page.locator(f"{controls}:visible").evaluate_all(
        "controls => controls.map((e) => [e.getBoundingClientRect().height, e.innerText])"
    )
    assert [control for control in heights if control[0] < 44] == []
    # The rest of the page, and the exercise as it is found, test_pages.py looks at.
    assert accessibility_faults(page, "mle-exercise") == ""


def test_readable_without_javascript(site: str, browser: Browser, page_with_exercises: str) -> None:
    with opened(browser, f"{site}/{page_with_exercises}", java_script_enabled=False) as page:
        for place in page.locator("mle-exercise:not([kind='progress'])").all():
            assert place.locator("summary:visible").count() >= 1
            code = place.get_attribute("kind") == "code"
            assert place.locator("pre:visible" if code else "legend:visible").count() == 1
        assert page.locator("mle-exercise button").count() == 0
