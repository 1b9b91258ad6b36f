"""Write the formulas of the exercises as MathML (`make generated`): `mle_lib/exercises/maths.json`.

An exercise needs nothing installed to be shown: so its formulas are made here, when it is written.
"""

import json
import sys

from mle_lib.exercises.registry import by_id
from mle_lib.exercises.text import formulas
from tools.environment import ROOT, say

sys.path.append(str(ROOT / "book" / "_ext"))  # which sets the site's own formulas
from mle_book.formulas import to_mathml

STORED = ROOT / "mle_lib" / "exercises" / "maths.json"


def all_formulas() -> list[str]:
    """The LaTeX source of every formula of every exercise."""
    texts = (text for _, exercise in by_id().values() for text in exercise.texts())
    return sorted({formula for text in texts for formula in formulas(text)})


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
