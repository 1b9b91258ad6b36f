"""The exercises of a chapter."""

from mle_lib.exercises.chapters.maximum_likelihood import ancestral, product_rule, quizzes, stable
from mle_lib.exercises.html import Exercise

CHAPTER = 1
EXERCISES: tuple[Exercise, ...] = (
    quizzes.NATS_AT_ZERO,
    product_rule.EXERCISE,
    quizzes.UNDERFLOW,
    stable.EXERCISE,
    ancestral.EXERCISE,
)
