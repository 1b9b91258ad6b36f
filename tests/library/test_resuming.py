"""What a run leaves, and what must be as it was when it goes on: every way a run can end, what no
``state_dict`` tells, checkpoints of every kind of tensor and to every kind of place."""

import copy
import os
import re
import signal
import stat
import threading
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from mle_lib.data import load_density_set
from mle_lib.models import MADE
from mle_lib.optimizers import SGD, Adam
from mle_lib.training import load_checkpoint, save_checkpoint, train_step
from tests.cases import randomised
from tests.library.test_stopping import Dropped, snapshot, start
from tests.library.test_training import TRAIN, VALID, M, N, flat, mean_log_likelihood, short_fit

# ---- every way a run can end: the entry that `best` names is what is in the model


class Script(lr_scheduler.LRScheduler):
    """After step ``at``: an interrupt, or parameters with which the next loss is not finite."""

    def __init__(self, optimizer, at: int, what: str) -> None:
        self.script = (at, what)
        super().__init__(optimizer)

    def get_lr(self):
        return self.base_lrs

    def step(self, *args) -> None:
        super().step(*args)
        at, what = self.script
        if self.last_epoch == at and what == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        elif self.last_epoch == at and what in ("infinite", "inf in valid"):
            with torch.no_grad():
                q = self.optimizer.param_groups[0]["params"][-1]
                # the last variable of the validation data alone is impossible
                q[-1] = float("inf") if what == "infinite" else 1e5

    def state_dict(self):
        return {k: v for k, v in super().state_dict().items() if k != "script"}


WAYS = [(0, "epochs"), (0, "patience")] + [
    (at, what) for at in (1, 3, 5, 8, 10) for what in ("interrupt", "infinite")
]  # a pass has five steps


@pytest.mark.parametrize(("at", "what"), WAYS)
@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("resumed", [None, 2, 5, 6])
@pytest.mark.filterwarnings("ignore:training diverged")
def test_the_entry_that_is_called_best_is_in_the_model(at, what, validated, resumed, tmp_path):
    if (what == "patience" and not validated) or (resumed or 0) >= (at or 99):
        return
    valid = VALID if validated else None
    options = {"valid": valid, "checkpoint": tmp_path / "run.pt" if resumed else None}
    options["patience"] = 1 if what == "patience" else None
    lr = 3.0 if what == "patience" else 0.05
    if resumed:
        model, optimizer = start(lr=lr)
        short_fit(model, optimizer, **options, scheduler=Script(optimizer, resumed, "interrupt"))
    model, optimizer = start(lr=lr)
    history = short_fit(model, optimizer, **options, scheduler=Script(optimizer, at, what))
    assert history.ended == {"infinite": "diverged"}.get(what, what)
    if history.best is None:
        assert history.ended == "diverged"
        assert not validated
        return
    assert mean_log_likelihood(model, TRAIN) == history.train[history.best]
    if validated:
        assert mean_log_likelihood(model, VALID) == history.valid[history.best]
        assert history.valid[history.best] == max(v for v in history.valid if v == v)


class Halts(SGD):
    """Is interrupted after each step."""

    def step(self, closure=None):
        super().step(closure)
        os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_does_not_hide_that_a_pass_diverged(tmp_path) -> None:
    model, optimizer = start(Halts, lr=3e38)
    model.float()
    for checkpoint in (None, tmp_path / "other.pt"):
        with pytest.warns(RuntimeWarning, match="training diverged"):
            history = short_fit(model, optimizer, batch_size=M, epochs=2, checkpoint=checkpoint)
        assert (history.ended, history.best) == ("diverged", None)
        model, optimizer = start(Halts, lr=3e38)
        model.float()
    assert torch.load(tmp_path / "other.pt", weights_only=True)["place"] == [0, 0]


