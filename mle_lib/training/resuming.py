"""What a resumed run must share with the one before: settings, schedule, random states."""

import re
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mle_lib.optimizers.rehearsal import alike, shadow_of
from mle_lib.training.contracts import parts_of
from mle_lib.training.records import plain, same

# What schedules move, so that a group's value is not what it was set to
SCHEDULED = ("lr", "momentum", "betas")
COUNTERS = ("last_epoch", "_step_count", "_last_lr", "T_cur", "T_i")  # of torch's schedules


def options_of(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is set for each group of parameters."""
    return [
        plain({name: v for name, v in group.items() if name not in ("params", "param_names")})
        for group in groups
    ]


def check_options(
    path: str | Path,
    options: list[dict[str, Any]],
    saved: dict[str, Any],
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
) -> None:
    """Each option of the optimiser and of the schedule must be as the run had it at its start
    (which older files do not have), or as it is there now. A schedule that was used before stands
    where the file is, or elsewhere: then what it has moved is not compared, but for the step sizes,
    which must be those that it has set.

    Raises:
        ValueError: If one is not. It would be dropped for that of the file.
    """
    start = saved["start"]
    fresh = there = scheduler is None
    state: dict[str, Any] = {}
    if scheduler is not None and start is not None:
        state, first, last = scheduler.state_dict(), start["scheduler"], saved["scheduler"]
        fresh, there = (same(counters(state), counters(one)) for one in (first, last))
        compare_schedule(state, first if fresh else last, None if fresh or there else first, path)
    cycles = start is None or any(
        getattr(part, "cycle_momentum", not type(part).__module__.startswith("torch."))
        for part in parts_of(scheduler)
    )
    begun, groups = options if start is None else start["optimizer"], optimizer.param_groups
    for k, (live, now, before) in enumerate(zip(options_of(groups), options, begun, strict=True)):
        for name in live.keys() & now.keys():
            wanted = [now[name], before.get(name, now[name])]
            if name in SCHEDULED and there and not fresh:
                wanted = wanted[:1]
            elif name == "lr" and not fresh:
                wanted = state.get("_last_lr", [])[k : k + 1]
            elif name in SCHEDULED and not fresh and cycles:
                wanted = []
            if wanted and not any(same(live[name], one) for one in wanted):
                compare(name, live[name], wanted[-1], path)


def counters(state: dict[str, Any]) -> list[Any]:
    """How often a schedule in this state, and each of its parts, has been stepped."""
    inner = [counters(part) for part in state.get("_schedulers", ())]
    return [state.get("last_epoch"), state.get("_step_count"), inner]


def compare_schedule(
    live: dict[str, Any], saved: dict[str, Any], first: dict[str, Any] | None, path: str | Path
) -> None:
    """
    Raises:
        ValueError: If an entry of a schedule's state is not the saved one; with the state ``first``
            that it began in, only those count that are no counters and have not moved since.
    """
    for key in sorted(live.keys() | saved.keys(), key=lambda key: (key.startswith("_"), key)):
        now, then = live.get(key, "nothing"), saved.get(key, "nothing")
        if key == "_schedulers":
            for k, (part, other) in enumerate(zip(now, then, strict=True)):
                compare_schedule(part, other, first and first[key][k], path)
        elif key not in live.keys() & saved.keys() and private_flag(key, live.get(key, then)):
            continue
        elif first is None or (key not in COUNTERS and same(first.get(key, "nothing"), then)):
            compare(f"scheduler's {key}", now, then, path)


def check_unsaved(
    path: str | Path,
    saved: dict[str, Any],
    start: dict[str, Any],
    trial: Optimizer,
) -> None:
    """What no ``state_dict`` has must be as it was, as far as it can be known: of which layers the
    model is made and what is frozen, the schedule's functions, and the plain attributes of the
    optimiser, once it is loaded (``trial``). Older files do not say.

    Raises:
        ValueError: If something is not.
    """
    before = saved["start"] or {}
    model = before.get("model", start["model"])
    for now, then in zip_longest(start["model"], model, fillvalue="nothing"):
        compare("model", now, then, path)
    factors = start["factors"]
    compare("scheduler's functions", factors, before.get("factors", factors), path)
    live = attributes_of(trial)
    for name, value in saved["attributes"].items():
        compare(f"optimizer.{name}", live.get(name, value), value, path)


def parts_of_model(model: nn.Module) -> list[str]:
    """A line for each part of a model, as it prints itself, and one for what is frozen in it."""
    lines = [
        f"{name}: {type(part).__qualname__}({part.extra_repr()})".replace("_orig_mod.", "")
        for name, part in model.named_modules()
        if not hasattr(part, "_orig_mod")  # what torch.compile puts around a model
    ]
    frozen = [name for name, q in model.named_parameters() if not q.requires_grad]
    lines.append(f"frozen: {', '.join(frozen)}".replace("_orig_mod.", ""))
    return [re.sub(r" at 0x[0-9a-f]+", "", line).replace("_orig_mod: ", ": ") for line in lines]


# steps at which a schedule's functions are compared
TRIED = (*range(65), *(2**k for k in range(7, 24)))


def functions_of(scheduler: LRScheduler | None) -> list[Any]:
    """What the functions of a schedule of torch's give, which torch does not save, at a few steps:
    one list for each, ended by an error."""
    functions = [
        function
        for part in parts_of(scheduler)
        if type(part).__module__.startswith("torch.")
        for function in [*getattr(part, "lr_lambdas", ()), getattr(part, "_scale_fn_custom", None)]
        if function is not None
    ]
    values: list[Any] = []
    for function in functions:
        found: list[Any] = []
        values.append(found)
        with suppress(Exception):  # a table may end
            found.extend(plain(function(step)) for step in TRIED)
    return values


def attributes_of(optimizer: Optimizer) -> dict[str, Any]:
    """The numbers and texts that an optimiser has as attributes of its own."""
    kinds = (bool, int, float, str)
    return {
        name: value
        for name, value in vars(optimizer).items()
        if type(value) in kinds and not name.startswith("_")
    }


def lost_attributes(optimizer: Optimizer, before: dict[str, Any]) -> list[str]:
    """Those that have moved since and are not put back by the optimiser's ``state_dict``."""
    if (now := attributes_of(optimizer)) == before:
        return []
    trial = shadow_of(optimizer)
    vars(trial).update(before)
    trial.load_state_dict(plain(optimizer.state_dict()))
    loaded = attributes_of(trial)
    return [name for name, value in now.items() if name not in loaded or loaded[name] != value]


def compare(name: str, live: Any, saved: Any, path: str | Path) -> None:
    """
    Raises:
        ValueError: If a setting is not the saved one.
    """
    if not same(live, saved):
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
            if private_flag(name, value):
                continue
            raise ValueError(f"its scheduler has no {name}")
        if name == "_schedulers":
            for part, other in zip(value, saved[name], strict=True):
                check_schedule(part, other)
        elif not alike(saved[name], value):
            raise ValueError(f"its scheduler's {name} is {saved[name]!r}")


def private_flag(name: str, value: Any) -> bool:
    """Whether it may be one of torch's own flags, which differ from one version to the next."""
    return isinstance(value, bool) and name.startswith("_")


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
            torch.Generator("cpu").set_state(state.cpu())
        if state.dtype != torch.uint8:
            raise ValueError(f"its random state of {kind} is {state.dtype}")


def set_random_states(states: dict[str, Tensor]) -> None:
    """Put them back, where such a device is there."""
    for kind, state in states.items():
        if kind == "cpu":
            torch.set_rng_state(state.cpu())
        elif torch.get_device_module(kind).is_available():
            torch.get_device_module(kind).set_rng_state(state.cpu())
