"""Answers to the exercises of chapter 5."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
