"""Answers to the exercises of chapter 6."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
