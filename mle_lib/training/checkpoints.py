"""Checkpoints: files that hold a model and an optimiser, whole or refused."""

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mle_lib.checks import NotFiniteError, shown
from mle_lib.data.files import as_path, check_file, whole_file
from mle_lib.models.evaluation import outside_inference
from mle_lib.optimizers.rehearsal import loaded, numbers_of
from mle_lib.training.records import check_no_nan, fingerprint, plain, same
from mle_lib.training.states import (
    check_same,
    check_state,
    held_names,
    plain_names,
    put_state,
    shapes,
)

FORMAT = 1  # files from before it was counted have neither this nor a digest


@dataclass
class Checkpoint:
    """A file that was found right, before anything is changed.

    Attributes:
        rest: What was saved beside the model and the optimiser.
        options: The optimiser's parameter groups when it was saved.
        remembers: Whether the optimiser remembered something, or has nothing to remember.
        trial: An optimiser like the live one, into which the state was loaded.
        put: Put the state into the model and the optimiser.
    """

    rest: dict[str, Any]
    options: list[dict[str, Any]]
    remembers: bool
    trial: Optimizer
    put: Callable[[], None]


def save_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, **more: Any
) -> None:
    """Save the model, the optimiser and ``more`` into one file, whole or not at all.

    The file is written under a name of its own and then takes the place of the old one, so that a
    crash leaves the old one as it was, and of two who save to one path each writes a whole file.
    It is a file of ``torch.save``, with a digest of all that it holds.

    Args:
        path: Where; its folder is made if need be.
        model: Its ``state_dict`` is kept.
        optimizer: Its ``state_dict`` is kept.
        **more: Tensors, numbers, texts, and lists and dicts of them.

    Raises:
        ValueError: If something else is among ``more``, or in a ``state_dict``, which could not be
            read back, a name is one that the file itself has, the optimiser's state would not be
            taken back (as of one that needs a closure, or sparse gradients), or the model or what
            the optimiser remembers is not finite (a ``FloatingPointError``, too). Nothing is
            written then.
    """
    path = as_path(path, "path")
    own = {
        "model": plain_names(model.state_dict()),
        "optimizer": optimizer.state_dict(),
        "optimizer class": type(optimizer).__name__,
        "held parameters": held_names(model, optimizer),
        "file format": FORMAT,
    }
    if taken := sorted({*own, "file digest"} & more.keys()):
        raise ValueError(f"more must not have the names of the file itself, got {taken[0]!r}")
    try:
        state = plain(own | more)
    except RecursionError as error:
        raise ValueError("more must not hold what holds itself, or is nested so deep") from error
    check_state("model", state["model"], model)
    check_no_nan(state["optimizer"], "optimizer")
    check_taken_back(optimizer)
    state["file digest"] = fingerprint(state)
    content = io.BytesIO()  # torch has errors of its own for a full disk
    torch.save(state, content)
    with whole_file(path) as file:
        file.write(content.getbuffer())


def check_taken_back(optimizer: Optimizer) -> None:
    """
    Raises:
        ValueError: If the optimiser's ``state_dict`` could not be saved, or it does not load it.
    """
    try:
        loaded(optimizer, plain(optimizer.state_dict()))
    except Exception as error:
        kind = NotFiniteError if isinstance(error, FloatingPointError) else ValueError
        raise kind(
            "optimizer must load its own state_dict, for a checkpoint, got "
            f"{type(optimizer).__name__} ({type(error).__name__}: {error})"
        ) from error


def load_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, **expected: Any
) -> dict[str, Any]:
    """Put a checkpoint's state into ``model`` and ``optimizer``, both or neither (unless a hook of
    theirs raises).

    Only tensors, numbers, texts, lists and dicts are read: a file from elsewhere can run no code.
    The optimiser's options, the step size among them, become those of the file, as torch's own
    ``load_state_dict`` has it. Options that only one of the two has do not matter, nor whether the
    model is compiled.

    Args:
        path: A file that ``save_checkpoint`` wrote.
        model: Of the saved model's shape.
        optimizer: Of the saved kind, for the parameters of ``model``.
        **expected: Parts that must have been saved with just these values.

    Returns:
        The rest of what was saved.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no whole checkpoint, holds NaN, or is one of something else. Nothing is
            changed then.
    """
    with outside_inference():  # what is loaded there could not be changed elsewhere
        checkpoint = read_checkpoint(path, model, optimizer, **expected)
        checkpoint.put()
    return checkpoint.rest


def read_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, **expected: Any
) -> Checkpoint:
    """Read a file and compare all of it with what it is for; change nothing. Arguments and errors
    are those of ``load_checkpoint``."""
    path = as_path(path, "path")
    try:
        device = next((q.device for q in model.parameters()), torch.device("cpu"))
        state = _whole(path, device)
        saved, settings = plain_names(state.pop("model")), state.pop("optimizer")
        kind = (state.pop("optimizer class"), [len(g["params"]) for g in settings["param_groups"]])
        _, held = shapes(saved), state.pop("held parameters", None)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"path must name a whole checkpoint, got {path} ({error})") from error
    for name, value in expected.items():
        if name not in state or not same(state[name], value):
            there = shown(state.get(name, "nothing"))
            raise ValueError(f"{name} must be as in {path}, {there}, got {shown(value)}")
    check_state("model", saved, model)
    groups = optimizer.param_groups
    check_same("optimizer", kind, (type(optimizer).__name__, [len(g["params"]) for g in groups]))
    if held is not None:  # else torch would go by the position alone
        check_same("the parameters of optimizer", held, held_names(model, optimizer))
    try:
        check_no_nan(settings, "optimizer")
        trial, remembers = loaded(optimizer, settings)
    except Exception as error:
        raise ValueError(f"path must name a whole checkpoint, got {path} ({error})") from error

    def put() -> None:
        before = list(optimizer.param_groups)
        optimizer.load_state_dict(settings)
        for group, live in zip(optimizer.param_groups, before, strict=True):
            for name in live.keys() - group.keys():
                group[name] = live[name]
        parameters = [q for group in optimizer.param_groups for q in group["params"]]
        for k, theta in zip(numbers_of(settings), parameters, strict=True):
            for name, value in settings["state"].get(k, {}).items():
                if isinstance(value, Tensor):  # torch casts to the parameter's: another run
                    live = optimizer.state[theta]
                    live[name] = value.to(live[name].device)
        put_state(model, saved)

    return Checkpoint(state, settings["param_groups"], remembers, trial, put)


def _whole(path: Any, device: torch.device) -> dict[str, Any]:
    """The content of a file, if its digest, or an older one's checksums, are right."""
    check_file(path)
    with path.open("rb") as file:  # opened once: it may be replaced meanwhile
        state: dict[str, Any] = torch.load(file, map_location=device, weights_only=True)
        version, digest = state.get("file format"), state.pop("file digest", None)
        if version is None and digest is None:
            if zipfile.is_zipfile(file) and (part := zipfile.ZipFile(file).testzip()):
                raise ValueError(f"its part {part} is damaged")
        elif digest != fingerprint(state):
            raise ValueError("its digest is another one: it was damaged or changed")
        elif version != FORMAT:
            raise ValueError(f"its format is {version}, this library reads {FORMAT}")
    state.pop("file format", None)
    return state
