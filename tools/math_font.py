"""Cut from STIX Two Math what the book's formulas use (`python -m tools.math_font FONT`).

FONT is the whole font, such as `stix-two-math-latin-400-normal.woff2` of the package
`@fontsource/stix-two-math`. What is used is read from the built site; the build says when a formula
has a letter that the cut font lacks.
"""

import re
import sys

from fontTools import subset

from tools.build_book import HTML
from tools.environment import ROOT, say

sys.path.append(str(ROOT / "book" / "_ext"))
from mle_book.formulas import FONT, characters

FORMULA = re.compile(r"<math\b.*?</math>", re.S)


def used() -> set[str]:
    """What all formulas of the site need, those of the exercises among them, and any letter."""
    pages = (path.read_text("utf-8") for path in HTML.rglob("*.html"))
    letters = (
        f"<mi>{chr(code)}</mi>" for code in (*range(65, 91), *range(97, 123), *range(945, 970))
    )
    return characters("".join(letters)).union(
        *(characters(maths) for page in pages for maths in FORMULA.findall(page))
    )


def main(source: str) -> None:
    options = subset.Options(flavor="woff2", layout_features=["*"])
    font = subset.load_font(source, options)
    cut = subset.Subsetter(options)
    cut.populate(text="".join(used()))
    cut.subset(font)
    subset.save_font(font, str(FONT), options)
    say(f"{FONT.name}: {len(used())} characters, {FONT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
