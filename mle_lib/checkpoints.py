"""What lets long work be stopped: whole checkpoints, and an interrupt that waits for the step."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def save_checkpoint(path: str | Path, model: nn.Module, optimizer: Optimizer, **more: Any) -> None:
    """Save the model, the optimiser and ``more`` into one file, whole or not at all.

    The file is written under another name and then takes the place of the old one, so that a crash
    leaves the old one as it was.

    Args:
        path: Where; its folder is made if need be.
        model: Its ``state_dict`` is kept.
        optimizer: Its ``state_dict`` is kept.
        **more: Tensors, numbers, texts, and lists and dicts of them.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "optimizer class": type(optimizer).__name__,
        **more,
    }
    try:
        with partial.open("wb") as file:
            torch.save(_plain(state), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(
    path: str | Path, model: nn.Module, optimizer: Optimizer, **expected: Any
) -> dict[str, Any]:
    """Put a checkpoint's state into ``model`` and ``optimizer``, both or neither.

    Only tensors, numbers, texts, lists and dicts are read: a file from elsewhere can run no code.

    Args:
        path: A file that ``save_checkpoint`` wrote.
        model: Of the saved model's shape.
        optimizer: Of the saved kind, for the parameters of ``model``.
        **expected: Parts that must have been saved with just these values.

    Returns:
        The rest of what was saved.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no whole checkpoint, or one of something else. Nothing is changed then.
    """
    device = next(model.parameters()).device
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        saved, settings = state.pop("model"), state.pop("optimizer")
        kinds = _shapes(saved), (state.pop("optimizer class"), _kind(settings))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"path must name a whole checkpoint, got {path} ({error})") from error
    for name, value in expected.items():
        if state.get(name) != value:
            raise ValueError(f"{name} must be as in {path}, {state.get(name)}, got {value}")
    _check_same("model", kinds[0], _shapes(model.state_dict()))
    _check_same("optimizer", kinds[1], (type(optimizer).__name__, _kind(optimizer.state_dict())))
    optimizer.load_state_dict(settings)
    model.load_state_dict(saved)
    return state


def _check_same(name: str, saved: Any, got: Any) -> None:
    if saved != got:
        raise ValueError(f"{name} must be like the saved one, {saved}, got {got}")


def _plain(value: Any) -> Any:
    """The same with NumPy's numbers as Python's own, which alone are read back."""
    if isinstance(value, dict):
        return {_plain(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(part) for part in value)
    return value.item() if isinstance(value, np.generic) else value


def _shapes(state: dict[str, Tensor]) -> dict[str, tuple[tuple[int, ...], str]]:
    return {name: (tuple(value.shape), str(value.dtype)) for name, value in state.items()}


def _kind(state: dict[str, Any]) -> list[tuple[list[str], int]]:
    """What tells one kind of optimiser from another: its options and how many tensors it moves."""
    return [
        (sorted(set(group) - {"params", "initial_lr"}), len(group["params"]))
        for group in state["param_groups"]
    ]


def copy_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A copy that later steps do not change."""
    return {name: value.clone() for name, value in state.items()}


@contextmanager
def patient_interrupt() -> Iterator[Callable[[], bool]]:
    """Within it Ctrl-C does not break a step in two: it is noted, and the yielded function says so.
    A second Ctrl-C interrupts at once. (Outside the main thread Ctrl-C never arrives.)"""
    asked = False

    def note(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        # None: a handler that was not set from Python and cannot be put back
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)
