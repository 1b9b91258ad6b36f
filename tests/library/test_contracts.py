"""What training asks before anything is done: schedules that last, steps that nobody hears, grad
modes, numbers of every size."""

import copy
import inspect

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as ls
from torch.optim import optimizer as torch_optimizer

from mle_lib import optimizers, training
from mle_lib.models import MADE
from mle_lib.optimizers import clip_by_norm, clip_by_value
from mle_lib.training import contracts, fit, loss_factor, train_step
from mle_lib.training.records import fingerprint, same
from tests.cases import randomised
from tests.library.test_stopping import (
    OURS,
    TORCH_OPTIMIZERS,
    TORCH_SCHEDULES,
    changed,
    places,
    scheduled,
    snapshot,
    start,
)
from tests.library.test_training import TRAIN, VALID, M, N, flat, mean_log_likelihood, short_fit

# ---- every schedule of torch, in every container, fresh and used


def one_cycle(optimizer, steps: int):
    return ls.OneCycleLR(optimizer, 0.05, total_steps=steps, cycle_momentum=False)


CONTAINERS = {
    "alone": lambda o, part: part(),
    "chained": lambda o, part: ls.ChainedScheduler([part(), ls.ExponentialLR(o, 0.99)], o),
    "first": lambda o, part: ls.SequentialLR(o, [part(), ls.ExponentialLR(o, 0.99)], [6]),
    "second": lambda o, part: ls.SequentialLR(o, [ls.ExponentialLR(o, 0.99), part()], [6]),
    "never": lambda o, part: ls.SequentialLR(o, [ls.ExponentialLR(o, 0.99), part()], [99]),
    "first of first": lambda o, part: ls.SequentialLR(
        o, [CONTAINERS["first"](o, part), ls.ExponentialLR(o, 0.99)], [9]
    ),
    "chained within second": lambda o, part: ls.SequentialLR(
        o, [ls.ExponentialLR(o, 0.99), CONTAINERS["chained"](o, part)], [6]
    ),
    "chained within chained": lambda o, part: ls.ChainedScheduler(
        [CONTAINERS["chained"](o, part)], o
    ),
    "second within chained": lambda o, part: ls.ChainedScheduler(
        [CONTAINERS["second"](o, part)], o
    ),
}
PARTS = {kind.__name__: lambda o, k=kind: scheduled(k, o) for kind in TORCH_SCHEDULES}
PARTS |= {f"OneCycleLR {k}": lambda o, k=k: one_cycle(o, k) for k in (3, 4, 5, 6, 8, 9, 10, 14, 15)}


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step")
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("used", [0, 3])
def test_a_schedule_lasts_or_is_refused_before_anything(container, used, record_property) -> None:
    """The oracle is torch: as many steps as fit would make, on a twin."""
    ended = 0
    for name, part in PARTS.items():

        def made(part=part):
            model, optimizer = start(torch.optim.AdamW)
            return model, optimizer, CONTAINERS[container](optimizer, lambda: part(optimizer))

        try:
            _, _, twin = made()
        except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError):
            continue  # torch itself does not make it
        lasts = True
        try:
            for _ in range(15 + used):
                twin.step()
        except Exception:
            lasts = False
        try:
            model, optimizer, scheduler = made()
            for _ in range(used):
                scheduler.step()
        except Exception:
            continue
        before = snapshot(model, optimizer)
        if lasts:
            short_fit(model, optimizer, scheduler=scheduler)
            continue
        with pytest.raises(ValueError, match="scheduler must"):
            short_fit(model, optimizer, scheduler=scheduler)
        assert snapshot(model, optimizer) == before, name
        ended += 1
    record_property("count", (f"schedules that end, {container}", ended))
    assert ended or container == "never"


def test_what_is_left_of_a_schedule_is_counted_where_the_run_goes_on(tmp_path) -> None:
    path = tmp_path / "run.pt"
    for epochs, total in ((2, 15), (3, 15)):
        model, optimizer = start()
        scheduler = one_cycle(optimizer, total)
        short_fit(model, optimizer, epochs=epochs, scheduler=scheduler, checkpoint=path)
    model, optimizer = start()
    scheduler = one_cycle(optimizer, 15)
    before = snapshot(model, optimizer)
    with pytest.raises(ValueError, match="scheduler must last for all 5 updates"):
        short_fit(model, optimizer, epochs=4, scheduler=scheduler, checkpoint=path)
    assert snapshot(model, optimizer) == before


