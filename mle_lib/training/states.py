"""What a model holds (its ``state_dict``), under names that do not tell whether it is compiled."""

from copy import deepcopy
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from mle_lib.checks import NotFiniteError
from mle_lib.training.records import check_no_nan


def check_state(name: str, state: dict[str, Any], model: nn.Module) -> None:
    """
    Raises:
        ValueError: If ``state``, under plain names, is not of this model.
        NotFiniteError: If it holds NaN, or an infinite parameter.
    """
    check_same(name, shapes(state), shapes(plain_names(model.state_dict())))
    check_no_nan(state, name)
    for parameter in map(plain_name, dict(model.named_parameters())):
        if not state[parameter].isfinite().all():
            raise NotFiniteError(
                f"numbers must be finite, got an infinite one in {name}[{parameter!r}]"
            )


def plain_name(name: str) -> str:
    return name.replace("_orig_mod.", "")  # what torch.compile puts before the names


def plain_names(state: dict[str, Any]) -> dict[str, Any]:
    """A model's state under the names that it has without ``torch.compile``."""
    return {plain_name(name): value for name, value in state.items()}


def put_state(model: nn.Module, state: dict[str, Any]) -> None:
    """Load a state under plain names into a model, compiled or not."""
    model.load_state_dict({name: state[plain_name(name)] for name in model.state_dict()})


def held_names(model: nn.Module, optimizer: Optimizer) -> list[list[str | None]]:
    """The names, in the model, of the parameters in each group."""
    names = {id(q): plain_name(name) for name, q in model.named_parameters()}
    return [[names.get(id(q)) for q in group["params"]] for group in optimizer.param_groups]


def check_same(name: str, saved: Any, got: Any) -> None:
    if saved != got:
        raise ValueError(f"{name} must be like the saved one, {saved}, got {got}")


def shapes(state: dict[str, Any]) -> dict[str, tuple[tuple[int, ...], str]]:
    return {
        # what a module's get_extra_state gave may be anything
        name: ((), "") if name.endswith("_extra_state") else (tuple(value.shape), str(value.dtype))
        for name, value in state.items()
    }


def copy_of(state: dict[str, Any]) -> dict[str, Any]:
    """A copy that later steps do not change."""
    return {
        name: value.clone() if isinstance(value, Tensor) else deepcopy(value)
        for name, value in state.items()
    }
