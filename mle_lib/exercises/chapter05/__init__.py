"""Exercises of chapter 5."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
