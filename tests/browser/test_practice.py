"""Guesses that wait, questions on earlier chapters, lines to order, progress: by keyboard, at both
widths, and kept."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from mle_lib.exercises.cells import run_cell
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.quizzes import Choice
from mle_lib.exercises.registry import bank, by_id, opening, order
from tests.browser.conftest import SITE, WIDTHS, left_to_soak
from tests.browser.exercise_page import PYTHON_STARTS_MS, exercise, page_of, said
from tests.browser.visits import accessibility_faults, excess, go, go_again, opened
from tools.exercise_order import guesses
from tools.notebooks import toc_notebooks

CHAPTERS = [path.stem for path in toc_notebooks()]
CHAPTER = "book/minibatch-estimator.html"
HIDDEN_NOW = ("hidden", "until-found")


@contextmanager
def reading(browser: Browser, url: str, *view: Any, **entries: Any) -> Iterator[Page]:
    """A page as a reader finds it, of whom the browser has kept these entries."""
    with opened(browser, "about:blank", *view) as page:
        kept = {f"mle-book/{name}": json.dumps(value) for name, value in entries.items()}
        page.add_init_script("window.mleGuessesWait = true")
        go(page, url)
        if kept:
            page.evaluate("entries => Object.assign(localStorage, entries)", kept)
            go_again(page)
        yield page


def entry(page: Page, name: str) -> dict[str, Any]:
    return json.loads(page.evaluate(f"() => localStorage.getItem('mle-book/{name}') ?? '{{}}'"))


def press(page: Page, place: Locator, key: str = "Enter") -> None:
    place.focus()
    page.keyboard.press(key)


# ---- guesses


def test_every_guess_of_the_book_is_taken() -> None:
    """(That something waits for each the build asks.)"""
    asked = 'kind="guess" exercise="([^"]*)"'
    pages = ((SITE / "book" / f"{chapter}.html").read_text("utf-8") for chapter in CHAPTERS)
    found = [name for page in pages for name in re.findall(asked, page)]
    assert found == guesses()
    assert len(found) >= 39


@pytest.mark.parametrize("width", WIDTHS)
def test_a_guess_is_made_by_keyboard_and_stays_beside_what_came_out(
    site: str, browser: Browser, width: int
) -> None:
    with reading(browser, f"{site}/{CHAPTER}", width) as page:
        place = page.locator("mle-exercise[kind=guess]").first
        outcomes = page.locator(".mle-outcome")
        hidden = outcomes.evaluate_all("all => all.map((e) => e.getAttribute('hidden'))")
        assert {*hidden} == {"until-found"}
        outcome = outcomes.first
        assert outcome.evaluate("e => e.getBoundingClientRect().height") == 0
        press(page, place.get_by_role("button", name="Show what came out"))
        expect(place.get_by_role("status")).to_contain_text("Type a guess first")
        place.get_by_label("Your guess").focus()
        page.keyboard.type("zero after 12")
        page.keyboard.press("Enter")
        beside = page.locator(".mle-guessed").first
        expect(beside).to_have_text("You guessed: zero after 12")
        expect(beside).to_be_focused()
        assert outcome.evaluate("e => e.getBoundingClientRect().height") > 20
        assert beside.evaluate("e => e.nextElementSibling.classList.contains('mle-outcome')") or (
            beside.evaluate("e => e.parentElement.querySelector('.mle-outcome') !== null")
        )
        assert excess(page) <= 0
        go_again(page)
        expect(page.locator(".mle-guessed").first).to_have_text("You guessed: zero after 12")
        others = page.locator(".mle-outcome[hidden]")
        assert others.count() > 0
        with_no_guess = page.get_by_role("button", name="Show it without a guess").locator(
            "visible=true"
        )
        press(page, with_no_guess.first)
        press(
            page,
            page.get_by_role("button", name="Show all of this book").locator("visible=true").first,
        )
        expect(others).to_have_count(0)
        assert accessibility_faults(page) == ""


def test_what_waits_is_open_without_a_program_and_in_print(site: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        go(page, f"{site}/{CHAPTER}")
        assert page.locator(".mle-outcome").count() > 0
        assert page.locator(".mle-outcome[hidden]").count() == 0
    with reading(browser, f"{site}/{CHAPTER}") as page:
        page.emulate_media(media="print")
        heights = page.locator(".mle-outcome").evaluate_all(
            "all => all.map((e) => e.getBoundingClientRect().height)"
        )
        assert min(heights) > 10


def test_a_link_into_what_waits_opens_it(site: str, browser: Browser) -> None:
    with reading(browser, f"{site}/{CHAPTER}") as page:
        inner = page.locator(".cell > .mle-outcome[hidden]").first
        name = inner.evaluate("e => e.closest('.cell').id")
        assert name.startswith(("cell-", "codecell"))
        page.evaluate("name => { location.hash = name }", name)
        expect(page.locator(f"#{name} > .mle-outcome")).not_to_have_attribute(*HIDDEN_NOW)


def test_a_prediction_waits_as_a_guess_does_and_why_is_asked_of_who_has_solved(
    site: str, browser: Browser
) -> None:
    with reading(browser, f"{site}/book/training.html") as page:
        place = exercise(page, "copies-of-a-unit")
        below = page.locator(".cell:has([exercise=copies-of-a-unit]) ~ .cell > .mle-outcome").first
        expect(below).to_have_attribute(*HIDDEN_NOW)
        place.locator("input").fill("1")
        page.keyboard.press("Enter")
        expect(below).not_to_have_attribute(*HIDDEN_NOW)
        why = page.locator("mle-exercise[data-of=train-step]")
        expect(why).to_have_attribute(*HIDDEN_NOW)
        code = exercise(page, "train-step")
        press(page, code.get_by_role("button", name="Solution"))
        expect(why).not_to_have_attribute(*HIDDEN_NOW)
    with reading(browser, f"{site}/book/training.html", **{"train-step": {"solved": True}}) as page:
        expect(page.locator("mle-exercise[data-of=train-step]")).not_to_have_attribute(*HIDDEN_NOW)


# ---- questions on earlier chapters


def wrong_letter(quiz: Choice) -> str:
    return next(letter for letter in quiz.letters if letter not in quiz.right)


def answer_by_keyboard(page: Page, place: Locator, letter: str) -> None:
    place.locator(f"input[value={letter}]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", WIDTHS)
def test_questions_open_a_chapter_and_what_was_missed_comes_back(
    site: str, browser: Browser, width: int
) -> None:
    third, fifth = CHAPTERS[2], CHAPTERS[4]
    asked = [one.question for one in opening(third.replace("-", "_"))]
    quiz = next(q for q in asked if isinstance(q, Choice))
    with reading(browser, f"{site}/book/{third}.html", width) as page:
        assert page.locator(".mle-recall mle-exercise").count() == 3
        place = exercise(page, quiz.id)
        answer_by_keyboard(page, place, wrong_letter(quiz))
        expect(said(place)).to_contain_text("Not yet right.")
        state = entry(page, quiz.id)
        assert (state["box"], state["missed"]) == (0, f"book/{third}")
        answer_by_keyboard(page, place, quiz.right)  # the first answer counts
        assert entry(page, quiz.id)["missed"] == f"book/{third}"
        place.get_by_text("Answer", exact=True).click()
        expect(place.locator(".mle-where a")).to_have_attribute("href", re.compile("#cell-"))
        assert excess(page) <= 0
        assert accessibility_faults(page, ".mle-recall") == ""
        go(page, f"{site}/book/{fifth}.html")
        back = page.locator(".mle-recall mle-exercise").first
        expect(back).to_have_attribute("exercise", quiz.id)
        assert page.locator(".mle-recall mle-exercise").count() == 3
        expect(back.locator("input:checked")).to_have_count(0)
        answer_by_keyboard(page, back, quiz.right)
        expect(said(back)).to_contain_text("Correct.")
        state = entry(page, quiz.id)
        assert state["box"] == 1
        assert "missed" not in state


@pytest.mark.parametrize("width", WIDTHS)
def test_what_may_be_forgotten_is_asked_when_it_is_due(
    site: str, browser: Browser, width: int
) -> None:
    first, second, third = (one.question.id for one in bank("gradient")[:3])
    day = 86_400_000
    kept = {
        first: {"box": 1, "due": 1},
        second: {"box": 0, "due": 2, "missed": "book/training", "judged": True, "answer": ["a"]},
        third: {"box": 2, "due": 4_000 * 365 * day},
    }
    with reading(browser, f"{site}/book/forgotten.html", width, **kept) as page:
        due = page.locator(".mle-due mle-exercise")
        assert [e.get_attribute("exercise") for e in due.all()] == [second, first]
        expect(due.first.locator("input:checked")).to_have_count(0)
        status = page.locator("article .mle-feedback").first
        expect(status).to_have_text("2 to answer.")
        for place in due.all():
            quiz = by_id()[place.get_attribute("exercise")][1]
            if isinstance(quiz, Choice):
                answer_by_keyboard(page, place, quiz.right)
            else:
                place.locator("input").fill(str(quiz.answer))  # type: ignore[union-attr]
                page.keyboard.press("Enter")
        expect(status).to_contain_text("Nothing is due. The next one is due on")
        assert [entry(page, id)["box"] for id in (first, second)] == [2, 1]
        press(page, page.get_by_role("button", name="Ask me three others"))
        expect(due).to_have_count(5)
        assert due.nth(2).locator("input").first.evaluate("e => e === document.activeElement")
        assert excess(page) <= 0
        assert accessibility_faults(page) == ""


def test_all_questions_stand_on_their_page(site: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        go(page, f"{site}/book/forgotten.html")
        ids = {one.question.id for name in order() for one in bank(name)}
        found = page.locator("mle-exercise").evaluate_all(
            "all => all.map((e) => e.getAttribute('exercise'))"
        )
        assert sorted(found) == sorted(ids)
        for link in page.locator(".mle-where a").all():
            target, _, anchor = (link.get_attribute("href") or "").partition("#")
            assert f'id="{anchor}"' in (SITE / "book" / target).read_text("utf-8")


# ---- lines to order

ORDERS = [
    id for id, (_, e) in by_id().items() if isinstance(e, CodeExercise) and e.stage == "order"
]


@pytest.mark.parametrize("id", [left_to_soak(id, k > 1) for k, id in enumerate(ORDERS)])
def test_lines_are_ordered_by_keyboard(site: str, browser: Browser, id: str) -> None:
    """Up to the solution, whichever the order was, and on a phone's width; then it is run."""
    solved = by_id()[id][1]
    assert isinstance(solved, CodeExercise)
    wanted = [line.strip() for line in solved.source().splitlines()[1:]]
    width = WIDTHS[ORDERS.index(id) % 2]
    with reading(browser, f"{site}/{page_of(id)}", width) as page:
        place = exercise(page, id)
        place.scroll_into_view_if_needed()
        lines = place.locator(".mle-lines li code")
        expect(lines.first).to_be_visible()
        assert sorted(t.strip() for t in lines.all_inner_texts()) == sorted(wanted)
        for position, line in enumerate(wanted):
            texts = [text.strip() for text in lines.all_inner_texts()]
            at = texts.index(line, position)
            if at > position:
                place.locator(".mle-lines li").nth(at).get_by_role("button", name="Move up").focus()
                for k in range(at, position, -1):
                    page.keyboard.press("Enter")
                    expect(
                        place.locator(".mle-lines [role], .mle-unseen[role=status]").first
                    ).to_be_attached()
                    assert lines.nth(k - 1).inner_text().strip() == line
        assert excess(page) <= 0
        assert accessibility_faults(page, f"mle-exercise[exercise={id}]") == ""
        if id == ORDERS[0]:
            press(page, place.get_by_role("button", name="Run"))
            expect(said(place)).to_contain_text("Correct.", timeout=PYTHON_STARTS_MS)
        else:  # what the page would run
            assert run_cell(entry(page, id)["code"], print)["status"] == "correct"
        go_again(page)
        place.scroll_into_view_if_needed()
        assert [text.strip() for text in lines.all_inner_texts()] == wanted
        press(page, place.get_by_role("button", name="Reset"))
        assert [text.strip() for text in lines.all_inner_texts()] != wanted


