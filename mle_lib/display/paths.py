"""Paths of several optimisers on one hill, up to a given step."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_dense, check_finite, check_number
from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.style import COLORS

# The classes by which ``explore.js`` knows what grows from frame to frame, and what goes before it.
GROWS, TIP = "mle-grows", "mle-tip"
LEVELS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # nats below the top
MARKS = (("blue", "-", "o"), ("vermillion", ":", "s"), ("green", "-", "^"), ("purple", "--", "D"))


@none_left()
def show_paths(
    height: Callable[[Tensor], Tensor],
    top: Tensor,
    tracks: Mapping[str, Tensor],
    stops: Iterable[int],
    axes: Iterable[int],
    extent: Iterable[float],
    alt: str,
    means: Mapping[str, float] | None = None,
) -> Picture:
    """Draw contours of a hill through its top, and on them a path for each track.

    The map is a plane: two coordinates vary, the others are the top's. Paths are projected onto it,
    and the legend and the alt text say how far below the top, in the plane, each path ends.

    Args:
        height: Of places, ``(..., p) -> (...)``.
        top: Where it is largest, ``(p,)``.
        tracks: For each name its places at steps 0 to T, ``(T + 1, p)``; at most four.
        stops: Steps, from 0 on: a path is drawn up to the last. It is drawn in pieces from stop to
            stop, so that the frames of ``explore`` share them.
        axes: The two coordinates of the map.
        extent: Left, right, bottom and top edge of the map.
        alt: What there is to see, but for the numbers.
        means: For each name a number to print in place of the path's own: how far below the top the
            mean of many runs is, where the one that is drawn may mislead.

    Raises:
        ValueError: If there are no tracks or more than four, one is not ``(T + 1, p)``, ``stops``
            do not rise from 0 to at most T, ``axes`` or ``extent`` make no map, ``means`` lacks a
            name or a number, ``height`` gives something else, a number is not finite, or ``alt`` is
            empty.
    """
    alt = check_alt(alt)
    steps = check(top, tracks, stops)
    top = finite(top, "top", torch.get_default_dtype())
    tracks = {name: finite(track, name, top.dtype).to(top) for name, track in tracks.items()}
    places, (left, right, low, high) = check_map(top, axes, extent)
    if means is not None:
        if not tracks.keys() <= means.keys():
            raise ValueError(f"means must name {list(tracks)}, got {list(means)}")
        means = {name: check_number(means[name], f"means[{name!r}]") for name in tracks}

    def below(end: Tensor) -> Tensor:
        """How far below the top, ``(..., 2) -> (...)``."""
        whole = top.expand(*end.shape[:-1], -1).clone()
        whole[..., places] = end
        return heights(height, top) - heights(height, whole)

    # A fixed place for the axis: the layout engine draws everything twice, for each of many frames.
    figure, axis = plt.subplots(figsize=(5.2, 3.8), layout="none")
    figure.subplots_adjust(0.06, 0.08, 0.99, 0.99)
    # so many points that a contour looks round
    xs, ys = (torch.linspace(*ends, 120, device="cpu") for ends in ((left, right), (low, high)))
    grid = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), dim=-1).to(top)
    axis.contour(xs, ys, below(grid).double().cpu(), LEVELS, colors="grey", linewidths=0.8)
    x, y = top[places].tolist()
    axis.plot(x, y, "+", color=COLORS["grey"], ms=13, mew=2)
    axis.annotate("maximum", (x, y), (-8, 8), textcoords="offset points", ha="right")
    # each track's, or the one that is common to them
    for x, y in {tuple(track[0, places].tolist()) for track in tracks.values()}:
        axis.annotate("start", (x, y), (0, -14), textcoords="offset points", ha="center")
    labels = []
    for (name, track), (color, line, mark) in zip(tracks.items(), MARKS, strict=False):
        style: dict[str, Any] = {"color": COLORS[color], "ls": line, "lw": 1.5}
        for first, last in pairwise(steps):
            axis.plot(*track[first : last + 1, places].double().cpu().T, gid=GROWS, **style)
        end = track[steps[-1], places]
        axis.plot(*end.tolist(), mark, color=COLORS[color], ms=8, zorder=3, gid=TIP)
        gap = below(end) if means is None else means[name]
        labels.append(f"{name}: {gap:.4f}")
        axis.plot([], [], marker=mark, ms=6, label=labels[-1], **style)
    axis.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[])
    axis.set(xlabel="parameter: bias", ylabel="parameter: weight")
    axis.legend(loc="lower left", title="below the maximum", alignment="left")
    mean = "" if means is None else ", on average"
    numbers = f"Nats below the maximum{mean}: {', '.join(labels)}."
    return show(figure, f"{alt} {numbers}")


def finite(values: Tensor, name: str, dtype: torch.dtype) -> Tensor:
    """The values in that dtype at least, without a graph; ``ValueError`` if one is not finite."""
    return check_finite(values.detach().to(torch.promote_types(values.dtype, dtype)), name)


def heights(height: Callable[[Tensor], Tensor], places: Tensor) -> Tensor:
    """The height of each place, without a graph, or ``ValueError`` if there is none."""
    found, wanted = height(places), tuple(places.shape[:-1])
    if not isinstance(found, Tensor) or found.shape != wanted:
        raise ValueError(f"height must give a tensor of shape {wanted}, got {kind_of(found)}")
    if check_dense(found, "what height gives").isnan().any():
        raise ValueError("height must give numbers, got NaN")
    return found.detach()


def kind_of(value: object) -> str:
    return f"a {type(value).__name__} of shape {tuple(getattr(value, 'shape', ()))}"


def check_map(
    top: Tensor, axes: Iterable[int], extent: Iterable[float]
) -> tuple[list[int], list[float]]:
    """The two coordinates and the four edges, or ``ValueError`` if there is no such map."""
    places = [check_at_least(k, 0, "axes") for k in axes]
    if len(set(places)) != 2 or len(places) != 2 or max(places) >= len(top):
        raise ValueError(f"axes must be two numbers from 0 to {len(top) - 1}, got {places}")
    most = torch.finfo(torch.get_default_dtype()).max
    edges = [check_number(edge, "extent") for edge in extent]
    finite = len(edges) == 4 and all(abs(edge) <= most for edge in edges)
    if not finite or edges[0] == edges[1] or edges[2] == edges[3]:
        raise ValueError(f"extent must be four finite numbers, two and two unlike, got {edges}")
    return places, edges


def check(top: Tensor, tracks: Mapping[str, Tensor], stops: Iterable[int]) -> list[int]:
    """The stops, or ``ValueError`` if ``show_paths`` cannot draw them."""
    if top.ndim != 1:
        raise ValueError(f"top must have shape (p,), got {tuple(top.shape)}")
    if not 1 <= len(tracks) <= len(MARKS):
        raise ValueError(f"tracks must hold one to {len(MARKS)} paths, got {len(tracks)}")
    for name, track in tracks.items():
        fits = isinstance(track, Tensor) and track.ndim == 2 and track.shape[1] == len(top)
        if not fits or len(track) == 0:
            wanted = f"a tensor of shape (T + 1, {len(top)})"
            raise ValueError(f"{name} must be {wanted}, got {kind_of(track)}")
    most = min(len(track) for track in tracks.values()) - 1
    steps = [check_at_least(step, 0, "stops") for step in stops]
    rising = all(first < last for first, last in pairwise(steps))
    if not steps or steps[0] != 0 or not rising or steps[-1] > most:
        raise ValueError(f"stops must rise from 0 to at most {most}, got {steps}")
    return steps