# ---- steps that nobody hears


@pytest.mark.parametrize(
    "kind", TORCH_OPTIMIZERS + OURS, ids=lambda k: f"{k.__module__}.{k.__name__}"
)
def test_no_hook_and_no_profile_hears_of_a_rehearsal(kind) -> None:
    heard = []
    handles = [
        torch_optimizer.register_optimizer_step_pre_hook(lambda *_: heard.append("pre")),
        torch_optimizer.register_optimizer_step_post_hook(lambda *_: heard.append("post")),
    ]
    model = randomised(MADE(N, 9), 0)
    held = [q for q in model.parameters() if q.ndim == 2 or kind.__name__ != "Muon"]
    optimizer = kind(held, lr=0.01)
    optimizer.register_step_pre_hook(lambda *_: heard.append("own"))
    ls.StepLR(optimizer, 1)  # puts a step of its own before that of the class
    before = snapshot(model, optimizer)
    try:
        with torch.profiler.profile() as profile:
            try:
                contracts.check_optimizer(model, optimizer)
            except ValueError:
                assert kind.__name__ in ("LBFGS", "SparseAdam")
    finally:
        for handle in handles:
            handle.remove()
    assert heard == []
    assert not [e.key for e in profile.key_averages() if "Optimizer" in e.key]
    assert snapshot(model, optimizer) == before
    assert "_opt_called" not in vars(optimizer) or optimizer._opt_called is False


# ---- grad modes


def test_the_gradient_is_taken_under_no_grad_too() -> None:
    ends = []
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            model, optimizer = start()
            train_step(model, optimizer, TRAIN, M)
            short_fit(model, optimizer, valid=VALID)
            ends.append(flat(model))
    assert torch.equal(*ends)


def test_no_gradient_of_the_data_is_taken() -> None:
    model, optimizer = start()
    x = TRAIN.clone().requires_grad_()
    train_step(model, optimizer, x, M)
    train_step(model, optimizer, x.split(4), M)
    short_fit(model, optimizer, train=x, valid=x)
    assert x.grad is None


def test_inference_mode_is_named_and_its_data_will_do() -> None:
    model, optimizer = start()
    before = snapshot(model, optimizer)
    with torch.inference_mode():
        x, (other, moved) = TRAIN.clone(), start()
        for call in (
            lambda: train_step(model, optimizer, x, M),
            lambda: short_fit(model, optimizer),
        ):
            with pytest.raises(ValueError, match=r"model must be made .*outside of"):
                call()
    assert snapshot(model, optimizer) == before
    with pytest.raises(ValueError, match=r"model must be made .*outside of"):
        train_step(other, moved, x, M)
    (one, first), (two, second) = start(), start()
    assert train_step(one, first, x, M) == train_step(two, second, TRAIN, M)
    assert short_fit(one, first, train=x).train == short_fit(two, second).train


def test_a_model_without_parameters_is_named() -> None:
    class Nothing(MADE):
        def __init__(self) -> None:
            super().__init__(N, 3)
            del self.hidden, self.output

    _, optimizer = start()
    for call in (
        lambda: train_step(Nothing(), optimizer, TRAIN, M),
        lambda: short_fit(Nothing(), optimizer),
    ):
        with pytest.raises(ValueError, match=r"(model|optimizer) must"):
            call()


# ---- numbers of every size

HUGE = [10**400, -(10**400), 2**63, 10**30, 1e308, float("nan"), float("inf")]


def numbers_of(call) -> list[str]:
    parameters = inspect.signature(call).parameters.values()
    return [
        p.name
        for p in parameters
        if p.annotation in (int, float, int | None, float | None) and p.name != "self"
    ]


def trained(kind, **options):
    for model in (start()[0], start()[0].float()):
        train_step(model, kind(model.parameters(), **{"lr": 0.01} | options), TRAIN, M)


