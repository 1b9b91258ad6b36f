"""The exercises of a chapter."""

from mle_lib.exercises.chapters.mini_batches_cost import (
    another_batch,
    hovering,
    mean_place,
    noise_scale,
    quizzes,
)
from mle_lib.exercises.html import Exercise

CHAPTER = 6
EXERCISES: tuple[Exercise, ...] = (
    quizzes.DECAY,
    noise_scale.EXERCISE,
    another_batch.EXERCISE,
    hovering.EXERCISE,
    mean_place.EXERCISE,
)
