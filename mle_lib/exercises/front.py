"""What a reader calls."""

from collections import Counter
from reprlib import repr as short
from typing import Any

from mle_lib.exercises.calls import TookTooLong
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.html import quiz_html, recall_html, standalone
from mle_lib.exercises.registry import find, opening, order
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
    exercise = find(id)[1]
    try:
        return exercise.judge(answer)
    except (KeyboardInterrupt, TookTooLong):
        return Result(id, "not attempted", "The check was stopped. Run it again.")
    except BaseException:  # objects whose every use fails, each in its own way
        if isinstance(exercise, CodeExercise):
            return Result(id, "incorrect", "What your function did or returned cannot be read.")
        return Result(id, "not attempted", "Your answer cannot be read.")


def quiz(id: str) -> Shown:
    """Show a question, to be answered by clicking or typing.

    Raises:
        ValueError: If there is no quiz of this id.
    """
    number, exercise = find(id)
    if isinstance(exercise, CodeExercise):
        raise ValueError(f"id must be the id of a quiz, got {id!r}, a function to be written")
    return Shown(standalone(quiz_html(exercise, number)), to_text(exercise.question))


def recall(chapter: str) -> Shown:
    """Show the questions on earlier chapters that open this one.

    Args:
        chapter: The name of its notebook, without its ending.

    Raises:
        ValueError: If there is no such chapter, or it is the first.
    """
    names = [name.replace("_", "-") for name in order()]
    if chapter not in names[1:]:
        raise ValueError(f"chapter must be one of {names[1:]}, got {short(chapter)}")
    questions = [one.question for one in opening(chapter.replace("-", "_"))]
    html = recall_html(quiz_html(question, "") for question in questions)
    return Shown(standalone(html), "\n\n".join(to_text(q.question) for q in questions))


def hint(id: str, number: Any = None) -> Shown:
    """Show a hint: the next one at each call, or the one of this number (from 1).

    Raises:
        ValueError: If there is no such exercise, or it has no such hint.
    """
    hints = _code_exercise(id).hints
    if number is None:
        place = _hints_given[id] = min(_hints_given[id] + 1, len(hints))
    else:
        place = _place(number, len(hints))
    text = f"**Hint {place} of {len(hints)}.** {hints[place - 1]}"
    return Shown(to_html(text), to_text(text))


def _place(number: Any, last: int) -> int:
    """The whole number from 1 to ``last`` that is meant, by 1.0 and a tensor of 1 as by 1."""
    try:
        (place,) = [k for k in range(1, last + 1) if number == k]
    except Exception:  # none or, by an object that equals everything, all; or it cannot be compared
        raise ValueError(f"number must be from 1 to {last}, got {short(number)}") from None
    return place


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
