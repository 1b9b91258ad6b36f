"""The checker's method: trials that are drawn, and answers that a machine made wrong."""

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from mle_lib.exercises import check
from mle_lib.exercises.advice import Trial, describe_difference
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.registry import by_id
from mle_lib.exercises.trials import LEAST, NONE, Draw, Whole
from mle_lib.exercises.values import as_arrays
from tests.exercises.answers import all_answers
from tests.exercises.mutants import (
    Mutant,
    agrees,
    digest,
    mutants,
    numbers_of,
    score,
    with_what_is_right,
    written_scores,
)
from tests.exercises.mutants import other_trials as others

CODE = [e for _, e in by_id().values() if isinstance(e, CodeExercise) and e.draw and not e.of]
ANSWERS = all_answers()
every_exercise = pytest.mark.parametrize("exercise", CODE, ids=lambda e: e.id)
OTHERS = 300  # trials of another distribution, at every push


@every_exercise
def test_a_check_has_many_trials_and_some_of_the_same_shapes(exercise: CodeExercise) -> None:
    cases = exercise.all_cases()
    assert len(cases) >= LEAST
    shapes = [tuple(map(np.shape, (a for a in case if not callable(a)))) for case in cases]
    assert len(set(shapes)) < len(shapes)


@every_exercise
def test_the_score_that_is_written_is_of_the_exercise_as_it_is(exercise: CodeExercise) -> None:
    """By a digest of what it comes from: to try all mutants again is for `make soak`."""
    written = written_scores().get(exercise.id, {})
    command = f".venv/bin/python -m tests.exercises.mutants --write {exercise.id}"
    assert written.get("digest") == digest(exercise), f"what is written is old: run `{command}`"
    assert written["accepted"] == 0, f"wrong answers are taken: `{command}` lists them"


def compare_with_what_is_written(exercise: CodeExercise, trials: int) -> None:
    found = score(exercise, trials)
    assert written_scores()[exercise.id].items() >= numbers_of(exercise, found).items()
    assert found.mutants - found.void > 20
    assert found.accepted == [], "wrong, and not refused"
    assert sorted(found.equivalent) == sorted(ANSWERS[exercise.id].equivalent)


def test_every_mutant_is_refused_or_is_no_mistake() -> None:
    """Of one exercise at a push; of all, and by more trials, in `make soak`."""
    (exercise,) = (e for e in CODE if e.id == "minibatch-gradient")
    compare_with_what_is_written(exercise, OTHERS)


@pytest.mark.soak
@every_exercise
def test_every_mutant_is_refused_or_agrees_on_ten_thousand_other_trials(
    exercise: CodeExercise,
) -> None:
    compare_with_what_is_written(exercise, 10_000)


@pytest.mark.parametrize("many", [2, 3, 7])
def test_what_is_renewed_is_another_each_time(many: int) -> None:
    for seed, again in product(range(20), (1, 2, 4, 6)):
        first, other = (
            Draw(seed, renewed=renewed).word("w", *range(many)) for renewed in (NONE, ("w", again))
        )
        assert first != other


def test_sizes_that_are_usual_differ_and_what_scales_whole_numbers_is_whole() -> None:
    half = Draw(0, {"a": "half", "b": "half"})
    assert half.size("a", 1, 300) != half.size("b", 1, 300)
    whole = Draw(0, {"x": "whole"})
    scaled = whole.number("s", 0.1, 100) * whole.reals("x", 4, 3)
    assert (scaled == np.round(scaled)).all()


# ---- right in any container


def as_fractions(value: np.ndarray) -> Any:
    if not np.isfinite(value).all():
        return value
    return np.vectorize(Fraction, otypes=[object])(value).tolist()


ONE: dict[str, Callable[[np.ndarray], Any]] = {
    "a list": lambda a: a.tolist(),
    "a tuple": lambda a: tuple(a.tolist()) if a.ndim else (a.item(),),
    "an array in a list": lambda a: [a],
    "a tensor": lambda a: torch.tensor(a, requires_grad=True),
    "Fraction": as_fractions,
    "numbers of NumPy": lambda a: list(a) if a.ndim else np.float64(a),
    "digits that differ": lambda a: a * (1 + 1e-12 * np.random.default_rng().normal()),
}
ALL: dict[str, Callable[[Any], Any]] = {"a tuple": tuple, "a list": list}


