"""Checkpoints that are not right, runs that go on, and what fit asks of its arguments: each test
walks a list that a program makes."""

import copy
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from mle_lib import optimizers, training
from mle_lib.models import MADE
from mle_lib.optimizers import (
    SGD,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    RMSprop,
    clip_by_norm,
    clip_by_value,
)
from mle_lib.training import fit, load_checkpoint, save_checkpoint, train_step
from mle_lib.training.checkpoints import FORMAT
from mle_lib.training.records import fingerprint
from mle_lib.training.run import Run
from tests.cases import binary, randomised
from tests.library.test_training import TRAIN, VALID, M, N, flat, mean_log_likelihood, short_fit


def start(kind=Adam, seed: int = 0, lr: float = 0.05, **options):
    model = randomised(MADE(N, 9), seed, scale=0.3)
    return model, kind(model.parameters(), lr=lr, **options)


def snapshot(model, optimizer) -> str:
    return fingerprint([model.state_dict(), optimizer.state_dict()])


def refused(path, *, kind=Adam, message="", **options) -> None:
    """``fit`` raises a ValueError, and the model, the optimiser and the file are as they were."""
    model, optimizer = start(kind, seed=7)
    before, content = snapshot(model, optimizer), path.read_bytes()
    random = torch.get_rng_state()
    with pytest.raises(ValueError, match=message):
        short_fit(model, optimizer, checkpoint=path, **options)
    assert snapshot(model, optimizer) == before
    assert path.read_bytes() == content
    assert torch.equal(torch.get_rng_state(), random)


# ---- optimisers and schedules: all of torch's


TORCH_OPTIMIZERS = [
    value
    for value in vars(torch.optim).values()
    if inspect.isclass(value)
    and issubclass(value, torch.optim.Optimizer)
    and value is not torch.optim.Optimizer
]
OURS = [SGD, Momentum, Nesterov, RMSprop, Adam, AdamW]


@pytest.mark.parametrize(
    "kind", TORCH_OPTIMIZERS + OURS, ids=lambda k: f"{k.__module__}.{k.__name__}"
)
def test_every_optimiser_trains_and_resumes_or_is_refused_before_anything(kind, tmp_path) -> None:
    def made(seed: int):
        model = randomised(MADE(N, 9), seed, scale=0.3)
        held = list(model.parameters())
        if kind.__name__ == "Muon":  # for matrices alone
            held = [q for q in held if q.ndim == 2]
        return model, kind(held, lr=0.01)

    path = tmp_path / "run.pt"
    model, optimizer = made(0)
    if kind.__name__ in ("LBFGS", "SparseAdam"):
        before = snapshot(model, optimizer)
        for call in (
            lambda: short_fit(model, optimizer, checkpoint=path),
            lambda: train_step(model, optimizer, TRAIN, M),
        ):
            with pytest.raises(
                ValueError, match=rf"optimizer must make a step .* got {kind.__name__}"
            ):
                call()
        assert snapshot(model, optimizer) == before
        assert all(q.grad is None for q in model.parameters())
        assert not path.exists()
        return
    history = short_fit(model, optimizer, epochs=4)
    short_fit(*made(0), epochs=2, checkpoint=path)
    other, optimizer = made(5)
    resumed = short_fit(other, optimizer, epochs=4, checkpoint=path)
    assert torch.equal(flat(other), flat(model))
    assert resumed.train == history.train
    assert history.train[-1] != history.train[0]


SCHEDULES = {  # what each needs beside the optimiser; None: with a function, which is not saved
    "LambdaLR": (lambda t: 1 / (1 + t),),
    "MultiplicativeLR": (lambda t: 0.9,),
    "StepLR": (3,),
    "MultiStepLR": ([2, 4, 9],),
    "ExponentialLR": (0.9,),
    "CosineAnnealingLR": (10,),
    "CosineAnnealingWarmRestarts": (3,),
    "CyclicLR": (0.001, 0.05),
    "OneCycleLR": (0.05, 20),
    "ReduceLROnPlateau": (),
}
TORCH_SCHEDULES = [
    value
    for value in vars(lr_scheduler).values()
    if inspect.isclass(value)
    and issubclass(value, lr_scheduler.LRScheduler)
    and value.__module__.startswith("torch.optim")
    and value not in (lr_scheduler.LRScheduler, lr_scheduler._LRScheduler)
]


def scheduled(kind, optimizer):
    name = kind.__name__
    if name in ("SequentialLR", "ChainedScheduler"):
        parts = [lr_scheduler.ConstantLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)]
        return kind(optimizer, parts, [4]) if name == "SequentialLR" else kind(parts, optimizer)
    return kind(optimizer, *SCHEDULES.get(name, ()))


