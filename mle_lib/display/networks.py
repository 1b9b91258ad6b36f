"""Small networks as they are: a masked one from its masks, a running sum from its hidden layers."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from mle_lib.checks import check_at_least
from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.paths import finite
from mle_lib.display.style import COLORS, INK

MOST_UNITS = 12  # in a row: more cannot be followed


@none_left()
def show_masks(masks: Sequence[Tensor], output: int, alt: str) -> Picture:
    """Draw a masked network, inputs below: every connection that its masks let through, and in red
    those on a path from an input to one output.

    Args:
        masks: Of each layer, from the first on, 0s and 1s ``(units above, units below)``.
        output: Whose paths stand out, from 0 on.
        alt: What there is to see.

    Raises:
        ValueError: If there is no mask, one is no matrix of 0s and 1s, two do not fit each other, a
            row has more than 12 units, ``output`` is none of the outputs, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    if not masks:
        raise ValueError("masks must hold at least one, got none")
    layers = [finite(mask.cpu(), "masks", torch.float64) for mask in masks]
    sizes = [layers[0].shape[-1], *(len(mask) for mask in layers)]
    wanted = list(zip(sizes[1:], sizes, strict=False))
    if [tuple(mask.shape) for mask in layers] != wanted or not min(sizes) >= 1:
        shapes = ", ".join(str(tuple(mask.shape)) for mask in layers)
        raise ValueError(f"masks must be (units above, units below), layer on layer, got {shapes}")
    if max(sizes) > MOST_UNITS:
        raise ValueError(f"masks must have at most {MOST_UNITS} units a row, got {max(sizes)}")
    if not all(((mask == 0) | (mask == 1)).all() for mask in layers):
        raise ValueError("masks must hold 0s and 1s only")
    if (output := check_at_least(output, 0, "output")) >= sizes[-1]:
        raise ValueError(f"output must be from 0 to {sizes[-1] - 1}, got {output}")

    figure, axis = plt.subplots(figsize=(5.2, 1.0 + 1.1 * len(layers)))
    widest = max(sizes)
    across = [[(k + 0.5) * widest / size for k in range(size)] for size in sizes]
    inputs = torch.eye(sizes[0], dtype=torch.float64)
    from_inputs = [torch.ones(sizes[0], dtype=torch.bool)]  # whether an input reaches the unit
    for mask in layers:
        inputs = mask @ inputs
        from_inputs.append(inputs.sum(1) > 0)
    on_path = [torch.arange(sizes[-1]) == output]  # whether the unit reaches the output
    for mask in reversed(layers):
        on_path.insert(0, mask.T @ on_path[0].double() > 0)
    for level, mask in enumerate(layers):
        for above, below in mask.nonzero().tolist():
            red = bool(on_path[level + 1][above] and from_inputs[level][below])
            color, width = (COLORS["vermillion"], 1.8) if red else (COLORS["grey"], 0.5)
            ends = [across[level][below], across[level + 1][above]]
            axis.plot(ends, [level, level + 1], "-", color=color, lw=width, zorder=2 if red else 1)
    for level, places in enumerate(across):
        for k, at in enumerate(places):
            chosen = (level, k) == (len(layers), output)
            red = chosen or bool(on_path[level][k] and from_inputs[level][k])
            _unit(axis, at, level, COLORS["vermillion" if red else "grey"], 1.0)
    for k, at in enumerate(across[0]):
        axis.text(at, -0.3, f"$x_{{{k + 1}}}$", ha="center", va="center")
    for k, at in enumerate(across[-1]):
        axis.text(at, len(layers) + 0.3, f"$z_{{{k + 1}}}$", ha="center", va="center")
    axis.set(xlim=(0, widest), ylim=(-0.5, len(layers) + 0.5))
    axis.axis("off")
    return show(figure, alt)


@none_left()
def show_running_sum(
    x: Tensor, hidden: Tensor, probabilities: Tensor, variable: int, alt: str
) -> Picture:
    """Draw the hidden layers of NADE for one sample, a column for each variable: each is the one
    before it plus one row of weights; in red where the row of one variable goes.

    Args:
        x: The sample, 0s and 1s ``(n,)``.
        hidden: Its hidden units, between 0 and 1, ``(n, r)``; the fuller a circle, the larger.
        probabilities: p(x_i = 1 | the variables before), ``(n,)``.
        variable: Whose row stands out, from 0 to n − 2: nothing comes after the last.
        alt: What there is to see.

    Raises:
        ValueError: If the shapes do not fit, there are fewer than two variables, more than 12 of
            them or of hidden units, a number is out of bounds, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    given = {"x": x, "hidden": hidden, "probabilities": probabilities}
    x, hidden, probabilities = (
        finite(part.detach().cpu(), name, torch.float64) for name, part in given.items()
    )
    if hidden.dim() != 2 or not (x.shape == probabilities.shape == hidden.shape[:1]):
        shapes = ", ".join(str(tuple(part.shape)) for part in given.values())
        raise ValueError(f"x, hidden and probabilities must be (n,), (n, r), (n,), got {shapes}")
    n, r = hidden.shape
    if not (2 <= n <= MOST_UNITS and 1 <= r <= MOST_UNITS):
        raise ValueError(f"hidden must be at least (2, 1) and at most 12 by 12, got {(n, r)}")
    if not all((part >= 0).all() and (part <= 1).all() for part in (x, hidden, probabilities)):
        raise ValueError("x, hidden and probabilities must be between 0 and 1")
    if (variable := check_at_least(variable, 0, "variable")) > n - 2:
        raise ValueError(f"variable must be from 0 to {n - 2}, got {variable}")

    figure, axis = plt.subplots(figsize=(5.2, 1.9 + 0.28 * r))
    top, middle = 1 + 0.35 * (r - 1), 1 + 0.175 * (r - 1)
    for i in range(n):
        for k in range(r):
            _unit(axis, i, 1 + 0.35 * k, COLORS["blue"], hidden[i, k].item())
        axis.text(i, 0, f"$x_{i + 1} = {x[i]:.0f}$", ha="center", va="center")
        axis.text(i, top + 0.95, f"{probabilities[i]:.2f}", ha="center", va="center")
        _arrow(axis, (i, top + 0.2), (i, top + 0.78), red=variable < i)
        if i < n - 1:
            _arrow(axis, (i + 0.15, middle), (i + 0.85, middle), red=variable < i)
            _arrow(axis, (i + 0.12, 0.2), (i + 0.85, middle - 0.12), red=variable == i)
            axis.text(i + 0.6, 0.4, f"$+ x_{i + 1} W_{i + 1}$", ha="left", va="center", fontsize=9)
    axis.text(-0.35, top + 0.95, "p", ha="right", va="center", style="italic")
    axis.text(-0.35, middle, "h", ha="right", va="center", style="italic")
    axis.set(xlim=(-0.6, n - 0.5), ylim=(-0.3, top + 1.2))
    axis.axis("off")
    return show(figure, alt)


def _unit(axis: Axes, across: float, up: float, color: str, full: float) -> None:
    """A circle, filled as far as its value goes."""
    axis.plot([across], [up], "o", ms=11, mec=color, mfc="none", mew=1.4, zorder=3)
    axis.plot([across], [up], "o", ms=11, mec="none", mfc=color, alpha=full, zorder=3)


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], red: bool) -> None:
    color, width = (COLORS["vermillion"], 1.8) if red else (INK, 0.7)
    arrow = {"arrowstyle": "->", "color": color, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", end, start, arrowprops=arrow)
