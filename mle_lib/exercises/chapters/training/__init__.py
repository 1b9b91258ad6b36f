"""The exercises of a chapter."""

from mle_lib.exercises.chapters.training import accumulation, one_step, quizzes, step_size
from mle_lib.exercises.html import Exercise

CHAPTER = 4
EXERCISES: tuple[Exercise, ...] = (
    quizzes.COPIES,
    quizzes.BUGS,
    step_size.EXERCISE,
    one_step.EXERCISE,
    accumulation.EXERCISE,
)
