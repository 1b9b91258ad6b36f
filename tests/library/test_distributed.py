"""What several workers compute together is what one computes alone."""

from collections.abc import Iterator
from functools import cache

import pytest
import torch
from torch import Tensor

from mle_lib.distributed import (
    Workers,
    full_gradient,
    gradient_moments,
    log_likelihood,
    minibatch_gradient,
)
from mle_lib.models import FVSBN
from tests.cases import binary, randomised
from tests.library import workers_at_work as work
from tests.library.workers_at_work import KINDS, SHARDS, Crew, crew

# tried in other types, shapes and modes, and beyond all bounds (test_every_argument.py): alone
X, J = binary(6, 3, seed=1), torch.tensor([0, 2])


def model() -> FVSBN:
    return randomised(FVSBN(3), 0)


ARGUMENTS = {
    log_likelihood: {"model": model, "x": X, "chunk_size": 2},
    full_gradient: {"model": model, "x": X, "chunk_size": 2},
    minibatch_gradient: {"model": model, "x": X, "indices": J},
    gradient_moments: {"model": model, "x": X, "chunk_size": 2, "subsample": True},
}

SEVERAL = [1, 2, *(pytest.param(count, marks=pytest.mark.soak) for count in (3, 4))]


@pytest.fixture(scope="module", params=SEVERAL)
def workers(request: pytest.FixtureRequest) -> Iterator[Crew]:
    with crew(request.param) as made:
        yield made


@pytest.fixture(scope="module", params=SEVERAL[1:])
def several(request: pytest.FixtureRequest) -> Iterator[Crew]:
    with crew(request.param) as made:
        yield made


def relative(found: Tensor, expected: Tensor) -> float:
    """The largest deviation, over the largest entry."""
    return float((found - expected).abs().max() / expected.abs().max())


def same(found: list[Tensor]) -> bool:
    return all(torch.equal(one, found[0]) for one in found)


# ---- estimators


def test_every_estimator_is_that_of_the_whole(workers: Crew, deviation, record_property) -> None:
    compared = 0
    for kind in KINDS:
        expected = work.estimates(-1, kind, "even")
        for cut in SHARDS:
            ranks = workers.do(work.estimates, kind, cut)
            for name, value in expected.items():
                found = [rank[name] for rank in ranks]
                assert same(found), (kind, cut, name)
                deviation(relative(found[0], value), 1e-12)
                compared += 1
    record_property("count", (f"distributed results of W = {workers.count}", compared))


def test_a_mean_of_local_means_is_seen(several: Crew) -> None:
    expected = work.estimates(-1, "MADE", "even")
    for cut in SHARDS[1:]:
        found = several.do(work.estimates, "MADE", cut, "mean of local means")[0]
        assert relative(found["minibatch_gradient spread"], expected["minibatch_gradient spread"])
        wrong = [
            name
            for name, value in expected.items()
            if name.startswith("minibatch") and relative(found[name], value) > 1e-3
        ]
        assert len(wrong) > 2, cut


# ---- fit

# model, optimiser, step size, options; each about 200 steps, but where patience ends it
RUNS: dict[str, tuple] = {
    "SGD": ("MADE", "SGD", 1e-3, {"batch_size": 5, "epochs": 40}),
    "a short last batch": ("FVSBN", "Momentum", 1e-4, {"batch_size": 11, "epochs": 67}),
    "fewer samples than workers": ("NADE", "SGD", 1e-4, {"batch_size": 1, "epochs": 9}),
    "Adam": ("MADE-deep", "Adam", 1e-2, {"batch_size": 7, "epochs": 50, "scale": "mean"}),
    "AdamW, a schedule": (
        "Recurrent", "AdamW", 1e-2, {"batch_size": 6, "epochs": 50, "schedule": True}
    ),
    "clipping": ("MADE", "SGD", 1e-2, {"batch_size": 5, "epochs": 40, "max_norm": 1.5}),
    "accumulation": (
        "Mixture", "SGD", 1e-3, {"batch_size": 9, "epochs": 67, "micro_batch_size": 2}
    ),
    "validation": ("MADE", "RMSprop", 1e-2, {"batch_size": 5, "epochs": 40, "valid": True}),
    "early stopping": (
        "MADE", "Adam", 3e-2, {"batch_size": 5, "epochs": 40, "valid": True, "patience": 2}
    ),
    "sequences": ("Transformer", "Nesterov", 1e-4, {"batch_size": 5, "epochs": 40}),
}  # fmt: skip


