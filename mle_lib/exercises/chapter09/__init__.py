"""Exercises of chapter 9."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
