r"""Every number by which the book speaks of itself: where it is given, and where it is named.

A chapter, a section, an equation or an exercise is named in one of these forms, in text, in code
and in what a cell prints:

    chapter 3    section 3.1    exercise 3.1    (3.1), an equation

and a list or a range of them: "chapters 1 to 3", "sections 3.1, 3.2 and 3.4", "sections 3.1–3.3".
A link that says a number and no more, [3.1](…), names a section, and
one that says number and title, [3. Title](…), a chapter. A number is given once: by
`# 3. Title`, `## 3.1 Title`, `### Exercise 3.1 · Title`, `\tag{3.1}`. A section of a work cited is
"§3.1". Whatever else could be the number of a section is a complaint (`unmarked`), so that a
program can renumber what is named.
"""

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from tools import exercise_order
from tools.environment import ROOT
from tools.notebooks import read, toc_notebooks, write

# The folders whose Python speaks of the book, in comments and strings. Of the tests it is the
# comments and docstrings: their other strings are small books of their own.
CODE = ("mle_lib", "benchmarks", "tests")
TESTS = "tests"

# what may stand inside of a reference: white space, the end of a string and the next, of a comment
GAP = r"(?:[\s#>]|[\"']\s*\n\s*[rf]{0,2}[\"'])+"
JOINED = rf"(?:,{GAP}(?:and|or){GAP}|,{GAP}|{GAP}(?:and|or|to){GAP}|\s?[-–]\s?)"
DECIMAL = r"\d{1,2}\.\d{1,2}"
WHOLE = r"\d{1,2}(?!\.?\d)"


class Kind(NamedTuple):
    """How a thing of a kind is named, and how it gets its number."""

    name: str
    named: re.Pattern[str]
    given: re.Pattern[str]


def _words(word: str, number: str) -> re.Pattern[str]:
    return re.compile(rf"\b{word}s?{GAP}(?P<numbers>{number}(?:{JOINED}{number})*)", re.I)


KINDS = (
    Kind(
        "chapter",
        # or a link's text that begins with it and goes on with the title
        re.compile(
            _words("chapter", WHOLE).pattern
            + r"|\[(?P<linked>\d{1,2})(?=\. (?-i:[A-Z])[^\]]*\][( ])",
            re.I,
        ),
        re.compile(r"^# (\d+)(?=\. )", re.M),
    ),
    Kind(
        "section",
        # or a link's whole text, of which what it leads to is hidden
        re.compile(
            _words("section", DECIMAL).pattern + rf"|\[(?P<linked>{DECIMAL})\](?=[( ])", re.I
        ),
        re.compile(rf"^## ({DECIMAL}) ", re.M),
    ),
    Kind("exercise", _words("exercise", DECIMAL), re.compile(rf"^### Exercise ({DECIMAL}) ", re.M)),
    Kind(
        "equation",
        re.compile(rf"(?<![\w\])])\((?P<numbers>{DECIMAL})\)"),
        re.compile(rf"\\tag\{{({DECIMAL})\}}"),
    ),
)

# in Markdown: no text is code, a formula, where a link leads to
HIDDEN = re.compile(
    r"^```.*?^```|`[^`\n]*`|\$\$.*?\$\$|(?<!\\)\$(?!\s)[^$]+(?<!\s)\$(?!\d)|(?<=\])\([^)\s]*\)"
    r"|https?://[^\s)]+",
    re.M | re.S,
)
# where what a cell prints may be quoted
COMMENT = re.compile(r"<!--.*?-->", re.S)
# what makes a bare decimal a measurement: a unit or an interval, a formula, a range up to one
MEASURED = re.compile(
    r"(?:(?: to| and| or|,|–) ?-?[\d.]+)*(?:\s?%|\s?±|[\s-](?:times|nats?|seconds|bits|s|ms)\b"
    r"|e-?\d)"
)
WORK = re.compile(r"(?:±|§|theorem|WCAG|=|≈|<|>)\s?\Z|[\d.,]\Z|[-−+/×·]\Z")
# in code and in what it prints, where most decimals are none of ours
SAYS_WHERE = re.compile(r"\b(?:as in|in|of|see|by|from)\s\Z", re.I)


class Place(NamedTuple):
    """A text in which numbers may be named: a whole file, or of a notebook a cell or an output."""

    path: Path
    cell: int | None
    output: int | None
    kind: str  # "markdown", "python", "output", "data"
    text: str

    def __str__(self) -> str:
        parts = self.path.parts  # of code, from its room on: each chapter has its quizzes.py
        room = next((n for n, part in reversed([*enumerate(parts)]) if part in CODE), -1)
        where = ["/".join(parts[room:])]
        where += [f"cell {self.cell}"] if self.cell is not None else []
        return ", ".join(where + ([f"output {self.output}"] if self.output is not None else []))


class Mention(NamedTuple):
    """A number of the book in a text: its own characters, from `start` to `end`."""

    start: int
    end: int
    kind: str
    number: str
    gives: bool  # whether the thing gets its number here


# ---- the texts


def places(root: Path = ROOT) -> Iterator[Place]:
    """Every text of the book, the library and what stands around them."""
    for path in toc_notebooks(root):
        yield from _of_notebook(path)
    pages = [*sorted((root / "book").glob("*.md")), *sorted(root.glob("*.md"))]
    for path in pages:
        yield Place(path, None, None, "markdown", path.read_text("utf-8"))
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            yield Place(path, None, None, "python", path.read_text("utf-8"))
    for folder in ("mle_lib", "benchmarks"):
        for path in sorted((root / folder).rglob("*.json")):
            yield Place(path, None, None, "data", path.read_text("utf-8"))


