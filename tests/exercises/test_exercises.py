"""Every exercise: right answers are taken, each slip is seen, and nothing wrong passes.

The answers that are tried here (`answers/`) are written apart from the exercises. All of them are
tried at a push on what has changed since they last were (`tried.py`), and in the long tests.
"""

import ast
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
import yaml
from bs4 import BeautifulSoup

from mle_lib.exercises import check, hint, quiz, recall, solution
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.html import heading
from mle_lib.exercises.quizzes import Choice, Numeric, Open, Recall
from mle_lib.exercises.registry import (
    asks_why,
    bank,
    by_id,
    chapter,
    open_questions,
    opening,
    order,
)
from mle_lib.exercises.results import Result
from mle_lib.exercises.text import formulas, stored_maths, to_html
from mle_lib.exercises.values import as_arrays, same
from tests.exercises.answers import Function, all_answers
from tests.exercises.tried import every_changed_exercise
from tests.site.translation import bare
from tools.environment import ROOT
from tools.notebooks import CHECKED, read, toc_notebooks

EXERCISES = {id: exercise for id, (_, exercise) in by_id().items()}
CODE = {id: e for id, e in EXERCISES.items() if isinstance(e, CodeExercise)}
ANSWERS = all_answers()
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
LECTURE = {chapter["file"] for chapter in PARTS[0]["chapters"]}
NOTEBOOKS = dict(enumerate(toc_notebooks(), 1))

# several stages of one function have one check, which is tried once
OWN = {id: e for id, e in CODE.items() if not e.of}
every_stage = pytest.mark.parametrize("exercise", CODE.values(), ids=list(CODE))
every_code_exercise = pytest.mark.parametrize("exercise", OWN.values(), ids=list(OWN))
Count = Callable[[str, int], None]


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """``count(name, number)``: the sum over all tests is printed in the summary."""
    return lambda name, number: record_property("count", (name, number))


def cells(tag: str) -> dict[str, tuple[int, int, str]]:
    """Chapter, position and source of every cell with a tag, by the id that it names."""
    found = {}
    for number, path in NOTEBOOKS.items():
        for position, cell in enumerate(read(path).cells):
            if tag in cell.metadata.get("tags", []):
                (id,) = re.findall(r'^(?:check|quiz)\("([\w-]+)"', cell.source, re.M)
                assert id not in found, f"{id} stands twice"
                found[id] = number, position, cell.source
    return found


def run_cell(source: str) -> tuple[dict[str, Any], Any]:
    """Run a cell by itself: its names, and the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {}
    exec(compile(tree, "cell", "exec"), names)
    return names, eval(compile(ast.Expression(last.value), "cell", "eval"), names)


# ---- code exercises


def function_of(source: str) -> ast.FunctionDef:
    (found,) = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    return found


def lines_of(function: ast.FunctionDef, source: str) -> list[str]:
    """The lines of a function's body."""
    return source.splitlines()[function.body[0].lineno - 1 : function.end_lineno]


@every_stage
def test_what_is_given_is_what_its_stage_says(exercise: CodeExercise, count: Count) -> None:
    count("code exercises", 1)
    source = cells("exercise")[exercise.id][2]
    _, result = run_cell(source)
    assert "hint" in repr(result)
    if exercise.stage in ("write", "fill"):
        assert result.status == "not attempted"
        gaps = [n for n in ast.walk(function_of(source)) if getattr(n, "value", "") is ...]
        assert exercise.stage == "write" or len(gaps) == 2
    else:
        assert result.status == "incorrect"
    if exercise.stage == "mend":  # its faults are known, and it is told what it does
        assert result.slip == exercise.given
        assert exercise.estimates
        assert result.message.startswith("**What it does.** ")


@pytest.mark.parametrize("exercise", [e for e in CODE.values() if e.stage == "order"])
def test_lines_to_order_are_those_of_the_solution(exercise: CodeExercise) -> None:
    source = cells("exercise")[exercise.id][2]
    given, right = function_of(source), ast.parse(exercise.source()).body[0]
    assert isinstance(right, ast.FunctionDef)
    lines, solved = lines_of(given, source), lines_of(right, exercise.source())
    assert sorted(lines) == sorted(solved)
    assert lines != solved
    for line in lines:  # each a statement or the head of one
        ast.parse(f"{line.strip()}{' pass' if line.endswith(':') else ''}")


