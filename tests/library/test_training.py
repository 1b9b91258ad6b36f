import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import chain

import numpy as np
import pytest
import torch

from mle_lib.data import TinyWorld
from mle_lib.gradient import full_gradient
from mle_lib.likelihood import log_likelihood
from mle_lib.minibatch import minibatch_gradient
from mle_lib.models import FVSBN, MADE, NADE, RecurrentModel
from mle_lib.optimizers import SGD, Adam, AdamW, Momentum, clip_by_norm
from mle_lib.training import (
    History,
    fit,
    load_checkpoint,
    loss_factor,
    save_checkpoint,
    train_step,
)
from tests.cases import binary, randomised
from tests.library.test_models import BAD_X

M, N = 23, 6
WORLD = TinyWorld(N, seed=0)
TRAIN, VALID = (WORLD.sample(k, torch.Generator().manual_seed(k)) for k in (M, 60))
FACTOR = {"sum": 1, "mean": 1 / 7, "estimate": M / 7}  # for b = 7


def flat(model) -> torch.Tensor:
    return torch.cat([q.detach().flatten() for q in model.parameters()])


def mean_log_likelihood(model, x, chunk: int = 5) -> float:
    """ℓ/m in chunks of the batch size of ``short_fit``, so that ``fit``'s equals it to the bit."""
    return log_likelihood(model, x, chunk).item() / len(x)


# ---- one step


@pytest.mark.parametrize("scale", FACTOR)
def test_the_loss_and_the_update_have_the_named_scale(make_model, scale, device, deviation) -> None:
    model, x = randomised(make_model(N), 0).to(device), binary(M, N).to(device)
    batch, before, alpha = x[3:10], flat(model), 1e-3
    log_p, gradient = model.log_prob(batch).sum(), full_gradient(model, batch)
    loss = train_step(model, SGD(model.parameters(), alpha), batch, M, scale)
    deviation(abs(loss + FACTOR[scale] * log_p.item()), 1e-12)
    deviation((flat(model) - before - alpha * FACTOR[scale] * gradient).abs().max(), 1e-12)


def test_estimate_steps_along_the_estimator(make_model, deviation) -> None:
    model, x = randomised(make_model(N), 0), binary(M, N)
    before, B = flat(model), torch.tensor([2, 5, 5, 19])
    estimate = minibatch_gradient(model, x, B)
    train_step(model, SGD(model.parameters(), 0.01), x[B], M)
    deviation((flat(model) - before - 0.01 * estimate).abs().max(), 1e-12)


