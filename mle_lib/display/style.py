"""One style for every figure of the book."""

from typing import Any

import matplotlib as mpl
from cycler import cycler

# Four of Okabe & Ito's colours, told apart by colour-blind readers
# (https://jfly.uni-koeln.de/color/), and a grey: those with a contrast of at least 3:1 on white and
# on the dark page alike.
COLORS = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "grey": "#7F7F7F",
}

# Stands for the colour of the text around the figure; ``figures`` writes it as ``currentColor``.
INK = "#010203"

STYLE: dict[Any, Any] = {
    "figure.figsize": (5.2, 3.2),  # narrow, so that its text can still be read on a telephone
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=list(COLORS.values()), linestyle=["-", "--", "-.", ":", "-"]),
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.handlelength": 3.0,
    "lines.linewidth": 1.8,
    "font.size": 11.0,
    "svg.fonttype": "path",
    "savefig.facecolor": "none",
    "savefig.edgecolor": "none",
}


def use_style() -> None:
    """Make this style matplotlib's own for the session (it changes ``matplotlib.rcParams``; call it
    once)."""
    mpl.rcParams.update(STYLE)
