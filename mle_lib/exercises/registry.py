"""All exercises, in the order in which the chapters set them."""

import difflib
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from reprlib import repr as short
from types import ModuleType

from mle_lib.exercises import chapters
from mle_lib.exercises.html import Exercise


@cache
def packages() -> dict[int, str]:
    """Number of each chapter that has exercises -> its folder in `chapters`, in order."""
    names = [module.name for module in iter_modules(chapters.__path__) if module.ispkg]
    numbers = {_package(name).CHAPTER: name for name in names}
    if len(numbers) < len(names):
        raise ValueError(f"CHAPTER must be another in each folder of {chapters.__path__[0]}")
    return dict(sorted(numbers.items()))


def _package(name: str) -> ModuleType:
    return import_module(f"{chapters.__name__}.{name}")


@cache
def chapter(number: int) -> tuple[Exercise, ...]:
    """The exercises of a chapter, in order; none, if it has none."""
    name = packages().get(number)
    return _package(name).EXERCISES if name else ()


@cache
def open_questions() -> tuple[Exercise, ...]:
    """The lecture's seven questions."""
    return import_module("mle_lib.exercises.lecture").EXERCISES


@cache
def by_id() -> dict[str, tuple[str, Exercise]]:
    """Number (such as "3.2") and exercise, by id."""
    numbered = {
        exercise.id: (f"{number}.{position}", exercise)
        for number in packages()
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
        text = exercise_id if isinstance(exercise_id, str) else ""
        near = difflib.get_close_matches(text, known, n=1)
        shown = repr(text) if text else short(exercise_id)  # of an object, `repr` may fail
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"id must be the id of an exercise, got {shown}{hint}")
    return known[exercise_id]
