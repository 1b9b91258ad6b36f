"""Exercises of chapter 7."""

from mle_lib.exercises.chapter07 import backtracking, newton, quizzes
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.NEWTON_STEPS,
    newton.EXERCISE,
    backtracking.EXERCISE,
)
