"""What lets long work be stopped: an interrupt that waits for the step."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ECHO = 2.0  # seconds


@contextmanager
def patient_interrupt() -> Iterator[Callable[[], bool]]:
    """Within it Ctrl-C and SIGTERM do not break a step in two: they are noted, and the yielded
    function says so. The second of them interrupts at once, as Ctrl-C does. (Outside the main
    thread no signal arrives, and one that is ignored stays so, as Ctrl-C in a shell's background.)

    ``torchrun`` passes on to its processes the Ctrl-C that the terminal has sent to them, too: what
    comes within ``ECHO`` seconds of the first is that one.
    """
    asked, since = False, 0.0

    def note(*_: object) -> None:
        nonlocal asked, since
        if asked:
            if "TORCHELASTIC_RUN_ID" in os.environ and time.monotonic() - since < ECHO:
                return
            raise KeyboardInterrupt
        asked, since = True, time.monotonic()

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    usual: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    heard = [number for number in usual if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            # None: a handler that was not set from Python and cannot be put back
            signal.signal(number, usual[number] if handler is None else handler)
