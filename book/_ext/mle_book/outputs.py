"""What a cell prints is one text on its page, to the letter.

A kernel sends it in pieces, cut where `print(..., end="")` or chance cuts it, and MyST-NB shows a
block for each, or, with `nb_merge_streams`, ends each with a new line and moves it to the first.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx

from .tree import replace, siblings_before

PRINTED = {"stream", "stderr"}  # classes of the blocks
OVERWRITTEN = re.compile(r".*\r(?=[^\n])")  # as a terminal does it, and nbclient


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", join_streams)


def join_streams(app: Sphinx, doctree: nodes.document) -> None:
    """Join the printed blocks of one page that follow each other."""
    for block in [b for b in doctree.findall(nodes.literal_block) if PRINTED & {*b["classes"]}]:
        text, earlier = block.astext(), next(reversed(siblings_before(block)), None)
        if isinstance(earlier, nodes.literal_block) and earlier["classes"] == block["classes"]:
            text = earlier.astext() + text
            replace(earlier)
        # Sphinx takes a block whose source is not its text for one with markup
        block.rawsource = OVERWRITTEN.sub("", text)
        block[:] = [nodes.Text(block.rawsource)]
