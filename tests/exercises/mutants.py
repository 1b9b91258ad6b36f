"""Wrong answers made by a machine: the solution of an exercise with one change, of every kind.

Each is to be refused. One that is not refused must be no mistake: it agrees with the solution on
trials of another distribution (`trials.other_trials`), and `Answers.equivalent` says why.

    python -m tests.exercises.mutants minibatch-gradient

lists those that are not refused. With `--write` before the ids, the numbers go into `scores.json`,
with a digest of all that they come from; without ids, of each exercise whose digest is another now.
"""

import ast
import copy
import inspect
import json
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import chain, combinations, count, product
from pathlib import Path
from typing import Any

import numpy as np

from mle_lib.exercises import trials as drawing
from mle_lib.exercises import values
from mle_lib.exercises.calls import call, time_limit
from mle_lib.exercises.code import CodeExercise, Function
from mle_lib.exercises.registry import by_id, find
from mle_lib.exercises.trials import Arguments, in_floats, other_trials
from mle_lib.exercises.values import Arrays, as_arrays
from tests.exercises.answers import all_answers

SECONDS = 0.3  # for a mutant that does not end
WRITTEN = 1000  # trials of the other distribution for what `--write` writes
SCORES = Path(__file__).with_name("scores.json")


@dataclass(frozen=True)
class Mutant:
    """An answer, what was changed in the solution, and how often the change made a difference to a
    value; None, where that is not counted. One that never does is not looked at further."""

    name: str
    answer: Function
    touched: Counter[str] | None = None


# ---- in the code

OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.Pow: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.MatMult: (ast.Mult,),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
INSTEAD = {
    "sum": ("mean", "max"), "mean": ("sum", "median"), "max": ("min", "mean"), "min": ("max",),
    "maximum": ("minimum", "fmax"), "minimum": ("maximum",), "var": ("std",), "std": ("var",),
    "exp": ("expm1",), "log": ("log2", "log1p"), "sqrt": ("abs",), "tril": ("triu",),
    "logaddexp": ("logaddexp2", "maximum"), "arange": ("ones",), "floor": ("ceil",),
}  # fmt: skip
# around a value; whole numbers, which are sizes and positions, have no digits and are not clipped
AROUND: dict[str, Callable[[Any], Any]] = {
    "abs": np.abs, "minus": np.negative, "squeeze": np.squeeze, "sorted": np.sort,
    "unique": np.unique, "transposed": np.transpose, "at least 0": lambda x: np.maximum(x, 0),
    "round to 1/10": lambda x: np.round(x, 1), "round to 1/1000": lambda x: np.round(x, 3),
    "whole": np.trunc, "plus 1e-3": lambda x: x + 1e-3, "clip 4": lambda x: np.clip(x, -4, 4),
    "clip 30": lambda x: np.clip(x, -30, 30), "clip 500": lambda x: np.clip(x, -500, 500),
    "not below 1e-3": lambda x: np.where(abs(x) < 1e-3, 1e-3, x),
}  # fmt: skip
OF_ARRAYS = ("minus", "squeeze", "sorted", "unique", "transposed")
STOPS = (1, 2, 3, 6, 10, 31, 60, 100)