@cache
def alone(name: str) -> tuple:
    """What the run of one process leaves."""
    kind, optimizer, lr, options = RUNS[name]
    return work.run_of(kind, optimizer, lr, dict(options))


@pytest.mark.parametrize("name", RUNS)
def test_fit_makes_the_run_of_one_process(workers: Crew, name: str, deviation) -> None:
    theta, history = alone(name)
    ranks = workers.do(work.runs, "ours", *RUNS[name])
    assert same([found for found, _ in ranks])
    for found, told in ranks:
        deviation(relative(found, theta), 1e-12)
        assert vars(told) == vars(ranks[0][1])
        assert (told.epochs, told.ended) == (history.epochs, history.ended)
        for one, other in zip(told.train + told.valid, history.train + history.valid, strict=True):
            deviation(abs(one / other - 1), 1e-12)
    assert history.train[-1] > history.train[0]


MUTANTS = {
    "padding counted": "SGD",
    "set_epoch left out": "SGD",
    "own shuffles": "SGD",
    "summed after clipping": "clipping",
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_run_with_a_usual_mistake_is_seen(several: Crew, mutant: str) -> None:
    theta, _ = alone(MUTANTS[mutant])
    found, _ = several.do(work.runs, mutant, *RUNS[MUTANTS[mutant]])[0]
    assert relative(found, theta) > 1e-5


def test_training_that_diverges_ends_alike(several: Crew) -> None:
    with pytest.warns(RuntimeWarning, match="diverged"):
        _, alone = work.run_of("MADE", "SGD", 1e300, {"batch_size": 5, "epochs": 9})
    job = several.do(work.diverging)
    assert [history.ended for history in job] == ["diverged"] * several.count
    assert {tuple(history.epochs) for history in job} == {tuple(alone.epochs)}


# ---- dropout


def test_dropout_is_drawn_by_each_for_itself(several: Crew) -> None:
    """Gradients of one row, in train mode, differ; the global state is one on all after it."""
    drawn = several.do(work.noise)
    assert len({tuple(masks) for masks, _ in drawn}) == several.count
    assert same([state for _, state in drawn])


def test_a_run_with_dropout_is_the_same_again(several: Crew) -> None:
    given = ("Dropped", "SGD", 1e-3, {"batch_size": 5, "epochs": 3})
    (one, _), *_ = several.do(work.runs, "ours", *given)
    (two, _), *_ = several.do(work.runs, "ours", *given)
    assert torch.equal(one, two)


# ---- errors, and what is agreed on

WRONG = [
    *(
        (f, name, value)
        for f in ("log_likelihood", "full_gradient", "minibatch_gradient", "gradient_moments")
        for name, value in (
            ("model", 3),
            ("model", FVSBN(6).double()),
            ("x", None),
            ("x", binary(5, 4)),
            ("x", 2 * binary(5, 6)),
            ("x", torch.zeros(6)),
        )
    ),
    ("log_likelihood", "chunk_size", 0),
    ("full_gradient", "chunk_size", "2"),
    ("gradient_moments", "subsample", 1),
    ("gradient_moments", "subsample", True),
    ("minibatch_gradient", "indices", torch.tensor([23])),
    ("minibatch_gradient", "indices", torch.tensor([0.0])),
    ("minibatch_gradient", "indices", [1]),
    *(
        ("fit", name, value)
        for name, value in (
            ("model", None),
            ("model", randomised(FVSBN(6), 1)),
            ("train", binary(23, 6)),
            ("train", binary(22, 6, seed=1)),
            ("train", 2 * binary(23, 6)),
            ("valid", binary(23, 6)),
            ("batch_size", 5),
            ("batch_size", 24),
            ("epochs", 3),
            ("epochs", 0.5),
            ("scale", "sum"),
            ("scale", "none"),
            ("seed", 1),
            ("patience", 2),
            ("max_norm", 1.0),
            ("max_norm", -1.0),
            ("micro_batch_size", 2),
            ("optimizer", "SGD"),
            ("checkpoint", 3),
            ("progress", 2),
            ("save_every", -1),
        )
    ),
]


def test_what_is_wrong_on_one_is_a_clear_error_on_all(several: Crew, record_property) -> None:
    for number, (what, name, value) in enumerate(WRONG):
        wrong_at = number % several.count
        found = several.do(work.message, what, wrong_at, name, value)
        assert all(name.split("_")[0] in text for text in found), (what, name, value, found)
        others = {text for rank, text in enumerate(found) if rank != wrong_at}
        assert len(others) == 1
    record_property("count", (f"errors on one of {several.count} workers", len(WRONG)))
    assert several.do(work.message, "fit", -1, "", None) == [""] * several.count  # still well


def test_nothing_on_all_is_an_error_on_all(several: Crew) -> None:
    for found in several.do(work.emptiness):
        assert found == [
            "x must not be empty on every worker, got none on all",
            "x must not be empty on every worker, got none on all",
            "indices must not be empty on every worker, got none on all",
        ]


def test_batch_norm_is_refused(several: Crew) -> None:
    for text in several.do(work.refusal):
        assert "statistics of a batch" in text
        assert "BatchNorm1d at norm" in text


def test_a_group_may_be_a_part(several: Crew, deviation) -> None:
    """A sum over a group of one is its own; who is not of a group has no place in it."""
    expected = log_likelihood(work.model_of("MADE"), work.data_of("MADE")[:5])
    for rank, (own, text) in enumerate(several.do(work.in_a_group)):
        if rank == several.count - 1:
            deviation(relative(own, expected), 1e-12)
        else:
            assert "group" in text


def test_asked_is_heard_by_all_at_the_same_step(several: Crew) -> None:
    for asked_at in range(several.count):
        found = several.do(work.asked, asked_at)
        assert found == [found[0]] * several.count
        assert found[0][:2] == ("interrupt", 1)
        assert found[0][2] == 5  # asked after the third, it is read after the fourth


def test_alone_there_is_nothing_to_say() -> None:
    alone = Workers()
    assert (alone.count, alone.rank, alone.writes) == (1, 0, True)
    assert alone.heard(True, False) == (True, False)
    with pytest.raises(ZeroDivisionError), alone.together():
        _ = 1 / 0


# ---- the audit


@pytest.mark.parametrize(
    ("b", "scale", "micro"), [(5, "estimate", None), (1, "mean", None), (7, "sum", 2)]
)
def test_the_audit_reads_the_same_weights(
    workers: Crew, b: int, scale: str, micro: int | None, deviation
) -> None:
    weights, factor, steps, faults = work.audited(-1, b, scale, micro, 4)
    for found in workers.do(work.audited, b, scale, micro, 4):
        deviation((found[0] - weights).abs().max(), 1e-10)
        deviation(abs(found[1] - factor), 1e-10)
        assert found[2] == steps
        assert found[3] == faults


# ---- a scale on the loss


def scaled_run(order: str, scale: float) -> Tensor:
    """θ after 40 steps of SGD with clipping, by ``GradScaler``, its three calls in some order."""
    made, x = work.model_of("MADE", 0.3), work.data_of("MADE")
    moving = torch.optim.SGD(made.parameters(), 0.05)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=10**6)
    for start in range(40):
        moving.zero_grad()
        batch = x[(torch.arange(5) + 5 * start) % len(x)]
        scaler.scale(-made.log_prob(batch).mean()).backward()
        if order == "unscaled, clipped":
            scaler.unscale_(moving)
        torch.nn.utils.clip_grad_norm_(made.parameters(), 0.5)
        scaler.step(moving)
        scaler.update()
    return torch.cat([q.detach().flatten() for q in made.parameters()])


@pytest.mark.parametrize("scale", [2.0**-3, 2.0**10, 2.0**16])
def test_a_scale_that_is_off_before_clipping_changes_nothing(scale: float, deviation) -> None:
    plain = scaled_run("unscaled, clipped", 1.0)
    deviation(relative(scaled_run("unscaled, clipped", scale), plain), 1e-14)


@pytest.mark.parametrize("scale", [2.0**-3, 2.0**10, 2.0**16])
def test_a_scale_that_is_on_while_clipping_is_seen(scale: float) -> None:
    plain = scaled_run("unscaled, clipped", 1.0)
    assert relative(scaled_run("clipped, unscaled", scale), plain) > 1e-2