# ---- progress


def kept_of(page: Page, condition: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until what is kept of the chapter's reading fulfils a condition."""
    for _ in range(3000):  # some seconds
        if condition(entry(page, "read-minibatch-estimator")):
            return
    pytest.fail(f"kept: {entry(page, 'read-minibatch-estimator')}")


@pytest.mark.parametrize("width", WIDTHS)
def test_progress_says_what_was_read_and_where_to_go_on(
    site: str, browser: Browser, width: int
) -> None:
    with reading(browser, f"{site}/book/progress.html", width) as page:
        expect(page.locator(".mle-continue")).to_contain_text("Start with 1.")
        assert page.locator(".mle-chapters li").count() == len(CHAPTERS)
        assert accessibility_faults(page) == ""
        page.clock.install()
        go(page, f"{site}/{CHAPTER}")
        section = page.locator("article > section > section[id]").nth(1)
        section.locator("h2").evaluate("e => e.scrollIntoView()")
        kept_of(page, lambda state: state.get("place") == section.get_attribute("id"))
        page.clock.fast_forward(5000)
        section.locator("> .mle-end").evaluate("e => e.scrollIntoView()")
        kept_of(page, lambda state: bool(state["sections"]))
        go(page, f"{site}/book/progress.html")
        row = page.locator(".mle-chapters li").nth(2)
        expect(row).to_contain_text("1 of 8 sections read")
        link = page.locator(".mle-continue a")
        expect(link).to_have_attribute("href", re.compile(r"^minibatch-estimator\.html#"))
        assert excess(page) <= 0
        assert accessibility_faults(page) == ""
        press(page, link)
        page.wait_for_url("**/minibatch-estimator.html#*")


def test_the_front_page_offers_to_go_on(site: str, browser: Browser) -> None:
    text = (SITE / "book" / "progress.html").read_text("utf-8")
    chapters = json.loads(re.findall(r'id="mle-chapters">(.*?)</script>', text)[0])
    place = chapters[2]["sections"][3][0]
    with reading(browser, f"{site}/book/index.html", 390) as page:
        links, figure = page.locator(".mle-start a"), page.locator("mle-explore")
        assert links.count() == 1
        top = figure.bounding_box()["y"]
        kept = json.dumps({"place": place, "at": 1})
        page.evaluate(
            "kept => localStorage.setItem('mle-book/read-minibatch-estimator', kept)", kept
        )
        go_again(page)
        expect(links.nth(1)).to_have_text("Continue at 3.4")
        expect(links.nth(1)).to_have_attribute("href", f"minibatch-estimator.html#{place}")
        assert figure.bounding_box()["y"] == top  # there was room for it
