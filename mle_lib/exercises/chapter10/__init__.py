"""Exercises of chapter 10."""

from mle_lib.exercises.html import Exercise

EXERCISES: tuple[Exercise, ...] = ()