def _of_notebook(path: Path) -> Iterator[Place]:
    for number, cell in enumerate(read(path).cells):
        kind = "markdown" if cell.cell_type == "markdown" else "python"
        yield Place(path, number, None, kind, cell.source)
        for position, output in enumerate(cell.get("outputs", ())):
            yield Place(path, number, position, "output", _printed(output))


def _printed(output: NotebookNode) -> str:
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def rewrite(path: Path, texts: dict[tuple[int | None, int | None], str]) -> None:
    """Write new texts to their places in one file."""
    if path.suffix != ".ipynb":
        path.write_text(texts[None, None], encoding="utf-8")
        return
    notebook = read(path)
    for (number, position), text in texts.items():
        assert number is not None
        cell = notebook.cells[number]
        if position is None:
            cell.source = text
        elif "text" in cell.outputs[position]:
            cell.outputs[position].text = text
        else:
            cell.outputs[position].data["text/plain"] = text
    write(notebook, path)


# ---- the numbers


def visible(place: Place) -> str:
    """The text with blanks, as many, for what does not speak of the book."""
    return _visible(place.text, place.kind, _is_test(place))


def _is_test(place: Place) -> bool:
    return place.cell is None and TESTS in place.path.parts


@cache
def _visible(text: str, kind: str, is_test: bool) -> str:
    if kind == "markdown":
        return HIDDEN.sub(_blank, text)
    return _comments_and_strings(text, docstrings_only=is_test) if kind == "python" else text


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _comments_and_strings(code: str, docstrings_only: bool) -> str:
    lines = code.splitlines(keepends=True)
    kept = [re.sub(r"[^\n]", " ", line) for line in lines]
    opens = True  # where a string is a statement of its own
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):  # `%pip`, of a chapter's first cell
        return "".join(kept)
    for token in tokens:
        name = tokenize.tok_name[token.type]
        is_text = name == "STRING" or name == "FSTRING_MIDDLE"
        if name == "COMMENT" or (is_text and (opens or not docstrings_only)):
            _keep(kept, lines, token)
        if name not in ("COMMENT", "NL"):
            opens = name in ("INDENT", "NEWLINE", "DEDENT", "ENCODING")
    return "".join(kept)


def _keep(kept: list[str], lines: list[str], token: tokenize.TokenInfo) -> None:
    (first, left), (last, right) = token.start, token.end
    for number in range(first, last + 1):
        line = lines[number - 1]
        a, b = left if number == first else 0, right if number == last else len(line)
        kept[number - 1] = kept[number - 1][:a] + line[a:b] + kept[number - 1][b:]


def mentions(place: Place) -> list[Mention]:
    """Every number of the book in a text, in its order."""
    gives = tuple(kind.name for kind in KINDS if _gives(place, kind))
    return [*_mentions(place.text, place.kind, _is_test(place), gives)]


@cache  # of one text they are asked for again and again
def _mentions(whole: str, kind_of: str, is_test: bool, gives: tuple[str, ...]) -> list[Mention]:
    text, found = _visible(whole, kind_of, is_test), []
    for kind in KINDS:
        if kind.name in gives:
            for match in kind.given.finditer(whole):
                group = match.lastindex or 1
                found.append(Mention(*match.span(group), kind.name, match[group], True))
        for match in kind.named.finditer(text):
            said = next(name for name, words in match.groupdict().items() if words)
            for number in re.finditer(r"\d{1,2}(?:\.\d{1,2})?", match[said]):
                start = match.start(said) + number.start()
                found.append(Mention(start, start + len(number[0]), kind.name, number[0], False))
    given_at = {m.start for m in found if m.gives}
    return sorted(m for m in found if m.gives or m.start not in given_at)


def _gives(place: Place, kind: Kind) -> bool:
    if place.path.suffix == ".ipynb":
        return place.kind == "markdown"
    return kind.name == "chapter" and place.kind == "python" and "exercises" in place.path.parts


def known(root: Path = ROOT) -> dict[str, set[str]]:
    """The numbers that there are, by kind; exercises that are clicked have no heading."""
    found: dict[str, set[str]] = {kind.name: set() for kind in KINDS}
    for place in places(root):
        if place.path.suffix == ".ipynb" and place.output is None:
            for mention in mentions(place):
                if mention.gives:
                    found[mention.kind].add(mention.number)
    found["exercise"] |= {*exercise_order.numbers(exercise_order.order(root)).values()}
    return found


def unresolved(place: Place, numbers: dict[str, set[str]]) -> list[Mention]:
    """What is named and is nowhere."""
    return [m for m in mentions(place) if not m.gives and m.number not in numbers[m.kind]]


def unmarked(place: Place, numbers: dict[str, set[str]]) -> Iterator[str]:
    """What could be the number of a section or an equation, with the words around it."""
    text = COMMENT.sub(_blank, visible(place))
    marked = {m.start for m in mentions(place)}
    for match in re.finditer(rf"(?<!\d)(?<!\d\.)(?<!\w){DECIMAL}(?!\d|\.\d)", text):
        start, end = match.span()
        number, before, after = match[0], text[max(0, start - 40) : start], text[end : end + 40]
        if number not in numbers["section"] | numbers["equation"] or start in marked:
            continue
        suspect = place.kind == "markdown" or SAYS_WHERE.search(before) or after.startswith("'s")
        if suspect and not WORK.search(before) and not MEASURED.match(after):
            yield " ".join(f"{before}[{number}]{after}".split())


# ---- renumbering


def renumbered(place: Place, new: Callable[[Mention], str]) -> str:
    """The text with every number replaced."""
    text = place.text
    for mention in reversed(mentions(place)):
        text = text[: mention.start] + new(mention) + text[mention.end :]
    return text
