"""The exercises of a chapter."""

from mle_lib.exercises.chapters.second_order import backtracking, newton, quizzes
from mle_lib.exercises.html import Exercise

CHAPTER = 8
EXERCISES: tuple[Exercise, ...] = (
    quizzes.NEWTON_STEPS,
    newton.EXERCISE,
    backtracking.EXERCISE,
)
