"""How an exercise calls an answer and reads a value: the same for all of them, whatever the cell
around the check has set, and whatever the value is made of."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from mle_lib.exercises import check, hint, quiz, solution
from mle_lib.exercises.advice import told_apart
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.html import Exercise
from mle_lib.exercises.quizzes import Choice, Numeric
from mle_lib.exercises.registry import by_id
from mle_lib.exercises.values import NotNumbers, as_array, as_arrays
from tests.exercises.answers import all_answers

EXERCISES = [exercise for _, exercise in by_id().values()]
CODE = [e for e in EXERCISES if isinstance(e, CodeExercise) and not e.of]  # one of those that share
CHOICES = [e for e in EXERCISES if isinstance(e, Choice)]
NUMERIC = [e for e in EXERCISES if isinstance(e, Numeric)]
ANSWERS = all_answers()

every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
every_code_exercise = pytest.mark.parametrize("exercise", CODE, ids=lambda e: e.id)
# whose values are those of the function itself: not of what a check makes of it
AS_THEY_ARE = [e for e in CODE if e.adapt(e.answer) is e.answer]
every_plain_exercise = pytest.mark.parametrize("exercise", AS_THEY_ARE, ids=lambda e: e.id)

# ---- float32


class Single(np.ndarray):
    """An array whose every operation takes and gives float32."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return rounded(getattr(ufunc, method)(*plain(inputs), **plain(options)))

    def __array_function__(self, function: Any, _: Any, arguments: Any, options: Any) -> Any:
        return rounded(function(*plain(arguments), **plain(options)))


def plain(value: Any) -> Any:
    """A value without `Single`, in float32."""
    if isinstance(value, tuple | list):
        return type(value)(map(plain, value))
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, float):
        return np.float32(value)
    if isinstance(value, np.ndarray):
        return value.view(np.ndarray).astype(np.float32 if value.dtype.kind == "f" else value.dtype)
    return value


def rounded(value: Any) -> Any:
    """A value as `Single`, if it has a fraction."""
    if isinstance(value, tuple | list):
        return type(value)(map(rounded, value))
    if isinstance(value, np.ndarray | np.floating | float) and np.asarray(value).dtype.kind == "f":
        return np.asarray(value, np.float32).view(Single)
    if callable(value):  # a height: it computes as it does, and is read in float32
        return lambda *arguments: rounded(value(*map(plain, arguments)))
    return value


def test_single_rounds_everything() -> None:
    third = rounded(1.0) / 3
    for value in (third, 1 / rounded(3.0), np.sqrt(third), third.sum(), np.sum([third, third])):
        assert np.asarray(value).dtype == np.float32


@every_plain_exercise
def test_an_answer_wholly_in_float32_is_correct(exercise: CodeExercise) -> None:
    """With every argument and every intermediate value rounded, and with a hundredth of the
    tolerance to spare, or more."""
    calls = []

    def single(*arguments: Any) -> Any:
        calls.append(1)
        return exercise.answer(*map(rounded, arguments))

    result = check(exercise.id, single)
    assert result.status == "correct", result
    assert calls


@pytest.mark.parametrize("beta", [0.9, 0.999, 1 - 2**-10])
def test_the_distance_from_one_after_rounding(beta: float) -> None:
    """What the cases of `adam-update` avoid: of 1 - β it may be a part of 2^-24 / (1 - β)."""
    error = abs((1 - float(np.float32(beta))) / (1 - beta) - 1)
    assert error <= 2**-24 / (1 - beta)
    assert (error == 0) == (beta == 1 - 2**-10)


# ---- what the cell around a check has set in torch


def autocast() -> AbstractContextManager[Any]:
    return torch.autocast("cpu", dtype=torch.bfloat16)


MODES = (torch.no_grad, torch.inference_mode, autocast)
IN_A_MODE = [  # at a push each exercise in one of them, the next in the next
    pytest.param(
        e,
        mode,
        id=f"{e.id}-{mode.__name__}",
        marks=[pytest.mark.soak] * ((at - k) % len(MODES) != 0),
    )
    for at, e in enumerate(CODE)
    for k, mode in enumerate(MODES)
]


