"""Exercises of chapter 1."""

from mle_lib.exercises.chapter01 import ancestral, product_rule, quizzes, stable
from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = (
    quizzes.NATS_AT_ZERO,
    product_rule.EXERCISE,
    quizzes.UNDERFLOW,
    stable.EXERCISE,
    ancestral.EXERCISE,
)
