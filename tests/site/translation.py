"""What a program that translates a page, or a notebook's output, is to leave alone."""

import re

from bs4 import BeautifulSoup, NavigableString

# Names of elements whose text is code or maths, and, of those that have none, classes.
CODE = "code, pre, kbd, samp, var, tt, textarea, output, math, .math, .sig"
# A name, a file or a call in other text
NAME = re.compile(r"\w*[A-Za-z0-9]_\w+|\w+\.(?:py|txt|ipynb|json)\b|\b[a-z]\w*\((?:\)|\")")


def bare(page: BeautifulSoup) -> list[str]:
    """Code that does not itself say that it is, in both ways that programs go by; bare names."""
    elements = [
        str(e)[:120]
        for e in page.select(CODE)
        if e.get("translate") != "no" or "notranslate" not in e.get("class", [])
    ]
    return elements + bare_names(page)


def bare_names(page: BeautifulSoup) -> list[str]:
    """Texts with a name, in no element that says so."""
    return [
        str(text)[:120]
        for text in page.find_all(string=lambda text: type(text) is NavigableString)
        if NAME.search(text)
        and not text.find_parent("head")
        and not text.find_parent(attrs={"translate": "no", "class": "notranslate"})
    ]