@pytest.mark.parametrize("exercise", [e for e in CODE.values() if e.stage == "fill"])
def test_gaps_are_those_of_the_solution(exercise: CodeExercise) -> None:
    source = cells("exercise")[exercise.id][2]
    body = "\n".join(lines_of(function_of(source), source))
    right = ast.parse(exercise.source()).body[0]
    assert isinstance(right, ast.FunctionDef)
    pattern = re.escape(body).replace(re.escape("..."), ".+")
    assert re.fullmatch(pattern, "\n".join(lines_of(right, exercise.source())))


@pytest.mark.parametrize("exercise", [e for e in CODE.values() if e.estimates], ids=lambda e: e.id)
def test_what_a_right_program_estimates_is_said_too(exercise: CodeExercise) -> None:
    said = {f: check(exercise.id, f).message for f in (exercise.answer, exercise.slips[0].answer)}
    assert all(message.startswith("**What it does.** ") for message in said.values())
    first = [message.partition("\n\n")[0] for message in said.values()]
    assert first[0] != first[1]


def test_why_is_asked_below_its_exercise() -> None:
    asked = {e.id: e for e in CHOICES if e.of}
    written = cells("exercise") | cells("quiz")
    for why in asked.values():
        number, at, _ = written[why.of]
        assert written[why.id][:2] == (number, at + 1)
    faded = {e.of for e in CODE.values() if e.of}
    assert all(
        {s for s in CODE if s == id or CODE[s].of == id} <= {q.of for q in asked.values()}
        for id in faded
    )


@every_code_exercise
def test_none_is_a_missing_return(exercise: CodeExercise) -> None:
    result = check(exercise.id, lambda *arguments: None)
    assert result.status == "incorrect"
    assert "`return` missing" in result.message


@every_stage
def test_the_solution_as_it_is_shown_is_correct(exercise: CodeExercise, count: Count) -> None:
    """In the reader's own cell, in place of the stub."""
    source = cells("exercise")[exercise.id][2]
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    imports, call = ast.unparse(tree.body[:-1]), ast.unparse(tree.body[-1])
    _, result = run_cell(f"{imports}\n{exercise.source()}\n{call}")
    count("right answers accepted", result.status == "correct")
    count("false rejects", result.status != "correct")
    assert result.status == "correct"
    assert result.message.endswith(exercise.why)


@every_changed_exercise
def test_right_answers_in_other_styles_are_correct(exercise: CodeExercise, count: Count) -> None:
    right = ANSWERS[exercise.id].right
    assert len(right) >= 2
    results = [check(exercise.id, answer) for answer in right]
    count("right answers accepted", sum(result.status == "correct" for result in results))
    count("false rejects", sum(result.status != "correct" for result in results))
    assert [(r.status, r.message) for r in results if r.status != "correct"] == []


@every_changed_exercise
def test_every_slip_has_its_own_advice(exercise: CodeExercise, count: Count) -> None:
    assert 2 <= len(exercise.slips) <= 5
    assert len({slip.advice for slip in exercise.slips}) == len(exercise.slips)
    written = ANSWERS[exercise.id].slips
    assert set(written) == {slip.name for slip in exercise.slips}
    for slip in exercise.slips:
        for answer in written[slip.name]:
            result = check(exercise.id, answer)
            count("false accepts", result.status == "correct")
            assert (result.status, result.slip) == ("incorrect", slip.name), result
            assert (slip.advice in result.message) != (slip.name == exercise.given)
            count("slips recognised", 1)


@every_changed_exercise
def test_slips_are_far_from_the_solution_and_from_each_other(exercise: CodeExercise) -> None:
    """By a hundred tolerances on some trial, so that no rounding hides one."""
    given = [exercise.outcomes(f) for f in (exercise.answer, *(s.answer for s in exercise.slips))]
    assert all(outcome is not None for outcome in given[0])
    assert all(outcomes[0] is not None for outcomes in given), "a slip fails at the first trial"
    for mine, theirs in combinations(given, 2):
        pairs = list(zip(mine, theirs, strict=True))
        assert any(
            (a is None) != (b is None) or (a and b and not same(a, b, 100 * exercise.tolerance))
            for a, b in pairs
        )


