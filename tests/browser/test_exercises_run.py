"""Python on the built site: started, run, stopped, missing."""

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from mle_lib.data.strings import Language, character_names
from mle_lib.exercises.registry import by_id
from tests.browser.conftest import SITE, WIDTHS
from tests.browser.exercise_page import (
    BATCH_SUM,
    CHAPTER_3,
    ENDLESS,
    ESTIMATOR,
    PYTHON_STARTS_MS,
    RIGHT,
    editor,
    exercise,
    finished,
    only_own_origin,
    run,
    said,
    write,
)
from tests.browser.visits import excess, go, go_again, opened, resize, turn
from tools.notebooks import read, toc_notebooks
from tools.publish_as import is_published

SECOND = "short-batch-weights"


@pytest.fixture(autouse=True)
def pyodide_is_there() -> None:
    if not (SITE / "_exercises" / "pyodide" / "pyodide.mjs").exists():
        message = f"no Pyodide in {SITE}: set MLE_PYODIDE and run `make book`"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


@pytest.fixture(scope="module")
def page(site: str, browser: Browser) -> Iterator[Page]:
    """One page for many runs, in a browser that reaches nothing but the site."""
    with opened(browser, "about:blank") as page:
        others = only_own_origin(page.context, site)
        asked: list[str] = []
        page.context.on("request", lambda request: asked.append(request.url))
        go(page, f"{site}/{CHAPTER_3}")
        assert not [url for url in asked if "/pyodide/" in url or "worker" in url]
        yield page
        assert others == []
        # That the list is empty says something: requests of the worker do come by.
        assert [url for url in asked if url.endswith("pyodide.asm.wasm")]


@pytest.fixture
def place(page: Page) -> Locator:
    return exercise(page, ESTIMATOR)


def test_known_slip(place: Locator) -> None:
    run(place, BATCH_SUM)
    expect(said(place)).to_contain_text("Not yet right.")
    expect(said(place)).to_contain_text("you add the batch's gradients")
    assert said(place).get_attribute("role") == "status"


def test_stub(place: Locator) -> None:
    place.get_by_role("button", name="Reset").click()
    place.get_by_role("button", name="Run").click()
    finished(place)
    expect(said(place)).to_contain_text("Not attempted yet.")


def test_error_in_the_readers_words(place: Locator) -> None:
    run(place, "x = 1\nx / 0\n")
    expect(said(place)).to_contain_text("Your code stopped.")
    expect(said(place)).to_contain_text("Line 2:")
    expect(said(place)).to_contain_text("ZeroDivisionError")
    assert "pyodide" not in said(place).inner_text()


def test_cell_without_its_check(place: Locator) -> None:
    run(place, "1 + 1")
    expect(said(place)).to_contain_text("Nothing was checked.")


SEQUENCES = """from mle_lib.data.strings import Language, character_names

names = character_names()
language = Language(5, 0)
print(len(names), len(max(names, key=len)), language.entropy(), language.log_p([1, 2, 3]))
"""


def test_names_and_the_known_language_are_there(place: Locator) -> None:
    """The page's Python says of them what this one says (and checks the names' digest itself)."""
    names, language = character_names(), Language(5, 0)
    run(place, SEQUENCES)
    printed = place.locator(".mle-output pre").inner_text().split()
    assert [int(n) for n in printed[:2]] == [len(names), len(max(names, key=len))]
    expected = [language.entropy(), language.log_p([1, 2, 3])]
    assert [float(n) for n in printed[2:]] == pytest.approx(expected, rel=1e-12)


def test_every_run_has_its_own_names(place: Locator) -> None:
    run(place, "y = 1")
    run(place, "y")
    expect(said(place)).to_contain_text("NameError")


def test_endless_loop_is_stopped(place: Locator) -> None:
    place.evaluate("place => place.setAttribute('limit', '1')")
    run(place, ENDLESS)
    expect(said(place)).to_contain_text("It ran for 1 seconds")
    expect(place.locator(".mle-output pre")).to_have_text("before\n")
    run(place, "1 + 1")  # the start does not count
    place.evaluate("place => place.removeAttribute('limit')")
    expect(said(place)).to_contain_text("Nothing was checked.")


def test_limit_is_twenty_seconds(page: Page) -> None:
    assert page.evaluate("customElements.get('mle-exercise').limit") == 20


