"""The graph of a model: an arrow wherever a logit changes with a variable, and only there."""

import matplotlib as mpl
import pytest
import torch
from matplotlib.patches import FancyArrowPatch

from mle_lib.data import all_states
from mle_lib.display import COLORS, graphs, show_graph, use_style
from mle_lib.display.figures import Picture
from mle_lib.models import FVSBN, MADE

STATES = all_states(4)


pytestmark = pytest.mark.usefixtures("style")


def fvsbn() -> FVSBN:
    model = FVSBN(4).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.5)
    return model


def arrows(axis) -> list[FancyArrowPatch]:
    return [patch for patch in axis.patches if isinstance(patch, FancyArrowPatch)]


def test_each_variable_sees_those_before_it() -> None:
    below = torch.ones(4, 4, dtype=torch.bool).tril(-1)
    assert torch.equal(graphs.sees(fvsbn().logits, STATES), below)


def test_a_weight_of_zero_is_no_arrow() -> None:
    model = fvsbn()
    with torch.no_grad():
        model.linear.weight[0] = 0  # x_2 from x_1
    seen = graphs.sees(model.logits, STATES)
    assert not seen[1, 0]
    assert seen.sum() == 5


def test_a_network_in_another_order_and_whole_numbers() -> None:
    model = MADE(3, 20, ordering=(2, 1, 0), generator=torch.Generator().manual_seed(0))
    seen = graphs.sees(model.logits, all_states(3, torch.int64))
    assert torch.equal(seen, torch.ones(3, 3, dtype=torch.bool).triu(1))


def test_a_derivative_at_one_point_is_enough() -> None:
    seen = graphs.sees(lambda x: x.prod(1, keepdim=True).expand(-1, 2), torch.tensor([[0, 1]]))
    assert seen.tolist() == [[True, False], [True, False]]


def test_arrows_of_one_variable_stand_out(drawn: list) -> None:
    show_graph(fvsbn().logits, STATES, "A graph.", of=3)
    colors = [
        mpl.colors.to_hex(arrow.get_edgecolor()).upper() for arrow in arrows(drawn[0][0].axes[0])
    ]
    assert colors.count(COLORS["vermillion"]) == 2
    assert colors.count(COLORS["grey"]) == 4
    assert [text.get_text() for text in drawn[0][0].axes[0].texts] == [
        f"$x_{{{k}}}$" for k in range(1, 5)
    ]


def test_loops_and_arrows_to_the_left_are_within_the_picture(drawn: list) -> None:
    show_graph(lambda x: x.sum(1, keepdim=True).expand(-1, 4), STATES, "Everything.")
    assert len(arrows(drawn[0][0].axes[0])) == 12
    assert len(drawn[0][0].axes[0].patches) == 12 + 4 + 4
    low, high = drawn[0][0].axes[0].get_ylim()
    assert low == -high


def test_it_is_one_picture_with_its_text() -> None:
    picture = show_graph(fvsbn().logits, STATES, "Four  variables.")
    assert repr(picture) == "[figure: Four variables.]"
    assert "<svg " in picture.to_html()


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"at": all_states(1)}, "at must have shape"),
        ({"at": torch.zeros(1, 13)}, "at must have shape"),
        ({"at": STATES + 0.5}, "x must"),
        ({"logits": lambda x: x[:, :2]}, "logits must give shape"),
        ({"of": 5}, "of must be at most n = 4, got 5"),
        ({"of": 0}, "of must"),
        ({"alt": " "}, "alt must"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed: dict, match: str) -> None:
    given = {"logits": fvsbn().logits, "at": STATES, "alt": "A graph."}
    with pytest.raises(ValueError, match=match):
        show_graph(**{**given, **changed})
