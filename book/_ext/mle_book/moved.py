"""Old addresses lead to what they led to: by `book/moved.json`, which `tools/moved.py` keeps.

    {"pages": {"book/old": "book/new"}, "anchors": {"book/new": {"eq-5-1": "eq-6-1"}}}

For a page that is gone stands one that leads on: by a link, after no time, and, where scripts run,
with what followed the `#`. An anchor that has another name on its page has both. For one that is on
another page, "book/other#eq-6-1", a line is kept that shows only to who comes for it, and that
`page.js` follows; so is one for what the book no longer has, "".

The anchors of headings have no numbers (`slug`): a link in the sources stays when one changes.
"""

import json
import re
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from myst_parser.mdit_to_docutils.base import default_slugify
from sphinx.application import Sphinx
from sphinx.util import logging

from .delivery import hash_of, policy

logger = logging.getLogger(__name__)

NUMBER = re.compile(r"^(Exercise )?\d+\.\d* (?:· )?")
SCRIPT = 'location.replace(document.querySelector("link[rel=canonical]").href + location.hash)'
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="{policy}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="robots" content="noindex" />
<meta name="description" content="{title}: this page has moved." />
<title>{title}</title>
<link rel="canonical" href="{target}" />
<script>{script}</script>
<noscript><meta http-equiv="refresh" content="0; url={target}" /></noscript>
</head>
<body>
<main><h1>This page has moved</h1><p><a href="{target}">{title}</a></p></main>
</body>
</html>
"""


def slug(title: str) -> str:
    return default_slugify(NUMBER.sub(r"\1", title))


def setup(app: Sphinx) -> None:
    # late: when the ids of equations and exercises are there
    app.connect("doctree-read", keep_anchors, priority=800)
    app.connect("doctree-resolved", lead_on)
    app.connect("build-finished", write_pages)


@cache
def moved(folder: str) -> dict[str, dict]:
    path = Path(folder, "book", "moved.json")
    return json.loads(path.read_text("utf-8")) if path.exists() else {"pages": {}, "anchors": {}}


def anchors(app: Sphinx, docname: str) -> dict[str, str]:
    return moved(str(app.srcdir))["anchors"].get(docname, {})


def keep_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Give what has another id on the same page the old one, too."""
    with_ids = {i: node for node in doctree.findall(nodes.Element) for i in node.get("ids", ())}
    for old, new in anchors(app, app.env.docname).items():
        if old in with_ids or not new or "#" in new:
            continue
        if new in with_ids:
            with_ids[new]["ids"].append(old)
        else:
            logger.warning(
                "moved.json: %s leads to %s, which is not there", old, new,
                location=app.env.docname, type="mle", subtype="moved",
            )  # fmt: skip


def lead_on(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """At the end of a page, a line for each anchor that is on another."""
    with_ids = {i for node in doctree.findall(nodes.Element) for i in node.get("ids", ())}
    for old, new in anchors(app, docname).items():
        if old in with_ids or (new and "#" not in new):
            continue
        page, _, anchor = new.partition("#")
        page = page or app.config.root_doc
        words = app.env.titles[page].astext() if new else "The book no longer has it."
        address = app.builder.get_relative_uri(docname, page) + (f"#{anchor}" if anchor else "")
        line = nodes.paragraph("", "This has moved: ", ids=[old], classes=["mle-moved"])
        line += nodes.reference("", words, refuri=address, internal=True)
        doctree[-1] += line


def write_pages(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    for old, new in moved(str(app.srcdir))["pages"].items():
        if old in app.env.found_docs or not Path(app.outdir, f"{new}.html").exists():
            logger.warning("moved.json: %s is there, or %s is not", old, new)
            continue
        title = app.env.titles[new].astext() if new in app.env.titles else Path(new).name
        up = "../" * old.count("/")
        html = PAGE.format(
            title=escape(title),
            target=f"{up}{new}.html",
            script=SCRIPT,
            policy=policy([hash_of(SCRIPT)]),
        )
        Path(app.outdir, f"{old}.html").write_text(html, encoding="utf-8")
