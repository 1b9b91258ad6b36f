"""Exercises of chapter 1."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