def test_scales_with_matching_step_sizes_are_one_update(make_model, deviation) -> None:
    batch, ends = binary(7, N), []
    for scale, alpha in (("estimate", 0.01), ("mean", 0.01 * M), ("sum", 0.01 * M / 7)):
        model = randomised(make_model(N), 0)
        optimizer = Momentum(model.parameters(), alpha)
        for _ in range(3):
            train_step(model, optimizer, batch, M, scale)
        ends.append(flat(model))
    deviation(max((end - ends[0]).abs().max() for end in ends), 1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_loss_beyond_16_bits_is_none_of_divergence(dtype) -> None:
    """−(m/b) ℓ_B = 80 · 100 · 16 log 2 nats is more than float16 holds; its gradient is not."""
    model = FVSBN(16).to(dtype)
    loss = train_step(model, SGD(model.parameters(), 0), binary(100, 16), 8000)
    assert loss == pytest.approx(8000 * 16 * np.log(2), rel=1e-2)
    assert all(q.grad.isfinite().all() for q in model.parameters())


@pytest.mark.parametrize("scale", FACTOR)
@pytest.mark.parametrize("cut", [(7,), (4, 3), (1, 5, 1), (1,) * 7], ids=str)
def test_micro_batches_of_any_size_equal_the_one_batch(make_model, scale, cut, deviation) -> None:
    ends, losses = [], []
    for parts in (binary(7, N), list(binary(7, N).split(cut))):
        model = randomised(make_model(N), 0)
        optimizer = Adam(model.parameters(), 0.01)
        for _ in range(3):
            losses.append(train_step(model, optimizer, parts, M, scale, max_norm=5.0))
        ends.append(flat(model))
    deviation((ends[0] - ends[1]).abs().max(), 1e-12)
    deviation(max(abs(a - b) for a, b in zip(losses[:3], losses[3:], strict=True)), 1e-11)


def test_old_gradients_do_not_count() -> None:
    model, x = randomised(MADE(N, 5), 0), binary(7, N)
    model.log_prob(x).sum().backward()
    before, gradient = flat(model), full_gradient(model, x)
    train_step(model, SGD(model.parameters(), 0.1), x, M, "sum")
    assert torch.allclose(flat(model), before + 0.1 * gradient, rtol=0, atol=1e-13)


@pytest.mark.parametrize("scale", FACTOR)
def test_max_norm_clips_the_gradient_at_the_chosen_scale(scale) -> None:
    x, ends = binary(7, N), []
    for clipped in (True, False):
        model = randomised(MADE(N, 5), 0)
        optimizer = SGD(model.parameters(), 0.1)
        if clipped:
            train_step(model, optimizer, x, M, scale, max_norm=0.5)
        else:
            (-FACTOR[scale] * model.log_prob(x).sum()).backward()
            assert clip_by_norm(model.parameters(), 0.5) > 0.5
            optimizer.step()
        ends.append(flat(model))
    assert torch.allclose(*ends, rtol=0, atol=1e-13)


def test_a_loss_that_is_not_finite_changes_nothing() -> None:
    model = randomised(FVSBN(3), 0)
    with torch.no_grad():
        model.linear.bias[1] = float("inf")
    before = flat(model)
    with pytest.raises(FloatingPointError, match=r"the loss is (inf|nan)"):
        train_step(model, SGD(model.parameters(), 0.1), torch.zeros(2, 3).double(), 2)
    assert torch.equal(flat(model), before)


@pytest.mark.parametrize(("x", "message"), BAD_X)
def test_a_bad_batch_is_named_and_changes_nothing(x, message: str) -> None:
    model = FVSBN(3)
    model.log_prob(torch.ones(1, 3)).sum().backward()
    optimizer, left = SGD(model.parameters(), 0.1), model.linear.bias.grad.clone()
    for batch in (x, [torch.ones(1, 3), x]):
        wrong_type = r"(?s)parameter (batch|x)=.*Tensor"
        with pytest.raises(
            ValueError, match=message if isinstance(x, torch.Tensor) else wrong_type
        ):
            train_step(model, optimizer, batch, 5)
    assert torch.equal(flat(model), torch.zeros(6))
    assert torch.equal(model.linear.bias.grad, left)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: loss_factor("avg", 5, 2), "scale must be one of sum, mean, estimate, got 'avg'"),
        (lambda: loss_factor("sum", 0, 2), "m must be a whole number of at least 1, got 0"),
        (lambda: loss_factor("sum", 5, 0), "b must be a whole number of at least 1, got 0"),
        (lambda: short_step(batch=[]), "b must be a whole number of at least 1, got 0"),
        (lambda: short_fit(batch_size=0), "batch_size must be a whole number of at least 1, got 0"),
        (lambda: short_fit(batch_size=24), "batch_size must be at most m = 23, got 24"),
        (lambda: short_fit(epochs=0), "epochs must be a whole number of at least 1, got 0"),
        (lambda: short_fit(scale="avg"), "scale must be one of"),
        (lambda: short_fit(patience=1), "patience needs validation data, got valid=None"),
        (lambda: short_fit(seed=1.5), "seed must be a whole number of at least 0, got 1.5"),
        (lambda: short_fit(max_norm=0), "max_norm must be a number above 0, got 0"),
        (lambda: short_step(max_norm=-1.0), "max_norm must be a number"),
        (lambda: short_fit(patience=0), "patience must be a whole number of at least 1, got 0"),
        (lambda: short_fit(evaluate_every=0), "evaluate_every must be a whole number .* 1, got 0"),
        (lambda: short_fit(micro_batch_size=0), "micro_batch_size must be a whole number"),
        (lambda: short_fit(valid=torch.zeros(2, 5)), "valid must have n = 6 columns, got 5"),
        (lambda: short_fit(train=torch.full((5, N), 0.5)), "train must hold only 0 and 1, got 0.5"),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def short_step(batch=None, **options):
    model = FVSBN(N)
    train_step(model, SGD(model.parameters(), 0.1), TRAIN if batch is None else batch, M, **options)


