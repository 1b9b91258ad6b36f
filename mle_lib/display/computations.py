"""A computation as a graph: what is computed on the way forward, and its derivative on the way
back."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch

from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.paths import finite
from mle_lib.display.style import COLORS

Node = tuple[float, float, float | torch.Tensor, float | torch.Tensor]


@none_left()
def show_computation(
    nodes: Mapping[str, Node],
    arrows: Sequence[tuple[str, str]],
    alt: str,
    factors: Sequence[float | torch.Tensor] = (),
) -> Picture:
    """Draw quantities with their values above them and the result's derivatives below them.

    Args:
        nodes: For each name where it stands, to the right and up, its value, and the derivative of
            the result with respect to it.
        arrows: Pairs of names: from what is used to what is computed from it.
        alt: What there is to see.
        factors: What the derivative at the end of each arrow is multiplied by on the way back, to
            be written on it; none are written unless given.

    Raises:
        ValueError: If there is no node, a node is not four finite numbers, an arrow names none,
            ``factors`` are not one finite number for each arrow, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    if not nodes:
        raise ValueError("nodes must be at least one, got none")
    if unknown := {name for arrow in arrows for name in arrow} - set(nodes):
        raise ValueError(f"arrows must be between nodes, got {', '.join(sorted(unknown))}")
    numbers = {name: _four(node, name) for name, node in nodes.items()}
    if factors and len(factors) != len(arrows):
        raise ValueError(f"factors must be {len(arrows)}, one for each arrow, got {len(factors)}")
    plain = [torch.as_tensor(factor).detach() for factor in factors]
    on_arrows = finite(torch.stack(plain), "factors", torch.float64).tolist() if plain else []
    figure, axis = plt.subplots(figsize=(5.2, 2.9))
    half = {name: 0.16 + 0.04 * min(len(name.replace("\\", "")), 10) for name in nodes}
    for start, end in arrows:
        (x0, y0, *_), (x1, y1, *_) = numbers[start], numbers[end]
        style = {"arrowstyle": "->", "color": COLORS["grey"]}
        at, to = (x0 + half[start], y0), (x1 - half[end], y1)
        axis.annotate("", xy=to, xytext=at, arrowprops=style)
    blue, red = COLORS["blue"], COLORS["vermillion"]
    for (start, end), factor in zip(arrows, on_arrows, strict=bool(on_arrows)):
        (x0, y0, *_), (x1, y1, *_) = numbers[start], numbers[end]
        across, up = (x0 + half[start] + x1 - half[end]) / 2, (y0 + y1) / 2
        place = (
            (across, up + 0.1) if y0 == y1 else (across + 0.06, up + (0.02 if y1 < y0 else -0.2))
        )
        axis.text(*place, f"× {factor:.2g}", ha="center" if y0 == y1 else "left", color=red)
    for name, (across, up, value, derivative) in numbers.items():
        axis.text(across, up, name, ha="center", va="center")
        axis.text(across, up + 0.2, f"{value:.2f}", ha="center", color=blue)
        axis.text(across, up - 0.36, f"{derivative:.2f}", ha="center", color=red)
    places = list(numbers.values())
    right, low = max(x for x, *_ in places), min(y for _, y, *_ in places)
    axis.text(right, low + 0.05, "forward", ha="center", color=blue)
    axis.text(right, low - 0.25, "backward", ha="center", color=red)
    axis.set(xlim=(min(x for x, *_ in places) - 0.3, right + 0.55))
    axis.set(ylim=(low - 0.45, max(y for _, y, *_ in places) + 0.5))
    axis.axis("off")
    return show(figure, alt)


def _four(node: Node, name: str) -> list[float]:
    plain = [torch.as_tensor(value).detach() for value in node]
    values = finite(torch.stack(plain), name, torch.float64)
    if len(values) != 4:
        raise ValueError(f"{name} must be four numbers, got {len(values)}")
    return values.tolist()
