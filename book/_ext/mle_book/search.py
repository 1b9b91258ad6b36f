"""Words as a reader types them: without accents, and numbers and fractions as one.

"Böhning" is found as "Bohning", "3.4" as the equation and the section of that number (`equations`
has both for an object of the book), and "m/b" where it stands, not wherever some "m" and "b" do.
`search.js` does with a query what is done here with a page.
"""

import json
import re
import unicodedata
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

# What Unicode does not take for a letter with an accent
LETTERS = {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ł": "l", "ı": "i", "ς": "σ"} | {
    "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ŧ": "t", "ŋ": "n", "⁄": "/",
}  # fmt: skip
# 3.4, 3.4a; m/b, m / b; where W is a character of a word
COMPOUND = r"(?<!W)[0-9]+(?:[.][0-9]+)+[a-z]?(?!W)|W+(?: ?[/] ?W+)+"
WORD = re.compile(r"\w+")
COMPOUND_WORD = re.compile(COMPOUND.replace("W", r"\w"))
FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{(\w+)\}|\s(\w)|([0-9]))\s*(?:\{(\w+)\}|(\w))")
SCRIPT = Path(__file__).with_suffix(".js")


def setup(app: Sphinx) -> None:
    app.add_search_language(Search)


def without_accents(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word)
    plain = "".join(c for c in parts if not unicodedata.category(c).startswith("M")).lower()
    return "".join(LETTERS.get(letter, letter) for letter in plain)


class Search(SearchEnglish):
    """Sphinx's English, which these words are put into and whose splitter is replaced."""

    # the stemmer of `stem`: Sphinx's own for English has other rules, and does not find "visibly"
    language_name, js_stemmer_rawcode = "Porter", "porter-stemmer.js"
    js_splitter_code = (
        SCRIPT.read_text("utf-8")
        .replace("{{ letters }}", json.dumps(LETTERS, ensure_ascii=False))
        .replace("{{ compound }}", COMPOUND.replace("W", r"[\p{L}\p{N}_]"))
    )

    def stem(self, word: str) -> str:
        """English words have an English stem; 1/e has none."""
        return word.lower() if COMPOUND_WORD.fullmatch(word) else super().stem(word)

    def split(self, input: str) -> list[str]:
        """All words; each compound, too, as one; what has accents, too, without."""
        text = FRACTION.sub(_written_in_a_line, unicodedata.normalize("NFC", input))
        words = WORD.findall(text)
        compounds = [match[0].replace(" ", "") for match in COMPOUND_WORD.finditer(text)]
        plain = [without_accents(word) for word in words if not word.isascii()]
        return [*words, *compounds, *plain]


def _written_in_a_line(fraction: re.Match[str]) -> str:
    above, below = (part for part in fraction.groups() if part)
    return f" {above}/{below} "
