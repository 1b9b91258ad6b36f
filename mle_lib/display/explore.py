"""A figure that moves: live where a kernel runs, ready-made frames where none does."""

import html
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

from mle_lib.display.figures import Picture


class Explorer:
    """One figure with a slider for each axis of a grid; made by ``explore``."""

    def __init__(self, draw: Callable[..., Picture], grids: dict[str, list[Any]]) -> None:
        self.draw, self.grids = draw, grids
        self.start = [0] * len(grids)

    def to_html(self) -> str:
        """Every frame, ready-made; the page's ``explore.js`` adds the sliders."""
        axes = [
            {"name": name, "labels": [str(v) for v in grid]} for name, grid in self.grids.items()
        ]
        settings = html.escape(json.dumps({"axes": axes, "start": self.start}))
        frames = []
        for index in itertools.product(*(range(len(grid)) for grid in self.grids.values())):
            picture = self.draw(**self._values(index))
            place = ",".join(map(str, index)) + ('"' if list(index) == self.start else '" hidden')
            opening = f'<figure class="mle-figure" data-index="{place}>'
            frames.append(f"{opening}{picture.to_html()}</figure>")
        opening = f'<mle-explore class="mle-explore" data-frames="{settings}">'
        return f'{opening}<div class="mle-controls"></div>{"".join(frames)}</mle-explore>'

    def widget(self) -> Any:
        """The live figure: ipywidgets sliders (7.7 or 8) that call ``draw`` anew."""
        import ipywidgets

        picture = ipywidgets.HTML()
        sliders = [
            ipywidgets.SelectionSlider(
                options=[(str(v), k) for k, v in enumerate(grid)], description=name
            )
            for name, grid in self.grids.items()
        ]

        def redraw(_: object = None) -> None:
            values = self._values([slider.value for slider in sliders])
            picture.value = self.draw(**values).to_html()

        for slider in sliders:
            slider.observe(redraw, names="value")
        redraw()
        return ipywidgets.VBox([*sliders, picture])

    def _values(self, index: Sequence[int]) -> dict[str, Any]:
        return {name: grid[k] for k, (name, grid) in zip(index, self.grids.items(), strict=True)}

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


def explore(draw: Callable[..., Picture], **grids: Sequence[Any]) -> Explorer:
    """A figure with one slider, or two, over given values.

    With a live kernel, moving a slider calls ``draw`` again. On the built website the same object
    is a set of ready-made frames, one for each point of the grid.

    Args:
        draw: Called with one keyword for each grid; returns ``show(figure, alt)``.
        **grids: Values of each slider, one or two sliders, in order.

    Raises:
        ValueError: If there are no grids or more than two, or a grid is empty.
    """
    if not 1 <= len(grids) <= 2:
        raise ValueError(f"explore needs one or two grids, got {len(grids)}")
    for name, grid in grids.items():
        if len(grid) == 0:
            raise ValueError(f"the grid of {name} must hold at least one value, got none")
    return Explorer(draw, {name: list(grid) for name, grid in grids.items()})
