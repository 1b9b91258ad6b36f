"""Write the formulas of the exercises as MathML (`make generated`): `mle_lib/exercises/maths.json`.

An exercise is shown where no MathJax runs, and needs nothing installed: so its formulas are made
here, when it is written.
"""

import json
import re
import sys

from latex2mathml.converter import convert

from mle_lib.exercises.registry import by_id
from mle_lib.exercises.text import formulas
from tools.environment import ROOT, say

STORED = ROOT / "mle_lib" / "exercises" / "maths.json"


def all_formulas() -> list[str]:
    """The LaTeX source of every formula of every exercise."""
    texts = (text for _, exercise in by_id().values() for text in exercise.texts())
    return sorted({formula for text in texts for formula in formulas(text)})


def _character(entity: re.Match[str]) -> str:
    character = chr(int(entity[1], 16))
    return entity[0] if character in "<>&" else character


def to_mathml(formula: str) -> str:
    mathml = re.sub(r"&#x(\w+);", _character, convert(formula))
    mathml = re.sub(r' (?:xmlns|display)="[^"]*"', "", mathml)
    # what the converter takes for a variable is an operator, with space around it, and vice versa
    mathml = re.sub(
        r"<mi>(log|exp|max|min)</mi>", r'<mo lspace="0.17em" rspace="0.17em">\1</mo>', mathml
    )
    return mathml.replace("<mo>∞</mo>", "<mi>∞</mi>")


def written() -> str:
    """What the file has to hold."""
    maths = {formula: to_mathml(formula) for formula in all_formulas()}
    return json.dumps(maths, ensure_ascii=False, indent=0) + "\n"


def main() -> int:
    STORED.write_text(written(), encoding="utf-8")
    say(f"{STORED.relative_to(ROOT)}: {len(all_formulas())} formulas")
    return 0


if __name__ == "__main__":
    sys.exit(main())
