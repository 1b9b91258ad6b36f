"""A browser that translates the page: it leaves alone what is code, maths, or read by a script."""

import json

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SITE, all_pages, in_the_light, left_to_soak
from tests.browser.exercise_page import (
    CHAPTER_3,
    ESTIMATOR,
    PYTHON_STARTS_MS,
    RIGHT,
    editor,
    exercise,
    kept,
    said,
    write,
)
from tests.browser.visits import opened
from tests.site.translation import CODE, bare, bare_names

MADE = f"{CODE}, .mle-editor"  # when the scripts have run
UNMARKED = """(elements) => elements
    .filter((e) => !e.closest("[translate=no]") || !e.closest(".notranslate"))
    .map((e) => e.outerHTML.slice(0, 120))"""


FIRST = ("index.html", "404.html")
EVERY = [
    left_to_soak(name, name not in {*in_the_light(), *FIRST}) for name in (*all_pages(), *FIRST)
]


@pytest.mark.parametrize("name", EVERY)
def test_every_page_says_what_is_code(name: str) -> None:
    page = BeautifulSoup((SITE / name).read_text("utf-8"), "html.parser")
    assert bare(page) == []
    assert page.select(CODE) or name.endswith(("search.html", "index.html", "404.html"))
    # the text is left to the translator
    assert not page.select("html[translate], body[translate], main[translate], article[translate]")


def test_arguments_are_names() -> None:
    """In the API's lists of arguments, where they are bold and not code."""
    page = BeautifulSoup((SITE / "book" / "api.html").read_text("utf-8"), "html.parser")
    names = page.select("dl.field-list li > p > strong:first-child")
    assert len(names) > 100
    assert [str(name) for name in names if name.get("translate") != "no"] == []


def unmarked(page: Page) -> list[str]:
    """What scripts have made of code and formulas, and does not say so; bare names.

    Asked of each page whose scripts make some, by test_exercises_access.py and test_figures.py.
    """
    assert page.locator(MADE).count() > 0
    names = bare_names(BeautifulSoup(page.content(), "html.parser"))
    return page.locator(MADE).evaluate_all(UNMARKED) + names


TRANSLATED = "ж"
# What a translator does: each text becomes an element, and later changes are translated as well.
TRANSLATE = """() => {
    const kept = "[translate=no], .notranslate, script, style";
    const translate = (root) => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) texts.push(walker.currentNode);
        for (const text of texts) {
            const parent = text.parentElement;
            if (!parent || !text.data.trim() || parent.closest(`${kept}, font`)) continue;
            const made = document.createElement("font");
            made.textContent = text.data.replace(/\\w/g, "ж");
            text.replaceWith(made);
        }
    };
    translate(document.body);
    const watch = new MutationObserver((changes) => {
        for (const change of changes)
            for (const node of change.addedNodes) translate(node.parentNode ?? document.body);
    });
    watch.observe(document.body, { childList: true, subtree: true });
}"""


def test_exercises_work_on_a_translated_page(site: str, browser: Browser) -> None:
    """Nothing that runs, is kept or is copied has been translated, and every mark is placed."""
    if not (SITE / "_exercises" / "pyodide" / "pyodide.mjs").exists():
        pytest.skip(f"no Pyodide in {SITE}: set MLE_PYODIDE and run `make book`")
    printing = "print('printed')\n" + RIGHT
    with opened(browser, f"{site}/{CHAPTER_3}") as page:
        place, quiz = exercise(page, ESTIMATOR), exercise(page, "halve-the-error")
        area = editor(place)
        stub = area.input_value()
        sources = page.locator("div.highlight pre").all_inner_texts()
        page.evaluate(TRANSLATE)
        expect(page.locator("article h1 font").first).to_be_visible()
        write(place, printing)
        button = place.locator("button.mle-primary")  # by its class: its name is translated
        expect(button).not_to_have_text("Run")
        button.click()
        expect(button).to_have_attribute("aria-disabled", "false", timeout=PYTHON_STARTS_MS)
        expect(said(place).locator("[data-status=correct]")).to_be_visible()
        expect(place.locator(".mle-output pre")).to_have_text("printed\n")
        expect(page.locator("h3 .mle-tick")).to_have_count(1)
        state = json.loads(kept(page)[f"mle-book/{ESTIMATOR}"])
        assert (state["output"], state["code"]) == ("printed\n", printing)
        assert TRANSLATED not in json.dumps(state, ensure_ascii=False)
        quiz.locator("input").fill("320")
        quiz.locator("input").press("Enter")
        expect(said(quiz).locator("[data-status=correct]")).to_be_visible()
        letters = exercise(page, "what-a-shuffle-gives").locator("label b").all_inner_texts()
        assert letters == ["a.", "b.", "c.", "d.", "e."]
        assert page.locator("div.highlight pre").all_inner_texts() == sources
        place.locator(".mle-buttons button").last.click()  # Reset
        assert area.input_value() == stub
