"""All exercises, in the order in which the chapters set them.

An exercise is found where it is defined, in a file of its chapter's folder. Its place is that of
its cell on the page, which `order.json` repeats: `make generated` writes it.
"""

import difflib
import json
from collections import Counter
from functools import cache
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules
from reprlib import repr as short

from mle_lib.exercises import chapters
from mle_lib.exercises.html import Exercise
from mle_lib.exercises.quizzes import Choice, Recall


def folders() -> list[str]:
    return [module.name for module in iter_modules(chapters.__path__) if module.ispkg]


@cache
def order() -> dict[str, list[str]]:
    """Folder of each chapter -> the ids of the exercises on its page, in order."""
    text = files(__package__).joinpath("order.json").read_text("utf-8")
    written: dict[str, list[str]] = json.loads(text)
    return {name: written.get(name, []) for name in [*written, *folders()]}


@cache
def chapter(number: int) -> tuple[Exercise, ...]:
    """The exercises of a chapter, in order; last those that are on no page yet."""
    if not 1 <= number <= len(order()):
        return ()
    name, ids = list(order().items())[number - 1]
    found = defined(name)
    return tuple(found[id] for id in dict.fromkeys([*ids, *found]) if id in found)


def defined(name: str) -> dict[str, Exercise]:
    """Every exercise that is defined in a file of a folder of `chapters`, by id."""
    if name not in folders():  # a chapter without exercises
        return {}
    room = import_module(f"{chapters.__name__}.{name}")
    modules = [import_module(f"{room.__name__}.{m.name}") for m in iter_modules(room.__path__)]
    values = [value for module in modules for value in vars(module).values()]
    return {value.id: value for value in values if isinstance(value, Exercise)}


@cache
def open_questions() -> tuple[Exercise, ...]:
    """The lecture's seven questions."""
    return import_module("mle_lib.exercises.lecture").EXERCISES


@cache
def by_id() -> dict[str, tuple[str, Exercise]]:
    """Number (such as "3.2") and exercise, by id; who asks why has the number of what is above."""
    numbered: dict[str, tuple[str, Exercise]] = {}
    for number in range(1, len(order()) + 1):
        position = 0
        for exercise in chapter(number):
            position += not asks_why(exercise)
            numbered[exercise.id] = f"{number}.{position}", exercise
    recalled = [one.question for name in order() for one in bank(name)]
    return {
        **numbered,
        **{question.id: ("", question) for question in (*open_questions(), *recalled)},
    }


@cache
def bank(name: str) -> tuple[Recall, ...]:
    """The questions on a chapter, of ``recall.py`` in its folder."""
    if name not in folders():
        return ()
    room = import_module(f"{chapters.__name__}.{name}")
    if "recall" not in [module.name for module in iter_modules(room.__path__)]:
        return ()
    found: tuple[Recall, ...] = import_module(f"{room.__name__}.recall").RECALL
    return found


BACK = (1, 2, 4)  # of which chapters before it the questions are that open one


def opening(name: str) -> tuple[Recall, ...]:
    """The questions that open a chapter: none the first one; each of a bank in its turn."""
    names, taken = list(order()), Counter[str]()
    chosen: list[Recall] = []
    for at in range(1, names.index(name) + 1):
        chosen = []
        for of in (names[max(at - back, 0)] for back in BACK):
            if questions := bank(of):
                chosen.append(questions[taken[of] % len(questions)])
                taken[of] += 1
    return tuple(chosen)


def asks_why(exercise: Exercise) -> bool:
    return isinstance(exercise, Choice) and bool(exercise.of)


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
