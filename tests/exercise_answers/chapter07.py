"""Answers to the exercises of chapter 7."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
