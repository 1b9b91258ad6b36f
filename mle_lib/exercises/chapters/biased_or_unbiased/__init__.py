"""The exercises of a chapter."""

from mle_lib.exercises.chapters.biased_or_unbiased import control_variate, quizzes, svrg
from mle_lib.exercises.html import Exercise

CHAPTER = 10
EXERCISES: tuple[Exercise, ...] = (
    quizzes.KNOWN_HALF,
    svrg.EXERCISE,
    control_variate.EXERCISE,
)
