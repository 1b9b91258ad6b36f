"""Exercises of chapter 3."""

from mle_lib.exercises.chapter03 import estimator, quizzes, short_batch, variance
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.HALVE,
    quizzes.SHUFFLED,
    estimator.EXERCISE,
    variance.EXERCISE,
    short_batch.EXERCISE,
)
