"""What readers have written is not lost: two tabs, a run under way, a file of answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import SITE
from tests.browser.exercise_page import (
    BATCH_SUM,
    CHAPTER_3,
    ESTIMATOR,
    RIGHT,
    answer,
    editor,
    exercise,
    exercise_pages,
    kept,
    said,
    write,
)
from tests.browser.visits import go, go_again, opened

OPEN_PAGE = "book/lecture-questions.html"
QUIZ = "halve-the-error"
SEVERAL = "what-a-shuffle-gives"


# ---- two tabs


def choose(place: Locator, letters: str) -> None:
    """Tick these options and no others, or choose the one."""
    for box in place.locator("fieldset input").all():
        if box.get_attribute("type") == "radio":
            if box.get_attribute("value") in letters:
                box.check()
        else:
            box.set_checked(box.get_attribute("value") in letters)


def chosen(place: Locator) -> str:
    boxes = place.locator("fieldset input").all()
    return "".join(str(b.get_attribute("value")) for b in boxes if b.is_checked())


# kind -> how a text is written, how it is read, two texts
KINDS: dict[str, tuple[Any, Any, str, str]] = {
    "choice": (choose, chosen, "a", "b"),
    "several": (choose, chosen, "ab", "c"),
    "numeric": (
        lambda place, text: place.locator("input").fill(text),
        lambda place: place.locator("input").input_value(),
        "320",
        "7",
    ),
    "open": (
        lambda place, text: place.locator("textarea").fill(text),
        lambda place: place.locator("textarea").input_value(),
        "Because",
        "Why not",
    ),
    "code": (write, lambda place: editor(place).input_value(), BATCH_SUM, RIGHT),
}


def address(site: str, kind: str) -> str:
    """A page with an exercise of a kind."""
    set_there = f'kind="{kind}"'
    page = next(p for p in exercise_pages() if set_there in (SITE / p).read_text("utf-8"))
    return f"{site}/{page}"


def first(page: Page, kind: str) -> Locator:
    return page.locator(f"mle-exercise[kind={kind}]").first


@contextmanager
def two_tabs(browser: Browser, url: str) -> Iterator[tuple[Page, Page]]:
    with opened(browser, url) as one:
        other = one.context.new_page()
        go(other, url)
        yield one, other


def shows(read: Any, place: Locator, text: Any) -> None:
    """At once, or when another tab has told of it."""
    for _ in range(100):
        if read(place) == text:
            return
        place.page.evaluate("new Promise((done) => setTimeout(done, 20))")
    raise AssertionError(f"{read(place)!r} is shown, not {text!r}")


def test_a_tab_shows_what_another_has_kept(site: str, browser: Browser) -> None:
    fill, read, text, later = KINDS["code"]
    with two_tabs(browser, f"{site}/{CHAPTER_3}") as (one, other):
        read(first(other, "code"))
        fill(first(one, "code"), text)
        shows(read, first(other, "code"), text)
        fill(first(other, "code"), later)
        shows(read, first(one, "code"), later)
        assert one.get_by_role("button", name="Show the other").count() == 0


DEAF = """for (const type of ["storage", "pageshow", "visibilitychange"]) {
    for (const target of [window, document]) {
        target.addEventListener(type, (event) => event.stopImmediatePropagation(), true);
    }
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_a_tab_has_not_seen_is_not_lost(site: str, browser: Browser, kind: str) -> None:
    """A tab that was told of nothing, as one that was put to sleep is, writes over the text."""
    fill, read, text, later = KINDS[kind]
    url = address(site, kind)
    with opened(browser, "about:blank") as deaf:
        deaf.add_init_script(DEAF)
        go(deaf, url)
        read(first(deaf, kind))
        other = deaf.context.new_page()
        go(other, url)
        fill(first(other, kind), text)
        fill(first(deaf, kind), later)
        assert read(first(deaf, kind)) == later
        shows(read, first(other, kind), later)
        go_again(deaf)  # also when it is opened again
        for page in (deaf, other):
            place = first(page, kind)
            if kind == "code":
                editor(place)
            expect(place).to_contain_text("Another answer was kept here by another tab.")
            place.get_by_role("button", name="Show the other").click()
            shows(read, place, text)
            place.get_by_role("button", name="Show the other").click()
            shows(read, place, later)
        place = first(deaf, kind)
        place.get_by_role("button", name="Keep only this one").focus()
        deaf.keyboard.press("Enter")
        expect(place.get_by_role("button", name="Show the other")).to_be_hidden()
        assert place.evaluate("place => place.contains(document.activeElement)")
        assert read(place) == later
        expect(first(other, kind).get_by_role("button", name="Show the other")).to_be_hidden()


def test_a_tab_looks_again_when_it_is_shown(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        for type in ("visibilitychange", "pageshow"):
            for text in ("1", "2"):
                page.evaluate(
                    "([id, answer]) => localStorage.setItem(`mle-book/${id}`,"
                    " JSON.stringify({answer}))",
                    [QUIZ, text],
                )
                target = "document" if type == "visibilitychange" else "window"
                page.evaluate(f"{target}.dispatchEvent(new Event('{type}'))")
                expect(exercise(page, QUIZ).locator("input")).to_have_value(text)


def test_forgetting_reaches_other_tabs(site: str, browser: Browser) -> None:
    with two_tabs(browser, f"{site}/{CHAPTER_3}") as (one, other):
        answer(exercise(one, QUIZ), "320")
        expect(exercise(other, QUIZ).locator(".mle-tick")).to_have_count(1)
        expect(said(exercise(other, QUIZ))).to_contain_text("Correct.")
        one.get_by_role("button", name="Forget all answers").click()
        one.get_by_role("dialog").get_by_role("button", name="Forget all").click()
        expect(exercise(other, QUIZ).locator("input")).to_have_value("")
        expect(exercise(other, QUIZ).locator(".mle-tick")).to_have_count(0)
        expect(said(exercise(other, QUIZ))).to_be_empty()


FULL = "() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }"


def test_what_could_not_be_stored_is_not_lost_either(site: str, browser: Browser) -> None:
    """The storage was full; then another tab could write, and in the end this one."""
    with two_tabs(browser, f"{site}/{CHAPTER_3}") as (one, other):
        one.evaluate("() => { window.set = Storage.prototype.setItem; }")
        one.evaluate(FULL)
        exercise(one, QUIZ).locator("input").fill("1")
        exercise(other, QUIZ).locator("input").fill("2")
        one.evaluate("() => { Storage.prototype.setItem = window.set; }")
        other.evaluate(f"localStorage.setItem('mle-book/{SEVERAL}', '{{}}')")
        place = exercise(one, QUIZ)
        expect(place.locator("input")).to_have_value("2")
        place.get_by_role("button", name="Show the other").click()
        expect(place.locator("input")).to_have_value("1")


# ---- answers as a file


def progress(page: Page) -> Locator:
    return page.locator("mle-exercise[kind=progress]")


def save(page: Page) -> Path:
    with page.expect_download() as download:
        progress(page).get_by_role("button", name="Save all answers to a file").click()
    assert download.value.suggested_filename.endswith(".json")
    return Path(download.value.path())


RESTORE = "Restore answers from a file"


def restore(page: Page, file: Any) -> None:
    """Choose a file, as the button has the browser ask for one."""
    progress(page).get_by_role("button", name=RESTORE).focus()
    progress(page).locator("input[type=file]").set_input_files(file)


def as_file(content: Any) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content)
    return {"name": "mine.json", "mimeType": "application/json", "buffer": text.encode()}


def ours(**answers: Any) -> dict[str, Any]:
    return {
        "kind": "mle-book answers",
        "format": 1,
        "answers": {name.replace("_", "-"): state for name, state in answers.items()},
    }


def test_answers_are_saved_and_restored(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        said_of_files = progress(page).locator(".mle-said")
        assert said_of_files.get_attribute("aria-live") == "polite"
        progress(page).get_by_role("button", name="Save all answers to a file").click()
        expect(said_of_files).to_have_text("There are no answers to save yet.")
        answer(exercise(page, QUIZ), "320")
        answer(exercise(page, SEVERAL), "ab")
        write(exercise(page, ESTIMATOR), BATCH_SUM)
        before = kept(page)
        content = save(page).read_text("utf-8")
        expect(said_of_files).to_contain_text("Saved 3 answers to mle-book-answers-")
        assert json.loads(content)["format"] == 1
        page.get_by_role("button", name="Forget all answers").click()
        page.get_by_role("dialog").get_by_role("button", name="Forget all").click()
        restore(page, as_file(content))
        expect(said_of_files).to_have_text("Restored 3 answers from “mine.json”.")
        assert kept(page) == before
        expect(exercise(page, QUIZ).locator("input")).to_have_value("320")
        expect(said(exercise(page, QUIZ))).to_contain_text("Correct.")
        expect(exercise(page, QUIZ).locator(".mle-tick")).to_have_count(1)
        assert editor(exercise(page, ESTIMATOR)).input_value() == BATCH_SUM
        restore(page, as_file(content))
        expect(said_of_files).to_have_text("“mine.json” has no other answers.")
        assert kept(page) == before


def test_guesses_questions_and_what_was_read_go_along(site: str, browser: Browser) -> None:
    """Of what was read here and there both stay; the rest is as it is for answers."""
    theirs = ours(
        guess_short_batch_weights_after={"guess": "zero", "shown": True},
        recall_backward_adds={"answer": ["b"], "box": 1, "due": 5, "judged": True},
        read_training={"sections": ["a", "b"], "place": "b", "at": 2},
    )
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        here = {"sections": ["c"], "place": "c", "at": 1}
        page.evaluate("e => localStorage.setItem('mle-book/read-training', e)", json.dumps(here))
        restore(page, as_file(theirs))
        words = progress(page).locator(".mle-said")
        expect(words).to_have_text("Restored 2 answers from “mine.json”.")
        expect(page.locator(".mle-guessed").first).to_have_text("You guessed: zero")
        content = save(page).read_text("utf-8")
        answers = json.loads(content)["answers"]
        assert answers["read-training"] == {"sections": ["c", "a", "b"], "place": "b", "at": 2}
        assert answers["recall-backward-adds"]["box"] == 1
        restore(page, as_file(content))
        expect(words).to_have_text("“mine.json” has no other answers.")


def test_the_file_is_chosen_with_the_keys_alone(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        asked: list[Any] = []
        page.on("filechooser", lambda chooser: asked.append(chooser))
        page.evaluate("0")  # by now the browser knows that somebody waits for it
        progress(page).get_by_role("button", name="Start this page again").focus()
        for _ in range(3):
            page.keyboard.press("Tab")
        expect(progress(page).get_by_role("button", name=RESTORE)).to_be_focused()
        page.keyboard.press("Enter")
        shows(lambda _: bool(asked), progress(page), True)
        asked[0].set_files(as_file(ours(halve_the_error={"answer": "320"})))
        expect(progress(page).locator(".mle-said")).to_contain_text("Restored 1 answer")


BROKEN = {
    "empty": "",
    "cut": '{"kind": "mle-book answers", "format": 1, "answers": {"halve-the-error": {"ans',
    "another": {"cells": []},
    "a list": [],
    "null": "null",
    "no answers": {"kind": "mle-book answers", "format": 1},
    "a number": ours(halve_the_error=320),
    "code that is no text": ours(minibatch_gradient={"code": 5}, halve_the_error={"answer": "9"}),
    "sections": ours(read_training={"sections": "a"}),
    "due": ours(recall_backward_adds={"due": "today"}),
    "hints": ours(minibatch_gradient={"hints": -1}),
    "others": ours(minibatch_gradient={"others": ["x"]}),
    "of tomorrow": ours() | {"format": 2},
    "no number": ours() | {"format": "1"},
}


def test_a_file_that_is_not_ours_changes_nothing(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{OPEN_PAGE}") as page:
        page.locator("textarea").first.fill("mine")
        before = kept(page)
        words = progress(page).locator(".mle-said")
        for name, content in BROKEN.items():
            words.evaluate("words => words.replaceChildren()")
            restore(page, as_file(content))
            expect(words, name).to_contain_text("Nothing was changed.")
            expect(page.get_by_role("dialog")).to_have_count(0)
            assert kept(page) == before


def test_what_differs_is_asked_about(site: str, browser: Browser) -> None:
    """With the keys alone; what is not here yet comes with either answer."""
    theirs = ours(
        halve_the_error={"answer": "320", "judged": True, "tried": True, "solved": True},
        minibatch_gradient={"code": "theirs"},
        no_such_exercise={"answer": "1"},
    )
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        place, words = exercise(page, QUIZ), progress(page).locator(".mle-said")
        field, dialog = place.locator("input"), page.get_by_role("dialog")
        answer(place, "400")
        before = kept(page)

        def decide(key_or_button: str) -> None:
            restore(page, as_file(theirs))
            expect(dialog).to_contain_text("1 answer in this browser differs from what the")
            expect(dialog).to_contain_text(QUIZ)
            expect(dialog.get_by_role("button", name="Keep those here")).to_be_focused()
            if key_or_button == "Escape":
                page.keyboard.press("Escape")
            else:
                dialog.get_by_role("button", name=key_or_button).focus()
                page.keyboard.press("Enter")
            expect(progress(page).get_by_role("button", name=RESTORE)).to_be_focused()

        for no in ("Escape", "Cancel"):
            decide(no)
            expect(words).to_have_text("Nothing was changed.")
            assert kept(page) == before
        decide("Keep those here")
        expect(words).to_contain_text("Restored 1 answer from “mine.json”. Kept 1 answer as here.")
        expect(words).to_contain_text("that this book does not have")
        assert editor(exercise(page, ESTIMATOR)).input_value() == "theirs"
        assert set(kept(page)) == {f"mle-book/{QUIZ}", f"mle-book/{ESTIMATOR}"}
        expect(field).to_have_value("400")
        decide("Replace them")
        expect(words).to_contain_text("Restored 1 answer from “mine.json”.")
        expect(field).to_have_value("320")
        expect(said(place)).to_contain_text("Correct.")


def test_a_file_brings_no_words_of_its_own(site: str, browser: Browser) -> None:
    """What it says of a result is not shown: the page has its own."""
    forged = {"code": RIGHT, "solved": True, "result": "<h2 id='forged'>Pay here</h2>"}
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        restore(page, as_file(ours(minibatch_gradient=forged)))
        place = exercise(page, ESTIMATOR)
        expect(said(place)).to_contain_text("Correct.")
        go_again(page)
        expect(said(place)).to_contain_text("Correct.")
        assert page.locator("#forged").count() == 0


def test_nothing_more_can_be_stored_is_said(site: str, browser: Browser) -> None:
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        page.evaluate(FULL)
        restore(page, as_file(ours(halve_the_error={"answer": "320"})))
        words = progress(page).locator(".mle-said")
        expect(words).to_contain_text("they last as long as this page is open")
        expect(exercise(page, QUIZ).locator("input")).to_have_value("320")
