"""Exercises of chapter 2."""

from mle_lib.exercises.chapter02 import ascent, differences, gradient, quizzes
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.LARGEST_ENTRY,
    gradient.EXERCISE,
    differences.EXERCISE,
    quizzes.STEP_FOR_THE_MEAN,
    ascent.EXERCISE,
)