# ---- many steps


def short_fit(model=None, optimizer=None, train=None, **options):
    model = randomised(MADE(N, 9), 0, scale=0.3) if model is None else model
    optimizer = Adam(model.parameters(), 0.05) if optimizer is None else optimizer
    settings = {"batch_size": 5, "epochs": 3, "progress": False, **options}
    return fit(model, optimizer, TRAIN if train is None else train, **settings)


def by_hand(passes: int, seed: int = 0) -> tuple[torch.Tensor, list[float]]:
    """The same training written out with ``torch.optim`` and no part of ``training``."""
    model, x = randomised(MADE(N, 9), 0, scale=0.3), TRAIN
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    generator = torch.Generator().manual_seed(seed)
    values = [mean_log_likelihood(model, x)]
    for _ in range(passes):
        order = torch.randperm(M, generator=generator)
        for start in range(0, M, 5):
            batch = x[order[start : start + 5]]
            optimizer.zero_grad()
            (-M / len(batch) * model.log_prob(batch).sum()).backward()
            optimizer.step()
        values.append(mean_log_likelihood(model, x))
    return flat(model), values


@pytest.mark.parametrize("passes", [1, 2, 4])
def test_fit_is_the_loop_written_out(passes, deviation) -> None:
    """Entry k of the history is ℓ/m after k passes; the short last batch has its own b."""
    model = randomised(MADE(N, 9), 0, scale=0.3)
    history = short_fit(model, epochs=passes)
    end, values = by_hand(passes)
    deviation((flat(model) - end).abs().max(), 1e-10)
    assert history.train == pytest.approx(values, abs=1e-10)
    assert history.epochs == list(range(passes + 1))
    assert history.ended == "epochs"
    assert history.valid == []
    assert history.best == passes


def test_the_history_is_that_of_the_parameters_left_in_the_model() -> None:
    model = randomised(MADE(N, 9), 0, scale=0.3)
    history = short_fit(model, valid=VALID, epochs=12)
    assert 0 < history.best < 12  # it overfits: the best is neither the first nor the last
    assert mean_log_likelihood(model, VALID) == max(history.valid) == history.valid[history.best]
    assert mean_log_likelihood(model, TRAIN) == history.train[history.best]


def test_every_pass_takes_every_sample_once_in_a_new_order(monkeypatch) -> None:
    x, taken = torch.eye(N)[torch.arange(M) % N], []
    rows = {tuple(row.tolist()): k for k, row in enumerate(x[:N])}

    def record(model, optimizer, parts, m, scale, max_norm, b, workers):
        taken.append([rows[tuple(row.tolist())] for part in parts for row in part])
        return 0.0

    monkeypatch.setattr("mle_lib.training.loop.train_step", record)
    short_fit(train=x)
    assert [len(batch) for batch in taken] == [5, 5, 5, 5, 3] * 3
    passes = [list(chain(*taken[k : k + 5])) for k in (0, 5, 10)]
    assert all(sorted(p) == sorted(torch.arange(M).remainder(N).tolist()) for p in passes)
    assert passes[0] != passes[1] != passes[2]


def test_the_same_run_twice_gives_the_same_numbers(make_model) -> None:
    ends = []
    for seed in (3, 3, 4):
        torch.manual_seed(len(ends))  # the global state plays no part
        model = randomised(make_model(N), 0, scale=0.3)
        history = short_fit(model, seed=seed, valid=VALID)
        ends.append((flat(model).tolist(), history.train, history.valid))
    assert ends[0] == ends[1] != ends[2]


