"""Exercises of chapter 10."""

from mle_lib.exercises.chapter10 import elbo, iwae, quizzes
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.SIMULTANEOUS_PLAY,
    iwae.EXERCISE,
    elbo.EXERCISE,
)