@pytest.mark.filterwarnings("ignore:training diverged")
def test_a_diverged_run_without_validation_data_names_no_entry() -> None:
    model, optimizer = start()
    history = short_fit(model, optimizer, scheduler=Script(optimizer, 8, "infinite"))
    assert (history.ended, history.best) == ("diverged", None)


# ---- what no state_dict tells


class Counts(torch.optim.SGD):
    """Has a counter that its state_dict does not have."""

    def __init__(self, params, lr: float = 0.05) -> None:
        super().__init__(params, lr=lr)
        self.t = 0

    def step(self, closure=None):
        self.t += 1
        return super().step(closure)


class Saves(Counts):
    """The same, and its state_dict has it."""

    def state_dict(self):
        return super().state_dict() | {"t": self.t}

    def load_state_dict(self, state_dict) -> None:
        self.t = state_dict["t"]
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "t"})


class Layers(Dropped):
    def __init__(self, p: float = 0.3, act: nn.Module | None = None) -> None:
        super().__init__()
        self.drop, self.act = nn.Dropout(p), act or nn.Tanh()


def made(seed: int, kind=Adam, model=None, frozen=(), schedule=None):
    model = randomised(Layers() if model is None else model, seed, scale=0.3)
    for name, q in model.named_parameters():
        q.requires_grad_(name not in frozen)
    optimizer = kind(model.parameters(), lr=0.05)
    options = {} if schedule is None else {"scheduler": schedule(optimizer)}
    return (model, optimizer), options


def twice(first, then, path) -> None:
    args, options = made(0, **first)
    short_fit(*args, epochs=2, checkpoint=path, **options)
    args, options = made(3, **then)
    before, content = snapshot(*args), path.read_bytes()
    try:
        short_fit(*args, epochs=3, checkpoint=path, **options)
    except ValueError:
        assert snapshot(*args) == before
        assert path.read_bytes() == content
        raise


def lambda_of(function, kind=lr_scheduler.LambdaLR):
    return {"schedule": lambda o: kind(o, function)}


def cyclic(function):
    def schedule(o):
        return lr_scheduler.CyclicLR(o, 0.01, 0.05, scale_fn=function, cycle_momentum=False)

    return {"schedule": schedule}


def sequential(function):
    def schedule(o):
        parts = [lr_scheduler.ConstantLR(o), lr_scheduler.LambdaLR(o, function)]
        return lr_scheduler.SequentialLR(o, parts, [4])

    return {"schedule": schedule}


UNSAVED = {
    "a frozen parameter": ({}, {"frozen": ("hidden.bias",)}, "model must be as in .*frozen: "),
    "one that was frozen": ({"frozen": ("hidden.bias",)}, {}, "model must be as in .*frozen: "),
    "another p": ({}, {"model": Layers(0.5)}, r"model must be as in .*Dropout\(p=0.5"),
    "another activation": ({}, {"model": Layers(act=nn.ReLU())}, "model must be as in .*act: ReLU"),
    "another class": ({}, {"model": type("Other", (Layers,), {})()}, "model must be .*Other"),
    "another function": (
        lambda_of(lambda t: 1 / (1 + t)), lambda_of(lambda t: 2 / (2 + t)), "scheduler's functions"
    ),
    "another factor": (
        lambda_of(lambda t: 0.9, lr_scheduler.MultiplicativeLR),
        lambda_of(lambda t: 0.8, lr_scheduler.MultiplicativeLR),
        "scheduler's functions",
    ),
    "another within": (
        sequential(lambda t: 1 / (1 + t)), sequential(lambda t: 1.0), "scheduler's functions"
    ),
    "another scale": (cyclic(lambda t: 1.0), cyclic(lambda t: 0.5), "scheduler's functions"),
    "a counter": ({"kind": Counts}, {"kind": Counts}, r"optimizer\.t must be as in .*10.* got 0"),
}  # fmt: skip


def one_cycle(**options):
    return lambda o: lr_scheduler.OneCycleLR(
        o, 0.05, total_steps=30, **{"cycle_momentum": False} | options
    )


