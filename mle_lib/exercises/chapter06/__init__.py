"""Exercises of chapter 6."""

from mle_lib.exercises.chapter06 import adam, clipping, momentum, nesterov, quizzes
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.EFFECTIVE_STEP,
    momentum.EXERCISE,
    nesterov.EXERCISE,
    clipping.EXERCISE,
    adam.EXERCISE,
)