@pytest.mark.parametrize("kind", TORCH_SCHEDULES, ids=lambda kind: kind.__name__)
def test_every_schedule_is_stepped_and_resumed_or_refused_before_anything(kind, tmp_path) -> None:
    path = tmp_path / "run.pt"
    ends = []
    for passes in ([4], [2, 4]):
        for epochs in passes:
            model, optimizer = start(torch.optim.AdamW, seed=0 if len(passes) == 1 else epochs % 4)
            if epochs == 2:
                model, optimizer = start(torch.optim.AdamW)
            scheduler = scheduled(kind, optimizer)
            options = {"scheduler": scheduler, "checkpoint": path if len(passes) > 1 else None}
            if kind is lr_scheduler.ReduceLROnPlateau:
                before = snapshot(model, optimizer)
                with pytest.raises(
                    ValueError, match=r"scheduler must make a step .* needs metrics"
                ):
                    short_fit(model, optimizer, **options)
                assert snapshot(model, optimizer) == before
                return
            short_fit(model, optimizer, epochs=epochs, **options)
        ends.append((flat(model), optimizer.param_groups[0]["lr"]))
    assert torch.equal(ends[0][0], ends[1][0])
    assert ends[0][1] == ends[1][1]


def test_a_schedule_of_another_optimiser_or_too_short_is_refused() -> None:
    (model, optimizer), (_, other) = start(), start()
    with pytest.raises(ValueError, match="scheduler must be of this optimizer"):
        short_fit(model, optimizer, scheduler=lr_scheduler.StepLR(other, 3))
    with pytest.raises(ValueError, match=r"scheduler must be a .*LRScheduler"):
        short_fit(model, optimizer, scheduler=3)
    short = lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=14, cycle_momentum=False)
    with pytest.raises(ValueError, match="scheduler must last for all 15 updates"):
        short_fit(model, optimizer, scheduler=short)
    plateau = lr_scheduler.ReduceLROnPlateau(other)
    chain = lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(other, 3)], other)
    chain._schedulers = (*chain._schedulers, plateau)
    with pytest.raises(ValueError, match="got ReduceLROnPlateau"):
        short_fit(_, other, scheduler=chain)
    assert optimizer.state_dict()["state"] == {}


class Odd(torch.optim.SGD):
    """Its step needs an argument that only it knows."""

    def step(self, closure):
        return super().step(closure)


@pytest.mark.parametrize("max_norm", [None, 1.0])
def test_an_optimiser_that_trains_nothing_is_refused(max_norm) -> None:
    model, _ = start()
    frozen = randomised(MADE(N, 9), 0).requires_grad_(False)
    cases = [
        (model, Adam(copy.deepcopy(model).parameters())),
        (model, torch.optim.SGD([torch.zeros(3, requires_grad=True)], lr=0.1)),
        (frozen, torch.optim.SGD(frozen.parameters(), lr=0.1)),
        (model, Odd(model.parameters(), lr=0.1)),
        (model, None),
        (model, "Adam"),
    ]
    for moved, optimizer in cases:
        before = flat(moved)
        for call in (
            lambda m, o: short_fit(m, o if o is not None else 3, max_norm=max_norm),
            lambda m, o: train_step(m, o, TRAIN, M, max_norm=max_norm),
        ):
            with pytest.raises(ValueError, match=r"optimizer( must|=)"):
                call(moved, optimizer)
        assert torch.equal(flat(moved), before)
        assert all(q.grad is None for q in moved.parameters())


# ---- checkpoints that torch itself can load


def rewritten(path: Path, change, sealed: bool | None = True) -> None:
    """Change the content of a checkpoint; with a right digest, without one, or as files were
    before they had one (``sealed=None``)."""
    state = torch.load(path, weights_only=True)
    state.pop("file digest", None)
    change(state)
    if sealed:
        state["file digest"] = fingerprint(state)
    elif sealed is None:
        for name in ("file format", "held parameters", "start", "random"):
            state.pop(name, None)
    torch.save(state, path)


@pytest.mark.parametrize("kind", [Adam, torch.optim.Adam, torch.optim.SGD])
@pytest.mark.parametrize("sealed", [True, None], ids=["today", "older"])
def test_a_checkpoint_with_other_options_in_a_group_goes_on(kind, sealed, tmp_path) -> None:
    path = tmp_path / "run.pt"
    whole, optimizer = start(kind)
    short_fit(whole, optimizer, epochs=4)
    short_fit(*start(kind), epochs=2, checkpoint=path)

    def another_torch(state) -> None:
        for group in state["optimizer"]["param_groups"]:
            group["an option of tomorrow"] = True
            group.pop("decoupled_weight_decay", None)  # torch fills in what came later

    rewritten(path, another_torch, sealed)
    model, optimizer = start(kind, seed=7)
    short_fit(model, optimizer, epochs=4, checkpoint=path)
    assert torch.equal(flat(model), flat(whole))


