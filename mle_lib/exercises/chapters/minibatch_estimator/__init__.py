"""The exercises of a chapter."""

from mle_lib.exercises.chapters.minibatch_estimator import estimator, quizzes, short_batch, variance
from mle_lib.exercises.html import Exercise

CHAPTER = 3
EXERCISES: tuple[Exercise, ...] = (
    quizzes.HALVE,
    quizzes.SHUFFLED,
    estimator.EXERCISE,
    variance.EXERCISE,
    short_batch.EXERCISE,
)
