"""Tables, differences, sources as text: what they say; the website reads tables back."""

import re
from itertools import permutations

import pytest
import torch
from mle_book.tables import pieces

from mle_lib.display import compared, show_source, source, table
from mle_lib.display.source import without_docstring
from mle_lib.display.tables import GAP
from mle_lib.likelihood import log_likelihood
from mle_lib.models import FVSBN
from mle_lib.results import load_result
from tools.notebooks import without_rounding

NAN = float("nan")


def test_a_table_is_as_its_docstring_says() -> None:
    shown = table({"b": [1, 10], "variance": torch.tensor([2.0, 0.2])}, ".2f")
    assert shown == " b   variance\n--   --------\n 1       2.00\n10       0.20"


def test_rows_make_the_table_that_their_columns_make() -> None:
    columns = {"b": {1: None, 10: None}, "v": torch.tensor([2.0, 0.2]), "w": iter("xy")}
    rows = [{"b": 1, "v": torch.tensor(2.0), "w": "x"}, {"b": 10, "v": 0.2, "w": "y"}]
    assert table(iter(rows), ".2f") == table(columns, ".2f")


COLUMNS = {
    "numbers": ("b", [1, 10, 100]),
    "one tensor": ("l/m, nats", torch.tensor([-18.0, 1e-9, 3e5], dtype=torch.float64)),
    "words": ("how it is drawn", ["with replacement", "a, b", "-- x ---"]),
    "gaps": ("an estimate", [None, 0.5, 3]),
    "truths": ("a", [True, False, True]),
    "short": ("é", ["∇", "θ", ""]),
    "scalars": ("v", [torch.tensor(0.25), torch.tensor(3), NAN]),
}


@pytest.mark.parametrize("names", list(permutations(COLUMNS, 2)), ids="-".join)
def test_the_website_reads_every_table_back(names: tuple[str, str]) -> None:
    """Also between other lines, and after another table."""
    (first, left), (second, right) = COLUMNS[names[0]], COLUMNS[names[1]]
    text = table({first: left, second: right})
    heading, *rows = pieces(f"{text}\n")[0]
    assert heading == [first, second]
    assert len(rows) == 3
    for row, line in zip(rows, text.split("\n")[2:], strict=True):
        assert " ".join(filter(None, row)).split() == line.split()
    around = pieces(f"before\n\n  x = 3 --- 4\n{text}\n\nafter\n\n{text}\n\n--- no table\n")
    found = [heading, *rows]
    assert around == ["before\n\n  x = 3 --- 4", found, "after", found, "--- no table"]


@pytest.mark.parametrize("after", ["at the end of it all", "x", "12 or more", "   12", "b    3"])
def test_a_line_below_a_table_is_not_torn(after: str) -> None:
    """What stands beside the columns is no row; what does not is one, as it looks."""
    text = table({"b": [1, 20], "v": [3, 4]})
    rows = [["b", "v"], ["1", "3"], ["20", "4"]]
    words = {"x": ["x", ""], "   12": None, "b    3": ["b", "3"]}.get(after)
    assert pieces(f"{text}\n{after}") == ([[*rows, words]] if words else [rows, after])


def test_no_column_touches_the_next() -> None:
    lines = table({"a b": ["x y", "z"], "c": ["wide enough", "-"]}).split("\n")
    assert lines[1] == f"---{GAP}-----------"
    assert all(line[3 : 3 + len(GAP)].strip() == "" for line in lines)


@pytest.mark.parametrize(
    ("columns", "formats", "said"),
    [
        ({}, "", "columns must be at least two, got 0"),
        ({"a": [1]}, "", "columns must be at least two, got 1"),
        ({"a": [1], "b": [1, 2]}, "", "one length"),
        ({"a": [], "b": []}, "", "one length, at least 1"),
        ({"a": "text", "b": [1, 2, 3, 4]}, "", "got the text 'text' for a"),
        ([], "", "columns must be at least two, got 0"),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], "", "headings of the first row, ['a', 'b']"),
        ({"a": [1], "b": ["x\ny"]}, "", "entries of one line under a name, got 'b'"),
        ({"a": [1, None], "b": ["c", ""]}, "", "an entry in each row, got none in row 2"),
        ({"a": [1], " ": [2]}, "", "entries of one line"),
        ({"a": [1], "b": [0.5]}, "nonsense", "formats must be as in format"),
        ({"a": [1], "b": [0.5]}, {"c": ".2f"}, "formats must be for columns, got c"),
    ],
)
def test_what_is_no_table_is_named(columns, formats, said) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        table(columns, formats)