def is_right_until(exercise: CodeExercise, answer: Function) -> bool:
    """What `check` asks of a right answer, up to the first trial at which it is not so."""
    answer = exercise.adapt(answer)
    try:
        with np.errstate(all="ignore"):
            for arguments in exercise.all_cases():
                right = exercise._gives(exercise.answer, arguments)
                asked, given = exercise._asked(answer, arguments, right)
                if not exercise.is_right(given, right, asked):
                    return False
    except Exception:
        return False
    return True


@every_changed_exercise
def test_other_mistakes_are_refused(
    exercise: CodeExercise, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At some trial, which is all that a push asks."""
    monkeypatch.setattr("mle_lib.exercises.calls.SECONDS", 3.0)  # some do not end
    wrong = ANSWERS[exercise.id].wrong
    taken = [answer for answer in wrong if is_right_until(exercise, answer)]
    count("wrong answers refused", len(wrong) - len(taken))
    count("false accepts", len(taken))
    assert taken == []
    monkeypatch.undo()  # the patience that a reader has
    assert is_right_until(exercise, exercise.answer)  # none of them has left anything behind


@pytest.mark.soak
@every_code_exercise
def test_other_mistakes_are_told_so(
    exercise: CodeExercise, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the whole check."""
    monkeypatch.setattr("mle_lib.exercises.calls.SECONDS", 3.0)
    for answer in ANSWERS[exercise.id].wrong:
        result = check(exercise.id, answer)
        count("wrong answers refused", result.status == "incorrect")
        count("false accepts", result.status == "correct")
        assert result.status == "incorrect"


class Hostile:
    """A returned object whose every use fails."""

    def __array__(self, *_: object, **__: object) -> None:
        raise SystemExit("no array")

    def __eq__(self, _: object) -> bool:
        return True

    __hash__ = None

    def __repr__(self) -> str:
        raise RuntimeError("no text")


def cheats(exercise: CodeExercise) -> dict[str, Function]:
    """Answers that no check may take, made from the solution itself."""
    answer = exercise.adapt(exercise.answer)
    trials = exercise.all_cases()
    first = answer(*exercise.all_cases()[0])
    calls: list[int] = []

    def only_the_first(*arguments: Any) -> Any:
        known = all(
            np.array_equal(a, b)
            for a, b in zip(arguments, trials[0], strict=True)
            if isinstance(a, np.ndarray | float | int)
        )
        return answer(*arguments) if known else first

    def by_chance(*arguments: Any) -> Any:
        return tuple(a + np.random.default_rng().normal() for a in as_arrays(answer(*arguments)))

    def with_a_memory(*arguments: Any) -> Any:
        calls.append(1)
        return tuple(
            a * (1 + len(calls) % 2) + len(calls) % 2 for a in as_arrays(answer(*arguments))
        )

    def in_place(*arguments: Any) -> Any:
        value = answer(*arguments)
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = argument + 1 if argument.dtype.kind in "iuf" else ~argument
        return value

    def raises(error: type[BaseException]) -> Function:
        def answer(*_: Any) -> Any:
            raise error("on purpose")

        return answer

    def without_end(*arguments: Any) -> Any:
        return without_end(*arguments)

    constants: dict[str, Any] = {
        "zero": 0.0, "zeros": np.zeros_like(as_arrays(first)[0]), "the first value": first,
        "NaN": float("nan"), "text": "0.5", "a generator": (k for k in range(3)), "a list": [],
        "ragged rows": [[1.0], [1.0, 2.0]], "complex": 1j, "an object": object(),
        "a hostile object": Hostile(), "a type": float, "a dictionary": {"a": 1.0},
    }  # fmt: skip
    found: dict[str, Function] = {name: lambda *_, v=v: v for name, v in constants.items()}
    found |= {"the first trial alone": only_the_first, "chance": by_chance}
    found |= {"a memory": with_a_memory, "no end": without_end, "another signature": lambda: first}
    errors = (ValueError, SystemExit, GeneratorExit, AssertionError, RecursionError, MemoryError)
    found |= {f"raises {error.__name__}": raises(error) for error in errors}
    if any(isinstance(argument, np.ndarray) for argument in trials[0]):
        found["changes its arguments"] = in_place
    return found


@every_changed_exercise
def test_no_cheat_is_taken_and_none_raises(exercise: CodeExercise, count: Count) -> None:
    # where an answer works on a model, the ways to cheat are written out
    if exercise.adapt(exercise.answer) is not exercise.answer:
        assert len(ANSWERS[exercise.id].wrong) >= 5
        return
    for name, answer in cheats(exercise).items():
        result = check(exercise.id, answer)
        repr(result), result._repr_html_()
        count("wrong answers refused", result.status == "incorrect")
        count("false accepts", result.status == "correct")
        assert result.status == "incorrect", f"{name}: {result}"


@pytest.mark.parametrize(
    "answer", [3, "text", [1.0], np.ones(3), object(), Hostile()], ids=lambda a: type(a).__name__
)
def test_what_is_no_function_is_asked_for_one(answer: Any) -> None:
    result = check("minibatch-gradient", answer)
    assert result.status == "incorrect"
    assert "Pass the function itself" in result.message


def test_an_answer_is_the_readers_own_function_and_may_be_a_class_or_a_method() -> None:
    class Estimate:
        def __call__(self, gradients: np.ndarray, indices: np.ndarray) -> np.ndarray:
            return len(gradients) / len(indices) * gradients[indices].sum(0)

        def method(self, gradients: np.ndarray, indices: np.ndarray) -> np.ndarray:
            return self(gradients, indices)

    assert check("minibatch-gradient", Estimate()).status == "correct"
    assert check("minibatch-gradient", Estimate().method).status == "correct"


def test_advice_for_what_is_no_known_slip() -> None:
    def judge(answer: Function) -> Result:
        return check("minibatch-gradient", answer)

    def right(gradients: np.ndarray, indices: np.ndarray) -> np.ndarray:
        return len(gradients) / len(indices) * gradients[indices].sum(0)

    assert "sign is flipped" in judge(lambda g, i: -right(g, i)).message
    assert "3 times" in judge(lambda g, i: 3 * right(g, i)).message
    rows = judge(lambda g, i: np.stack([right(g, i)] * 2)).message
    assert re.search(r"shape must be `\((\d),\)`; yours is `\(2, \1\)`", rows)
    assert "One value is" in judge(lambda g, i: (right(g, i), 1.0)).message
    assert "in bits" in judge(lambda g, i: right(g, i) / np.log(2)).message
    assert "base 10" in judge(lambda g, i: right(g, i) / np.log(10)).message
    assert "changes its argument `gradients`" in judge(lambda g, i: g.sort() or right(g, i)).message
    assert (
        "two different values"
        in judge(lambda g, i: right(g, i) + np.random.default_rng().random()).message
    )
    assert "stopped with `KeyError: 'b'`" in judge(lambda g, i: {}["b"]).message
    two = EXERCISES["nesterov-update"]
    swapped = check(two.id, lambda *a: two.answer(*a)[::-1])
    assert swapped.message == "Your values are right, but returned in another order."
    # right at first, then stopped: the stop; wrong at first, then stopped: the slip or the value
    late = judge(lambda g, i: right(g, i) if len(g) > 6 else 1 / 0)
    assert late.message.startswith("Your function stopped with `ZeroDivisionError")
    early = judge(lambda g, i: right(g, i) + 1 if len(g) > 6 else 1 / 0)
    assert "gave a wrong value" in early.message
    assert "ZeroDivisionError" in early.message


# ---- quizzes

QUIZZES = [e for e in EXERCISES.values() if isinstance(e, Choice | Numeric)]
CHOICES = [e for e in QUIZZES if isinstance(e, Choice)]
NUMERIC = [e for e in QUIZZES if isinstance(e, Numeric)]


@pytest.mark.parametrize("quiz", CHOICES, ids=lambda e: e.id)
def test_every_wrong_option_has_its_own_feedback(quiz: Choice, count: Count) -> None:
    count("quizzes", 1)
    assert check(quiz.id, quiz.right) == Result(quiz.id, "correct", quiz.why)
    assert quiz.right
    assert quiz.several or len(quiz.right) == 1
    feedback = [option.feedback for option in quiz.options if quiz.several or not option.right]
    assert all(feedback)
    assert len(set(feedback)) == len(feedback)
    for letter, option in zip(quiz.letters, quiz.options, strict=True):
        if quiz.several:  # one option more, or one less
            answer = set(quiz.right) ^ {letter}
            if not answer:
                continue
        elif option.right:
            continue
        else:
            answer = letter
        result = check(quiz.id, answer)
        count("wrong options answered", 1)
        assert result.status == "incorrect"
        assert result.message == f"**{letter}.** {option.feedback}"


@pytest.mark.parametrize("quiz", NUMERIC, ids=lambda e: e.id)
def test_numbers_are_taken_within_the_tolerance_and_near_ones_explained(
    quiz: Numeric, count: Count
) -> None:
    count("quizzes", 1)
    inside, outside = quiz.answer + 0.99 * quiz.tolerance, quiz.answer + 1.01 * quiz.tolerance
    assert check(quiz.id, quiz.answer).status == check(quiz.id, inside).status == "correct"
    assert check(quiz.id, str(quiz.answer)).status == "correct"
    assert check(quiz.id, outside).status == "incorrect"
    assert len(quiz.near) >= 2
    assert len({near.advice for near in quiz.near} | {quiz.otherwise}) == len(quiz.near) + 1
    for near in quiz.near:
        assert check(quiz.id, near.value).message == near.advice
        count("wrong numbers recognised", 1)
        # no right answer is told that it is wrong, and no two wrong ones overlap at their values
        assert abs(near.value - quiz.answer) > quiz.tolerance


# what a question says of how exact an answer must be, and the answers that this allows
ALLOWED: dict[str, Callable[[Numeric, float], list[float]]] = {
    r"[Ww]ithin ([\d.]+)": lambda quiz, n: [quiz.answer - n, quiz.answer + n],
    r"(T)wo more or fewer": lambda quiz, _: [quiz.answer - 2, quiz.answer + 2],
    r"To (\d+) %": lambda quiz, n: [quiz.answer * (1 + k * n) for k in (-0.00999, 0.00999)],
    r"([Tt])wo figures": lambda quiz, _: [float(f"{quiz.answer:.2g}")],
    r"(o)ne figure": lambda quiz, _: [float(f"{quiz.answer:.1g}")],
}


@pytest.mark.parametrize("quiz", NUMERIC, ids=lambda e: e.id)
def test_a_number_is_taken_as_exactly_as_the_question_asks(quiz: Numeric) -> None:
    assert "order of magnitude" not in quiz.question, "how far off?"
    for words, allowed in ALLOWED.items():
        for found in re.findall(words, quiz.question):
            number = float(found) if found.replace(".", "").isdigit() else 0.0
            for answer in [*allowed(quiz, number), float(quiz.printed or quiz.answer)]:
                assert check(quiz.id, answer).status == "correct", answer
                assert check(quiz.id, f"{answer:.15g}").status == "correct", answer
    # advice is for who means this number, not for all far off
    assert all(quiz.margin(near) <= 0.05 * abs(near.value) for near in quiz.near)


@pytest.mark.parametrize("value", [2**-8, 0.0039, 2**-7, 0.006])
def test_both_of_the_two_nearest_are_taken(value: float) -> None:
    assert check("effective-step", value).status == "correct"


@pytest.mark.parametrize("quiz", NUMERIC, ids=lambda e: e.id)
def test_what_is_true_or_complex_is_no_number(quiz: Numeric) -> None:
    plain = quiz.answer + 0j
    for answer in (True, False, np.True_, torch.tensor(True), plain, np.complex64(plain)):
        assert check(quiz.id, answer).status == "not attempted"
    for answer in (torch.tensor(plain), np.array(plain)):
        assert check(quiz.id, answer).status == "not attempted"
    for kind in (np.float64, np.array, torch.tensor):
        assert check(quiz.id, kind(quiz.answer)).status == "correct"


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda e: e.id)
@pytest.mark.parametrize("answer", [..., None])
def test_no_answer_is_no_attempt(quiz: Choice | Numeric, answer: Any) -> None:
    assert check(quiz.id, answer).status == "not attempted"


