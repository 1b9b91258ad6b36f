"""A matplotlib figure as an inline SVG picture with alt text."""

import hashlib
import html
import io
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from mle_lib.checks import check_at_least, check_binary
from mle_lib.display.style import COLORS, INK
from mle_lib.display.svg import clean, prefixed

GAP = 2  # pixels between two images
WIDEST = 500  # images a row: the picture has about as many points


class Picture:
    """An SVG drawing with its alt text; a notebook shows the drawing, a terminal the text."""

    def __init__(self, svg: str, alt: str) -> None:
        self.svg, self.alt = svg, alt

    def to_html(self) -> str:
        """The ``<svg>`` element, its alt text as accessible name."""
        return named(prefixed(self.svg, f"f{key(self.svg)}"), self.alt)

    def __repr__(self) -> str:
        return f"[figure: {self.alt}]"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {
            "text/html": f'<figure class="mle-figure">{self.to_html()}</figure>',
            "text/plain": repr(self),
        }


def key(text: str) -> str:
    """Eight characters that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def named(svg: str, alt: str) -> str:
    """An ``<svg>`` element as one image with an accessible name."""
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" ', 1)


@contextmanager
def none_left() -> Iterator[None]:
    """A place in which an error leaves no figure open that was opened there."""
    before = plt.get_fignums()
    try:
        yield
    except BaseException:
        for number in set(plt.get_fignums()) - set(before):
            plt.close(number)
        raise


def check_alt(alt: str) -> str:
    """``alt`` in one line, or a ``ValueError``."""
    if not isinstance(alt, str) or not alt.strip():
        got = "an empty text" if isinstance(alt, str) else repr(alt)
        raise ValueError(f"alt must say what the figure shows, got {got}")
    return " ".join(alt.split())


def show(figure: Figure, alt: str) -> Picture:
    """Draw a figure as SVG: lines and text in the page's own text colour, on no background.

    Args:
        figure: What to draw (not its axes). It is closed, also after an error: it is shown once.
        alt: What there is to see, in a sentence, for readers who do not see it.

    Raises:
        ValueError: If ``alt`` is empty.
    """
    buffer = io.StringIO()
    try:
        alt = check_alt(alt)
        # A fixed salt makes equal figures equal files: ids are hashes of content, not random.
        with mpl.rc_context({"svg.hashsalt": "mle", "svg.fonttype": "path"}):
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    finally:
        plt.close(figure)
    return Picture(clean(buffer.getvalue()).replace(INK, "currentColor"), alt)


@none_left()
def show_images(x: torch.Tensor, alt: str, columns: int = 10) -> Picture:
    """Draw binary images side by side: pixels that are 1 in blue, those that are 0 in faint grey.

    Args:
        x: ``(k, n)`` with n a square number: k images, read line by line; 0s and 1s.
        alt: What there is to see.
        columns: Images a row, at most 500.

    Raises:
        ValueError: If ``x`` is not a non-empty ``(k, n)`` tensor of 0s and 1s, n is no square
            number, ``columns`` is no such number, or ``alt`` is empty.
    """
    check_alt(alt)
    check_binary(x)
    if (columns := check_at_least(columns, 1, "columns")) > WIDEST:
        raise ValueError(f"columns must be at most {WIDEST}, got {columns}")
    if round(x.shape[1] ** 0.5) ** 2 != x.shape[1]:
        raise ValueError(f"x must have shape (k, n) with n a square number, got {tuple(x.shape)}")
    side = round(x.shape[1] ** 0.5)
    rows, step = -(-len(x) // columns), side + GAP
    canvas = np.zeros((rows * step - GAP, columns * step - GAP, 4))  # transparent where no image is
    shades = np.array([to_rgba("grey", 0.18), to_rgba(COLORS["blue"])])
    for k, image in enumerate(x.reshape(-1, side, side).long().cpu().numpy()):
        top, left = step * (k // columns), step * (k % columns)
        canvas[top : top + side, left : left + side] = shades[image]
    figure, axis = plt.subplots(figsize=(6.4, 6.4 * len(canvas) / canvas.shape[1]))
    axis.imshow(canvas, interpolation="none", origin="upper")
    axis.axis("off")
    return show(figure, alt)