def parts(milestone=12, kind=lr_scheduler.ExponentialLR):
    return lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o), kind(o, 2)], [milestone]
    )


def multi(*milestones):
    return lambda o: lr_scheduler.MultiStepLR(o, milestones)


class Own(lr_scheduler.LRScheduler):
    """A schedule of a user's, with a setting that looks private."""

    def __init__(self, optimizer, setting: float) -> None:
        self._setting = setting
        super().__init__(optimizer)

    def get_lr(self):
        return [lr * self._setting**self.last_epoch for lr in self.base_lrs]


OTHER_SCHEDULES = {
    "another milestone": (multi(12), multi(20)),
    "no milestone": (multi(12), multi()),
    "one milestone more": (multi(12), multi(12, 16)),
    "another place of the second part": (parts(12), parts(20)),
    "another kind of part": (parts(), parts(kind=lr_scheduler.StepLR)),
    "another share": (one_cycle(), one_cycle(pct_start=0.8)),
    "another curve": (one_cycle(), one_cycle(anneal_strategy="linear")),
    "another curve of averages": (
        lambda o: torch.optim.swa_utils.SWALR(o, 0.01, 20),
        lambda o: torch.optim.swa_utils.SWALR(o, 0.01, 20, anneal_strategy="linear"),
    ),
    "within": tuple(
        lambda o, k=k: lr_scheduler.ChainedScheduler([multi(k)(o), one_cycle()(o)], o)
        for k in (12, 20)
    ),
    "a user's own": tuple(lambda o, k=k: Own(o, k) for k in (0.9, 0.8)),
    "a factor for a while": tuple(
        lambda o, k=k: lr_scheduler.LambdaLR(o, lambda t: k if 8 < t < 16 else 1) for k in (1, 0.5)
    ),
}


def stepped(schedule):
    def used(o):
        scheduler = schedule(o)
        o.step()
        scheduler.step()
        return scheduler

    return used


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("case", OTHER_SCHEDULES)
def test_another_schedule_is_named(case, used, tmp_path) -> None:
    first, then = OTHER_SCHEDULES[case]
    with pytest.raises(ValueError, match=r"schedule.* (must be as in .*run.pt|has no )"):
        twice(
            {"schedule": first}, {"schedule": stepped(then) if used else then}, tmp_path / "run.pt"
        )


def group_of(optimizer, name, value) -> None:
    optimizer.param_groups[0][name] = value


IN_MEMORY = {
    "lr": lambda o, s: group_of(o, "lr", 1e-5),
    "betas": lambda o, s: group_of(o, "betas", (0.5, 0.9)),
    "weight_decay": lambda o, s: group_of(o, "weight_decay", 0.5),
    "gamma": lambda o, s: setattr(s, "gamma", 0.1),
    "step_size": lambda o, s: setattr(s, "step_size", 2),
    "base_lrs": lambda o, s: setattr(s, "base_lrs", [9.0]),
    "": lambda o, s: None,
}


@pytest.mark.parametrize("beyond", [False, True])  # the place of the file
@pytest.mark.parametrize("name", IN_MEMORY)
def test_what_was_changed_in_memory_is_named(name, beyond, tmp_path) -> None:
    path, (model, optimizer) = tmp_path / "run.pt", start()
    scheduler = lr_scheduler.StepLR(optimizer, 6, 0.5)
    short_fit(model, optimizer, epochs=2, scheduler=scheduler, checkpoint=path)
    if beyond:
        content = path.read_bytes()
        short_fit(model, optimizer, epochs=3, scheduler=scheduler, checkpoint=path)
        path.write_bytes(content)
    IN_MEMORY[name](optimizer, scheduler)
    before = snapshot(model, optimizer)
    if not name:
        short_fit(model, optimizer, epochs=3, scheduler=scheduler, checkpoint=path)
        return
    with pytest.raises(ValueError, match=f"{name} must be as in .*run.pt"):
        short_fit(model, optimizer, epochs=3, scheduler=scheduler, checkpoint=path)
    assert snapshot(model, optimizer) == before


