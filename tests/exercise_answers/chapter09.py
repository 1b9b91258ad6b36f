"""Answers to the exercises of chapter 9."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
