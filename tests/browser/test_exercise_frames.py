"""Quizzes as a notebook's output frame shows them: alone, without the site."""

from html import escape

import pytest
from _pytest.mark import ParameterSet
from playwright.sync_api import Browser, expect

from mle_lib.exercises import quiz
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.registry import by_id

QUIZZES = [e for _, e in by_id().values() if not isinstance(e, CodeExercise)]
FIRST = {e.kind: e.id for e in reversed(QUIZZES)}  # of each kind


def all_in_soak() -> list[ParameterSet]:
    """At a push one of each kind: all have one program, and the pages of the site ask all."""
    left = [[pytest.mark.soak] if e.id not in FIRST.values() else [] for e in QUIZZES]
    return [pytest.param(e.id, marks=m) for e, m in zip(QUIZZES, left, strict=True)]


def in_a_frame(*ids: str) -> str:
    """A page like Colab's: the output stands in a sandbox, which allows scripts alone."""
    body = "".join(quiz(id)._repr_html_() for id in ids)
    frame = f'<iframe sandbox="allow-scripts" width="860" height="800" srcdoc="{escape(body)}">'
    return f"<!DOCTYPE html>{frame}</iframe>"


@pytest.mark.parametrize("exercise_id", all_in_soak())
def test_a_quiz_answers_in_a_frame_of_its_own(browser: Browser, exercise_id: str) -> None:
    exercise = by_id()[exercise_id][1]
    page = browser.new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda m: seen.append(m.text) if m.type == "error" else None)
    page.set_content(in_a_frame(exercise_id))
    frame = page.frame_locator("iframe")
    status = frame.get_by_role("status")
    if exercise.kind == "open":
        frame.get_by_role("textbox").fill("I think so.")
    elif exercise.kind == "numeric":
        field = frame.get_by_role("textbox")
        field.fill("60,000")
        field.press("Enter")
        expect(status).to_contain_text("Is “60,000” 60000 or 60?")
        field.fill(repr(exercise.answer))
        frame.get_by_role("button", name="Check").click()
        expect(status).to_contain_text("Correct.")
    else:
        for letter in exercise.right:
            frame.locator(f"input[value={letter}]").check()
        frame.get_by_role("button", name="Check").click()
        expect(status).to_contain_text("Correct.")
    assert frame.locator("body").inner_text().count("$") == 0
    assert seen == []
    page.close()


def test_two_quizzes_share_one_document(browser: Browser) -> None:
    """As in JupyterLab, where each brings the program again."""
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(in_a_frame("halve-the-error", "what-a-shuffle-gives"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("button", name="Check")).to_have_count(2)
    assert errors == []
    page.close()
