"""All exercises, in the order in which the chapters set them."""

import difflib
from functools import cache
from importlib import import_module

from mle_lib.exercises.html import Exercise

CHAPTERS = range(1, 11)


@cache
def chapter(number: int) -> tuple[Exercise, ...]:
    """The exercises of a chapter, in order."""
    return import_module(f"mle_lib.exercises.chapter{number:02}").EXERCISES


@cache
def open_questions() -> tuple[Exercise, ...]:
    """The lecture's seven questions."""
    return import_module("mle_lib.exercises.lecture").EXERCISES


@cache
def by_id() -> dict[str, tuple[str, Exercise]]:
    """Number (such as "3.2") and exercise, by id."""
    numbered = {
        exercise.id: (f"{number}.{position}", exercise)
        for number in CHAPTERS
        for position, exercise in enumerate(chapter(number), 1)
    }
    return {**numbered, **{question.id: ("", question) for question in open_questions()}}


def find(exercise_id: str) -> tuple[str, Exercise]:
    """The number and the exercise of an id.

    Raises:
        ValueError: If there is none of this id.
    """
    known = by_id()
    if not isinstance(exercise_id, str) or exercise_id not in known:
        near = difflib.get_close_matches(str(exercise_id), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"id must be the id of an exercise, got {exercise_id!r}{hint}")
    return known[exercise_id]