ONE = Numeric("one", "", "", 1.0, 0.1, (), "", "")
NUMBERS = [
    1,
    1.0,
    "1",
    "2/2",
    Fraction(1),
    Decimal(1),
    np.uint8(1),
    np.float16(1),
    np.longdouble(1),
]
NUMBERS += [np.array(1), np.str_("1"), torch.tensor(1), torch.ones((), requires_grad=True)]
NO_NUMBERS = [True, 1 + 0j, b"1", bytearray(b"1"), memoryview(b"1"), [1], np.ones(1), torch.ones(1)]
NO_NUMBERS += [kind(bad) for kind in (np.array, torch.tensor) for bad in (True, 1 + 0j)]
NO_NUMBERS += [np.bool_(True), np.complex64(1)]


def test_a_number_of_any_type_is_an_answer_and_nothing_else_is_one() -> None:
    assert {ONE.judge(answer).status for answer in NUMBERS} == {"correct"}
    assert {ONE.judge(answer).status for answer in NO_NUMBERS} == {"not attempted"}


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda e: e.id)
@pytest.mark.parametrize("answer", ["what?", "z", [], {}, Hostile(), float("nan"), np.ones(2)])
def test_what_is_no_answer_is_never_right(quiz: Choice | Numeric, answer: Any) -> None:
    assert check(quiz.id, answer).status == "not attempted"


