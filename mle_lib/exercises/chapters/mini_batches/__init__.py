"""The exercises of a chapter."""

from mle_lib.exercises.chapters.mini_batches import (
    fastest_batch,
    price_of_noise,
    quizzes,
    two_costs,
)
from mle_lib.exercises.html import Exercise

CHAPTER = 5
EXERCISES: tuple[Exercise, ...] = (
    quizzes.EXACT_STEPS,
    quizzes.DOUBLING,
    two_costs.EXERCISE,
    fastest_batch.EXERCISE,
    price_of_noise.EXERCISE,
)
