"""Bars, curves, maps, and who sees whom: what is drawn, and what cannot be."""

import re
from collections.abc import Callable

import pytest
import torch

from mle_lib.display import (
    charts,
    intervals,
    show_bars,
    show_curves,
    show_intervals,
    show_maps,
    show_views,
    use_style,
)
from mle_lib.display.figures import Picture

NAN = torch.tensor([float("nan"), 1.0])
TWO = torch.tensor([0.5, 1.0])


pytestmark = pytest.mark.usefixtures("style")


def test_bars_are_as_high_as_what_is_given(drawn: list) -> None:
    show_bars(["A", "∎"], {"one": TWO, "two": 2 * TWO}, "Two.")
    (axis,) = drawn[0][0].axes
    assert [bar.get_height() for bar in axis.patches] == [0.5, 1.0, 1.0, 2.0]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in axis.patches]
    assert centres == pytest.approx([-0.2, 0.8, 0.2, 1.2])
    assert [t.get_text() for t in axis.get_legend().get_texts()] == [
        "one: 1.5 in all", "two: 3.0 in all",
    ]  # fmt: skip


def test_curves_of_one_name_share_a_colour_and_a_line_of_the_legend(drawn: list) -> None:
    curves = {"a": [([0, 1], TWO), ([0, 1], 2 * TWO)], "b": [(range(2), [3, 4])]}
    show_curves({"steps": curves, "seconds": curves}, "Six.", level=2.0)
    left, right = drawn[0][0].axes
    assert [axis.get_xlabel() for axis in (left, right)] == ["steps", "seconds"]
    colors = [line.get_color() for line in left.lines]
    assert colors[0] == colors[1] != colors[2]
    assert [t.get_text() for t in left.get_legend().get_texts()] == ["a", "b"]
    assert list(left.lines[1].get_ydata()) == [1.0, 2.0]
    assert left.lines[3].get_ydata() == [2.0, 2.0]


def test_the_first_index_of_a_map_runs_to_the_right_and_the_second_up(drawn: list) -> None:
    show_maps({"a": torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])}, "One.", ("x", "y"))
    (axis,) = drawn[0][0].axes
    (image,) = axis.images
    assert image.origin == "lower"
    assert image.get_array().tolist() == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("x", "y")


def test_each_place_sees_itself_and_what_stands_left_of_it(drawn: list) -> None:
    show_views("PI", 1, "Three.")
    (axis,) = drawn[0][0].axes
    seen = {
        (line.get_xdata()[1], line.get_xdata()[0])
        for line in axis.lines
        if line.get_marker() != "o"
    }
    assert seen == {(i, j) for i in range(3) for j in range(i + 1)}
    assert [t.get_text() for t in axis.texts[:6]] == ["start", "P", "P", "I", "I", "∎"]


def test_intervals_lie_where_their_numbers_are(drawn: list) -> None:
    rows = {
        "b = 1": {"train": (-1, 0.5, 2), "test": (0, 0.25, 3.0)},
        "b = 10": {"test": torch.tensor([-3.0, -3.0, -1.0])},
    }
    show_intervals(rows, "Three.", "nats", level=1.0)
    (axis,) = drawn[0][0].axes
    level, *lines = axis.lines
    assert list(level.get_xdata()) == [1, 1]
    bars = [list(line.get_xdata()) for line in lines[::2]]
    dots = [list(line.get_xdata()) for line in lines[1::2]]
    assert bars == [[-1, 2], [0, 3], [-3, -1]]
    assert dots == [[0.5], [0.25], [-3]]
    heights = [line.get_ydata()[0] for line in lines[::2]]
    assert heights == sorted(set(heights))
    assert axis.yaxis_inverted()
    assert [label.get_text() for label in axis.get_yticklabels()] == ["b = 1", "b = 10"]
    test, again = lines[2], lines[4]
    assert test.get_color() == again.get_color() != lines[0].get_color()
    shown = [text.get_text() for text in drawn[0][0].legends[0].get_texts()]
    assert shown == ["train", "test"]


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "bars of nothing": (lambda: show_bars(["A"], {}, "One."), "heights and labels must be"),
    "no labels": (lambda: show_bars([], {"a": TWO}, "One."), "heights and labels must be"),
    "too many": (lambda: show_bars(["A"] * 101, {"a": TWO}, "One."), "labels at most 100"),
    "bars of another number": (lambda: show_bars(["A"], {"a": TWO}, "One."), r"a must .*\(1,\)"),
    "NaN": (lambda: show_bars(["A", "B"], {"a": NAN}, "One."), "a must be finite"),
    "bars without alt": (lambda: show_bars(["A", "B"], {"a": TWO}, " "), "alt must say"),
    "no panel": (lambda: show_curves({}, "One."), "panels must hold"),
    "no curve": (lambda: show_curves({"x": {}}, "One."), "panels must hold"),
    "uneven": (lambda: show_curves({"x": {"a": [([1], TWO)]}}, "One."), "as many horizontal"),
    "NaN in a curve": (lambda: show_curves({"x": {"a": [(TWO, NAN)]}}, "One."), "a must be"),
    "curves without alt": (lambda: show_curves({"x": {"a": [(TWO, TWO)]}}, ""), "alt must say"),
    "no line": (lambda: show_intervals({}, "One.", "x"), "rows must hold"),
    "no interval": (lambda: show_intervals({"a": {}}, "One.", "x"), "rows must hold"),
    "out of order": (lambda: show_intervals({"a": {"b": (2, 1, 3)}}, "One.", "x"), "in order"),
    "two numbers": (lambda: show_intervals({"a": {"b": (1, 2)}}, "One.", "x"), "b must be"),
    "NaN interval": (
        lambda: show_intervals({"a": {"b": (1, float("nan"), 2)}}, "One.", "x"),
        "b must",
    ),
    "intervals without alt": (lambda: show_intervals({"a": {"b": (1, 1, 1)}}, "", "x"), "alt"),
    "no map": (lambda: show_maps({}, "One."), "maps must hold"),
    "a vector": (lambda: show_maps({"a": TWO}, "One."), r"a must have shape \(r, s\)"),
    "maps without alt": (lambda: show_maps({"a": TWO[None]}, ""), "alt must say"),
    "no such place": (lambda: show_views("PI", 3, "One."), "place must be from 0 to 2"),
    "a place before": (lambda: show_views("PI", -1, "One."), "place must be from 0 to 2"),
    "views without alt": (lambda: show_views("PI", 0, ""), "alt must say"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_drawn_is_named(name: str) -> None:
    call, said = WRONG[name]
    with pytest.raises(ValueError, match=said):
        call()


def test_all_of_them_are_drawings_with_their_text() -> None:
    pictures = [
        show_bars(["A", "B"], {"a": TWO}, "Bars."),
        show_curves({"x": {"a": [(TWO, TWO)]}}, "Curves.", log=True),
        show_intervals({"a": {"b": (1, 1, 1)}}, "Intervals.", "x", level=None),
        show_maps({"a": torch.eye(2)}, "Maps."),
        show_views("PI", 0, "Views."),
    ]
    for picture in pictures:
        assert re.search(r'<svg role="img" aria-label="\w+\."', picture.to_html())
