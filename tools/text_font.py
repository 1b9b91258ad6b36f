"""Cut from fonts of the text the weights that no page has (`python -m tools.text_font FONT ...`).

Each FONT is a whole variable font, such as `source-serif-4-latin-wght-normal.woff2` of the package
`@fontsource-variable/source-serif-4`. What is cut is another font, and says so: by its licence it
may not have the name of the whole.
"""

import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from tools.environment import ROOT, say

FONTS = ROOT / "book" / "_static" / "fonts"
LIGHTEST, BOLDEST = 400, 700  # of `font-weight` in the style sheets
WHOLE, CUT = "Source", "Text"


def main(sources: list[str]) -> None:
    for source in sources:
        font = instancer.instantiateVariableFont(
            TTFont(source), {"wght": (LIGHTEST, LIGHTEST, BOLDEST)}
        )
        for record in font["name"].names:
            if record.nameID in (1, 3, 4, 6, 16, 25):
                record.string = record.toUnicode().replace(WHOLE, CUT)
        font.flavor = "woff2"
        target = FONTS / Path(source).name
        font.save(target)
        say(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
