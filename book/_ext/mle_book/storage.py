"""What pages keep in the browser, apart from that of other sites on the same host.

`storage.js` stands in every page, above the theme's script, which asks for light or dark before
anything is painted.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8")


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", add_script)


def add_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    context["metatags"] = f"{context.get('metatags', '')}\n<script>\n{SCRIPT}</script>"