def test_the_global_random_state_is_left_alone() -> None:
    model = MADE(N, 9).double()
    before = torch.random.get_rng_state()
    short_fit(model)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_micro_batches_change_nothing_but_the_last_digits(deviation) -> None:
    ends = []
    for micro in (None, 2, 100):
        model = randomised(MADE(N, 9), 0, scale=0.3)
        short_fit(model, micro_batch_size=micro)
        ends.append(flat(model))
    deviation((ends[0] - ends[1]).abs().max(), 1e-10)
    assert torch.equal(ends[0], ends[2])


def test_patience_counts_the_passes_since_the_best() -> None:
    long = short_fit(valid=VALID, epochs=40)
    short = short_fit(valid=VALID, epochs=40, patience=4)
    assert long.ended == "epochs"
    assert short.ended == "patience"
    assert len(short.valid) == short.best + 4 + 1
    assert short.valid == long.valid[: len(short.valid)]


@pytest.mark.parametrize(("every", "epochs"), [(1, 4), (2, 4), (3, 8), (5, 8), (99, 2)])
def test_spaced_evaluations_are_those_of_a_run_with_all(every, epochs) -> None:
    """Of one training: after each so many passes and after the last, the same numbers; and what is
    left in the model is the best of them."""
    model = randomised(MADE(N, 9), 0, scale=0.3)
    all_of_them = short_fit(valid=VALID, epochs=epochs)
    spaced = short_fit(model, valid=VALID, epochs=epochs, evaluate_every=every)
    assert spaced.epochs == sorted({*range(0, epochs, every), epochs})
    assert spaced.train == [all_of_them.train[k] for k in spaced.epochs]
    assert spaced.valid == [all_of_them.valid[k] for k in spaced.epochs]
    assert len(spaced.seconds) == len(spaced.epochs)
    assert mean_log_likelihood(model, VALID) == pytest.approx(max(spaced.valid), rel=1e-12)


def test_patience_counts_passes_where_evaluations_are_spaced() -> None:
    """The first entry that is 4 or more passes after the best."""
    spaced = short_fit(valid=VALID, epochs=60, patience=4, evaluate_every=3)
    assert spaced.ended == "patience"
    assert spaced.epochs[-1] == spaced.epochs[spaced.best] + 6
    assert spaced.epochs == list(range(0, spaced.epochs[-1] + 1, 3))


@pytest.mark.parametrize("at", [1, 2, 5, 6])
@pytest.mark.parametrize("every", [2, 4])
def test_a_run_with_spaced_evaluations_goes_on_as_if_never_stopped(every, at, tmp_path) -> None:
    """Interrupted after whole passes, some of them without an entry: the entry of the interrupt is
    its own, and that of the run that goes on has none there."""
    options = {"valid": VALID, "epochs": 8, "evaluate_every": every}
    whole, model = (randomised(MADE(N, 9), 0, scale=0.3) for _ in range(2))
    unbroken, path, made = short_fit(whole, **options), tmp_path / "run.pt", []
    optimizer = Adam(model.parameters(), 0.05)

    def count(*_: object) -> None:
        made.append(1)
        if len(made) == at * -(-M // 5):
            os.kill(os.getpid(), signal.SIGINT)

    optimizer.register_step_post_hook(count)
    stopped = short_fit(model, optimizer, checkpoint=path, **options)
    assert stopped.ended == "interrupt"
    assert stopped.epochs == [*range(0, at, every), at]
    assert len(stopped.train) == len(stopped.valid) == len(stopped.epochs)
    model = randomised(MADE(N, 9), 1)
    resumed = short_fit(model, checkpoint=path, **options)
    assert (resumed.epochs, resumed.train, resumed.valid) == (
        unbroken.epochs,
        unbroken.train,
        unbroken.valid,
    )
    assert torch.equal(flat(model), flat(whole))


def test_the_scheduler_steps_after_every_update() -> None:
    model = randomised(MADE(N, 9), 0)
    optimizer = SGD(model.parameters(), 1.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1e-3 / (1 + t))
    short_fit(model, optimizer, scheduler=scheduler)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 / (1 + 3 * 5))


