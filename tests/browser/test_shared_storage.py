"""Two books of one owner on one host: neither meets what the other keeps in the browser.

A browser has one storage, one set of caches and one of channels for all sites of a host.
"""

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import SITE, all_pages, is_example, left_to_soak
from tests.browser.exercise_page import (
    ALL,
    BATCH_SUM,
    CHAPTER_3,
    ESTIMATOR,
    answer,
    editor,
    exercise,
    said,
    write,
)
from tests.browser.visits import go, go_again, opened
from tools.serve import Handler

QUIZ = "halve-the-error"
SOLVED = '{"answer": "320", "judged": true, "tried": true, "solved": true}'


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site as two books, /one/ and /one/two/, and as the host's own, below no name."""
    root = tmp_path_factory.mktemp("host")
    for path in SITE.iterdir():
        (root / path.name).symlink_to(path)
    (root / "one").mkdir()
    for path in SITE.iterdir():
        (root / "one" / path.name).symlink_to(path)
    (root / "one" / "two").symlink_to(SITE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


BOOKS = ("/one/", "/one/two/", "/")


def stored(context: BrowserContext) -> dict[str, str]:
    """What the host's storage holds, whoever put it there."""
    origins = context.storage_state()["origins"]
    return {entry["name"]: entry["value"] for o in origins for entry in o["localStorage"]}


def forget_all(page: Page) -> None:
    page.get_by_role("button", name="Forget all answers").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget all").click()


@pytest.mark.parametrize("book", [left_to_soak(book, k > 0) for k, book in enumerate(BOOKS)])
def test_answers_of_one_book_are_its_own(host: str, browser: Browser, book: str) -> None:
    with opened(browser, f"{host}{book}{CHAPTER_3}") as mine:
        answer(exercise(mine, QUIZ), "320")
        write(exercise(mine, ESTIMATOR), BATCH_SUM)
        theirs = mine.context.new_page()
        for other in [other for other in BOOKS if other != book]:
            go(theirs, f"{host}{other}{CHAPTER_3}")
            expect(exercise(theirs, QUIZ).locator("input")).to_have_value("")
            expect(theirs.locator("nav.bd-links .mle-mark")).to_have_count(0)
            assert editor(exercise(theirs, ESTIMATOR)).input_value() != BATCH_SUM
            answer(exercise(theirs, QUIZ), "400")
            forget_all(theirs)
        go_again(mine)
        expect(exercise(mine, QUIZ).locator("input")).to_have_value("320")
        expect(said(exercise(mine, QUIZ))).to_contain_text("Correct.")
        assert editor(exercise(mine, ESTIMATOR)).input_value() == BATCH_SUM
        # another page of the same book counts it too
        go(mine, f"{host}{book}search.html")
        expect(mine.locator("nav.bd-links .mle-mark")).to_have_count(1)


def test_answers_that_were_shared_are_taken_over_once(host: str, browser: Browser) -> None:
    """From before books were kept apart; a book on the same host that is still so keeps its own."""
    before = {f"mle-book/{QUIZ}": SOLVED, "mode": "dark", "theme": "dark", "not-of-a-book": "1"}
    with opened(browser, f"{host}/no-such-page") as page:
        page.evaluate(f"Object.assign(localStorage, {json.dumps(before)})")
        for book in ("/one/", "/one/two/"):
            go(page, f"{host}{book}{CHAPTER_3}")
            expect(exercise(page, QUIZ).locator("input")).to_have_value("320")
            expect(exercise(page, QUIZ).locator(".mle-tick")).to_have_count(1)
            assert page.get_attribute("html", "data-theme") == "dark"
        forget_all(page)
        go_again(page)
        expect(exercise(page, QUIZ).locator("input")).to_have_value("")
        go(page, f"{host}/one/{CHAPTER_3}")
        expect(exercise(page, QUIZ).locator("input")).to_have_value("320")
        assert before.items() <= stored(page.context).items()


def test_a_book_that_shares_does_not_wipe_this_one(host: str, browser: Browser) -> None:
    """What older copies of the page do at "Forget all answers"."""
    with opened(browser, f"{host}/one/{CHAPTER_3}") as page:
        answer(exercise(page, QUIZ), "320")
        go(page, f"{host}/no-such-page")
        page.evaluate(
            "for (const key of Object.keys(localStorage))"
            " if (key.startsWith('mle-book/')) localStorage.removeItem(key)"
        )
        go(page, f"{host}/one/{CHAPTER_3}")
        expect(exercise(page, QUIZ).locator("input")).to_have_value("320")


def test_what_cannot_be_stored_outlasts_what_a_neighbour_stores(
    host: str, browser: Browser
) -> None:
    with opened(browser, "about:blank") as page:
        page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
        go(page, f"{host}/one/{CHAPTER_3}")
        answer(exercise(page, QUIZ), "320")
        count = page.locator("mle-exercise[kind='progress'] [role=status]")
        expect(count).to_have_text(f"1 of {ALL} solved, kept in this browser.")
        page.evaluate("window.dispatchEvent(new StorageEvent('storage', {key: 'x'}))")
        expect(count).to_have_text(f"1 of {ALL} solved, kept in this browser.")


# ---- the list of what is shared


# Every entry's name, as the browser's own storage is asked for it.
SPY = """() => {
    window.asked = [];
    for (const method of ["getItem", "setItem", "removeItem"]) {
        const real = Storage.prototype[method];
        Storage.prototype[method] = function (...given) {
            window.asked.push(given[0]);
            return real.apply(this, given);
        };
    }
}"""


def use(page: Page) -> None:
    """What of a page keeps something: the switch of light and dark, a quiz, the sidebar."""
    page.locator("button.theme-switch-button:visible").first.click()
    page.locator(".bd-sidebar").first.evaluate("e => e.scrollTo(0, 50)")
    if quiz := page.locator("mle-exercise[kind=numeric]").all():
        answer(quiz[0], "1")


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_every_name_in_the_storage_begins_with_the_site(
    host: str, browser: Browser, every: bool
) -> None:
    """On an example of each kind, whichever script asks: also the theme's.

    `make soak` opens every page; `scripts` reads those of all.
    """
    names: set[str] = set()
    with opened(browser, "about:blank") as page:
        page.add_init_script(f"({SPY})()")
        for path in [path for path in all_pages() if every or is_example(path)]:
            go(page, f"{host}/one/{path}")
            use(page)
            if path == "search.html":
                go(page, f"{host}/one/search.html?q=noise")
                page.locator("#search-results li > a").first.wait_for(timeout=20_000)
            names |= set(page.evaluate("window.asked"))
            page.evaluate("window.dispatchEvent(new Event('beforeunload'))")
            names |= set(page.evaluate("window.asked"))
        kept = {*stored(page.context), *page.evaluate("Object.keys(sessionStorage)")}
        raw = set(stored(page.context))
    own = {name.removeprefix("/one/#") for name in names if name.startswith("/one/#")}
    assert own >= {"mode", "theme", "searched"}
    assert any(name.startswith("mle-book/") for name in own)
    assert {name for name in raw if not name.startswith("/one/#")} == set()
    # before books were kept apart: read once, to take copies
    assert {name for name in names if not name.startswith("/one/#")} == set()
    assert kept


SHARED = re.compile(
    r"\b(localStorage|sessionStorage|indexedDB|BroadcastChannel|SharedWorker|serviceWorker"
    r"|caches|cookieStore|openDatabase|requestFileSystem|getDirectory|webkitStorageInfo)\b"
    r"|navigator\.(locks|storage)\b|document\.cookie\b|window\.name\b"
)
KEPT_APART = {"localStorage", "sessionStorage"}
UNUSED = {  # Pyodide's, for code that mounts a file system that lasts
    "pyodide.asm.mjs": {"indexedDB"},
}


def scripts() -> dict[str, str]:
    """Every script of the site, and those that stand in a page."""
    found = {
        path.relative_to(SITE).as_posix(): path.read_text("utf-8", errors="replace")
        for pattern in ("*.js", "*.mjs")
        for path in SITE.rglob(pattern)
    }
    for page in all_pages():
        html = (SITE / page).read_text("utf-8")
        code = re.findall(r"<script(?![^>]*(?:src=|json))[^>]*>(.*?)</script>", html, re.S)
        found[page] = "\n".join(code)
    return found


COMMENTS = re.compile(r"^\s*(//|/?\*).*$", re.M)


def test_nothing_else_that_sites_of_a_host_share_is_used() -> None:
    uses: dict[str, set[str]] = {}
    for name, code in scripts().items():
        found = {match[0] for match in SHARED.finditer(COMMENTS.sub("", code))} - KEPT_APART
        if found:
            uses[Path(name).name] = found
    assert uses == UNUSED


def test_nothing_lasts_but_the_entries(host: str, browser: Browser) -> None:
    """After a visit with everything used: no database, cache, cookie or service worker."""
    with opened(browser, f"{host}/one/{CHAPTER_3}") as page:
        use(page)
        editor(exercise(page, ESTIMATOR))
        lasting: Any = page.evaluate(
            """async () => ({
                databases: (await indexedDB.databases()).length,
                caches: window.caches ? (await caches.keys()).length : 0,
                workers: navigator.serviceWorker
                    ? (await navigator.serviceWorker.getRegistrations()).length : 0,
                cookies: document.cookie,
                name: window.name,
            })"""
        )
        assert lasting == {"databases": 0, "caches": 0, "workers": 0, "cookies": "", "name": ""}


def test_the_view_is_a_storage(host: str, browser: Browser) -> None:
    """Whatever a script does with a storage it can do with the part that is the site's."""
    with opened(browser, f"{host}/no-such-page") as page:
        page.evaluate("localStorage.setItem('stranger', '1')")
        go(page, f"{host}/one/book/status.html")
        said = page.evaluate(
            """() => {
                const out = [];
                for (const storage of [localStorage, sessionStorage]) {
                    storage.clear();
                    storage.setItem("a", 1);
                    storage.b = "two";
                    storage["c"] = "";
                    const keys = [...Array(storage.length).keys()].map((k) => storage.key(k));
                    out.push([
                        storage.length, keys.sort(), storage.getItem("a"), storage.b, storage.c,
                        "a" in storage, "z" in storage, storage.getItem("z"), storage.z ?? null,
                        Object.keys(storage).sort(), {...storage}, storage.key(99),
                        storage.stranger ?? null,
                    ]);
                    storage.removeItem("a");
                    delete storage.b;
                    out.push({...storage});
                    storage.clear();
                    out.push(storage.length);
                }
                return out;
            }"""
        )
        abc = ["a", "b", "c"]
        entries = {"a": "1", "b": "two", "c": ""}
        one = [3, abc, "1", "two", "", True, False, None, None, abc, entries, None, None]
        assert said == 2 * [one, {"c": ""}, 0]
        assert stored(page.context)["stranger"] == "1"
