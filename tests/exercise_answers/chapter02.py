"""Answers to the exercises of chapter 2."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
