"""What stands in for the book's fonts until they have come has their measures (`type.css`)."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import SITE
from tests.browser.visits import go, new_context

# The average width of a letter in English text, in em, as Capsize has it (@capsizecss/metrics
# 4.3.0). Liberation Sans was drawn to the widths of Arial, Gelasio to those of Georgia.
WIDTHS = {
    "Source Serif": 0.479, "Georgia": 0.446, "Noto Serif": 0.481,
    "Source Sans": 0.418, "Roboto": 0.445, "Arial": 0.446,
}  # fmt: skip
TEXT = """A mini-batch is a part of the sum, and what it gives is right on average. Its variance
falls with the batch size, and a step that is long for the noise keeps the run away from the top."""

MEASURE = """async (text) => {
    const faces = [];
    for (const sheet of document.styleSheets) for (const rule of sheet.cssRules) {
        if (!(rule instanceof CSSFontFaceRule) || !rule.style.sizeAdjust) continue;
        const value = (name) => rule.style.getPropertyValue(name);
        const percent = (name) => parseFloat(value(name)) / 100;
        faces.push({
            family: value("font-family").replaceAll('"', ""), src: value("src"),
            size: percent("size-adjust"),
            ascent: percent("ascent-override"), descent: percent("descent-override"),
        });
    }
    const pen = document.createElement("canvas").getContext("2d");
    const found = { faces, fonts: {} };
    for (const family of ["Source Serif", "Source Sans", ...faces.map((face) => face.family)]) {
        const font = pen.font = `400 1000px "${family}"`;
        const loaded = await document.fonts.load(font).catch(() => []);
        const box = pen.measureText(text);
        const measures = [box.width, box.fontBoundingBoxAscent, box.fontBoundingBoxDescent];
        if (loaded.length) found.fonts[family] = measures;
    }
    return found;
}"""


def test_what_stands_in_for_a_font_takes_as_much_room(site: str, browser: Browser) -> None:
    with new_context(browser) as context:
        # those of the site are not shown if they come late
        style = (SITE / "_static" / "type.css").read_text("utf-8").replace("fallback", "block")
        context.route("**/type.css*", lambda r: r.fulfill(body=style, content_type="text/css"))
        page = context.new_page()
        go(page, f"{site}/book/status.html")
        found = page.evaluate(MEASURE, TEXT)
    assert len(found["faces"]) >= 5
    for face in found["faces"]:
        own = f"Source {face['family'].split()[0]}"
        width, ascent, descent = found["fonts"][own]
        assert face["ascent"] * face["size"] * 1000 == pytest.approx(ascent, abs=2), face
        assert face["descent"] * face["size"] * 1000 == pytest.approx(descent, abs=2), face
        for local in re.findall(r'local\("(.*?)"\)', face["src"]):
            if local in WIDTHS:
                said = WIDTHS[own] / WIDTHS[local]
                assert face["size"] == pytest.approx(said, abs=0.002), local
        if face["family"] in found["fonts"]:  # this machine has it
            assert found["fonts"][face["family"]][0] == pytest.approx(width, rel=0.01), face