@pytest.mark.usefixtures("any_trials")
@pytest.mark.parametrize(("exercise", "mode"), IN_A_MODE)
def test_right_answers_are_right_in_every_mode_of_torch(
    exercise: CodeExercise, mode: Callable[[], AbstractContextManager[Any]]
) -> None:
    for answer in (exercise.answer, *ANSWERS[exercise.id].right):
        with mode():
            before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
            result = check(exercise.id, answer)
            assert before == (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
        assert result.status == "correct", f"{answer.__name__}: {result}"


def test_a_check_draws_nothing_from_the_readers_generator() -> None:
    before = torch.get_rng_state()
    for exercise in CODE:
        check(exercise.id, exercise.answer)
    assert torch.equal(before, torch.get_rng_state())


# ---- values of other types


def exactly(kind: Callable[[Any], Any], value: Any, form: Callable[[np.ndarray], Any]) -> Any:
    """A returned value with every entry of another type."""
    parts = as_arrays(value)
    made = []
    for part in parts:
        assert np.isfinite(part).all()
        entries = np.empty(part.shape, dtype=object)
        for at in np.ndindex(part.shape):
            entries[at] = kind(float(part[at]))
        made.append(form(entries))
    return tuple(made) if len(made) > 1 else made[0]


@pytest.mark.usefixtures("any_trials")
@pytest.mark.parametrize("kind", [float, Fraction, Decimal, torch.tensor])
@pytest.mark.parametrize("form", [lambda a: a, lambda a: a.tolist()], ids=["array", "list"])
@every_plain_exercise
def test_a_right_value_is_right_in_every_type(
    exercise: CodeExercise, form: Callable[[np.ndarray], Any], kind: Callable[[Any], Any]
) -> None:
    def answer(*arguments: Any) -> Any:
        return exactly(kind, exercise.answer(*arguments), form)

    assert check(exercise.id, answer).status == "correct"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int8, torch.bool])
def test_a_tensor_of_every_dtype_is_read(dtype: torch.dtype) -> None:
    tensor = torch.tensor([1.0, 0.0]).to(dtype)
    for value in (tensor, tensor.to_sparse(), [tensor[0], tensor[1]]):
        assert as_array(value).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "value",
    ["0.5", b"1", None, 1j, np.complex64(1), ..., [1.0], np.ones(1), object(), 10**400],
    ids=lambda v: str(v)[:8],
)
def test_what_is_no_real_number_is_none_in_an_array_of_objects(value: Any) -> None:
    entries = np.empty(2, dtype=object)
    entries[0], entries[1] = Fraction(1, 2), value
    with pytest.raises(NotNumbers):
        as_array(entries)


def test_a_number_beyond_float64_is_called_too_large() -> None:
    result = check("minibatch-gradient", lambda *_: [Fraction(10**400), 1, 1])
    assert "a number that is too large for float64" in result.message


# ---- values that cannot be read


class EndOfTheWorld(BaseException):
    pass


def unreadable(error: type[BaseException]) -> Iterator[Any]:
    """Objects of which one use fails, for every use that a reading makes of a value."""

    def fails(*_: Any, **__: Any) -> Any:
        raise error

    uses = (
        "__array__ __float__ __iter__ __len__ __getitem__ __getattr__ __eq__ __hash__ __repr__ "
        "__index__ __bool__ __class__ __call__ __getattribute__ __array_ufunc__ __deepcopy__"
    )
    for base in (object, list, str, set, float):
        for use in uses.split():
            member = property(fails) if use == "__class__" else fails
            yield type("Unreadable", (base,), {use: member})()
    for use in ("detach", "tolist"):
        yield type("Unreadable", (), {use: fails})()


@pytest.mark.usefixtures("any_trials")
@pytest.mark.parametrize(
    "error", [asyncio.CancelledError, EndOfTheWorld, SystemExit, GeneratorExit, RuntimeError]
)
@every_exercise
def test_what_cannot_be_read_does_not_get_out(
    exercise: Exercise, error: type[BaseException]
) -> None:
    for value in unreadable(error):
        result = check(exercise.id, value)
        assert result.status != "correct"
        repr(result), result._repr_html_()
    if exercise.id in ("minibatch-gradient", "adam-update"):  # one value, and several
        for value in unreadable(error):
            for returned in (value, [value], (value, 1.0)):
                result = check(exercise.id, lambda *_, returned=returned: returned)
                assert result.status == "incorrect"
                repr(result), result._repr_html_()


@pytest.mark.parametrize("function", [check, hint, quiz, solution])
def test_an_id_that_cannot_be_read_is_refused(function: Callable[..., Any]) -> None:
    class NoText:
        def __repr__(self) -> str:
            raise RuntimeError("no text")

    with pytest.raises(ValueError, match="id must be the id of an exercise, got <NoText"):
        function(NoText())


# ---- the number of a hint, the letters and the number of a quiz

