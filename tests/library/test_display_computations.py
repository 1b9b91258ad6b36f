"""A computation as a graph: each value, each derivative, each arrow."""

import pytest
import torch

from mle_lib.display import computations, show_computation, use_style
from mle_lib.display.figures import Picture

NODES = {"$a$": (0, 0, 2.0, torch.tensor(3.0)), "$a^2$": (1, 0, 4.0, 1.0)}
ARROWS = [("$a$", "$a^2$")]


pytestmark = pytest.mark.usefixtures("style")


def places(drawn: list) -> dict[str, tuple[float, float]]:
    """Where each text stands."""
    return {text.get_text(): text.get_position() for text in drawn[0][0].axes[0].texts}


def test_values_stand_above_and_derivatives_below(drawn: list) -> None:
    show_computation(NODES, ARROWS, "A square.")
    texts = places(drawn)
    assert {"$a$", "$a^2$", "2.00", "3.00", "4.00", "1.00", "forward", "backward"} < set(texts)
    assert texts["3.00"][1] < texts["$a$"][1] < texts["2.00"][1]
    assert texts["1.00"][1] < texts["$a^2$"][1] < texts["4.00"][1]


def test_the_factor_of_an_arrow_stands_on_it(drawn: list) -> None:
    nodes = {**NODES, "$b$": (0, 1, 1.0, 5.0), "$c$": (0, -1, 1.0, 6.0)}
    arrows = [*ARROWS, ("$b$", "$a^2$"), ("$c$", "$a^2$")]
    show_computation(nodes, arrows, "A square.", [torch.tensor(3.5), 5, 6])
    texts = places(drawn)
    level, falling, rising = (texts[f"× {factor}"] for factor in ("3.5", "5", "6"))
    assert rising[1] < 0 < level[1] < falling[1]
    assert all(0 < across < 1 for across, _ in (level, falling, rising))


def test_it_is_one_picture_with_its_text() -> None:
    picture = show_computation(NODES, ARROWS, "A  square.")
    assert repr(picture) == "[figure: A square.]"
    assert "<svg " in picture.to_html()


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"nodes": {}, "arrows": []}, "nodes must be at least one"),
        ({"arrows": [("$a$", "$b$")]}, r"arrows must be between nodes, got \$b\$"),
        ({"nodes": {"$a$": (0, 0, 1)}, "arrows": []}, "four numbers, got 3"),
        ({"nodes": {"$a$": (0, 0, float("nan"), 1)}, "arrows": []}, "finite"),
        ({"alt": ""}, "alt must"),
        ({"factors": [1, 2]}, "factors must be 1, one for each arrow, got 2"),
        ({"factors": [float("inf")]}, "factors must"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        show_computation(**{"nodes": NODES, "arrows": ARROWS, "alt": "A square.", **changed})
