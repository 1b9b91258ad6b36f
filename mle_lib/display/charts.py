"""Charts of named values: bars over letters, curves, maps, and who sees whom."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.ticker import NullFormatter
from torch import Tensor

from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.paths import finite
from mle_lib.display.style import COLORS

MOST_BARS = 100
LINES = ("-", "--", "-.", ":", "-")
Curve = tuple[Sequence[float] | Tensor, Sequence[float] | Tensor]


@none_left()
def show_bars(
    labels: Sequence[str], heights: Mapping[str, Tensor], alt: str, ylabel: str = "nats"
) -> Picture:
    """Draw bars side by side, one of each name over every label; the legend has their sums.

    Args:
        labels: What stands below, k texts, at most 100.
        heights: For each name ``(k,)``.
        alt: What there is to see.
        ylabel: What the heights are.

    Raises:
        ValueError: If there is no name, no label or more than 100, heights are not ``(k,)`` or not
            finite, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    if not heights or not 1 <= len(labels) <= MOST_BARS:
        raise ValueError(
            f"heights and labels must be at least one, and labels at most {MOST_BARS}, got "
            f"{len(heights)} and {len(labels)}"
        )
    rows = {name: finite(values, name, torch.float64) for name, values in heights.items()}
    for name, values in rows.items():
        if values.shape != (len(labels),):
            raise ValueError(f"{name} must have shape {(len(labels),)}, got {tuple(values.shape)}")
    figure, axis = plt.subplots(figsize=(max(4.0, 0.22 * len(labels)), 2.6))
    width = 0.8 / len(rows)
    for k, (name, values) in enumerate(rows.items()):
        shift = (k - (len(rows) - 1) / 2) * width
        places = [place + shift for place in range(len(labels))]
        axis.bar(places, values.tolist(), width, label=f"{name}: {values.sum():.1f} in all")
    axis.set_xticks(range(len(labels)), labels)
    axis.set(ylabel=ylabel)
    axis.legend()
    return show(figure, alt)


@none_left()
def show_curves(
    panels: Mapping[str, Mapping[str, Sequence[Curve]]],
    alt: str,
    ylabel: str = "nats a symbol",
    level: float | None = None,
    log: bool = False,
) -> Picture:
    """Draw curves in panels side by side with one vertical axis.

    Args:
        panels: For each panel, by the label of its horizontal axis, and for each name in it, the
            curves of that name: pairs of horizontal and vertical values.
        alt: What there is to see.
        ylabel: What the vertical values are.
        level: Where to draw a dotted line across.
        log: Whether the horizontal axes are logarithmic.

    Raises:
        ValueError: If there is no panel or no curve, a value is not finite, the two parts of a
            curve differ in shape, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    if not panels or not all(panels.values()):
        raise ValueError("panels must hold at least one curve each, got none")
    width = max(5.2, 2.3 * len(panels))
    figure, axes = plt.subplots(1, len(panels), figsize=(width, 2.6), sharey=True, squeeze=False)
    for axis, (xlabel, curves) in zip(axes[0], panels.items(), strict=True):
        for name, color, line in zip(curves, COLORS.values(), LINES, strict=False):
            for k, curve in enumerate(curves[name]):
                x, y = (finite(torch.as_tensor(part), name, torch.float64) for part in curve)
                if x.shape != y.shape:
                    raise ValueError(
                        f"{name} must have as many horizontal as vertical values, got "
                        f"{tuple(x.shape)} and {tuple(y.shape)}"
                    )
                axis.plot(x.tolist(), y.tolist(), line, color=color, label=None if k else name)
        if level is not None:
            axis.axhline(level, color="grey", ls=":", lw=1.2)
        axis.set(xlabel=xlabel, xscale="log" if log else "linear")
        if log:
            axis.xaxis.set_minor_formatter(NullFormatter())  # its labels would overlap
    axes[0, 0].set(ylabel=ylabel)
    axes[0, 0].legend()
    return show(figure, alt)


@none_left()
def show_maps(maps: Mapping[str, Tensor], alt: str, names: Sequence[str] = ("", "")) -> Picture:
    """Draw maps side by side, each brightest where it is largest.

    Args:
        maps: For each title numbers ``(r, s)``: the first index runs to the right, the second up.
        alt: What there is to see.
        names: Of the two indices.

    Raises:
        ValueError: If there is no map, one is no matrix of finite numbers, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    if not maps:
        raise ValueError("maps must hold at least one, got none")
    figure, axes = plt.subplots(1, len(maps), figsize=(2.5 * len(maps), 2.6), squeeze=False)
    for axis, (title, values) in zip(axes[0], maps.items(), strict=True):
        shown = finite(values, title, torch.float64)
        if shown.dim() != 2:
            raise ValueError(f"{title} must have shape (r, s), got {tuple(shown.shape)}")
        axis.imshow(shown.T.cpu().numpy(), origin="lower", cmap="cividis", aspect="auto")
        axis.set(title=title, xticks=[], yticks=[], xlabel=names[0], ylabel=names[1])
    return show(figure, alt)


@none_left()
def show_views(text: str, place: int, alt: str) -> Picture:
    """Draw who sees whom in two layers of causal attention: below what each place reads, the symbol
    before it, above what it predicts; lines from each place to those it sees, in red for one.

    Args:
        text: k letters; with the end there are k + 1 places.
        place: Whose lines stand out, from 0 to k.
        alt: What there is to see.

    Raises:
        ValueError: If ``place`` is none of the places, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    if not 0 <= place <= len(text):
        raise ValueError(f"place must be from 0 to {len(text)}, got {place}")
    figure, axis = plt.subplots(figsize=(6.4, 2.9))
    for i, (read, predicted) in enumerate(zip(["start", *text], [*text, "∎"], strict=True)):
        color, width = (COLORS["vermillion"], 1.6) if i == place else (COLORS["grey"], 0.5)
        for level in (0, 1):
            for j in range(i + 1):
                axis.plot([j, i], [level, level + 1], "-", color=color, lw=width)
        axis.plot([i] * 3, [0, 1, 2], "o", ms=9, color=COLORS["blue"])
        axis.text(i, -0.45, read, ha="center")
        axis.text(i, 2.35, predicted, ha="center", fontweight="bold")
    for at, what in {-0.45: "read", 1.0: "two layers", 2.35: "predicted"}.items():
        axis.text(-0.6, at, what, ha="right")
    axis.set(xlim=(-1.9, len(text) + 0.5), ylim=(-0.8, 2.8))
    axis.axis("off")
    return show(figure, alt)
