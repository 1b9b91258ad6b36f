"""What stands written beside the definitions of exercises, and must agree with them."""

import re
from pathlib import Path

from mle_lib.exercises.registry import by_id, open_questions
from tools import moved

ROOT = Path(__file__).parents[2]
QUESTION = re.compile(r"^> \*\*Question\.\*\* (.+)\n\n```\{mle-open\} (\S+)\n```$", re.M)


def test_ids_never_change() -> None:
    """Readers' answers are kept in their browsers under these names."""
    assert set(moved.kept()["exercises"]) == by_id().keys(), (
        "an id that readers may have answers under must stay; a new one is kept by `make generated`"
    )


def test_open_questions_are_those_quoted_above_them() -> None:
    """GitHub shows the quote, the site the form."""
    page = (ROOT / "book" / "lecture-questions.md").read_text("utf-8")
    assert QUESTION.findall(page) == [(q.question, q.id) for q in open_questions()]
