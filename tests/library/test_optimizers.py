"""Every optimiser step for step beside ``torch.optim``, clipping beside ``torch.nn.utils``."""

import copy
import io
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from mle_lib import optimizers as ours
from mle_lib.models import FVSBN, MADE
from tests.cases import binary, randomised

SHAPES = [(3, 4), (5,), (), (2, 3, 2), (1,)]
STEPS = 200

# Name, class, torch's class, and how torch calls our options
TWINS = {
    "SGD": (ours.SGD, torch.optim.SGD, {}),
    "Momentum": (ours.Momentum, torch.optim.SGD, {"beta": "momentum"}),
    "Nesterov": (ours.Nesterov, torch.optim.SGD, {"beta": "momentum"}),
    "RMSprop": (ours.RMSprop, torch.optim.RMSprop, {"beta": "alpha"}),
    "Adam": (ours.Adam, torch.optim.Adam, {}),
    "AdamW": (ours.AdamW, torch.optim.AdamW, {}),
}
DECAYS = [{}, {"weight_decay": 0.1}]
BETAS = [{"betas": betas} for betas in [(0.9, 0.999), (0.0, 0.9), (0.8, 0.3), (0.99, 0.5)]]
EPS = [{}, {"eps": 1e-3}, {"eps": 0.5}]  # large enough for its place to show
OPTIONS = {
    "SGD": [{}],
    "Momentum": [{}, {"beta": 0.5}, {"beta": 0.99, "dampening": 0.3}, {"dampening": 0.9}],
    "Nesterov": [{}, {"beta": 0.5}, {"beta": 0.99}],
    "RMSprop": [{"beta": beta, **eps} for beta in (0.9, 0.99, 0.0) for eps in EPS],
    "Adam": [{**betas, **eps} for betas in BETAS for eps in EPS],
    "AdamW": [{**betas, **eps} for betas in BETAS for eps in EPS],
}
# eps = 0 is left out: with a zero gradient both divide 0 by 0
GRID = [
    pytest.param(name, options | decay, id=f"{name}-{options | decay}")
    for name in TWINS
    for options in OPTIONS[name]
    for decay in DECAYS
]


def pair(name, params, twin_params, lr=0.05, **options):
    """Our optimiser and torch's, with the same options."""
    our_class, torch_class, renamed = TWINS[name]
    for_torch = {renamed.get(key, key): value for key, value in options.items()}
    if name in ("Momentum", "Nesterov"):
        for_torch = {"momentum": 0.9, "nesterov": name == "Nesterov"} | for_torch
    return our_class(params, lr=lr, **options), torch_class(twin_params, lr=lr, **for_torch)


def parameters(seed: int = 0, dtype: torch.dtype = torch.float64) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    return [nn.Parameter(torch.randn(s, generator=generator).to(dtype)) for s in SHAPES]


def random_gradients(generator: torch.Generator, params: list[nn.Parameter]) -> None:
    """Normal gradients of changing size; a fifth is missing, a fifth zero, at changing places."""
    for q in params:
        kind, size = torch.rand(2, generator=generator).tolist()
        g = 10 ** (4 * size - 2) * torch.randn(q.shape, generator=generator).to(q)
        q.grad = None if kind < 0.2 else torch.zeros_like(q) if kind < 0.4 else g


def largest(params, others) -> float:
    with torch.no_grad():
        return max(float((q - r).abs().max()) for q, r in zip(params, others, strict=True))


@pytest.mark.parametrize(("name", "options"), GRID)
def test_200_random_steps_equal_torch(name, options, deviation) -> None:
    mine, theirs = parameters(), parameters()
    optimizer, twin = pair(name, mine, theirs, **options)
    generator = torch.Generator().manual_seed(1)
    limit = 0.0 if TWINS[name][1] is torch.optim.SGD else 1e-12  # bit for bit where it can be
    for _ in range(STEPS):
        random_gradients(generator, mine)
        for q, r in zip(mine, theirs, strict=True):
            r.grad = None if q.grad is None else q.grad.clone()
        optimizer.step()
        twin.step()
        deviation(largest(mine, theirs), limit)
    assert largest(mine, parameters()) > 0.1  # they moved


def train(optimizer, model, x, steps, scheduler=None):
    """``steps`` steps on batches of 5, without noise from anywhere else; the step sizes used."""
    rates = []
    for k in range(steps):
        optimizer.zero_grad()
        (-model.log_prob(x[5 * k % 20 :][:5]).mean()).backward()
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return rates


