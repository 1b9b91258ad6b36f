"""How a page is sent: what it may run, and nothing that it does not need.

The theme's pages are made as always, and then rewritten:

- A Content-Security-Policy says that only scripts of the site run, and the few that stand in the
  page, each named by its hash. One that is not known here is a warning, and would not run.
- Light or dark is decided in the head, and the page's ground has its colour from there, so that
  nothing is ever painted in the other one.
- Scripts wait until the page is read (`defer`), so that text is shown first. Those that do nothing
  here are left out: what is found is loaded by the search page alone, and Sphinx's own search, what
  marks words, and icons by none.
- Icons are drawings in the page, cut from the theme's own copy of Font Awesome.
- What a button does is named by `data-mle-action`; `page.js` does it.
- Frames of a figure that are not shown wait in a `<template>`: a browser reads on without building
  them, and the first sentence is there sooner.
- The font of formulas is part of a style sheet, so that nothing is painted before it is there: what
  a formula measures in another font is too far off to stand in for it, and lines would break anew.
- Where a figure's sliders will stand there is room for them, so that the figure does not move.
- What is code or maths says to a browser that translates the page that it is not to be translated,
  and so does a name in other text.
- A long signature's parameters, one a line, are no list of definitions, which Sphinx makes them.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from sphinx.application import Sphinx
from sphinx.util import logging

from . import storage
from .formulas import FONT

logger = logging.getLogger(__name__)

# Light or dark, in place of the theme's own script: that leaves it to a later one what "auto" is,
# and until then, which over a slow network is seconds, a page is light whatever the system is.
THEME_SCRIPT = "document.documentElement.dataset.mode"
MODE = Path(__file__).with_name("mode.js").read_text("utf-8")
GROUND = (
    '<meta name="color-scheme" content="light dark" />\n    <style>html{color-scheme:light;'
    'background:#fff}html[data-theme="dark"]{color-scheme:dark;background:#14181e}</style>'
)
MATHS_STYLE = "_static/maths-font.css"
# The other scripts that stand in a page, or how they begin: `storage.js`; the
# search page's, which puts the cursor into its field.
INLINE = (
    storage.SCRIPT,
    "// Activate the search field",
)
UNUSED = ("DOCUMENTATION_OPTIONS.",)  # the theme's switch between versions, and search as one types
NOT_LOADED = re.compile(
    r"/(?:scripts/fontawesome|sphinx_highlight|searchtools|language_data)\.js\b"
)
SEARCH = re.compile(r"(?:^|/)searchindex\.js\b")
ACTIONS = {"window.print()": "print"}

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # figures carry theirs
    "img-src": "'self' data:",
    "font-src": "'self' data:",  # that of formulas
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
}

SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>\s*", re.S)
PRELOAD = re.compile(r'<link rel="preload" as="script"[^>]*>\s*')
ICON = re.compile(r'<(?:i|span)\b([^>]*?)\sclass="([^"]*\bfa-[^"]*)"([^>]*)></(?:i|span)>')
PARAMETERS = re.compile(r'<dl>\s*((?:<dd><em class="sig-param">.*?</dd>\s*)+)</dl>', re.S)
FRAME = re.compile(r'<figure class="mle-figure" data-index="[^"]*" hidden>.*?</figure>', re.S)
EXPLORE = re.compile(
    r'(<mle-explore\b[^>]*\sdata-frames="([^"]*)".*?<div class="mle-controls">)(?=</div>)', re.S
)
# Their text is code or maths, or is set and read by a script; so is that of Sphinx's signatures.
CODE = {"code", "pre", "kbd", "samp", "var", "textarea", "output", "math"}
CODE_CLASSES = {"notranslate", "math", "sig"}
# A name in other text, in a heading or a link: it has an underscore, or is that of a file.
NAME = re.compile(r"\b(?:\w+\.)*\w*[a-zA-Z0-9]_\w+(?:\.\w+)*|\b\w+\.(?:py|txt|ipynb)\b")
# What holds no such text, as a formula with anchors in it; a tag, and the text behind it if that is
# not to be translated; a text
PIECE = re.compile(
    r'<(head|pre|code|dt|svg|math|script)\b.*?</\1>|<div class="math\b[^<>]*>.*?</div>'
    r'|<[^<>]*translate="no"[^<>]*>[^<]*|<[^<>]*>|[^<]+',
    re.S,
)
TAG = re.compile(r"<([a-z][\w-]*)((?:\s[^<>]*)?)>")
CLASS = re.compile(r'\sclass="([^"]*)"')
HANDLER = re.compile(r'\sonclick="([^"]*)"')
STYLES = re.compile(r'<link\b[^>]*\brel="stylesheet"')
HEAD = re.compile(r'<head>\s*(?:<meta charset="[^"]*"\s*/?>)?')


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", rewrite_pages)
    app.connect("build-finished", write_first_page)
    app.connect("build-finished", write_maths_style)
    app.add_js_file("page.js", defer="defer")


def rewrite_pages(app: Sphinx) -> None:
    """Have every page that the templates give rewritten before it is written."""
    templates = getattr(app.builder, "templates", None)
    if templates is None:  # not a builder of HTML
        return
    render: Callable[[str, dict[str, Any]], str] = templates.render

    def render_and_rewrite(template: str, context: dict[str, Any]) -> str:
        html = render(template, context)
        return (
            rewritten(html, context["pagename"]) if html.lstrip().startswith("<!DOCTYPE") else html
        )

    templates.render = render_and_rewrite


def rewritten(html: str, pagename: str) -> str:
    html = PRELOAD.sub("", html)
    html = ICON.sub(lambda match: icon(match[2], match[1] + match[3]), html)
    html = HANDLER.sub(_action, html)
    html = PARAMETERS.sub(_parameters, html)
    html = FRAME.sub(lambda match: f"<template>{match[0]}</template>", html)
    html = EXPLORE.sub(_room, html)
    html = TAG.sub(_untranslated, html)
    html = PIECE.sub(_names, html)
    hashes: list[str] = []
    html = SCRIPT.sub(lambda match: _script(match, pagename, hashes), html)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(hashes)}" />'
    if "<math" in html:  # the first of them, but below the scripts, which would wait for it
        link = f'<link rel="stylesheet" href="{"../" * pagename.count("/")}{MATHS_STYLE}" />'
        html = STYLES.sub(lambda match: f"{link}\n    {match[0]}", html, count=1)
    return HEAD.sub(lambda match: "\n    ".join([match[0], meta, GROUND]), html, count=1)


def policy(hashes: list[str]) -> str:
    """The policy of a page that runs the scripts with these hashes, and files of the site."""
    allowed = POLICY | {"script-src": " ".join([POLICY["script-src"], *dict.fromkeys(hashes)])}
    return "; ".join(f"{kind} {sources}" for kind, sources in allowed.items())


def hash_of(code: str) -> str:
    """By which a policy names a script or a style that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def _script(match: re.Match[str], pagename: str, hashes: list[str]) -> str:
    attributes, code = match[1], match[2]
    if "type=" in attributes and "javascript" not in attributes:
        return match[0]  # data, or a module of a page's own
    if source := re.search(r'\ssrc="([^"?]*)', attributes):
        if NOT_LOADED.search(source[1]) or (SEARCH.search(source[1]) and pagename != "search"):
            return ""
        return (
            match[0] if "defer" in attributes else match[0].replace("<script", "<script defer", 1)
        )
    if code.lstrip().startswith(UNUSED):
        return ""
    if code.lstrip().startswith(THEME_SCRIPT):
        hashes.append(hash_of(MODE))
        return f"<script>{MODE}</script>\n"
    if not code.lstrip().startswith(INLINE):
        first = code.strip().partition("\n")[0]
        logger.warning("a script in the page that is not known: %s", first, location=pagename)
        return match[0]  # which the policy keeps from running
    hashes.append(hash_of(code))
    return match[0]


