import base64
import io
import itertools
import json
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from mle_lib.display import COLORS, explore, show, show_images, use_style
from mle_lib.display.figures import Picture
from mle_lib.display.style import INK, STYLE


def relative_luminance(color: str) -> float:
    """WCAG 2.2's definition."""
    channels = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted(relative_luminance(c) for c in (first, second))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("background", ["#ffffff", "#14181e", "#121212"])
@pytest.mark.parametrize("name", list(COLORS))
def test_every_colour_stands_out_on_light_and_dark_pages(name, background) -> None:
    assert contrast(COLORS[name], background) >= 3


@pytest.fixture(autouse=True)
def style():
    with mpl.rc_context():
        use_style()
        yield


def line_plot(k: int = 1, alt: str = "A line."):
    figure, axis = plt.subplots()
    axis.plot([0, 1], [0, k], label="a line")
    axis.set(xlabel="$b$", title=f"slope {k}")
    axis.legend()
    return show(figure, alt)


def test_a_figure_is_an_accessible_svg_in_the_colour_of_the_page() -> None:
    picture = line_plot(alt='ℓ rises from "0" to 1 & stops.')
    svg = ET.fromstring(picture.to_html())
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == 'ℓ rises from "0" to 1 & stops.'
    assert INK not in picture.svg
    assert "currentColor" in picture.svg
    assert "max-width" in svg.get("style")
    assert svg.get("viewBox")
    assert not svg.get("width")
    painted = [e.get("style", "") for e in svg.iter() if e.get("id") in ("patch_1", "patch_2")]
    assert not any("fill: #ffffff" in style for style in painted)  # no white card


def test_equal_figures_are_equal_text() -> None:
    assert line_plot().svg == line_plot().svg


def test_no_two_figures_share_an_id() -> None:
    ids = [set(re.findall(r'\bid="([^"]+)"', line_plot(k).svg)) for k in (1, 2)]
    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]
    svg = line_plot().svg
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    assert used
    assert used <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_a_figure_is_closed_and_shown_once() -> None:
    line_plot()
    assert plt.get_fignums() == []


def test_the_bundle_has_html_and_words() -> None:
    bundle = line_plot()._repr_mimebundle_()
    assert bundle["text/html"].startswith('<figure class="mle-figure"><svg ')
    assert bundle["text/plain"] == "[figure: A line.]"


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_alt_text_is_refused(alt) -> None:
    with pytest.raises(ValueError, match="alt must say what the figure shows"):
        line_plot(alt=alt)


def test_images_are_drawn_pixel_by_pixel() -> None:
    x = torch.zeros(3, 64)
    x[1, 10] = 1
    encoded = re.search(
        r"data:image/png;base64,([^\"]+)", show_images(x, "Three.", columns=2).svg
    ).group(1)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA"))
    assert pixels.shape == (18, 18, 4)
    ink = (pixels == [*bytes.fromhex(COLORS["blue"][1:]), 255]).all(-1)
    assert np.argwhere(ink).tolist() == [[1, 12]]  # second image, row 1, column 2
    assert (
        pixels[..., 3] > 0
    ).sum() == 3 * 64  # nothing between the images, nor where the fourth would be


@pytest.mark.parametrize(("k", "height"), [(1, 8), (2, 8), (3, 18), (4, 18), (5, 28)])
def test_images_stand_in_rows(k, height) -> None:
    svg = show_images(torch.ones(k, 64), "Some.", columns=2).svg
    encoded = re.search(r"data:image/png;base64,([^\"]+)", svg).group(1)
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == (18, height)


@pytest.mark.parametrize(
    ("x", "columns", "message"),
    [
        (torch.zeros(2, 8), 10, "n a square number, got \\(2, 8\\)"),
        (torch.zeros(8), 10, "x must have shape"),
        (torch.zeros(0, 4), 10, "x must not be empty"),
        (torch.full((1, 4), 0.7), 10, "x must hold only 0 and 1"),
        ([[0, 1, 1, 0]], 10, "x must be a torch tensor"),
        (torch.zeros(1, 4), 0, "columns must be a whole number of at least 1, got 0"),
    ],
)
def test_what_are_no_square_binary_images_is_refused(x, columns, message) -> None:
    with pytest.raises(ValueError, match=message):
        show_images(x, "Two.", columns)


def test_use_style_is_the_only_thing_that_changes_settings() -> None:
    with mpl.rc_context(mpl.rcParamsDefault):
        before = dict(mpl.rcParams)
        line_plot()
        show_images(torch.zeros(1, 4), "One.")
        assert dict(mpl.rcParams) == before
        use_style()
        assert {key for key in before if mpl.rcParams[key] != before[key]} <= set(STYLE)


# --- explore ---


def test_the_page_gets_one_frame_for_each_point_of_the_grid_and_shows_the_first() -> None:
    drawn = []

    def draw(b, c):
        drawn.append((b, c))
        return Picture("<svg ></svg>", f"b = {b}, c = {c}")

    root = ET.fromstring(
        explore(draw, b=[1, 10, 100], c=["x", "y"]).to_html().replace(" hidden>", ' hidden="">')
    )
    assert drawn == list(itertools.product([1, 10, 100], ["x", "y"]))
    frames = root.findall("figure")
    assert [f.get("data-index") for f in frames] == ["0,0", "0,1", "1,0", "1,1", "2,0", "2,1"]
    assert [f.get("hidden") is None for f in frames] == [True] + [False] * 5
    assert frames[3].find("svg").get("aria-label") == "b = 10, c = y"
    assert json.loads(root.get("data-frames")) == {
        "axes": [{"name": "b", "labels": ["1", "10", "100"]}, {"name": "c", "labels": ["x", "y"]}],
        "start": [0, 0],
    }


def test_a_kernel_gets_sliders_that_draw_anew() -> None:
    drawn = []

    def draw(b):
        drawn.append(b)
        return Picture("<svg ></svg>", f"b = {b}")

    widget = explore(draw, b=[1, 10, 100]).widget()
    slider, picture = widget.children
    assert 'aria-label="b = 1"' in picture.value
    slider.value = 2
    assert 'aria-label="b = 100"' in picture.value
    assert drawn == [1, 100]  # one drawing for each move


def test_the_renderer_chooses() -> None:
    bundle = explore(lambda b: Picture("<svg ></svg>", f"b = {b}"), b=[1, 2])._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert bundle["text/plain"] == "[figure to explore: b = 1 … 2]"


def test_bad_grids_are_named() -> None:
    with pytest.raises(ValueError, match="one or two grids, got 0"):
        explore(lambda: line_plot())
    with pytest.raises(ValueError, match="the grid of b must hold at least one value"):
        explore(lambda b: line_plot(), b=[])
