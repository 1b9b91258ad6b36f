"""How a model is asked for the terms of ℓ without being changed, and what it must be for that."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector


@contextmanager
def eval_mode(module: nn.Module) -> Iterator[None]:
    """A place in which a module is in eval mode: dropout leaves out nothing, BatchNorm uses the
    statistics that it has and does not move them.

    Each part gets its own flag back, also after an error. The flags alone are set, so that a
    module's own ``train`` or ``eval`` has nothing to do or undo.
    """
    torch.clear_autocast_cache()  # its copies of the weights, from before θ was changed
    flags = [(part, part.training) for part in module.modules()]
    try:
        for part, _ in flags:
            part.training = False
        yield
    finally:
        for part, training in flags:
            part.training = training


@contextmanager
def evaluation(model: nn.Module, x: Tensor) -> Iterator[Tensor]:
    """A place in which ``model`` is asked for terms: in eval mode, at the rows ``x``, prepared.

    ℓ is a sum over samples, and every estimator of ∇ℓ takes a part of it. So a model must give the
    same log p(x^(j)) at every call and in all company.

    Raises:
        ValueError: As ``model.prepare``, or if log p of a row changes with the rows beside it or
            from call to call (BatchNorm without running statistics, noise in eval mode).
    """
    with outside_inference(), eval_mode(model):
        rows = model.prepare(x).detach()  # type: ignore[operator]
        if not as_built(model):  # else it is known to be so
            check_alone(model, rows[:1], wider=rows.shape[1] < model.n)
        yield rows


def parameter_of(model: nn.Module) -> nn.Parameter:
    """The first parameter, whose dtype and device are the model's.

    Raises:
        ValueError: If there is none, it holds no real numbers, or autograd is to record it and
            cannot.
    """
    for parameter in model.parameters():
        if torch.is_grad_enabled() or not parameter.is_floating_point():
            check_recordable(parameter)
        return parameter
    raise ValueError(f"model must have parameters, got a {type(model).__name__} without any")


def check_recordable(*parameters: nn.Parameter) -> None:
    """Raise a ``ValueError`` if autograd can never record one of these parameters."""
    for parameter in parameters:
        if not parameter.is_floating_point():
            raise ValueError(
                f"model must have parameters of real numbers, got {parameter.dtype}: what is not "
                "learned is a buffer"
            )
    if any(parameter.is_inference() for parameter in parameters):
        raise ValueError(
            "model must be made outside of torch.inference_mode() to have a gradient or be "
            "changed, got one made inside"
        )


def finite_parameters(model: nn.Module) -> Tensor:
    """θ, flat ``(p,)`` float64; a ``ValueError`` if it is not finite or cannot be changed."""
    parameter_of(model)
    check_recordable(*model.parameters())
    if any(0 in q.stride() and q.numel() > 1 for q in model.parameters()):
        raise ValueError("model must have a place for each of its parameters, got an expanded one")
    theta = parameters_to_vector(model.parameters()).detach().double()
    if not theta.isfinite().all():
        raise ValueError(f"model must have finite parameters, got {theta[~theta.isfinite()][0]}")
    return theta


@contextmanager
def outside_inference() -> Iterator[None]:
    """A place outside of ``torch.inference_mode``, where autograd records as little or as much as
    before."""
    recording = torch.is_grad_enabled()
    with torch.inference_mode(False), torch.set_grad_enabled(recording):
        yield


@contextmanager
def put_back(model: nn.Module) -> Iterator[None]:
    """A place that leaves θ and ``.grad`` as they were if an exception ends it, Ctrl-C too."""
    before = [(q, q.detach().clone(), q.grad) for q in model.parameters()]
    try:
        yield
    except BaseException:
        for q, value, gradient in before:
            q.data.copy_(value)
            q.grad = gradient
        raise


def gradients_of(
    value: Tensor,
    parameters: Sequence[Tensor],
    retain_graph: bool = False,
    create_graph: bool = False,
) -> tuple[Tensor, ...]:
    """Its gradients by the parameters, dense: 0 by each that it does not depend on."""
    if not value.requires_grad:
        return tuple(map(torch.zeros_like, parameters))
    parts = torch.autograd.grad(
        value,
        parameters,
        retain_graph=retain_graph or create_graph,
        create_graph=create_graph,
        materialize_grads=True,
    )
    return tuple(part.to_dense() for part in parts)


@contextmanager
def all_differentiable(module: nn.Module) -> Iterator[list[nn.Parameter]]:
    """A place in which a module's parameters all have gradients, frozen ones too, also under
    ``torch.no_grad`` and ``torch.inference_mode``.

    Raises:
        ValueError: If there is none, or one was made under ``torch.inference_mode``.
    """
    parameter_of(module)
    parameters = list(module.parameters())
    check_recordable(*parameters)
    frozen = [q for q in parameters if not q.requires_grad]
    try:
        for q in frozen:
            q.requires_grad_(True)
        with torch.inference_mode(False), torch.enable_grad():
            yield parameters
    finally:
        for q in frozen:
            q.requires_grad_(False)


@torch.no_grad()
def check_alone(value: Callable[..., Tensor], *row: Tensor, wider: bool = False) -> None:
    """Raise a ``ValueError`` if the value of a row is not the same before 0s, after 0s, before 1s
    and after 1s, up to √ε of its dtype; and, of a sequence, if it may be ``wider``, with one more
    place of padding.

    These calls are all that it sees: not what changes with the number of rows, or beside
    other rows than these, nor noise below √ε (0.03 in float16, 0.09 in bfloat16).

    The generator's state is put back after it, so that noise in a model does not advance it.
    """
    with torch.random.fork_rng([row[0].device] if row[0].is_cuda else []):
        one, *others = (
            value(*(torch.cat([part, fill(part)][::way]) for part in row))[0 if way == 1 else 1]
            for fill in (torch.zeros_like, torch.ones_like)
            for way in (1, -1)
        )
        if wider:
            others.append(value(*(F.pad(part, (0, 1)) for part in row))[0, : len(one)])
    tolerance = torch.finfo(one.dtype).eps ** 0.5
    if not all(torch.allclose(one, other, tolerance, tolerance, True) for other in others):
        raise ValueError(
            "model must give each row of x a value of its own in eval mode, the same at every "
            "call, but it changes with the rows beside it or from call to call"
        )


# --- what is known of the models of this library, as their classes make them ---

_METHODS = (
    "__call__",
    "_call_impl",
    "forward",
    "logits",
    "logits_in_turn",
    "prepare",
    "from_dense",
)
_KNOWN: dict[type, object] = {}


def remember(*models: nn.Module) -> None:
    """Note what models and their parts are made of, so that ``as_built`` knows their classes."""
    for model in models:
        for part in model.modules():
            _KNOWN[type(part)] = _make(part)


def _make(part: nn.Module) -> object:
    """What a module is made of, but for its numbers: attributes, parameters, methods, hooks."""
    children = () if isinstance(part, nn.ModuleList) else tuple(part._modules)
    slots = part._parameters.items()
    return (
        set(vars(part)),
        {name for name, value in slots if type(value) is nn.Parameter},
        set(part._buffers),
        children,
        [getattr(type(part), name, None) for name in _METHODS],
        [name for name, value in vars(part).items() if "hook" in name and value],
    )


def as_built(model: nn.Module) -> bool:
    """Whether a model of this library is still what its class made, in all but its numbers.

    Not so if anything was hung on it, replaced or shared since (a parameter or a layer used twice,
    or of another shape, a hook, a method of its own, a parametrization, other connections), nor if
    it is of a subclass, which may compute anything. Only then may a formula that was derived from
    the class stand in for the model; else the model itself must be asked.
    """
    return (
        all(_KNOWN.get(type(part)) == _make(part) for part in model.modules())
        and all(part.fits() for part in model.modules() if hasattr(part, "fits"))  # type: ignore[operator]
        and not nn.modules.module._has_any_global_hook()
        and not has_a_part_twice(model)
        and _count(model.named_parameters(remove_duplicate=False)) == _count(model.parameters())
    )


def has_hooks_on_parameters(module: nn.Module) -> bool:
    """Whether a parameter has a hook, which changes its gradient."""
    return any(parameter._backward_hooks for parameter in module.parameters())


def has_a_part_twice(module: nn.Module) -> bool:
    """Whether a part stands in two places. (``functional_call`` would not put its parameters
    back.)"""
    return _count(module.named_modules(remove_duplicate=False)) != _count(module.modules())


def _count(things: Iterator[object]) -> int:
    return sum(1 for _ in things)
