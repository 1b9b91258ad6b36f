"""How the site was built: `{mle-status} chapters` and `{mle-status} versions` are two tables.

What they say is known once every page is read, so they are filled in when the page is written, and
the page is written again when they say something else. No host name, no path, no time of building:
a build in which nothing has changed writes nothing.
"""

import os
import platform
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from .pages import reading_order
from .reexecution import REQUIREMENTS
from .tree import replace

CHECKED = "nbval-check-output"
PACKAGES = ("torch", "numpy", "scikit-learn", "matplotlib", "jupyter-book", "Sphinx", "myst-nb")
PINNED = re.compile(r"^[\w.-]+==", re.MULTILINE)

Row = list[nodes.Node | str]


def setup(app: Sphinx) -> None:
    app.add_directive("mle-status", StatusDirective)
    app.add_node(status_table)
    app.connect("env-updated", pages_to_write_again)
    app.connect("doctree-resolved", fill_tables)


class status_table(nodes.General, nodes.Element):
    """The place for the table `table`."""


class StatusDirective(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        table = directives.choice(self.arguments[0], ("chapters", "versions"))
        self.env.metadata[self.env.docname]["mle_status"] = table
        return [status_table(table=table)]


def chapters(env: BuildEnvironment) -> list[tuple[str, str, str, str]]:
    """Of each notebook: page, seconds, day of execution, checked cells of how many."""
    rows = []
    for docname in reading_order(env):
        path = Path(env.doc2path(docname))
        if path.suffix == ".ipynb":
            run = env.nb_metadata.get(docname, {}).get("exec_data") or {}
            seconds = f"{run['runtime']:.0f}" if run.get("runtime") is not None else "–"
            day = f"{datetime.fromtimestamp(run['mtime'], UTC):%Y-%m-%d}" if run else "–"
            code = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
            checked = sum(CHECKED in cell.metadata.get("tags", ()) for cell in code)
            rows.append((docname, seconds, day, f"{checked} of {len(code)}"))
    return rows


def versions(env: BuildEnvironment) -> list[tuple[str, str]]:
    """Of what the site was built with."""
    requirements = Path(env.srcdir, REQUIREMENTS)
    pinned = PINNED.findall(requirements.read_text("utf-8")) if requirements.exists() else []
    return [
        ("Machine", f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores"),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in PACKAGES),
        (f"Packages pinned in {REQUIREMENTS}", str(len(pinned))),
    ]


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages with these tables, if the tables have changed since they were last written."""
    titles = {docname: title.astext() for docname, title in env.titles.items()}
    pages = [docname for docname in env.found_docs if "mle_status" in env.metadata[docname]]
    now = (chapters(env), versions(env), titles) if pages else None
    before, env.mle_status = getattr(env, "mle_status", None), now
    return pages if now != before else []


def fill_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(status_table)):
        make = chapter_rows if place["table"] == "chapters" else version_rows
        replace(place, table(list(make(app, docname))))


def version_rows(app: Sphinx, docname: str) -> Iterator[Row]:
    yield ["Part", "Version"]
    for row in versions(app.env):
        yield list(row)


def chapter_rows(app: Sphinx, docname: str) -> Iterator[Row]:
    yield ["Chapter", "Seconds", "Run on", "Checked cells"]
    for page, *values in chapters(app.env):
        title = nodes.inline("", app.env.titles[page].astext())
        yield [make_refnode(app.builder, docname, page, "", title), *values]


def table(rows: list[Row]) -> nodes.table:
    """A table whose first row is its head."""
    columns = len(rows[0])
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in rows[0]), cols=columns)
    made = [
        nodes.row("", *(nodes.entry("", nodes.paragraph("", "", _node(cell))) for cell in row))
        for row in rows
    ]
    group += [nodes.thead("", made[0]), nodes.tbody("", *made[1:])]
    return nodes.table("", group, classes=["colwidths-auto", "mle-status"])


def _node(cell: nodes.Node | str) -> nodes.Node:
    return nodes.Text(cell) if isinstance(cell, str) else cell
