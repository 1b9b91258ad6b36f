"""Exercises of chapter 5."""

from mle_lib.exercises.chapter05 import fastest_batch, noise_scale, quizzes, two_costs
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.EXACT_STEPS,
    quizzes.DOUBLING,
    two_costs.EXERCISE,
    noise_scale.EXERCISE,
    fastest_batch.EXERCISE,
)
