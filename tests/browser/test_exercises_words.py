"""What an exercise says while Python loads, of code that has changed, and of what has no place on a
page; and which files the site loads for it."""

import json
import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import SITE
from tests.browser.exercise_page import (
    BATCH_SUM,
    CHAPTER_3,
    ESTIMATOR,
    PYTHON_STARTS_MS,
    RIGHT,
    answer,
    editor,
    exercise,
    finished,
    kept,
    run,
    said,
    write,
)
from tests.browser.visits import go, go_again, opened
from tools import pyodide

SLOW = f"import time\nprint('started')\ntime.sleep(1.5)\n{RIGHT}"
AS_IT_WAS = "as it was when it was run"


@pytest.fixture(scope="module")
def page(site: str, browser: Browser) -> Iterator[Page]:
    if not (SITE / "_exercises" / "pyodide" / "pyodide.mjs").exists():
        message = f"no Pyodide in {SITE}: set MLE_PYODIDE and run `make book`"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        yield page


@pytest.fixture
def place(page: Page) -> Locator:
    return exercise(page, ESTIMATOR)


def state(page: Page) -> dict[str, object]:
    return json.loads(kept(page)[f"mle-book/{ESTIMATOR}"])


# ---- while Python loads


def test_how_much_of_python_has_come(place: Locator) -> None:
    """First: later runs find Python loaded."""
    place.evaluate(
        """place => {
            window.seen = [];
            const status = place.querySelector(".mle-feedback");
            const look = () => {
                const bar = status.querySelector("progress");
                if (bar) window.seen.push([bar.value, status.textContent, bar.ariaLabel]);
            };
            new MutationObserver(look).observe(status, {
                childList: true, subtree: true, characterData: true, attributes: true,
            });
        }"""
    )
    run(place, RIGHT)
    seen = place.page.evaluate("window.seen")
    percents = [percent for percent, _, _ in seen]
    assert percents == sorted(percents)
    assert len(set(percents)) > 3
    assert percents[-1] == 100
    for percent, text, label in seen:
        assert f"{pyodide.MEGABYTES} MB" in text
        assert f"{percent} %" in text or percent == 0
        assert label
    expect(said(place).locator("progress")).to_have_count(0)


# ---- of code that has changed


def test_correct_is_of_the_code_that_was_run(page: Page, place: Locator) -> None:
    run(place, RIGHT)
    expect(said(place)).to_contain_text("Correct.")
    editor(place).focus()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type("# more")
    expect(said(place)).to_be_empty()
    assert state(page)["solved"] is True
    assert not state(page).get("judged")
    go_again(page)
    expect(said(place)).to_be_empty()
    assert page.locator("h3 .mle-tick").count() == 1


def test_where_it_stopped_stays_and_says_of_which_code(page: Page, place: Locator) -> None:
    run(place, BATCH_SUM)
    expect(said(place)).not_to_contain_text(AS_IT_WAS)
    editor(place).focus()
    page.keyboard.type("##")
    expect(said(place)).to_contain_text("you add the batch's gradients")
    expect(said(place)).to_contain_text(AS_IT_WAS)
    expect(place.locator(".mle-outdated")).to_have_count(1)


def test_code_that_changes_while_it_runs(page: Page, place: Locator) -> None:
    page.get_by_role("button", name="Start this page again").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    write(place, SLOW)
    place.get_by_role("button", name="Run").click()
    expect(place.locator(".mle-output pre")).to_have_text("started\n", timeout=PYTHON_STARTS_MS)
    write(place, BATCH_SUM)
    finished(place)
    expect(said(place)).to_contain_text("Correct.")
    expect(said(place)).to_contain_text(AS_IT_WAS)
    assert state(page) == {"code": BATCH_SUM, "solved": True, "judged": False}
    go_again(page)
    assert editor(place).input_value() == BATCH_SUM
    expect(said(place)).to_be_empty()


# ---- words that fit the place


def test_no_call_beside_a_button(place: Locator) -> None:
    place.get_by_role("button", name="Reset").click()
    place.get_by_role("button", name="Run").click()
    finished(place)
    expect(said(place)).to_contain_text("Write your answer in place of ...")
    expect(said(place)).not_to_contain_text("hint(")


def test_another_reason_is_told(place: Locator) -> None:
    """That nothing was attempted is said of more than of a stub."""
    result = 'Result("minibatch-gradient", "not attempted", "This exercise needs more.")'
    run(place, f"from mle_lib.exercises.results import Result\n{result}")
    expect(said(place)).to_contain_text("This exercise needs more.")
    expect(said(place)).not_to_contain_text("Write your answer")


@pytest.mark.parametrize("line", ["%matplotlib inline", "!pip install numpy"])
def test_a_command_of_notebooks_is_told(place: Locator, line: str) -> None:
    run(place, f"{line}\n{RIGHT}")
    expect(said(place)).to_contain_text(f"Line 1: {line}")
    expect(said(place)).to_contain_text(f"Lines that begin with {line[0]}")


@pytest.mark.parametrize("by_finger", [False, True])
def test_keys_are_named_where_there_are_keys(site: str, browser: Browser, by_finger: bool) -> None:
    options = {"is_mobile": True, "has_touch": True} if by_finger else {}
    with opened(browser, f"{site}/{CHAPTER_3}", 390, **options) as page:
        place = exercise(page, ESTIMATOR)
        area = editor(place)
        expect(place.get_by_text("Ctrl+Enter")).to_be_visible(visible=not by_finger)
        assert (area.get_attribute("aria-describedby") is None) == by_finger


# ---- the files


def test_what_runs_code_is_loaded_where_it_is_needed(site: str, browser: Browser) -> None:
    with opened(browser, "about:blank") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        go(page, f"{site}/search.html")
        assert [url for url in asked if "/exercises.js" in url]
        assert not [url for url in asked if "exercises_site" in url]
        go(page, f"{site}/{CHAPTER_3}")
        assert len({url for url in asked if re.search(r"exercises_site\.(js|css)\?v=", url)}) == 2
        answer(exercise(page, "halve-the-error"), "320")
        go(page, f"{site}/search.html")
        expect(page.locator("nav.bd-links .mle-mark")).to_have_count(1)