PREDICTIONS = [quiz for quiz in NUMERIC if quiz.prediction]


def test_every_chapter_asks_for_a_prediction() -> None:
    for number in NOTEBOOKS:
        assert [e for e in chapter(number) if e in PREDICTIONS], f"chapter {number}"


@pytest.mark.parametrize("quiz", PREDICTIONS, ids=lambda e: e.id)
def test_a_prediction_is_asked_before_a_checked_cell_prints_its_answer(quiz: Numeric) -> None:
    number, position, _ = cells("quiz")[quiz.id]
    later = read(NOTEBOOKS[number]).cells[position + 1 :]
    checked = [cell for cell in later if CHECKED in cell.metadata.get("tags", [])]
    printed = "".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in checked
        for output in cell.outputs
    )
    assert quiz.printed
    assert re.search(rf"(?<![\d.]){re.escape(quiz.printed)}(?![\d]|\.\d)", printed)
    assert check(quiz.id, quiz.printed.replace(",", "")).status == "correct"


# ---- what a reader calls, and what all exercises share


def test_every_exercise_stands_in_its_chapter_under_its_name() -> None:
    written = cells("exercise") | cells("quiz")
    for number in NOTEBOOKS:
        ids = [exercise.id for exercise in chapter(number)]
        in_order = sorted((at, id) for id, (where, at, _) in written.items() if where == number)
        assert [id for _, id in in_order] == ids
        before = read(NOTEBOOKS[number]).cells
        for exercise in chapter(number):
            if isinstance(exercise, CodeExercise):
                above = before[written[exercise.id][1] - 1].source
                titles = re.findall(r"^#+ .*", above, re.M)
                assert titles[-1] == f"### {heading(exercise, by_id()[exercise.id][0])}"


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_a_stub_takes_no_name_that_its_chapter_uses(number: int) -> None:
    """Else who runs an exercise and then a cell above would call their own stub there."""
    used: set[str] = set()
    stubs: dict[str, set[str]] = {}  # name -> the checks of who has it: the stages of one share it
    for cell in read(NOTEBOOKS[number]).cells:
        if cell.cell_type == "code" and not cell.source.lstrip().startswith(("try:", "%%")):
            tree = ast.parse(cell.source)
            if "exercise" in cell.metadata.get("tags", []):
                (id,) = re.findall(r'^check\("([\w-]+)"', cell.source, re.M)
                name = function_of(cell.source).name
                stubs.setdefault(name, set()).add(CODE[id].of or id)
            else:
                nodes = list(ast.walk(tree))
                used |= {node.id for node in nodes if isinstance(node, ast.Name)}
                used |= {
                    alias.asname or alias.name
                    for n in nodes
                    if isinstance(n, ast.Import | ast.ImportFrom)
                    for alias in n.names
                }
    assert {name: ids for name, ids in stubs.items() if len(ids) > 1} == {}
    assert not stubs.keys() & used


