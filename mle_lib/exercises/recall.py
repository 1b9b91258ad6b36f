"""Short questions on chapters that were read before, and which of them open a chapter.

A chapter's questions stand in ``chapters/NAME/recall.py``. Each names a checked cell of the chapter
and what its stored output says: where that says something else, the tests refuse the question.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from mle_lib.exercises import chapters
from mle_lib.exercises.quizzes import Choice, Numeric

PREFIX = "recall-"  # of their ids


@dataclass(frozen=True)
class Recall:
    """A question on what a chapter has shown.

    Attributes:
        question: Its id begins with ``recall-``.
        cell: The id of the checked cell that has shown it.
        shows: A part of that cell's stored output, from which the answer follows.
    """

    question: Choice | Numeric
    cell: str
    shows: str


@cache
def bank(chapter: str) -> tuple[Recall, ...]:
    """The questions on a chapter, by the name of its folder."""
    module = f"{chapters.__name__}.{chapter}.recall"
    if find_spec(f"{chapters.__name__}.{chapter}") is None or find_spec(module) is None:
        return ()
    found: tuple[Recall, ...] = import_module(module).RECALL
    return found
