"""Answers to the exercises of chapter 10."""

from exercise_answers import Answers

ANSWERS: dict[str, Answers] = {}