CALLS = {
    **{
        kind.__name__: (kind, lambda k=kind, **o: trained(k, **o))
        for kind in (getattr(optimizers, name) for name in optimizers.__all__[:6])
    },
    "fit": (fit, lambda **o: short_fit(*start(), valid=VALID, **{"epochs": 1} | o)),
    "train_step": (train_step, lambda **o: train_step(*start(), TRAIN, **{"m": M} | o)),
    "loss_factor": (loss_factor, lambda **o: loss_factor("estimate", **{"m": 5, "b": 3} | o)),
    "clip_by_norm": (clip_by_norm, lambda **o: clip_by_norm(with_gradient(), **o)),
    "clip_by_value": (clip_by_value, lambda **o: clip_by_value(with_gradient(), **o)),
}
PLACES = [(name, n) for name, (call, _) in CALLS.items() for n in numbers_of(call)]


def with_gradient() -> list[nn.Parameter]:
    q = nn.Parameter(torch.zeros(3))
    q.grad = torch.tensor([3.0, -4.0, 0.1])
    return [q]


@pytest.mark.filterwarnings("ignore:training diverged")
@pytest.mark.parametrize(("name", "argument"), PLACES)
def test_a_number_of_any_size_is_right_or_named(name, argument) -> None:
    taken, unnamed = [], []
    for value in HUGE:
        try:
            CALLS[name][1](**{argument: value})
            taken.append(value)
        except FloatingPointError:
            taken.append(value)  # it was taken, and the loss overflows
        except ValueError as error:
            # or it is no number of the parameters' dtype, which the rehearsal finds
            if not str(error).startswith((argument, "optimizer must make a step")):
                unnamed.append((value, error))
    assert unnamed == []
    # without an end as good as infinite
    assert 10**400 not in taken or argument in ("patience", "micro_batch_size")


def test_epochs_that_no_float_counts_are_named() -> None:
    with pytest.raises(ValueError, match="epochs must be at most"):
        short_fit(epochs=10**30)


def test_every_function_with_a_number_is_in_the_table() -> None:
    public = {name for room in (training, optimizers) for name in room.__all__}
    with_numbers = {
        name
        for room in (training, optimizers)
        for name in room.__all__
        if name != "History" and numbers_of(getattr(room, name))
    }
    assert with_numbers == set(CALLS) & public == set(CALLS)


@pytest.mark.parametrize("kind", [optimizers.Adam, optimizers.AdamW])
def test_betas_are_a_pair_in_order(kind) -> None:
    q = [nn.Parameter(torch.zeros(2))]
    for bad in ({0.9, 0.999}, {0: 0.9, 1: 0.999}, "ab", torch.tensor(0.9), (0.9,), 3, None,
                np.zeros((2, 2)), map(float, (0.9, 0.99)), (10**400, 0.9)):  # fmt: skip
        for call in (lambda b: kind(q, betas=b), lambda b: kind([{"params": q, "betas": b}])):
            with pytest.raises(ValueError, match="betas"):
                call(bad)
    for good in ((0.5, 0.25), [0.5, 0.25], torch.tensor([0.5, 0.25]), np.array([0.5, 0.25]),
                 (torch.tensor(0.5), np.float32(0.25))):  # fmt: skip
        assert kind(q, betas=good).defaults["betas"] == (0.5, 0.25)


# ---- what is set after an optimiser was made, and states that are not its own

BAD_LATER = [-1, "x", None, True, [0.1], 10**400, 10**5000, float("nan"), float("inf"), 1e39]
# what multiplies α in Adam's first step is 10
BAD_LATER_ALONE = [({"lr": 1e38}, (optimizers.Adam, optimizers.AdamW))] + [
    ({"betas": bad}, (optimizers.Adam, optimizers.AdamW)) for bad in [(2, 3), "ab", {0.9, 0.99}]
]


def two_dtypes(kind) -> tuple[list[nn.Parameter], torch.optim.Optimizer]:
    """Of two groups, the second of which is in float32."""
    held = [nn.Parameter(torch.ones(2, dtype=dtype)) for dtype in (torch.float64, torch.float32)]
    for q in held:
        q.grad = torch.full_like(q, 0.3)
    return held, kind([{"params": [q]} for q in held], lr=0.1)


