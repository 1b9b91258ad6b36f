import base64
import io
import itertools
import json
import re
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from mle_lib.display import COLORS, explore, show, show_images, show_paths, use_style
from mle_lib.display.explore import MOST_BYTES
from mle_lib.display.figures import Picture
from mle_lib.display.paths import GROWS, TIP
from mle_lib.display.style import INK, STYLE
from mle_lib.display.svg import clean


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
    ids = [set(re.findall(r'\bid="([^"]+)"', line_plot(k).to_html())) for k in (1, 2)]
    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]
    svg = line_plot().to_html()
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    assert used
    assert used <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_frames_keep_gradients_of_their_own() -> None:
    """matplotlib numbers them: the same ids stand for others in the next frame."""

    def draw(b):
        figure, axis = plt.subplots()
        axis.pcolormesh([[0, 0], [b, b]], shading="gouraud", vmin=0, vmax=3, cmap="gray")
        return show(figure, f"b = {b}.")

    def painted(root, drawing) -> list[str]:
        """The colours of each gradient that a drawing points at, in order."""
        names = {e.get("id"): e for e in root.iter() if e.get("id")}
        refer = r'(?:href="#|url\(#)([^")]+)'
        text = "".join(ET.tostring(e, encoding="unicode") for e in drawing)
        found = [ET.tostring(names[name], encoding="unicode") for name in re.findall(refer, text)]
        stops = re.compile(r"stop-color: (#\w+)")
        return [stops.findall(part) for part in found if stops.findall(part)]

    picture = explore(draw, b=[0, 3, 2])
    root = ET.fromstring(picture.to_html().replace(" hidden>", ">"))
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    for frame, b in zip(root.iter("figure"), (0, 3, 2), strict=True):
        alone = ET.fromstring(draw(b).svg)
        expand(frame, {e.get("id"): e for e in root.iter() if e.get("id")})
        assert painted(root, frame) == painted(alone, alone) != []
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', picture.to_html())) <= set(ids)


def expand(frame, names) -> None:
    """Put what a frame shares with others in its place."""
    for k, child in enumerate(list(frame)):
        if child.tag == "use" and len(child.attrib) == 1:
            frame[k] = names[child.get("href")[1:]]
        expand(frame[k], names)


def test_settings_of_a_reader_do_not_change_what_is_seen() -> None:
    """Text stays drawn, and the first row stays on top."""
    x = torch.zeros(1, 4)
    x[0, 0] = 1
    before = line_plot().svg, show_images(x, "One.").svg
    with mpl.rc_context({"svg.fonttype": "none", "image.origin": "lower"}):
        assert (line_plot().svg, show_images(x, "One.").svg) == before


def test_a_grid_and_a_start_of_no_values_are_named() -> None:
    draw = line_plot
    for grid in (torch.tensor(1), np.array(1)):
        with pytest.raises(ValueError, match="the grid of k must be a list"):
            explore(draw, k=grid)
    with pytest.raises(ValueError, match="start must name values of the grids, got k = tensor"):
        explore(draw, {"k": torch.tensor([1, 2])}, k=[1, 2])


