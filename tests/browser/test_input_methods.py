"""Readers who write with an input method: Japanese, Chinese, Korean, a phone's keyboard."""

import sys
import unicodedata
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mle_lib.exercises.numbers import parse_number
from tests.browser.exercise_page import CHAPTER_3, editor, exercise, said
from tests.browser.test_exercise_frames import in_a_frame
from tests.browser.visits import go, opened

QUIZ = "halve-the-error"

# Notes every function that hears a key, and each that hears one meant for the input method.
SPY = """() => {
    window.listeners = new Set();
    window.heard = [];
    const real = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, listener, ...more) {
        if (!/^key/.test(type) || !listener) return real.call(this, type, listener, ...more);
        const text = String(listener);
        window.listeners.add(text);
        const spied = function (event) {
            const composing = event.isComposing || event.keyCode === 229;
            if (composing && !text.includes("isComposing")) window.heard.push(text);
            return listener.handleEvent ? listener.handleEvent(event) : listener.call(this, event);
        };
        return real.call(this, type, spied, ...more);
    };
}"""

# Presses keys in a field as they come while a text is composed; the last form is Safari's.
COMPOSE = """(field) => {
    const before = field.value;
    field.focus();
    const prevented = [];
    for (const type of ["keydown", "keypress", "keyup"]) {
        for (const key of ["Enter", "Tab", "Backspace", "Escape", "Process", "/", "k"]) {
            for (const ctrlKey of [false, true]) {
                for (const form of [{ isComposing: true }, { isComposing: true, keyCode: 229 },
                                    { keyCode: 229 }]) {
                    const init = { key, ctrlKey, bubbles: true, cancelable: true, ...form };
                    const event = new KeyboardEvent(type, init);
                    field.dispatchEvent(event);
                    if (event.defaultPrevented) prevented.push([type, key, ctrlKey, form]);
                }
            }
        }
    }
    return { changed: field.value !== before, prevented };
}"""
FIELDS = "input:not([type=checkbox], [type=radio], [type=hidden]), textarea"


def open_editors(page: Page) -> None:
    for place in page.locator("mle-exercise[kind=code]").all():
        if place.get_by_role("button", name="Run").count():
            editor(place)


def check_every_field(page: Page) -> None:
    """No function that listens to keys hears what is meant for the input method, the theme's too.

    With `SPY` in the page. test_exercises_access.py asks it of each page with exercises.
    """
    open_editors(page)
    assert page.evaluate("window.listeners.size") > 1
    said_before = page.locator(".mle-feedback").all_inner_texts()
    found = page.locator(FIELDS).evaluate_all(f"fields => fields.map({COMPOSE})")
    assert found
    assert [field for field in found if field["changed"] or field["prevented"]] == []
    assert page.evaluate("[...new Set(window.heard)]") == []
    assert page.locator(".mle-feedback").all_inner_texts() == said_before


@pytest.mark.parametrize("kind", ["book/index.html", "search.html", "book/api.html"])
def test_on_pages_without_exercises(site: str, browser: Browser, kind: str) -> None:
    """A figure's page, the search and the reference, of which each has fields of its own."""
    with opened(browser, "about:blank") as page:
        page.add_init_script(f"({SPY})()")
        go(page, f"{site}/{kind}")
        check_every_field(page)


def test_a_number_is_judged_when_it_has_been_composed(site: str, browser: Browser) -> None:
    """With the browser's own composition, as the input method drives it."""
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        place = exercise(page, QUIZ)
        place.locator("input").focus()
        browser_itself: Any = page.context.new_cdp_session(page)
        text = {"text": "３２０", "selectionStart": 3, "selectionEnd": 3}
        browser_itself.send("Input.imeSetComposition", text)
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
        browser_itself.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        expect(said(place)).to_be_empty()
        browser_itself.send("Input.insertText", {"text": "３２０"})
        expect(place.locator("input")).to_have_value("３２０")
        page.keyboard.press("Enter")
        expect(said(place)).to_contain_text("Correct.")


@pytest.mark.parametrize("form", [{"isComposing": True}, {"keyCode": 229}])
def test_in_a_notebooks_frame_too(browser: Browser, form: dict[str, Any]) -> None:
    page = browser.new_page()
    page.set_content(in_a_frame(QUIZ))
    frame = page.frame_locator("iframe")
    field = frame.get_by_role("textbox")
    field.fill("３")
    field.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **form})
    expect(frame.get_by_role("status")).to_be_empty()
    field.fill("３２０")
    field.press("Enter")
    expect(frame.get_by_role("status")).to_contain_text("Correct.")
    page.close()


# ---- every character there is


ALL = [k for k in range(sys.maxunicode + 1) if not 0xD800 <= k < 0xE000]
# All that are more than a letter: the rest is ideographs and syllables, or means nothing yet.
SIGNS = [k for k in ALL if unicodedata.category(chr(k)) not in ("Cn", "Co", "Lo")]
PATTERNS = ("{}2", "1{}000", "3{}", "1{}4")


def read_in_python(text: str) -> float | None:
    try:
        return parse_number(text)
    except ValueError:
        return None


@pytest.mark.parametrize("codes", [SIGNS, pytest.param(ALL, marks=pytest.mark.soak)], ids=len)
def test_every_character_is_read_as_in_python(
    site: str, browser: Browser, codes: list[int]
) -> None:
    """Before, between and after digits."""
    with opened(browser, f"{site}/search.html") as page:
        for pattern in PATTERNS:
            before, after = pattern.split("{}")
            on_page = page.evaluate(
                """([before, after, codes]) => {
                    const read = customElements.get("mle-exercise").parseNumber;
                    Error.stackTraceLimit = 0; // half of the time
                    const found = {};
                    for (const k of codes) {
                        const text = before + String.fromCodePoint(k) + after;
                        try { found[k] = read(text); } catch {}
                    }
                    return found;
                }""",
                [before, after, codes],
            )
            in_python = {
                str(k): number
                for k in codes
                if (number := read_in_python(pattern.format(chr(k)))) is not None
            }
            assert on_page == in_python, pattern
            assert len(in_python) > 20
