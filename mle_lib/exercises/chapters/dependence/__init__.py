"""The exercises of a chapter."""

from mle_lib.exercises.chapters.dependence import quizzes, sizes, two_fold
from mle_lib.exercises.html import Exercise

CHAPTER = 9
EXERCISES: tuple[Exercise, ...] = (
    quizzes.CORRELATION,
    two_fold.EXERCISE,
    sizes.EXERCISE,
)
