"""A page with exercises, opened in a browser, and what one does there."""

from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from mle_lib.exercises.quizzes import Choice, Numeric
from mle_lib.exercises.registry import by_id, chapter
from tests.browser.conftest import SITE, exercise_pages

CHAPTER_3 = "book/minibatch-estimator.html"
ESTIMATOR = "minibatch-gradient"
ALL = len(chapter(3))  # its exercises
PYTHON_STARTS_MS = 90_000  # on a machine that does other things too

CELL = """from mle_lib.exercises import check

def estimate(gradients, indices):
    {}

check("minibatch-gradient", estimate)
"""
RIGHT = CELL.format("return len(gradients) / len(indices) * gradients[indices].sum(axis=0)")
BATCH_SUM = CELL.format("return gradients[indices].sum(axis=0)")  # a known slip
ENDLESS = "print('before')\nwhile True:\n    pass\n"


def only_own_origin(context: BrowserContext, origin: str) -> list[str]:
    """Cut the network to one origin, for pages and workers; gives what was asked of others."""
    others: list[str] = []

    def decide(route: Any) -> None:
        if route.request.url.startswith((origin + "/", "data:", "blob:")):
            route.continue_()
        else:
            others.append(route.request.url)
            route.abort()

    context.route("**/*", decide)
    return others


def open_all(page: Page) -> None:
    """Unfold the chapters of the page with all questions on them."""
    folds = page.locator(".mle-recall-all > details")
    folds.evaluate_all("all => all.forEach((e) => (e.open = true))")


def exercise(page: Page, id: str) -> Locator:
    return page.locator(f"mle-exercise[exercise='{id}']")


def said(place: Locator) -> Locator:
    """What the exercise says of an answer."""
    return place.locator(".mle-feedback")


def quiz_ids(kind: str) -> list[str]:
    return [id for id, (number, e) in by_id().items() if e.kind == kind and number]


def page_of(id: str) -> str:
    """The page that sets an exercise."""
    element = f'exercise="{id}"'
    return next(p for p in exercise_pages() if element in (SITE / p).read_text("utf-8"))


def answer(place: Locator, letters_or_number: str) -> None:
    """Answer a quiz and check it."""
    quiz = by_id()[place.get_attribute("exercise")][1]
    assert isinstance(quiz, Choice | Numeric)
    if isinstance(quiz, Numeric):
        place.locator("input").fill(letters_or_number)
    else:
        for letter in quiz.letters:
            box = place.locator(f"input[value='{letter}']")
            if letter in letters_or_number:
                box.check()
            elif quiz.several:
                box.uncheck()
    place.get_by_role("button", name="Check").click()


# The same in one call, without looking whether a mouse could do it, as other tests do: the boxes or
# the field, and the button.
ANSWER = """(place, given) => {
    for (const box of place.querySelectorAll("input[value]:is([type=checkbox], [type=radio])")) {
        const chosen = given.includes(box.value);
        if (box.checked !== chosen && (chosen || box.type === "checkbox")) box.click();
    }
    const field = place.querySelector("input:not([type=checkbox], [type=radio])");
    if (field) {
        field.value = given;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    [...place.querySelectorAll("button")].find((e) => e.textContent.trim() === "Check").click();
}"""


def editor(place: Locator) -> Locator:
    """The exercise's editor, opened."""
    place.scroll_into_view_if_needed()
    area = place.locator("textarea")
    area.wait_for()
    return area


def write(place: Locator, code: str) -> None:
    """Put code in the editor, as a paste does."""
    editor(place).focus()
    place.page.keyboard.press("ControlOrMeta+a")
    place.page.keyboard.insert_text(code)


def run(place: Locator, code: str) -> None:
    """Write a cell, run it, and wait for what comes of it."""
    write(place, code)
    place.get_by_role("button", name="Run").click()
    finished(place)


def finished(place: Locator) -> None:
    expect(place.get_by_role("button", name="Run")).to_have_attribute(
        "aria-disabled", "false", timeout=PYTHON_STARTS_MS
    )


def kept(page: Page) -> dict[str, str]:
    """What the page has put into the browser's storage, the theme's own entries apart, and what it
    has seen read, which changes as one goes along."""
    entries = page.evaluate("() => ({...localStorage})")
    ours = {k: v for k, v in entries.items() if k.startswith("mle-book/")}
    return {k: v for k, v in ours.items() if not k.startswith("mle-book/read-")}