def test_a_diverging_run_is_stopped_said_and_leaves_the_best() -> None:
    model = FVSBN(N)
    optimizer = SGD(model.parameters(), 1e38)
    with pytest.warns(RuntimeWarning, match="training diverged") as said:
        history = short_fit(model, optimizer, train=TRAIN.float(), valid=VALID.float())
    assert history.ended == "diverged"
    assert history.best == 0
    assert said[0].filename == __file__  # the line of the caller, not of what checks annotations
    assert torch.equal(flat(model), torch.zeros(21))


def test_a_diverging_run_leaves_the_checkpoint_of_the_pass_before(tmp_path) -> None:
    """The fifth of six passes takes steps of 1e38 instead of 0.01."""
    model = FVSBN(N)
    optimizer = SGD(model.parameters(), 1.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.01 if t < 20 else 1e38)
    options = {"train": TRAIN.float(), "checkpoint": tmp_path / "run.pt", "epochs": 6}
    with pytest.warns(RuntimeWarning, match="training diverged"):
        history = short_fit(model, optimizer, scheduler=scheduler, **options)
    assert history.ended == "diverged"
    assert history.epochs == [0, 1, 2, 3, 4]
    fresh = FVSBN(N)
    load_checkpoint(tmp_path / "run.pt", fresh, SGD(fresh.parameters(), 0.0))
    assert mean_log_likelihood(fresh, TRAIN.float()) == history.train[4]


def test_fit_clips_every_step() -> None:
    model, limit = randomised(MADE(N, 9), 0), 1e-3
    before = flat(model)
    short_fit(model, SGD(model.parameters(), 1.0), max_norm=limit)
    assert 0 < (flat(model) - before).norm() <= 15 * limit


def test_fit_runs_in_float32_on_every_device(device) -> None:
    model, x = MADE(N, 9).to(device), TRAIN.float().to(device)
    history = short_fit(model, train=x, epochs=20)
    assert history.train[-1] > history.train[0] + 0.1
    assert len(history.seconds) == 21
    assert history.seconds == sorted(history.seconds)


def test_the_progress_bar_is_shown_to_who_waits_and_can_be_left_out() -> None:
    code = """
import torch
from mle_lib.models import FVSBN
from mle_lib.optimizers import SGD
from mle_lib.training import fit
model = FVSBN(4)
fit(model, SGD(model.parameters(), 0.1), torch.zeros(10, 4), batch_size=4, epochs=2, progress={})
"""
    shown = {}
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    for progress, more in ((True, {}), (True, {"TQDM_DISABLE": "1"}), (False, {})):
        run = subprocess.run(
            [sys.executable, "-c", code.format(progress)],
            capture_output=True,
            text=True,
            check=True,
            env=environment | more,
        )
        assert run.stdout == ""
        shown[progress, len(more)] = run.stderr
    assert "/6" in shown[True, 0]
    assert shown[True, 1] == shown[False, 0] == ""


def test_parameters_the_optimiser_does_not_hold_neither_move_nor_count() -> None:
    """Four steps with and without the idle layer's gradients: only the moved layer is clipped."""
    ends = []
    for idle in (True, False):
        model = randomised(MADE(N, 9), 0)
        model.hidden.requires_grad_(idle)
        optimizer = SGD(model.output.parameters(), 0.1)
        for _ in range(4):
            train_step(model, optimizer, TRAIN, M, max_norm=0.5)
        ends.append(flat(model))
    assert torch.equal(*ends)
    start = randomised(MADE(N, 9), 0)
    assert torch.equal(model.hidden.weight, start.hidden.weight)


