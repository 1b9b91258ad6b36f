"""What stands written beside the definitions of exercises, and must agree with them."""

import json
import re
from pathlib import Path

from mle_lib.exercises import registry
from mle_lib.exercises.registry import by_id, defined, open_questions
from tools import moved
from tools.exercise_order import FILE, guesses, order
from tools.notebooks import toc_notebooks

ROOT = Path(__file__).parents[2]
QUESTION = re.compile(r"^> \*\*Question\.\*\* (.+)\n\n```\{mle-open\} (\S+)\n```$", re.M)


def test_ids_never_change() -> None:
    """Readers' answers are kept in their browsers under these names."""
    assert set(moved.kept()["exercises"]) == {*by_id(), *guesses()}, (
        "an id that readers may have answers under must stay; a new one is kept by `make generated`"
    )


def test_the_order_is_that_of_the_pages() -> None:
    written = json.loads((ROOT / FILE).read_text("utf-8"))
    assert list(written.items()) == list(order().items()), "`make generated` writes it"
    for name, ids in written.items():
        assert sorted(ids) == sorted(defined(name)), f"exercises of {name}, asked and defined"
    assert list(registry.order()) == list(written), "a folder of exercises has no chapter"


def test_open_questions_are_those_quoted_above_them() -> None:
    """GitHub shows the quote, the site the form."""
    page = (ROOT / "book" / "lecture-questions.md").read_text("utf-8")
    assert QUESTION.findall(page) == [(q.question, q.id) for q in open_questions()]


def test_no_page_speaks_of_calls_for_which_it_has_buttons() -> None:
    """A notebook says them with what a check says."""
    for path in toc_notebooks():
        assert not re.search(r"`(hint|solution)\(", path.read_text("utf-8")), path.name
