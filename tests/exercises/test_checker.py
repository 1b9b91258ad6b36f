"""The checker's method: trials that are drawn, and answers that a machine made wrong."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from mle_lib.exercises import check
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.registry import by_id
from mle_lib.exercises.trials import LEAST
from mle_lib.exercises.values import as_arrays
from tests.exercises.answers import all_answers
from tests.exercises.mutants import Mutant, agrees, in_the_code, mutants, score, with_what_is_right
from tests.exercises.mutants import other_trials as others

CODE = [e for _, e in by_id().values() if isinstance(e, CodeExercise) and e.draw]
ANSWERS = all_answers()
every_exercise = pytest.mark.parametrize("exercise", CODE, ids=lambda e: e.id)
OTHERS = 300  # trials of another distribution, at every push


@every_exercise
def test_a_check_has_many_trials_and_some_of_the_same_shapes(exercise: CodeExercise) -> None:
    cases = exercise.all_cases()
    assert len(cases) >= LEAST
    shapes = [tuple(map(np.shape, (a for a in case if not callable(a)))) for case in cases]
    assert len(set(shapes)) < len(shapes)


def compare_with_what_is_written(exercise: CodeExercise, trials: int) -> None:
    found = score(exercise, trials)
    assert found.mutants - found.void > 20
    assert found.accepted == [], "wrong, and not refused"
    assert sorted(found.equivalent) == sorted(ANSWERS[exercise.id].equivalent)


@every_exercise
def test_every_mutant_is_refused_or_is_no_mistake(exercise: CodeExercise) -> None:
    compare_with_what_is_written(exercise, OTHERS)


@pytest.mark.soak
@every_exercise
def test_every_mutant_is_refused_or_agrees_on_ten_thousand_other_trials(
    exercise: CodeExercise,
) -> None:
    compare_with_what_is_written(exercise, 10_000)


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
def test_right_is_right_in_any_container(exercise: CodeExercise) -> None:
    if exercise.adapt(exercise.answer) is not exercise.answer:
        pytest.skip("its answers are not what is compared")
    several = len(as_arrays(exercise.answer(*exercise.all_cases()[0]))) > 1

    def given(one: Callable[[np.ndarray], Any], all: Callable[[Any], Any]) -> Callable[..., Any]:
        def answer(*arguments: Any) -> Any:
            parts = [one(part) for part in as_arrays(exercise.answer(*arguments))]
            return all(parts) if several else parts[0]

        return answer

    for one in ONE.values():
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
        gives = with_what_is_right(exercise, cases, slip.answer)
        assert agrees(exercise, mutant, gives), f"{mutant.name}: not {slip.name}"


@every_exercise
def test_no_advice_names_a_mistake_that_was_not_made(exercise: CodeExercise) -> None:
    """A tenth of the mutants, and all the slips."""
    if exercise.adapt(exercise.answer) is exercise.answer:
        compare_with_slips(exercise, list(in_the_code(exercise))[::10])
    for slip in exercise.slips:
        assert exercise.judge(slip.answer).slip == slip.name


@pytest.mark.soak
@every_exercise
def test_no_advice_names_a_mistake_that_no_mutant_made(exercise: CodeExercise) -> None:
    if exercise.adapt(exercise.answer) is exercise.answer:
        compare_with_slips(exercise, mutants(exercise))
