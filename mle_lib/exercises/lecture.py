"""The lecture's seven questions: a text box, a rubric to judge oneself by, the book's answer."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
