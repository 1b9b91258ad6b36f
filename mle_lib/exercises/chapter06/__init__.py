"""Exercises of chapter 6."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
