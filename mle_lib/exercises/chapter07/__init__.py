"""Exercises of chapter 7."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