def test_one_array_for_all_calls_hides_no_memory() -> None:
    kept: dict[int, np.ndarray] = {}
    calls = [0]

    def right_every_other_time(gradients: np.ndarray, indices: np.ndarray) -> np.ndarray:
        calls[0] += 1
        total = kept.setdefault(gradients.shape[1], np.zeros(gradients.shape[1]))
        value = len(gradients) / len(indices) * gradients[indices].sum(0)
        total[...] = value if calls[0] % 2 == 0 else 0
        return total

    result = check("minibatch-gradient", right_every_other_time)
    assert "two different values" in result.message


class NoText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class EndOfTheWorld(BaseException):
    pass


class NoClass:
    @property
    def __class__(self) -> type:
        raise RuntimeError("no class")


class NoRows(list):
    def __iter__(self) -> Any:
        raise RuntimeError("no rows")


@pytest.mark.parametrize("error", [NoText, EndOfTheWorld])
def test_no_error_comes_through(error: type[BaseException]) -> None:
    def answer(*_: Any) -> None:
        raise error

    assert check("minibatch-gradient", answer).status == "incorrect"


@pytest.mark.parametrize("errors", ["ignore", "raise"])
def test_no_value_is_too_strange(errors: Literal["ignore", "raise"]) -> None:
    for value in (NoClass(), NoRows([1.0]), np.ones(3) + 1j, 2**70, [[], [1]], np.full(3, 1e308)):
        with np.errstate(all=errors):
            result = check("minibatch-gradient", lambda *_, value=value: value)
            assert result.status == "incorrect"


