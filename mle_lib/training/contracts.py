"""What training asks of an optimiser and of a schedule, before anything is done."""

import inspect
import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mle_lib.models import AutoregressiveModel
from mle_lib.optimizers.rehearsal import rehearse

_able: WeakSet[Optimizer] = WeakSet()  # those whose call contract has been looked at


def check_data(model: AutoregressiveModel, x: Tensor, name: str) -> None:
    """
    Raises:
        ValueError: If ``x`` is not what the model takes, as it says itself (``prepare``).
    """
    try:
        model.prepare(x)
    except ValueError as error:
        raise ValueError(f"{name} {str(error).removeprefix('x ')}") from error


def check_optimizer(model: nn.Module, optimizer: Optimizer) -> set[int]:
    """The ``id`` of every tensor that ``optimizer`` moves, if it can train ``model``.

    Raises:
        ValueError: If it is no optimiser, holds no trainable parameter of the model (it may hold a
            part of them), or cannot make a step from dense gradients and without a closure; or if
            there can be no gradients, under or from ``torch.inference_mode``.
    """
    name = type(optimizer).__name__
    held = {id(q) for group in optimizer.param_groups for q in group["params"]}
    moved = [q for q in model.parameters() if id(q) in held and q.requires_grad]
    if not moved:
        raise ValueError(
            "optimizer must hold a trainable parameter of the model, got one of "
            f"{len(held)} other or frozen tensors (make it from this model's parameters())"
        )
    if torch.is_inference_mode_enabled() or any(q.is_inference() for q in moved):
        raise ValueError(
            "model must be made and trained outside of torch.inference_mode(), where there are no "
            "gradients"
        )
    if optimizer not in _able:
        if needed := needed_arguments(type(optimizer).step):
            raise ValueError(
                f"optimizer must make a step without arguments, got {name}, whose step needs "
                f"{needed}"
            )
        try:
            rehearse(optimizer)
        except Exception as error:
            raise ValueError(
                f"optimizer must make a step from dense gradients, got {name} ({error})"
            ) from error
        _able.add(optimizer)
    return held


def check_scheduler(scheduler: LRScheduler, optimizer: Optimizer) -> None:
    """
    Raises:
        ValueError: If ``scheduler`` is none, drives another optimiser, or needs more to be told
            than that an update was made.
    """
    for part in parts_of(scheduler):
        name = type(part).__name__
        if needed := needed_arguments(type(part).step):
            raise ValueError(
                "scheduler must make a step without arguments, after each update, got "
                f"{name}, whose step needs {needed}"
            )
        if getattr(part, "optimizer", optimizer) is not optimizer:
            raise ValueError(f"scheduler must be of this optimizer, got {name} of another one")


def parts_of(scheduler: LRScheduler | None) -> list[LRScheduler]:
    """A schedule and all that it is made of, whatever stands within what; none of ``None``."""
    if scheduler is None:
        return []
    inner = getattr(scheduler, "_schedulers", ())
    return [scheduler, *(part for one in inner for part in parts_of(one))]


def check_lasts(state: dict[str, Any], updates: int) -> None:
    """
    Raises:
        ValueError: If a schedule in this state ends before so many more ``updates``.
    """
    if why := shortage(state, updates):
        raise ValueError(f"scheduler must last for all {updates} updates, got {why}")


def shortage(state: dict[str, Any], updates: float) -> str:
    """Why a schedule in this state (its ``state_dict``) cannot make so many more steps; empty if
    it can. Of torch's only ``OneCycleLR`` ends; the others go on for ever."""
    parts, edges = state.get("_schedulers", ()), state.get("_milestones")
    if edges is None:
        total, made = state.get("total_steps"), state.get("last_epoch", 0)
        if isinstance(total, int) and updates > total - made:
            return f"one with total_steps = {total}, of which {made} were made"
        return next(filter(None, (shortage(part, updates) for part in parts)), "")
    begun, last = state["last_epoch"], state["last_epoch"] + updates  # one part after the other
    now, edges = bisect_right(edges, begun), [*edges, math.inf]
    for k, part in enumerate(parts[now:], now):
        end = min(last, edges[k] - 1)
        if k > now and last < edges[k - 1]:
            break
        if k > now and "_schedulers" in part:
            return f"a SequentialLR whose part {k}, of parts itself, cannot be begun (in torch)"
        begin, start = (begun, part) if k == now else (edges[k - 1], part | {"last_epoch": 0})
        if why := shortage(start, end - begin):
            return why
    return ""


def needed_arguments(method: Callable[..., Any]) -> str:
    """The names of a method's arguments that have no default."""
    _, *wanted = inspect.signature(method).parameters.values()
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return ", ".join(p.name for p in wanted if p.default is p.empty and p.kind not in kinds)
