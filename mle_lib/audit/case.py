"""What is judged, and the sentences in which it is told."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from mle_lib.audit.record import Recorder
from mle_lib.audit.table import FALSE_ALARM, Table

WIDTH = 84
LEVELS = {True: "FAULT", None: "open", False: "note"}
Counts = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass
class Finding:
    """One sentence of the verdict. ``fault``: whether it keeps the loop from what it should
    estimate; ``None`` if that cannot be told; else it is told for what it means."""

    kind: str
    text: str
    fault: bool | None
    off: float = 0.0  # of a group's mean weight: how far from 1
    by_chance: bool = False  # a fault only if a mean weight is off as well

    def __str__(self) -> str:
        return wrapped(f"{LEVELS[self.fault]}: {self.text}")


def wrapped(line: str) -> str:
    """A line in as many as it needs."""
    return textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False)


class Case:
    """What is judged: the weights, what was heard, and groups of terms that were asked for."""

    def __init__(self, table: Table, recorder: Recorder, groups: Mapping[str, Tensor]) -> None:
        self.table, self.recorder, self.groups = table, recorder, groups

    @property
    def even(self) -> bool:
        """Whether all terms of a step have one weight, but for the target's."""
        return self.table.same(self.table.step, self.table.steps)

    @property
    def even_in_parts(self) -> bool:
        """The same of each backward pass."""
        return self.table.same(self.table.part, len(self.table.step_of_part))

    @cached_property
    def as_told(self) -> Table:
        """The weights before a step's gradient was multiplied as a whole, as clipping does."""
        steps = [
            replace(step, factors=torch.ones_like(step.factors))
            if spread(step.factors) <= self.recorder.tolerance
            else step
            for step in self.recorder.steps
        ]
        return Table(self.table.known, steps, self.table.target)

    @cached_property
    def balanced(self) -> bool:
        """Whether rows are seen as often as if all were equally likely. Drawn with replacement,
        counts are nearly Poisson's; a shuffle's are nearer to each other."""
        table = self.table
        seen = table.seen[table.known.like == torch.arange(table.known.m)]
        mean = seen.mean().expand(len(seen))
        fewer = torch.special.gammaincc(seen + 1, mean)  # P(X ≤ seen) of Poisson's X
        more = torch.special.gammainc(seen.clamp(min=1e-9), mean)  # P(X ≥ seen)
        apart = (seen - mean).square().sum() / mean[0]  # chi-square, with m − 1 degrees of freedom
        all_of_them = torch.special.gammaincc(torch.tensor((len(seen) - 1) / 2).double(), apart / 2)
        one = bool((torch.minimum(fewer, more) >= FALSE_ALARM / (2 * len(seen))).all())
        return one and (len(seen) == 1 or float(all_of_them) >= FALSE_ALARM)


def percent(value: float) -> str:
    """In hundredths, to three digits."""
    return f"{100 * value:.3g} %"


def mean_of(values: Tensor, label: Tensor, count: int) -> Tensor:
    """The mean of the values with each label."""
    size = torch.bincount(label, minlength=count).clamp(min=1)
    return torch.zeros(count, dtype=torch.float64).index_add(0, label, values) / size


def span(values: Tensor) -> str:
    """Their smallest and largest whole number, in words."""
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def spread(values: Tensor) -> float:
    """The distance of the smallest and the largest, relative."""
    if not len(values):
        return 0.0
    return float((values.max() - values.min()) / values.abs().max().clamp(min=1e-300))


def spread_within(values: Tensor, label: Tensor, count: int) -> float:
    """The largest of the spreads of values with one label."""
    top = torch.full((count,), -torch.inf).double().scatter_reduce(0, label, values, "amax")
    low = torch.full((count,), torch.inf).double().scatter_reduce(0, label, values, "amin")
    size = torch.maximum(top.abs(), low.abs()).clamp(min=1e-300)
    return float(((top - low) / size)[top >= low].max())


CONSTANT, ROWS, SYMBOLS = "the same number", "its own number of rows", "its own number of symbols"
DENOMINATORS: dict[str, Counts] = {
    ROWS: lambda rows, places, symbols: rows,
    SYMBOLS: lambda rows, places, symbols: symbols,
    "its own number of places, padding included": lambda rows, places, symbols: places,
    "its own number of symbols and one more for each row (labels counted before the shift)": (
        lambda rows, places, symbols: symbols + rows
    ),
}


def denominator(table: Table) -> str:
    """What the terms of a step are divided by: the first count whose product with their weight is
    the same in all steps."""
    fair = table.of_steps(table.fair[table.term])
    use = fair > 0
    weight = table.of_steps(table.weight)[use] / fair[use]
    if spread(weight) < table.rounding:
        return CONSTANT
    for name, count in DENOMINATORS.items():
        counted = count(table.rows[use], table.places[use], table.symbols[use])
        if spread(weight * counted) < table.rounding:
            return name
    return ""
