"""The exercises of a chapter."""

from mle_lib.exercises.chapters.optimizers import adam, clipping, momentum, nesterov, quizzes
from mle_lib.exercises.html import Exercise

CHAPTER = 7
EXERCISES: tuple[Exercise, ...] = (
    quizzes.EFFECTIVE_STEP,
    momentum.EXERCISE,
    nesterov.EXERCISE,
    clipping.EXERCISE,
    adam.EXERCISE,
)
