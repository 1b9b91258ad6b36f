"""The audit: weights that are known are read off, faults that are made are named, and no other."""

import itertools
import math
import random
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib import minibatch, models, optimizers, training
from mle_lib.audit import Audit, StandIn, audit
from mle_lib.gradient import per_variable_gradients
from mle_lib.training import loop
from tests.cases import binary, randomised, seeded

K = 9
LENGTHS = [3, 9, 2, 6, 4, 8, 12, 5, 7, 10, 3, 6]


def strings(lengths: list[int] = LENGTHS, seed: int = 0) -> list[Tensor]:
    """Rows of a first symbol that is given and as many more as the lengths say."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(1, K, (n + 1,), generator=generator) for n in lengths]


DATA = strings()


class Net(nn.Module):
    """A recurrent model of the next symbol, with a dropout that is 0 unless it is set."""

    def __init__(self, dtype: torch.dtype = torch.float64, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.embed, self.cell = nn.Embedding(K, 6), nn.GRU(6, 8, batch_first=True)
            self.head, self.drop = nn.Linear(8, K), nn.Dropout(0.0)
        self.to(dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.cell(self.embed(x))[0]))


def padded(rows: list[int], data: list[Tensor] = DATA) -> tuple[Tensor, Tensor]:
    """Inputs, and targets with −100 where there are none."""
    x = nn.utils.rnn.pad_sequence([data[j][:-1] for j in rows], True)
    y = nn.utils.rnn.pad_sequence([data[j][1:] for j in rows], True, -100)
    return x, y


def nats(z: Tensor, y: Tensor, reduction: str = "sum", **more: float) -> Tensor:
    return F.cross_entropy(z.flatten(0, 1), y.flatten(), reduction=reduction, **more)


def passes(count: int, b: int, m: int = len(DATA), seed: int = 0) -> Iterator[list[int]]:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        for B in torch.randperm(m, generator=generator).split(b):
            yield B.tolist()


def symbols(rows: list[int]) -> int:
    return sum(LENGTHS[j] for j in rows)


Loss = Callable[[Tensor, Tensor, list[int]], Tensor]


def token_mean(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    return nats(z, y, "mean")


def run(
    net: nn.Module,
    loss: Loss = token_mean,
    count: int = 12,
    b: int = 4,
    optimizer: torch.optim.Optimizer | None = None,
    before_step: Callable[[nn.Module], object] = lambda net: None,
) -> None:
    """A plain loop."""
    optimizer = optimizer or torch.optim.SGD(net.parameters(), lr=0.1)
    for rows in passes(count, b):
        optimizer.zero_grad()
        x, y = padded(rows)
        loss(net(x), y, rows).backward()
        before_step(net)
        optimizer.step()


def kinds(a: Audit) -> set[str]:
    """Of what is a fault, or cannot be told."""
    return {finding.kind for finding in a.findings if finding.fault is not False}


def dense(w: list[Tensor]) -> Tensor:
    return nn.utils.rnn.pad_sequence(w, True, torch.nan)


def close(found: Tensor, expected: Tensor, tolerance: float = 1e-10) -> None:
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


# ---- what weights there are


@pytest.mark.parametrize("scale", ["estimate", "mean", "sum"])
@pytest.mark.parametrize("b", [1, 2, 3, 4])
def test_fit_weighs_every_term_the_same_over_all_shuffles(
    monkeypatch: pytest.MonkeyPatch, b: int, scale: str
) -> None:
    x, m = torch.tensor([[0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]), 4
    model = randomised(models.MADE(3, 4), 0)
    orders = list(itertools.permutations(range(m)))
    turn = iter(orders)
    monkeypatch.setattr(
        loop.Run.batches.__globals__["torch"], "randperm", lambda *_, **__: torch.tensor(next(turn))
    )
    with audit(model, x) as a:
        training.fit(
            model,
            optimizers.SGD(model.parameters(), 0.1),
            x,
            batch_size=b,
            scale=scale,
            epochs=len(orders),
            progress=False,
        )
    monkeypatch.undo()
    sizes = [len(part) for part in torch.arange(m).split(b)]
    total = {"estimate": m, "mean": 1, "sum": sum(sizes) / len(sizes)}[scale]
    close(a.weights, torch.full((4, 3), total / m).double(), 1e-12)
    assert a.steps == len(orders) * len(sizes)
    assert math.isclose(a.factor, total / m, rel_tol=1e-12)
    assert a.matches()


def test_the_variance_of_the_weights_is_the_law() -> None:
    """Over all batches: estimator_variance of chapter 3, and E[ĝ] = ∇ℓ."""
    x, b = binary(5, 3, seed=2), 2
    model = randomised(models.FVSBN(3), 0)
    optimizer = optimizers.SGD(model.parameters(), 0.1)
    with audit(model, x) as a:
        for B in itertools.combinations(range(5), b):
            training.train_step(model, optimizer, x[list(B)], m=5)
    terms = per_variable_gradients(model, x)
    moments = minibatch.gradient_moments(model, x)
    close(a.variance(terms), minibatch.estimator_variance(moments, 5, b, False), 1e-10)
    close(a.weights, torch.ones(5, 3).double(), 1e-10)
    assert math.isclose(a.effective_batch, b, rel_tol=1e-9)


@pytest.mark.parametrize("way", ["next", "whole rows", "same", "stand-in", "binary", "regression"])
@pytest.mark.parametrize("seed", range(4))
def test_weights_that_are_known_are_recovered(way: str, seed: int) -> None:
    """Any weights, negative ones too, of rows drawn with and without replacement, in any number of
    backward passes, and with any factor after them."""
    chance = random.Random(seed)
    generator = torch.Generator().manual_seed(seed)
    if way == "binary":
        rows: list[Tensor] = list(torch.eye(6, dtype=torch.float64)[:, :5])
        net: nn.Module = randomised(models.MADE(5, 7), seed)
    elif way == "regression":
        rows = list(torch.randn(6, 4, dtype=torch.float64, generator=generator))
        net = nn.Sequential(nn.Linear(4, 30), nn.Tanh(), nn.Linear(30, 2)).double()
    elif way == "same":
        rows = [torch.tensor([*s[1:].tolist(), 0]) for s in DATA]
        net = randomised(models.Transformer(K, 14, width=4, heads=2, layers=1), seed, 0.5)
    else:
        rows = DATA
        net = StandIn(rows, K, generator=seeded()).double() if way == "stand-in" else Net()
    shift = 0 if way in ("binary", "same", "regression") else 1
    counts = [2 if way == "regression" else len(row) - shift for row in rows]

    def log_p(j: int) -> Tensor:
        row = rows[j]
        if way == "regression":
            return F.logsigmoid(net(row[None]))[0]
        if way in ("binary", "same"):
            return net(row[None])[0]
        z = net(row[None] if way == "whole rows" else row[None, :-1])[0, : len(row) - 1]
        return z.log_softmax(-1).gather(1, row[1:, None])[:, 0]

    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    expected = []
    options = {"log_prob": lambda net, x: F.logsigmoid(net(x))} if way == "regression" else {}
    if way == "same":
        data: list[Tensor] | Tensor = nn.utils.rnn.pad_sequence(rows, True)
    else:
        data = torch.stack(rows) if way == "binary" else rows
    with audit(net, data, **options) as a:
        for _ in range(5):
            w = [torch.zeros(n, dtype=torch.float64) for n in counts]
            optimizer.zero_grad()
            for _ in range(chance.randint(1, 3)):
                for j in chance.choices(range(len(rows)), k=chance.randint(1, 4)):
                    one = torch.randn(counts[j], generator=generator).double()
                    w[j] += one
                    (-(one * log_p(j))).sum().backward()
            factor = chance.choice([1.0, 0.25, 8.0])
            for q in net.parameters():
                q.grad *= factor
            optimizer.step()
            expected.append(dense(w) * factor)
    close(a.weights, torch.stack(expected).mean(0), 1e-8)
    for s, one in enumerate(expected):
        found = a.table.of_step(s)
        close(a.table.dense(found), one, 1e-8)


def test_by_regression_only_what_is_identified_is_told() -> None:
    """12 terms and 5 parameters: a zero residual with wrong weights is not taken for an answer."""
    x = torch.randn(12, 4, dtype=torch.float64, generator=seeded())
    x[5] = 0
    x[5, 0] = 40.0  # and one that no other can stand for is told: its gradient has a direction more
    wide = torch.cat([x, torch.zeros(12, 1).double()], 1)
    wide[5, 4] = 1

    def audited(x: Tensor) -> Audit:
        net = nn.Linear(x.shape[1], 1).double()
        optimizer = torch.optim.SGD(net.parameters(), 1.0)
        with audit(net, x, log_prob=lambda net, x: net(x)[:, 0]) as a:
            for B in ([0, 1, 5], [5, 2]):
                optimizer.zero_grad()
                (-net(x[B]).sum() * 0.25).backward()
                optimizer.step()
        return a

    with pytest.raises(ValueError, match="terms that its gradients tell apart"):
        audited(x)
    a = audited(wide)
    expected = torch.zeros(12).double()
    expected[5] = 0.25
    close(a.weights[:, 0], expected, 1e-8)
    assert {"not identified"} <= {finding.kind for finding in a.findings}


def test_equal_rows_and_equal_gradients_are_one_class() -> None:
    net, data = Net(), [*DATA[:3], DATA[1]]
    with audit(net, data) as a:
        optimizer = torch.optim.SGD(net.parameters(), 1.0)
        for B in itertools.combinations(range(4), 2):
            optimizer.zero_grad()
            x, y = padded(list(B), data)
            (nats(net(x), y) / 7).backward()
            optimizer.step()
    assert a.matches()
    assert not kinds(a)
    assert any(finding.kind == "alike" for finding in a.findings)
    close(a.weights[1], a.weights[3])
    close(a.weights.nanmean(), torch.tensor(1 / 14, dtype=torch.float64))


# ---- E[w] is theory, over all shuffles


def shuffles(m: int = 5) -> list[tuple[int, ...]]:
    return list(itertools.permutations(range(m)))


def weights_over_shuffles(
    part: Callable[[Tensor, Tensor, list[int], list[int]], Tensor], b: int, micro: int
) -> Tensor:
    net, m = Net(), 5
    optimizer = torch.optim.SGD(net.parameters(), 1.0)
    with audit(net, DATA[:m]) as a:
        for order in shuffles(m):
            for k in range(0, m, b):
                window = list(order[k : k + b])
                optimizer.zero_grad()
                for q in range(0, len(window), micro):
                    rows = window[q : q + micro]
                    x, y = padded(rows)
                    part(net(x), y, rows, window).backward()
                optimizer.step()
    return a.weights


def theory(weight: Callable[[list[int], list[int]], float], b: int, micro: int) -> Tensor:
    """E[w], for a weight of the terms of a micro-batch in its window."""
    m, total, count = 5, torch.zeros(5, dtype=torch.float64), 0
    for order in shuffles(m):
        for k in range(0, m, b):
            window, count = list(order[k : k + b]), count + 1
            for q in range(0, len(window), micro):
                rows = window[q : q + micro]
                total[rows] += weight(rows, window)
    each = (total / count)[:, None].expand(m, max(LENGTHS[:m])).clone()
    for j in range(m):
        each[j, LENGTHS[j] :] = torch.nan
    return each


def test_mean_of_means_the_ratio_and_the_short_window_are_theory() -> None:
    found = weights_over_shuffles(lambda z, y, rows, window: nats(z, y, "mean") / 2, 4, 2)
    close(found, theory(lambda rows, window: 1 / symbols(rows) / 2, 4, 2))
    found = weights_over_shuffles(lambda z, y, rows, window: nats(z, y) / symbols(window), 3, 3)
    close(found, theory(lambda rows, window: 1 / symbols(window), 3, 3))
    found = weights_over_shuffles(lambda z, y, rows, window: nats(z, y) / 4, 4, 1)
    close(found, theory(lambda rows, window: 1 / 4, 4, 1))


# ---- what is named


def smoothed(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    return nats(z, y, "mean", label_smoothing=0.1)


def log_p_of(z: Tensor, y: Tensor) -> Tensor:
    return -nats(z, y, "none")


def focal(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    log_p = log_p_of(z, y)
    return -((1 - log_p.exp()) ** 2 * log_p).sum() / symbols(rows)


def z_loss(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    keep = y != -100
    return nats(z, y, "mean") + 1e-2 * z.logsumexp(-1).square()[keep].mean()


def hardest(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    return -log_p_of(z, y).topk(symbols(rows) // 2, largest=False).values.mean()


def sequence_mean(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    each = nats(z, y, "none").view(y.shape).sum(1)
    return (each / torch.tensor([LENGTHS[j] for j in rows])).mean()


def places(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    return nats(z, y) / y.numel()


def before_the_shift(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    return nats(z, y) / (symbols(rows) + len(rows))


def fixed(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    return nats(z, y) / 25


def own_symbol(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    x, _ = padded(rows)
    return nats(z, torch.where(y == -100, -100, x), "mean")


def with_padding(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    return nats(z, y.clamp(min=0), "mean")


def early(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
    weight = 0.9 ** torch.arange(y.shape[1]).expand(y.shape).flatten()
    return (nats(z, y, "none") * weight).sum() / symbols(rows)


NAMED: dict[Loss, set[str]] = {
    token_mean: set(),
    fixed: set(),
    smoothed: {"loss"},
    focal: {"own probability"},
    z_loss: {"loss"},
    hardest: {"own probability"},
    sequence_mean: {"terms"},
    places: {"ratio"},
    before_the_shift: {"ratio"},
    own_symbol: {"targets"},
    with_padding: {"padding"},
    early: {"terms"},
}


@pytest.mark.parametrize("loss", NAMED, ids=lambda loss: loss.__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_loss_is_named_for_what_it_is(loss: Loss, dtype: torch.dtype) -> None:
    net = Net(dtype)
    with audit(net, DATA, head=net.head) as a:
        run(net, loss)
    assert NAMED[loss] <= kinds(a), str(a)
    assert bool(kinds(a)) == bool(NAMED[loss]), str(a)


def test_at_a_model_that_says_one_over_k_too() -> None:
    """There focal loss looks like the likelihood, unless the logits are disturbed."""

    def audited(loss: Loss, spread: float) -> Audit:
        net = Net()
        nn.init.zeros_(net.head.weight)
        nn.init.zeros_(net.head.bias)
        with audit(net, DATA, spread=spread) as a:
            run(net, loss)
        return a

    for loss in (smoothed, focal, z_loss):
        assert NAMED[loss] <= kinds(audited(loss, 1.0))
    assert not kinds(audited(focal, 0.0))


def test_another_target_is_no_fault() -> None:
    net = Net()
    with audit(net, DATA, target="sequences") as a:
        run(net, sequence_mean)
    assert a.matches(), str(a)
    prompt = [torch.cat([torch.zeros(2), torch.ones(n)])[:n] for n in LENGTHS]
    weights = [w if bool(w.any()) else torch.ones(n) for w, n in zip(prompt, LENGTHS, strict=True)]

    def masked(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
        keep = nn.utils.rnn.pad_sequence([weights[j] for j in rows], True).bool()
        return nats(z, torch.where(keep, y, -100), "mean")

    with audit(net, DATA, target=weights) as a:
        run(net, masked)
    assert not kinds(a), str(a)
    with audit(net, DATA) as a:
        run(net, masked)
    assert "terms" in kinds(a)
    with audit(net, DATA, target=weights) as a:
        run(net, token_mean)
    assert "terms" in kinds(a)


def test_what_is_done_to_a_gradient_is_named() -> None:
    def by_value(net: nn.Module) -> None:
        nn.utils.clip_grad_value_(net.parameters(), 0.01)

    def by_norm(net: nn.Module) -> None:
        nn.utils.clip_grad_norm_(net.parameters(), 0.05)

    def decay(net: nn.Module) -> None:
        for q in net.parameters():
            q.grad += 0.1 * q.detach()

    def noise(net: nn.Module) -> None:
        for q in net.parameters():
            q.grad += 0.01 * torch.randn_like(q)

    for change, kind in [(by_value, "changed"), (decay, "decay"), (noise, "changed")]:
        net = Net()
        with audit(net, DATA) as a:
            run(net, before_step=change)
        assert kinds(a) == {kind}, str(a)
    net = Net()
    with audit(net, DATA) as a:
        run(net, before_step=by_norm)
    assert not kinds(a), str(a)
    assert "clipping" in {finding.kind for finding in a.findings}


def test_what_does_not_come_through_the_logits_is_named() -> None:
    net = Net()

    def with_decay(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
        return nats(z, y, "mean") + 0.05 * sum(q.square().sum() for q in net.parameters())

    def with_another(z: Tensor, y: Tensor, rows: list[int]) -> Tensor:
        return nats(z, y, "mean") + net.embed.weight.square().mean()

    with audit(net, DATA) as a:
        run(net, with_decay)
    assert kinds(a) == {"decay"}
    assert "0.1 θ" in str(a)
    with audit(net, DATA) as a:
        run(net, with_another)
    assert kinds(a) == {"beside"}


def test_dropout_and_batch_norm_are_named() -> None:
    net = Net()
    net.drop.p = 0.3
    with audit(net, DATA) as a:
        run(net)
    assert "mode" in kinds(a)

    class Normed(Net):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(8, track_running_stats=False).double()

        def forward(self, x: Tensor) -> Tensor:
            h = self.cell(self.embed(x))[0]
            return self.head(self.norm(h.flatten(0, 1)).view(h.shape))

    net = Normed()
    with audit(net, DATA) as a:
        run(net)
    assert "company" in kinds(a)


def test_a_gradient_that_is_not_cleared_is_named() -> None:
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with audit(net, DATA) as a:
        for rows in passes(2, 4):
            x, y = padded(rows)
            nats(net(x), y, "mean").backward()
            optimizer.step()
    assert "not cleared" in kinds(a)


def accumulated(net: nn.Module, micro: int, kind: str, count: int = 12) -> None:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for window in passes(count, 4, 10):
        optimizer.zero_grad()
        for q in range(0, len(window), micro):
            rows = window[q : q + micro]
            x, y = padded(rows)
            z = net(x)
            if kind == "right":
                (nats(z, y) / symbols(window)).backward()
            elif kind == "mean of means":
                (nats(z, y, "mean") * micro / 4).backward()
            elif kind == "nominal":  # a window of fewer parts is divided as if it were whole
                (sequence_mean(z, y, rows) * micro / 4).backward()
            else:
                nats(z, y).backward()
                nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()


def test_micro_batches() -> None:
    def audited(kind: str, micro: int, target: str = "symbols") -> Audit:
        net = Net()
        with audit(net, DATA[:10], target=target) as a:
            accumulated(net, micro, kind)
        return a

    right, whole = audited("right", 1), audited("right", 4)
    assert not kinds(right)
    assert not kinds(whole)
    close(right.weights, whole.weights, 1e-9)
    assert "The common factors are 0.01515 and 0.01515" in right.compare(whole)
    assert "micro-batches" in kinds(audited("mean of means", 2))
    short = audited("nominal", 2, "sequences")
    assert kinds(short) == {"short step"}, str(short)
    assert "0.50 as long" in str(short)
    assert kinds(audited("clipped", 2)) >= {"factors within"}


def test_rows_that_are_never_or_too_often_seen_are_named() -> None:
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def loop(draw: Callable[[int], list[int]], steps: int) -> Audit:
        with audit(net, DATA) as a:
            for s in range(steps):
                optimizer.zero_grad()
                x, y = padded(draw(s))
                (nats(net(x), y) / 20).backward()
                optimizer.step()
        return a

    chance = random.Random(0)
    even = loop(lambda s: chance.choices(range(12), k=3), 100)
    assert not kinds(even)
    never = loop(lambda s: chance.sample(range(11), 3), 100)
    assert any(kind.startswith("mean weight") for kind in kinds(never))
    assert "(1 never, of 6 terms)" in " ".join(str(never).split())
    more = [1.0] * 6 + [3.0] * 6
    assert "mean weight: seen" in kinds(loop(lambda s: chance.choices(range(12), more, k=3), 400))
    once = loop(lambda s: [3 * s, 3 * s + 1, 3 * s + 2][: 3 if s < 3 else 2], 4)
    assert not kinds(once)
    assert "counts unclear" in {f.kind for f in once.findings}


def test_no_false_alarm_of_the_tests_of_means() -> None:
    """30 right loops: of each of three kinds of test one alarm is expected in 1,000 runs, so that
    one here is a chance of 9 in 100."""
    net = StandIn(DATA, K, generator=seeded()).double()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    wrong = 0
    for seed in range(30):
        chance = random.Random(seed)
        with audit(net, DATA, seed=seed) as a:
            for _ in range(30):
                rows = chance.choices(range(12), k=4)
                optimizer.zero_grad()
                x, y = padded(rows)
                (nats(net(x), y) / 20).backward()
                optimizer.step()
        wrong += bool(kinds(a))
    assert wrong == 0


def test_rows_that_padding_repeats_and_a_row_that_weighs_less_are_named() -> None:
    """In a fixed order two rows come twice in each pass. And of twelve rows one weighs 0.6, which
    no group of rows need show."""
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def stepped(rows: list[int], each: Tensor) -> None:
        optimizer.zero_grad()
        x, y = padded(rows)
        sums = nats(net(x), y, "none").view(y.shape).sum(1)
        (sums @ each[rows] / 20).backward()
        optimizer.step()

    with audit(net, DATA) as a:
        for _ in range(24):
            for rows in ([*range(7)], [*range(7, 12), 0, 1]):
                stepped(rows, torch.ones(12).double())
    assert "mean weight: seen" in kinds(a), str(a)
    light = torch.ones(12).double()
    light[4] = 0.6
    with audit(net, DATA) as a:
        for rows in passes(24, 4):
            stepped(rows, light)
    assert "terms" in kinds(a)
    assert "The terms of row 4 weigh" in str(a)


def test_weights_that_are_uneven_by_chance_are_no_fault() -> None:
    """Rows drawn in proportion to their length with a mean of their means; a random half of the
    targets and then the other; two optimisers, each of a part of the model."""
    net, chance = Net(), random.Random(0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with audit(net, DATA) as a:
        for _ in range(200):
            rows = chance.choices(range(12), LENGTHS, k=4)
            optimizer.zero_grad()
            x, y = padded(rows)
            sequence_mean(net(x), y, rows).backward()
            optimizer.step()
    assert not kinds(a), str(a)
    with audit(net, DATA) as a:
        for rows in passes(12, 4):
            x, y = padded(rows)
            half = torch.rand(y.shape) < 0.5
            for keep in (half, ~half):
                optimizer.zero_grad()
                (nats(net(x), torch.where(keep, y, -100)) / 12).backward()
                optimizer.step()
    assert not kinds(a), str(a)
    two = [
        torch.optim.SGD(net.head.parameters(), lr=0.1),
        torch.optim.Adam([*net.embed.parameters(), *net.cell.parameters()]),
    ]
    with audit(net, DATA) as a:
        for rows in passes(12, 4):
            net.zero_grad()
            x, y = padded(rows)
            nats(net(x), y, "mean").backward()
            for each in two:
                each.step()
    assert a.steps == 36
    assert not kinds(a), str(a)


def test_a_loop_that_writes_into_its_batches_and_skips_some() -> None:
    net, buffer = Net(), torch.zeros(1, 12, dtype=torch.int64)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with audit(net, DATA) as a:
        for (j,) in passes(12, 1):
            optimizer.zero_grad()
            x, y = padded([j])
            here = buffer[:, : x.shape[1]].copy_(x)
            loss = nats(net(here), y)
            if torch.rand(()) < 0.1:
                continue
            loss.backward()
            optimizer.step()
    assert not kinds(a), str(a)
    assert "skipped" in {finding.kind for finding in a.findings}


# ---- nothing moves


def test_all_is_as_it_was() -> None:
    net = Net()
    net.norm = nn.BatchNorm1d(8).double()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    run(net, optimizer=optimizer)
    schedule.step()
    net.head.weight.grad = None

    def state() -> list[object]:
        return [
            [q.detach().clone() for q in net.state_dict().values()],
            [None if q.grad is None else q.grad.clone() for q in net.parameters()],
            str(optimizer.state_dict()), str(schedule.state_dict()), torch.get_rng_state(),
            random.getstate(), str(np.random.get_state()), type(optimizer).step,  # noqa: NPY002
            [part.training for part in net.modules()],
        ]  # fmt: skip

    before = state()
    with audit(net, DATA) as a:
        for rows in passes(3, 4):
            optimizer.zero_grad()
            x, y = padded(rows)
            net.norm(net.cell(net.embed(x))[0][:, 0])
            nats(net(x), y, "mean").backward()
            optimizer.step()
            schedule.step()
            torch.rand(1), random.random(), np.random.rand()  # noqa: NPY002
    after = state()
    torch.testing.assert_close(before[:2], after[:2], rtol=0, atol=0)
    assert before[2:4] == after[2:4]
    assert torch.equal(before[4], after[4])
    assert before[5:] == after[5:]
    assert a.steps == 9
    assert not kinds(a)
    run(net, count=1, optimizer=optimizer)  # it steps again
    assert not torch.equal(before[0][0], net.state_dict()["embed.weight"])


def test_with_closures_scalers_fused_steps_and_optimisers_made_inside() -> None:
    net = Net(torch.float32)

    class Mine(torch.optim.SGD):
        def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
            return super().step(closure)

    def scaled(make: Callable[[], torch.optim.Optimizer]) -> None:
        optimizer, scaler = make(), torch.amp.GradScaler("cpu", init_scale=1024.0)
        for rows in passes(3, 4):
            optimizer.zero_grad()
            x, y = padded(rows)
            scaler.scale(nats(net(x), y, "mean")).backward()
            scaler.step(optimizer)
            scaler.update()

    def closed(make: Callable[[], torch.optim.Optimizer]) -> None:
        optimizer = make()
        for rows in passes(3, 4):

            def closure(rows: list[int] = rows) -> Tensor:
                optimizer.zero_grad()
                x, y = padded(rows)
                loss = nats(net(x), y, "mean")
                loss.backward()
                return loss

            assert optimizer.step(closure) > 0

    ways = [
        lambda: torch.optim.SGD(net.parameters(), 0.1),
        lambda: torch.optim.Adam(net.parameters(), 0.1, fused=True),
        lambda: Mine(net.parameters(), 0.1),
        lambda: optimizers.Adam(net.parameters(), 0.1),
    ]
    with audit(net, DATA) as plain:
        run(net, count=3)
    for way in ways:
        for train in (scaled, closed):
            with audit(net, DATA) as a:
                train(way)
            assert a.steps == 9
            assert not kinds(a), str(a)
            close(a.weights, plain.weights, 1e-4)


def test_a_loop_that_updates_by_hand() -> None:
    net = Net()
    with audit(net, DATA) as a:
        for rows in passes(4, 4):
            net.zero_grad()
            x, y = padded(rows)
            nats(net(x), y, "mean").backward()
            a.step()
    assert a.steps == 12
    assert not kinds(a)


def test_what_is_logged_gets_the_same_table() -> None:
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with audit(net, DATA) as a:
        for rows in passes(4, 4):
            optimizer.zero_grad()
            x, y = padded(rows)
            z = net(x)
            a.log(sequence_mean(z, y, rows), "mean of rows")
            a.log(nats(z, y, "mean"))
            (nats(z, y) / 30).backward()
            optimizer.step()
    assert "logged 'loss': Σ −log p of the batch divided by its own number of symbols" in str(a)
    assert "logged 'mean of rows': a weighted sum" in str(a)
    with audit(net, DATA) as a:
        run(net, count=2)
        x, y = padded([0, 1])
        loss = nats(net(x), y)
        for wrong in (loss.detach(), torch.stack([loss, loss])):
            with pytest.raises(ValueError, match="value"):
                a.log(wrong)


# ---- what cannot be audited is said in a sentence


def test_errors() -> None:
    net = Net()
    with pytest.raises(ValueError, match="got none that did"), audit(net, DATA):
        pass
    with (
        pytest.raises(ValueError, match="head must give the logits"),
        audit(net, DATA, head=nn.Linear(1, 1)),
    ):
        run(net, count=1)

    class Fused(Net):
        def forward(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
            z = super().forward(x)
            return z, None if y is None else nats(z, y, "mean")

    fused = Fused()

    def inside() -> None:
        optimizer = torch.optim.SGD(fused.parameters(), 0.1)
        for rows in passes(4, 4):
            optimizer.zero_grad()
            fused(*padded(rows))[1].backward()
            optimizer.step()

    with pytest.raises(ValueError, match="its logits must reach the loss"), audit(fused, DATA):
        inside()
    with audit(fused, DATA, head=fused.head) as a:
        inside()
    assert not kinds(a)
    alike = [torch.tensor([1, 2, 3]), torch.tensor([1, 2, 4])]
    x = torch.tensor([[1, 2]])
    with pytest.raises(ValueError, match="inputs tell apart"), audit(net, alike):
        nats(net(x), x).backward()
    for options, name in [
        ({"target": "words"}, "target"), ({"target": torch.ones(3)}, "target"),
        ({"predicts": "last"}, "predicts"), ({"spread": -1.0}, "spread"),
        ({"groups": {"a": torch.ones(3)}}, "groups"), ({"target": -torch.ones(12)}, "target"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=name):
            audit(net, DATA, **options)
    with pytest.raises(ValueError, match="data"):
        audit(net, [])
    a = audit(net, DATA)
    with pytest.raises(ValueError, match="must have seen a loop run"):
        a.matches()


def test_an_error_in_the_loop_comes_through_and_all_is_put_back() -> None:
    net = Net()
    step = torch.optim.SGD.step
    with pytest.raises(ZeroDivisionError), audit(net, DATA):
        run(net, count=1, before_step=lambda net: 1 / 0)
    assert torch.optim.SGD.step is step
    assert not any(q._backward_hooks for q in net.parameters())
    assert not net._forward_hooks
    assert not net._forward_pre_hooks


def test_it_shows_itself() -> None:
    net = Net()
    with audit(net, DATA, groups={"half": torch.arange(12) % 2}) as a:
        run(net)
    shown = a._repr_mimebundle_()
    assert "<svg" in shown["text/html"]
    assert 'role="img"' in shown["text/html"]
    assert "36 steps, 12 rows, 75 terms" in shown["text/plain"]
    assert max(map(len, str(a).splitlines())) <= 84


SCRIPT = """
import sys, torch, torch.distributed as dist
from torch import nn
from tests.library.test_audit import DATA, Net, kinds, nats, padded, symbols
from mle_lib.audit import audit
rank, world, where = int(sys.argv[1]), 2, sys.argv[2]
dist.init_process_group("gloo", init_method="file://" + where, rank=rank, world_size=world)
net = Net()
ddp = nn.parallel.DistributedDataParallel(net)
for right in (True, False):
    with audit(net, DATA, head=net.head) as a:
        optimizer = torch.optim.SGD(ddp.parameters(), 0.1)
        generator = torch.Generator().manual_seed(0)
        for _ in range(12):
            for B in torch.randperm(12, generator=generator).split(4):
                mine = B[rank::world].tolist()
                optimizer.zero_grad()
                x, y = padded(mine)
                if right:
                    (nats(ddp(x), y) * world / symbols(B.tolist())).backward()
                else:
                    nats(ddp(x), y, "mean").backward()
                optimizer.step()
    print(a.steps, sorted(kinds(a)))
dist.destroy_process_group()
"""


def test_two_processes(tmp_path: Path) -> None:
    """Sums over ranks, and the mean of the ranks' means: there a term of a rank with few symbols
    weighs more. Each rank knows the weights of all."""
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    ranks = [
        subprocess.Popen(
            [*command, str(rank), str(tmp_path / "store")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in ranks:
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        assert out.splitlines() == ["36 []", "36 ['micro-batches']"]