@pytest.mark.parametrize("saved", ["plain", "named", "compiled"])
@pytest.mark.parametrize("loaded", ["plain", "named", "compiled"])
def test_names_of_parameters_and_compiled_models_do_not_matter(saved, loaded, tmp_path) -> None:
    def made(how: str, seed: int = 0):
        model = randomised(MADE(N, 9), seed, scale=0.3)
        held = model.named_parameters() if how == "named" else model.parameters()
        optimizer = torch.optim.Adam(held, lr=0.05)
        return torch.compile(model, backend="eager") if how == "compiled" else model, optimizer

    path = tmp_path / "run.pt"
    whole, optimizer = made("plain")
    options = {"valid": VALID, "checkpoint": path}
    history = short_fit(whole, optimizer, epochs=4, valid=VALID)
    short_fit(*made(saved), epochs=2, **options)
    model, optimizer = made(loaded, seed=7)
    resumed = short_fit(model, optimizer, epochs=4, **options)
    assert torch.equal(flat(model), flat(whole))
    assert resumed.valid == history.valid


def test_another_order_of_the_parameters_is_refused(tmp_path) -> None:
    path = tmp_path / "a.pt"
    model = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
    a, b = (list(part.parameters()) for part in model)
    save_checkpoint(path, model, torch.optim.SGD([*a, *b], lr=0.1))
    with pytest.raises(ValueError, match="the parameters of optimizer must be like the saved"):
        load_checkpoint(path, model, torch.optim.SGD([*b, *a], lr=0.1))
    load_checkpoint(path, model, torch.optim.SGD([*a, *b], lr=0.1))


# ---- files that read and are not right