def test_gradients_of_idle_parameters_do_not_pile_up() -> None:
    model = randomised(MADE(N, 9), 0)
    for _ in range(3):
        train_step(model, SGD(model.output.parameters(), 0.0), TRAIN, M, "sum")
    gradient = torch.cat([q.grad.flatten() for q in model.parameters()])
    assert torch.allclose(gradient, -full_gradient(model, TRAIN), rtol=0, atol=1e-12)


def test_an_exploding_gradient_is_divergence_with_clipping_too() -> None:
    """The loss is finite, the gradient is not: a weight of 1e30 multiplies the next in float32."""
    model = RecurrentModel(N, 2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.W.copy_(1e30 * torch.eye(2))
        model.v.fill_(1.0)
    optimizer = SGD(model.parameters(), 0.1)
    before = flat(model)
    with pytest.raises(FloatingPointError, match="norm must be finite"):
        train_step(model, optimizer, TRAIN.float(), M, max_norm=1.0)
    assert torch.equal(flat(model), before)
    with pytest.warns(RuntimeWarning, match="training diverged"):
        history = short_fit(model, optimizer, train=TRAIN.float(), max_norm=1.0)
    assert history.ended == "diverged"
    assert torch.equal(flat(model), before)


def test_divergence_ends_at_once(monkeypatch) -> None:
    calls = []

    def fail_at_the_second(*args) -> float:
        calls.append(args)
        if len(calls) == 2:
            raise FloatingPointError
        return 0.0

    monkeypatch.setattr("mle_lib.training.loop.train_step", fail_at_the_second)
    with pytest.warns(RuntimeWarning, match="training diverged"):
        short_fit()
    assert len(calls) == 2


def test_the_best_entry_is_never_one_that_is_not_a_number() -> None:
    values = [float("nan"), -2.0, -1.0, float("nan")]
    assert History(epochs=[0, 1, 2, 3], valid=values).best == 2


def test_evaluation_holds_no_more_rows_than_a_micro_batch(monkeypatch) -> None:
    sizes = set()
    model = randomised(NADE(N, 4), 0)
    model.register_forward_pre_hook(lambda _, args: sizes.add(len(args[0])))
    short_fit(model, valid=VALID, micro_batch_size=2)
    assert max(sizes) == 2


# ---- stopping and going on


class Interrupt(torch.optim.lr_scheduler.LRScheduler):
    """The schedule α/(1 + t/10), which also presses Ctrl-C after step ``at``, ``times`` times."""

    def __init__(self, optimizer, at: int, times: int = 1) -> None:
        self.at, self.times = at, times
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        return [base / (1 + self.last_epoch / 10) for base in self.base_lrs]

    def step(self, *args) -> None:
        super().step(*args)
        if self.last_epoch == self.at:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)

    def state_dict(self) -> dict:
        return {k: v for k, v in super().state_dict().items() if k not in ("at", "times")}


def start(kind: Callable = Adam):
    model = randomised(MADE(N, 9), 0, scale=0.3)
    return model, kind(model.parameters(), 0.05)


def test_an_interrupt_ends_after_the_step_and_keeps_what_was_learned() -> None:
    model, optimizer = start()
    before = signal.getsignal(signal.SIGINT)
    scheduler = Interrupt(optimizer, at=8)
    history = short_fit(model, optimizer, scheduler=scheduler, epochs=9)
    assert scheduler.last_epoch == 8
    assert signal.getsignal(signal.SIGINT) is before
    assert history.ended == "interrupt"
    assert history.epochs == [0, 1, 1 + 3 / 5]
    assert history.train[-1] == mean_log_likelihood(model, TRAIN)
    assert history.train[-1] > history.train[0]


def test_an_interrupt_at_the_end_of_a_pass_leaves_whole_passes() -> None:
    model, optimizer = start()
    history = short_fit(model, optimizer, scheduler=Interrupt(optimizer, at=10), epochs=9)
    assert (history.ended, history.epochs) == ("interrupt", [0, 1, 2])


