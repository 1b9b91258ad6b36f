"""The lines of the library, or of a benchmark, where a chapter first uses them."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path

from mle_lib.results import load_result

ROOT = Path(__file__).parents[2]


class Source:
    """Python source; a notebook shows it in colours, a terminal as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/markdown": f"```python\n{self.text}\n```", "text/plain": self.text}


def show_source(*of: Callable[..., object] | str) -> Source:
    """The source of functions or methods without their docstrings, each below the name of its file;
    of a stored result, by its name, the core of the benchmark that measured it.

    Args:
        of: Functions or methods of the library, or names for ``load_result``.

    Raises:
        ValueError: If nothing is given, something has no source, or a result has no core.
    """
    if not of:
        raise ValueError("of must name something, got nothing")
    return Source("\n\n".join(_core(one) if isinstance(one, str) else _lines(one) for one in of))


def _core(name: str) -> str:
    core = load_result(name).get("core")
    if core is None:
        raise ValueError(f"of must name a result with its core, got {name!r}")
    return f"# benchmarks/{name}.py\n{core}"


def _lines(function: Callable[..., object]) -> str:
    try:
        plain = inspect.unwrap(function)
        text = textwrap.dedent(inspect.getsource(plain))
        file = Path(inspect.getsourcefile(plain) or "")
    except (TypeError, OSError) as error:
        raise ValueError(f"of must have a source, got {function!r}") from error
    where = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file.name
    return f"# {where}\n{without_docstring(text)}"


def without_docstring(text: str) -> str:
    """The source of one function or class without its first docstring, and without blank ends."""
    body = getattr(ast.parse(text).body[0], "body", [])
    lines = text.rstrip().splitlines()
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        del lines[first.lineno - 1 : first.end_lineno]
        while len(lines) >= first.lineno and not lines[first.lineno - 1].strip():
            del lines[first.lineno - 1]
    return "\n".join(lines)