@pytest.mark.filterwarnings("ignore:optimizer.t moves")
@pytest.mark.parametrize("case", UNSAVED)
def test_what_no_state_dict_tells_is_compared(case, tmp_path) -> None:
    first, then, message = UNSAVED[case]
    with pytest.raises(ValueError, match=message):
        twice(first, then, tmp_path / "run.pt")


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"frozen": ("hidden.bias",)},
        {"kind": Saves},
        lambda_of(lambda t: 1 / (1 + t)),
        lambda_of(lambda t: [1.0] * 12 + [0.5] * 8 and 0.5),
        sequential(lambda t: 1 / (1 + t)),
        cyclic(lambda t: 1.0),
    ],
)
def test_what_is_as_it_was_goes_on(same, tmp_path) -> None:
    twice(same, same, tmp_path / "run.pt")


def test_a_table_of_step_sizes_may_end(tmp_path) -> None:
    table = lambda_of(lambda t: [1.0 - t / 20 for t in range(16)][t])
    twice(table, table, tmp_path / "run.pt")


def test_a_counter_that_is_not_saved_is_named_while_it_moves(tmp_path) -> None:
    for kind in (Counts, Saves):
        args, _ = made(0, kind=kind)
        path = tmp_path / f"{kind.__name__}.pt"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            short_fit(*args, checkpoint=path)
        texts = [str(one.message) for one in caught]
        assert [text.partition(":")[0] for text in texts] == (
            ["optimizer.t moves and is not in its state_dict"] if kind is Counts else []
        )


class Logs(Adam):
    """Has attributes that cannot be copied."""

    def __init__(self, params, **options) -> None:
        super().__init__(params, **options)
        self.log, self.lock = iter("a log"), threading.Lock()


def test_an_optimiser_may_have_attributes_that_cannot_be_copied(tmp_path) -> None:
    ends = []
    for kind, checkpoint in ((Adam, None), (Logs, None), (Logs, tmp_path / "run.pt")):
        (model, optimizer), _ = made(0, kind=kind)
        torch.manual_seed(0)  # of dropout
        short_fit(model, optimizer, checkpoint=checkpoint)
        ends.append(flat(model))
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2])


# ---- a checkpoint's demands, with one alone


def endless() -> list:
    value: list = []
    value.append([value])
    return value


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"v": [10**700]}, r"got a number of more than 2039 bits at \['v'\]\[0\]"),
        ({"v": -(10**5000)}, "got a number of more than 2039 bits at"),
        ({"v": endless()}, "more must not hold what holds itself"),
        ({"v": {"w": b""}}, r"got empty bytes at \['v'\]\['w'\]"),
        ({"optimizer class": "x"}, "more must not have the names of .*'optimizer class'"),
        ({"file format": 3}, "more must not have the names of .*'file format'"),
        ({"file digest": "x"}, "more must not have the names of .*'file digest'"),
        ({"held parameters": []}, "more must not have the names of .*'held parameters'"),
        ({"nan": True}, r"numbers must be finite, got NaN in model\['hidden.bias'\]"),
        ({"inf": True}, r"numbers must be finite, got an infinite one in model\['hidden.bias'\]"),
        ({"buffer": True}, r"numbers must be finite, got NaN in model\['more'\]"),
    ],
)
def test_what_could_not_be_read_back_does_not_take_the_place_of_a_good_file(
    more, message, tmp_path
) -> None:
    path, (model, optimizer) = tmp_path / "run.pt", start()
    save_checkpoint(path, model, optimizer, least=2**2039 - 1, text="")
    content = path.read_bytes()
    bad = {"nan": "nan", "inf": "inf"}.get(next(iter(more)))
    with torch.no_grad():
        if bad is not None:
            model.hidden.bias[0] = float(bad)
    if "buffer" in more:
        model.register_buffer("more", torch.tensor([float("nan")]))
    with pytest.raises(ValueError, match=message):
        save_checkpoint(path, model, optimizer, **more)
    if "buffer" in more:  # and before a run's first step
        with pytest.raises(ValueError, match="numbers must be finite"):
            short_fit(model, optimizer, checkpoint=tmp_path / "other.pt")
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]
    load_checkpoint(path, *start())