ONES = [1, 1.0, np.float64(1), np.int8(1), Fraction(1), Decimal(1), True, torch.tensor(1.0), 1 + 0j]
NO_PLACES = [
    0, -1, 9, 1.5, float("nan"), float("inf"), "1", [1], np.ones(2), object(), torch.ones(2), False,
]  # fmt: skip


@pytest.mark.parametrize("number", ONES, ids=lambda n: type(n).__name__)
@every_code_exercise
def test_a_hint_is_found_by_a_number_of_any_type(exercise: CodeExercise, number: Any) -> None:
    shown = hint(exercise.id, number)
    assert repr(shown).startswith(f"Hint 1 of {len(exercise.hints)}.")
    assert repr(shown) == repr(hint(exercise.id, 1))
    assert repr(hint(exercise.id, 2 * number)).startswith("Hint 2 of ")


@pytest.mark.parametrize("number", NO_PLACES, ids=lambda v: repr(v)[:7])
@every_code_exercise
def test_what_is_no_hints_number_is_refused(exercise: CodeExercise, number: Any) -> None:
    last = len(exercise.hints)
    with pytest.raises(ValueError, match=f"number must be from 1 to {last}, got "):
        hint(exercise.id, number)


@pytest.mark.parametrize("quiz", CHOICES, ids=lambda e: e.id)
def test_letters_are_read_from_every_collection(quiz: Choice) -> None:
    letters = list(quiz.right)
    forms = [list, tuple, set, frozenset, np.array, dict.fromkeys(letters).keys, "".join]
    for answer in [*(f(letters) if f is not forms[5] else f() for f in forms), quiz.right.upper()]:
        assert check(quiz.id, answer).status == "correct", repr(answer)


@pytest.mark.parametrize("quiz", CHOICES, ids=lambda e: e.id)
@pytest.mark.parametrize(
    "other", [None, 7, object(), b"a", ..., ["a"], float("nan")], ids=lambda v: repr(v)[:7]
)
def test_what_is_no_text_among_letters_is_not_passed_over(quiz: Choice, other: Any) -> None:
    for answer in ([*quiz.right, other], (other, *quiz.right)):
        assert check(quiz.id, answer).status == "not attempted"


HUGE = [10**400, -(10**400), Fraction(10**400), Decimal("1e400"), float("inf"), "1e400", 10**5000]


@pytest.mark.parametrize("quiz", NUMERIC, ids=lambda e: e.id)
@pytest.mark.parametrize("number", HUGE, ids=lambda n: type(n).__name__)
def test_a_number_that_is_too_large_is_told_so(quiz: Numeric, number: Any) -> None:
    result = check(quiz.id, number)
    assert result.status == "not attempted"
    assert "too large for a number here" in result.message


@pytest.mark.parametrize("quiz", NUMERIC, ids=lambda e: e.id)
@pytest.mark.parametrize("kind", [Fraction, Decimal, np.float32, np.array, torch.tensor, str])
def test_a_right_number_is_right_in_every_type(quiz: Numeric, kind: Callable[[Any], Any]) -> None:
    assert check(quiz.id, kind(quiz.answer)).status == "correct"


# ---- what is said of a wrong value


@pytest.mark.usefixtures("any_trials")
@every_plain_exercise
def test_what_is_given_and_what_is_right_are_told_apart(exercise: CodeExercise) -> None:
    """Every entry in turn is off by two tolerances."""
    first = as_arrays(exercise.answer(*exercise.all_cases()[0]))
    for place in [(k, at) for k, part in enumerate(first) for at in range(part.size)][:8]:

        def off(*arguments: Any, place: tuple[int, int] = place) -> Any:
            parts = [part.copy() for part in as_arrays(exercise.answer(*arguments))]
            part, at = parts[place[0]].reshape(-1), place[1]
            part[at % part.size] += 2 * exercise.tolerance * (abs(part).max() or 1)
            return tuple(parts) if len(parts) > 1 else parts[0]

        result = check(exercise.id, off)
        assert result.status == "incorrect"
        found = re.search(r"yours gave `(.*)`, and `(.*)` is right", result.message)
        assert found, result.message
        assert found[1] != found[2]


def test_an_entry_that_is_left_out_in_the_middle_is_shown() -> None:
    right = np.linspace(0, 1, 200).reshape(20, 10)
    given = right.copy()
    given[7, 3] += 1e-3
    assert told_apart((given,), (right,)) == (
        f"{given[7, 3]} at (7, 3)",
        f"{right[7, 3]} at (7, 3)",
    )