def twin_models(make=lambda: MADE(6, 13)):
    model = randomised(make(), 0)
    return model, copy.deepcopy(model)


@pytest.mark.parametrize("name", TWINS)
def test_a_model_is_trained_as_by_torch(name, deviation) -> None:
    """Here an error at one step changes the gradient of the next."""
    (model, twin_model), x = twin_models(), binary(23, 6)
    optimizer, twin = pair(name, model.parameters(), twin_model.parameters(), weight_decay=1e-3)
    for mover, moved in ((optimizer, model), (twin, twin_model)):
        train(mover, moved, x, STEPS)
    deviation(largest(model.parameters(), twin_model.parameters()), 1e-12)


SCHEDULERS = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 7, gamma=0.5),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 50),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=61, cycle_momentum=False),
}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("name", TWINS)
def test_schedulers(name, scheduler, deviation) -> None:
    (model, twin_model), x = twin_models(), binary(23, 6)
    optimizer, twin = pair(name, model.parameters(), twin_model.parameters())
    rates, twin_rates = (
        train(mover, moved, x, 60, SCHEDULERS[scheduler](mover))
        for mover, moved in ((optimizer, model), (twin, twin_model))
    )
    assert rates == twin_rates
    assert len(set(rates)) > 5
    deviation(largest(model.parameters(), twin_model.parameters()), 1e-12)


@pytest.mark.parametrize("name", TWINS)
def test_a_saved_run_goes_on_as_if_never_stopped(name) -> None:
    (model, resumed), x = twin_models(), binary(23, 6)
    make = TWINS[name][0]
    optimizer = make(model.parameters(), lr=0.05, weight_decay=0.01)
    train(optimizer, model, x, 15)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    train(optimizer, model, x, 15)

    file.seek(0)
    saved = torch.load(file)
    resumed.load_state_dict(saved["model"])
    fresh = make(resumed.parameters(), lr=7.0)
    fresh.load_state_dict(saved["optimizer"])
    train(fresh, resumed, x, 15)
    assert largest(model.parameters(), resumed.parameters()) == 0
    if name != "SGD":  # what it remembers matters: without it the run is another
        other = randomised(MADE(6, 13), 0)
        other.load_state_dict(saved["model"])
        train(make(other.parameters(), lr=0.05, weight_decay=0.01), other, x, 15)
        assert largest(model.parameters(), other.parameters()) > 1e-4


@pytest.mark.parametrize("name", TWINS)
def test_parameter_groups_have_their_own_options(name, deviation) -> None:
    (model, twin_model), x = twin_models(), binary(23, 6)
    optimizer, twin = pair(name, model.hidden.parameters(), twin_model.hidden.parameters())
    for mover, moved in ((optimizer, model), (twin, twin_model)):
        group = {"params": list(moved.output.parameters()), "lr": 0.01, "weight_decay": 0.3}
        mover.add_param_group(group)
        train(mover, moved, x, 30)
    deviation(largest(model.parameters(), twin_model.parameters()), 1e-12)


@pytest.mark.parametrize("name", TWINS)
def test_without_gradients_nothing_happens(name) -> None:
    params = parameters()
    optimizer = TWINS[name][0](params, lr=0.1, weight_decay=0.5)
    optimizer.step()
    assert largest(params, parameters()) == 0
    assert not optimizer.state_dict()["state"]


@pytest.mark.parametrize("weight_decay", [0, 0.5])
@pytest.mark.parametrize("name", TWINS)
def test_a_parameter_is_changed_in_place_and_its_gradient_not(name, weight_decay) -> None:
    params = parameters()
    optimizer = TWINS[name][0](params, lr=0.1, weight_decay=weight_decay)
    random_gradients(torch.Generator().manual_seed(1), params)
    places = [(q.data_ptr(), q.dtype, q.requires_grad) for q in params]
    gradients = copy.deepcopy([q.grad for q in params])
    for _ in range(3):
        optimizer.step()
    assert places == [(q.data_ptr(), q.dtype, q.requires_grad) for q in params]
    for q, g in zip(params, gradients, strict=True):
        assert (q.grad is None and g is None) or torch.equal(q.grad, g)
    assert all(q is r for q, r in zip(optimizer.param_groups[0]["params"], params, strict=True))


