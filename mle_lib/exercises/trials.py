"""Trials of an exercise, drawn from what it says of its arguments.

An exercise's ``draw`` asks a `Draw` for its sizes, arrays, batches, numbers and words, by name.
Whatever is asked for has hard classes, shared by all exercises: a size at its least, its most and
far beyond, an array of zeros, ties, whole numbers, unlike columns or magnitudes from 0.001 to
1,000, a batch with repetitions, all words and ends of numbers together. There is one trial
of each class of each thing, all else drawn as usual; before them trials with nothing hard, and for
each thing two of these with that thing alone renewed: so an answer may remember none of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]
Hard = Mapping[str, Any]  # name of a thing that is asked for -> its class
NOTHING: Hard = MappingProxyType({})
NONE = ("", 0)  # is renewed

LEAST = 30  # trials of a check
PLAIN = 12  # of these at least so many without a class
MAGNITUDES = (0.001, 0.1, 8, 50, 300, 1000)
SIGNS = ("zeros", "some zeros", "ties", "whole", "positive", "negative", "one large")
UNLIKE = {"unlike rows": 0, "unlike columns": -1}  # the axis along which one is of another scale
ROUNDS = (1, 5, 30, 200)
ATTEMPTS, FEW = 1000, 20  # to draw what suits; where two classes that are asked for may exclude it
CROSSED = 16  # combinations of words that are crossed with the classes of sizes


class Whole(tuple[Any, ...]):
    """Arguments with whole numbers in arrays of integers, as a reader may give them. An answer may
    stop at these: torch has no mean of integers. It is then asked with ``floats``, the same numbers
    in float64."""

    floats: Arguments


def in_floats(arguments: Arguments) -> Arguments:
    """The arguments with numbers in float64, but for positions."""
    return arguments.floats if isinstance(arguments, Whole) else arguments


def in_integers(arguments: Arguments) -> Arguments:
    """The arguments with whole numbers in arrays of integers, if any are whole."""
    arguments = in_floats(arguments)
    whole = Whole(a.astype(int) if _is_whole(a) else a for a in arguments)
    whole.floats = arguments
    return whole if any(map(_is_whole, arguments)) else arguments


def _is_whole(argument: Any) -> bool:
    if not isinstance(argument, np.ndarray) or argument.dtype.kind != "f" or not argument.size:
        return False
    return bool((argument == np.round(argument)).all() and abs(argument).max() < 2**31)


class Unsuitable(Exception):
    """What was drawn does not suit the exercise: it is drawn again."""


class Draw:
    """Sizes, values and words for one trial, by name; what is hard in it is said by ``hard``.

    Each thing has a generator of its own: with ``renewed`` that of one thing is another, or, the
    second time, an array has the same numbers in another order after the first. With ``mixed``
    every thing has a class by chance: another distribution.
    """

    def __init__(
        self, seed: int, hard: Hard = NOTHING, mixed: bool = False, renewed: tuple[str, int] = NONE
    ) -> None:
        self.seed, self.hard, self._mixed, self._renewed = seed, hard, mixed, renewed
        self.classes: dict[str, tuple[Any, ...]] = {}
        self.sizes: dict[str, int] = {}
        self.words: list[str] = []
        self.numbers: list[str] = []

    @cached_property
    def rng(self) -> np.random.Generator:
        """For what has no name."""
        return self._ask("", ())[0]

    def _again(self, name: str) -> int:
        return self._renewed[1] if name == self._renewed[0] else 0

    def _one_of(self, name: str, rng: np.random.Generator, many: int) -> int:
        """A number below ``many``; renewed, another than that, the second time too."""
        if not (again := self._again(name)):
            return int(rng.integers(many))
        as_it_was = int(self._generator(name, 0).integers(many))
        return (as_it_was + (again if again % many else 1)) % many

    def _generator(self, name: str, again: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, again, *name.encode()])

    def _ask(
        self, name: str, classes: tuple[Any, ...], but: tuple[Any, ...] = ()
    ) -> tuple[np.random.Generator, Any]:
        """The generator of a thing, and its class in this trial; None, as usual."""
        assert name not in self.classes, f"{name} is asked for twice"
        self.classes[name] = classes = tuple(c for c in classes if c not in but)
        again = self._again(name)
        rng = self._generator(name, again if again % 2 else 0)
        if self._mixed and classes and rng.random() < 0.5:
            return rng, classes[rng.integers(len(classes))]
        return rng, None if again else self.hard.get(name)

    def _beside_whole(
        self, rng: np.random.Generator, at: Any, classes: tuple[Any, ...]
    ) -> tuple[np.random.Generator, Any]:
        """A scale is whole where what it scales is: so that this remains whole."""
        beside = at is None and "whole" in classes and "whole" in self.hard.values()
        return rng, "whole" if beside else at

    def _in_order(self, name: str, x: np.ndarray) -> np.ndarray:
        again = self._again(name)
        if again and again % 2 == 0:
            x.ravel()[1:] = np.roll(x.ravel()[1:], again // 2)
        return x

    def suits(self, condition: Any) -> None:
        """Draw all again unless this holds."""
        if not condition:
            raise Unsuitable

    # ---- sizes, words and numbers

    def size(self, name: str, low: int, high: int, far: int = 0) -> int:
        """A whole number from ``low`` to ``high``: its ends and others that are something of their
        own; and one ``far`` beyond, if that is given."""
        known = {f"as {other}": size for other, size in self.sizes.items()}
        apart = ("far",) if far else ()
        rng, at = self._ask(
            name, ("least", "second", "few", "half", "next", "most", *apart, *known)
        )
        half = high // 2
        while half in self.sizes.values() and half > low + 1:  # not all sizes the same
            half -= 1
        known |= {"least": low, "second": low + 1, "few": low + (high - low) // 20}
        known |= {"half": half, "next": high - 1, "most": high}
        usual = low + self._one_of(name, rng, high + 1 - low)
        self.sizes[name] = drawn = far if at == "far" else min(max(known.get(at, usual), low), high)
        return drawn

    def rounds(self, name: str, most: int = 200) -> int:
        """How many rounds a loop is to need."""
        self.numbers.append(name)
        rng, at = self._ask(name, ("least", *(k for k in ROUNDS if k < most), "most"))
        usual = self._one_of(name, rng, min(most, 12) + 1)
        return int({None: usual, "least": 0, "most": most}.get(at, at))

    def word(self, name: str, *words: Any) -> Any:
        """One of several; every pair of those asked for is tried."""
        self.words.append(name)
        rng, at = self._ask(name, words)
        usual = words[self._one_of(name, rng, len(words))]
        return usual if at is None else at

    def seldom(self, name: str, usual: Any, *others: Any) -> Any:
        """What is as usual but where one of the others is asked for."""
        at = self._ask(name, others)[1]
        return usual if at is None else at

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
        self.numbers.append(name)
        rng, at = self._beside_whole(*self._ask(name, classes, but), classes)
        rng = self._generator(name, again) if (again := self._again(name)) else rng
        drawn = float(np.exp(rng.uniform(np.log(low), np.log(high))))
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
        near = () if beside is None else ("same", "nearly orthogonal")
        rng, at = self._ask(name, (*SIGNS, *UNLIKE, *magnitudes, *near), but)
        x = rng.normal(size=shape)
        if at == "zeros":
            x = 0 * x
        elif at == "some zeros":
            x = x * (rng.random(shape) < 0.5)
        elif at == "ties":
            x = rng.choice([-1.0, 0.5, 1.0], size=shape)
        elif at == "whole":
            x = rng.integers(-3, 4, size=shape).astype(float)
        elif at in ("positive", "negative"):
            x = abs(x) if at == "positive" else -abs(x)
        elif at == "one large":
            x.ravel()[:1] *= min(upto, 100)
        elif at in UNLIKE:
            one = rng.integers(shape[UNLIKE[at]])
            np.moveaxis(x, UNLIKE[at], 0)[one] *= 0.01  # float32 has room for this
        elif beside is not None and at == "same":
            x = 1.0 * beside
        elif beside is not None and at == "nearly orthogonal":
            x = x - (1 - 1e-3) * (x * beside).sum() / ((beside**2).sum() or 1.0) * beside
        elif at is not None:
            x = at * x
        return self._in_order(name, x)

    def positive(
        self, name: str, *shape: int, low: float, high: float, but: tuple[str, ...] = ()
    ) -> np.ndarray:
        """Positive numbers of a shape, on a logarithmic scale from ``low`` to ``high``."""
        classes = ("least", "most", "equal", "ties", *(("whole",) if _whole(low, high) else ()))
        rng, at = self._beside_whole(*self._ask(name, classes, but), classes)
        x = np.exp(rng.uniform(np.log(low), np.log(high), size=shape))
        if at in ("least", "most"):
            x = np.full(shape, float(low if at == "least" else high))
        elif at == "equal":
            x = np.full(shape, x.ravel()[0])
        elif at == "ties":
            x = rng.choice(x.ravel()[:2], size=shape)
        elif at == "whole":
            x = np.clip(np.round(x), max(1, np.ceil(low)), np.floor(high))
        return self._in_order(name, x)

    def bits(self, name: str, *shape: int, but: tuple[str, ...] = ()) -> np.ndarray:
        """Zeros and ones."""
        rng, at = self._ask(name, ("zeros", "ones"), but)
        x = rng.integers(0, 2, size=shape)
        if at in ("zeros", "ones"):
            x = np.full(shape, int(at == "ones"))
        return self._in_order(name, x.astype(float))

    def indices(self, name: str, m: int, b: int, but: tuple[str, ...] = ()) -> np.ndarray:
        """``b`` of ``m`` positions, in no order, at times with repetitions."""
        rng, at = self._ask(name, ("repeated", "different", "sorted", "one for all", "zeros"), but)
        repeated = at == "repeated" or b > m or (at is None and rng.random() < 0.3)
        j = rng.integers(0, m, size=b) if repeated else rng.permutation(m)[:b]
        if at == "repeated" and b > 1:
            j[[1, -1]] = j[0]
        elif at == "sorted":
            j = np.sort(j)
        elif at == "one for all":
            j = np.full(b, j[0])
        elif at == "zeros":
            j = 0 * j
        return self._in_order(name, j)


def _whole(low: float, high: float) -> bool:
    """Whether there is a whole number from ``low`` to ``high``, but 0."""
    return bool(max(1, np.ceil(low)) <= high)


def _suitable(draw: Callable[[Draw], Arguments], tried: Iterable[Draw]) -> tuple[Draw, Arguments]:
    for d in tried:
        with suppress(Unsuitable):
            return d, draw(d)
    raise RuntimeError(
        f"nothing that was drawn suits the exercise, with {d.hard or 'nothing hard'}"
    )


def drawn(
    draw: Callable[[Draw], Arguments],
    seed: int,
    hard: Hard = NOTHING,
    mixed: bool = False,
    attempts: int = ATTEMPTS,
) -> tuple[Draw, Arguments]:
    """The arguments of one trial, and from what.

    Raises:
        RuntimeError: If nothing that was drawn suits the exercise.
    """
    return _suitable(draw, (Draw(seed + k * 1_000_000, hard, mixed) for k in range(attempts)))


def renewed(
    draw: Callable[[Draw], Arguments], seed: int, hard: Hard, name: str, time: int
) -> Arguments:
    """The arguments of one trial, but with one thing renewed, for the first ``time`` or the second.

    Raises:
        RuntimeError: If nothing that was drawn suits the exercise.
    """
    seed = drawn(draw, seed, hard)[0].seed
    others = (Draw(seed, hard, renewed=(name, time + 2 * k)) for k in range(FEW))
    return _suitable(draw, others)[1]


def hard_classes(draw: Callable[[Draw], Arguments]) -> tuple[list[Hard], list[Hard]]:
    """One for each class of each thing that is asked for, of sizes also every combination of their
    ends, and of words every combination; then what may exclude each other: one size far and the
    others at their ends, each three numbers or sizes at their ends, words with the least sizes and
    the most, and each word with each class of a size."""
    asked = drawn(draw, 0)[0]
    arrays = asked.classes.keys() - {*asked.sizes, *asked.numbers, *asked.words}
    usual = dict.fromkeys(asked.sizes, "half")  # not a size at which a class is nothing
    single = [
        {**usual, name: at} if name in arrays else {name: at}
        for name, classes in asked.classes.items()
        for at in classes
        if name not in asked.words and not (name in asked.sizes and at in ("least", "most"))
    ]
    ends = _combinations({name: ("least", "most") for name in asked.sizes})
    words = _combinations({name: asked.classes[name] for name in asked.words})
    joint = [dict.fromkeys(asked.sizes, end) for end in ("least", "most")]
    of_sizes = [
        {name: at}
        for name in asked.sizes
        for at in asked.classes[name]
        if at not in ("second", "few", "half", "next")
    ]
    each = [{name: word} for name in asked.words for word in asked.classes[name]]
    crossed = [chosen | size for chosen in words for size in joint]
    if len(words) <= CROSSED:
        crossed += [chosen | size for chosen in each for size in of_sizes]
    crossed = crossed if asked.words and asked.sizes else []
    beyond = [name for name in asked.sizes if "far" in asked.classes[name]]
    most = dict.fromkeys(asked.numbers, "most")
    apart = [most | size | {name: "far"} for name in beyond for size in joint]
    threes = _joint_ends([*asked.numbers, *asked.sizes]) if asked.numbers else []
    return [hard for hard in [*single, *ends, *words] if hard], [*apart, *threes, *crossed]


def _combinations(classes: Mapping[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(classes, chosen, strict=True)) for chosen in product(*classes.values())]


def _joint_ends(names: list[str]) -> list[dict[str, str]]:
    """All at an end, each three at every one of eight such somewhere: an orthogonal array."""
    half = 1 << (len(names) - 1).bit_length()
    return [
        {name: ("least", "most")[(row & at).bit_count() % 2] for at, name in enumerate(names, half)}
        for row in range(2 * half)
    ]


@cache
def trials(draw: Callable[[Draw], Arguments]) -> tuple[Arguments, ...]:
    """The trials of a check, the same at each."""
    hard, crossed = hard_classes(draw)
    asked = drawn(draw, 0)[0]
    # every other one at half of all sizes, to be renewed: not a place where others are the same
    usual = [dict.fromkeys(asked.sizes, "half"), NOTHING]
    plain = range(max(PLAIN, LEAST - 2 * len(asked.classes) - len(hard)))
    found = [drawn(draw, seed, usual[seed % 2])[1] for seed in plain]
    for seed, (name, time) in enumerate(product(asked.classes, (1, 2, 2))):
        with suppress(RuntimeError):
            found.append(renewed(draw, 2 * seed % PLAIN, usual[0], name, time))
    for seed, each in enumerate(hard, 1000):
        arguments = drawn(draw, seed, each)[1]
        found.append(in_integers(arguments) if "whole" in each.values() else arguments)
    for seed, each in enumerate(crossed, 1000 + len(hard)):
        with suppress(RuntimeError):
            found.append(drawn(draw, seed, each, attempts=FEW)[1])
    # zeros and ones are whole in every trial: half of these as integers
    return tuple(in_integers(a) if k % 2 else a for k, a in enumerate(found))


def other_trials(draw: Callable[[Draw], Arguments], count: int) -> Iterator[Arguments]:
    """Trials of another distribution, in which every thing may be hard."""
    return (drawn(draw, seed, mixed=True)[1] for seed in range(10**6, 10**6 + count))