def places(value, way=()):
    """The way to every entry of nested dicts and lists, containers included."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in entries:
        yield (*way, key)
        if isinstance(part, dict | list | tuple):
            yield from places(part, (*way, key))


def changed(state, way, how: str) -> bool:
    """Change the entry in place; whether it is another one now."""
    for key in way[:-1]:
        state = state[key]
    key, value = way[-1], state[way[-1]]
    if how == "removed":
        if isinstance(state, tuple):
            return False
        del state[key]
        return True
    if how == "mistyped":
        new = 3 if isinstance(value, str) else "text"
    elif isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel():
        new = value.clone()
        new.view(-1)[0] = float("nan")
    elif isinstance(value, float):
        new = float("nan")
    else:
        return False
    if isinstance(state, tuple):
        return False
    state[key] = new
    return True


@pytest.fixture(scope="module")
def run_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("run") / "run.pt"
    model, optimizer = start()
    short_fit(
        model,
        optimizer,
        epochs=2,
        valid=VALID,
        checkpoint=path,
        scheduler=lr_scheduler.StepLR(optimizer, 3),
    )
    return path


def resume(path: Path):
    model, optimizer = start(seed=7)
    scheduler = lr_scheduler.StepLR(optimizer, 3)
    before = snapshot(model, optimizer)
    try:
        history = short_fit(
            model, optimizer, epochs=3, valid=VALID, checkpoint=path, scheduler=scheduler
        )
    except ValueError:
        assert snapshot(model, optimizer) == before
        return None
    return flat(model).tolist(), history.train, history.valid


@pytest.mark.parametrize("how", ["removed", "mistyped", "NaN"])
@pytest.mark.parametrize("seal", ["unsealed", "sealed", "older"])
def test_an_entry_that_is_missing_mistyped_or_nan_is_refused(
    run_file, tmp_path, how, seal, record_property
) -> None:
    """Every entry in turn: as it is found in the file; with a digest made right again; in a file
    from before there were digests, where nothing but the entries themselves can tell. There two
    kinds cannot be told from what a run may leave: a parameter of which nothing is remembered, as
    one that never has a gradient, and a value on the validation data that is not a number."""
    content = torch.load(run_file, weights_only=True)
    path = tmp_path / "run.pt"
    path.write_bytes(run_file.read_bytes())
    whole = resume(path)
    assert whole is not None
    walked = 0
    for way in list(places(content)):
        if seal == "older" and way[0] in ("file format", "held parameters", "start", "random"):
            continue
        if way[0] == "file digest" or way[:2] == ("scheduler", "_is_initial"):
            continue
        state = copy.deepcopy(content)
        if not changed(state, way, how):
            continue
        if seal == "older":
            for name in ("file digest", "file format", "held parameters", "start", "random"):
                state.pop(name, None)
        elif seal == "sealed":
            state.pop("file digest")
            state["file digest"] = fingerprint(state)
        torch.save(state, path)
        walked += 1
        got = resume(path)
        if got is not None:
            assert seal != "unsealed", way
            if way[:2] == ("optimizer", "state") and len(way) == 3 and how == "removed":
                continue
            if way[:2] == ("history", "valid") and how == "NaN":
                continue
            assert got == whole, f"another run in silence: {way}"
    assert walked > {"NaN": 30}.get(how, 60)
    record_property("count", (f"entries {how} in a checkpoint, {seal}", walked))


@pytest.mark.parametrize("age", ["today", "older"])
def test_of_300_flipped_bits_none_gives_another_run_in_silence(run_file, tmp_path, age) -> None:
    path = tmp_path / "run.pt"
    path.write_bytes(run_file.read_bytes())
    if age == "older":
        rewritten(path, lambda state: None, sealed=None)
    whole, generator = path.read_bytes(), np.random.default_rng(0)
    expected = resume(path)
    assert expected is not None
    read = 0
    for _ in range(300):
        flipped = bytearray(whole)
        bit = int(generator.integers(8 * len(whole)))
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        got = resume(path)
        assert got in (None, expected), f"bit {bit}"
        read += got is not None
    assert read < 200  # the rest is in bytes that say nothing, such as padding


@pytest.mark.parametrize(
    "place", [[1, 10000], [1, 5], [1, -1], [-1, 0], [1.0, 0], [True, 0], [2], 3]
)
def test_a_place_where_no_run_can_be_is_refused(run_file, tmp_path, place) -> None:
    path = tmp_path / "run.pt"
    for sealed in (True, None):
        path.write_bytes(run_file.read_bytes())
        rewritten(path, lambda state: state.update(place=place), sealed)
        assert resume(path) is None


def test_a_file_of_a_later_format_is_refused(run_file, tmp_path) -> None:
    path = tmp_path / "run.pt"
    path.write_bytes(run_file.read_bytes())
    rewritten(path, lambda state: state.update({"file format": FORMAT + 1}))
    refused(path, message=f"its format is {FORMAT + 1}, this library reads {FORMAT}")


def test_what_could_not_be_read_back_is_not_written(tmp_path) -> None:
    path = tmp_path / "run.pt"
    model, optimizer = start()
    save_checkpoint(path, model, optimizer, passes=1)
    content = path.read_bytes()
    for bad in (object(), {1, 2}, len, np.zeros(3), torch.zeros(3).to_sparse(), [{"a": Path()}]):
        with pytest.raises(ValueError, match=r"a checkpoint holds .* got .* at \['bad'\]"):
            save_checkpoint(path, model, optimizer, bad=bad)
    assert path.read_bytes() == content
    save_checkpoint(path, model, optimizer, good=[np.float32(2), (1, None), {"a": torch.ones(())}])
    load_checkpoint(path, model, optimizer, good=[2.0, [1, None], {"a": 1}])
    with pytest.raises(ValueError, match="good must be as in"):
        load_checkpoint(path, model, optimizer, good=torch.zeros(3))


@pytest.mark.parametrize("where", ["a parameter", "a moment", "the start"])
def test_a_run_that_is_no_longer_finite_is_not_written_over_the_good_file(tmp_path, where) -> None:
    path, nan = tmp_path / "run.pt", float("nan")
    model, optimizer = start()
    if where == "the start":
        with torch.no_grad():
            model.output.bias[0] = nan
    else:
        short_fit(model, optimizer, epochs=2, checkpoint=path)
    content = path.read_bytes() if path.exists() else None

    class Spoil(lr_scheduler.LRScheduler):
        """Puts NaN in after the fifth step, which ends a pass, or after the second."""

        def get_lr(self):
            if self.last_epoch == 2 and where == "a parameter":
                with torch.no_grad():
                    model.output.bias[0] = nan
            if self.last_epoch == 5 and where == "a moment":
                optimizer.state[model.hidden.bias]["mu"][0] = nan
            return self.base_lrs

    options = {"epochs": 3, "save_every": 0, "checkpoint": path}
    if content is not None:
        path.unlink()
        model, optimizer = start()
        options["scheduler"] = Spoil(optimizer)
    with pytest.warns(RuntimeWarning, match="diverged"):
        short_fit(model, optimizer, **options)
    if content is None:
        assert not path.exists()
    else:
        state = torch.load(path, weights_only=True)
        assert all(v.isfinite().all() for v in state["model"].values())
        assert state["place"] == ([0, 1] if where == "a parameter" else [0, 4])


# ---- two at one file, a pass longer than the machine's life, SIGTERM


def test_two_runs_on_one_checkpoint_write_whole_files(tmp_path) -> None:
    path = tmp_path / "run.pt"
    errors = []

    def write(k: int) -> None:
        try:
            model, optimizer = start(seed=k)
            for _ in range(20):
                save_checkpoint(path, model, optimizer, k=k)
                assert load_checkpoint(path, *start())["k"] in range(3)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_what_the_killed_left_behind_is_removed_after_an_hour(tmp_path) -> None:
    path = tmp_path / "run[1].pt"
    old, new, other = (
        tmp_path / f"{name}.{'ab' * 8}.partial" for name in ("run[1].pt", "run[1].pt", "run1.pt")
    )
    new = new.with_name(f"run[1].pt.{'cd' * 8}.partial")
    for left in (old, new, other):
        left.write_bytes(b"half")
    for left in (old, other):
        os.utime(left, (time.time() - 4000,) * 2)
    save_checkpoint(path, *start())
    assert set(tmp_path.iterdir()) == {path, new, other}


class Lamp(lr_scheduler.LRScheduler):
    """Raises, or sends a signal, after step ``at``."""

    def __init__(self, optimizer, at: int, number: int | None = None, times: int = 1) -> None:
        self.lamp = lambda: (
            [os.kill(os.getpid(), number) for _ in range(times)] if number else 1 / 0
        )
        self.at = at
        super().__init__(optimizer)

    def get_lr(self):
        return self.base_lrs

    def step(self, *args) -> None:
        super().step(*args)
        if self.last_epoch == self.at:
            self.lamp()

    def state_dict(self):
        return {k: v for k, v in super().state_dict().items() if k not in ("at", "lamp")}


def test_a_pass_longer_than_the_life_of_the_machine_advances(tmp_path) -> None:
    """It dies after every third step; a pass has five."""
    path, lives = tmp_path / "run.pt", 0
    model, optimizer = start()
    history = short_fit(model, optimizer, epochs=3, scheduler=Lamp(optimizer, at=-1))
    ended = None
    while ended is None:
        other, optimizer = start(seed=7 if path.exists() else 0)
        at = (
            3
            if not path.exists()
            else 3
            + sum(
                c * s
                for c, s in zip(torch.load(path, weights_only=True)["place"], (5, 1), strict=True)
            )
        )
        try:
            scheduler = Lamp(optimizer, at=at)
            ended = short_fit(other, optimizer, scheduler=scheduler, checkpoint=path, save_every=0)
        except ZeroDivisionError:
            lives += 1
        assert lives < 20
    assert lives > 4
    assert torch.equal(flat(other), flat(model))
    assert ended.train == history.train


def test_within_a_pass_it_is_saved_by_time(tmp_path, monkeypatch) -> None:
    saves = []
    save = Run.save

    def count(run, *args) -> None:
        saves.append((run.epoch, run.step))
        save(run, *args)

    monkeypatch.setattr(Run, "save", count)
    whole = [(0, 0), (1, 0)]
    for every, expected in (
        (None, whole),
        (3600, whole),
        (np.float32(0), [(0, 0), *((0, k) for k in (1, 2, 3, 4)), (1, 0)]),
    ):
        saves.clear()
        path = tmp_path / f"{every}.pt"
        short_fit(*start(), epochs=1, checkpoint=path, save_every=every)
        assert saves == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_end_after_the_step_and_twice_at_once(tmp_path, number) -> None:
    path = tmp_path / "run.pt"
    unbroken, optimizer = start()
    short_fit(unbroken, optimizer, scheduler=Lamp(optimizer, at=-1))
    before = signal.getsignal(number)
    model, optimizer = start()
    history = short_fit(model, optimizer, checkpoint=path, scheduler=Lamp(optimizer, 8, number))
    assert (history.ended, history.epochs) == ("interrupt", [0, 1, 1.6])
    assert signal.getsignal(number) is before
    model, optimizer = start(seed=7)
    short_fit(model, optimizer, checkpoint=path, scheduler=Lamp(optimizer, at=-1))
    assert torch.equal(flat(model), flat(unbroken))
    model, optimizer = start()
    with pytest.raises(KeyboardInterrupt):
        short_fit(model, optimizer, scheduler=Lamp(optimizer, 8, number, times=2))
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_is_ignored_stays_so(number) -> None:
    """As in a shell's background."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        model, optimizer = start()
        history = short_fit(model, optimizer, scheduler=Lamp(optimizer, 8, number, times=2))
        assert history.ended == "epochs"
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_sigterm_to_another_process_saves_and_the_run_goes_on(tmp_path) -> None:
    code = """
import sys, torch
from mle_lib.models import MADE
from mle_lib.optimizers import Adam
from mle_lib.training import fit
torch.manual_seed(0)
model = MADE(6, 9)
x = torch.randint(2, (400, 6)).float()
print("ready", flush=True)
history = fit(model, Adam(model.parameters()), x, batch_size=1, epochs=100000, progress=False,
              checkpoint=sys.argv[1])
print(history.ended)
"""
    path = tmp_path / "run.pt"
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        while not path.exists():
            time.sleep(0.05)
        time.sleep(1)
        run.terminate()
        out, _ = run.communicate(timeout=60)
    finally:
        run.kill()
        run.wait()
    assert (out, run.returncode) == ("interrupt\n", 0)
    assert sum(torch.load(path, weights_only=True)["place"]) > 0