def test_a_second_interrupt_ends_at_once_and_leaves_the_best() -> None:
    model, optimizer = start()
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        short_fit(model, optimizer, valid=VALID, scheduler=Interrupt(optimizer, at=8, times=2))
    assert signal.getsignal(signal.SIGINT) is before
    _, other = reference = start()
    history = short_fit(*reference, epochs=1, valid=VALID, scheduler=Interrupt(other, at=-1))
    assert mean_log_likelihood(model, VALID) == max(history.valid)


def test_training_in_a_thread_leaves_signals_alone() -> None:
    results = []
    thread = threading.Thread(target=lambda: results.append(short_fit()))
    thread.start()
    thread.join()
    assert results[0].ended == "epochs"


@pytest.mark.parametrize("kind", [Adam, AdamW, lambda q, lr: Momentum(q, lr / 100)])
@pytest.mark.parametrize("at", [1, 3, 5, 7, 10, 14])
@pytest.mark.parametrize("validated", [True, False])
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(tmp_path, kind, at, validated) -> None:
    valid = VALID if validated else None
    model, optimizer = start(kind)
    unbroken = short_fit(model, optimizer, valid=valid, scheduler=Interrupt(optimizer, at=-1))

    path = tmp_path / "new folder" / "run.pt"
    other, optimizer = start(kind)
    options = {"valid": valid, "checkpoint": path}
    history = short_fit(other, optimizer, scheduler=Interrupt(optimizer, at=at), **options)
    assert history.ended == "interrupt"
    fresh = randomised(MADE(N, 9), 99)  # another start: it must come from the file
    optimizer = kind(fresh.parameters(), 0.05)
    resumed = short_fit(fresh, optimizer, scheduler=Interrupt(optimizer, at=-1), **options)

    assert torch.equal(flat(fresh), flat(model))
    for name in ("epochs", "train", "valid", "ended"):
        assert getattr(resumed, name) == getattr(unbroken, name)
    assert resumed.seconds == sorted(resumed.seconds)
    assert resumed.seconds[: at // 5 + 1] == history.seconds[: at // 5 + 1]


def test_more_epochs_go_on_from_a_finished_run(tmp_path) -> None:
    model, optimizer = start()
    short_fit(model, optimizer, checkpoint=tmp_path / "run.pt", epochs=2)
    history = short_fit(model, optimizer, checkpoint=tmp_path / "run.pt", epochs=4)
    unbroken = short_fit(epochs=4)
    assert history.train == unbroken.train
    for fewer in (4, 1):
        again = short_fit(model, optimizer, checkpoint=tmp_path / "run.pt", epochs=fewer)
        assert (again.train, again.ended) == (history.train, "epochs")


def test_the_history_fits_the_model_where_a_broken_pass_is_not_gone_on_with(tmp_path) -> None:
    model, optimizer = start()
    path = tmp_path / "run.pt"
    short_fit(model, optimizer, checkpoint=path, scheduler=Interrupt(optimizer, at=8))
    history = short_fit(
        model, optimizer, checkpoint=path, scheduler=Interrupt(optimizer, at=-1), epochs=1
    )
    assert history.epochs == [0, 1, 1.6]
    assert history.train[-1] == mean_log_likelihood(model, TRAIN)


def test_an_interrupt_in_the_last_step_of_all_comes_too_late() -> None:
    model, optimizer = start()
    history = short_fit(model, optimizer, scheduler=Interrupt(optimizer, at=15), epochs=3)
    assert (history.ended, history.epochs) == ("epochs", [0, 1, 2, 3])


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN, lambda *_: None])
def test_the_handler_of_before_comes_back(handler) -> None:
    before = signal.signal(signal.SIGINT, handler)
    try:
        short_fit()
        assert signal.getsignal(signal.SIGINT) == handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_numbers_of_numpy_can_be_saved_and_read_back(tmp_path) -> None:
    path = tmp_path / "run.pt"
    for _ in range(2):
        model = randomised(MADE(N, 9), 0)
        optimizer = SGD(model.parameters(), np.float64(0.01))
        options = {"max_norm": np.float64(1.0), "seed": np.int64(3), "checkpoint": path}
        history = short_fit(model, optimizer, **options)
    assert history.epochs == [0, 1, 2, 3]


