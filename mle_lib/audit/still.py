"""A place in which training goes through all its motions and nothing moves: optimisers hold θ."""

import functools
import gc
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from mle_lib.training.resuming import random_states, set_random_states


@contextmanager
def standing_still(model: nn.Module, seen: Callable[[Optimizer], None]) -> Iterator[list[str]]:
    """A place in which each step of a torch optimiser that holds a parameter of ``model`` calls
    ``seen`` in place of its update. Its closure is called as it would be, and so are its hooks.

    The function that updates is itself replaced, in every class of optimisers, for a hook before it
    could not keep it from its update. After it, parameters, buffers, gradients, flags, what is set
    in optimisers, and the states of schedules, of gradient scalers and of random numbers are what
    they were. What the loop moved all the same is listed in what it gives, once it has ended.
    """
    moved: list[str] = []
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    values = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    gradients = [
        (q, None if q.grad is None else q.grad.clone(), q.requires_grad) for q in model.parameters()
    ]
    modes = [(part, part.training) for part in model.modules()]
    states = _states(model)
    chance = random_states(model), np.random.get_state(), random.getstate()  # noqa: NPY002
    with _held(model, seen):
        try:
            yield moved
        finally:
            with torch.no_grad():
                for name, tensor in tensors.items():
                    if not _same(tensor, values[name]):
                        moved.append(name)
                        tensor.data.copy_(values[name])
            for q, gradient, flag in gradients:
                q.grad = gradient
                q.requires_grad_(flag)
            for part, training in modes:
                part.training = training
            for put, state in states:
                put(state)
            set_random_states(chance[0])
            np.random.set_state(chance[1])  # noqa: NPY002
            random.setstate(chance[2])


def _same(a: Tensor, b: Tensor) -> bool:
    return torch.equal(a.detach().nan_to_num(), b.nan_to_num()) and torch.equal(
        a.isnan(), b.isnan()
    )


def holds(optimizer: Optimizer, model: nn.Module) -> bool:
    """Whether a parameter of the model is among the optimiser's own; not where it only passes its
    steps on to another."""
    ours = {id(q) for q in model.parameters()}
    if any(isinstance(inner, Optimizer) for inner in vars(optimizer).values()):
        return False
    return any(id(q) in ours for group in optimizer.param_groups for q in group["params"])


def _states(model: nn.Module) -> list[tuple[Callable[[Any], object], Any]]:
    """How to put back what optimisers, schedules and scalers that are there have set."""
    found: list[tuple[Callable[[Any], object], Any]] = []
    for thing in gc.get_objects():
        kind = type(thing)  # isinstance would ask some objects for more than they can give
        if issubclass(kind, Optimizer) and holds(thing, model):
            found += [(functools.partial(_put, group), dict(group)) for group in thing.param_groups]
        elif issubclass(kind, (LRScheduler, ReduceLROnPlateau)) and holds(thing.optimizer, model):
            found.append((vars(thing).update, dict(vars(thing))))
        elif issubclass(kind, GradScaler):
            found.append((thing.load_state_dict, thing.state_dict()))
    return found


def _put(group: dict[str, Any], before: dict[str, Any]) -> None:
    group.clear()
    group.update(before)


def hooked(step: Any) -> bool:
    """Whether a class's ``step`` calls the hooks of its optimisers."""
    return getattr(step, "hooked", False)


def with_hooks(step: Any) -> Any:
    """The same that does."""
    new: Any = Optimizer.profile_hook_step(step)
    new.hooked = True
    return new


@contextmanager
def _held(model: nn.Module, seen: Callable[[Optimizer], None]) -> Iterator[None]:
    active = True

    def held(update: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(update)
        def step(self: Optimizer, closure: Callable[[], Any] | None = None, **more: Any) -> Any:
            if not active or not holds(self, model):
                return update(self, **({} if closure is None else {"closure": closure}), **more)
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            seen(self)
            return loss

        return step

    originals: list[tuple[Any, Any]] = []

    def hold(kind: type[Optimizer]) -> None:
        if "step" in vars(kind) and getattr(kind.step, "_held", None) is not held:
            old: Any = vars(kind)["step"]
            new: Any = held(old.__wrapped__) if hooked(old) else held(old)
            new._held = held  # by this audit
            if hooked(old):  # torch has put its hooks around it, when the first was made
                new = with_hooks(new)
            originals.append((kind, old))
            kind.step = new  # type: ignore[method-assign]

    def every(kind: type[Optimizer]) -> Iterator[type[Optimizer]]:
        for below in kind.__subclasses__():
            yield below
            yield from every(below)

    usual = Optimizer._patch_step_function

    def also_new_ones(self: Optimizer) -> None:
        usual(self)
        for kind in type(self).__mro__:
            if issubclass(kind, Optimizer) and kind is not Optimizer:
                hold(kind)

    own = [thing for thing in gc.get_objects() if issubclass(type(thing), Optimizer)]
    wrapped = [(one, vars(one)["step"]) for one in own if "step" in vars(one) and holds(one, model)]
    for kind in every(Optimizer):
        hold(kind)
    Optimizer._patch_step_function = also_new_ones  # type: ignore[method-assign]
    for one, _ in wrapped:  # a schedule has put the function as it was into the optimiser
        bound: Any = functools.partial(type(one).step, one)
        bound._wrapped_by_lr_sched = one._opt_called = True  # else the schedule warns of it
        one.step = bound
    try:
        yield
    finally:
        active = False  # also for who has kept one of these functions
        Optimizer._patch_step_function = usual  # type: ignore[method-assign]
        for kind, old in originals:
            kind.step = old
        for kind in every(Optimizer):
            if getattr(vars(kind).get("step"), "_held", None) is held:  # it has that of its parent
                del kind.step
        for thing in gc.get_objects():  # what was made inside needs its hooks
            if issubclass(type(thing), Optimizer) and not hooked(type(thing).step):
                usual(thing)
        for one, step in wrapped:
            one.step = step