def test_what_an_error_says_is_shown_as_text() -> None:
    def answer(*_: Any) -> None:
        raise ValueError("<img src=x> `code` & more")

    html = check("minibatch-gradient", answer)._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x&gt; " in html
    assert " &amp; more" in html


def test_a_right_answer_with_an_imaginary_part_is_none() -> None:
    right = EXERCISES["minibatch-gradient"].answer
    assert check("minibatch-gradient", lambda g, i: right(g, i) + 0j).status == "incorrect"


def test_a_small_error_is_seen_whatever_the_scale() -> None:
    right = EXERCISES["minibatch-gradient"].answer
    assert check("minibatch-gradient", lambda g, i: right(g, i) + 1e-3).status == "incorrect"
    assert check("minibatch-gradient", lambda g, i: right(g, i) * (1 + 1e-7)).status == "correct"


def test_not_finished_is_not_attempted_at_any_trial() -> None:
    right = EXERCISES["minibatch-gradient"].answer
    later = check("minibatch-gradient", lambda g, i: right(g, i) if len(g) > 6 else ...)
    assert later.status == "not attempted"

    def to_do(*_: Any) -> None:
        raise NotImplementedError

    assert check("minibatch-gradient", to_do).status == "not attempted"


def test_stopping_where_numpy_would_go_on_is_the_same_slip() -> None:
    """At a zero gradient plain Python divides by zero, where NumPy gives inf and NaN."""

    def in_plain_python(g_weights: np.ndarray, g_bias: np.ndarray, c: float) -> Any:
        norm = float(np.sqrt((g_weights**2).sum() + (g_bias**2).sum()))
        return float(c) / norm * g_weights, float(c) / norm * g_bias

    assert check("clip-by-norm", in_plain_python).slip == "always_scaled"


@pytest.mark.parametrize("id", [3, ["a"], np.ones(2), {}, None])
def test_an_id_is_a_text(id: Any) -> None:
    with pytest.raises(ValueError, match="id must be the id of an exercise"):
        check(id)


def test_the_readers_line_is_quoted_not_a_librarys(tmp_path: Path) -> None:
    file = tmp_path / "cell.py"
    file.write_text("import numpy as np\n\ndef f(g, i):\n    return np.linalg.inv(g[:, :0] - 1)\n")
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    message = check("minibatch-gradient", names["f"]).message
    assert "`LinAlgError:" in message
    assert "at `return np.linalg.inv(g[:, :0] - 1)`" in message


def test_there_are_as_many_as_promised_and_more_than_half_are_code() -> None:
    for number in NOTEBOOKS:
        lecture = f"book/{NOTEBOOKS[number].stem}" in LECTURE
        asked = [e for e in chapter(number) if not asks_why(e)]
        assert len(asked) >= (5 if lecture else 3)
        assert sum(e.kind == "code" for e in asked) > len(asked) / 2
    assert len(open_questions()) == 7
    assert all(isinstance(e, Open) and 3 <= len(e.rubric) <= 5 for e in open_questions())


