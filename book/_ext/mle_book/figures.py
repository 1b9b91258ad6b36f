"""A figure of a chapter on another page: `{mle-figure} optimizers`, its caption the content.

The figure is what the chapter's cell tagged `front-page` shows. The chapter is executed, cached and
tested as ever; the other page only shows the same frames, and is written again when they change.
There its first slider, the one that plays, begins at its first place. Where no script runs the
frame is the one that the chapter chose.
"""

import hashlib
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from .tree import replace

TAG = "tag_front-page"  # the class that the cell's tag becomes
FIGURE = "<mle-explore"
START = re.compile(r"(&quot;start&quot;: \[)\d+")

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    app.add_directive("mle-figure", FigureDirective)
    app.add_node(chapter_figure)
    app.connect("env-updated", pages_to_write_again)
    app.connect("doctree-resolved", fill_in)


class chapter_figure(nodes.General, nodes.Element):
    """The place for the figure of the page `docname`."""


class FigureDirective(SphinxDirective):
    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        folder = self.env.docname.rpartition("/")[0]
        docname = f"{folder}/{self.arguments[0]}".lstrip("/")
        self.env.metadata[self.env.docname]["mle_figure"] = docname
        place = chapter_figure(docname=docname)
        self.set_source_info(place)
        text = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, text)
        # A caption, and no paragraph: the page is described by its own first one.
        caption = nodes.caption()
        for paragraph in text:
            caption += [nodes.Text(" "), *paragraph] if len(caption) else [*paragraph]
        return [nodes.compound("", place, caption, classes=["mle-front"])]


def figure_html(env: BuildEnvironment, docname: str) -> str | None:
    """What the tagged cell of a page shows."""
    if docname not in env.found_docs:
        return None
    for cell in env.get_doctree(docname).findall(nodes.container):
        if TAG in cell["classes"]:
            for shown in cell.findall(nodes.raw):
                if shown.get("format") == "html" and FIGURE in shown.astext():
                    return shown.astext()
    return None


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages whose figure has changed since they were last written."""
    before, now = getattr(env, "mle_figures", {}), {}
    for docname in env.found_docs:
        if source := env.metadata[docname].get("mle_figure"):
            html = figure_html(env, source) or ""
            now[docname] = hashlib.sha256(html.encode()).hexdigest()
    env.mle_figures = now
    return [docname for docname, digest in now.items() if before.get(docname) != digest]


def fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(chapter_figure)):
        html = figure_html(app.env, place["docname"])
        if html is None:
            logger.warning(
                "mle-figure: %s has no cell tagged front-page that shows a figure to explore",
                place["docname"],
                location=place,
            )
            replace(place)
        else:
            replace(place, nodes.raw("", START.sub(r"\g<1>0", html, count=1), format="html"))