def _action(match: re.Match[str]) -> str:
    action = ACTIONS.get(match[1])
    return f' data-mle-action="{action}"' if action else match[0]


def _room(match: re.Match[str]) -> str:
    sliders = json.loads(unescape(match[2]))["axes"]
    return match[1] + '<div class="mle-control"></div>' * len(sliders)


def _untranslated(match: re.Match[str]) -> str:
    """Some programs that translate go by the attribute, some by the class."""
    tag, attributes = match.groups()
    named = CLASS.search(attributes)
    classes = named[1].split() if named else []
    if tag not in CODE and not CODE_CLASSES.intersection(classes):
        return match[0]
    attributes = attributes.replace(' translate="no"', "")
    listed = " ".join(dict.fromkeys([*classes, "notranslate"]))
    return f'<{tag} class="{listed}" translate="no"{CLASS.sub("", attributes, count=1)}>'


def _names(piece: re.Match[str]) -> str:
    if piece[0].startswith("<"):
        return piece[0]
    return NAME.sub(r'<span class="notranslate" translate="no">\g<0></span>', piece[0])


def _parameters(match: re.Match[str]) -> str:
    lines = match[1].replace("<dd>", '<span class="mle-parameter">').replace("</dd>", "</span>")
    return f'<span class="mle-parameters">{lines}</span>'


