"""Exercises on the built site: quizzes, the editor, what is kept, and progress."""

import json
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from exercise_page import (
    BATCH_SUM,
    CHAPTER_3,
    ESTIMATOR,
    answer,
    editor,
    exercise,
    exercise_pages,
    kept,
    opened,
    page_of,
    quiz_ids,
    said,
    write,
)
from playwright.sync_api import Browser, Page, expect

from mle_lib.exercises import check
from mle_lib.exercises.quizzes import Choice, Numeric
from mle_lib.exercises.registry import by_id, find
from mle_lib.exercises.results import Result
from mle_lib.exercises.text import to_html

TABLE = json.loads((Path(__file__).parents[1] / "number_table.json").read_text("utf-8"))
OPEN_PAGE = "book/lecture-questions.html"
WORDS = "e => e.textContent.replace(/\\s+/g, '')"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_with_exercises" in metafunc.fixturenames:
        metafunc.parametrize("page_with_exercises", exercise_pages() or ["(no site)"])


# ---- quizzes


def test_number_is_read_as_in_python(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        read = """(text) => {
            try { return {text, number: customElements.get("mle-exercise").parseNumber(text)}; }
            catch (error) { return {text, message: error.message}; }
        }"""
        for row in TABLE:
            assert page.evaluate(read, row["text"]) == row


def answers_to_try(id: str) -> list[str]:
    """Right and wrong answers, and none."""
    quiz = find(id)[1]
    if isinstance(quiz, Numeric):
        near = [repr(float(wrong.value)) for wrong in quiz.near]
        return ["", "60,000", "nothing", "-123456.5", repr(float(quiz.answer)), *near]
    assert isinstance(quiz, Choice)
    return [*quiz.letters, quiz.right, *([quiz.letters, ""] if quiz.several else [])]


@pytest.mark.parametrize("id", [*quiz_ids("choice"), *quiz_ids("several"), *quiz_ids("numeric")])
def test_page_says_what_python_says(site: str, browser: Browser, id: str) -> None:
    """Every answer is judged on the page as `check` judges it, in the same words."""
    with opened(browser, f"{site}/{page_of(id)}") as page:
        place = exercise(page, id)
        for given in answers_to_try(id):
            answer(place, given)
            result = check(id, given)
            expect(said(place).locator("strong").first).to_have_text(result.title)
            if find(id)[1].kind == "numeric" or result.status != "not attempted":
                message = f"<p>{result.title}</p>{to_html(result.message)}"
                words = page.evaluate(
                    "html => { const e = document.createElement('div'); e.innerHTML = html;"
                    f"return ({WORDS})(e); }}",
                    message,
                )
                assert said(place).evaluate(WORDS) == words


def tab_to(page: Page, selector: str) -> None:
    for _ in range(400):
        page.keyboard.press("Escape")  # an editor keeps Tab for itself otherwise
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def test_quiz_by_keyboard_alone(site: str, browser: Browser) -> None:
    """From the top of the page: a wrong answer, what is said of it, and the right one."""
    id = "halve-the-error"
    with opened(browser, f"{site}/{page_of(id)}") as page:
        place = exercise(page, id)
        expect(place.locator(".mle-answer")).to_be_hidden()
        tab_to(page, f"mle-exercise[exercise='{id}'] input")
        page.keyboard.type("400")
        page.keyboard.press("Enter")
        expect(said(place)).to_contain_text("Not yet right.")
        expect(said(place)).to_contain_text("Four times the batch")
        assert said(place).get_attribute("role") == "status"
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("320")
        expect(said(place)).to_be_empty()  # what was said was said of another answer
        page.keyboard.press("Tab")
        page.keyboard.press("Space")  # the button
        expect(said(place)).to_contain_text("Correct.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(place.locator(".mle-answer > div")).to_be_visible()


def test_options_by_keyboard(site: str, browser: Browser) -> None:
    (id, *_) = quiz_ids("choice")
    quiz = find(id)[1]
    assert isinstance(quiz, Choice)
    with opened(browser, f"{site}/{page_of(id)}") as page:
        place = exercise(page, id)
        tab_to(page, f"mle-exercise[exercise='{id}'] input")
        page.keyboard.press("Space")
        for _ in quiz.letters[: quiz.letters.index(quiz.right)]:
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(said(place)).to_contain_text("Correct.")


# ---- the editor


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
        page.goto(f"{site}/{CHAPTER_3}", wait_until="networkidle")
        place = exercise(page, ESTIMATOR)
        area = editor(place)
        expect(area).to_have_class("mle-plain-editor")
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
    exercise_of_chapter = by_id()[ESTIMATOR][1]
    hints = exercise_of_chapter.hints
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
        page.reload()
        assert exercise(page, ESTIMATOR).locator(".mle-hint:visible").count() == len(hints)


# ---- what is kept


def test_reload_keeps_everything(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        answer(exercise(page, "halve-the-error"), "320")
        answer(exercise(page, "what-a-shuffle-gives"), "ab")
        write(exercise(page, ESTIMATOR), BATCH_SUM)
        page.reload(wait_until="networkidle")
        number, shuffle = (exercise(page, q) for q in ("halve-the-error", "what-a-shuffle-gives"))
        expect(number.locator("input")).to_have_value("320")
        expect(said(number)).to_contain_text("Correct.")
        expect(number.locator("legend .mle-tick")).to_have_text(" ✓ solved")
        assert [box.is_checked() for box in shuffle.locator("input").all()] == (
            [True, True, False, False, False]
        )
        expect(said(shuffle)).to_contain_text("Not yet right.")
        expect(shuffle.locator(".mle-tick")).to_have_count(0)
        assert editor(exercise(page, ESTIMATOR)).input_value() == BATCH_SUM


def test_open_question(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{OPEN_PAGE}") as page:
        place = page.locator("mle-exercise[kind='open']").first
        place.locator("textarea").fill("Because …")
        boxes = place.locator("input[type=checkbox]")
        boxes.first.check()
        expect(said(place)).to_contain_text(f"1 of {boxes.count()} lines ticked")
        page.reload(wait_until="networkidle")
        expect(place.locator("textarea")).to_have_value("Because …")
        expect(boxes.first).to_be_checked()
        expect(place.locator(".mle-tick")).to_have_count(0)
        for box in boxes.all():
            box.check()
        expect(place.locator(".mle-tick")).to_be_visible()
        boxes.first.uncheck()
        expect(place.locator(".mle-tick")).to_have_count(0)


def test_progress_and_forgetting(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        link = page.locator("nav.bd-links a.current")
        count = page.locator("mle-exercise[kind='progress'] [role=status]")
        expect(count).to_have_text("0 of 5 solved, kept in this browser.")
        answer(exercise(page, "halve-the-error"), "320")
        expect(count).to_have_text("1 of 5 solved, kept in this browser.")
        expect(link.locator(".mle-mark")).to_have_text(" 1/5, 1 of 5 exercises solved")
        write(exercise(page, ESTIMATOR), "1 + 1")
        page.evaluate("localStorage.setItem('mle-book/nats-at-zero', '{\"solved\": true}')")

        again = page.get_by_role("button", name="Start this page again")
        again.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # the first button of the dialog keeps them
        expect(count).to_have_text("1 of 5 solved, kept in this browser.")
        expect(again).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(count).to_have_text("0 of 5 solved, kept in this browser.")
        expect(exercise(page, "halve-the-error").locator("input")).to_have_value("")
        expect(exercise(page, "halve-the-error").locator(".mle-answer")).to_be_hidden()
        assert "return ..." in editor(exercise(page, ESTIMATOR)).input_value()
        assert list(kept(page)) == ["mle-book/nats-at-zero"]

        page.get_by_role("button", name="Forget all answers").click()
        page.get_by_role("dialog").get_by_role("button", name="Forget all").click()
        assert kept(page) == {}


def test_quizzes_work_where_nothing_can_be_kept(site: str, browser: Browser) -> None:
    with opened(browser, "about:blank") as page:
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
        )
        page.goto(f"{site}/{CHAPTER_3}", wait_until="networkidle")
        answer(exercise(page, "halve-the-error"), "320")
        expect(said(exercise(page, "halve-the-error"))).to_contain_text("Correct.")


# ---- every page


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


# Each page light and dark, wide and narrow; with a sidebar, which is the same on all, also dark.
VIEWS: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (390, "dark")]


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_accessible(
    site: str,
    browser: Browser,
    page_with_exercises: str,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    """axe-core finds nothing, nothing widens the page, and fingers find the controls."""
    look_closely(browser, f"{site}/{page_with_exercises}", width, scheme)


def test_accessible_dark_with_a_sidebar(site: str, browser: Browser) -> None:
    look_closely(browser, f"{site}/{CHAPTER_3}", 1280, "dark")


def look_closely(browser: Browser, url: str, width: int, scheme: Literal["light", "dark"]) -> None:
    with opened(browser, "about:blank", width, scheme) as page:
        script = f"Object.assign(localStorage, {json.dumps(restored_results())})"
        page.add_init_script(f"if (location.protocol !== 'about:') {{ {script} }}")
        page.goto(url, wait_until="networkidle")
        show_everything(page)
        code = page.locator("mle-exercise[kind='code']").count()
        assert page.locator("h3 .mle-tick").count() == code
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(excess) <= 0
        for control in page.locator(
            "mle-exercise :is(button, summary, .mle-option, input[type=text]):visible"
        ).all():
            assert control.bounding_box()["height"] >= 44, control.inner_text()


def test_readable_without_javascript(site: str, browser: Browser, page_with_exercises: str) -> None:
    with opened(browser, f"{site}/{page_with_exercises}", java_script_enabled=False) as page:
        for place in page.locator("mle-exercise:not([kind='progress'])").all():
            assert place.locator("summary:visible").count() >= 1
            code = place.get_attribute("kind") == "code"
            assert place.locator("pre:visible" if code else "legend:visible").count() == 1
        assert page.locator("mle-exercise button").count() == 0