@pytest.mark.filterwarnings("ignore:Sparse", "ignore:The PyTorch API of nested")
def test_expected_parts_are_compared_with_their_shapes(tmp_path) -> None:
    path = tmp_path / "run.pt"
    saved = {"none": [], "empty": torch.zeros(0), "one": 1, "two": torch.ones(2), "list": [1.0, 2]}
    save_checkpoint(path, *start(), **saved)
    wrong = {
        "none": np.array([5]), "empty": 5, "one": np.array([]), "two": 1.0, "missing": None,
        "list": torch.tensor([[1.0, 2]]),
    }  # fmt: skip
    ones = torch.ones(2)
    more = [("two", value) for value in (ones.to("meta"), (2 * ones).to_sparse(), [ones, ones])]
    more += [("two", torch.nested.nested_tensor([ones, ones])), ("list", ones.to("meta"))]
    more += [("list", endless()), ("one", [1, 1]), ("empty", torch.zeros(0, 2))]
    for name, value in [*wrong.items(), *more]:
        with pytest.raises(ValueError, match=f"{name} must be as in"):
            load_checkpoint(path, *start(), **{name: value})
    same = {
        "none": np.array([]), "empty": [], "one": torch.tensor(1), "two": [1, 1],
        "list": np.array([1.0, 2.0]),
    }  # fmt: skip
    load_checkpoint(path, *start(), **same)
    load_checkpoint(path, *start(), two=ones.to_sparse(), list=torch.tensor([1, 2]).to_sparse())


def test_a_checkpoint_is_loaded_under_inference_mode_too(tmp_path) -> None:
    path = tmp_path / "run.pt"
    model, optimizer = start()
    short_fit(model, optimizer, checkpoint=path)
    other, second = start(seed=4)
    with torch.inference_mode():
        load_checkpoint(path, other, second)
    for args in ((model, optimizer), (other, second)):
        train_step(*args, TRAIN, M)
    assert torch.equal(flat(model), flat(other))


def test_a_pipe_is_not_waited_for(tmp_path) -> None:
    pipe = tmp_path / "nltcs.test.data"
    os.mkfifo(pipe)
    for call in (
        lambda: load_checkpoint(pipe, *start()),
        lambda: short_fit(*start(), checkpoint=pipe),
        lambda: load_density_set("nltcs", "test", tmp_path),
    ):
        with pytest.raises((ValueError, OSError), match="is there and no file"):
            call()


def odd_group(model):
    return [{"params": list(model.parameters()), "tags": {"a", "b"}}]


def test_what_cannot_be_saved_is_asked_for_only_where_it_is_saved(tmp_path) -> None:
    path = tmp_path / "run.pt"
    model, _ = start()
    for call in (
        lambda: (SGD(odd_group(model), lr=0.01), None),
        lambda: (o := SGD(model.parameters(), lr=0.01), Script(o, 0, "")),
    ):
        optimizer, scheduler = call()
        if scheduler is not None:
            scheduler.state_dict = lambda: {"function": len}
        assert short_fit(model, optimizer, scheduler=scheduler).ended == "epochs"
        before = snapshot(model, SGD(model.parameters(), lr=0.01))
        with pytest.raises(ValueError, match="a checkpoint holds dense tensors"):
            short_fit(model, optimizer, scheduler=scheduler, checkpoint=path)
        assert snapshot(model, SGD(model.parameters(), lr=0.01)) == before
        assert list(tmp_path.iterdir()) == []


