"""Exercises of chapter 4."""

from mle_lib.exercises.chapter04 import accumulation, one_step, quizzes, step_size
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.COPIES,
    quizzes.BUGS,
    step_size.EXERCISE,
    one_step.EXERCISE,
    accumulation.EXERCISE,
)