# ---- dropout, modes


class Dropped(MADE):
    """A MADE whose logits are dropped at random while it trains."""

    def __init__(self) -> None:
        super().__init__(N, 9)
        self.drop = nn.Dropout(0.3)

    def logits(self, x):
        return self.drop(super().logits(x))


@pytest.mark.parametrize("at", [1, 3, 5, 8])
def test_a_resumed_run_with_dropout_equals_the_unbroken_one(tmp_path, at) -> None:
    def made(seed: int, at: int):
        model = randomised(Dropped(), seed, scale=0.3)
        optimizer = Adam(model.parameters(), 0.05)
        return model, optimizer, Lamp(optimizer, at, signal.SIGINT)

    options = {"valid": VALID, "epochs": 3}
    torch.manual_seed(5)
    model, optimizer, scheduler = made(0, -1)
    history = short_fit(model, optimizer, scheduler=scheduler, **options)
    torch.manual_seed(5)
    other, optimizer, scheduler = made(0, at)
    path = tmp_path / "run.pt"
    short_fit(other, optimizer, scheduler=scheduler, checkpoint=path, **options)
    torch.manual_seed(99)
    torch.rand(17)
    other, optimizer, scheduler = made(7, -1)
    resumed = short_fit(other, optimizer, scheduler=scheduler, checkpoint=path, **options)
    assert torch.equal(flat(other), flat(model))
    assert (resumed.train, resumed.valid) == (history.train, history.valid)


