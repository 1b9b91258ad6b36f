"""Exercises of chapter 4."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
