"""What a reader calls."""

from collections import Counter
from typing import Any

from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.html import quiz_html, standalone
from mle_lib.exercises.registry import find
from mle_lib.exercises.results import Result
from mle_lib.exercises.text import to_html, to_text

_hints_given: Counter[str] = Counter()


class Shown:
    """A text or a form, for a notebook and for a plain terminal."""

    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def check(id: str, answer: Any = ...) -> Result:
    """Say whether an answer is right, and if not, which mistake it makes.

    Args:
        id: The exercise's id.
        answer: Of a code exercise the function; of a quiz the letter, letters or number.

    Raises:
        ValueError: If there is no exercise of this id. Whatever the answer does, nothing is raised.
    """
    return find(id)[1].judge(answer)


def quiz(id: str) -> Shown:
    """Show a question, to be answered by clicking or typing.

    Raises:
        ValueError: If there is no quiz of this id.
    """
    number, exercise = find(id)
    if isinstance(exercise, CodeExercise):
        raise ValueError(f"id must be the id of a quiz, got {id!r}, a function to be written")
    return Shown(standalone(quiz_html(exercise, number)), to_text(exercise.question))


def hint(id: str, number: int | None = None) -> Shown:
    """Show a hint: the next one at each call, or the one of this number (from 1).

    Raises:
        ValueError: If there is no such exercise, or it has no such hint.
    """
    hints = _code_exercise(id).hints
    if number is None:
        number = min(_hints_given[id] + 1, len(hints))
        _hints_given[id] = number
    if number not in range(1, len(hints) + 1):
        raise ValueError(f"number must be from 1 to {len(hints)}, got {number!r}")
    text = f"**Hint {number} of {len(hints)}.** {hints[number - 1]}"
    return Shown(to_html(text), to_text(text))


def solution(id: str) -> Shown:
    """Show an exercise's solution, and why it is one.

    Raises:
        ValueError: If there is no such exercise.
    """
    exercise = _code_exercise(id)
    text = f"```\n{exercise.source()}\n```\n\n{exercise.note}"
    return Shown(to_html(text), to_text(text))


def _code_exercise(id: str) -> CodeExercise:
    exercise = find(id)[1]
    if not isinstance(exercise, CodeExercise):
        raise ValueError(f"id must be the id of a code exercise, got {id!r}, a quiz")
    return exercise