PATHS = {
    "height": lambda place: -(place**2).sum(-1), "top": torch.zeros(3), "alt": "A hill.",
    "tracks": {"a": torch.linspace(0, 0.3, 15).view(5, 3)}, "stops": [0, 2, 4], "axes": (0, 2),
    "extent": (-1.0, 1.0, -1.0, 1.0),
}  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {"tracks": {"a": PATHS["tracks"]["a"].double()}},
        {"tracks": {"a": PATHS["tracks"]["a"].clone().requires_grad_()}},
        {"top": torch.zeros(3, requires_grad=True)},
        {"axes": (np.int64(0), torch.tensor(2))},
        {"axes": [0, 2], "extent": np.array([-1.0, 1, -1, 1]), "stops": torch.tensor([0, 2, 4])},
    ],
    ids=str,
)
def test_paths_of_every_type_are_one_picture(options) -> None:
    assert show_paths(**PATHS | options).svg == show_paths(**PATHS).svg
    show_paths(**PATHS | {"top": torch.zeros(3, dtype=torch.bfloat16)})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axes": (1, 1)}, "axes must be two numbers"),
        ({"stops": [0.0, 2.0]}, "stops must be a whole number"),
        ({"stops": [0, "2"]}, "stops must be a whole number"),
        ({"extent": ("a", 1, 2, 3)}, "extent must be a finite number"),
        ({"means": {"a": None}}, r"means\['a'\] must be a finite number"),
        ({"top": torch.tensor(1.0)}, "top must have shape"),
        ({"height": lambda p: p.sum(-1) + 0j}, "what height gives must hold real numbers"),
        ({"top": torch.zeros(3) / 0}, "top must be finite, got nan"),
        ({"top": torch.zeros(3, device="meta")}, "top must be dense, got one on meta"),
        ({"top": torch.zeros(3) + 0j}, "top must hold real numbers"),
        ({"tracks": {"a": np.zeros((5, 3))}}, r"a must be a tensor of shape .*, got a ndarray"),
        ({"tracks": {"a": torch.zeros(5, 3) / 0}}, "a must be finite, got nan"),
        ({"tracks": {"a": torch.zeros(5, 3) + 0j}}, "a must hold real numbers"),
        *[
            ({"height": f}, f"height must give {got}")
            for f, got in {
                (lambda p: -(p**2)): r"a tensor of shape \(\), got a Tensor of shape \(3,\)",
                (
                    lambda p: -(p**2).sum()
                ): r"a tensor of shape \(120, 120\), got a Tensor of shape \(\)",
                (
                    lambda p: -(p**2).sum(-1).flatten()
                ): r"a tensor of shape \(\), got a Tensor of shape \(1,\)",
                (lambda p: 1.0): r"a tensor of shape \(\), got a float",
                (lambda p: p.sum(-1).numpy()): r"a tensor of shape \(\), got a ndarray",
                (lambda p: None): r"a tensor of shape \(\), got a NoneType",
                (lambda p: 0 * p.sum(-1) / 0): "numbers, got NaN",
            }.items()
        ],
    ],
)
def test_what_makes_no_map_is_named(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        show_paths(**PATHS | options)
    assert plt.get_fignums() == []


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
        ([[0, 1, 1, 0]], 10, "parameter x=.*Tensor"),
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


def test_no_rule_of_a_figure_reaches_the_rest_of_the_page() -> None:
    assert "<style" not in line_plot().svg
    assert "stroke-linejoin:round" in ET.fromstring(line_plot().to_html()).get("style")


def test_numbers_are_kept_to_a_tenth_of_a_point() -> None:
    paths = " ".join(re.findall(r'\bd="([^"]+)"', line_plot(k=1 / 3).svg))
    assert not re.search(r"\d\.\d{3}|\d\d\.\d{2}", paths)
    raw = io.StringIO()
    figure, axis = plt.subplots()
    axis.plot([0, 1e-3], [0, 1 / 3])
    figure.savefig(raw, format="svg")
    plt.close(figure)
    exact = [float(v) for v in re.findall(r"[-\d.]+", last_path(raw.getvalue()))]
    short = [float(v) for v in re.findall(r"[-\d.]+", last_path(clean(raw.getvalue())))]
    assert np.abs(np.array(exact) - short).max() <= 0.05 + 1e-9


def last_path(svg: str) -> str:
    """Of the blue line."""
    return re.findall(r'd="([^"]*)"[^>]*stroke: #0072b2', svg)[-1]


# --- paths ---


def bowl(places):
    return -(places - 1).square().sum(-1)


TRACKS = {"slow": torch.zeros(5, 3), "fast": torch.linspace(0, 1, 5)[:, None].expand(5, 3)}


def paths(tracks=TRACKS, stops=(0, 2, 4), alt="Two paths."):
    return show_paths(bowl, torch.ones(3), tracks, stops, (1, 2), (-1, 2, -1, 2), alt)


def test_a_top_of_whole_numbers_moves_no_path() -> None:
    """A path keeps its fractions whatever the type of the top."""
    track = {"a": torch.tensor([[0.9, 0.9], [0.6, 0.6]])}
    view = [0, 1], (0, 1), (-1, 1, -1, 1), "Down"

    def height(p: torch.Tensor) -> torch.Tensor:
        return -(p.double() ** 2).sum(-1)

    for kind in (torch.float64, torch.int64, torch.uint8, torch.bool, torch.bfloat16):
        assert "a: 0.7200" in show_paths(height, torch.zeros(2, dtype=kind), track, *view).alt


def test_paths_say_how_far_below_the_top_they_end() -> None:
    # in the plane of two coordinates: the third counts as being at the top
    assert paths().alt == "Two paths. Nats below the maximum: slow: 2.0000, fast: 0.0000."
    assert "fast: 0.5000." in paths(stops=(0, 2)).alt


def test_paths_print_means_of_many_runs_if_given() -> None:
    view = (0, 2, 4), (1, 2), (-1, 2, -1, 2), "Two paths."
    means = {"slow": 1.5, "fast": 0.25}
    picture = show_paths(bowl, torch.ones(3), TRACKS, *view, means)
    assert (
        picture.alt == "Two paths. Nats below the maximum, on average: slow: 1.5000, fast: 0.2500."
    )
    with pytest.raises(ValueError, match=r"means must name \['slow', 'fast'\], got \['slow'\]"):
        show_paths(bowl, torch.ones(3), TRACKS, *view, {"slow": 1.5})


def test_paths_are_drawn_up_to_the_last_stop_in_shared_pieces() -> None:
    def draw(t):
        return paths(stops=range(t + 1), alt=f"Step {t}.")

    html = explore(draw, t=[0, 1, 2, 3, 4]).to_html()
    pieces = [re.findall(r'(\bd="[^"]*")[^>]*stroke: #d55e00', draw(t).svg) for t in (1, 4)]
    assert len(pieces[1]) - len(pieces[0]) == 3
    for piece in pieces[1]:
        assert html.count(piece) == 1
    # what `explore.js` lets grow, and the marks that go before it: one for each track
    assert [draw(4).svg.count(f'class="{name}"') for name in (GROWS, TIP)] == [8, 2]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tracks": {}}, "one to 4 paths, got 0"),
        ({"tracks": {str(k): torch.zeros(5, 3) for k in range(5)}}, "one to 4 paths, got 5"),
        (
            {"tracks": {"a": torch.zeros(5, 2)}},
            r"a must be a tensor of shape \(T \+ 1, 3\), got a Tensor of shape \(5, 2\)",
        ),
        (
            {"tracks": {"a": torch.zeros(0, 3)}},
            r"a must be a tensor of shape .* got a Tensor of shape \(0, 3\)",
        ),
        ({"stops": (0, 5)}, "rise from 0 to at most 4"),
        ({"stops": (1, 2)}, "rise from 0"),
        ({"stops": (0, 2, 2)}, "rise from 0"),
        ({"stops": ()}, "rise from 0"),
        ({"alt": " "}, "alt must say"),
    ],
)
def test_paths_that_cannot_be_drawn_are_named(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        paths(**wrong)
    plt.close("all")


# --- explore ---


def dot(alt: str, x: object = 0) -> Picture:
    return Picture(f'<svg viewBox="0 0 9 9"><circle r="1" cx="{x}" /></svg>', alt)


def parsed(html: str) -> ET.Element:
    return ET.fromstring(html.replace(" hidden>", ' hidden="">'))


def test_the_page_gets_one_frame_for_each_point_of_the_grid() -> None:
    drawn = []

    def draw(b, c):
        drawn.append((b, c))
        return dot(f"b = {b}, c = {c}")

    root = parsed(explore(draw, b=[1, 10, 100], c=["x", "y"]).to_html())
    assert drawn == list(itertools.product([1, 10, 100], ["x", "y"]))
    frames = root.findall("figure")
    assert [f.get("data-index") for f in frames] == ["0,0", "0,1", "1,0", "1,1", "2,0", "2,1"]
    assert [f.get("hidden") is None for f in frames] == [True] + [False] * 5
    assert frames[3].find("svg").get("aria-label") == "b = 10, c = y"
    assert json.loads(root.get("data-frames")) == {
        "axes": [
            {"name": "batch size b", "labels": ["1", "10", "100"]},
            {"name": "c", "labels": ["x", "y"]},
        ],
        "start": [0, 0],
    }


def test_sliders_are_named_as_in_the_text() -> None:
    figure = explore(lambda alpha, b: dot(f"{alpha} {b}"), alpha=[1, 2], b=[3])
    axes = json.loads(parsed(figure.to_html()).get("data-frames"))["axes"]
    assert [axis["name"] for axis in axes] == ["α", "batch size b"]
    assert [s.description for s in figure.widget().children[:2]] == ["α", "batch size b"]


def test_it_starts_where_it_is_told_to() -> None:
    figure = explore(lambda b, c: dot(f"{b} {c}"), {"c": 5}, b=[1, 2], c=[4, 5])
    root = parsed(figure.to_html())
    assert json.loads(root.get("data-frames"))["start"] == [0, 1]
    shown = [f.get("data-index") for f in root.findall("figure") if f.get("hidden") is None]
    assert shown == ["0,1"]
    first, second, picture = figure.widget().children
    assert (first.value, second.value) == (0, 1)
    assert 'aria-label="1 5"' in picture.value


def test_what_is_equal_in_several_frames_is_there_once() -> None:
    frames = explore(line_plot_for, k=[1, 2, 3], alt=["a", "b"])
    html = frames.to_html()
    glyphs = re.findall(r'<path id="[^"]*-DejaVuSans-[^"]*"', html)
    assert glyphs
    assert len(glyphs) == len(set(glyphs))
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', html)) <= set(ids)
    alone = [picture.to_html() for picture in frames.frames.values()]
    assert len(html) < sum(map(len, alone)) / 2


def line_plot_for(k: int, alt: str) -> Picture:
    return line_plot(k, f"slope {k}, {alt}")


def test_frames_draw_what_they_drew_before_they_shared() -> None:
    """With every reference replaced by what it points at, both are one drawing."""
    frames = explore(line_plot_for, k=[1, 2], alt=["a", "b"])
    root = parsed(frames.to_html())
    for figure, picture in zip(root.findall("figure"), frames.frames.values(), strict=True):
        assert drawing(figure.find("svg"), root) == drawing(
            ET.fromstring(picture.to_html()), ET.fromstring(picture.to_html())
        )


def drawing(element: ET.Element, root: ET.Element) -> list[tuple[str, dict[str, str]]]:
    """Every element in order of drawing, what is referred to in place of the reference."""
    found = []
    for child in element:
        if child.tag == "defs":
            continue
        target = child.get("href", "").lstrip("#")
        places = {k: v for k, v in child.items() if k not in ("href", "id", "clip-path")}
        if target:
            inner = next(e for e in root.iter() if e.get("id") == target)
            if places:  # a letter or a marker: placed
                found.append(("use", places))
            wrapped = ET.Element("g")
            wrapped.append(inner)
            found += drawing(wrapped, root)
        else:
            found += [(child.tag, places), *drawing(child, root)]
    return found


def test_a_kernel_gets_sliders_that_draw_anew() -> None:
    drawn = []

    def draw(b):
        drawn.append(b)
        return dot(f"b = {b}")

    widget = explore(draw, b=[1, 10, 100]).widget()
    slider, picture = widget.children
    assert 'aria-label="b = 1"' in picture.value
    drawn.clear()
    slider.value = 2
    assert 'aria-label="b = 100"' in picture.value
    assert drawn == [100]  # one drawing for each move


def test_the_renderer_chooses() -> None:
    bundle = explore(lambda b: dot(f"b = {b}"), b=[1, 2])._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert bundle["text/plain"] == "[figure to explore: b = 1 … 2]"


def test_without_ipywidgets_there_are_frames(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    bundle = explore(lambda b: dot(f"b = {b}"), b=[1, 2])._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}


def test_a_figure_too_heavy_for_a_page_says_so() -> None:
    noise = np.random.default_rng(0)
    heavy = explore(lambda b: dot(f"b = {b}", noise.bytes(MOST_BYTES).hex()), b=[1, 2])
    with pytest.warns(UserWarning, match=r"takes \d+ kB compressed, .* \(300 kB\)") as said:
        heavy.to_html()
    assert said[0].filename == __file__


def test_grids_may_be_ranges_and_tensors() -> None:
    root = parsed(explore(lambda i, a: dot(f"{i} {a}"), i=range(2), a=torch.tensor([3])).to_html())
    assert [axis["labels"] for axis in json.loads(root.get("data-frames"))["axes"]] == [
        ["0", "1"],
        ["3"],
    ]


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        ({}, "one or two grids, got 0"),
        ({"b": [1], "c": [1], "d": [1]}, "one or two grids, got 3"),
        ({"b": []}, "the grid of b must hold at least one value"),
        ({"b": 3}, "parameter grids=3"),
        ({"b": "123"}, "the grid of b must be a list of values, got '123'"),
        ({"b": [1, "1"]}, "the grid of b must not hold two values that read 1"),
    ],
)
def test_bad_grids_are_named(grids, message) -> None:
    with pytest.raises(ValueError, match=message):
        explore(lambda **values: dot(str(values)), **grids)


