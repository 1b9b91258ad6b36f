"""A code exercise: a function to be written, and how an answer is judged.

The answer is called with arguments that the reader has not seen, and compared with the solution.
If it is wrong, it is compared with the known slips: each is the solution with one mistake, so an
answer that gives what the slip gives has that mistake, however it is written.
"""

import copy
import inspect
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import numpy as np

from mle_lib.exercises.advice import Trial, describe_difference, describe_error
from mle_lib.exercises.calls import call, holds_ellipsis
from mle_lib.exercises.results import Result
from mle_lib.exercises.trials import Arguments, Draw, in_floats, trials
from mle_lib.exercises.values import Arrays, NotNumbers, as_arrays, in_single, same, unchanged

Function = Callable[..., Any]
Cases = Callable[[np.random.Generator], Iterable[Arguments]]
AS_GIVEN = "So does the program as it was given. Which of its lines make it so?"
Stage = Literal["write", "order", "fill", "mend"]


class Verdict(Exception):
    """All that is to be said of an answer, found at one trial."""

    def __init__(self, result: Result) -> None:
        self.result = result


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
        draw: The arguments of a trial, asked for by name (``trials.Draw``), so that the trials have
            what is hard about each.
        cases: Arguments of more trials, where it takes a structure that is not drawn.
        slips: The known slips.
        hints: From a nudge to nearly there.
        why: One sentence on why it matters, shown with "Correct."
        note: What to say beside the solution.
        tolerance: Relative to each entry that is not below a tenth of the largest. The default lets
            float32 pass.
        adapt: Turns an answer into the function that is called and compared, where an answer is
            not such a function itself.
        stage: What the reader's cell holds: a stub to be written, the solution's lines in another
            order, the solution with two gaps, or a program with faults, to be mended.
        of: The exercise, by its id, whose check this is: the same function at another stage.
        given: Of a program to be mended, the name of the slip that it is: of this one only what it
            does is said, for to find out why is the exercise.
        estimates: Says of a function what it estimates, in a sentence, from what it does on a small
            case; asked of every answer that did not stop.
    """

    id: str
    title: str
    answer: Function
    slips: tuple[Slip, ...]
    hints: tuple[str, ...]
    why: str
    note: str
    draw: Callable[[Draw], Arguments] | None = None
    tolerance: float = 1e-5
    cases: Cases = lambda rng: ()
    adapt: Callable[[Function], Function] = field(default=lambda answer: answer)
    stage: Stage = "write"
    of: str = ""
    given: str = ""
    estimates: Callable[[Function], str] | None = None

    kind = "code"

    def texts(self) -> list[str]:
        """Everything in the exercise that is written in markup."""
        return [self.why, self.note, *self.hints, *(slip.advice for slip in self.slips)]

    def source(self) -> str:
        """The solution's code."""
        return textwrap.dedent(inspect.getsource(self.answer)).strip()

    def all_cases(self) -> list[Arguments]:
        """The same arguments at every check."""
        return [*_drawn(self.draw, self.cases)]

    def judge(self, answer: Any) -> Result:
        """Judge an answer, by calling it and by what it returns."""
        result = self._result(answer)
        stuck = (
            f'Stuck? `hint("{self.id}")`, at last `solution("{self.id}")`, of `mle_lib.exercises`.'
        )
        return result if result.status == "correct" else replace(result, call=stuck)

    def _result(self, answer: Any) -> Result:
        if answer is ...:
            return self._not_attempted()
        if answer is None:
            return self._wrong("`None` was given. Pass your function: its name, without brackets.")
        if not callable(answer):
            return self._wrong(
                f'Pass the function itself, `check("{self.id}", {self.answer.__name__})`, not '
                "what it returns: it will be called with other arguments."
            )
        with np.errstate(all="ignore"):
            result = self._judged(self.adapt(answer))
            return replace(result, message=self._with_what_it_estimates(result, answer))

    def _with_what_it_estimates(self, result: Result, answer: Function) -> str:
        if self.estimates is None or result.status == "not attempted":
            return result.message
        try:
            said = call(self.estimates, (answer,))
        except Exception:  # it stopped, which the result says
            return result.message
        given = bool(result.slip) and result.slip == self.given
        return f"**What it does.** {said}\n\n{AS_GIVEN if given else result.message}"

    def _judged(self, answer: Function) -> Result:
        tried: list[Trial] = []
        for arguments in self.all_cases():
            try:
                right = self._gives(self.answer, arguments)
            except Exception as error:
                return self._cannot_run(error)
            try:
                asked, given = self._asked(answer, arguments, right)
            except Verdict as verdict:
                return verdict.result
            except Exception as error:
                stop = self._stopped(error, arguments)
                if not isinstance(error, ArithmeticError | ValueError):
                    return self._compare(tried, stop)
                # plain Python stops at a division by zero, where NumPy goes on with inf or NaN
                tried.append(Trial(arguments, right, stop=stop))
                continue
            tried.append(Trial(asked, right, given))
        return self._compare(tried)

    # ---- one call

    def _asked(
        self, answer: Function, arguments: Arguments, right: Arrays
    ) -> tuple[Arguments, Arrays]:
        """What the answer gives, and to what: where it stops at integers, to the same as floats."""
        floats = in_floats(arguments)
        try:
            return arguments, self._observe(answer, arguments, right)
        except Verdict:
            raise
        except Exception:
            if floats is arguments:
                raise
        return floats, self._observe(answer, floats, right)

    def _observe(self, answer: Function, arguments: Arguments, right: Arrays) -> Arrays:
        """The values that the answer returns.

        Raises:
            Verdict: If that is all to say: of the values, or of how they came.
            Exception: What the answer stopped with.
        """
        kept = copy.deepcopy(arguments)
        try:
            value = call(answer, kept)
        except NotImplementedError as error:
            if error.args:
                raise
            raise Verdict(self._not_attempted()) from error
        except Exception as error:
            if "ellipsis" in str(error):  # a gap was computed with
                raise Verdict(self._not_attempted()) from error
            raise
        if holds_ellipsis(value):
            raise Verdict(self._not_attempted())
        if value is None:
            raise Verdict(self._wrong("Your function returned `None`: is a `return` missing?"))
        for at, (before, after) in enumerate(zip(arguments, kept, strict=True)):
            if not unchanged(before, after):
                name = self._names(arguments)[at]
                raise Verdict(
                    self._wrong(
                        f"Your function changes its argument `{name}`. Whoever calls it loses what "
                        "was there. Compute a new array: `a = a + b`, not `a += b` or `a[...] = b`."
                    )
                )
        try:
            # copied before the second call, which may write into what the first returned
            arrays = as_arrays(value, right)
            repeated = as_arrays(call(answer, copy.deepcopy(arguments)), right)
        except NotNumbers as error:
            wanted = f"Your function returned {error}; numbers or arrays are needed."
            raise Verdict(self._wrong(wanted)) from error
        if not same(arrays, repeated, self.tolerance):
            raise Verdict(
                self._wrong(
                    "Called twice with the same arguments, your function gave two different "
                    "values. Is there chance in it, or something that it remembers from call to "
                    "call?"
                )
            )
        return arrays

    def _stopped(self, error: Exception, arguments: Arguments) -> str:
        # what the reader's function was called with: not the arguments, where it is adapted
        names = list(inspect.signature(self.answer).parameters)
        as_they_are = self.adapt(self.answer) is self.answer
        return describe_error(error, names, arguments if as_they_are else ())

    def _names(self, arguments: Arguments) -> list[str]:
        names = list(inspect.signature(self.adapt(self.answer)).parameters)
        return (
            names if len(names) == len(arguments) else [f"#{k + 1}" for k in range(len(arguments))]
        )

    # ---- all calls together

    def outcomes(self, function: Function) -> list[Arrays | None]:
        """What a function of ours gives on every trial; ``None`` where it fails."""
        found: list[Arrays | None] = []
        for arguments in self.all_cases():
            try:
                found.append(self._gives(function, arguments))
            except Exception:
                found.append(None)
        return found

    def _gives(
        self, function: Function, arguments: Arguments, like: Arrays | None = None
    ) -> Arrays:
        """What a function of ours gives, computed once; of `all_cases`, which stay."""
        known = _given(self.draw, self.cases, self.adapt, function, like is None)
        if id(arguments) not in known:
            known[id(arguments)] = as_arrays(_ours(self.adapt(function), arguments), like)
        return known[id(arguments)]

    def is_right(
        self, given: Arrays, right: Arrays, arguments: Arguments, answer: Function | None = None
    ) -> bool:
        """Whether values are those of the solution (or another ``answer`` of ours), each within the
        tolerance, or with the error that float32 makes: ten times that of the answer itself."""
        if same(given, right, self.tolerance, in_each=True):
            return True
        if [part.shape for part in given] != [part.shape for part in right]:
            return False
        try:
            answer = answer or self.adapt(self.answer)
            coarse = as_arrays(call(answer, in_single(in_floats(arguments))), right)
        except Exception:
            return False
        return all(
            bool(np.all(abs(mine - theirs) <= 10 * abs(single - theirs).max(initial=0.0)))
            and bool(np.isfinite(single).all())
            for mine, theirs, single in zip(given, right, coarse, strict=True)
        )

    def _makes(self, slip: Slip, tried: list[Trial]) -> bool:
        """Whether an answer gave what a slip gives on all trials; where that is no finite number,
        it may have stopped."""
        adapted = self.adapt(slip.answer)
        for trial in tried:
            try:
                ours = self._gives(slip.answer, trial.arguments, trial.right)
            except Exception:
                ours = None
            if trial.stop:
                if ours and all(np.isfinite(part).all() for part in ours):
                    return False
            elif ours is None or not (
                self.is_right(trial.given, ours, trial.arguments, adapted)
                or _rounded(trial.given, ours, trial.right)
            ):
                return False
        return True

    def _compare(self, tried: list[Trial], stop: str = "") -> Result:
        """Judge by what the answer gave, until it stopped for good, if it did."""
        stops = [trial.stop for trial in tried if trial.stop] + [stop] * bool(stop)
        shown = [trial for trial in tried if not trial.stop]
        wrong = [t for t in shown if not self.is_right(t.given, t.right, t.arguments)]
        if not stops and not wrong:
            return Result(self.id, "correct", self.why)
        if not stop:
            for slip in self.slips:
                if self._makes(slip, tried):
                    text = " ".join([slip.advice, *stops[:1]])
                    return Result(self.id, "incorrect", text, slip=slip.name)
        # A wrong value is the better thing to talk about than a stop at another trial.
        said = (
            [describe_difference(shown, wrong, self._names(tried[0].arguments), self.tolerance)]
            if wrong
            else []
        )
        return self._wrong("\n\n".join([*said, *stops[:1]]))

    def _cannot_run(self, error: Exception) -> Result:
        """Where the solution itself fails, nothing is said of an answer."""
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".replace("`", "'")
        return Result(
            self.id,
            "not attempted",
            f"The solution itself cannot run here: it stopped with `{text}`. Something that all "
            "code shares was changed. Restart Python (on the book's page: load the page again), "
            "and check again.",
        )

    def _wrong(self, message: str) -> Result:
        return Result(self.id, "incorrect", message)

    def _not_attempted(self) -> Result:
        begins = {"order": "Put the lines in order", "mend": "Mend the program"}
        task = begins.get(self.stage, "Write your answer in place of `...`")
        return Result(self.id, "not attempted", f"{task} and run this again.")


@cache  # to draw them takes longer than to judge an answer by them
def _drawn(draw: Callable[[Draw], Arguments] | None, cases: Cases) -> tuple[Arguments, ...]:
    return *(trials(draw) if draw else ()), *cases(np.random.default_rng(0))


@cache
def _given(*of: object) -> dict[int, Arrays]:
    """What a function of ours has given, as an exercise adapts it, by the identity of a trial."""
    return {}


def _ours(function: Function, arguments: Arguments) -> Any:
    """What a function of ours gives; it is asked with floats."""
    return call(function, copy.deepcopy(in_floats(arguments)))


def _rounded(given: Arrays, other: Arrays, right: Arrays) -> bool:
    """Whether values differ by no more than rounding does, where what is right is computed: a
    mistake may leave a difference of large numbers, and of that only the rounding."""
    return all(
        a.shape == b.shape == c.shape
        and bool(np.all(abs(a - b) <= 1e-12 * abs(c).max(initial=0.0)))
        for a, b, c in zip(given, other, right, strict=False)
    ) and len(given) == len(other)