def test_stop_and_who_waits(page: Page, place: Locator) -> None:
    """A second exercise waits for the first, and runs when that is stopped."""
    write(place, ENDLESS)
    place.get_by_role("button", name="Run").click()
    expect(place.locator(".mle-output pre")).to_have_text("before\n", timeout=PYTHON_STARTS_MS)
    other = exercise(page, SECOND)
    editor(other)
    other.get_by_role("button", name="Run").click()
    expect(said(other)).to_contain_text("Waiting")
    stop = place.get_by_role("button", name="Stop")
    stop.focus()
    page.keyboard.press("Enter")
    expect(said(place)).to_contain_text("You stopped it.")
    expect(place.get_by_role("button", name="Run")).to_be_focused()
    expect(stop).to_be_hidden()
    finished(other)
    expect(said(other)).to_contain_text("Not attempted yet.")


def test_crash_is_told_and_mended(place: Locator) -> None:
    deep = "import sys\nsys.setrecursionlimit(10**6)\n"
    deep += "def f(x):\n    return sorted([x], key=f)\nf(1)\n"
    run(place, deep)
    expect(said(place)).to_contain_text("Python stopped.")
    run(place, RIGHT)
    expect(said(place)).to_contain_text("Correct.")


def test_run_by_key(page: Page, place: Locator) -> None:
    write(place, BATCH_SUM)
    page.keyboard.press("Control+Enter")
    finished(place)
    expect(said(place)).to_contain_text("you add the batch's gradients")


def test_narrow_and_dark(page: Page, place: Locator) -> None:
    resize(page, WIDTHS[1])
    turn(page, "dark")
    run(place, BATCH_SUM.replace("):", '):\n    """' + 80 * "long " + '"""'))
    expect(said(place)).to_contain_text("you add the batch's gradients")
    assert excess(page) <= 0
    turn(page, "light")
    resize(page, WIDTHS[0])


def test_correct_is_kept(page: Page, place: Locator) -> None:
    run(place, "print('printed')\n" + RIGHT)
    expect(said(place)).to_contain_text("Correct.")
    expect(place.locator(".mle-output pre")).to_have_text("printed\n")
    heading = page.locator("h3", has_text="The estimator")
    expect(heading.locator(".mle-tick")).to_have_text(" ✓ solved")
    go_again(page)  # the next run would have to start Python again
    expect(said(place)).to_contain_text("Correct.")
    expect(place.locator(".mle-output pre")).to_have_text("printed\n")
    assert "printed" in editor(place).input_value()
    expect(heading.locator(".mle-tick")).to_have_text(" ✓ solved")


@pytest.mark.parametrize(
    "missing",
    ["pyodide/**", "worker.mjs", "library.zip", "pyodide/numpy*", "pyodide/pyodide.asm.wasm"],
)
def test_missing_python_is_told(site: str, browser: Browser, missing: str) -> None:
    with opened(browser, "about:blank") as page:
        page.context.route(f"**/_exercises/{missing}", lambda route: route.fulfill(status=404))
        go(page, f"{site}/{CHAPTER_3}")
        place = exercise(page, ESTIMATOR)
        run(place, RIGHT)
        expect(said(place)).to_contain_text("Python could not start on this page.")
        expect(said(place)).to_contain_text("Its files are missing")
        expect(said(place)).to_contain_text("the same cell runs")
        if is_published():
            link = said(place).get_by_role("link", name="Open this chapter in Colab")
            address = link.get_attribute("href")
            assert address.startswith("https://colab.research.google.com/github/")
            assert address.endswith("/book/minibatch-estimator.ipynb")


def test_page_opened_as_a_file_says_so(browser: Browser) -> None:
    with opened(browser, (SITE / CHAPTER_3).as_uri()) as page:
        place = exercise(page, ESTIMATOR)
        editor(place)  # once it stands, nothing moves under the mouse
        place.get_by_role("button", name="Run").click()
        expect(said(place)).to_contain_text("opened as a file")
        expect(said(place).get_by_role("link", name="Colab")).to_have_count(int(is_published()))


GIVEN = {"write": "not attempted", "fill": "not attempted"}  # by stage; else "incorrect"


@pytest.mark.soak
def test_every_exercise_in_the_pages_python(place: Locator) -> None:
    """As it is given, and as it is solved: what is said is what is said here."""
    for cell in (c for path in toc_notebooks() for c in read(path).cells):
        if "exercise" in cell.metadata.get("tags", []):
            id, name = re.findall(r'^check\("([\w-]+)", (\w+)\)$', cell.source, re.M)[-1]
            stage = by_id()[id][1].stage
            said_of = [f'print(check("{id}", {name}).status)']
            said_of += [f'print(check("{id}", find("{id}")[1].answer).status)']
            source = cell.source.rpartition("\n")[0] + "\n" + "\n".join(said_of)
            run(place, f"from mle_lib.exercises.registry import find\n{source}")
            printed = place.locator(".mle-output pre").inner_text().split("\n")
            assert printed[:2] == [GIVEN.get(stage, "incorrect"), "correct"], id
