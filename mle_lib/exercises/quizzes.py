"""Questions answered by choosing or typing, and open ones, in the same form as the page's."""

import math
import string
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from mle_lib.exercises.numbers import Unclear, as_typed_in_ascii, parse_number
from mle_lib.exercises.results import Result


@dataclass(frozen=True)
class Option:
    """One option: what it says, whether it is right, and what to tell who chose wrongly.

    For a wrong option the feedback is for who chose it; for a right option of a question with
    several, for who left it out.
    """

    text: str
    feedback: str = ""
    right: bool = False


@dataclass(frozen=True)
class Choice:
    """A question with options, exactly one of them right, or (``several``) any number.

    An answer is the option's letter, ``"b"``; with several, letters: ``"ac"`` or ``["a", "c"]``.
    With ``of``, the id of a code exercise, it asks why what is written there is right, and stands
    below it under the same number.
    """

    id: str
    title: str
    question: str
    options: tuple[Option, ...]
    why: str
    several: bool = False
    of: str = ""

    @property
    def kind(self) -> str:
        return "several" if self.several else "choice"

    @property
    def letters(self) -> str:
        return string.ascii_lowercase[: len(self.options)]

    @property
    def right(self) -> str:
        return "".join(
            k for k, option in zip(self.letters, self.options, strict=True) if option.right
        )

    def texts(self) -> list[str]:
        """Everything in the question that is written in markup."""
        parts = [(option.text, option.feedback) for option in self.options]
        return [self.question, self.why, *(text for pair in parts for text in pair)]

    def judge(self, answer: Any) -> Result:
        """Compare the letters with those of the right options."""
        chosen = read_letters(answer)
        if not chosen or not chosen <= set(self.letters) or (not self.several and len(chosen) > 1):
            form = '"ac"' if self.several else '"b"'
            return Result(
                self.id,
                "not attempted",
                f"Give letters from {self.letters[0]} to {self.letters[-1]}, such as `{form}`.",
            )
        wrong = [
            f"**{letter}.** {option.feedback}"
            for letter, option in zip(self.letters, self.options, strict=True)
            if option.right != (letter in chosen) and (self.several or letter in chosen)
        ]
        if wrong:
            return Result(self.id, "incorrect", "\n\n".join(wrong))
        return Result(self.id, "correct", self.why)


def read_letters(answer: Any) -> set[str]:
    """The letters of a text, or of a collection of texts; none, if anything in it is no text."""
    answer = answer.tolist() if hasattr(answer, "tolist") else answer  # an array
    parts = list(answer) if isinstance(answer, str | Sequence | Set) else []
    if not all(isinstance(part, str) for part in parts):
        return set()
    return {as_typed_in_ascii(part).strip().lower() for part in parts} - {"", ","}


@dataclass(frozen=True)
class Near:
    """A wrong number that readers arrive at, and what to tell them."""

    value: float
    advice: str


@dataclass(frozen=True)
class Numeric:
    """A question answered by a number.

    Attributes:
        answer: The right number.
        tolerance: How far off an answer may be, absolutely.
        near: Wrong numbers that are recognised, within a margin of their own.
        otherwise: What to tell who gave any other number.
        prediction: Whether it is asked before the chapter computes it.
        printed: For a prediction, the number as a later checked cell of the chapter prints it.
        unit: What stands behind the field.
    """

    id: str
    title: str
    question: str
    answer: float
    tolerance: float
    near: tuple[Near, ...]
    otherwise: str
    why: str
    prediction: bool = False
    printed: str = ""
    unit: str = ""

    kind = "numeric"

    def texts(self) -> list[str]:
        """Everything in the question that is written in markup."""
        return [self.question, self.otherwise, self.why, self.unit, *(n.advice for n in self.near)]

    def judge(self, answer: Any) -> Result:
        """Compare a number, or a text such as ``"1/4"``, with the right one."""
        if answer is ... or answer is None:
            return Result(self.id, "not attempted", "Type a number.")
        try:
            given = answer.tolist() if hasattr(answer, "tolist") else answer  # Python's own
            if isinstance(given, bool):
                raise TypeError
            # bytes and complex numbers have no __float__; float() would read the digits of bytes
            number = parse_number(given) if isinstance(given, str) else given.__float__()
        except Unclear as error:
            return Result(self.id, "not attempted", str(error))
        except OverflowError:  # of a long integer or fraction
            number = math.inf
        except Exception:
            return Result(self.id, "not attempted", 'Give a number, or a text such as `"1/4"`.')
        if math.isnan(number):
            return Result(self.id, "not attempted", "NaN is no number.")
        if math.isinf(number):
            return Result(self.id, "not attempted", "That is too large for a number here.")
        if abs(number - self.answer) <= self.tolerance:
            return Result(self.id, "correct", self.why)
        for near in self.near:
            if abs(number - near.value) <= self.margin(near):
                return Result(self.id, "incorrect", near.advice)
        return Result(self.id, "incorrect", self.otherwise)

    def margin(self, near: Near) -> float:
        """The tolerance in proportion to the size of a wrong number, but a twentieth of it at most:
        the advice is for who means this number."""
        return abs(near.value) * min(self.tolerance / abs(self.answer or 1), 0.05)


@dataclass(frozen=True)
class Recall:
    """A short question on what a chapter has shown, to be asked in later ones.

    Attributes:
        question: Its id begins with ``recall-``.
        cell: The id of the checked cell that has shown it.
        shows: A part of that cell's stored output, from which the answer follows: where the output
            says something else, the tests refuse the question.
    """

    question: Choice | Numeric
    cell: str
    shows: str


@dataclass(frozen=True)
class Open:
    """A question that no program can judge: a text box, and a rubric to judge oneself by.

    Attributes:
        rubric: What a good answer says, each a line to tick.
        where: The sections with the book's own answer.
    """

    id: str
    title: str
    question: str
    rubric: tuple[str, ...]
    where: str

    kind = "open"

    def texts(self) -> list[str]:
        """Everything in the question that is written in markup."""
        return [self.question, self.where, *self.rubric]

    def judge(self, answer: Any) -> Result:
        """No program judges it: the rubric, to compare the answer with."""
        lines = "\n\n".join(f"{k}. {line}" for k, line in enumerate(self.rubric, 1))
        return Result(
            self.id,
            "not attempted",
            f"Judge your answer yourself. It should say:\n\n{lines}\n\n"
            f"The book's answer: {self.where}.",
        )
