"""Each code cell has an address: `chapter.ipynb#scrollTo=ID` leads to it in Colab, and here."""

from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx

PREFIX = "cell-"
SCROLL = "scrollTo="  # what Colab calls it


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", give_ids)


def give_ids(app: Sphinx, doctree: nodes.document) -> None:
    """An id for each cell's node, and its place among the anchors that links may name."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    cells = nbformat.read(path, as_version=4).cells
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            name = cells[node["cell_index"]].get("id")
            if name:
                node["ids"].append(f"{PREFIX}{name}")
                slugs[f"{SCROLL}{name}"] = (node.line, f"{PREFIX}{name}", "")
