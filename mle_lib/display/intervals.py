"""Estimates with their intervals, a line each."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.paths import finite
from mle_lib.display.style import COLORS

Interval = Sequence[float] | Tensor


@none_left()
def show_intervals(
    rows: Mapping[str, Mapping[str, Interval]],
    alt: str,
    xlabel: str,
    level: float | None = 0.0,
) -> Picture:
    """Draw intervals below each other, of each name in its own colour, with a dot at each estimate.

    Args:
        rows: For each line, by what stands left of it, and for each name in it, the interval:
            ``(low, estimate, high)`` with low ≤ estimate ≤ high.
        alt: What there is to see.
        xlabel: What the numbers are.
        level: Where to draw a dotted line from top to bottom; None for none.

    Raises:
        ValueError: If there is no interval, one is not three finite numbers in order, or ``alt`` is
            empty.
    """
    alt = check_alt(alt)
    if not rows or not all(rows.values()):
        raise ValueError("rows must hold at least one interval each, got none")
    names = list(dict.fromkeys(name for intervals in rows.values() for name in intervals))
    tall = 0.8 + sum(0.16 + 0.2 * len(intervals) for intervals in rows.values())
    figure, axis = plt.subplots(figsize=(5.2, tall))
    if level is not None:
        axis.axvline(level, color=COLORS["grey"], ls=":", lw=1.2)
    at, middles, seen = 0.0, [], set()
    colors = dict(zip(names, list(COLORS.values()) * len(names), strict=False))
    marks = dict(zip(names, "osD^v" * len(names), strict=False))
    for intervals in rows.values():
        middles.append(at + (len(intervals) - 1) / 2)
        for name, interval in intervals.items():
            low, middle, high = _ordered(interval, name)
            axis.plot([low, high], [at, at], "-", color=colors[name])
            label = None if name in seen or len(names) == 1 else name
            axis.plot([middle], [at], marks[name], color=colors[name], label=label)
            seen.add(name)
            at += 1
        at += 0.8
    axis.set_yticks(middles, list(rows))
    axis.set(xlabel=xlabel, ylim=(at - 0.8, -1))
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    if len(names) > 1:
        figure.legend(loc="outside upper right", ncols=min(3, len(names)))
    return show(figure, alt)


def _ordered(interval: Interval, name: str) -> list[float]:
    values = finite(torch.as_tensor(interval), name, torch.float64)
    if values.shape != (3,) or not values[0] <= values[1] <= values[2]:
        raise ValueError(f"{name} must be (low, estimate, high) in order, got {values.tolist()}")
    return values.tolist()
