"""The double of an optimiser, on which is tried what it needs, remembers and takes back."""

import numbers
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


def rehearse(optimizer: Optimizer) -> list[tuple[Tensor, dict[str, Any]]]:
    """One step of the same optimiser on small tensors of its own with gradients of 0: each of them,
    in the order of the parameters, and what is remembered of it then.

    It says what a class needs and leaves behind without knowing the class. Only those of torch and
    of this library are tried, whose steps touch nothing else; for others the list is empty. No hook
    hears of it.

    Raises:
        Exception: What the step raises.
    """
    if type(optimizer).__module__.partition(".")[0] not in ("torch", "mle_lib"):
        return []
    held = [q for group in optimizer.param_groups for q in group["params"]]
    small = [_small(q) for q in held]
    shadow = shadow_of(optimizer, dict(zip(map(id, held), small, strict=True)))
    step: Any = type(shadow).step
    while hasattr(step, "hooked"):  # torch wraps it, for hooks and profiles
        step = step.__wrapped__
    step(shadow)
    return [(q, shadow.state[q]) for q in small]


@torch.inference_mode(False)
def _small(q: Tensor) -> Tensor:
    shape = [min(size, 2) for size in q.shape]
    small = torch.zeros(shape, dtype=q.dtype, device=q.device, requires_grad=True)
    small.grad = torch.zeros_like(small)
    return small


def shadow_of(optimizer: Optimizer, stand_ins: dict[int, Tensor] | None = None) -> Optimizer:
    """An optimiser of the same class, options and attributes that remembers nothing and has no
    hooks. What is loaded into it or done with it does not change the first (but for attributes that
    cannot be copied, as an open file: these they share).

    Args:
        optimizer: The first.
        stand_ins: What it is to hold in place of each parameter, by its ``id``; if ``None`` it
            holds the parameters themselves.
    """
    held = {id(q): q for group in optimizer.param_groups for q in group["params"]}
    known: dict[int, Any] = {**(stand_ins or held), id(optimizer.state): defaultdict(dict)}
    own = {}
    for name, value in vars(optimizer).items():
        if name != "step" and not name.startswith("_optimizer_"):  # a schedule's, and hooks
            own[name] = value
            with suppress(*() if name in ("param_groups", "state") else (Exception,)):
                own[name] = deepcopy(value, known)
    shadow: Optimizer = object.__new__(type(optimizer))
    Optimizer.__setstate__(shadow, own)
    return shadow


def loaded(
    optimizer: Optimizer,
    settings: dict[str, Any],
    load: Callable[[Optimizer, dict[str, Any]], None] | None = None,
) -> tuple[Optimizer, bool]:
    """A double into which a state was loaded, if it is one of such an optimiser for parameters of
    these shapes; and whether something is remembered in it, where there is something to remember.

    Args:
        optimizer: It stays as it is.
        settings: What a ``state_dict`` gave.
        load: How it is loaded, if not by the ``load_state_dict`` of its class.

    Raises:
        Exception: If it is not.
    """
    keys = numbers_of(settings)
    if len(set(keys)) < len(keys) or not settings["state"].keys() <= set(keys):
        raise ValueError("optimizer['state'] is of other parameters")
    double = shadow_of(optimizer)
    (load or type(double).load_state_dict)(double, settings)  # whatever torch itself takes
    if rest := ", ".join(settings.keys() - double.state_dict().keys()):
        raise ValueError(f"the optimizer does not keep {rest}")
    for live, group in zip(optimizer.param_groups, double.param_groups, strict=True):
        for name in live.keys() & optimizer.defaults.keys():  # others are kept as they are
            if name not in group or not alike(group[name], live[name]):
                raise ValueError(f"the optimizer's {name} is {group.get(name, 'missing')!r}")
    rehearsed = rehearse(double)
    parameters = [q for group in double.param_groups for q in group["params"]]
    for theta, (small, expected) in zip(parameters, rehearsed, strict=False):
        found = double.state.get(theta, {})  # none where there was no gradient yet
        if rest := ", ".join(found.keys() - expected.keys()):
            raise ValueError(f"the optimizer does not remember {rest}")
        for name, value in expected.items() if found else ():
            got = found.get(name, "missing")
            uncounted = isinstance(value, int) and isinstance(got, int) and got < value
            if (got is None) != (value is None) or not alike(got, value) or uncounted:
                raise ValueError(f"the optimizer's {name} is {got!r}")
            if isinstance(value, Tensor) and value.shape in (small.shape, ()):
                needed = theta.shape if value.shape == small.shape else ()
                if got.shape != needed:
                    raise ValueError(f"the optimizer's {name} has shape {tuple(got.shape)}")
    return double, bool(double.state) or not any(expected for _, expected in rehearsed)


def numbers_of(settings: dict[str, Any]) -> list[int]:
    """The numbers under which an optimiser's state knows its parameters, in their order."""
    return [k for group in settings["param_groups"] for k in group["params"]]


def alike(a: Any, b: Any) -> bool:
    """Whether ``a`` can stand where ``b`` does: a number for a number, as many of them for a list,
    a tensor for a tensor; ``None`` for anything and anything for it."""
    if a is None or b is None:
        return True
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(b, bool) or isinstance(a, bool):
        return isinstance(a, bool) and isinstance(b, bool)
    number = [
        isinstance(v, numbers.Real) or (isinstance(v, Tensor) and v.ndim == 0) for v in (a, b)
    ]
    kinds = [
        Tensor if isinstance(v, Tensor) else dict if isinstance(v, dict) else type(v)
        for v in (a, b)
    ]
    return all(number) or kinds[0] is kinds[1]