@pytest.mark.parametrize("start", [{"b": 3}, {"c": 1}])
def test_a_start_off_the_grid_is_named(start) -> None:
    with pytest.raises(ValueError, match="start must name values of the grids, got"):
        explore(lambda b: dot(str(b)), start, b=[1, 2])


def test_bad_frames_are_named() -> None:
    with pytest.raises(ValueError, match=r"parameter draw=.*Callable"):
        explore("draw", b=[1])
    with pytest.raises(ValueError, match=r"return display.show.*, got NoneType at b = 1"):
        explore(lambda b: None, b=[1])
    with pytest.raises(ValueError, match=r"b = 1 and b = 2 both have 'A line\.'"):
        explore(lambda b: dot("A line."), b=[1, 2])


# ---- no error leaves a figure open


def failing(*_):
    raise RuntimeError("no height here")


OPEN = {
    "show without alt": lambda: show(new_figure(), ""),
    "show with None": lambda: show(new_figure(), None),
    "show with a number": lambda: show(new_figure(), 3),
    "images without alt": lambda: show_images(torch.ones(2, 4), ""),
    "images with None": lambda: show_images(torch.ones(2, 4), None),
    **{
        f"images in {k:.0e} columns": lambda k=k: show_images(torch.ones(2, 4), "Two.", k)
        for k in (0, -1, 501, 2**63, 10**30, 10**300)
    },
    "paths without alt": lambda: paths(alt=" "),
    "paths with None": lambda: paths(alt=None),
    "an axis that is not there": lambda: map_of((0, 3)),
    "axes of text": lambda: map_of(("a", "b")),
    "one axis": lambda: map_of((0,)),
    **{
        f"an edge at {v:.0e}": lambda v=v: map_of((0, 1), (-1, v, -1, 1))
        for v in (10**300, 1e308, float("inf"), float("nan"), -1)
    },
    "a frame that is a figure": lambda: explore(lambda b: new_figure(), b=[1, 2]),
    "a frame without alt": lambda: explore(lambda b: show(new_figure(), ""), b=[1]),
    "an empty grid": lambda: explore(lambda b: show(new_figure(), "a"), b=[]),
}


def new_figure():
    return plt.subplots()[0]


def map_of(axes, extent=(-1, 1, -1, 1), height=bowl):
    return show_paths(height, torch.zeros(2), {"a": torch.zeros(1, 2)}, [0], axes, extent, "One.")


@pytest.mark.parametrize("name", OPEN)
def test_no_error_leaves_a_figure_open(name) -> None:
    plt.close("all")
    with pytest.raises(ValueError, match=r"must|needs"):
        OPEN[name]()
    assert plt.get_fignums() == []


def test_an_error_of_a_readers_own_leaves_no_figure_open() -> None:
    mine = plt.figure()
    for call in (
        lambda: map_of((0, 1), height=failing),
        lambda: explore(lambda b: failing(new_figure()), b=[1]),
    ):
        with pytest.raises(RuntimeError, match="no height here"):
            call()
        assert plt.get_fignums() == [mine.number]
    plt.close(mine)