def test_steps_are_made_in_train_mode_and_the_users_modes_come_back() -> None:
    seen = set()
    for training_mode, drop_mode in ((True, True), (True, False), (False, False)):
        model = randomised(Dropped(), 0)
        model.train(training_mode)
        model.drop.train(drop_mode)
        model.drop.register_forward_pre_hook(
            lambda module, args: seen.add(module.training) if torch.is_grad_enabled() else None
        )
        for again in (False, True):
            seen.clear()
            epochs = 2 if again else 1
            short_fit(model, SGD(model.parameters(), 0.01), epochs=epochs)
            # what was frozen within a model in train mode stays so
            assert seen == {drop_mode or not training_mode}
            assert (model.training, model.drop.training) == (training_mode, drop_mode)
        seen.clear()
        train_step(model, SGD(model.parameters(), 0.01), TRAIN, M)
        assert seen == {drop_mode}


class Merges(MADE):
    """Folds a part of the weight into it for evaluation, as low-rank adapters do."""

    def __init__(self) -> None:
        super().__init__(N, 9)
        self.part, self.merged = nn.Parameter(torch.full((N,), 0.5)), False

    def train(self, mode: bool = True):
        super().train(mode)
        with torch.no_grad():
            if self.merged == mode:
                self.output.bias.add_(self.part, alpha=-1 if mode else 1)
            self.merged = not mode
        return self

    def logits(self, x):
        return super().logits(x) + (0 if self.merged else self.part)


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("mode", [True, False])
def test_a_model_whose_train_does_something_gets_its_best_parameters(
    mode, interrupted, tmp_path
) -> None:
    valid = 1 - VALID  # its best entry is an early one
    path = tmp_path / "run.pt" if interrupted else None
    for at in [3, -1] if interrupted else [-1]:
        model = randomised(Merges(), 0, scale=0.3).train(mode)
        optimizer = SGD(model.parameters(), 0.1)
        lamp = Lamp(optimizer, at, signal.SIGINT)
        history = short_fit(model, optimizer, valid=valid, scheduler=lamp, checkpoint=path)
    assert (model.training, model.merged) == (mode, not mode)
    assert mean_log_likelihood(model, valid) == pytest.approx(history.valid[history.best])


# ---- settings of a resumed run


SETTINGS = {
    "train": (TRAIN, 1 - TRAIN),
    "valid": (VALID, VALID[1:]),
    "batch_size": (5, 6),
    "scale": ("estimate", "mean"),
    "seed": (0, 1),
    "max_norm": (1.0, 2.0),
}
LIVE = {  # the new value is what counts
    *("epochs", "patience", "evaluate_every", "micro_batch_size"),
    *("checkpoint", "save_every", "progress"),
    *("model", "optimizer", "scheduler"),  # compared below, or by test_training
}


def test_every_setting_of_fit_is_compared_or_counts_anew(tmp_path) -> None:
    assert set(SETTINGS) | LIVE == set(inspect.signature(fit).parameters)
    path = tmp_path / "run.pt"
    first = {name: values[0] for name, values in SETTINGS.items()}
    short_fit(*start(), checkpoint=path, **first)
    for name, (_, other) in SETTINGS.items():
        refused(path, message="setting must be as in", **(first | {name: other}))


OTHER = {bool: lambda v: not v, int: lambda v: v + 0.25, float: lambda v: v * 0.5 + 0.125}


@pytest.mark.parametrize("kind", [*OURS, torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop])
@pytest.mark.parametrize("with_schedule", [False, True])
def test_a_changed_option_of_the_optimiser_is_refused(kind, with_schedule, tmp_path) -> None:
    """Each in turn, also where a schedule has moved the step size meanwhile."""
    path = tmp_path / "run.pt"

    def schedule(optimizer):
        return lr_scheduler.StepLR(optimizer, 2) if with_schedule else None

    model, optimizer = start(kind)
    short_fit(model, optimizer, checkpoint=path, scheduler=schedule(optimizer))
    names, content = list(optimizer.param_groups[0]), path.read_bytes()
    walked = 0
    for name in names:
        model, optimizer = start(kind)
        group = optimizer.param_groups[0]
        value = group.get(name)
        if type(value) in OTHER:
            group[name] = OTHER[type(value)](value)
        elif name == "betas":
            group[name] = (value[0] * 0.5, value[1])
        else:
            continue
        walked += 1
        before = snapshot(model, optimizer)
        with pytest.raises(ValueError, match=rf"{name}s? must be as in .*run.pt|capturable"):
            short_fit(model, optimizer, checkpoint=path, scheduler=schedule(optimizer), epochs=5)
        assert (snapshot(model, optimizer) == before) or with_schedule
        assert path.read_bytes() == content
    assert walked >= 2


