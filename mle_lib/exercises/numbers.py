"""Numbers as readers type them. ``static/exercises.js`` reads them by the same rules, and a test
runs both over one table."""

import math
import re
import unicodedata

# [0-9], not \d: in Python that is every script's digits, in JavaScript these ten.
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.I)
ONE_GROUP = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")  # thousands, or decimals
GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
# Written out where the two languages differ, and with the signs that only turn the writing round.
SPACE = re.compile(r"[\s\x1c-\x1f\x85\ufeff\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069]")
# Full and half width, small, and the digits of formulas. Of all characters NFKC would not do: it
# reads 10² as 102 and 1½ as 11/2.
FORMS = re.compile("[\uff00-\uffef\ufe50-\ufe6f\U0001d7ce-\U0001d7ff]")
# Dashes and the minus sign; what the keys -, . and , give in Japanese and Chinese; fraction lines.
SIGNS = str.maketrans("‐‑‒–—―−ー。、⁄∕", "--------.,//")


class Unclear(ValueError):
    """A text that is no number, or that could be two; the message says what to type."""


def as_typed_in_ascii(text: str) -> str:
    """A text with the digits, letters and signs that other input methods give made plain."""
    plain = FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return plain.translate(SIGNS)


def parse_number(text: str) -> float:
    """The number that a reader means: ``2``, ``2.0``, ``2,0``, ``4/2``, ``1e-3``, ``60 000``.

    Digits and signs of full width, ``－１２．５``, are read like others.

    Raises:
        Unclear: If the text is empty, no finite number, or could be read in two ways.
    """
    typed = SPACE.sub(" ", text).strip()
    plain = re.sub(" +", " ", as_typed_in_ascii(typed))
    plain = re.sub(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))", "", plain)
    if re.search(r"[0-9] [0-9]", plain):
        raise Unclear(f"“{typed}” could be two numbers. Type one, such as 1.5 or 3/2.")
    plain = plain.replace(" ", "")
    if not plain:
        raise Unclear("Type a number.")
    parts = plain.split("/")
    if len(parts) > 2:
        raise Unclear(f"“{typed}” has more than one fraction line. Type one number.")
    values = [_parse_decimal(part, typed) for part in parts]
    if len(values) == 2 and values[1] == 0:
        raise Unclear("That divides by zero.")
    number = values[0] / values[1] if len(values) == 2 else values[0]
    if not math.isfinite(number):
        raise Unclear(f"“{typed}” is too large for a number here.")
    return number


def _parse_decimal(part: str, whole: str) -> float:
    if ONE_GROUP.fullmatch(part):
        thousands, decimals = re.sub("[.,]", "", part), part.replace(",", ".")
        raise Unclear(
            f"Is “{part}” {thousands} or {float(decimals):g}? Type {thousands} or {decimals}0."
        )
    if GROUPS.fullmatch(part):
        return float(part.replace(",", ""))
    if part.count(",") == 1 and "." not in part:
        part = part.replace(",", ".")
    if not DECIMAL.fullmatch(part):
        raise Unclear(
            f"“{whole}” is no number that can be read here. Type, for example, 0.25, 1/4 or 2.5e-3."
        )
    return float(part)
