"""Trials of an exercise, drawn from what it says of its arguments.

An exercise's ``draw`` asks a `Draw` for its sizes, arrays, batches, numbers and words, by name.
Whatever is asked for has hard classes, shared by all exercises: a size at its least and its most,
an array of zeros, ties, whole numbers or magnitudes from 0.1 to 1,000, a batch with repetitions,
every pair of words. There is one trial of each class of each thing, all else drawn as usual; before
them trials with nothing hard, and some with the sizes of those and other values.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import islice, product
from types import MappingProxyType
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]
Hard = Mapping[str, Any]  # name of a thing that is asked for -> its class
NOTHING: Hard = MappingProxyType({})

LEAST = 30  # trials of a check
PLAIN, AGAIN = 12, 6  # of these at least so many without a class; then with the sizes of others
MAGNITUDES = (0.1, 8, 50, 300, 1000)
SIGNS = ("zeros", "some zeros", "ties", "whole", "positive", "negative", "one large")
ROUNDS = (0, 1, 5, 30, 200)
ATTEMPTS, FEW = 1000, 20  # to draw what suits; where two classes that are asked for may exclude it
CROSSED = 16  # combinations of words that are crossed with the classes of sizes


class Unsuitable(Exception):
    """What was drawn does not suit the exercise: it is drawn again."""


class Draw:
    """Sizes, values and words for one trial, by name; what is hard in it is said by ``hard``.

    Sizes, words and numbers come from one generator, arrays from another: the sizes of a trial can
    be had again with other values. With ``mixed`` every thing has a class by chance: another
    distribution.
    """

    def __init__(self, sizes: int, values: int, hard: Hard = NOTHING, mixed: bool = False) -> None:
        self._sizes = np.random.default_rng([sizes, 0])
        self.rng = np.random.default_rng([sizes, values, 1])
        self._hard, self._mixed = hard, mixed
        self.classes: dict[str, tuple[Any, ...]] = {}
        self.sizes: dict[str, int] = {}
        self.words: list[str] = []

    def _class(self, name: str, classes: tuple[Any, ...], but: tuple[Any, ...] = ()) -> Any:
        """The class of a thing in this trial; None, as usual."""
        assert name not in self.classes, f"{name} is asked for twice"
        self.classes[name] = classes = tuple(c for c in classes if c not in but)
        if self._mixed and classes and self._sizes.random() < 0.5:
            return classes[self._sizes.integers(len(classes))]
        return self._hard.get(name)

    def suits(self, condition: Any) -> None:
        """Draw all again unless this holds."""
        if not condition:
            raise Unsuitable

    # ---- sizes, words and numbers

    def size(self, name: str, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``: its ends and others that are something of their
        own."""
        known = {f"as {other}": size for other, size in self.sizes.items()}
        at = self._class(name, ("least", "second", "few", "half", "most", *known))
        known |= {"least": low, "second": low + 1, "few": low + (high - low) // 20}
        known |= {"half": high // 2, "most": high}
        drawn = int(self._sizes.integers(low, high + 1))
        self.sizes[name] = drawn = min(max(known.get(at, drawn), low), high)
        return drawn

    def rounds(self, name: str, most: int = 200) -> int:
        """How many rounds a loop is to need."""
        at = self._class(name, (*(k for k in ROUNDS if k < most), most))
        drawn = int(self._sizes.integers(0, min(most, 12) + 1))
        return drawn if at is None else int(at)

    def word(self, name: str, *words: Any) -> Any:
        """One of several; every pair of those asked for is tried."""
        self.words.append(name)
        at = self._class(name, words)
        drawn = words[int(self._sizes.integers(len(words)))]
        return drawn if at is None else at

    def flag(self, name: str) -> bool:
        return bool(self.word(name, False, True))

    def number(
        self,
        name: str,
        low: float,
        high: float,
        but: tuple[str, ...] = (),
        also: tuple[float, ...] = (),
    ) -> float | int:
        """A positive number, on a logarithmic scale: its ends, and a whole one if any is there; and
        ``also`` values apart, such as 0."""
        classes = ("least", "most", *(("whole",) if _whole(low, high) else ()), *also)
        at = self._class(name, classes, but)
        drawn = float(np.exp(self._sizes.uniform(np.log(low), np.log(high))))
        if at == "whole":
            return int(np.clip(round(drawn), max(1, np.ceil(low)), np.floor(high)))
        if at in also:
            return at
        return {"least": low, "most": high}.get(at, drawn)

    # ---- values

    def reals(
        self,
        name: str,
        *shape: int,
        upto: float = 1000,
        but: tuple[Any, ...] = (),
        beside: np.ndarray | None = None,
    ) -> np.ndarray:
        """Normal numbers of a shape, of every magnitude up to ``upto``; ``beside`` an array of the
        same shape, equal to it or nearly orthogonal."""
        magnitudes = tuple(m for m in MAGNITUDES if m <= upto)
        classes = (*SIGNS, *magnitudes, *(() if beside is None else ("same", "nearly orthogonal")))
        at = self._class(name, classes, but)
        x = self.rng.normal(size=shape)
        if at == "zeros":
            return 0 * x
        if at == "some zeros":
            return x * (self.rng.random(shape) < 0.5)
        if at == "ties":
            return self.rng.choice([-1.0, 0.5, 1.0], size=shape)
        if at == "whole":
            # in float64: torch has no mean of integers, and multiplies no matrices of two types
            return self.rng.integers(-3, 4, size=shape).astype(float)
        if at in ("positive", "negative"):
            return abs(x) if at == "positive" else -abs(x)
        if at == "one large":
            x.ravel()[:1] *= min(upto, 100)
            return x
        if beside is not None and at == "same":
            return 1.0 * beside
        if beside is not None and at == "nearly orthogonal":
            return x - (1 - 1e-3) * (x * beside).sum() / ((beside**2).sum() or 1.0) * beside
        return x if at is None else at * x

    def positive(
        self, name: str, *shape: int, low: float, high: float, but: tuple[str, ...] = ()
    ) -> np.ndarray:
        """Positive numbers of a shape, on a logarithmic scale from ``low`` to ``high``."""
        classes = ("least", "most", "equal", "ties", "whole")
        at = self._class(name, classes if _whole(low, high) else classes[:-1], but)
        x = np.exp(self.rng.uniform(np.log(low), np.log(high), size=shape))
        if at in ("least", "most"):
            x = np.full(shape, float(low if at == "least" else high))
        elif at == "equal":
            x = np.full(shape, x.ravel()[0])
        elif at == "ties":
            x = self.rng.choice(x.ravel()[:2], size=shape)
        elif at == "whole":
            x = np.clip(np.round(x), max(1, np.ceil(low)), np.floor(high))
        return x

    def bits(self, name: str, *shape: int, but: tuple[str, ...] = ()) -> np.ndarray:
        """Zeros and ones."""
        at = self._class(name, ("zeros", "ones", "whole"), but)
        x = self.rng.integers(0, 2, size=shape)
        if at in ("zeros", "ones"):
            x = np.full(shape, int(at == "ones"))
        return x if at == "whole" else x.astype(float)

    def indices(self, name: str, m: int, b: int, but: tuple[str, ...] = ()) -> np.ndarray:
        """``b`` of ``m`` positions, in no order, at times with repetitions."""
        at = self._class(name, ("repeated", "different", "sorted", "one for all"), but)
        repeated = at == "repeated" or b > m or (at is None and self._sizes.random() < 0.3)
        j = self.rng.integers(0, m, size=b) if repeated else self.rng.permutation(m)[:b]
        if at == "repeated" and b > 1:
            j[-1] = j[0]
        elif at == "sorted":
            j = np.sort(j)
        elif at == "one for all":
            j = np.full(b, j[0])
        return j


def _whole(low: float, high: float) -> bool:
    """Whether there is a whole number from ``low`` to ``high``, but 0."""
    return bool(max(1, np.ceil(low)) <= high)


def drawn(
    draw: Callable[[Draw], Arguments],
    seed: int,
    hard: Hard = NOTHING,
    values: int = 0,
    mixed: bool = False,
    attempts: int = ATTEMPTS,
) -> Arguments:
    """The arguments of one trial.

    Raises:
        RuntimeError: If nothing that was drawn suits the exercise.
    """
    for attempt in range(attempts):
        try:
            return draw(Draw(seed, 1000 * values + attempt, hard, mixed))
        except Unsuitable:
            seed += 1_000_000
    raise RuntimeError(f"nothing drawn suits the exercise, with {dict(hard)}")


def hard_classes(draw: Callable[[Draw], Arguments]) -> tuple[list[Hard], list[Hard]]:
    """One for each class of each thing that is asked for, of sizes also every combination of their
    ends, and of words every combination; then what may exclude each other: these with the least
    sizes and the most, and each word with each class of a size."""
    asked = next(d for d in map(_asked, [draw] * ATTEMPTS, range(ATTEMPTS)) if d)
    single = [
        {name: at}
        for name, classes in asked.classes.items()
        for at in classes
        if name not in asked.words and not (name in asked.sizes and at in ("least", "most"))
    ]
    ends = _combinations({name: ("least", "most") for name in asked.sizes})
    words = _combinations({name: asked.classes[name] for name in asked.words})
    joint = [dict.fromkeys(asked.sizes, end) for end in ("least", "most")]
    of_sizes = [hard for hard in single if asked.sizes.keys() & hard]
    each = [{name: word} for name in asked.words for word in asked.classes[name]]
    crossed = [chosen | size for chosen in words for size in joint]
    if len(words) <= CROSSED:
        crossed += [chosen | size for chosen in each for size in of_sizes]
    some = asked.words and asked.sizes
    return [hard for hard in [*single, *ends, *words] if hard], [*crossed] if some else []


def _combinations(classes: Mapping[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(classes, chosen, strict=True)) for chosen in product(*classes.values())]


def _asked(draw: Callable[[Draw], Arguments], seed: int) -> Draw | None:
    asked = Draw(seed, 0)
    try:
        draw(asked)
    except Unsuitable:
        return None
    return asked


@cache
def trials(draw: Callable[[Draw], Arguments]) -> tuple[Arguments, ...]:
    """The trials of a check, the same at each."""
    hard, crossed = hard_classes(draw)
    plain = range(max(PLAIN, LEAST - AGAIN - len(hard)))
    found = [drawn(draw, seed) for seed in plain]
    found += [drawn(draw, seed, values=1) for seed in plain[:AGAIN]]
    found += [drawn(draw, 1000 + seed, each) for seed, each in enumerate(hard)]
    for seed, each in enumerate(crossed, 1000 + len(hard)):
        with suppress(RuntimeError):
            found.append(drawn(draw, seed, each, attempts=FEW))
    return tuple(found)


def other_trials(draw: Callable[[Draw], Arguments], count: int) -> Iterator[Arguments]:
    """Trials of another distribution, in which every thing may be hard."""
    endless = (drawn(draw, seed, mixed=True) for seed in range(10**6, 2 * 10**6))
    return islice(endless, count)