def changed(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """A copy of a tree for every change of every node, and what was changed."""
    nodes = list(ast.walk(tree))
    names = [a.arg for a in tree.body[0].args.args]  # type: ignore[attr-defined]
    measured = list(map(_measured, nodes))
    for position, node in enumerate(nodes):
        if any(node is other for other in measured):
            continue
        for what, new in replacements(node, names):
            copied = copy.deepcopy(tree)
            target = list(ast.walk(copied))[position]
            line = getattr(node, "lineno", 0)
            if isinstance(new, ast.AST):
                replaced = _Replace(target, new).visit(copied)
            else:
                new(target)
                replaced = copied
            yield f"line {line}: {what}", ast.fix_missing_locations(replaced)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else super().generic_visit(node)


def replacements(
    node: ast.AST, names: list[str]
) -> Iterator[tuple[str, ast.AST | Callable[[Any], None]]]:
    """What may stand instead of a node, or a change to be made to it."""
    text = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
    here = f"`{text}`"
    if isinstance(node, ast.BinOp):
        for operator in OPERATORS.get(type(node.op), ()):
            new = ast.BinOp(node.left, operator(), node.right)
            yield f"{here} → `{ast.unparse(new)}`", copy.deepcopy(new)
        for part in (node.left, node.right):
            yield f"{here} → `{ast.unparse(part)}`", copy.deepcopy(part)
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
            new = ast.BinOp(node.right, node.op, node.left)
            yield f"{here} → `{ast.unparse(new)}`", copy.deepcopy(new)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for comparison in COMPARISONS.get(type(node.ops[0]), ()):
            new = ast.Compare(node.left, [comparison()], node.comparators)
            yield f"{here} → `{ast.unparse(new)}`", copy.deepcopy(new)
    if isinstance(node, ast.UnaryOp):
        yield f"{here} → `{ast.unparse(node.operand)}`", copy.deepcopy(node.operand)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for value in {node.value + 1, node.value - 1, 2 * node.value, node.value / 2} - {
            node.value
        }:
            yield f"{here} → `{value}`", ast.Constant(value)
    if isinstance(node, ast.keyword) and node.arg == "axis":
        for axis in (0, 1, -1, None):
            if ast.unparse(node.value) != str(axis):
                yield f"`axis={ast.unparse(node.value)}` → `axis={axis}`", _with_axis(axis)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        for other in INSTEAD.get(name, ()):
            yield f"{here}: `{name}` → `{other}`", _named(other)
        inner = node.args[0] if node.args else getattr(node.func, "value", None)
        if inner is not None:
            yield f"{here} → `{ast.unparse(inner)}`", copy.deepcopy(inner)
    if isinstance(node, ast.IfExp):
        for part in (node.body, node.orelse):
            yield f"{here} → `{ast.unparse(part)}`", copy.deepcopy(part)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        for name in names:
            if name != node.id:
                yield f"`{node.id}` → `{name}`", ast.Name(name, ast.Load())
    if isinstance(node, ast.expr) and _is_value(node):
        for what in AROUND:
            new = ast.Call(ast.Name("_around", ast.Load()), [ast.Constant(what), node], [])
            yield f"{what}: {here}", copy.deepcopy(new)
    if isinstance(node, ast.stmt) and not isinstance(node, ast.Return | ast.FunctionDef):
        yield f"without {here}", ast.Pass()
    if isinstance(node, ast.If) and not node.orelse:
        yield f"always: {here}", ast.If(ast.Constant(True), copy.deepcopy(node.body), [])
    if isinstance(node, ast.For | ast.While):
        for stop in STOPS:
            yield f"after {stop} rounds: {here}", _with_an_end(stop)


def _measured(node: ast.AST) -> ast.AST | None:
    """What is asked for its length or shape alone, which no change of its values touches."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "len":
        return node.args[0]
    return node.value if isinstance(node, ast.Attribute) and node.attr == "shape" else None


def _is_value(node: ast.expr) -> bool:
    if isinstance(node, ast.Call | ast.BinOp):
        return True
    return isinstance(node, ast.Name | ast.Subscript) and isinstance(node.ctx, ast.Load)


def _with_axis(axis: int | None) -> Callable[[Any], None]:
    def change(keyword: ast.keyword) -> None:
        keyword.value = ast.Constant(axis)

    return change


def _named(name: str) -> Callable[[Any], None]:
    def change(called: ast.Call) -> None:
        called.func.attr = name  # type: ignore[attr-defined]

    return change


def _with_an_end(rounds: int) -> Callable[[Any], None]:
    def change(loop: ast.For | ast.While) -> None:
        test = ast.parse(f"if _rounds.append(1) or len(_rounds) > {rounds}: pass").body[0]
        assert isinstance(test, ast.If)
        test.body = [ast.Break()]
        loop.body = [test, *loop.body]

    return change


def in_the_code(exercise: CodeExercise) -> Iterator[Mutant]:
    source = exercise.source()
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    names: set[str] = set()
    for what, mutated in changed(tree):
        text = ast.unparse(mutated)
        if text in seen:
            continue
        seen.add(text)
        name = next(n for n in chain([what], (f"{what} #{k}" for k in count(2))) if n not in names)
        names.add(name)
        if "_rounds" in text:
            first = mutated.body[0]  # type: ignore[attr-defined]
            first.body.insert(0, ast.parse("_rounds = []").body[0])
            ast.fix_missing_locations(mutated)
        touched: Counter[str] | None = Counter() if "_around" in text else None
        known = {**exercise.answer.__globals__, "_around": _around(touched)}
        exec(compile(mutated, f"<{name}>", "exec"), known)
        yield Mutant(name, known[exercise.answer.__name__], touched)


def _around(touched: Counter[str] | None) -> Callable[[str, Any], Any]:
    def around(what: str, value: Any) -> Any:
        if isinstance(value, str | bool) or callable(value):
            return value
        array = np.asarray(value)
        if array.dtype.kind not in "fiu" or (array.dtype.kind != "f" and what not in OF_ARRAYS):
            return value
        if not array.ndim and what in OF_ARRAYS[1:]:
            return value
        new = AROUND[what](value)
        if touched is not None and not np.array_equal(array, new, equal_nan=True):
            touched[what] += 1
        return new

    return around


# ---- in what it is called with

SPECIAL: dict[str, Callable[[np.ndarray], Any]] = {
    "is one": lambda x: x.size == 1 and x.ndim,
    "has one row": lambda x: x.ndim and len(x) == 1,
    "has one column": lambda x: x.ndim == 2 and x.shape[1] == 1,
    "has two rows": lambda x: x.ndim and len(x) == 2,
    "has many rows": lambda x: x.ndim and len(x) > 6,
    "has more than 30 rows": lambda x: x.ndim and len(x) > 30,
    "has more than 300 rows": lambda x: x.ndim and len(x) > 300,
    "has more than 30 columns": lambda x: x.ndim == 2 and x.shape[1] > 30,
    "is square": lambda x: x.ndim == 2 and x.shape[0] == x.shape[1],
    "is not square": lambda x: x.ndim == 2 and x.shape[0] != x.shape[1],
    "has a negative": lambda x: (x < 0).any(),
    "has no negative": lambda x: (x >= 0).all(),
    "is zero": lambda x: (x == 0).all(),
    "has a zero": lambda x: (x == 0).any(),
    "has ties": lambda x: np.unique(x).size < x.size,
    "is whole": lambda x: (x == np.round(x)).all(),
    "beyond 4": lambda x: (abs(x) > 4).any(),
    "beyond 20": lambda x: (abs(x) > 20).any(),
    "beyond 100": lambda x: (abs(x) > 100).any(),
    "beyond 500": lambda x: (abs(x) > 500).any(),
    "beyond 2000": lambda x: (abs(x) > 2000).any(),
    "within 1/4": lambda x: (abs(x) < 0.25).all(),
    "has one below 1e-3": lambda x: ((x != 0) & (abs(x) < 1e-3)).any(),
    "has unlike columns": lambda x: x.ndim == 2 and _unlike(abs(x).max(0, initial=0)),
    "has unlike rows": lambda x: x.ndim and _unlike(abs(x.reshape(len(x), -1)).max(1, initial=0)),
    "is unsorted": lambda x: x.ndim == 1 and (np.diff(x) < 0).any(),
}


def _unlike(x: np.ndarray) -> bool:
    return x.size > 1 and 0 < 30 * x.min() < x.max()


def in_its_arguments(exercise: CodeExercise) -> Iterator[Mutant]:
    """The solution, but for arguments of some kind; or with what it gave to others like them."""
    answer = exercise.adapt(exercise.answer)
    cases = exercise.all_cases()
    first = cases[0]
    names = exercise._names(first)

    def unless(name: str, holds: Callable[[Arguments], Any]) -> Mutant:
        touched: Counter[str] = Counter()

        def special(*arguments: Any) -> Any:
            right = as_arrays(answer(*copy.deepcopy(arguments)))
            if not holds(arguments):
                return right
            touched["special"] += 1
            return tuple(part + 0.01 * (abs(part).max(initial=0) or 1) for part in right)

        return Mutant(f"wrong where {name}", special, touched)

    for at, name in enumerate(names):
        if callable(first[at]):
            continue
        if isinstance(first[at], str | bool):
            for value in sorted({case[at] for case in cases}, key=str):
                yield unless(f"{name} is {value}", _equals(at, value))
            continue
        for what, holds in SPECIAL.items():
            yield unless(f"{name} {what}", _holds(at, holds))
    for (one, a), (other, b) in combinations(enumerate(names), 2):
        at = one, other
        if isinstance(first[one], str) and isinstance(first[other], str):
            for pair in sorted({(case[one], case[other]) for case in cases}):
                yield unless(f"{a}, {b} are {pair}", _both(at, pair.__eq__))
        if type(first[one]) is type(first[other]) is int:
            yield unless(f"{a} is {b}", _both(at, lambda pair: pair[0] == pair[1]))
            yield unless(f"{b} divides {a}", _both(at, lambda pair: pair[0] % pair[1] == 0))
            yield unless(f"{b} divides no {a}", _both(at, lambda pair: pair[0] % pair[1] != 0))
        if {type(case[k]) for case in cases for k in at} <= {int, float}:
            lows, highs = np.quantile([[case[k] for k in at] for case in cases], (0.1, 0.9), axis=0)
            for end in product((False, True), repeat=2):
                a_end, b_end = ("least" if low else "most" for low in end)
                limits = np.where(end, lows, highs)
                yield unless(f"{a} is {a_end}, {b} is {b_end}", _both(at, _beyond(limits, end)))
    yield Mutant("what it gave for the same shapes", _remembered(answer, _shapes))
    yield Mutant("what it gave for the same shapes and numbers", _remembered(answer, _numbers))
    yield Mutant("what it gave for the same sums", _remembered(answer, _sums))
    yield Mutant("what it gave for the same first entries", _remembered(answer, _first_entries))
    for at, name in enumerate(names):
        yield Mutant(f"what it gave for another {name}", _remembered(answer, _all_but(at)))


def _equals(at: int, value: Any) -> Callable[[Arguments], Any]:
    return lambda arguments: arguments[at] == value


def _holds(at: int, holds: Callable[[np.ndarray], Any]) -> Callable[[Arguments], Any]:
    def holding(arguments: Arguments) -> bool:
        x = np.asarray(arguments[at])
        return x.dtype.kind in "iufb" and bool(holds(x))

    return holding


def _both(
    at: tuple[int, int], holds: Callable[[tuple[Any, Any]], bool]
) -> Callable[[Arguments], Any]:
    return lambda arguments: holds((arguments[at[0]], arguments[at[1]]))


def _beyond(limits: np.ndarray, low: tuple[bool, ...]) -> Callable[[tuple[Any, Any]], bool]:
    return lambda pair: bool(np.where(low, pair <= limits, pair >= limits).all())


def _shapes(arguments: Arguments) -> Any:
    return tuple(np.shape(a) for a in arguments if not callable(a))


def _numbers(arguments: Arguments) -> Any:
    return tuple(
        np.shape(a) if isinstance(a, np.ndarray) else str(a) for a in arguments if not callable(a)
    )


def _sums(arguments: Arguments) -> Any:
    return tuple((np.shape(a), f"{np.sum(a):.12g}") for a in arguments if _is_numbers(a))


def _first_entries(arguments: Arguments) -> Any:
    return tuple((np.shape(a), *np.ravel(a)[:1]) for a in arguments if _is_numbers(a))


def _is_numbers(argument: Any) -> bool:
    return not callable(argument) and not isinstance(argument, str)


def _all_but(at: int) -> Callable[[Arguments], Any]:
    """All arguments but one, and but functions, which are others at each call."""
    return lambda arguments: tuple(
        (np.shape(a), np.asarray(a).tobytes())
        for k, a in enumerate(arguments)
        if k != at and not callable(a)
    )


def _remembered(answer: Function, key: Callable[[Arguments], Any]) -> Function:
    known: dict[Any, Any] = {}

    def remembering(*arguments: Any) -> Any:
        at = key(arguments)
        if at not in known:
            known[at] = answer(*arguments)
        return known[at]

    return remembering


# ---- what becomes of them


def mutants(exercise: CodeExercise) -> list[Mutant]:
    adapted = [Mutant(m.name, exercise.adapt(m.answer), m.touched) for m in in_the_code(exercise)]
    return [*adapted, *in_its_arguments(exercise)]


Right = list[tuple[Arguments, Arrays]]


def with_what_is_right(
    exercise: CodeExercise, cases: Iterable[Arguments], answer: Function | None = None
) -> Right:
    """Arguments, each with what the solution gives, or another answer of ours."""
    answer = answer or exercise.adapt(exercise.answer)
    floats = map(in_floats, cases)
    return [(c, as_arrays(call(answer, copy.deepcopy(c)))) for c in floats]


def agrees(exercise: CodeExercise, mutant: Mutant, trials: Right) -> bool:
    """Whether an answer gives on all trials what is right: as a check says, in less time."""

    def all_trials() -> bool:
        for arguments, right in trials:
            given = as_arrays(mutant.answer(*copy.deepcopy(arguments)), right)
            if not exercise.is_right(given, right, arguments):
                return False
        return True

    try:
        with time_limit(SECONDS + len(trials) / 100):
            return bool(call(all_trials, ()))
    except BaseException:
        return False


@dataclass
class Score:
    """What became of an exercise's mutants, with how many trials of the other distribution."""

    mutants: int
    refused: int
    void: int  # whose change made no difference to a value
    equivalent: list[str]  # that agree on the other trials too
    accepted: list[str]  # wrongly


def score(exercise: CodeExercise, others: int) -> Score:
    assert exercise.draw is not None
    cases = with_what_is_right(exercise, exercise.all_cases())
    made = mutants(exercise)
    left = [mutant for mutant in made if agrees(exercise, mutant, cases)]
    more = with_what_is_right(exercise, other_trials(exercise.draw, others)) if left else []
    found = Score(len(made), len(made) - len(left), 0, [], [])
    for mutant in left:
        # a change that has made no difference so far is tried on a tenth
        idle = mutant.touched is not None and not mutant.touched.total()
        if not agrees(exercise, mutant, more[: len(more) // 10] if idle else more):
            found.accepted.append(mutant.name)
        elif mutant.touched is not None and not mutant.touched.total():
            found.void += 1
        else:
            found.equivalent.append(mutant.name)
    return found


def digest(exercise: CodeExercise) -> str:
    """Of all that a score comes from: of what is computed, not of what is said about it."""
    own = sys.modules[exercise.answer.__module__]
    # of what it is made of as well, such as the stand-in for PyTorch
    beside = {sys.modules[v.__module__] for v in vars(own).values() if _is_beside(v, own.__name__)}
    parts = [
        own,
        *sorted(beside, key=str),
        drawing,
        as_arrays,
        values.same,
        values.close,
        sys.modules[__name__],
    ]
    parts += [CodeExercise.all_cases, CodeExercise.is_right]
    told = sorted(all_answers()[exercise.id].equivalent)
    numbers = json.dumps([*map(_computed, parts), exercise.tolerance, told])
    return sha256(numbers.encode()).hexdigest()[:16]


def _is_beside(value: Any, module: str) -> bool:
    """Whether something in an exercise's module comes from another of the chapters' modules."""
    of = getattr(value, "__module__", None) or ""
    return of != module and of.startswith("mle_lib.exercises.chapters.")


@cache
def _computed(part: Any) -> str:
    """The code of a module or a function without comments, docstrings and the exercise's texts."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(part)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            kept = [n for n in node.body if not _is_said(n)]
            node.body = kept or [ast.Pass()]
    return ast.unparse(tree)


def _is_said(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func) in ("CodeExercise", "replace")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def written_scores() -> dict[str, dict[str, Any]]:
    """What `scores.json` holds, by id."""
    known: dict[str, dict[str, Any]] = json.loads(SCORES.read_text("utf-8"))
    return known


def numbers_of(exercise: CodeExercise, found: Score) -> dict[str, int]:
    kinds = {"equivalent": len(found.equivalent), "accepted": len(found.accepted)}
    few = {"mutants": found.mutants, "refused": found.refused, "void": found.void}
    return {"trials": len(exercise.all_cases())} | few | kinds


def main(arguments: list[str]) -> None:
    write = "--write" in arguments
    exercises = [e for _, e in by_id().values() if isinstance(e, CodeExercise) and not e.of]
    ids = [id for id in arguments if id != "--write"] or [
        e.id for e in exercises if written_scores().get(e.id, {}).get("digest") != digest(e)
    ]
    for id in ids:
        exercise = find(id)[1]
        assert isinstance(exercise, CodeExercise)
        before, found = digest(exercise), score(exercise, WRITTEN)
        numbers = numbers_of(exercise, found)
        print(f"{id}: " + ", ".join(f"{number} {what}" for what, number in numbers.items()))
        for kind in ("equivalent", "accepted"):
            for name in getattr(found, kind):
                print(f"    {kind}: {name}")
        if write:
            scores = {**written_scores(), id: {"digest": before, **numbers}}
            ordered = {e.id: scores[e.id] for e in exercises if e.id in scores}
            lines = (f'  "{known}": {json.dumps(entry)}' for known, entry in ordered.items())
            SCORES.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
