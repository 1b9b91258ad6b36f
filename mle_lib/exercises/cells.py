"""A cell as the website runs it: by itself, what it prints passed on, its last value shown.

The worker of a page (``book/_exercises/worker.mjs``) calls `run_cell`. A kernel needs none of it.
"""

import ast
import builtins
import io
import linecache
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from mle_lib.exercises.front import Shown
from mle_lib.exercises.results import Result

MOST = 10_000  # characters of output: a page is no log file
NAME = "<cell>"
NOT_PYTHON = {
    "%": "Lines that begin with % are commands of IPython, and do nothing on this page: leave them "
    "out.",
    "!": "Lines that begin with ! are commands for a shell, and there is none on this page: leave "
    "them out.",
}


class Printed(io.TextIOBase):
    """What a cell prints, passed on line by line, up to a limit."""

    def __init__(self, send: Callable[[str], Any], most: int = MOST) -> None:
        self.send, self.left, self.line = send, most, ""

    def write(self, text: str) -> int:
        if self.left < 0:  # said already
            return len(text)
        self.line += text[: self.left]
        self.left -= len(text)
        if self.left < 0:
            self.line += "\n… (the rest is left out)\n"
        if "\n" in self.line:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self.line:
            self.send(self.line)
        self.line = ""


def run_cell(code: str, send: Callable[[str], Any]) -> dict[str, str]:
    """Run a cell in a namespace of its own.

    Args:
        code: The cell. What it needs it imports.
        send: Called with each piece of what it prints.

    Returns:
        ``error``, if it stopped; else ``html`` and ``text`` of the value of its last expression,
        if there is one, and of the result of a check ``exercise`` and ``status``.
    """
    # Known to `linecache`, the cell's lines are shown by tracebacks and found by `inspect`.
    linecache.cache[NAME] = (len(code), None, code.splitlines(keepends=True), NAME)
    printed, kept_input = Printed(send), builtins.input
    builtins.input = _no_input
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            return _shown(_evaluate(code))
    except BaseException as error:  # also `sys.exit()`: the worker must live on
        return {"error": _describe(error)}
    finally:
        builtins.input = kept_input
        printed.flush()


def _evaluate(code: str) -> Any:
    """The value of the last expression, or ``None``."""
    body = ast.parse(code, NAME).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(ast.Module(body, []), NAME, "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), NAME, "eval"), namespace)


def _shown(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    shown = {"text": repr(value)[:MOST]}
    # HTML of ours alone: that of another object might hold a program, and would be kept
    if isinstance(value, Shown):
        shown["html"] = value._repr_html_()
    if isinstance(value, Result):
        shown |= {"exercise": value.exercise, "status": value.status}
        shown["html"] = value.on_the_page()
    return shown


def _describe(error: BaseException) -> str:
    """The cell's own lines on the way to an error, and the error."""
    if isinstance(error, ModuleNotFoundError):
        return f"There is no module {error.name!r} on this page, only NumPy and Python's own."
    if isinstance(error, SyntaxError) and error.filename == NAME:
        line = linecache.getline(NAME, error.lineno or 0).strip()
        if line.startswith(tuple(NOT_PYTHON)):
            return f"Line {error.lineno}: {line}\n{NOT_PYTHON[line[0]]}"
    report = traceback.TracebackException.from_exception(error)
    lines = [
        f"Line {frame.lineno}{'' if frame.name == '<module>' else f', in {frame.name}'}:"
        f"\n    {frame.line}"
        for frame in report.stack
        if frame.filename == NAME
    ]
    if len(lines) > 6:  # a recursion without an end
        lines[3:-2] = ["…"]
    last = "".join(report.format_exception_only()).rstrip()[:MOST]
    return "\n".join([*lines, last.replace(f'  File "{NAME}", line ', "Line ")])


def _no_input(*_: Any) -> str:
    raise RuntimeError("input() does not work on this page: write the value into the cell")
