"""What can be said of a wrong answer that is no known slip."""

import traceback
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from mle_lib.exercises.values import Arrays, close, same, show


@dataclass(frozen=True)
class Trial:
    """One call: its arguments, what is right, and what the answer gave, or how it stopped."""

    arguments: tuple[Any, ...]
    right: Arrays
    given: Arrays = ()
    stop: str = ""


def describe_error(error: Exception, names: list[str], arguments: tuple[Any, ...]) -> str:
    """Where and why an answer stopped."""
    line = _readers_line(error)
    text = _in_code(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    message = f"Your function stopped with `{text}`"
    if line:
        message += f", at `{_in_code(line)}`"
    message += f". It was called with `({', '.join(names)})`"
    if any(isinstance(argument, np.ndarray) for argument in arguments):
        message += "; the arrays are NumPy's (`torch.as_tensor` makes tensors of them)"
    return message + "."


def describe_difference(
    trials: list[Trial], wrong: list[Trial], names: list[str], tolerance: float
) -> str:
    """The most telling difference: in number, in shape, by one factor; else one wrong trial."""
    for trial in trials:
        if len(trial.given) != len(trial.right):
            wanted = len(trial.right)
            many = "One value is" if wanted == 1 else f"{wanted} values are"
            return f"{many} to be returned; yours gave {len(trial.given)}."
    if _in_another_order(trials, tolerance):
        return "Your values are right, but returned in another order."
    for trial in trials:
        for mine, theirs in zip(trial.given, trial.right, strict=True):
            if mine.shape != theirs.shape:
                if theirs.shape == ():
                    return f"One number is wanted; yours is an array of shape `{mine.shape}`."
                return f"The shape must be `{theirs.shape}`; yours is `{mine.shape}`."
    factor = common_factor(trials, tolerance)
    if factor == -1:
        return "The sign is flipped: every value is minus what it should be."
    if factor is not None:
        text = f"Every value is {factor:.6g} times what it should be"
        for base, name in ((2, "to base 2, in bits,"), (10, "to base 10")):
            if abs(factor * np.log(base) - 1) < 1e-4:
                text += f", as a logarithm {name} is of one in nats"
        return f"{text}."
    shown = min(wrong, key=lambda trial: len(called(trial, names)))
    yours, right = told_apart(shown.given, shown.right)
    return (
        f"{len(wrong)} of {len(trials)} trials gave a wrong value. One of them: with\n\n"
        f"```\n{called(shown, names)}\n```\n\nyours gave `{yours}`, and `{right}` is right."
    )


def called(trial: Trial, names: list[str]) -> str:
    """The arguments of a trial, a line each."""
    pairs = zip(names, trial.arguments, strict=True)
    # with all digits: what is said to be right is right for what is shown
    return ",\n".join(f"{name} = {show(value, 17)}" for name, value in pairs)


def _in_another_order(trials: list[Trial], tolerance: float) -> bool:
    """Whether one rearrangement of the values makes every trial right, which as they are is not."""
    _, *orders = permutations(range(len(trials[0].right)))
    return any(
        all(same(tuple(t.given[k] for k in order), t.right, tolerance, True) for t in trials)
        for order in orders
    )


def common_factor(trials: list[Trial], tolerance: float) -> float | None:
    """The one number by which all values of all trials are off, if there is one."""
    given = np.concatenate([part.ravel() for trial in trials for part in trial.given])
    right = np.concatenate([part.ravel() for trial in trials for part in trial.right])
    if not (np.isfinite(given).all() and right.any() and given.any()):
        return None
    factor = float(given @ right / (right @ right))
    if abs(factor - 1) < 1e-3:  # a small error in one large value, not a factor
        return None
    # trial by trial: beside one with large values, any error in the others looks small
    every = all(
        close(mine, factor * theirs, tolerance)
        for trial in trials
        for mine, theirs in zip(trial.given, trial.right, strict=True)
    )
    return float(f"{factor:.6g}") if every else None


def _readers_line(error: Exception) -> str:
    """The innermost line of the reader's own file; not ours, nor a library's that it called."""
    frames = traceback.extract_tb(error.__traceback__)
    others = [frame for frame in frames if "exercises" not in Path(frame.filename).parts]
    own = [frame for frame in others if frame.filename == others[0].filename]
    return (own[-1].line or "") if own else ""


def told_apart(given: Arrays, expected: Arrays) -> tuple[str, str]:
    """What was given and what is right, in two texts that differ."""
    for digits in (4, 8, 16):
        texts = _brief(given, digits), _brief(expected, digits)
        if texts[0] != texts[1]:
            return texts
    # it is left out in the middle of a long array, or beyond the end: the worst entry alone
    gaps = [np.nan_to_num(abs(a - b), nan=np.inf) for a, b in zip(given, expected, strict=True)]
    worst = max(range(len(gaps)), key=lambda k: gaps[k].max(initial=0.0))
    at = np.unravel_index(gaps[worst].argmax(), gaps[worst].shape)
    place = f" at {tuple(map(int, at))}"
    return str(given[worst][at]) + place, str(expected[worst][at]) + place


def _brief(arrays: Arrays, digits: int) -> str:
    return show(arrays[0] if len(arrays) == 1 else arrays, digits)


def _in_code(text: str) -> str:
    return text.replace("`", "'")