# ---- icons


@cache
def drawings() -> str:
    path = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    return (path / "scripts" / "fontawesome.js").read_text("utf-8")


@cache
def drawing(name: str, style: str = "solid") -> tuple[str, str, str] | None:
    """Width, height and outline of an icon; of two styles the regular one comes first."""
    entry = rf'[{{,]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]'
    found = re.findall(entry, drawings())
    return found[0 if style == "regular" else -1] if found else None


def icon(classes: str, attributes: str = "") -> str:
    """The drawing in place of `<i class="fa-solid fa-NAME">`."""
    kept = [name for name in classes.split() if not re.match(r"fa[srb]?(-|$)", name)]
    names = re.findall(r"\bfa-(?!solid|brands|regular|lg|fw)([\w-]+)", classes)
    style = "regular" if re.search(r"\bfa(r|-regular)\b", classes) else "solid"
    found = drawing(names[0], style) if names else None
    if found is None:
        logger.warning("no drawing of the icon %r", classes)
        return ""
    width, height, outline = found
    listed = escape(" ".join(["mle-icon", *kept]))
    return (
        f'<svg class="{listed}" viewBox="0 0 {width} {height}" aria-hidden="true" focusable="false"'
        f'{attributes}><path d="{outline}"/></svg>'
    )


# ---- the font of formulas


def write_maths_style(app: Sphinx, error: Exception | None) -> None:
    """A style sheet that holds the font, which else would come after the first paint."""
    if error or app.builder.format != "html":
        return
    font = base64.b64encode(FONT.read_bytes()).decode()
    Path(app.outdir, MATHS_STYLE).write_text(
        '@font-face{font-family:"STIX Two Math";font-display:block;'
        f'src:url("data:font/woff2;base64,{font}") format("woff2")}}\n',
        encoding="utf-8",
    )


# ---- the root of the site


def write_first_page(app: Sphinx, error: Exception | None) -> None:
    """The root leads to the book; Jupyter Book would write the same, without a policy."""
    if error or app.builder.format != "html":
        return
    target, title = (
        f"{app.config.root_doc}.html",
        escape(app.config.html_title or app.config.project),
    )
    Path(app.outdir, "index.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8" />\n'
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'" />\n'
        f'<meta http-equiv="refresh" content="0; url={target}" />\n'
        f'<meta name="description" content="{title}: the way to the book." />\n'
        f"<title>{title}</title>\n</head>\n<body>\n"
        f'<main><h1><a href="{target}">{title}</a></h1></main>\n</body>\n</html>\n',
        encoding="utf-8",
    )
