"""A box that asks for a guess takes one, and what answers it waits.

    > **Guess.** Does the noise scale rise or fall?

What waits begins with the next cell of the notebook and has the class `mle-outcome`: text, what
the next code cells give, and the paragraph below that. Where text comes first, and the code after
it gives nothing, that text was the answer. So does, up to the next guess or the end of the section,
whatever stands in a cell tagged `answers`. Of code that is open only the output waits, of a folded
or a tagged cell all. It is the same below a question with a prediction; where nothing below it in
its section answers, it is what is tagged in the next.
`practice.js` hides it until there is a guess, or none is wanted. Without that program, and in
print, all is open.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from mle_lib.exercises import registry

from .tree import place, wrap

logger = logging.getLogger(__name__)

GUESS, OUTCOME, ANSWERS = "mle-callout-guess", "mle-outcome", "answers"
FOLDED = "hide-input"
LINES_A_CELL = 10_000  # MyST-NB counts those of the first cell from here on, of the next from twice


def setup(app: Sphinx) -> None:
    # after all that adds to what stands below a guess
    app.connect("doctree-read", make_guesses, priority=900)


def make_guesses(app: Sphinx, doctree: nodes.document) -> None:
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    cells = nbformat.read(path, as_version=4).cells
    answers = {k for k, cell in enumerate(cells) if ANSWERS in cell.metadata.get("tags", [])}
    asked: dict[str, int] = {}
    for box in [node for node in doctree.findall() if _asks(node)]:
        if not _mark(_below(box), box, answers) and not _mark_next(box, answers):
            logger.warning(
                "guesses: nothing below it answers", location=box, type="mle", subtype="guess"
            )
        if _is_box(box):
            name = cells[_cell(box)].id
            asked[name] = asked.get(name, 0) + 1
            box += _field(f"guess-{name}" + (f"-{asked[name]}" if asked[name] > 1 else ""))


def _asks(node: nodes.Node) -> bool:
    """Whether a node is a guess, or a question with a prediction."""
    if isinstance(node, nodes.raw) and "mle_exercise" in node:
        return bool(getattr(registry.find(node["mle_exercise"])[1], "prediction", False))
    return _is_box(node)


def _is_box(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and GUESS in node["classes"]


def _cell(node: nodes.Node) -> int:
    """The number of a node's cell; of one that has none, as if before all."""
    if isinstance(node, nodes.Element) and "cell_index" in node:
        return int(node["cell_index"])
    within = (n.line for n in node.findall() if n.line) if isinstance(node, nodes.Element) else ()
    return int(next(iter(within), 0)) // LINES_A_CELL - 1


def _mark(below: Iterable[nodes.Element], box: nodes.Element, answers: set[int]) -> int:
    """Mark what answers; how many nodes that are."""
    output, done, count = False, False, 0
    for node in below:
        # a prediction right below a guess asks for the same
        if isinstance(node, nodes.section) or (_asks(node) and (count or _is_box(node))):
            break
        tagged = _cell(node) in answers
        if node.get("nb_element") == "cell_code":
            given = [n for n in node.children if n.get("nb_element") == "cell_code_output"]
            done |= bool(count and not given)
            if done and not tagged:
                continue
            whole = given and (tagged or FOLDED in node["cell_metadata"].get("tags", ()))
            for one in [node] if whole else given:
                one["classes"] = sorted({*one["classes"], OUTCOME})
            output |= bool(given)
            count += len(given)
        elif _cell(node) > _cell(box) and not isinstance(node, nodes.raw):
            if done and not tagged:
                continue
            if OUTCOME not in node.get("classes", ()):
                wrap(node, nodes.container(classes=[OUTCOME]))
            count += 1
            done |= output
    return count


def _below(box: nodes.Element) -> list[nodes.Element]:
    return list(box.parent.children[place(box) + 1 :])


def _mark_next(box: nodes.Element, answers: set[int]) -> int:
    """Of a prediction the answer may stand in the next section: what is tagged there."""
    if _is_box(box):
        return 0
    section = box.parent
    while isinstance(section.parent.parent, nodes.section):
        section = section.parent
    later = next((n for n in _below(section) if isinstance(n, nodes.section)), None)
    tagged = [n for n in later.children if _cell(n) in answers] if later is not None else []
    _mark(tagged, box, answers)
    return 1  # or in a later one


def _field(name: str) -> nodes.raw:
    html = f'<mle-exercise kind="guess" exercise="{escape(name)}" label="Guess"'
    return nodes.raw("", f'{html} data-exercise="{{}}"></mle-exercise>', format="html")