class Wayward(torch.optim.SGD):
    """Cannot take back what it gives."""

    def load_state_dict(self, state_dict) -> None:
        raise RuntimeError("not today")


class Stateless(torch.optim.SGD):
    def __setstate__(self, state) -> None:
        raise RuntimeError("not today")


@pytest.mark.parametrize("kind", [Wayward, Stateless])
def test_an_optimiser_that_cannot_be_resumed_is_named_before_the_first_step(kind, tmp_path) -> None:
    model, optimizer = start(kind)
    before = flat(model)
    with pytest.raises(ValueError, match=r"optimizer must load its own state_dict, .*not today"):
        short_fit(model, optimizer, checkpoint=tmp_path / "run.pt")
    assert torch.equal(flat(model), before)
    assert list(tmp_path.iterdir()) == []
    assert short_fit(model, optimizer).ended == "epochs"


# ---- options that only the live optimiser has


def test_options_that_only_the_live_one_has_are_kept(tmp_path) -> None:
    path = tmp_path / "run.pt"
    save_checkpoint(path, *start(lr=0.2))
    model, optimizer = start()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=20, cycle_momentum=False)
    optimizer.param_groups[0]["label"] = "all"
    load_checkpoint(path, model, optimizer)
    group = optimizer.param_groups[0]
    assert (group["lr"], group["label"], group["max_lr"]) == (0.2, "all", 0.05)
    short_fit(model, optimizer, scheduler=scheduler)
    for name in ("lr", "betas"):  # an option of the class must be there
        state = torch.load(path, weights_only=True)
        del state["optimizer"]["param_groups"][0][name], state["file digest"], state["file format"]
        torch.save(state, tmp_path / "other.pt")
        with pytest.raises(ValueError, match=f"the optimizer's {name} is 'missing'"):
            load_checkpoint(tmp_path / "other.pt", *start())


# ---- tensors and places of every kind


def tensors() -> dict[str, torch.Tensor]:
    kinds = {
        str(dtype): torch.zeros(3, dtype=dtype)
        for dtype in vars(torch).values()
        if isinstance(dtype, torch.dtype) and not str(dtype).startswith("torch.q")
    }  # fmt: skip
    z, square = torch.tensor([1 + 2j, 3 - 1j]), torch.eye(3)
    return kinds | {
        "conj": z.conj(),
        "conj of a part": z.conj()[1:],
        "negative bit": z.conj().imag,
        "a view": torch.arange(12).view(3, 4).T[1:],
        "a step": torch.arange(9)[::2],
        "one of a step": torch.arange(9.0)[::9],
        "one column of many": torch.arange(9.0).view(3, 3)[1:2, 2],
        "expanded": torch.ones(1).expand(4),
        "empty": torch.zeros(0, 3),
        "parameter": nn.Parameter(square.clone()),
        "buffer": nn.Buffer(square.clone()),
        "grad": square.clone().requires_grad_() * 2,
        "inference": inference(),
        "sparse": square.to_sparse(),
        "csr": square.to_sparse_csr(),
        "mkldnn": square.to_mkldnn(),
        "meta": square.to("meta"),
        "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        "jagged": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
        "quantized": torch.quantize_per_tensor(square, 0.1, 0, torch.qint8),
        "lazy": nn.parameter.UninitializedParameter(),
        "fake": fake(),
    }


def inference() -> torch.Tensor:
    with torch.inference_mode():
        return torch.ones(2)


def fake() -> torch.Tensor:
    with torch._subclasses.FakeTensorMode():
        return torch.ones(2)


SMALL = r"torch\.(bits|u?int[1-7]$)"  # torch itself cannot save these
REFUSED = {"sparse", "csr", "mkldnn", "meta", "nested", "jagged", "quantized", "lazy", "fake"}


