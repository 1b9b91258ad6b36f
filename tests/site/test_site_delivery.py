"""How pages are sent: their policy, scripts and icons (`book/_ext/mle_book/delivery.py`)."""

import base64
import hashlib
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))
from mle_book import delivery, stylesheets

FIELD = "// Activate the search field"  # how a script begins that is known
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8" />
{}
</head>
<body></body>
</html>
"""


def sent(head: str, pagename: str = "book/one") -> str:
    return delivery.rewritten(PAGE.format(head), pagename)


def policy_of(html: str) -> dict[str, list[str]]:
    (content,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    return {kind: sources for kind, *sources in (rule.split() for rule in content.split("; "))}


def test_the_policy_names_the_scripts_of_the_page_by_their_hashes() -> None:
    html = sent(f"<script>\n{FIELD}\n</script>")
    digest = base64.b64encode(hashlib.sha256(f"\n{FIELD}\n".encode()).digest()).decode()
    rules = policy_of(html)
    assert rules["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert rules["default-src"] == ["'none'"]
    assert html.index("Content-Security-Policy") < html.index("<script")


def test_nothing_unsafe_but_styles() -> None:
    rules = policy_of(sent(""))
    unsafe = {kind for kind, sources in rules.items() if any("unsafe" in s for s in sources)}
    assert unsafe == {"style-src"}
    assert not [s for sources in rules.values() for s in sources if s[0] != "'" and s != "data:"]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings of the build."""
    texts: list[str] = []
    warn = lambda text, *args, **_: texts.append(text % args)  # noqa: E731
    monkeypatch.setattr(delivery.logger, "warning", warn)
    return texts


def test_a_script_that_is_not_known_is_a_warning_and_does_not_run(said: list[str]) -> None:
    assert policy_of(sent("<script>alert(1)</script>"))["script-src"] == ["'self'"]
    assert said == ["a script in the page that is not known: alert(1)"]


def test_data_in_the_page_stays_and_needs_no_hash() -> None:
    data = '<script type="application/json" id="x">{"a": 1}</script>'
    html = sent(data)
    assert data in html
    assert policy_of(html)["script-src"] == ["'self'"]


def test_scripts_wait_for_the_page() -> None:
    html = sent('<script src="a.js?v=1"></script><script defer="defer" src="b.js"></script>')
    assert re.findall(r"<script\b[^>]*>", html) == [
        '<script defer src="a.js?v=1">',
        '<script defer="defer" src="b.js">',
    ]


def test_what_does_nothing_is_not_loaded() -> None:
    head = """<link rel="preload" as="script" href="../_static/scripts/bootstrap.js" />
<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
<script>DOCUMENTATION_OPTIONS.pagename = 'book/one';</script>
<script src="../searchindex.js"></script>
<script src="../_static/searchtools.js"></script>"""
    assert "preload" not in sent(head)
    assert "<script" not in sent(head)
    assert re.findall(r'src="([^"]*)"', sent(head, "search")) == ["../searchindex.js"]


def test_the_font_of_formulas_comes_first_and_no_script_waits_for_it() -> None:
    head = '<script>1</script><link rel="stylesheet" href="a.css" /><link rel="stylesheet" />'
    (font,) = re.findall(r"<link[^>]*maths-font.css[^>]*>", sent(f"{head}<math></math>"))
    assert font in sent(f"{head}<math></math>").partition("a.css")[0].partition("<script>")[2]
    assert "maths-font" not in sent(head)


def test_buttons_name_their_action() -> None:
    html = sent('<button onclick="window.print()" class="btn">Print</button>')
    assert '<button data-mle-action="print" class="btn">' in html


def test_icons_are_drawings() -> None:
    html = sent('<i class="theme-switch fa-solid fa-sun   fa-lg" data-mode="light"></i>')
    assert '<svg class="mle-icon theme-switch" viewBox="0 0 512 512"' in html
    assert 'data-mode="light"><path d="M' in html
    assert "fa-" not in html
    assert delivery.drawing("lightbulb") != delivery.drawing("lightbulb", "regular")
    assert '<span class="fab-ric">x</span>' in sent('<span class="fab-ric">x</span>')


