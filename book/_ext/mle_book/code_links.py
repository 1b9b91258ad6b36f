"""The first use of a library's name in each code cell leads to its entry in the API reference.

Sphinx makes the HTML of a cell, a `<span>` for each name. Here some of them get a link around
them; the text, which the copy button copies, and the colours stay as they are.
"""

import re
from html import escape, unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from .mentions import MentionDomain

PIECE = re.compile(r'<span class="[\w ]+">([^<]*)</span>|<[^>]*>|[^<]+')


def setup(app: Sphinx) -> None:
    app.add_node(nodes.literal_block, override=True, html=(visit_block, depart_block))


def visit_block(self: Any, block: nodes.literal_block) -> None:
    """What the theme's translator does, and then the links."""
    try:
        type(self).visit_literal_block(self, block)
    except nodes.SkipNode:  # Sphinx is done with the block, and its HTML is the last there is
        domain = self.builder.env.get_domain(MentionDomain.name)
        links, seen = {}, set()
        for use in sorted(block.get("mle_uses", ()), key=lambda use: (use.line, use.column)):
            target = domain.target(use.text, use.path)
            # of `display.show` only `show` is a link
            if use.path not in seen and target and not target[1].startswith("module-"):
                seen.add(use.path)
                page = self.builder.get_relative_uri(self.docnames[0], target[0])
                links[use.line, use.column] = use.text, f"{page}#{target[1]}"
        if links:
            self.body[-1] = with_links(self.body[-1], links)
        raise


def depart_block(self: Any, block: nodes.literal_block) -> None:
    type(self).depart_literal_block(self, block)


def with_links(html: str, links: dict[tuple[int, int], tuple[str, str]]) -> str:
    """Put a link around each span that starts at a given (line, column) and holds the text."""
    before, pre, code = html.partition("<pre>")
    line = column = 0

    def linked(match: re.Match[str]) -> str:
        nonlocal line, column
        inside = match[1] if match[1] is not None else "" if match[0][0] == "<" else match[0]
        text, here = unescape(inside), (line, column)
        lines = text.split("\n")
        line, column = line + len(lines) - 1, len(lines[-1]) + (column if len(lines) == 1 else 0)
        if match[1] is not None and here in links and links[here][0] == text:
            return f'<a class="mle-api" href="{escape(links[here][1])}">{match[0]}</a>'
        return match[0]

    return before + pre + PIECE.sub(linked, code)
