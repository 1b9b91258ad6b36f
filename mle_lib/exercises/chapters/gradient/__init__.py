"""The exercises of a chapter."""

from mle_lib.exercises.chapters.gradient import ascent, differences, gradient, quizzes
from mle_lib.exercises.html import Exercise

CHAPTER = 2
EXERCISES: tuple[Exercise, ...] = (
    quizzes.LARGEST_ENTRY,
    gradient.EXERCISE,
    differences.EXERCISE,
    quizzes.STEP_FOR_THE_MEAN,
    ascent.EXERCISE,
)