@pytest.mark.parametrize("name", TWINS)
def test_float32(name, deviation) -> None:
    """Twenty steps of size about 0.05 in float32, whose spacing at 1 is 1.2e-7."""
    mine, theirs = parameters(dtype=torch.float32), parameters(dtype=torch.float32)
    optimizer, twin = pair(name, mine, theirs)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        for q, r in zip(mine, theirs, strict=True):
            q.grad = torch.randn(q.shape, generator=generator)
            r.grad = q.grad.clone()
        optimizer.step()
        twin.step()
    assert all(q.dtype == torch.float32 for q in mine)
    deviation(largest(mine, theirs), 2e-6)


MAGNITUDES = [*(10.0**k for k in range(-40, 39, 2)), 0.0, 1e-45, 3.4e38]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "options"), GRID)
def test_every_magnitude_equals_torch(name, options, dtype) -> None:
    """Three steps, gradients of every size at once, alone and after one of another size: also where
    g² is no longer a number, or nothing."""
    large = MAGNITUDES + ([1e-300, 1e-160, 1e160, 1e300] if dtype == torch.float64 else [])
    g = torch.tensor([sign * size for size in large for sign in (1, -1)], dtype=dtype)
    for lr in (0.05, 1e-30):
        mine, theirs = ([nn.Parameter(torch.ones_like(g))] for _ in range(2))
        optimizer, twin = pair(name, mine, theirs, lr=lr, **options)
        for k in range(4):
            for q in (*mine, *theirs):
                q.grad = g.clone() if k < 3 else g.flip(0)
            optimizer.step()
            twin.step()
            assert torch.equal(mine[0].isnan(), theirs[0].isnan())
            assert torch.equal(mine[0].nan_to_num(), theirs[0].nan_to_num())


@pytest.mark.parametrize("name", TWINS)
def test_a_closure_computes_the_loss_and_is_returned(name, deviation) -> None:
    (model, twin_model), x = twin_models(), binary(5, 6)
    optimizer, twin = pair(name, model.parameters(), twin_model.parameters())

    def closure(mover, moved):
        mover.zero_grad()
        loss = -moved.log_prob(x).mean()
        loss.backward()
        return loss

    for _ in range(3):
        loss = optimizer.step(lambda: closure(optimizer, model))
        deviation(abs(loss - twin.step(lambda: closure(twin, twin_model))), 1e-12)
    deviation(largest(model.parameters(), twin_model.parameters()), 1e-12)


def test_the_velocity_of_a_lasting_gradient_is_the_effective_step(deviation) -> None:
    q = nn.Parameter(torch.zeros((), dtype=torch.float64))
    for dampening in (0.0, 0.6):
        optimizer = ours.Momentum([q], lr=0.1, beta=0.9, dampening=dampening)
        for _ in range(500):
            q.grad = torch.ones_like(q)
            before = q.item()
            optimizer.step()
        step = before - q.item()
        deviation(abs(step - 0.1 * (1 - dampening) / (1 - 0.9)), 1e-12)


def test_adam_starts_with_a_step_of_alpha_whatever_the_gradient(deviation) -> None:
    """μ̂ = g and ν̂ = g² after one step, so that the step is −α sign g."""
    for g in (1e-3, 1.0, -1e6):
        q = nn.Parameter(torch.zeros((), dtype=torch.float64))
        q.grad = torch.full_like(q, g)
        ours.Adam([q], lr=0.1, eps=0).step()
        deviation(abs(q.item() + math.copysign(0.1, g)), 1e-12)


def test_adamw_decays_at_any_scale_of_the_loss_and_adam_does_not(deviation) -> None:
    def after(make, factor):
        q = nn.Parameter(torch.full((), 2.0, dtype=torch.float64))
        optimizer = make([q], lr=0.1, eps=0, weight_decay=0.5)
        for g in (3.0, -1.0, 0.5):
            q.grad = torch.full_like(q, factor * g)
            optimizer.step()
        return q.item()

    deviation(abs(after(ours.AdamW, 1.0) - after(ours.AdamW, 1200.0)), 1e-12)
    assert abs(after(ours.Adam, 1.0) - after(ours.Adam, 1200.0)) > 0.01