@every_exercise
@pytest.mark.usefixtures("any_trials")
def test_right_is_right_in_any_container(exercise: CodeExercise) -> None:
    if exercise.adapt(exercise.answer) is not exercise.answer:
        pytest.skip("its answers are not what is compared")
    several = len(as_arrays(exercise.answer(*exercise.all_cases()[0]))) > 1

    def given(one: Callable[[np.ndarray], Any], all: Callable[[Any], Any]) -> Callable[..., Any]:
        def answer(*arguments: Any) -> Any:
            parts = [one(part) for part in as_arrays(exercise.answer(*arguments))]
            return all(parts) if several else parts[0]

        return answer

    for name, one in ONE.items():
        if several and name == "an array in a list":  # that is one of several, not one array
            continue
        for all in ALL.values():
            assert check(exercise.id, given(one, all)).status == "correct"


# ---- advice speaks of what the answer did


def named(exercise: CodeExercise, made: list[Mutant]) -> Iterator[tuple[Mutant, Mutant]]:
    """Mutants that are told of a slip, and the slip as the solution of the exercise."""
    slips = {slip.name: exercise.adapt(slip.answer) for slip in exercise.slips}
    for mutant in made:
        result = exercise.judge(mutant.answer)
        if result.slip:
            yield mutant, Mutant(result.slip, slips[result.slip])


def compare_with_slips(exercise: CodeExercise, made: list[Mutant]) -> None:
    assert exercise.draw is not None
    cases = list(others(exercise.draw, OTHERS))
    for mutant, slip in named(exercise, made):
        gives = []
        for case in cases:
            with suppress(ArithmeticError):  # a mistake need not end everywhere
                gives += with_what_is_right(exercise, [case], slip.answer)
        assert 2 * len(gives) > len(cases), slip.name
        assert agrees(exercise, mutant, gives), f"{mutant.name}: not {slip.name}"


@pytest.mark.soak
@every_exercise
def test_no_advice_names_a_mistake_that_no_mutant_made(exercise: CodeExercise) -> None:
    if exercise.adapt(exercise.answer) is exercise.answer:
        compare_with_slips(exercise, mutants(exercise))


# ---- what ends an answer, and what a check leaves as it was


ID = "minibatch-gradient"
RIGHT = by_id()[ID][1].answer  # type: ignore[union-attr]


def stops(error: BaseException) -> Callable[..., Any]:
    def answer(*_: Any) -> None:
        raise error

    return answer


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_what_would_end_the_session_is_shown(error: BaseException) -> None:
    assert f"`RuntimeError: {type(error).__name__}" in check(ID, stops(error)).message


def test_an_error_of_the_readers_is_shown_and_no_slip_is_named() -> None:
    """Where it comes after trials on which a slip would have given the same."""
    for error in (RecursionError("deep"), IndexError("3"), KeyError("b")):
        result = check(ID, lambda g, i, e=error: g[i].sum(0) if len(g) > 6 else stops(e)())
        assert result.slip is None
        assert f"`{type(error).__name__}" in result.message


def without_end(*_: Any) -> None:
    while True:
        pass


def that_catches(*_: Any) -> None:
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


@pytest.mark.parametrize("answer", [without_end, that_catches])
def test_an_answer_that_does_not_end_is_stopped_with_a_sentence(
    answer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mle_lib.exercises.calls.SECONDS", 0.2)
    before = signal.getsignal(signal.SIGALRM)
    message = check(ID, answer).message
    assert "`TimeoutError: stopped after 0.2 seconds. Does it end?`" in message
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_alarm_of_the_readers_kills_no_check() -> None:
    def alarmed(gradients: np.ndarray, indices: np.ndarray) -> Any:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(0.05)
        return RIGHT(gradients, indices)

    assert check(ID, alarmed).status == "incorrect"
    time.sleep(0.05)

    def left_behind(gradients: np.ndarray, indices: np.ndarray) -> Any:
        signal.alarm(1)
        return RIGHT(gradients, indices)

    assert check(ID, left_behind).status == "correct"
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_readers_own_clock_goes_on() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        assert check(ID, RIGHT).status == "correct"
        assert 0 < signal.setitimer(signal.ITIMER_REAL, 0)[0] <= 60
    finally:
        signal.signal(signal.SIGALRM, before)


def test_in_another_thread_there_is_no_clock_and_a_verdict() -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(check(ID, RIGHT).status))
    thread.start()
    thread.join()
    assert found == ["correct"]