def test_ids_are_unique_and_speak() -> None:
    exercises = [e for number in NOTEBOOKS for e in chapter(number)] + list(open_questions())
    exercises += [one.question for one in RECALLED]
    assert len(exercises) == len(EXERCISES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", id) for id in EXERCISES)


@every_code_exercise
def test_hints_come_one_by_one(exercise: CodeExercise) -> None:
    assert 2 <= len(exercise.hints) <= 4
    hint.__globals__["_hints_given"].clear()
    for number in [*range(1, len(exercise.hints) + 1), len(exercise.hints)]:
        assert repr(hint(exercise.id)).startswith(f"Hint {number} of {len(exercise.hints)}.")
    assert repr(hint(exercise.id, 1)).startswith("Hint 1 of")
    assert "<p>" in hint(exercise.id)._repr_html_()


@every_code_exercise
def test_the_solution_is_shown_with_its_reason(exercise: CodeExercise) -> None:
    shown = solution(exercise.id)
    assert exercise.source() in repr(shown)
    assert BeautifulSoup(shown._repr_html_(), "html.parser").pre.code.text.startswith("def ")
    assert max(map(len, exercise.source().splitlines())) <= 84


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
def test_texts_hold_no_unread_mark(exercise: CodeExercise | Choice | Numeric | Open) -> None:
    for text in exercise.texts():
        html = re.sub(r"<(code|math)\b.*?</\1>", "", to_html(text), flags=re.S)
        assert not re.search(r"[$`\\]|\*\*", html), html
        assert set(formulas(text)) <= stored_maths().keys()


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
def test_what_a_notebook_shows_says_what_is_code(
    exercise: CodeExercise | Choice | Numeric | Open,
) -> None:
    """All that `check`, `hint`, `solution` and `quiz` show."""
    shown: list[Any] = [Result(exercise.id, "correct", text) for text in exercise.texts()]
    if isinstance(exercise, CodeExercise):
        shown += [hint(exercise.id, k) for k in range(1, len(exercise.hints) + 1)]
        shown += [solution(exercise.id), check(exercise.id, exercise.answer)]
    else:
        shown += [quiz(exercise.id)]
    for one in [check(exercise.id), *shown]:
        assert bare(BeautifulSoup(one._repr_html_(), "html.parser")) == []


@pytest.mark.parametrize("function", [check, hint, quiz, solution])
def test_an_unknown_id_is_refused_with_the_nearest(function: Function) -> None:
    with pytest.raises(ValueError, match="did you mean 'minibatch-gradient'"):
        function("minibatch-gradent")


def test_what_is_asked_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="a function to be written"):
        quiz("minibatch-gradient")
    with pytest.raises(ValueError, match="a quiz"):
        solution("halve-the-error")
    with pytest.raises(ValueError, match="from 1 to"):
        hint("minibatch-gradient", 9)


RECALLED = [one for name in order() for one in bank(name)]


@pytest.mark.parametrize("one", RECALLED, ids=lambda one: one.question.id)
def test_what_is_recalled_was_shown_by_a_checked_cell(one: Recall) -> None:
    (name,) = [name for name in order() if one in bank(name)]
    path = ROOT / "book" / f"{name.replace('_', '-')}.ipynb"
    (cell,) = [cell for cell in read(path).cells if cell.id == one.cell]
    assert CHECKED in cell.metadata.tags
    printed = "".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )
    assert re.search(r"\d", one.shows)
    assert " ".join(one.shows.split()) in " ".join(printed.split())
    assert one.question.id.startswith("recall-")
    assert len(one.question.question.split()) <= 45


def test_each_chapter_but_the_first_opens_with_three_questions_on_others() -> None:
    names = list(order())
    assert len(RECALLED) >= 60
    assert opening(names[0]) == ()
    for at, name in enumerate(names[1:], 1):
        asked = opening(name)
        assert len({one.question.id for one in asked}) == 3
        before = [one for earlier in names[:at] for one in bank(earlier)]
        assert all(one in before for one in asked)
        shown = recall(name.replace("_", "-"))._repr_html_()
        assert shown.count("<fieldset") == 3
        assert shown.count("<script") == 1


@pytest.mark.parametrize("chapter", ["maximum-likelihood", "trainin", "", None, 3])
def test_only_a_chapter_after_others_can_be_opened(chapter: Any) -> None:
    with pytest.raises(ValueError, match="chapter must be one of"):
        recall(chapter)


def test_a_quiz_brings_all_that_it_needs() -> None:
    html = quiz("halve-the-error")._repr_html_()
    assert html.count("<script") == html.count("<style") == 1
    assert "customElements.define" in html
    assert "<math " in html
    assert not re.search(r"(?:src|href)=", html)


def test_an_open_question_is_left_to_its_rubric() -> None:
    for question in open_questions():
        result = check(question.id, "I think so.")
        assert result.status == "not attempted"
        assert all(line in result.message for line in question.rubric)
