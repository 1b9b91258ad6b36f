"""Answers to the exercises of chapter 4."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