def test_where_the_solution_cannot_run_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(np, "arange")
    result = check("short-batch-weights", lambda m, b: [1.0])
    assert result.status == "not attempted"
    assert "The solution itself cannot run here" in result.message
    assert "AttributeError" in result.message


def test_a_check_in_a_check_and_what_numpy_is_set_to() -> None:
    def nested(gradients: np.ndarray, indices: np.ndarray) -> Any:
        assert check(ID, RIGHT).status == "correct"
        np.seterr(all="raise")
        return RIGHT(gradients, indices)

    before, options = np.geterr(), np.get_printoptions()
    assert check(ID, nested).status == "correct"
    assert (np.geterr(), np.get_printoptions()) == (before, options)


@pytest.mark.parametrize("length", [2, 3, 20, 500])
@pytest.mark.parametrize("off", [1e-4, 1.0, np.inf, np.nan])
def test_what_was_given_and_what_is_right_are_shown_to_differ(length: int, off: float) -> None:
    right = np.linspace(1, 2, length)
    given = right.copy()
    given[length // 2] += off
    trial = Trial((right,), (right,), (given,))
    message = describe_difference([trial], [trial], ["x"], 1e-5)
    yours, theirs = re.findall(r"`([^`]+)`", message)[-2:]
    assert yours != theirs


def test_what_is_nearly_right_is_not_told_that_its_order_is_another() -> None:
    right = np.array([1000.0, 100.0]), np.array(1.0)
    trial = Trial((), right, (right[0] + [0.0, 0.005], right[1]))
    said = describe_difference([trial], [trial], [], 1e-5)
    assert said.startswith("1 of 1 trials gave a wrong value")
    turned = Trial((), right, right[::-1])
    assert "another order" in describe_difference([turned], [turned], [], 1e-5)


# ---- whole numbers


def test_trials_with_integers_are_those_with_floats() -> None:
    found = 0
    for exercise in CODE:
        for case in exercise.all_cases():
            if not isinstance(case, Whole):
                continue
            kinds = set()
            for mine, theirs in zip(case, case.floats, strict=True):
                if isinstance(mine, np.ndarray):
                    assert np.array_equal(mine, theirs)
                    kinds.add((mine.dtype.kind, theirs.dtype.kind))
            found += ("i", "f") in kinds
    assert found > 100


def in_their_own_type(exercise: CodeExercise) -> Callable[..., Any]:
    """The solution, in arrays of the type of its arguments."""

    def answer(*arguments: Any) -> Any:
        right = as_arrays(exercise.answer(*arguments))
        whole = any(np.asarray(a).dtype.kind == "i" for a in arguments if np.ndim(a) and a.size)
        parts = [np.trunc(part) if whole else part for part in right]
        return parts[0] if len(parts) == 1 else tuple(parts)

    return answer


def needs_floats(exercise: CodeExercise) -> Callable[..., Any]:
    """The solution, but it stops at integers, as torch does where gradients are asked for."""

    def answer(*arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, np.ndarray) and argument.dtype.kind == "i":
                raise RuntimeError("only floating point can require gradients")
        return exercise.answer(*arguments)

    return answer


@pytest.mark.parametrize("id", ["stable-log-likelihood", "newton-step", "gaussian-elbo"])
def test_an_answer_may_stop_at_integers_but_not_cut_what_it_gives(id: str) -> None:
    exercise = next(e for e in CODE if e.id == id)
    assert check(id, needs_floats(exercise)).status == "correct"
    assert check(id, in_their_own_type(exercise)).status == "incorrect"
