"""Absolute links to chapters become links between pages.

In a notebook a link to another chapter is absolute, so that it works in Colab:
https://colab.research.google.com/github/OWNER/NAME/blob/BRANCH/book/gradient.ipynb#section
(or the same on github.com). On the website it leads to the page. A link whose text says "Colab"
means Colab, and stays. OWNER/NAME and BRANCH come from the repository in `_config.yml`.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util import logging

from .tree import replace

logger = logging.getLogger(__name__)

SUFFIXES = {".ipynb", ".md"}


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", make_links_internal)


def make_links_internal(app: Sphinx, doctree: nodes.document) -> None:
    """Replace one page's absolute links to chapters; warn where there is no such chapter."""
    options = app.config.html_theme_options
    address = options.get("repository_url", "").rstrip("/")
    repository = address.removeprefix("https://github.com/")
    branch = options.get("repository_branch") or "main"
    if not repository:
        return
    pattern = re.compile(
        r"https://(?:colab\.research\.google\.com/github|github\.com)"
        rf"/{re.escape(repository)}/blob/{re.escape(branch)}/(?P<path>[^#?]+)(?:\#(?P<anchor>.*))?"
    )
    for link in list(doctree.findall(nodes.reference)):
        match = pattern.fullmatch(link.get("refuri", ""))
        if not match or re.search(r"\bColab\b", link.astext()):
            continue
        path = PurePosixPath(unquote(match["path"]))
        docname = str(path.with_suffix(""))
        if path.suffix in SUFFIXES and docname in app.env.found_docs:
            replace(link, _page_link(app, link, docname, match["anchor"]))
        elif path.suffix in SUFFIXES and path.parts[0] == "book":
            logger.warning(
                "link to a chapter that is not in _toc.yml: %s",
                path, location=link, type="mle", subtype="link",
            )  # fmt: skip


def _page_link(
    app: Sphinx, link: nodes.reference, docname: str, anchor: str | None
) -> pending_xref:
    """What MyST makes of `[text](chapter.md#section)`: it checks the section too."""
    inner = nodes.inline("", "", *link.children, classes=["xref", "myst"])
    page_link = pending_xref(
        "", inner, refdomain="doc", reftype="myst", reftarget=docname,
        reftargetid=unquote(anchor) if anchor else None, refdoc=app.env.docname,
        refexplicit=True,
    )  # fmt: skip
    page_link.source, page_link.line = link.source, link.line
    return page_link
