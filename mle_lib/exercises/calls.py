"""Calling a reader's function."""

import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

SECONDS = 10.0  # for one call; a page has a clock of its own


class TookTooLong(BaseException):
    """No `Exception`, for a reader's function may catch those."""


def call(answer: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call an answer, quietly: what it warns of is judged by what it returns.

    It is judged the same wherever `check` stands, in a block of `torch.no_grad()` too. What would
    end the reader's session, or has no end, becomes an ordinary error.
    """
    quiet = warnings.catch_warnings(action="ignore")
    with quiet, np.errstate(all="ignore"), torch_as_it_starts(), time_limit(SECONDS):
        try:
            return answer(*arguments)
        except Exception:
            raise
        except TookTooLong as error:
            raise TimeoutError(f"stopped after {SECONDS:g} seconds. Does it end?") from error
        except BaseException as error:
            raise RuntimeError(f"{type(error).__name__}: {error}") from error


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop what is inside by an exception, where there are signals; an alarm set in it goes too."""
    here = threading.current_thread() is threading.main_thread()
    if not (here and hasattr(signal, "SIGALRM")) or sys.platform == "emscripten":
        yield
        return

    def stop(*_: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, stop)
    left = signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)  # again, if it was caught
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *left)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def torch_as_it_starts() -> Iterator[None]:
    """With gradients and without autocast, if torch is here: where it is not, no mode is set."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    on = [device for device in ("cpu", "cuda") if torch.is_autocast_enabled(device)]
    with torch.inference_mode(False), torch.enable_grad(), ExitStack() as off:
        for device in on:
            off.enter_context(torch.autocast(device, enabled=False))
        yield


def holds_ellipsis(value: Any) -> bool:
    """Whether a returned value is ``...``, or has one in it."""
    return value is ... or (isinstance(value, tuple | list) and any(part is ... for part in value))
