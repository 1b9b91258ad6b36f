"""Old addresses lead to where things are, with scripts and without."""

import pytest
from playwright.sync_api import Browser

from tests.browser.visits import lead, new_context, opened
from tools import moved

PAGES = moved.load()["pages"]
OLD, NEW = next((old, new) for old, new in PAGES.items() if old.startswith("book/"))


@pytest.mark.parametrize("scripts", [True, False])
def test_an_old_address_leads_to_the_page(browser: Browser, site: str, scripts: bool) -> None:
    """A fragment is kept by a script; without one there is the page, or a link to it."""
    with new_context(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        lead(page, f"{site}/{OLD}.html#summary")
        page.wait_for_url(f"{site}/{NEW}.html*" if not scripts else f"{site}/{NEW}.html#summary")
        assert page.locator("#summary").count() == 1
        assert [text for text in said if "Content Security" in text] == []


def test_what_is_on_another_page_is_followed_there(browser: Browser, site: str) -> None:
    """The line that `mle_book.moved` leaves is hidden, until somebody comes for it."""
    line = (
        '<p class="mle-moved" id="eq-99-1">This has moved: <a href="index.html#the-map">x</a></p>'
    )
    with opened(browser, f"{site}/{NEW}.html") as page:
        page.evaluate(
            "line => document.querySelector('article').insertAdjacentHTML('beforeend', line)", line
        )
        assert not page.locator("#eq-99-1").is_visible()
        page.evaluate("location.hash = 'eq-99-1'")
        page.wait_for_url(f"{site}/book/index.html#the-map")