@pytest.mark.parametrize(
    "change",
    [
        lambda o: lr_scheduler.StepLR(o, 4),
        lambda o: lr_scheduler.StepLR(o, 3, gamma=0.3),
        lambda o: lr_scheduler.ExponentialLR(o, 0.9),
        lambda o: None,
    ],
)
def test_a_changed_option_of_the_schedule_is_refused(run_file, change) -> None:
    model, optimizer = start()
    scheduler = change(optimizer)
    options = {"valid": VALID, "checkpoint": run_file}
    with pytest.raises(ValueError, match=r"(scheduler's .*|setting) must be as in .*run.pt"):
        short_fit(model, optimizer, scheduler=scheduler, **options)


def test_what_is_still_in_memory_goes_on_too(tmp_path) -> None:
    """A second Ctrl-C, and the cell is run again: the optimiser and the schedule are further on
    than the file, which is taken."""
    path = tmp_path / "run.pt"
    unbroken, optimizer = start()
    short_fit(unbroken, optimizer, scheduler=lr_scheduler.StepLR(optimizer, 2))
    for at in (3, 8):
        path.unlink(missing_ok=True)
        model, optimizer = start()
        scheduler = Dies(optimizer, 2)
        Dies.at = at
        with pytest.raises(KeyboardInterrupt):
            short_fit(model, optimizer, checkpoint=path, scheduler=scheduler)
        Dies.at = -1
        short_fit(model, optimizer, checkpoint=path, scheduler=scheduler)
        assert torch.equal(flat(model), flat(unbroken))


class Dies(lr_scheduler.StepLR):
    at = -1

    def step(self, *args) -> None:
        super().step(*args)
        if self.last_epoch == self.at:
            raise KeyboardInterrupt


# ---- numbers of every type


WHOLE = [np.int64, np.uint8, lambda v: torch.tensor(v), lambda v: np.array(v)]
REAL = [np.float32, np.float64, lambda v: torch.tensor(v), lambda v: np.array(v)]
NUMBERS = {"batch_size": 4, "epochs": 2, "seed": 3, "patience": 2, "micro_batch_size": 2}
NUMBERS |= {"evaluate_every": 2}
REALS = {"max_norm": 0.5, "save_every": 64.0}


def test_numbers_of_every_type_are_taken_by_fit(tmp_path) -> None:
    taken = set(NUMBERS) | set(REALS)
    parameters = inspect.signature(fit).parameters.values()
    assert {
        p.name for p in parameters if "int" in str(p.annotation) or "float" in str(p.annotation)
    } == taken
    model, optimizer = start()
    short_fit(model, optimizer, **{"valid": VALID} | NUMBERS | REALS)
    for whole, real in zip(WHOLE, REAL, strict=True):
        options = {k: whole(v) for k, v in NUMBERS.items()}
        options |= {k: real(v) for k, v in REALS.items()}
        other, optimizer = start()
        path = tmp_path / "run.pt"
        short_fit(other, optimizer, valid=VALID, checkpoint=path, progress=np.False_, **options)
        assert torch.equal(flat(other), flat(model))
        assert torch.load(path, weights_only=True)["setting"]["batch_size"] == 4


@pytest.mark.parametrize("kind", OURS)
def test_numbers_of_every_type_are_taken_by_every_option(kind) -> None:
    names = [n for n in inspect.signature(kind).parameters if n != "params"]
    for real in REAL:
        ends = []
        for cast in (float, real):
            options = {n: cast(0.25) for n in names if n != "betas"}
            if "betas" in names:
                options["betas"] = (cast(0.5), cast(0.25))
            model = randomised(MADE(N, 9), 0)
            optimizer = kind(model.parameters(), **options)
            for _ in range(3):
                train_step(model, optimizer, TRAIN, np.int64(M))
            assert all(
                type(v) in (float, tuple) for n, v in optimizer.defaults.items() if n in names
            )
            ends.append(flat(model))
        assert torch.equal(*ends)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
