"""A code exercise: a function to be written, and how an answer is judged.

The answer is called with arguments that the reader has not seen, and compared with the solution.
If it is wrong, it is compared with the known slips: each is the solution with one mistake, so an
answer that gives what the slip gives has that mistake, however it is written.
"""

import copy
import inspect
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mle_lib.exercises.advice import Trial, describe_difference, describe_error
from mle_lib.exercises.calls import call, holds_ellipsis, importable
from mle_lib.exercises.results import Result
from mle_lib.exercises.values import Arrays, NotNumbers, as_arrays, same, unchanged

Function = Callable[..., Any]
Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Slip:
    """A mistake that readers make: the solution with this mistake, and what to tell them."""

    answer: Function
    advice: str

    @property
    def name(self) -> str:
        return self.answer.__name__


@dataclass(frozen=True)
class CodeExercise:
    """A function to be written.

    Attributes:
        id: Its name for ever: readers' progress is kept under it.
        title: A few words, as in the chapter's heading.
        answer: The solution; its source is shown as it stands.
        cases: Arguments to call an answer with, drawn from the generator it is given. They must
            tell the solution from every slip (a test holds this).
        slips: The known slips.
        hints: From a nudge to nearly there.
        why: One sentence on why it matters, shown with "Correct."
        note: What to say beside the solution.
        tolerance: Relative to the largest entry. The default lets float32 pass.
        adapt: Turns an answer into the function that is called and compared, where an answer is
            not such a function itself.
        needs: A module that the answer needs besides NumPy; with one it runs in Colab only.
    """

    id: str
    title: str
    answer: Function
    cases: Callable[[np.random.Generator], Iterable[Arguments]]
    slips: tuple[Slip, ...]
    hints: tuple[str, ...]
    why: str
    note: str
    tolerance: float = 1e-5
    adapt: Callable[[Function], Function] = field(default=lambda answer: answer)
    needs: str | None = None

    kind = "code"

    def texts(self) -> list[str]:
        """Everything in the exercise that is written in markup."""
        return [self.why, self.note, *self.hints, *(slip.advice for slip in self.slips)]

    def source(self) -> str:
        """The solution's code."""
        return textwrap.dedent(inspect.getsource(self.answer)).strip()

    def all_cases(self) -> list[Arguments]:
        """The same arguments at every check."""
        return list(self.cases(np.random.default_rng(0)))

    @np.errstate(all="ignore")
    def judge(self, answer: Any) -> Result:
        """Judge an answer, by calling it and by what it returns."""
        if answer is ...:
            return self._not_attempted()
        if answer is None:
            return self._wrong("`None` was given. Pass your function: its name, without brackets.")
        if not callable(answer):
            return self._wrong(
                f'Pass the function itself, `check("{self.id}", {self.answer.__name__})`, not '
                "what it returns: it will be called with other arguments."
            )
        if self.needs and not importable(self.needs):
            return Result(
                self.id,
                "not attempted",
                f"This exercise needs `{self.needs}`, which cannot be imported here. It can in "
                "Colab.",
            )
        adapted = self.adapt(answer)
        expected = self.outcomes(self.answer)
        given: list[Arrays] = []
        for arguments, right in zip(self.all_cases(), expected, strict=True):
            outcome = self._observe(adapted, arguments, len(right or ()))
            if isinstance(outcome, Result):
                if outcome.status == "not attempted":
                    return outcome
                return self._compare(given, expected, outcome)
            given.append(outcome)
        return self._compare(given, expected, None)

    # ---- one call

    def _observe(self, answer: Function, arguments: Arguments, count: int) -> Arrays | Result:
        """The ``count`` values that the answer returns, or what is wrong with how they came."""
        kept = copy.deepcopy(arguments)
        try:
            value = call(answer, kept)
        except Exception as error:
            if isinstance(error, NotImplementedError) and not error.args:
                return self._not_attempted()
            return self._stopped(error, arguments)
        if holds_ellipsis(value):
            return self._not_attempted()
        if value is None:
            return self._wrong("Your function returned `None`: is a `return` missing?")
        for name, before, after in zip(self._names(arguments), arguments, kept, strict=True):
            if not unchanged(before, after):
                return self._wrong(
                    f"Your function changes its argument `{name}`. Whoever calls it loses what was "
                    "there. Compute a new array: `a = a + b`, not `a += b` or `a[...] = b`."
                )
        try:
            # copied before the second call, which may write into what the first returned
            arrays = as_arrays(value, count)
            repeated = as_arrays(call(answer, copy.deepcopy(arguments)), count)
        except NotNumbers as error:
            return self._wrong(f"Your function returned {error}; numbers or arrays are needed.")
        except Exception as error:
            return self._stopped(error, arguments)
        if not same(arrays, repeated, 0.0):
            return self._wrong(
                "Called twice with the same arguments, your function gave two different values. "
                "Is there chance in it, or something that it remembers from call to call?"
            )
        return arrays

    def _stopped(self, error: Exception, arguments: Arguments) -> Result:
        # what the reader's function was called with: not the arguments, where it is adapted
        names = list(inspect.signature(self.answer).parameters)
        return self._wrong(describe_error(error, names, () if self.needs else arguments))

    def _names(self, arguments: Arguments) -> list[str]:
        names = list(inspect.signature(self.adapt(self.answer)).parameters)
        return (
            names if len(names) == len(arguments) else [f"#{k + 1}" for k in range(len(arguments))]
        )

    # ---- all calls together

    def outcomes(self, function: Function) -> list[Arrays | None]:
        """What a function of ours gives on every case; ``None`` where it fails."""
        adapted = self.adapt(function)
        found: list[Arrays | None] = []
        for arguments in self.all_cases():
            try:
                found.append(as_arrays(call(adapted, copy.deepcopy(arguments))))
            except Exception:
                found.append(None)
        return found

    def agree(self, given: list[Arrays], ours: list[Arrays | None]) -> bool:
        """Whether an answer gave what ours gave; if it stopped at a case, ours has no number there:
        plain Python stops at a division by zero, where NumPy goes on with inf or NaN."""
        pairs = zip(given, ours, strict=False)
        equal = all(o is not None and same(g, o, self.tolerance) for g, o in pairs)
        if not equal or len(given) == len(ours):
            return equal
        there = ours[len(given)]
        return there is None or not all(np.isfinite(part).all() for part in there)

    def _compare(
        self, given: list[Arrays], expected: list[Arrays | None], stopped: Result | None
    ) -> Result:
        """Judge by what the answer gave until it stopped, if it did."""
        if stopped is None and self.agree(given, expected):
            return Result(self.id, "correct", self.why)
        for slip in self.slips:
            if self.agree(given, self.outcomes(slip.answer)):
                return Result(self.id, "incorrect", slip.advice, slip=slip.name)
        trials = [
            Trial(dict(zip(self._names(arguments), arguments, strict=True)), g, e)
            for arguments, g, e in zip(self.all_cases(), given, expected, strict=False)
            if e is not None
        ]
        # A wrong value is the better thing to talk about than a stop at a later trial.
        if stopped and all(same(t.given, t.expected, self.tolerance) for t in trials):
            return stopped
        return self._wrong(describe_difference(trials, self.tolerance))

    def _wrong(self, message: str) -> Result:
        return Result(self.id, "incorrect", message)

    def _not_attempted(self) -> Result:
        return Result(
            self.id,
            "not attempted",
            f'Write your answer in place of `...` and run this again. Stuck? `hint("{self.id}")`.',
        )