@pytest.mark.parametrize(
    ("found", "wanted", "within", "said"),
    [
        (torch.ones(3), torch.ones(3), 0, "largest difference 0, within 0"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5]), 0.5, "difference 0.5, within 0.5"),
        (1.0, 1.0 + 2**-40, 1e-9, "difference 9e-13, within 1e-9"),
        (3.0, 1.0, 1e-9, "difference 2, MORE THAN 1e-9"),
        (NAN, 1.0, 1e-9, "difference nan, MORE THAN 1e-9"),
        (float("inf"), 1.0, 1e-9, "difference inf, MORE THAN 1e-9"),
        (12345.0, 0.0, 1e9, "difference 1e4, within 1e9"),
        (torch.tensor([[1]]), torch.tensor([[3]]), 2, "difference 2, within 2"),
    ],
)
def test_a_comparison_says_by_how_much(found, wanted, within, said) -> None:
    assert compared("a = b", found, wanted, within) == "a = b: largest " + said.replace(
        "largest ", ""
    )


def test_only_a_difference_within_its_bound_is_left_out_of_a_comparison() -> None:
    close, closer = (compared("a", 1.0, 1.0 + 2.0**-k, 1e-9) for k in (40, 45))
    far = compared("a", 1.0, 2.0, 1e-9)
    assert close != closer
    assert without_rounding(close) == without_rounding(closer)
    assert without_rounding(far) == far
    wider = compared("a", 1.0, 1.0 + 2.0**-40, 1e-8)
    assert without_rounding(wider) != without_rounding(close)


@pytest.mark.parametrize(
    ("found", "wanted", "within", "said"),
    [
        (torch.ones(3), torch.ones(2), 1, "got (3,) and (2,)"),
        (torch.ones(0), torch.ones(0), 1, "with an entry"),
        (1.0, 1.0, -1, "within must"),
        (1.0, 1.0, NAN, "within must"),
    ],
)
def test_what_cannot_be_compared_is_named(found, wanted, within, said) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        compared("a", found, wanted, within)


def test_a_source_is_that_of_the_library() -> None:
    shown = show_source(FVSBN.logits, log_likelihood)
    assert shown.text.startswith("# mle_lib/models/fvsbn.py\ndef logits(self, x: Tensor)")
    assert "\n\n# mle_lib/likelihood.py\n" in shown.text
    assert '"""' not in shown.text
    bundle = shown._repr_mimebundle_()
    assert bundle["text/markdown"] == f"```python\n{shown.text}\n```"
    assert bundle["text/plain"] == repr(shown) == shown.text
    compile(shown.text, "shown", "exec")


def test_the_core_of_a_result_stands_below_its_benchmarks_name() -> None:
    core = load_result("three_models")["core"]
    assert show_source("three_models").text == f"# benchmarks/three_models.py\n{core}"


def test_a_result_without_a_core_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "load_result", lambda name: {"rows": []})
    with pytest.raises(ValueError, match="of must name a result with its core, got 'three_models'"):
        show_source("three_models")


def test_a_docstring_alone_is_left_out() -> None:
    assert without_docstring('def f():\n    """One.\n\n    Two."""\n\n    return "x"') == (
        'def f():\n    return "x"'
    )
    assert without_docstring("def f():\n    return '''x'''") == "def f():\n    return '''x'''"
    assert without_docstring("x = 1") == "x = 1"


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ((), "of must name something"),
        ((len,), "of must have a source"),
        (("nothing",), "name must be one of"),
    ],
)
def test_what_has_no_source_is_named(of, said) -> None:
    with pytest.raises(ValueError, match=said):
        show_source(*of)
