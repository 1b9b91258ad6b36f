"""A chapter by keyboard: Tab comes to its first exercise soon, and nothing is out of reach."""

from playwright.sync_api import Browser, Page

from tests.browser.exercise_page import CHAPTER_3
from tests.browser.visits import Scheme, in_each_view, opened

FEW = 25

# What Tab stops at before the first exercise with code: of radio buttons of one name one. What
# scrolls sideways and holds nothing else is a stop too, as a formula may be.
STOPS = """() => {
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Tab" })); // as before each Tab
    const goal = document.querySelector("mle-exercise:is([kind=code], [kind=order])");
    if (!goal) return []; // a page of questions alone
    const names = new Set();
    const scrolls = (e) =>
        /auto|scroll/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth &&
        !e.querySelector("a, button, input, summary");
    const stops = [...document.querySelectorAll("*")].filter(
        (e) =>
            e.compareDocumentPosition(goal) === Node.DOCUMENT_POSITION_FOLLOWING &&
            (e.tabIndex >= 0 || scrolls(e)) && !e.disabled &&
            e.checkVisibility({ visibilityProperty: true }) && !e.closest("[inert]") &&
            !(e.type === "radio" && (names.has(e.name) || !names.add(e.name))),
    );
    return stops.map((e) => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`);
}"""

LINKS = (
    ":is(a[href]:not(.headerlink, .mle-term, .mle-equation-number, .mle-own), summary, .copybtn)"
)
WAITING = """(links) => {
    const goal = document.querySelector("mle-exercise:is([kind=code], [kind=order])");
    const waiting = [...document.querySelectorAll(`.bd-links a, article ${links}`)];
    window.unreached = new Set(
        waiting.filter(
            (e) =>
                e.checkVisibility({ visibilityProperty: true }) && !e.closest("mle-exercise") &&
                e.compareDocumentPosition(goal) === Node.DOCUMENT_POSITION_FOLLOWING,
        ),
    );
    document.addEventListener("focusin", (event) => window.unreached.delete(event.target));
    return window.unreached.size;
}"""

# How many links and buttons wait behind this one for an arrow key: those up to the next stop.
STEPS_LEFT = """() => {
    const here = document.activeElement;
    if (!here.matches("a, button, summary")) return 0;
    const kinds = "a[href], button, summary, input, textarea";
    const all = [...document.querySelectorAll(kinds)];
    const next = all.slice(all.indexOf(here) + 1).filter(
        (e) => e.checkVisibility({ visibilityProperty: true }) && !e.matches(".headerlink"),
    );
    const end = next.findIndex((e) => e.tabIndex >= 0 || !e.matches("a, button, summary"));
    return end < 0 ? 0 : next.slice(0, end).length;
}"""

# What has the focus, and its outline, if that is too thin or too faint.
FOCUS = """() => {
    const e = document.activeElement;
    const luminance = (color) => {
        const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((x) =>
            x <= 10.3 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (e) => {
        const color = e ? getComputedStyle(e).backgroundColor : "rgb(255, 255, 255)";
        return /, 0\\)/.test(color) ? ground(e.parentElement) : color;
    };
    const shown = e.closest(".mle-editor") ?? e; // its frame has the outline
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(shown);
    const pair = [outlineColor, ground(shown.parentElement)].map(luminance).sort((a, b) => a - b);
    const contrast = (pair[1] + 0.05) / (pair[0] + 0.05);
    const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && contrast >= 3;
    return seen ? "" :
        `${e.tagName} ${e.className}: ${outlineStyle} ${outlineWidth} ${contrast.toFixed(2)}`;
}"""


def stops(page: Page) -> list[str]:
    return page.evaluate(STOPS)


@in_each_view
def test_arrows_reach_what_tab_passes_by(
    site: str, browser: Browser, width: int, scheme: Scheme
) -> None:
    """Tab stops where it is counted to, arrow keys come to the rest, and all of it is outlined."""
    with opened(browser, f"{site}/{CHAPTER_3}", width, scheme) as page:
        expected = stops(page)
        assert page.evaluate(WAITING, LINKS) > FEW
        look = f"() => window.faults.add(({FOCUS})())"
        page.evaluate(f"window.faults = new Set(); document.addEventListener('focusin', {look})")
        for stop in expected:
            page.keyboard.press("Tab")
            here = page.evaluate_handle("document.activeElement")
            if scheme == "dark" or stop == expected[0]:
                continue
            for _ in range(page.evaluate(STEPS_LEFT)):
                page.keyboard.press("ArrowDown" if "search" in stop else "ArrowRight")
            here.evaluate("(e) => e.focus()")  # past it there may be code that scrolls, a stop too
        arrived = "!!document.activeElement.closest('mle-exercise[kind=order]')"
        # a moment after it is opened, the theme lets what scrolls have the focus: a stop more
        for _ in range(len(expected), FEW):
            page.keyboard.press("Tab")
            if page.evaluate(arrived):
                break
        assert page.evaluate(arrived)
        assert page.evaluate("[...window.faults]") == [""]
        unreached = page.evaluate("[...window.unreached].map((e) => e.outerHTML)")
        assert scheme == "dark" or unreached == []
