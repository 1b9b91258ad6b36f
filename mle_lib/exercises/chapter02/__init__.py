"""Exercises of chapter 2."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