def test_an_icon_without_a_drawing_is_a_warning(said: list[str]) -> None:
    sent('<i class="fas fa-no-such-thing"></i>')
    assert said == ["no drawing of the icon 'fas fa-no-such-thing'"]


def test_parameters_one_a_line_are_no_list_of_definitions() -> None:
    dd = '<dd><em class="sig-param"><span class="n">{}</span></em>,</dd>\n'
    html = sent(f"<dl>\n{dd.format('m')}{dd.format('b')}</dl>\n<dl><dt>term</dt><dd>what</dd></dl>")
    assert re.findall(r"</?(?:dl|dd|dt)\b", html) == ["<dl", "<dt", "</dt", "<dd", "</dd", "</dl"]
    assert html.count('<span class="mle-parameter"><em class="sig-param">') == 2


def test_frames_that_are_not_shown_wait_in_templates() -> None:
    frame = '<figure class="mle-figure" data-index="{}"{}><svg></svg></figure>'
    html = sent(frame.format("0,0", "") + frame.format("0,1", " hidden"))
    assert f"<template>{frame.format('0,1', ' hidden')}</template>" in html
    assert html.count("<template>") == 1


def test_a_formula_with_an_old_anchor_in_it_stays_whole() -> None:
    words = "\\[x_a = y_b\\]</div>"
    formula = f'<div class="math notranslate" id="b"><span id="a"></span>{words}'
    assert words in delivery.rewritten(f"<head></head><body>{formula}</body>", "index")


def test_light_or_dark_is_decided_before_anything_is_loaded() -> None:
    theme = 'document.documentElement.dataset.mode = localStorage.getItem("mode") || "auto";'
    html = sent(f'<script>\n{theme}\n</script>\n<link rel="stylesheet" href="a.css">')
    assert theme not in html
    assert f"<script>{delivery.MODE}</script>" in html
    assert delivery.hash_of(delivery.MODE) in policy_of(html)["script-src"]
    assert html.index("color-scheme") < html.index(delivery.MODE) < html.index("stylesheet")


def test_the_ground_of_the_dark_is_the_one_of_the_stylesheet() -> None:
    css = (Path(delivery.__file__).parents[2] / "_static" / "mle.css").read_text("utf-8")
    (dark,) = re.findall(r'"dark"\]\{[^}]*background:(#\w+)', delivery.GROUND)
    assert f"--pst-color-background: {dark};" in css


def test_a_rule_whose_class_is_nowhere_goes() -> None:
    css = """@charset "UTF-8";/*! whose */.a .b,.a:not(.gone){x:y}.gone>.a{x:y}
@media print{.gone{x:y}}@media (width>1px){.b,.gone:hover{x:url("};{")}}
:is(.gone,.a:not(.b,.gone)),.a\\/b{x:y}@font-face{src:url(a)}html[data-theme=dark]{x:y}"""
    assert stylesheets.pruned(css, {"a", "b", "a/b"}) == (
        '@charset "UTF-8";/*! whose */.a .b,.a:not(.gone){x:y}@media (width>1px){.b{x:url("};{")}}'
        ":is(.gone,.a:not(.b,.gone)),.a\\/b{x:y}@font-face{src:url(a)}html[data-theme=dark]{x:y}"
    )


def test_there_is_room_for_the_sliders_of_a_figure() -> None:
    figure = '<mle-explore data-frames="{}"><svg></svg><div class="mle-controls"></div>'
    two = figure.format("{&quot;axes&quot;: [{&quot;name&quot;: &quot;b&quot;}, {}]}")
    one = figure.format("{&quot;axes&quot;: [{}]}")
    html = sent(one + two + one)
    rooms = [part.count('class="mle-control"') for part in html.split("<mle-explore")]
    assert rooms == [0, 1, 2, 1]
