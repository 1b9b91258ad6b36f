"""What training asks of an optimiser and of a schedule, before anything is done."""

import inspect
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

_able: WeakSet[Optimizer] = WeakSet()  # those whose call contract has been looked at


def check_optimizer(model: nn.Module, optimizer: Optimizer) -> set[int]:
    """The ``id`` of every tensor that ``optimizer`` moves, if it can train ``model``.

    Raises:
        ValueError: If it is no optimiser, holds no trainable parameter of the model (it may hold a
            part of them), or cannot make a step from dense gradients and without a closure.
    """
    name = type(optimizer).__name__
    if not all(hasattr(optimizer, part) for part in ("param_groups", "zero_grad", "step")):
        raise ValueError(f"optimizer must be a torch optimiser, got {optimizer!r}")
    held = {id(q) for group in optimizer.param_groups for q in group["params"]}
    if not any(id(q) in held and q.requires_grad for q in model.parameters()):
        raise ValueError(
            "optimizer must hold a trainable parameter of the model, got one of "
            f"{len(held)} other or frozen tensors (make it from this model's parameters())"
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


def check_scheduler(scheduler: LRScheduler, optimizer: Optimizer, updates: int) -> None:
    """
    Raises:
        ValueError: If ``scheduler`` is none, drives another optimiser, needs more to be told than
            that an update was made, or ends before so many ``updates``.
    """
    for part in (scheduler, *getattr(scheduler, "_schedulers", ())):
        name = type(part).__name__
        if not all(callable(getattr(part, method, None)) for method in ("step", "state_dict")):
            raise ValueError(f"scheduler must be a torch learning-rate scheduler, got {part!r}")
        if needed := needed_arguments(type(part).step):
            raise ValueError(
                "scheduler must make a step without arguments, after each update, got "
                f"{name}, whose step needs {needed}"
            )
        if getattr(part, "optimizer", optimizer) is not optimizer:
            raise ValueError(f"scheduler must be of this optimizer, got {name} of another one")
    total = getattr(scheduler, "total_steps", None)
    if isinstance(total, int) and updates > total:
        raise ValueError(
            f"scheduler must last for all {updates} updates, got {type(scheduler).__name__} "
            f"with total_steps = {total}"
        )


def needed_arguments(method: Callable[..., Any]) -> str:
    """The names of a method's arguments that have no default."""
    _, *wanted = inspect.signature(method).parameters.values()
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return ", ".join(p.name for p in wanted if p.default is p.empty and p.kind not in kinds)


def rehearse(optimizer: Optimizer) -> list[tuple[Tensor, dict[str, Any]]]:
    """One step of the same optimiser on small tensors of its own with gradients of 0: each of them,
    in the order of the parameters, and what is remembered of it then.

    It says what a class needs and leaves behind without knowing the class. Only those of torch and
    of this library are tried, whose steps touch nothing else; for others the list is empty.

    Raises:
        Exception: What the step raises.
    """
    if type(optimizer).__module__.partition(".")[0] not in ("torch", "mle_lib"):
        return []
    groups = [
        {**group, "params": [_small(q) for q in group["params"]]}
        for group in optimizer.param_groups
    ]
    shadow = shadow_of(optimizer, groups)
    shadow.step()
    return [(q, shadow.state[q]) for group in groups for q in group["params"]]


def _small(q: Tensor) -> Tensor:
    shape = [min(size, 2) for size in q.shape]
    small = torch.zeros(shape, dtype=q.dtype, device=q.device, requires_grad=True)
    small.grad = torch.zeros_like(small)
    return small


def shadow_of(optimizer: Optimizer, groups: list[dict[str, Any]]) -> Optimizer:
    """An optimiser of the same class with these groups that remembers nothing. What is loaded into
    it or done with it does not change the first."""
    shadow: Optimizer = object.__new__(type(optimizer))
    shadow.__setstate__(
        {"defaults": dict(optimizer.defaults), "state": defaultdict(dict), "param_groups": groups}
    )
    return shadow
