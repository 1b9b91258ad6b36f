"""Answers to the exercises of chapter 1."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