@pytest.mark.filterwarnings("ignore")  # of torch, which calls some of these kinds prototypes
def test_every_kind_of_tensor_is_saved_rightly_or_named(tmp_path) -> None:
    refused = set()
    for kind, value in tensors().items():
        path = tmp_path / f"{kind}.pt"
        try:
            save_checkpoint(path, *start(), more=[value])
        except ValueError as error:
            refused |= {kind} if "at ['more'][0]" in str(error) and not path.exists() else set()
            continue
        (found,) = load_checkpoint(path, *start())["more"]
        assert found.dtype == value.dtype
        assert not found.is_conj()
        assert not found.is_neg()
        wide = value.detach()
        assert found.shape == wide.shape
        if value.dtype.itemsize and value.numel():
            left, right = (
                v.clone().resolve_conj().resolve_neg().contiguous().as_strided((v.numel(),), (1,))
                for v in (found, wide)
            )
            assert torch.equal(left.view(torch.uint8), right.view(torch.uint8))
    assert refused == REFUSED | {kind for kind in tensors() if re.match(SMALL, kind)}


def test_a_link_stays_one_and_permissions_are_kept(tmp_path) -> None:
    there, link = tmp_path / "there" / "run.pt", tmp_path / "link.pt"
    link.symlink_to(there)
    for _ in range(2):  # the first time it leads nowhere yet
        save_checkpoint(link, *start())
        assert link.is_symlink()
        assert there.is_file()
        assert not there.is_symlink()
        there.chmod(0o640)
    assert stat.S_IMODE(there.stat().st_mode) == 0o640
    assert [p.name for p in there.parent.iterdir()] == ["run.pt"]
    load_checkpoint(link, *start())
    with pytest.raises(OSError, match="is there and no file"):
        save_checkpoint(tmp_path / "there", *start())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="is there and no file"):
        save_checkpoint(pipe, *start())


class Extra(MADE):
    """Has a state that is no tensor."""

    def __init__(self, kind=dict) -> None:
        super().__init__(N, 9)
        self.seen = kind(calls=0)

    def logits(self, x):
        if torch.is_grad_enabled():
            self.seen["calls"] += 1
        return super().logits(x)

    def get_extra_state(self):
        return self.seen

    def set_extra_state(self, state) -> None:
        self.seen = copy.deepcopy(state)


@pytest.mark.parametrize("valid", [None, VALID])
def test_a_model_with_an_extra_state_is_saved_and_resumed(valid, tmp_path) -> None:
    def run(seed: int, epochs: int, path):
        model = randomised(Extra(), seed, scale=0.3)
        options = {"epochs": epochs, "valid": valid, "checkpoint": path}
        history = short_fit(model, Adam(model.parameters(), 0.05), **options)
        return flat(model), model.seen, history.train

    whole = run(0, 4, None)
    run(0, 2, tmp_path / "run.pt")
    resumed = run(3, 4, tmp_path / "run.pt")
    assert torch.equal(whole[0], resumed[0])
    assert whole[1:] == resumed[1:]
    assert valid is not None or whole[1] == {"calls": 20}


def test_an_extra_state_that_cannot_be_saved_is_named_before_training(tmp_path) -> None:
    class Odd(Extra):
        def get_extra_state(self):
            return {1, 2}

    model = randomised(Odd(), 0)
    before = flat(model)
    with pytest.raises(ValueError, match=r"a checkpoint holds .* got set at .*_extra_state"):
        short_fit(model, Adam(model.parameters()), checkpoint=tmp_path / "run.pt")
    assert torch.equal(flat(model), before)
    assert list(tmp_path.iterdir()) == []


def test_a_module_without_parameters_is_saved_and_loaded(tmp_path) -> None:
    _, optimizer = start()
    save_checkpoint(tmp_path / "run.pt", nn.Tanh(), optimizer)
    load_checkpoint(tmp_path / "run.pt", nn.Tanh(), optimizer)