BAD_OPTIONS = [
    ("SGD", {"lr": -0.1}, "lr must be a number, finite and at least 0, got -0.1"),
    ("SGD", {"lr": float("nan")}, "lr must be .* got nan"),
    ("SGD", {"lr": float("inf")}, "lr must be .* got inf"),
    ("SGD", {"lr": "0.1"}, "lr must be a number"),
    ("SGD", {"lr": True}, "lr must be a number"),
    ("SGD", {"lr": 1.0, "weight_decay": -1.0}, "weight_decay must be .* got -1.0"),
    ("Momentum", {"lr": 1.0, "beta": 1.0}, "beta must be .* below 1, got 1.0"),
    ("Momentum", {"lr": 1.0, "dampening": -0.1}, "dampening must be"),
    ("Nesterov", {"lr": 1.0, "beta": -0.1}, "beta must be"),
    ("RMSprop", {"lr": 1.0, "eps": -1e-8}, "eps must be"),
    ("Adam", {"betas": 0.9}, "betas( must be a pair|=0.9)"),
    ("Adam", {"betas": (0.9,)}, "betas must be a pair"),
    ("Adam", {"betas": (0.9, 1.0)}, r"betas\[1\] must be .* below 1, got 1.0"),
    ("AdamW", {"betas": (float("nan"), 0.9)}, r"betas\[0\] must be"),
]


@pytest.mark.parametrize(("name", "options", "message"), BAD_OPTIONS)
def test_bad_options(name, options, message) -> None:
    make = TWINS[name][0]
    with pytest.raises(ValueError, match=message):
        make(parameters(), **options)
    optimizer = make(parameters(), lr=0.1)
    with pytest.raises(ValueError, match=message):  # those of one group too
        optimizer.add_param_group({"params": parameters(), **options})
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("kind", ["sparse", "complex"])
def test_a_gradient_of_another_kind_is_refused_before_anything_changes(name, kind) -> None:
    good, bad = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(4))
    if kind == "complex":
        bad = nn.Parameter(torch.ones(4, dtype=torch.complex64))
    good.grad = torch.ones(3)
    bad.grad = torch.ones_like(bad).to_sparse() if kind == "sparse" else torch.ones_like(bad)
    optimizer = TWINS[name][0]([good, bad], lr=0.1)
    with pytest.raises(ValueError, match=rf"dense and real, got .*{kind}.* at parameter number 1"):
        optimizer.step()
    assert good.eq(1).all()
    assert not optimizer.state_dict()["state"]
    with pytest.raises(ValueError, match="dense and real"):
        ours.clip_by_norm([good, bad], 0.1)
    assert good.grad.eq(1).all()


# --- clipping ---


def with_gradients(seed: int, size: float, dtype=torch.float64) -> list[nn.Parameter]:
    """Each parameter has a gradient but the third; the fourth's is zero."""
    params = parameters(dtype=dtype)
    generator = torch.Generator().manual_seed(seed)
    for q in params:
        q.grad = size * torch.randn(q.shape, generator=generator).to(dtype)
    params[2].grad = None
    params[3].grad.zero_()
    return params


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("size", [0.0, 1e-6, 0.01, 1.0, 1e4])
@pytest.mark.parametrize("limit", [1e-3, 0.5, 3.0, 1e3, float("inf")])
def test_clipping_equals_torch(size, limit, dtype) -> None:
    mine, theirs = with_gradients(0, size, dtype), with_gradients(0, size, dtype)
    norm = ours.clip_by_norm(mine, limit)
    assert torch.equal(norm, nn.utils.clip_grad_norm_(theirs, limit))
    assert all(torch.equal(q.grad, r.grad) for q, r in gradients_of(mine, theirs))

    mine, theirs = with_gradients(1, size, dtype), with_gradients(1, size, dtype)
    assert ours.clip_by_value(mine, limit) is None
    nn.utils.clip_grad_value_(theirs, limit)
    assert all(torch.equal(q.grad, r.grad) for q, r in gradients_of(mine, theirs))


def gradients_of(mine, theirs):
    """The pairs that have gradients, once it is sure that they are the same ones."""
    assert [q.grad is None for q in mine] == [r.grad is None for r in theirs]
    return [(q, r) for q, r in zip(mine, theirs, strict=True) if q.grad is not None]


def test_what_clipping_does(deviation) -> None:
    """The norm of the whole becomes c, its direction stays; below c nothing changes."""
    params = with_gradients(0, 1.0)

    def flat():
        return torch.cat([q.grad.flatten() for q in params if q.grad is not None])

    before = flat()
    norm = ours.clip_by_norm(params, 0.5)
    deviation(abs(norm - before.norm()), 1e-12)
    deviation(abs(flat().norm() - 0.5), 0.5e-6)
    deviation((flat() / flat().norm() - before / before.norm()).abs().max(), 1e-12)
    unclipped = flat()
    ours.clip_by_norm(params, 0.6)
    assert torch.equal(flat(), unclipped)
    ours.clip_by_value(params, 0.01)
    assert torch.equal(flat(), unclipped.clamp(-0.01, 0.01))


