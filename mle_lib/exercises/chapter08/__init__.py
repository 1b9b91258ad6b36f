"""Exercises of chapter 8."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
