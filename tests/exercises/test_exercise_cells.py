"""A cell run as the page runs it."""

import builtins

import pytest

from mle_lib.exercises import check
from mle_lib.exercises.cells import MOST, run_cell

DEFINITION = "def f(a):\n    return a / 0\n"


def run(code: str) -> tuple[dict[str, str], str]:
    printed: list[str] = []
    outcome = run_cell(code, printed.append)
    return outcome, "".join(printed)


def test_value_of_the_last_expression() -> None:
    assert run("x = [1]\nx + [2]") == ({"text": "[1, 2]"}, "")
    assert run("x = 1") == ({}, "")
    assert run("None") == ({}, "")
    assert run("") == ({}, "")


def test_result_of_a_check() -> None:
    cell = 'from mle_lib.exercises import check\ncheck("minibatch-gradient", ...)'
    outcome, _ = run(cell)
    assert outcome["exercise"] == "minibatch-gradient"
    assert outcome["status"] == "not attempted"
    assert outcome["html"].startswith("<div")


def test_a_page_has_a_button_for_hints() -> None:
    """Its cell shows what a check says without the calls; a notebook, and the text, with them."""
    begun = {"...": (..., "Write your answer in place of"), "sum": (sum, "Not yet right.")}
    for written, (answer, said) in begun.items():
        cell = f'from mle_lib.exercises import check\ncheck("minibatch-gradient", {written})'
        outcome, _ = run(cell)
        assert "hint" not in outcome["html"]
        result = check("minibatch-gradient", answer)
        for shown in (outcome["html"], repr(result)):
            assert said in shown, shown
        for shown in (repr(result), result._repr_html_()):
            assert "hint(" in shown
            assert "solution(" in shown


def test_a_sign_at_the_beginning_of_a_line_may_be_python() -> None:
    assert run("x = (7\n% 4)\nx") == ({"text": "3"}, "")


def test_every_cell_has_its_own_names() -> None:
    assert "error" not in run("y = 1")[0]
    assert "NameError" in run("y")[0]["error"]
    assert "NameError" in run("np")[0]["error"]  # nothing is there beforehand


def test_printed_lines_are_passed_on() -> None:
    assert run("print('a')\nprint('b', end='')") == ({}, "a\nb")
    assert run("print('a')\n1 / 0")[1] == "a\n"
    assert run("import sys\nsys.stderr.write('no line')")[1] == "no line"


def test_printed_is_cut() -> None:
    _, printed = run("for _ in range(1000):\n    print('x' * 99)")
    assert printed.startswith("x" * 99)
    assert printed.endswith("… (the rest is left out)\n")
    assert MOST < len(printed) < MOST + 40
    assert len(run("print('x' * 9_999)")[1]) == MOST  # with its end of line: all of it


def test_error_names_the_cells_lines() -> None:
    outcome, _ = run(f"{DEFINITION}f(1)")
    assert outcome == {
        "error": "Line 3:\n    f(1)\nLine 2, in f:\n    return a / 0\n"
        "ZeroDivisionError: division by zero"
    }


def test_error_below_the_cell_is_told_without_the_library() -> None:
    error = run("import json\njson.loads('{')")[0]["error"]
    assert error.startswith("Line 2:\n    json.loads('{')\njson.decoder.JSONDecodeError")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = = 2", "Line 1\n    x = = 2"),
        ("import sys\nsys.exit()", "SystemExit"),
        ("input('?')", "input() does not work on this page"),
        ("def f():\n    return f()\nf()", "…\nLine 2, in f:\n    return f()"),
        ("x = 1\n%matplotlib inline\n", "Line 2: %matplotlib inline\nLines that begin with % are"),
        (
            "def f():\n    !pip install it's",
            "Line 2: !pip install it's\nLines that begin with ! are",
        ),
        ("x = = 2\n%time x", "Line 1\n    x = = 2"),
        ("import no_such_module", "There is no module 'no_such_module' on this page"),
        ("class A:\n    def __repr__(self):\n        1 / 0\nA()", "Line 3, in __repr__"),
    ],
)
def test_error(code: str, said: str) -> None:
    assert said in run(code)[0]["error"]


def test_input_is_as_before_afterwards() -> None:
    before = builtins.input
    run("1 / 0")
    assert builtins.input is before
