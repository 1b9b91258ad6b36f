"""A figure that moves: live where a kernel runs, ready-made frames where none does."""

import gzip
import html
import itertools
import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mle_lib.checks import shown
from mle_lib.display.figures import Picture, key, named, none_left
from mle_lib.display.svg import prefixed, share

MOST_BYTES = 300_000  # of one figure on its way to the reader, compressed
# A slider's name, as the text writes it
NAMES = {"alpha": "α", "beta": "β", "gamma": "γ", "eps": "ε", "b": "batch size b", "t": "step t"}


class Explorer:
    """One figure with a slider for each axis of a grid; made by ``explore``."""

    def __init__(
        self, draw: Callable[..., Picture], grids: dict[str, list[Any]], start: list[int]
    ) -> None:
        self.draw, self.grids, self.start = draw, grids, start
        places = itertools.product(*(range(len(grid)) for grid in grids.values()))
        with none_left():
            self.frames = {place: self._picture(place) for place in places}
        seen: dict[str, str] = {}
        for place, picture in self.frames.items():
            other = seen.setdefault(picture.alt, self._name(place))
            if other != self._name(place):
                raise ValueError(
                    "each frame needs alt text of its own; "
                    f"{other} and {self._name(place)} both have {picture.alt!r}"
                )

    def to_html(self) -> str:
        """Every frame, ready-made; the page's ``explore.js`` adds the sliders."""
        axes = [
            {"name": NAMES.get(name, name), "labels": [str(v) for v in grid]}
            for name, grid in self.grids.items()
        ]
        settings = html.escape(json.dumps({"axes": axes, "start": self.start}))
        shared, svgs = share([picture.svg for picture in self.frames.values()])
        prefix = f"f{key(shared + ''.join(svgs))}"
        hidden = 'width="0" height="0" style="position:absolute" aria-hidden="true"'
        parts = [
            f'<mle-explore class="mle-explore" data-frames="{settings}">',
            f'<svg {hidden}>{prefixed(shared, prefix)}</svg><div class="mle-controls"></div>',
        ]
        for (place, picture), svg in zip(self.frames.items(), svgs, strict=True):
            state = "" if list(place) == self.start else " hidden"
            opening = f'<figure class="mle-figure" data-index="{",".join(map(str, place))}"{state}>'
            parts.append(f"{opening}{named(prefixed(svg, prefix), picture.alt)}</figure>")
        text = "".join(parts) + "</mle-explore>"
        if (size := len(gzip.compress(text.encode(), mtime=0))) > MOST_BYTES:
            warnings.warn(
                f"{self!r} takes {size / 1000:.0f} kB compressed, more than a page should carry "
                f"({MOST_BYTES / 1000:.0f} kB): fewer frames, or fewer points in each",
                stacklevel=2,
            )
        return text

    def widget(self) -> Any:
        """The live figure: ipywidgets sliders (7.7 or 8) that call ``draw`` anew."""
        import ipywidgets

        picture = ipywidgets.HTML(self.frames[tuple(self.start)].to_html())
        sliders = [
            ipywidgets.SelectionSlider(
                options=[(str(v), k) for k, v in enumerate(grid)],
                value=start,
                description=NAMES.get(name, name),
                style={"description_width": "initial"},
            )
            for start, (name, grid) in zip(self.start, self.grids.items(), strict=True)
        ]

        def redraw(_: object) -> None:
            picture.value = self._picture([slider.value for slider in sliders]).to_html()

        for slider in sliders:
            slider.observe(redraw, names="value")
        return ipywidgets.VBox([*sliders, picture])

    def _picture(self, place: Sequence[int]) -> Picture:
        picture = self.draw(**self._values(place))
        if not isinstance(picture, Picture):
            raise ValueError(
                f"draw must return display.show(figure, alt), got {type(picture).__name__} "
                f"at {self._name(place)}"
            )
        return picture

    def _values(self, place: Sequence[int]) -> dict[str, Any]:
        return {name: grid[k] for k, (name, grid) in zip(place, self.grids.items(), strict=True)}

    def _name(self, place: Sequence[int]) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self._values(place).items())

    def __repr__(self) -> str:
        axes = ", ".join(f"{name} = {grid[0]} … {grid[-1]}" for name, grid in self.grids.items())
        return f"[figure to explore: {axes}]"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": self.to_html(), "text/plain": repr(self)}
        try:
            model_id = self.widget().model_id
        except ImportError:
            return bundle
        view = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        return bundle | {"application/vnd.jupyter.widget-view+json": view}


def explore(
    draw: Callable[..., Picture],
    start: Mapping[str, Any] | None = None,
    /,
    **grids: Iterable[Any],
) -> Explorer:
    """A figure with one slider, or two, over given values.

    With a live kernel, moving a slider calls ``draw`` again. On the built website the same object
    is a set of ready-made frames, one for each point of the grid, and a button that plays the first
    slider.

    Args:
        draw: Called with one keyword for each grid; returns ``show(figure, alt)``, with another
            ``alt`` for each frame.
        start: Where the sliders stand at first, a value of its grid for each name; those not named
            at their first value.
        **grids: Values of each slider, one or two sliders, in order.

    Raises:
        ValueError: If ``draw`` cannot be called or returns something else, or two frames have the
            same ``alt``; if there are no grids or more than two, a grid is empty, no sequence, or
            holds two values that read alike; if ``start`` names no grid or no value of it.
    """
    if not callable(draw):
        raise ValueError(f"draw must be a function, got {type(draw).__name__}")
    if not 1 <= len(grids) <= 2:
        raise ValueError(f"explore needs one or two grids, got {len(grids)}")
    values = {name: check_grid(grid, name) for name, grid in grids.items()}
    places = dict.fromkeys(values, 0)
    for name, value in (start or {}).items():
        found = [k for k, one in enumerate(values.get(name, ())) if same(one, value)]
        if not found:
            raise ValueError(f"start must name values of the grids, got {name} = {shown(value)}")
        places[name] = found[0]
    return Explorer(draw, values, list(places.values()))


def same(one: Any, value: Any) -> bool:
    """Whether two values are equal; what has many numbers is equal to what has them, too."""
    one, value = (v.tolist() if hasattr(v, "tolist") else v for v in (one, value))
    return bool(one == value)


def check_grid(grid: Iterable[Any], name: str) -> list[Any]:
    """The values of a slider, or a ``ValueError``. A tensor's become numbers."""
    listed = hasattr(grid, "__iter__") and getattr(grid, "ndim", 1) > 0
    if isinstance(grid, (str, bytes)) or not listed:
        raise ValueError(f"the grid of {name} must be a list of values, got {shown(grid)}")
    values = grid.tolist() if hasattr(grid, "tolist") else list(grid)
    if len(values) == 0:
        raise ValueError(f"the grid of {name} must hold at least one value, got none")
    labels = [str(value) for value in values]
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise ValueError(f"the grid of {name} must not hold two values that read {twice[0]}")
    return values
