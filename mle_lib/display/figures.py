"""A matplotlib figure as an inline SVG picture with alt text."""

import html
import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from mle_lib.display.style import COLORS, INK


class Picture:
    """An SVG drawing with its alt text; a notebook shows the drawing, a terminal the text."""

    def __init__(self, svg: str, alt: str) -> None:
        self.svg, self.alt = svg, alt

    def to_html(self) -> str:
        """The ``<svg>`` element, its alt text as accessible name."""
        label = html.escape(self.alt)
        return self.svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)

    def __repr__(self) -> str:
        return f"[figure: {self.alt}]"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": f'<figure class="mle-figure">{self.to_html()}</figure>', "text/plain": repr(self)}


def show(figure: Figure, alt: str) -> Picture:
    """Draw a figure as SVG: lines and text in the page's own text colour, on no background.

    Args:
        figure: What to draw. It is closed, so that a notebook does not show it twice.
        alt: What there is to see, in a sentence, for readers who do not see it.

    Raises:
        ValueError: If ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("alt must say what the figure shows, got an empty text")
    buffer = io.StringIO()
    # A fixed salt makes equal figures equal files: element ids are hashes of content, not random.
    with mpl.rc_context({"svg.hashsalt": "mle"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg ") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # The width in points becomes a ceiling, so that a figure shrinks with a narrow page.
    svg = re.sub(r'<svg (.*?)width="([\d.]+)pt" height="[\d.]+pt"', r'<svg \1style="width:100%;max-width:\2pt"', svg, count=1)
    return Picture(svg, " ".join(alt.split()))


def show_images(x: torch.Tensor, alt: str, columns: int = 10, title: str = "") -> Picture:
    """Draw binary images side by side, pixels that are 1 in blue.

    Args:
        x: ``(k, n)`` with n a square number, or ``(k, height, width)``; 0s and 1s.
        alt: What there is to see.
        columns: Images a row.
        title: A line above them.

    Raises:
        ValueError: If ``x`` holds no square images, or ``alt`` is empty.
    """
    side = round(x.shape[-1] ** 0.5)
    if x.ndim == 2 and side**2 != x.shape[1]:
        raise ValueError(f"x must hold square images, a square number of columns, got {x.shape[1]}")
    images = x.reshape(len(x), side, side) if x.ndim == 2 else x
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(0.64 * columns, 0.64 * rows + 0.3 * bool(title)), squeeze=False
    )
    cmap = ListedColormap([(0.5, 0.5, 0.5, 0.18), COLORS["blue"]])
    for axis in axes.flat:
        axis.axis("off")
    for axis, image in zip(axes.flat, images, strict=False):
        axis.pcolormesh(image.cpu().float().numpy(), cmap=cmap, vmin=0, vmax=1, snap=True)
        axis.set(aspect="equal", ylim=(image.shape[0], 0))
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
    return show(figure, alt)
