"""Networks drawn from their masks and hidden layers: what is drawn, and what cannot be."""

import re
from collections.abc import Callable

import matplotlib as mpl
import pytest
import torch

from mle_lib.display import COLORS, networks, show_masks, show_running_sum, use_style
from mle_lib.display.figures import Picture
from mle_lib.models import MADE

X, H, P = torch.tensor([1.0, 0.0, 1.0]), torch.full((3, 2), 0.25), torch.full((3,), 0.5)
RED = COLORS["vermillion"]


pytestmark = pytest.mark.usefixtures("style")


def test_the_connections_of_a_masked_network_are_those_of_its_masks(drawn: list) -> None:
    masks = [torch.tensor([[1, 0], [1, 1]]), torch.tensor([[0, 0], [1, 0]])]
    show_masks(masks, 1, "One.")
    lines = [line for line in drawn[0][0].axes[0].lines if line.get_linestyle() == "-"]
    assert len(lines) == sum(int(mask.sum()) for mask in masks)
    red = [tuple(line.get_xdata()) for line in lines if line.get_color() == RED]
    assert red == [(0.5, 0.5), (0.5, 1.5)]  # x_1 to unit 1 to z_2; nothing else reaches z_2


@pytest.mark.parametrize("hidden", [5, [5, 4]])
@pytest.mark.parametrize("output", range(4))
def test_red_inputs_of_made_are_those_before_the_output(hidden, output: int, drawn: list) -> None:
    model = MADE(4, hidden)
    deeper = [layer.mask for layer in model.deeper]
    show_masks([model.hidden.mask, *deeper, model.output.mask], output, "MADE.")
    units = [line for line in drawn[0][0].axes[0].lines if line.get_marker() == "o"][::2]
    colors = [unit.get_markeredgecolor() for unit in units]
    assert colors[:4] == [RED] * output + [COLORS["grey"]] * (4 - output)
    assert colors[-4:].index(RED) == output
    assert colors[-4:].count(RED) == 1


def test_a_running_sum_shows_units_probabilities_and_where_a_row_goes(drawn: list) -> None:
    show_running_sum(X, H, P, 0, "Three.")
    fill = [line for line in drawn[0][0].axes[0].lines if line.get_alpha() is not None]
    assert [line.get_alpha() for line in fill] == [0.25] * 6
    words = [text.get_text() for text in drawn[0][0].axes[0].texts if text.get_text()]
    assert words.count("0.50") == 3
    assert "$x_2 = 0$" in words
    arrows = [text.arrow_patch for text in drawn[0][0].axes[0].texts if not text.get_text()]
    red = [arrow for arrow in arrows if mpl.colors.to_hex(arrow.get_edgecolor()).upper() == RED]
    assert len(arrows) == 7
    assert len(red) == 4  # into column 2, on to column 3, up from both


@pytest.mark.parametrize(
    ("draw", "complaint"),
    [
        (lambda: show_masks([], 0, "A."), "at least one, got none"),
        (lambda: show_masks([torch.ones(2)], 0, "A."), "layer on layer, got (2,)"),
        (lambda: show_masks([torch.ones(2, 3), torch.ones(2, 3)], 0, "A."), "(2, 3), (2, 3)"),
        (lambda: show_masks([torch.ones(13, 2)], 0, "A."), "at most 12 units a row, got 13"),
        (lambda: show_masks([torch.full((2, 2), 2)], 0, "A."), "0s and 1s only"),
        (lambda: show_masks([torch.ones(2, 2)], 2, "A."), "from 0 to 1, got 2"),
        (lambda: show_masks([torch.ones(2, 2)], -1, "A."), "output must be"),
        (lambda: show_masks([torch.ones(2, 2)], 0, " "), "alt must say"),
        (lambda: show_running_sum(X, H[:2], P, 0, "A."), "got (3,), (2, 2), (3,)"),
        (lambda: show_running_sum(X, H[:, 0], P, 0, "A."), "must be (n,), (n, r), (n,)"),
        (lambda: show_running_sum(X[:1], H[:1], P[:1], 0, "A."), "at least (2, 1)"),
        (lambda: show_running_sum(X, 5 * H, P, 0, "A."), "between 0 and 1"),
        (lambda: show_running_sum(X, H / 0, P, 0, "A."), "hidden"),
        (lambda: show_running_sum(X, H, P, 2, "A."), "from 0 to 1, got 2"),
        (lambda: show_running_sum(X, H, P, 0, ""), "alt must say"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        draw()
