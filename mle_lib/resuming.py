"""What a resumed run must share with the one before: settings, schedule, random states."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mle_lib.records import alike, plain, same

# What schedules move, so that a group's value is not what it was set to
SCHEDULED = ("lr", "momentum", "betas")


def options_of(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is set for each group of parameters."""
    return [
        plain({name: v for name, v in group.items() if name not in ("params", "param_names")})
        for group in groups
    ]


def check_options(
    path: str | Path,
    options: list[dict[str, Any]],
    start: dict[str, Any] | None,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
) -> None:
    """Each option of the optimiser and of the schedule must be as the run had it at its ``start``
    (which older files do not have), or as it is there now.

    Raises:
        ValueError: If one is not. It would be dropped for that of the file.
    """
    state = {} if scheduler is None else scheduler.state_dict()
    first: dict[str, Any] = start["scheduler"] or {} if start is not None else {}
    # a schedule that was used before is not at its start; its place is that of the file
    fresh = scheduler is None or (
        bool(first) and same(state.get("last_epoch"), first.get("last_epoch"))
    )
    begun = options if start is None else start["optimizer"]
    for live, now, before in zip(options_of(optimizer.param_groups), options, begun, strict=True):
        for name in live:
            if name in now and (fresh or name not in SCHEDULED) and not same(live[name], now[name]):
                compare(name, live[name], before.get(name, now[name]), path)
    if fresh:
        compare("scheduler", state, first, path)


def compare(name: str, live: Any, saved: Any, path: str | Path) -> None:
    """
    Raises:
        ValueError: If a setting is not the saved one. Of a schedule: one that both have and that is
            not private (as its counter of steps is).
    """
    if isinstance(live, dict) and isinstance(saved, dict):
        for key in live.keys() & saved.keys():
            if key == "_schedulers":
                for part, other in zip(live[key], saved[key], strict=True):
                    compare(name, part, other, path)
            elif not str(key).startswith("_"):
                compare(f"{name}'s {key}", live[key], saved[key], path)
    elif not same(live, saved):
        raise ValueError(
            f"{name} must be as in {path}, {saved}, got {live} (load_checkpoint takes the state "
            "into a new run)"
        )


def check_schedule(live: dict[str, Any], saved: dict[str, Any]) -> None:
    """
    Raises:
        ValueError: If an entry of the schedule's state is missing or of another type.
    """
    for name, value in live.items():
        if name not in saved:
            if isinstance(value, bool) and name.startswith("_"):
                continue  # torch's own flags differ from one version to the next
            raise ValueError(f"its scheduler has no {name}")
        if name == "_schedulers":
            for part, other in zip(value, saved[name], strict=True):
                check_schedule(part, other)
        elif not alike(saved[name], value):
            raise ValueError(f"its scheduler's {name} is {saved[name]!r}")


def random_states(model: nn.Module) -> dict[str, Tensor]:
    """The global random states that a model may draw from, as dropout does: that of the CPU and of
    each kind of device that holds parameters."""
    kinds = {q.device.type for q in model.parameters()} - {"cpu"}
    return {"cpu": torch.get_rng_state()} | {
        kind: torch.get_device_module(kind).get_rng_state() for kind in kinds
    }


def check_random_states(states: dict[str, Tensor]) -> None:
    """
    Raises:
        Exception: If one is none: those of generators on the CPU are tried.
    """
    for kind, state in states.items():
        if kind in ("cpu", "shuffle"):
            torch.Generator().set_state(state.cpu())
        if state.dtype != torch.uint8:
            raise ValueError(f"its random state of {kind} is {state.dtype}")


def set_random_states(states: dict[str, Tensor]) -> None:
    """Put them back, where such a device is there."""
    for kind, state in states.items():
        if kind == "cpu":
            torch.set_rng_state(state.cpu())
        elif torch.get_device_module(kind).is_available():
            torch.get_device_module(kind).set_rng_state(state.cpu())
