"""How many trials a check has in a test that is not about them."""

import pytest

from mle_lib.exercises.code import CodeExercise

EVERY = 8  # of the trials, one: plain ones, and ones with something hard


@pytest.fixture(
    params=[EVERY, pytest.param(1, marks=pytest.mark.soak)], ids=["some trials", "all trials"]
)
def any_trials(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How an answer is called and what it gives is read are the same at every trial: a push makes
    some of them, `make soak` all."""
    every = CodeExercise.all_cases
    monkeypatch.setattr(CodeExercise, "all_cases", lambda e: every(e)[:: request.param])
