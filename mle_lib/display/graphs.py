"""Who sees whom: the graph of a model, read off the model itself."""

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch
from torch import Tensor
from torch.autograd.functional import jacobian

from mle_lib.checks import check_at_least, check_binary
from mle_lib.display.figures import Picture, check_alt, none_left, show
from mle_lib.display.style import COLORS, INK

MOST_NODES = 12
RADIUS = 0.27


@none_left()
def show_graph(
    logits: Callable[[Tensor], Tensor], at: Tensor, alt: str, of: int | None = None
) -> Picture:
    """Draw the variables as circles in a row, and an arrow from x_k to x_i wherever logit i of a
    model changes with x_k: wherever its derivative is not zero at one of the given points.

    Arrows to the right run above the row, arrows to the left below it; a variable that its own
    logit sees has a loop.

    Args:
        logits: The model, ``(b, n) -> (b, n)``.
        at: 0s and 1s ``(b, n)``, n from 2 to 12: where derivatives are taken.
        alt: What there is to see.
        of: Which variable, counted from 1, stands out with the arrows that lead to it.

    Raises:
        ValueError: If ``at`` is no such tensor, ``logits`` gives another shape, ``of`` is none of
            the variables, or ``alt`` is empty.
    """
    alt = check_alt(alt)
    check_binary(at)
    if at.dim() != 2 or not 2 <= at.shape[1] <= MOST_NODES:
        raise ValueError(f"at must have shape (b, 2 … {MOST_NODES}), got {tuple(at.shape)}")
    n = at.shape[1]
    if of is not None and check_at_least(of, 1, "of") > n:
        raise ValueError(f"of must be at most n = {n}, got {of}")
    figure, axis = plt.subplots(figsize=(5.2, 2.0))
    arrows = sorted(sees(logits, at).nonzero().tolist(), key=lambda arrow: arrow[0] + 1 == of)
    for i, k in arrows:
        _arrow(axis, k, i, stands_out=i + 1 == of)
    seen = {k for i, k in arrows if i + 1 == of}
    for k in range(n):
        edge = COLORS["vermillion"] if k + 1 == of else COLORS["blue"] if k in seen else INK
        wide = 2.4 if k + 1 == of or k in seen else 1.0
        axis.add_patch(Circle((k, 0), RADIUS, fill=False, ec=edge, lw=wide))
        axis.text(k, 0, f"$x_{{{k + 1}}}$", ha="center", va="center_baseline")
    back = any(k > i for i, k in arrows)
    highest = RADIUS + max([0.35, *(0.05 + 0.4 * abs(i - k) ** 0.75 for i, k in arrows)])
    axis.set(xlim=(-0.45, n - 0.55), ylim=(-highest if back else -0.4, highest), aspect="equal")
    axis.axis("off")
    return show(figure, alt)


def sees(logits: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Whether logit i depends on x_k at one of the points, ``(n, n)``."""
    x = at if at.is_floating_point() else at.float()
    if (shape := logits(x).shape) != x.shape:
        raise ValueError(f"logits must give shape {tuple(x.shape)}, got {tuple(shape)}")
    derivatives = jacobian(lambda x: logits(x).sum(0), x)  # (n, b, n)
    return (derivatives != 0).any(1)


def _arrow(axis: Axes, start: int, end: int, stands_out: bool) -> None:
    color = COLORS["vermillion"] if stands_out else COLORS["grey"]
    style: dict[str, Any] = {
        "color": color,
        "lw": 1.8 if stands_out else 0.9,
        "zorder": 3 if stands_out else 1,
    }
    if start == end:
        axis.add_patch(Circle((start, RADIUS + 0.14), 0.14, fill=False, **style))
        return
    # from the top (the bottom) of one circle to that of the other
    side = RADIUS if start < end else -RADIUS
    shift = 0.1 if start < end else -0.1
    patch = FancyArrowPatch(
        (start + shift, side),
        (end - shift, side),
        connectionstyle=f"arc3,rad={-0.75 * abs(end - start) ** -0.25}",
        arrowstyle="-|>",
        mutation_scale=9,
        **style,
    )
    axis.add_patch(patch)
