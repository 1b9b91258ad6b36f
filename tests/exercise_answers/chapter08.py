"""Answers to the exercises of chapter 8."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
