"""Every public function in every mode of autograd, and what it leaves behind: walks the table of
``test_every_argument``."""

import copy
import inspect
from collections.abc import Callable
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from mle_lib import gradient, minibatch, models, paradigms, second_order
from mle_lib import variance_reduction as vr
from mle_lib.likelihood import log_likelihood
from mle_lib.paradigms import bound_gradients, fooling_gradients
from mle_lib.second_order import irls
from mle_lib.training import train_step
from tests.cases import binary
from tests.library.test_every_argument import (
    EACH,
    gan,
    ids,
    mixture,
    model,
    name_of,
    vae,
    vector,
    wrong,
)

BUILD = [vr.SAG, vr.SAGA, vr.SVRG, vr.ControlVariate]
CHANGE = (irls.newton, second_order.lbfgs)  # the model, which is what they are for
ROOMS = (gradient, irls, minibatch, second_order, vr)
FUNCTIONS = {value for room in ROOMS for value in vars(room).values() if callable(value)}
FUNCTIONS |= {paradigms.bound_gradients, paradigms.fooling_gradients}  # whose result has no graph


def made(values: dict[str, object]) -> dict[str, object]:
    return {k: v() if inspect.isfunction(v) else v for k, v in values.items()}


def fresh(call: Callable) -> Callable:
    """The same method of a copy of its model, if it is one of a model."""
    owner = getattr(call, "__self__", None)
    return getattr(copy.deepcopy(owner), call.__name__) if isinstance(owner, nn.Module) else call


def copied(values: dict[str, object]) -> dict[str, object]:
    """The values with copies of their tensors."""

    def of(value: object) -> object:
        if isinstance(value, paradigms.GameNoise):
            return paradigms.GameNoise(*map(torch.clone, value))
        return value.clone() if isinstance(value, Tensor) else value

    return {k: of(v) for k, v in values.items()}


def build_and_call(kind: type) -> Callable:
    def call(model: nn.Module, x: Tensor, indices: Tensor) -> list[Tensor]:
        known = (
            lambda rows: rows.repeat(1, 20)[
                :, : max(sum(q.numel() for q in model.parameters()), 1)
            ],
            x,
        )
        estimator = kind(*(known if kind is vr.ControlVariate else (model, x)))
        return [estimator(model, x, indices), estimator(model, x, indices)]

    call.__qualname__ = f"{kind.__name__}.__call__"
    return call


WALK = dict(EACH) | {build_and_call(kind): EACH[minibatch.minibatch_gradient] for kind in BUILD}
WALK[second_order.exact_fisher] = {"model": model}
MODES = {"no_grad": torch.no_grad, "inference": torch.inference_mode}


@pytest.mark.parametrize("call", WALK, ids=name_of)
@pytest.mark.parametrize("mode", MODES)
def test_a_result_does_not_depend_on_the_mode(call: Callable, mode: str) -> None:
    expected = vector(call(**made(WALK[call])))
    with MODES[mode]():
        found = vector(call(**made(WALK[call]) if mode == "no_grad" else made_outside(call)))
    torch.testing.assert_close(found.clone(), expected, rtol=0, atol=0, equal_nan=True)


def made_outside(call: Callable) -> dict[str, object]:
    with torch.inference_mode(False):
        return made(WALK[call])


