"""Exercises of chapter 8."""

from mle_lib.exercises.chapter08 import quizzes, sizes, two_fold
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.CORRELATION,
    two_fold.EXERCISE,
    sizes.EXERCISE,
)