@pytest.mark.parametrize("kind", OURS)
def test_a_step_that_cannot_be_made_whole_is_not_begun(kind) -> None:
    """Every number of a group in turn is set to what it must not be."""
    names = kind([nn.Parameter(torch.ones(2))], lr=0.1).defaults
    cases = [{name: bad} for name in names for bad in BAD_LATER]
    cases += [bad for bad, kinds in BAD_LATER_ALONE if kind in kinds]
    for bad in cases:
        held, optimizer = two_dtypes(kind)
        optimizer.param_groups[1].update(bad)
        (name,) = bad
        with pytest.raises(ValueError, match=rf"{name}(\[0\])? must be"):
            optimizer.step()
        assert all((q == 1).all() for q in held), bad
        assert not optimizer.state


@pytest.mark.parametrize("kind", OURS)
def test_what_is_set_later_may_be_of_any_type(kind) -> None:
    expected, optimizer = two_dtypes(kind)
    optimizer.step()
    for make in (np.float64, torch.tensor, np.array, lambda v: torch.tensor(v).double()):
        held, optimizer = two_dtypes(kind)
        for name, value in optimizer.param_groups[1].items():
            if name in ("lr", "eps", "beta", "weight_decay"):
                optimizer.param_groups[1][name] = make(value)
        optimizer.step()
        torch.testing.assert_close(held, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("kind", OURS)
def test_a_gradient_of_0_moves_nothing_in_any_dtype(kind, dtype) -> None:
    """Or ε, which keeps 0 / 0 away, is one that the dtype has not."""
    for eps in (None, 1e-7, 1e-300):
        q = nn.Parameter(torch.ones(2, dtype=dtype))
        if eps is not None and "eps" not in kind([q], lr=0.1).defaults:
            continue
        optimizer = kind([q], lr=0.1, weight_decay=0, **({} if eps is None else {"eps": eps}))
        q.grad = torch.zeros_like(q)
        vanishes = torch.tensor(optimizer.defaults.get("eps", 1), dtype=dtype) == 0
        if vanishes:
            with pytest.raises(ValueError, match=f"eps must be 0 or a number of {dtype}, at least"):
                optimizer.step()
        else:
            optimizer.step()
        assert (q == 1).all()
        assert bool(optimizer.state) <= (not vanishes)


@pytest.mark.parametrize(
    "factor", [float("inf"), float("nan"), 1e45, 10**400, -1e-20], ids=range(5)
)
@pytest.mark.parametrize("kind", OURS)
def test_a_schedule_that_leaves_the_numbers_ends_the_run_with_what_was_learned(
    kind, factor, tmp_path
) -> None:
    model = start()[0].float()
    optimizer = kind(model.parameters(), lr=0.01)
    scheduler = ls.LambdaLR(optimizer, lambda t: factor if t == 7 else 1.0)
    options = {"valid": VALID, "scheduler": scheduler, "checkpoint": tmp_path / "run.pt"}
    if factor == -1e-20:  # rounding of a schedule that ends in 0
        assert short_fit(model, optimizer, **options).ended == "epochs"
        return
    with pytest.warns(RuntimeWarning, match="training diverged"):
        history = short_fit(model, optimizer, **options)
    assert (history.ended, history.epochs) == ("diverged", [0, 1])
    assert torch.load(tmp_path / "run.pt", weights_only=True)["place"] == [1, 0]
    best = short_fit(start()[0].float(), valid=VALID).valid[0], history.valid[1]
    assert mean_log_likelihood(model, VALID) == pytest.approx(max(best), rel=1e-12)


def stepped(kind, shape=(2, 2), moved: bool = True, **options) -> torch.optim.Optimizer:
    q = nn.Parameter(torch.ones(shape))
    optimizer = kind([q], **{"lr": 0.1} | options)
    if moved and kind.__name__ != "LBFGS":
        q.grad = torch.ones_like(q)
        q.grad = q.grad.to_sparse() if kind.__name__ == "SparseAdam" else q.grad
        optimizer.step()
    return optimizer


def foreign_states(kind) -> list[dict]:
    """Of every other class, before its first step and after it; of other shapes; of none."""
    options = [(torch.optim.SGD, {"momentum": 0.9}), (torch.optim.SGD, {"maximize": True})]
    options += [(other, {}) for other in (*TORCH_OPTIMIZERS, *OURS) if other is not kind]
    options += [(torch.optim.Adam, {"amsgrad": True})]
    states = [
        stepped(other, moved=moved, **more).state_dict()
        for other, more in options
        for moved in (False, True)
    ]
    ours = [other for other in OURS if {other, kind} - {optimizers.Adam, optimizers.AdamW}]
    for other in set(ours) - {kind}:  # as they were before they said their class
        states.append({k: v for k, v in stepped(other).state_dict().items() if k != "class"})
    states += [{}, start()[0].state_dict(), {"state": {}}, {"state": 3, "param_groups": [3]}]
    if kind is not optimizers.SGD:  # which remembers nothing
        states += [stepped(kind, shape).state_dict() for shape in [(3, 2), (4,), (), (2, 2, 1)]]
        own = stepped(kind).state_dict()
        endless: list = []
        endless.append(endless)
        for bad in (None, endless, "text", {"u": None}, {"nu": torch.ones(3)}, {"t": -1}):
            remembered = own["state"][0] | bad if isinstance(bad, dict) else bad
            states.append(own | {"state": {0: remembered}})
    return states


@pytest.mark.parametrize("kind", OURS)
def test_a_state_that_is_not_its_own_is_named_and_changes_nothing(kind) -> None:
    states = foreign_states(kind)
    assert len(states) > 40
    for state in states:
        live = stepped(kind)
        before = fingerprint(live.state_dict())
        with pytest.raises(ValueError, match=rf"state_dict must be of {kind.__name__}, "):
            live.load_state_dict(state)
        assert fingerprint(live.state_dict()) == before


@pytest.mark.parametrize("how", ["removed", "mistyped"])
@pytest.mark.parametrize("kind", OURS)
def test_every_entry_of_a_state_is_looked_at(kind, how) -> None:
    """Each in turn is missing, or of another type. A state without its class is as those were from
    before it was told, and a parameter may have nothing remembered."""
    own = stepped(kind).state_dict()
    taken = []
    for way in list(places(own)):
        live, state = stepped(kind), copy.deepcopy(own)
        if not changed(state, way, how):
            continue
        before = fingerprint(live.state_dict())
        try:
            live.load_state_dict(state)
            taken.append(way)
        except ValueError:
            assert fingerprint(live.state_dict()) == before
    harmless = {("class",), ("state", 0)} if how == "removed" else set()
    if how == "removed" and len(own["state"].get(0, ())) == 1:
        harmless |= {("state", 0, *own["state"][0])}
    # what a parameter is called where nothing is remembered does not matter
    nameless = {("param_groups", 0, "params", 0)} if kind is optimizers.SGD else set()
    assert set(taken) <= harmless | nameless


@pytest.mark.parametrize("kind", OURS)
def test_a_state_from_before_it_said_its_class_is_taken(kind) -> None:
    live, state = stepped(kind), stepped(kind, lr=0.3).state_dict()
    wanted = copy.deepcopy(state)
    del state["class"]
    for group in (*state["param_groups"], *wanted["param_groups"]):
        group |= {"initial_lr": 0.3, "max_lr": 1.0, "label": "all"}
    live.load_state_dict(state)
    assert same(live.state_dict(), wanted)


def test_a_step_size_below_0_is_a_schedules_alone() -> None:
    live, state = stepped(optimizers.SGD), stepped(optimizers.SGD).state_dict()
    state["param_groups"][0]["lr"] = -5
    with pytest.raises(ValueError, match="lr must be a number, finite and at least 0"):
        live.load_state_dict(state)
    state["param_groups"][0]["initial_lr"] = 0.1
    live.load_state_dict(state)
    live.step()


def test_data_are_shuffled_on_the_cpu_whatever_the_default_device_is() -> None:
    ends = []
    for device in ("cpu", "meta"):
        model, optimizer = start()
        with torch.device(device):
            short_fit(model, optimizer, valid=VALID)
        ends.append(flat(model))
    assert torch.equal(*ends)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_what_are_no_parameters_is_named(clip) -> None:
    model, _ = start()
    for bad in ([1, 2], ["weight"], model.state_dict(), [None], iter("ab"), [("a", 3)], [("a",)],
                [tuple(with_gradient() * 2)]):  # fmt: skip
        with pytest.raises(ValueError, match="params must hold parameters"):
            clip(bad, 1.0)
