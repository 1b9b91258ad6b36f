"""What a page says of itself to who links to it, or cites it.

- A card (Open Graph): its title and description, and, once the book is published, its address and
  a picture of the book, which must be given with the host's name.
- Once the book is published: the canonical address of each page, and `sitemap.xml`.
- `{mle-citation}` is the BibTeX entry of the book, made from `CITATION.cff`.

Published it is when `repository.url` of `_config.yml` names a repository that can be; where GitHub
Pages puts the site follows from that.
"""

import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from docutils import nodes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from .not_found import prefix

CITATION = "CITATION.cff"
PICTURE = "_static/card.png"
INCHES, DPI = (12, 6.3), 100  # 1200 x 630, the form that those who show cards ask for
ACCENT = "#0b6b7a"


def setup(app: Sphinx) -> None:
    app.connect("config-inited", set_address)
    app.connect("html-page-context", add_card, priority=600)  # when it has its description
    app.connect("build-finished", finish)
    app.add_directive("mle-citation", CitationDirective)


def address(repository: str) -> str:
    """Where GitHub Pages puts the site; nothing of a repository whose owner is none."""
    owner = urlsplit(repository).path.strip("/").partition("/")[0]
    if not owner or owner.startswith("-"):
        return ""
    return f"https://{owner.lower()}.github.io{prefix(repository)}"


def set_address(app: Sphinx, config: Config) -> None:
    """Which makes Sphinx write each page's canonical address."""
    config.html_baseurl = address(config.html_theme_options.get("repository_url", ""))


def add_card(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:  # fmt: skip
    head = context.get("metatags", "")
    described = re.search(r'<meta name="description" content="([^"]*)"', head)
    root, book = pagename == app.config.root_doc, app.config.html_title or app.config.project
    card = {
        "og:type": "website" if root else "article",
        "og:site_name": escape(book),
        "og:title": escape(re.sub(r"<[^>]*>", "", context.get("title", "")), quote=True),
        "og:description": described[1] if described else "",
    }
    if base := app.config.html_baseurl:
        card |= {"og:url": base + app.builder.get_target_uri(pagename), "og:image": base + PICTURE}
    tags = [f'\n<meta property="{name}" content="{text}" />' for name, text in card.items() if text]
    context["metatags"] = head + "".join(tags)


def finish(app: Sphinx, error: Exception | None) -> None:
    base = app.config.html_baseurl
    if error or app.builder.format != "html" or not base:
        return
    pages = [base + app.builder.get_target_uri(page) for page in sorted(app.env.found_docs)]
    Path(app.outdir, "sitemap.xml").write_text(sitemap(pages), encoding="utf-8")
    draw(Path(app.outdir, PICTURE), app.config.html_title or app.config.project)


def sitemap(addresses: list[str]) -> str:
    lines = [f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{''.join(lines)}</urlset>\n"
    )


def draw(path: Path, title: str) -> None:
    """The book's mark and its title."""
    figure = Figure(figsize=INCHES, dpi=DPI, facecolor=ACCENT)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 12), ylim=(0, 6.3))
    axes.axis("off")
    mark = Polygon([(0.9, 5.5), (2.6, 5.5), (1.75, 3.9)], fill=False, edgecolor="white", lw=14)
    mark.set_joinstyle("round")
    axes.add_patch(mark)
    lines = re.sub(r", ", ",\n", title)
    axes.text(0.8, 1.9, lines, color="white", size=40, family="serif", weight="bold", va="center")
    figure.savefig(path, metadata={"Software": None})


# ---- how to cite the book


class CitationDirective(SphinxDirective):
    """`{mle-citation}`: the book's BibTeX entry."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(CITATION)
        text = Path(self.env.srcdir, CITATION).read_text("utf-8")
        entry = bibtex(yaml.safe_load(text), self.config.copyright)
        return [nodes.literal_block(entry, entry, language="bibtex", classes=["mle-citation"])]


def bibtex(cited: dict[str, Any], copyright: str) -> str:
    """Of a book that grows: the year is that of its copyright, the number that of its version."""
    names = [
        f"{one['family-names']}, {one['given-names']}"
        if "family-names" in one
        else f"{{{one['name']}}}"
        for one in cited["authors"]
    ]
    (year,) = re.findall(r"\b\d{4}\b", copyright)
    fields = {
        "author": " and ".join(names),
        "title": f"{{{cited['title']}}}",
        "year": year,
        "version": cited["version"],
    }
    if address(cited["repository-code"]):
        fields["url"] = cited["repository-code"]
    listed = ",\n".join(f"  {name:7} = {{{text}}}" for name, text in fields.items())
    key = re.sub(r"\W+", "-", cited["title"].lower()).strip("-")
    return f"@misc{{{key},\n{listed}\n}}"
