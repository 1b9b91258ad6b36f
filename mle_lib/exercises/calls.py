"""Calling a reader's function."""

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np


def call(answer: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call an answer, quietly: what it warns of is judged by what it returns.

    What would end the reader's session becomes an ordinary error.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return answer(*arguments)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise RuntimeError(f"{type(error).__name__}: {error}") from error


def importable(module: str) -> bool:
    """Whether a module is here, and works."""
    try:
        import_module(module)
    except Exception:  # a broken installation raises others than ImportError
        return False
    return True


def holds_ellipsis(value: Any) -> bool:
    """Whether a returned value is ``...``, or has one in it."""
    return value is ... or (isinstance(value, tuple | list) and any(part is ... for part in value))
