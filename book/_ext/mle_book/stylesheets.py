"""The theme's stylesheet, without what no page of the site has.

It holds all of Bootstrap and of Font Awesome, and nothing is painted before it has come. So, when
the pages are written, a rule goes unless one of its selectors could match: each class in it stands
in a page, or is a word of a script, which may set it later.
"""

import re
from collections.abc import Iterator, Set
from pathlib import Path

from sphinx.application import Sphinx

from .delivery import NOT_LOADED

THEME = "_static/styles/pydata-sphinx-theme.css"
# scripts whose words are many, and no class of the theme
NO_CLASSES = re.compile(rf"/locales/|{NOT_LOADED.pattern}")
CLASSES = re.compile(r'\bclass="([^"]*)"')
WORD = re.compile(r"[\w-]+")
COMMENT = re.compile(r"/\*(?!!).*?\*/", re.S)
STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
PIECE = re.compile(rf"{STRING}|[{{}};]|[^{{}};\"']+", re.S)
# a choice between selectors, or what is not to match: their classes need not be there
OPTIONAL = re.compile(r":(?:not|is|where|has)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
SELECTOR = re.compile(r"(?:[^,()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", lighten)


def lighten(app: Sphinx, error: Exception | None) -> None:
    path = Path(app.outdir, THEME)
    if error or app.builder.format != "html" or not path.exists():
        return
    path.write_text(pruned(path.read_text("utf-8"), classes(Path(app.outdir))), encoding="utf-8")


def classes(site: Path) -> set[str]:
    """What stands in a page as a class, and every word of the scripts."""
    found: set[str] = set()
    for page in site.rglob("*.html"):
        for listed in CLASSES.findall(page.read_text("utf-8")):
            found.update(listed.split())
    for script in site.rglob("*.js"):
        if not NO_CLASSES.search(script.as_posix()):
            found.update(WORD.findall(script.read_text("utf-8")))
    return found


def pruned(css: str, known: Set[str]) -> str:
    return "".join(_kept(COMMENT.sub("", css), known))


def _kept(css: str, known: Set[str]) -> Iterator[str]:
    for head, body in rules(css):
        if body is None or (head.startswith("@") and not head.startswith(("@media", "@supports"))):
            yield head if body is None else f"{head}{{{body}}}"
        elif head.startswith("@"):
            if inner := "".join(_kept(body, known)):
                yield f"{head}{{{inner}}}"
        elif selectors := [one for one in SELECTOR.findall(head) if _may_match(one, known)]:
            yield f"{','.join(selectors)}{{{body}}}"


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Each rule's head and body; of a statement that has no body, the statement."""
    depth = start = opened = 0
    for piece in PIECE.finditer(css):
        if piece[0] == "{":
            depth += 1
            opened = piece.start() if depth == 1 else opened
        elif piece[0] == "}":
            depth -= 1
            if not depth:
                yield css[start:opened].strip(), css[opened + 1 : piece.start()]
                start = piece.end()
        elif piece[0] == ";" and not depth:
            yield css[start : piece.end()].strip(), None
            start = piece.end()


def _may_match(selector: str, known: Set[str]) -> bool:
    named = CLASS.findall(OPTIONAL.sub("", selector))
    return all(name.replace("\\", "") in known for name in named)
