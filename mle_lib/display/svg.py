"""Matplotlib's SVG made small: for one picture, and for the many frames of one figure."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence

WORTH_SHARING = 120  # characters; pointing at a shared piece takes about twenty
REFERENCE = re.compile(r'href="#([^"]+)|url\(#([^)]+)\)')
ID_OR_REFERENCE = re.compile(r'(\bid="|href="#|url\(#)')
JOINTS = "stroke-linejoin:round;stroke-linecap:butt"


def clean(svg: str) -> str:
    """An ``<svg>`` element for a page: what nobody sees is left out, of numbers too.

    Matplotlib names every group, and styles the whole page with ``*{…}``. Here only the names that
    something points at are kept, and the style stands on the element itself. A name that begins
    with ``mle-``, an artist's ``gid``, becomes a class: several may have it. The width in points
    becomes a ceiling, so that a figure shrinks with a narrow page.
    """
    svg = svg[svg.index("<svg ") :].replace("xlink:href", "href")
    svg = re.sub(r'\sxmlns(?::\w+)?="[^"]*"', "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    used = {name for pair in REFERENCE.findall(svg) for name in pair}
    root = ET.fromstring(svg)
    for element in root.iter():
        element.text = element.tail = None  # white space: all text is drawn as paths
        if (name := element.get("id", "")) not in used:
            element.attrib.pop("id", None)
            if name.startswith("mle-"):
                element.set("class", name)
        for name in ("d", "x", "y", "points", "transform"):
            if name in element.attrib and "scale(0.015625)" not in element.attrib[name]:
                element.set(name, _shorter(element.attrib[name]))
    width = root.attrib.pop("width", "100%").replace("pt", "")
    root.attrib.pop("height", None)
    root.set("style", f"width:100%;max-width:{width}pt;{JOINTS}")
    return ET.tostring(root, encoding="unicode")


def _shorter(numbers: str) -> str:
    numbers = re.sub(r"-?\d*\.\d+(?:e-?\d+)?", lambda number: _rounded(number[0]), numbers)
    return re.sub(r"\s*([A-Za-z])\s+(?=[-\d])", r"\1", " ".join(numbers.split()))


def _rounded(number: str) -> str:
    """To a tenth of a point, below 10 to a hundredth; a factor below 1 keeps three digits."""
    value = float(number)
    if abs(value) < 1:
        return f"{value:.3g}"
    return f"{value:.{1 if abs(value) >= 10 else 2}f}".rstrip("0").rstrip(".")


def share(svgs: Sequence[str]) -> tuple[str, list[str]]:
    """What several frames have in common, once, and the frames, which point at it.

    Args:
        svgs: Frames as ``clean`` gives them.

    Returns:
        A ``<defs>`` element, and each frame as an ``<svg>`` element.
    """
    shared = ET.Element("defs")
    frames = _without_definitions(svgs, shared)
    times = Counter(_text(element) for frame in frames for element in frame.iter())
    names: dict[str, str] = {}

    def point(parent: ET.Element) -> None:
        for k, child in enumerate(list(parent)):
            text = _text(child)
            if text not in names:
                point(child)
            if len(text) < WORTH_SHARING or times[text] == 1:
                continue
            if text not in names:
                names[text] = child.get("id", f"s{len(names)}")  # something points at that
                child.set("id", names[text])
                shared.append(child)
            parent[k] = ET.Element("use", href=f"#{names[text]}")

    for frame in frames:
        point(frame)
    return _text(shared), [_text(frame) for frame in frames]


def _without_definitions(svgs: Sequence[str], shared: ET.Element) -> list[ET.Element]:
    """The frames without their letters, markers, clipping paths, gradients and filters, which go
    into ``shared``. Most of matplotlib's ids say what they look like; where one is a running
    number, as of gradients, the frame's ids get a prefix."""
    known: dict[str, str] = {}
    frames = []
    for k, svg in enumerate(svgs):
        frame = ET.fromstring(svg)
        if any(known.get(name, text) != text for name, text, _, _ in _definitions(frame)):
            frame = ET.fromstring(prefixed(svg, f"d{k}"))
        for name, text, parent, item in _definitions(frame):
            parent.remove(item)
            if name not in known:
                shared.append(item)
            known[name] = text
        for parent in list(frame.iter()):
            for defs in parent.findall("defs"):
                parent.remove(defs)
        frames.append(frame)
    return frames


def _definitions(frame: ET.Element) -> list[tuple[str, str, ET.Element, ET.Element]]:
    """The id and the text of each definition with a name, what it stands in, and itself."""
    return [
        (item.attrib["id"], _text(item), parent, item)
        for parent in frame.iter()
        for item in parent
        if "id" in item.attrib and (parent.tag == "defs" or item.tag == "filter")
    ]


def _text(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")


def prefixed(svg: str, prefix: str) -> str:
    """Ids count for the whole page: those of two figures must differ."""
    return ID_OR_REFERENCE.sub(rf"\g<1>{prefix}-", svg)
