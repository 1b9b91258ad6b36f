"""The markup of exercises: paragraphs, ``code``, **bold**, *italics*, $maths$, and code fences.

Maths is shown as MathML, which browsers draw by themselves, in an output frame of Colab too. It is
made beforehand from LaTeX (`make generated`) and kept in ``maths.json``, so that nothing need be
installed to read an exercise.
"""

import json
import re
from functools import cache
from html import escape
from importlib.resources import files

FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.S | re.M)
# What a program that translates is to leave alone: some go by the attribute, some by the class.
UNTRANSLATED = 'class="notranslate" translate="no"'
INLINE = re.compile(r"`([^`]+)`|\$([^$]+)\$([.,;:!?)]*)|\*\*(.+?)\*\*|\*(.+?)\*", re.S)


@cache
def stored_maths() -> dict[str, str]:
    """MathML by LaTeX source."""
    return json.loads((files("mle_lib.exercises") / "maths.json").read_text("utf-8"))


def formulas(text: str) -> list[str]:
    """The LaTeX source of each formula of a text."""
    return [match[2] for match in INLINE.finditer(FENCE.sub("", text)) if match[2]]


def to_html(text: str) -> str:
    """A text as HTML: one ``<p>`` a paragraph, one ``<pre>`` a fence."""
    parts = FENCE.split(text.strip() + "\n")
    html = []
    for position, part in enumerate(parts):
        if position % 2:
            html.append(f"<pre {UNTRANSLATED}>{_code(part)}</pre>")
        else:
            paragraphs = (p.strip() for p in re.split(r"\n\s*\n", part))
            html += [f"<p>{inline_html(p)}</p>" for p in paragraphs if p]
    return "".join(html)


def inline_html(text: str) -> str:
    """A text without paragraphs as HTML."""
    html, end = [], 0
    for match in INLINE.finditer(text):
        html.append(escape(text[end : match.start()], quote=False))
        code, maths, mark, bold, italics = match.groups()
        if code:
            html.append(_code(code))
        elif maths:
            # a formula that was not made beforehand is still readable as it was written
            formula = stored_maths().get(maths, _code(maths))
            formula = formula.replace(
                "<math", f'<math {UNTRANSLATED} data-tex="{escape(maths)}"', 1
            )
            # a browser would break the line between a formula and its full stop
            html.append(
                f'<span style="white-space: nowrap">{formula}{mark}</span>' if mark else formula
            )
        elif bold:
            html.append(f"<strong>{inline_html(bold)}</strong>")
        else:
            html.append(f"<em>{inline_html(italics)}</em>")
        end = match.end()
    return "".join(html) + escape(text[end:], quote=False)


def _code(text: str) -> str:
    return f"<code {UNTRANSLATED}>{escape(text)}</code>"


def to_text(text: str) -> str:
    """A text for a plain terminal: without the marks, maths as LaTeX."""
    parts = FENCE.split(text.strip() + "\n")
    parts[::2] = [INLINE.sub(lambda m: "".join(filter(None, m.groups())), p) for p in parts[::2]]
    return "".join(parts).replace("\\,", " ").strip()
