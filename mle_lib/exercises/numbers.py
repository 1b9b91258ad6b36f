"""Numbers as readers type them. ``static/exercises.js`` reads them by the same rules, and a test
runs both over one table."""

import math
import re

# [0-9], not \d: in Python that is every script's digits, in JavaScript these ten.
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.I)
GROUPS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")


class Unclear(ValueError):
    """A text that is no number, or that could be two; the message says what to type."""


def parse_number(text: str) -> float:
    """The number that a reader means: ``2``, ``2.0``, ``2,0``, ``4/2``, ``1e-3``, ``60 000``.

    Raises:
        Unclear: If the text is empty, no finite number, or could be read in two ways.
    """
    plain = re.sub(r"\s+", " ", text.strip()).replace("−", "-").replace("–", "-")
    plain = re.sub(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))", "", plain)
    if re.search(r"[0-9] [0-9]", plain):
        raise Unclear(f"“{text.strip()}” could be two numbers. Type one, such as 1.5 or 3/2.")
    plain = plain.replace(" ", "")
    if not plain:
        raise Unclear("Type a number.")
    parts = plain.split("/")
    if len(parts) > 2:
        raise Unclear(f"“{text.strip()}” has more than one fraction line. Type one number.")
    values = [_parse_decimal(part, text.strip()) for part in parts]
    if len(values) == 2 and values[1] == 0:
        raise Unclear("That divides by zero.")
    number = values[0] / values[1] if len(values) == 2 else values[0]
    if not math.isfinite(number):
        raise Unclear(f"“{text.strip()}” is too large for a number here.")
    return number


def _parse_decimal(part: str, whole: str) -> float:
    if GROUPS.fullmatch(part):
        thousands, decimals = part.replace(",", ""), part.replace(",", ".")
        if part.count(",") == 1 and "." not in part:
            raise Unclear(
                f"Is “{part}” {thousands} or {float(decimals):g}? Type {thousands} or {decimals}."
            )
        return float(thousands)
    if part.count(",") == 1 and "." not in part:
        part = part.replace(",", ".")
    if not DECIMAL.fullmatch(part):
        raise Unclear(
            f"“{whole}” is no number that can be read here. Type, for example, 0.25, 1/4 or 2.5e-3."
        )
    return float(part)
