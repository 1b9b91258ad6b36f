"""Sequences that need no download, as Python's own strings and numbers: no torch is needed here."""

import hashlib
import unicodedata
from functools import cache

WITHOUT = ("CJK UNIFIED IDEOGRAPH", "HANGUL SYLLABLE", "CJK COMPAT")  # numbered, not named
DIGEST = "03ce3aea0397e841afdbafb4f732c6cb6fdca0bdb370d0a9cdbdbdcae33a3ee3"


@cache
def character_names() -> tuple[str, ...]:
    """The names of the characters of Unicode 3.2, in the order of their numbers: 12,886 strings of
    3 to 83 capital letters, digits, spaces, hyphens and parentheses.

    Every Python has them (``unicodedata.ucd_3_2_0``, which never changes). Left out are the names
    that consist of a kind and a number, of Chinese characters and Korean syllables.

    Raises:
        RuntimeError: If this Python has other names.
    """
    table = unicodedata.ucd_3_2_0
    every = (table.name(chr(number), "") for number in range(0x110000))
    names = tuple(name for name in every if name and not name.startswith(WITHOUT))
    if hashlib.sha256("\n".join(names).encode()).hexdigest() != DIGEST:
        raise RuntimeError("this Python has other names of characters than Unicode 3.2's")
    return names


def alphabet_of(strings: tuple[str, ...]) -> str:
    """Their characters, sorted. Character k of it is symbol k + 1; symbol 0 is the end."""
    return "".join(sorted(set("".join(strings))))