@pytest.mark.parametrize("call", WALK, ids=name_of)
@pytest.mark.parametrize("mode", ["grad", *MODES])
def test_data_may_be_made_under_inference_mode(call: Callable, mode: str) -> None:
    expected = vector(call(**made(WALK[call])))
    values = made(WALK[call])
    with torch.inference_mode():
        values = copied(values)
    with MODES.get(mode, nullcontext)():
        found = vector(call(**values))
    torch.testing.assert_close(found.clone(), expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("call", WALK, ids=name_of)
@pytest.mark.parametrize("mode", ["grad", *MODES])
def test_a_model_made_under_inference_mode_is_served_or_refused(call: Callable, mode: str) -> None:
    expected = vector(call(**made(WALK[call])))
    with torch.inference_mode():
        inside, values = fresh(call), made(WALK[call])
    with MODES.get(mode, nullcontext)():
        try:
            found = vector(inside(**values))
        except ValueError as error:
            assert "model must be made outside of torch.inference_mode()" in str(error)  # noqa: PT017
        else:
            torch.testing.assert_close(found.clone(), expected, rtol=0, atol=0, equal_nan=True)


def marked(values: dict[str, object]) -> dict[str, object]:
    """The same with a model in a state of its own: a parameter frozen, ``.grad`` in use, parts in
    different modes."""
    for value in (values := made(values)).values():
        if isinstance(value, nn.Module):
            parameters = list(value.parameters())
            for q in parameters:
                q.grad = torch.full_like(q, 7.0)
            parameters[0].requires_grad_(False)
            list(value.modules())[-1].eval()
    return values


def state(values: dict[str, object], model_too: bool = True) -> list[object]:
    """All that a call could have changed."""
    found: list[object] = [torch.random.get_rng_state(), torch.is_grad_enabled()]
    for value in values.values():
        if isinstance(value, nn.Module):
            if model_too:
                found += [t.clone() for t in value.state_dict(keep_vars=True).values()]
                found += [q.grad.clone() for q in value.parameters()]
            found += [q.requires_grad for q in value.parameters()]
            found += [part.training for part in value.modules()]
            found += [len(part._forward_hooks) for part in value.modules()]
        elif isinstance(value, Tensor):
            found += [value.clone(), value.grad, value.requires_grad]
        elif isinstance(value, torch.Generator):
            found.append(value.get_state())
    return found


def same(one: list[object], other: list[object]) -> bool:
    pairs = zip(one, other, strict=True)
    return all(torch.equal(a, b) if isinstance(a, Tensor) else a == b for a, b in pairs)


@pytest.mark.parametrize("call", WALK, ids=name_of)
def test_nothing_is_left_behind(call: Callable) -> None:
    values = {k: v for k, v in marked(WALK[call]).items() if not isinstance(v, torch.Generator)}
    if "generator" in WALK[call]:
        return  # drawing is what these are for
    for name, value in values.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            values[name] = value.clone().requires_grad_()
    before = state(values, call not in CHANGE)
    result = call(**values)
    assert same(state(values, call not in CHANGE), before)
    if call in FUNCTIONS and "model" in values:  # others are formulas, of what they are given
        assert all(part.grad_fn is None for part in tensors(result))


def tensors(value: object) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    parts = value if isinstance(value, (list, tuple)) else getattr(value, "__dict__", {}).values()
    return [part for part in parts if isinstance(part, Tensor)]


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize(
    ("call", "name"), [(c, name) for c, v in EACH.items() for name in v], ids=ids
)
def test_an_error_leaves_everything_as_it_was(call: Callable, name: str) -> None:
    values = marked(EACH[call])
    before = state(values)
    for bad in wrong(EACH[call][name], name):
        with pytest.raises(ValueError, match=name):
            call(**(values | {name: bad}))
        assert same(state(values), before), bad


@pytest.mark.parametrize("fill", [float("nan"), float("inf"), 1e300])
@pytest.mark.parametrize("call", [call for call in WALK if "model" in WALK[call]], ids=name_of)
def test_parameters_that_are_not_finite_end_in_a_number_or_an_error(
    call: Callable, fill: float
) -> None:
    values = made(WALK[call])
    with torch.no_grad():
        for q in values["model"].parameters():
            q.fill_(fill)
    try:
        vector(call(**values))
    except ValueError as error:
        assert str(error).startswith(("model must", "damping must", "control must"))  # noqa: PT017
    if call in CHANGE and fill != 1e300:
        assert not any(q.isfinite().any() for q in values["model"].parameters())


class Bare(models.AutoregressiveModel):
    """A model without parameters."""

    def logits(self, x: Tensor) -> Tensor:
        return 0 * x


def bare(kind: Callable) -> nn.Module:
    if kind is vae:
        (made := vae()).encoder = made.decoder = nn.Identity()
        return made
    if kind is gan:
        (made := gan()).generator = made.discriminator = nn.Identity()
        return made
    return models.Mixture([Bare(3), Bare(3)]) if kind is mixture else Bare(3)


MODELS = models.AutoregressiveModel | paradigms.VAE | paradigms.GAN
OWNED = [call for call in EACH if isinstance(getattr(call, "__self__", None), MODELS)]
OWNED = [call for call in OWNED if call.__name__ != "block"]  # which only an FVSBN has


@pytest.mark.parametrize("call", [*(c for c in WALK if "model" in WALK[c]), *OWNED], ids=name_of)
def test_a_model_without_parameters_is_named(call: Callable) -> None:
    values = made(WALK[call])
    kinds = {paradigms.VAE: vae, paradigms.GAN: gan, models.Mixture: mixture}
    owner = getattr(call, "__self__", values.get("model"))
    with pytest.raises(ValueError, match=r"model must have parameters|FVSBN"):  # noqa: PT012
        without = bare(kinds.get(type(owner), model))
        if "model" in values:
            call(**(values | {"model": without}))
        getattr(without, call.__name__)(**values)


@pytest.mark.filterwarnings("ignore:Complex modules")
@pytest.mark.parametrize("call", [*(c for c in WALK if "model" in WALK[c]), *OWNED], ids=name_of)
@pytest.mark.parametrize("mode", ["grad", *MODES])
def test_a_model_of_complex_numbers_is_named(call: Callable, mode: str) -> None:
    values, own = made(WALK[call]), fresh(call)
    getattr(own, "__self__", values.get("model")).to(torch.complex64)
    with MODES.get(mode, nullcontext)(), pytest.raises(ValueError, match="model must have param"):
        own(**values)


@pytest.mark.parametrize("kind", [model, lambda: model(models.FVSBN), mixture, vae, gan])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_samples_are_of_the_models_dtype_under_autocast_too(kind: Callable, dtype) -> None:
    with torch.autocast("cpu", dtype=dtype):
        assert kind().float().sample(5).dtype == torch.float32


@pytest.mark.parametrize("kind", [vae, gan])
def test_autocast_keeps_none_in_other_paradigms_either(kind: Callable) -> None:
    x, found = binary(40, 3, seed=1).float(), []
    for kept in (True, False):
        made, seeded = kind().float(), torch.Generator().manual_seed(0)
        noise = made.draw_noise(*([] if kind is gan else [3]), 40, generator=seeded)
        with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=kept):
            value = made.generator_value(noise) if kind is gan else made.elbo(x, noise).sum()
            value.backward()
            with torch.no_grad():
                for q in made.parameters():
                    q.add_(3 * torch.randn(q.shape, generator=seeded))
            rows = (
                fooling_gradients(made, noise) if kind is gan else bound_gradients(made, x, noise)
            )
            found.append([made.sample(50, seeded), rows])
    for with_cache, without in zip(*found, strict=True):
        assert torch.equal(with_cache, without)


@pytest.mark.parametrize("cache", [True, False])
def test_autocast_keeps_no_weights_of_before(cache: bool) -> None:
    """θ changes within a block of autocast, whose copies of the weights must be of the new θ."""
    x = binary(40, 6, seed=1).float()
    found = []
    for kept in (cache, False):
        made = models.MADE(6, 8, generator=torch.Generator().manual_seed(0))
        with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=kept):
            estimate = vr.SVRG(made, x)
            optimizer = torch.optim.SGD(made.parameters(), 0.01)
            for _ in range(3):
                train_step(made, optimizer, x, len(x))
            steps = [estimate(made, x, torch.arange(40)), log_likelihood(made, x)[None]]
            heights = torch.tensor(second_order.lbfgs(made, x, 5))
        found.append([*steps, heights, torch.cat([q.flatten() for q in made.parameters()])])
    for with_cache, without in zip(*found, strict=True):
        assert torch.equal(with_cache, without)
