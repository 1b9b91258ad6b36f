"""A reference shows what it leads to, and nothing in the page moves (`previews.js`)."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.visits import (
    Scheme,
    accessibility_faults,
    back,
    excess,
    in_each_view,
    opened,
    ready,
)

CHAPTER = "book/minibatch-estimator.html"
SMALL = "book/status.html"
EQUATION = "a[href='#eq-3-1']:not(.mle-equation-number)"
KINDS = {
    EQUATION: "div.math",
    "a[href='optimizers.html#adam']": ".mle-preview-name:has-text('7.5 Adam') + p",
    "a[href='#cell-ch3-13']": ".cell_output table",
    "p a[href$='.minibatch_gradient']": ".sig:has-text('minibatch_gradient(') + :is(p, pre)",
}
ELSEWHERE = """<article>
<dl class="glossary"><dt id="term-mode">mode<a class="headerlink" href="#term-mode">#</a></dt>
<dd><p>Where it is <a href="#cell-a">highest</a>.</p></dd></dl>
<div class="math" id="eq-1-1"><math><mi>x</mi></math></div>
<div class="cell" id="cell-a"><div class="cell_output"><figure><svg role="img"
aria-label="A half" viewBox="0 0 9 9">
<path id="glyph" d="M0 0H9V9Z" /><use href="#glyph" /></svg></figure></div></div>
<div class="cell" id="cell-b"><div class="cell_output mle-outcome"><pre>42</pre></div></div>
</article>"""
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({
    type: "layout-shift",
});"""
MOVED = """() => shifts.map(({ value, sources }) =>
    [value, ...sources.map(({ node }) => node?.parentElement?.outerHTML.slice(0, 200))])"""
# Editors that have come near the window open, on a slow machine a moment later: until nothing has
# moved for so long.
AT_REST = """() => new Promise((resolve) => {
    let timer = setTimeout(resolve, 400);
    new PerformanceObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(resolve, 400);
    }).observe({ type: "layout-shift" });
})"""
REST = "() => new Promise((resolve) => setTimeout(resolve, 400))"  # longer than REST_MS


def panel(page: Page) -> Locator:
    """Waited for without `expect`, which reads the whole of a chapter at each look, for seconds."""
    return page.locator(".mle-preview")


def reference(page: Page, selector: str) -> Locator:
    link = page.locator(f".bd-article {selector}").first
    link.evaluate("link => link.scrollIntoView({ block: 'center' })")
    ready(page)
    page.evaluate(AT_REST)
    page.evaluate(SHIFTS)
    return link


def append(page: Page, html: str) -> None:
    page.locator("article").evaluate("(e, html) => e.insertAdjacentHTML('beforeend', html)", html)


def linked(page: Page, href: str) -> Locator:
    """A reference that the page does not have, in its first paragraph."""
    link = f"<a href='{href}'>{href}</a> "
    page.locator(".bd-article p").first.evaluate(
        "(text, link) => text.insertAdjacentHTML('afterbegin', link)", link
    )
    return reference(page, f"a[href='{href}']")


@in_each_view
def test_by_keyboard_each_kind_is_described(
    browser: Browser, site: str, width: int, scheme: Scheme
) -> None:
    with opened(browser, f"{site}/{CHAPTER}", width, scheme) as page:
        for selector, shown in KINDS.items():
            link = reference(page, selector)
            link.focus()
            panel(page).locator(shown).wait_for()
            expect(panel(page)).to_have_role("tooltip")
            assert panel(page).locator("a[href], [id], [tabindex='0']").count() == 0
            expect(link).to_have_accessible_description(re.compile(r"\w"))
            assert page.evaluate(MOVED) == []
            assert excess(page) <= 0
        page.keyboard.press("Escape")
        expect(panel(page)).to_have_count(0)
        expect(link).to_be_focused()
        reference(page, EQUATION).focus()
        panel(page).wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url("**#eq-3-1")
        expect(panel(page)).to_have_count(0)


def test_a_pointer_may_go_into_the_panel(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}/{SMALL}") as page:
        page.route("**/elsewhere.html", lambda route: route.fulfill(body=ELSEWHERE))
        linked(page, "elsewhere.html#term-mode").hover()
        expect(panel(page)).to_have_text("modeWhere it is highest.")
        panel(page).hover()
        page.evaluate(REST)
        expect(panel(page)).to_be_visible()
        page.emulate_media(media="print")
        expect(panel(page)).to_be_hidden()
        page.emulate_media(media="screen")
        page.mouse.move(1, 1)
        expect(panel(page)).to_have_count(0)
        linked(page, "elsewhere.html#cell-a").focus()
        expect(panel(page).locator("figure #glyph")).to_be_visible()  # what the drawing is made of
        assert accessibility_faults(page, ".mle-preview") == ""


def test_a_tap_shows_and_a_second_one_follows(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}/{SMALL}", 390, "dark", has_touch=True) as page:
        append(page, ELSEWHERE)
        link = linked(page, "#eq-1-1")
        link.tap()
        expect(page.get_by_role("dialog", name="Preview of #eq-1-1")).to_be_focused()
        assert page.evaluate(MOVED) == []
        assert excess(page) == 0
        assert accessibility_faults(page, ".mle-preview") == ""
        page.get_by_role("button", name="Close").tap()
        expect(panel(page)).to_have_count(0)
        link.tap()
        way = panel(page).get_by_role("link", name="Go there")
        expect(way).to_have_attribute("href", f"{site}/{SMALL}#eq-1-1")
        assert page.url == f"{site}/{SMALL}"
        link.tap()
        page.wait_for_url("**#eq-1-1")
        expect(panel(page)).to_have_count(0)


def test_what_cannot_be_shown_is_followed(browser: Browser, site: str) -> None:
    """What is not there, and what waits for a guess or may wait."""
    with opened(browser, f"{site}/{SMALL}", 390, has_touch=True) as page:
        page.route("**/elsewhere.html", lambda route: route.fulfill(body=ELSEWHERE))
        append(page, "<div class='cell' id='waits'><p class='cell_output' hidden>42</p></div>")
        linked(page, "#waits").tap()
        page.wait_for_url("**#waits")
        for fragment in ("cell-b", "missing"):
            linked(page, f"elsewhere.html#{fragment}").tap()
            page.wait_for_url(f"**/elsewhere.html#{fragment}")
            back(page)