@pytest.mark.parametrize("clip", [ours.clip_by_norm, ours.clip_by_value])
def test_parameters_may_come_in_any_form(clip) -> None:
    model = randomised(FVSBN(4), 0)

    def clipped(params):
        model.zero_grad()
        model.log_prob(binary(6, 4)).sum().backward()
        clip(params, 0.1)
        return torch.cat([q.grad for q in model.parameters()])

    expected = clipped(list(model.parameters()))
    assert expected.norm() > 0
    assert torch.equal(expected, clipped(model.parameters()))  # generators
    assert torch.equal(expected, clipped(model.named_parameters()))
    same_names = [("w", q) for q in model.parameters()]
    assert torch.equal(expected, clipped(same_names))
    alone = nn.Parameter(torch.zeros(3))
    alone.grad = torch.full((3,), 5.0)
    clip(alone, 1.0)
    assert alone.grad.max() <= 1

    used = model.parameters()
    list(used)
    with pytest.raises(ValueError, match="params must hold a parameter, got none"):
        clip(used, 0.1)


@pytest.mark.parametrize("clip", [ours.clip_by_norm, ours.clip_by_value])
def test_no_gradients_at_all(clip) -> None:
    assert clip(parameters(), 1.0) in (None, torch.tensor(0.0))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("clip", [ours.clip_by_norm, ours.clip_by_value])
def test_what_is_no_number_is_named_and_nothing_changed(clip, value) -> None:
    model = randomised(MADE(4, 5), 0)
    model.log_prob(binary(6, 4)).sum().backward()
    model.output.weight.grad[1, 2] = value
    model.output.weight.grad[0, 0] = value
    model.hidden.bias.grad[0] = value
    before = copy.deepcopy([q.grad for q in model.parameters()])

    by_name = (
        r"1 of 5 entries NaN or infinite in parameter hidden\.bias of shape \(5,\), "
        r"2 of 20 entries NaN or infinite in parameter output\.weight of shape \(4, 5\)$"
    )
    with pytest.raises(ValueError, match=by_name):
        clip(model.named_parameters(), 1.0)
    with pytest.raises(
        ValueError, match=r"number 1 of shape \(5,\), .* number 2 of shape \(4, 5\)$"
    ):
        clip(model.parameters(), 1.0)
    for q, g in zip(model.parameters(), before, strict=True):
        assert torch.equal(q.grad.nan_to_num(), g.nan_to_num())


def test_a_norm_that_overflows_is_named_too() -> None:
    params = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(3))]
    params.append(nn.Parameter(torch.zeros(0)))  # as in a NADE of one variable
    params[0].grad, params[1].grad = torch.ones(2), torch.full((3,), -1e30)
    params[2].grad = torch.zeros(0)
    with pytest.raises(ValueError, match=r"got inf: entries up to 1\.0e\+30 in parameter number 1"):
        ours.clip_by_norm(params, 1.0)
    assert params[0].grad.eq(1).all()
    ours.clip_by_value(params, 2.0)  # needs no norm
    assert params[1].grad.eq(-2).all()


def test_the_error_of_a_gradient_that_is_no_number_is_of_both_kinds() -> None:
    params = [nn.Parameter(torch.zeros(2))]
    params[0].grad = torch.tensor([1.0, float("nan")])
    for kind in (ValueError, FloatingPointError):
        with pytest.raises(kind, match="finite"):
            ours.clip_by_norm(params, 1.0)


def test_defaults_are_those_of_torch() -> None:
    theta = [nn.Parameter(torch.zeros(2))]
    for name in ("Adam", "AdamW"):
        mine = getattr(ours, name)(theta).defaults
        theirs = getattr(torch.optim, name)(theta).defaults
        assert mine == {key: theirs[key] for key in mine}
    assert ours.RMSprop(theta, 0.1).defaults["beta"] == torch.optim.RMSprop(theta).defaults["alpha"]


def test_numbers_of_numpy_and_a_list_of_betas_will_do() -> None:
    theta = [nn.Parameter(torch.zeros(2))]
    assert ours.Adam(theta, np.float32(0.5), betas=[0.9, 0.99]).defaults["lr"] == 0.5


def test_an_empty_group_is_no_work() -> None:
    ours.SGD([{"params": []}], 0.1).step()


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), "1", None, True])
def test_bad_thresholds(limit) -> None:
    for clip, name in ((ours.clip_by_norm, "max_norm"), (ours.clip_by_value, "max_value")):
        with pytest.raises(ValueError, match=f"{name} must be a number above 0, got {limit!r}"):
            clip(with_gradients(0, 1.0), limit)
