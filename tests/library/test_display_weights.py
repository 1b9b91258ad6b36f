"""A square for each parameter: its mark says which variables feel it."""

import pytest
import torch

from mle_lib.display import show_weights, use_style, weights
from mle_lib.display.figures import Picture

BIAS = torch.eye(3, dtype=torch.bool)  # variable i feels the bias of row i
FELT = [(1, 1, 0), (2, 2, 1), (1, 2, 0), (2, 2, 0)]  # by variable 2; by 3; one by both
WEIGHT = torch.zeros(3, 3, 2, dtype=torch.bool).index_put(
    tuple(torch.tensor(FELT).T), torch.tensor(True)
)
LAYERS = {"one": ("z", "x", BIAS, WEIGHT)}


pytestmark = pytest.mark.usefixtures("style")


def squares(axis) -> dict[str, set[tuple[int, int]]]:
    """By the word in the legend, (row, column) of each mark."""
    return {
        line.get_label(): {(int(y), int(x)) for x, y in zip(*line.get_data(), strict=True)}
        for line in axis.lines
    }


def test_each_parameter_has_the_mark_of_who_feels_it(drawn: list) -> None:
    show_weights(LAYERS, 2, "Variable 2.")
    figure, alt = drawn[0]
    axes = figure.axes
    assert squares(axes[0]) == {
        "felt by $x_{2}$ alone": {(1, 0), (1, 1)},
        "by $x_{2}$ and others": {(2, 1)},
        "by others only": {(0, 0), (2, 0), (2, 2)},
        "by none": {(0, 1), (0, 2), (1, 2)},
    }
    assert alt == "Variable 2. one: 2 feel it alone, 1 with others."


def test_columns_and_rows_have_names(drawn: list) -> None:
    show_weights(LAYERS, 1, "Variable 1.")
    axis = drawn[0][0].axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["1", "$x_{1}$", "$x_{2}$"]
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "$z_{1}$",
        "$z_{2}$",
        "$z_{3}$",
    ]
    assert [text.get_text() for text in drawn[0][0].axes[3].get_legend().get_texts()] == [
        "felt by $x_{1}$ alone",
        "by $x_{1}$ and others",
        "by others only",
        "by none",
    ]


def test_three_layers_of_numbers_are_one_picture() -> None:
    three = {name: ("z", "x", BIAS.double(), 0.1 * WEIGHT) for name in "abc"}
    picture = show_weights(three, 3, "Variable 3.")
    assert "<svg " in picture.to_html()
    assert picture.alt.count("feel it alone") == 3


@pytest.mark.parametrize(
    ("layers", "of", "alt", "match"),
    [
        ({}, 1, "a", "layers must be one to 3, got 0"),
        (dict.fromkeys("abcd", LAYERS["one"]), 1, "a", "got 4"),
        ({"one": ("z", "x", BIAS[0], WEIGHT)}, 1, "a", "one must have biases"),
        ({"one": ("z", "x", BIAS[:2], WEIGHT)}, 1, "a", "one must have biases"),
        ({"one": ("z", "x", BIAS, torch.ones(3, 3, 13))}, 1, "a", "at most 12"),
        (LAYERS, 4, "a", "of must be at most 3, got 4"),
        (LAYERS, 0, "a", "of must"),
        (LAYERS, 1, " ", "alt must"),
    ],
)
def test_what_cannot_be_drawn_is_refused(layers: dict, of: int, alt: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        show_weights(layers, of, alt)
