"""Which parameters a variable's gradient touches, a square for each."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from mle_lib.checks import check_at_least
from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.style import COLORS

MOST_LAYERS = 3
MOST_SQUARES = 12  # to a side
Layer = tuple[str, str, Tensor, Tensor]
KINDS = {  # what is said of a square: its fill, its edge, its mark and its share of the place
    "felt by $x_{i}$ alone": ("blue", "blue", "s", 0.75),
    "by $x_{i}$ and others": ("vermillion", "vermillion", "D", 0.6),
    "by others only": ("none", "grey", "s", 0.75),
    "by none": ("grey", "grey", "x", 0.25),
}


@none_left()
def show_weights(layers: Mapping[str, Layer], of: int, alt: str) -> Picture:
    """Draw the parameters of up to three layers, a square for each, from its column to its row, the
    biases in the first column: felt by one variable alone, by it and others, by others, by none.

    Args:
        layers: For each title the letters of its rows and of its columns, and, for each of n
            variables, which biases ``(n, r)`` and which weights ``(n, r, c)`` feel it.
        of: The variable, counted from 1.
        alt: What there is to see; numbers are added to it.

    Raises:
        ValueError: If there is no layer, or more than three, or one that is not as said or has more
            than 12 rows or columns; if ``of`` is none of the variables, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise ValueError(f"layers must be one to {MOST_LAYERS}, got {len(layers)}")
    grids = {title: _grid(title, layer) for title, layer in layers.items()}
    of = check_at_least(of, 1, "of")
    figure, axes = plt.subplots(2, 2, figsize=(5.2, 5.0))
    for axis, (title, (rows, columns, _, _)) in zip(axes.flat, layers.items(), strict=False):
        grid = grids[title]
        if of > len(grid):
            raise ValueError(f"of must be at most {len(grid)}, got {of}")
        mine, others = grid[of - 1], grid.sum(0) - grid[of - 1].long()
        kinds = (mine & (others == 0), mine & (others > 0), ~mine & (others > 0), ~grid.any(0))
        height, width = mine.shape
        for (label, (fill, edge, mark, share)), kind in zip(KINDS.items(), kinds, strict=True):
            y, x = kind.nonzero().T.tolist()
            style = {"mec": COLORS[edge], "mfc": COLORS.get(fill, fill), "ls": "none"}
            size = 110 / max(height, width) * share
            named = label.replace("{i}", f"{{{of}}}")
            axis.plot(x, y, marker=mark, ms=size, label=named, **style)
        axis.set_xticks(range(width), ["1", *(f"${columns}_{{{k}}}$" for k in range(1, width))])
        axis.set_yticks(range(height), [f"${rows}_{{{k}}}$" for k in range(1, height + 1)])
        axis.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), aspect="equal", title=title)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        alt += f" {title}: {int(kinds[0].sum())} feel it alone, {int(kinds[1].sum())} with others."
    for axis in axes.flat[len(layers) :]:
        axis.axis("off")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    axes[1, 1].legend(handles, labels, loc="center", handlelength=1.2, labelspacing=0.8)
    return show(figure, alt)


def _grid(title: str, layer: Layer) -> Tensor:
    """Biases and weights side by side, ``(n, rows, 1 + columns)``, true or false."""
    _, _, bias, weight = layer
    fits = bias.dim() == 2 and weight.dim() == 3 and bias.shape == weight.shape[:2]
    if not fits or not bias.numel() or max(*weight.shape[1:]) > MOST_SQUARES:
        raise ValueError(
            f"{title} must have biases (n, r) and weights (n, r, c), r and c at most "
            f"{MOST_SQUARES}, got {tuple(bias.shape)} and {tuple(weight.shape)}"
        )
    return torch.cat([bias[:, :, None] != 0, weight != 0], 2)
