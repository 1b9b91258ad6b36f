"""Exercises on the built site: quizzes, what is kept, and progress."""

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from mle_lib.exercises import check
from mle_lib.exercises.quizzes import Choice, Numeric
from mle_lib.exercises.registry import by_id, find
from mle_lib.exercises.text import to_html
from tests.browser.exercise_page import (
    ALL,
    ANSWER,
    BATCH_SUM,
    CHAPTER_3,
    ESTIMATOR,
    answer,
    editor,
    exercise,
    kept,
    page_of,
    quiz_ids,
    said,
    write,
)
from tests.browser.visits import go, go_again, opened

TABLE = json.loads(
    (Path(__file__).parents[1] / "exercises" / "number_table.json").read_text("utf-8")
)
OPEN_PAGE = "book/lecture-questions.html"
# What is said in bold, all of it, and the words of what `check` says, without white space
SAID = """(place, html) => {
    const words = (e) => e.textContent.replace(/\\s+/g, "");
    const message = document.createElement("div");
    message.innerHTML = html;
    const said = place.querySelector(".mle-feedback");
    return [said.querySelector("strong").textContent, words(said), words(message)];
}"""


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


def test_page_says_what_python_says(site: str, browser: Browser, page_with_exercises: str) -> None:
    """Every answer to a quiz is judged on the page as `check` judges it, in the same words."""
    with opened(browser, f"{site}/{page_with_exercises}") as page:
        page.locator(".mle-recall-all > details").evaluate_all(
            "all => all.forEach(e => e.open = true)"
        )
        # of questions on earlier chapters a page has three, and they change
        quizzes = page.locator(
            "mle-exercise:is([kind=choice], [kind=several], [kind=numeric]):not(.mle-recall *)"
        )
        for place in quizzes.all():
            id = place.get_attribute("exercise")
            for given in answers_to_try(id):
                place.evaluate(ANSWER, given)
                result = check(id, given)
                title, words, wanted = place.evaluate(
                    SAID, f"<p>{result.title}</p>{to_html(result.message)}"
                )
                assert title == result.title, (id, given)
                if find(id)[1].kind == "numeric" or result.status != "not attempted":
                    assert words == wanted, (id, given)


def test_every_quiz_is_on_a_page() -> None:
    assert {page_of(id) for kind in ("choice", "several", "numeric") for id in quiz_ids(kind)}


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
        place.evaluate("e => { e.tabIndex = -1; e.focus(); }")  # Tab goes on from here
        tab_to(page, f"mle-exercise[exercise='{id}'] input")
        page.keyboard.press("Space")
        for _ in quiz.letters[: quiz.letters.index(quiz.right)]:
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(said(place)).to_contain_text("Correct.")


# ---- what is kept


def test_reload_keeps_everything(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        answer(exercise(page, "halve-the-error"), "320")
        answer(exercise(page, "what-a-shuffle-gives"), "ab")
        write(exercise(page, ESTIMATOR), BATCH_SUM)
        go_again(page)
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
        expect(boxes.first).to_be_hidden()  # what a good answer says is not said before
        place.get_by_text("Judge it yourself").click()
        boxes.first.check()
        expect(said(place)).to_contain_text(f"1 of {boxes.count()} lines ticked")
        go_again(page)
        expect(place.locator("textarea")).to_have_value("Because …")
        expect(boxes.first).to_be_checked()
        expect(place.locator(".mle-tick")).to_have_count(0)
        for box in boxes.all():
            box.check()
        expect(place.locator(".mle-tick")).to_be_visible()
        boxes.first.uncheck()
        expect(place.locator(".mle-tick")).to_have_count(0)


def test_another_tab_is_not_written_over(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as first:
        second = first.context.new_page()
        go(second, f"{site}/{CHAPTER_3}")
        first.evaluate(
            'id => localStorage.setItem(`mle-book/${id}`, \'{"solved": true, "code": "1"}\')',
            ESTIMATOR,
        )
        exercise(second, ESTIMATOR).get_by_role("button", name="Hint").click()
        kept = second.evaluate("id => JSON.parse(localStorage[`mle-book/${id}`])", ESTIMATOR)
        assert kept == {"solved": True, "code": "1", "hints": 1}


def test_progress_and_forgetting(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        link = page.locator("nav.bd-links a.current")
        count = page.locator("mle-exercise[kind='progress'] [role=status]")
        expect(count).to_have_text(f"0 of {ALL} solved, kept in this browser.")
        answer(exercise(page, "halve-the-error"), "320")
        expect(count).to_have_text(f"1 of {ALL} solved, kept in this browser.")
        expect(link.locator(".mle-mark")).to_have_text(f" 1/{ALL}, 1 of {ALL} exercises solved")
        write(exercise(page, ESTIMATOR), "1 + 1")
        page.evaluate("localStorage.setItem('mle-book/nats-at-zero', '{\"solved\": true}')")

        again = page.get_by_role("button", name="Start this page again")
        again.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # the first button of the dialog keeps them
        expect(count).to_have_text(f"1 of {ALL} solved, kept in this browser.")
        expect(again).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(count).to_have_text(f"0 of {ALL} solved, kept in this browser.")
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
        go(page, f"{site}/{CHAPTER_3}")
        answer(exercise(page, "halve-the-error"), "320")
        expect(said(exercise(page, "halve-the-error"))).to_contain_text("Correct.")