def test_a_place_that_cannot_be_written_to_is_found_before_the_first_step(tmp_path) -> None:
    model, optimizer = start()
    before = flat(model)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="file"):
        short_fit(model, optimizer, checkpoint=tmp_path / "file" / "run.pt")
    assert torch.equal(flat(model), before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 6}, "setting must be as in .*'batch_size': 5.*got .*'batch_size': 6"),
        ({"seed": 1}, "setting must be as in"),
        ({"scale": "mean"}, "setting must be as in"),
        ({"max_norm": 1.0}, "setting must be as in"),
        ({"train": 1 - TRAIN}, "setting must be as in"),
        ({"model": MADE(N, 8).double()}, "model must be like the saved one"),
        ({"model": MADE(N, 9)}, "model must be like the saved one"),
        ({"model": MADE(N, 9, range(N - 1, -1, -1)).double()}, "setting must be as in"),
        ({"kind": Momentum}, "optimizer must be like the saved one"),
        ({"kind": AdamW}, "optimizer must be like the saved one"),
        ({"valid": VALID}, "setting must be as in"),
        ({"scheduled": True}, "setting must be as in"),
        ({"scale": "avg"}, "scale must be one of"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, message: str) -> None:
    path, change = tmp_path / "run.pt", dict(change)
    short_fit(*start(), checkpoint=path)
    model = change.pop("model", None) or randomised(MADE(N, 9), 5)
    optimizer = change.pop("kind", Adam)(model.parameters(), 0.7)
    if change.pop("scheduled", False):
        change["scheduler"] = Interrupt(optimizer, at=-1)
    before, saved = flat(model), path.read_bytes()
    with pytest.raises(ValueError, match=message):
        short_fit(model, optimizer, checkpoint=path, **change)
    assert torch.equal(flat(model), before)
    assert optimizer.param_groups[0]["lr"] == 0.7
    assert path.read_bytes() == saved


@pytest.mark.parametrize("state", [{}, {"model": 3, "optimizer": 4}, [1, 2]], ids=str)
def test_a_file_of_something_else_is_refused(tmp_path, state) -> None:
    torch.save(state, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="path must name a whole checkpoint"):
        load_checkpoint(tmp_path / "other.pt", *start())


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_damaged_checkpoint_is_refused_and_changes_nothing(tmp_path, kept) -> None:
    path = tmp_path / "run.pt"
    model, optimizer = start()
    save_checkpoint(path, model, optimizer, note="hello")
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    other = randomised(MADE(N, 9), 1)
    before = flat(other)
    with pytest.raises(ValueError, match="path must name a whole checkpoint"):
        load_checkpoint(path, other, Adam(other.parameters()))
    assert torch.equal(flat(other), before)


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch) -> None:
    path = tmp_path / "run.pt"
    model, optimizer = start()
    save_checkpoint(path, model, optimizer)
    whole, save = path.read_bytes(), torch.save
    train_step(model, optimizer, binary(7, N), M)  # what is saved next is something else

    def fail(state, file) -> None:
        save(state, file)
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, model, optimizer)
    assert path.read_bytes() == whole
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_a_checkpoint_comes_back_whole(tmp_path) -> None:
    model, optimizer = start()
    train_step(model, optimizer, binary(7, N), M)
    save_checkpoint(str(tmp_path / "a.pt"), model, optimizer, passes=3, notes=["a", {"b": 1.5}])
    other = randomised(MADE(N, 9), 1)
    restored = Adam(other.parameters(), 0.9)
    assert load_checkpoint(tmp_path / "a.pt", other, restored) == {
        "passes": 3,
        "notes": ["a", {"b": 1.5}],
    }
    assert torch.equal(flat(other), flat(model))
    for m, o in ((model, optimizer), (other, restored)):
        train_step(m, o, binary(5, N, seed=2), M)
    assert torch.equal(flat(other), flat(model))


def test_a_checkpoint_that_is_not_there(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none.pt", *start())
