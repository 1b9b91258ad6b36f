"""Newton's step in one dimension: where it goes, where it lands, where halving stops."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mle_lib.display import parabolas, show_parabolas, use_style
from mle_lib.display.figures import Picture


def coin(theta: Tensor) -> Tensor:
    """ℓ/m of a fair coin: slope ½ − σ(θ), curvature σ(1 − σ)."""
    return torch.nn.functional.logsigmoid(torch.stack([theta, -theta])).mean(0)


def at(start: float) -> parabolas.Hill:
    s = torch.tensor(start, dtype=torch.float64).sigmoid().item()
    return coin, start, 0.5 - s, s * (1 - s)


pytestmark = pytest.mark.usefixtures("style")


def rings(axis) -> list:
    """Where the step lands: x and y of each ring, and whether it is filled."""
    found = [line for line in axis.lines if line.get_marker() == "o"][1:]
    return [
        (line.get_xdata()[0], line.get_ydata()[0], line.get_markerfacecolor() != "none")
        for line in found
    ]


def test_a_step_goes_to_the_extreme_of_a_parabola_that_touches_the_curve(drawn: list) -> None:
    show_parabolas({"a": at(1.0), "b": at(-2.0)}, (-4, 4), "Two.")
    for axis, start in zip(drawn[0][0].axes, (1.0, -2.0), strict=True):
        landed = start - torch.tensor(start, dtype=torch.float64).sinh()
        ((x, y, filled),) = rings(axis)
        assert x == pytest.approx(landed.item())
        assert not filled
        assert y == pytest.approx(coin(landed).item())
        curve, parabola = axis.lines[:2]
        near = min(range(121), key=lambda k: abs(curve.get_xdata()[k] - start))
        assert curve.get_ydata()[near] == pytest.approx(parabola.get_ydata()[near], abs=1e-4)
        highest = parabola.get_xdata()[parabola.get_ydata().argmax()]
        assert highest == pytest.approx(landed.item(), abs=0.04)


def test_where_the_curvature_is_negative_the_step_goes_down(drawn: list) -> None:
    show_parabolas({"": (lambda x: x**2, 0.5, 1.0, -2.0)}, (-1, 1), "A valley.")
    ((x, y, _),) = rings(drawn[0][0].axes[0])
    assert (x, y) == (0.0, 0.0)


def test_halving_stops_at_the_first_step_that_gains(drawn: list) -> None:
    show_parabolas({"": at(4.0)}, (-12, 5), "Halved.", damped=True)
    found = rings(drawn[0][0].axes[0])
    step = -torch.tensor(4.0, dtype=torch.float64).sinh().item()
    assert [x for x, _, _ in found] == pytest.approx([4 + step, 4 + step / 2, 4 + step / 4])
    assert [filled for *_, filled in found] == [False, False, True]
    begin = coin(torch.tensor(4.0, dtype=torch.float64)).item()
    assert [y > begin for _, y, _ in found] == [False, False, True]
    assert [text.get_text() for text in drawn[0][0].axes[0].texts] == [
        "a = 1",
        "a = 1/2",
        "a = 1/4",
    ]


def test_a_real_picture_has_its_alt_text() -> None:
    assert show_parabolas({"a": at(1.0)}, (-4, 4), "A coin.").alt == "A coin."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda k: k | {"hills": {}}, "hills and window must not be empty"),
        (lambda k: k | {"window": (1, 1)}, "hills and window must not be empty"),
        (lambda k: k | {"window": (0, float("nan"))}, "window must be a finite number"),
        (lambda k: k | {"hills": {"a": (coin, 1.0, 1.0, 0.0)}}, "a must have a curvature"),
        (lambda k: k | {"hills": {"a": (coin, 1.0, float("inf"), 1.0)}}, "a must be a finite"),
        (lambda k: k | {"hills": {"a": (torch.sum, 1.0, 1.0, 1.0)}}, "height must give a tensor"),
        (lambda k: k | {"hills": {"a": (torch.log, 1.0, 1.0, 1.0)}}, "NaN"),
        (
            lambda k: k | {"hills": {"a": (coin, 1.0, 1.0, -1.0)}, "damped": True},
            "a must have a curvature",
        ),
        (
            lambda k: k | {"hills": {"a": (lambda x: -x, 1.0, 1.0, 1.0)}, "damped": True},
            "a must gain",
        ),
        (lambda k: k | {"alt": " "}, "alt must say"),
    ],
)
def test_what_cannot_be_drawn_is_named(change: Callable[[dict], dict], message: str) -> None:
    arguments = change({"hills": {"a": at(1.0)}, "window": (-2, 2), "alt": "A coin."})
    with pytest.raises(ValueError, match=re.escape(message)):
        show_parabolas(**arguments)
