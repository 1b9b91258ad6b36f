"""Exercises of chapter 9."""

from mle_lib.exercises.chapter09 import control_variate, quizzes, svrg
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.KNOWN_HALF,
    svrg.EXERCISE,
    control_variate.EXERCISE,
)
