"""Answers as readers write them, apart from the exercises' own solutions and slips.

One module a chapter, `ANSWERS` by exercise id. They are written from the task alone: what an
exercise takes for right, and which mistake it sees, is tried on code that it does not know.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Answers:
    """Answers to one exercise.

    Attributes:
        right: Other ways to be right: one with loops, one with torch, others.
        slips: For each known slip, by its name, answers that make it.
        wrong: Mistakes that are nobody's known slip: refused, whatever the advice.
        equivalent: Mutants of the solution (`mutants.py`) that are right, and why each is.
    """

    right: tuple[Function, ...]
    slips: dict[str, tuple[Function, ...]]
    wrong: tuple[Function, ...] = field(default=())
    equivalent: dict[str, str] = field(default_factory=dict)


def all_answers() -> dict[str, Answers]:
    """All answers of all chapters."""
    found: dict[str, Answers] = {}
    for module in iter_modules(__path__):
        found |= import_module(f"{__name__}.{module.name}").ANSWERS
    return found
