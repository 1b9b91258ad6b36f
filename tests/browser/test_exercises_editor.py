"""The editor of a code exercise on the built site: its keys, reset, hints and the solution."""

from playwright.sync_api import Browser, expect

from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.registry import by_id
from tests.browser.exercise_page import CHAPTER_3, ESTIMATOR, editor, exercise, write
from tests.browser.visits import go, go_again, opened


def test_keys_of_the_editor(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        place = exercise(page, ESTIMATOR)
        area = editor(place)
        write(place, "")
        for key in ("def f(x):", "Enter", "return x", "Enter", "Backspace", "Tab", "Tab", "1"):
            page.keyboard.press(key) if key[1:].isalpha() and " " not in key else (
                page.keyboard.type(key)
            )
        assert area.input_value() == "def f(x):\n    return x\n        1"
        page.keyboard.press("Shift+Tab")
        assert area.input_value().endswith("\n    1")
        page.keyboard.press("ControlOrMeta+z")
        assert area.input_value().endswith("\n        1")
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        expect(place.get_by_role("button", name="Run")).to_be_focused()
        assert "Escape" in page.locator(f"#{area.get_attribute('aria-describedby')}").inner_text()


def test_plain_editor_where_the_other_cannot_be_loaded(site: str, browser: Browser) -> None:
    with opened(browser, "about:blank") as page:
        page.route("**/_exercises/editor/**", lambda route: route.abort())
        go(page, f"{site}/{CHAPTER_3}")
        place = exercise(page, ESTIMATOR)
        area = editor(place)
        expect(area).to_contain_class("mle-plain-editor")
        write(place, "if True:")
        for key in ("Enter", "Tab", "1"):
            page.keyboard.press(key)
        assert area.input_value() == "if True:\n    1"
        page.keyboard.press("ControlOrMeta+z")
        assert area.input_value() != "if True:\n    1"
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        expect(place.get_by_role("button", name="Run")).to_be_focused()


def test_reset_and_its_undo(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        place = exercise(page, ESTIMATOR)
        area = editor(place)
        stub = area.input_value()
        assert "return ..." in stub
        write(place, "1 + 1")
        reset = place.get_by_role("button", name="Reset")
        reset.click()
        assert area.input_value() == stub
        undo = place.get_by_role("button", name="Undo reset")
        undo.click()
        assert area.input_value() == "1 + 1"
        reset.click()
        area.focus()
        page.keyboard.type("x")
        expect(reset).to_be_visible()
        expect(undo).to_have_count(0)


def test_hints_one_by_one_and_the_solution(site: str, browser: Browser) -> None:
    estimator = by_id()[ESTIMATOR][1]
    assert isinstance(estimator, CodeExercise)
    hints = estimator.hints
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        place = exercise(page, ESTIMATOR)
        code = editor(place).input_value()
        assert place.locator("details:visible").count() == 0
        for k in range(1, len(hints) + 1):
            place.get_by_role("button", name=f"Hint {k} of {len(hints)}").click()
            assert place.locator(".mle-hint[open]:visible").count() == k
        expect(place.get_by_role("button", name="All hints shown")).to_be_visible()
        place.get_by_role("button", name="Solution").click()
        expect(place.locator(".mle-solution .highlight")).to_be_visible()
        assert editor(place).input_value() == code
        go_again(page)
        assert exercise(page, ESTIMATOR).locator(".mle-hint:visible").count() == len(hints)
