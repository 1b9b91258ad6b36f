"""Newton's step in one dimension: the curve, the parabola it trusts, and where it lands."""

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from mle_lib.checks import check_flag, check_number
from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.paths import finite, heights
from mle_lib.display.style import COLORS, INK

Hill = tuple[Callable[[Tensor], Tensor], float, float, float]
HALVINGS = 12
ENOUGH = 1e-4  # of what the slope promised, as in (12.2)


@none_left()
def show_parabolas(
    hills: Mapping[str, Hill],
    window: tuple[float, float],
    alt: str,
    xlabel: str = "θ",
    ylabel: str = "ℓ/m",
    damped: bool = False,
) -> Picture:
    """Draw curves side by side, each with its parabola at one place, whose extreme is where
    Newton's step goes, and a ring on the curve where it lands.

    Args:
        hills: For each title the height of places, ``(k,) -> (k,)``, where the step starts, and
            there the slope and the curvature (minus the second derivative, not 0).
        window: Left and right end of what is drawn.
        alt: What there is to see.
        xlabel, ylabel: What the axes are.
        damped: Whether to halve the step until (12.2) holds: a ring at each try, a dot where it
            stops. The curvature must then be positive.

    Raises:
        ValueError: If there is no hill, a number is not finite, the window is empty, a curvature
            is 0 or, where steps are halved, negative, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    low, high = (check_number(end, "window") for end in window)
    damped = check_flag(damped, "damped")
    if not hills or not low < high:
        raise ValueError(f"hills and window must not be empty, got {len(hills)} and {window}")
    figure, axes = plt.subplots(1, len(hills), figsize=(5.2, 3.0), squeeze=False)
    places = torch.linspace(low, high, 121, dtype=torch.float64)
    for axis, (title, (height, *numbers)) in zip(axes[0], hills.items(), strict=True):
        start, slope, bend = (check_number(number, title) for number in numbers)
        if bend == 0 or (damped and bend < 0):
            raise ValueError(f"{title} must have a curvature that is not {bend}")
        step = slope / bend
        curve = _heights(height, places, title)
        fractions = [0.5**k for k in range(HALVINGS)] if damped else [1.0]
        tried = places.new_tensor([0.0, *fractions])
        at, *ends = _heights(height, start + step * tried, title).tolist()
        if damped:
            stop = _stop(at, slope * step, fractions, ends, title)
            fractions, ends = fractions[: stop + 1], ends[: stop + 1]
        parabola = at + slope * (places - start) - bend / 2 * (places - start) ** 2
        extreme = at + slope * step / 2
        axis.plot(places, curve, color=COLORS["blue"], label=ylabel)
        axis.plot(places, parabola, "--", color=COLORS["vermillion"], label="parabola")
        axis.plot(start, at, "o", color=INK, ms=7, zorder=3)
        axis.plot([start + step] * 2, [extreme, ends[0]], ":", color=INK, lw=1.2)
        axis.plot(start + step, extreme, "_", color=COLORS["vermillion"], ms=14, mew=2)
        for k, (a, end) in enumerate(zip(fractions, ends, strict=True)):
            inside = COLORS["green"] if damped and k == len(ends) - 1 else "none"
            style: dict[str, Any] = {"color": COLORS["green"], "mfc": inside, "mew": 1.6}
            axis.plot(start + a * step, end, "o", ms=8, zorder=3, **style)
            if damped:
                text = f"a = 1/{2**k}" if k else "a = 1"
                axis.annotate(text, (start + a * step, end), (7, -12), textcoords="offset points")
        seen = [*curve.tolist(), extreme]
        room = 0.12 * (max(seen) - min(seen))
        axis.set(title=title, xlabel=xlabel, xlim=(low, high))
        axis.set_ylim(min(seen) - room, max(seen) + room)
    axes[0, 0].set(ylabel=ylabel)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return show(figure, alt)


def _heights(height: Callable[[Tensor], Tensor], places: Tensor, title: str) -> Tensor:
    found = heights(lambda rows: height(rows[:, 0]), places[:, None])
    return finite(found, title, torch.float64)


def _stop(at: float, promise: float, fractions: list[float], ends: list[float], title: str) -> int:
    """Which fraction is the first that gains enough."""
    for k, (a, end) in enumerate(zip(fractions, ends, strict=True)):
        if end >= at + ENOUGH * a * promise:
            return k
    raise ValueError(f"{title} must gain by at most {HALVINGS - 1} halvings, got none that does")