@pytest.mark.parametrize("real", REAL)
def test_numbers_of_every_type_are_taken_by_clipping(clip, real) -> None:
    clipped = []
    for cast in (float, real):
        q = nn.Parameter(torch.zeros(3))
        q.grad = torch.tensor([3.0, -4.0, 0.1])
        clip([q], cast(0.5))
        clipped.append(q.grad)
    assert torch.equal(*clipped)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"progress": 2}, "progress must be True or False, got 2"),
        ({"progress": None}, "progress must be True or False, got None"),
        ({"progress": "yes"}, "progress must be True or False, got 'yes'"),
        ({"save_every": -1}, "save_every must be a finite number of at least 0, got -1"),
        ({"save_every": "1"}, "save_every must be a number, got '1'"),
        ({"save_every": True}, "save_every must be a number, got True"),
        ({"save_every": float("nan")}, "save_every must be a finite number"),
        ({"checkpoint": 3}, "checkpoint must be a path, got 3"),
        ({"scale": ["sum"]}, "scale must be one of"),
        ({"seed": 2**64}, "seed must be at most"),
        ({"max_norm": torch.ones(2)}, "max_norm must be a number above 0"),
        ({"max_norm": torch.tensor(True)}, "max_norm must be a number above 0"),
    ],
    ids=str,
)
def test_what_is_not_of_the_right_kind_is_named(options, message) -> None:
    model, optimizer = start()
    before = snapshot(model, optimizer)
    with pytest.raises(ValueError, match=message):
        short_fit(model, optimizer, **options)
    assert snapshot(model, optimizer) == before


# ---- evaluation follows the batch


@pytest.mark.parametrize(
    ("b", "micro", "rows"), [(3, None, 3), (7, 2, 2), (23, None, 23), (4, 9, 4)]
)
def test_an_evaluation_holds_as_many_rows_as_a_step(b, micro, rows) -> None:
    sizes = set()
    model = randomised(MADE(N, 9), 0)
    model.register_forward_pre_hook(lambda _, args: sizes.add(len(args[0])))
    short_fit(model, valid=VALID, batch_size=b, micro_batch_size=micro)
    assert max(sizes) == rows


def test_an_evaluation_takes_a_large_batch_whole() -> None:
    sizes = set()
    model = MADE(3, 4)
    model.register_forward_pre_hook(lambda _, args: sizes.add(len(args[0])))
    x = binary(3000, 3).float()
    short_fit(model, train=x, batch_size=3000, epochs=1)
    # two rows: whether what is said of one depends on its company
    assert sizes - {2} == {3000}


# ---- what a schedule or another class of the same name would change


def test_a_step_size_in_a_tensor_resumes_with_its_schedule(tmp_path) -> None:
    def run(epochs: int, path: Path | None) -> Tensor:
        model = randomised(MADE(N, 9), 0)
        optimizer = torch.optim.SGD(model.parameters(), lr=torch.tensor(0.1))
        schedule = lr_scheduler.StepLR(optimizer, 2)
        short_fit(model, optimizer, epochs=epochs, scheduler=schedule, checkpoint=path)
        return flat(model)

    run(1, tmp_path / "run.pt")
    assert torch.equal(run(2, tmp_path / "run.pt"), run(2, None))


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_a_class_of_the_same_name_is_another_one(name, moved, tmp_path) -> None:
    """Torch's for ours and ours for torch's, with an option that the other would drop."""
    path, model = tmp_path / "run.pt", randomised(MADE(N, 9), 0)
    option = {"amsgrad": True} if name.startswith("Adam") else {"momentum": 0.9}
    theirs = getattr(torch.optim, name)(model.parameters(), lr=0.1, **option)
    plain = getattr(torch.optim, name)(model.parameters(), lr=0.1)
    ours = getattr(optimizers, name)(model.parameters(), lr=0.1)
    for saved, live in ((theirs, ours), (plain, ours), (ours, theirs), (ours, plain)):
        if moved:
            train_step(model, saved, TRAIN, M)
        save_checkpoint(path, model, saved)
        before = snapshot(model, live)
        with pytest.raises(ValueError, match="path must name a whole checkpoint"):
            load_checkpoint(path, model, live)
        assert snapshot(model, live) == before
        load_checkpoint(path, model, saved)


OPTIONS = [{}, {"differentiable": True}, {"capturable": True}, {"maximize": True}]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
@pytest.mark.parametrize(
    "kind", TORCH_OPTIMIZERS + OURS, ids=lambda k: f"{k.__module__}.{k.__name__}"
)
def test_what_is_saved_can_be_read_back_or_is_not_written(kind, dtype, tmp_path) -> None:
    refused = 0
    for k, options in enumerate(OPTIONS):
        path = tmp_path / str(k) / "run.pt"
        model = nn.Linear(3, 2, bias=False, dtype=dtype)
        if not options.keys() <= inspect.signature(kind).parameters.keys():
            continue
        optimizer = kind(model.parameters(), lr=0.01, **options)
        before = snapshot(model, optimizer)
        try:
            save_checkpoint(path, model, optimizer)
        except ValueError as error:
            assert "optimizer must load its own state_dict" in str(error)  # noqa: PT017
            assert not path.parent.exists()
            refused += 1
        else:
            load_checkpoint(path, model, optimizer)
        assert snapshot(model, optimizer) == before
    assert refused < len(OPTIONS)
