"""Processes that form a group and do jobs together, for the tests of what is distributed; and the
jobs. A job is a function of the rank; what it returns, or an error that it ends in, comes back."""

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate, pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import Tensor, distributed, nn

from mle_lib import distributed as together
from mle_lib import gradient, likelihood, minibatch, optimizers
from mle_lib.audit import audit
from mle_lib.distributed import Workers
from mle_lib.models import MADE, AutoregressiveModel, Transformer
from mle_lib.training import fit
from mle_lib.training.run import Run
from tests.cases import MODELS, binary, randomised

PATIENCE = 300  # seconds until a job counts as hanging; four share two cores
# from one that has imported torch: to import it takes longer than most jobs
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["torch", "mle_lib.training", "mle_lib.audit"])


class Crew:
    """W processes, each with its rank in one group."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._folder = tempfile.TemporaryDirectory()
        store = str(Path(self._folder.name) / "store")
        pipes = [PROCESSES.Pipe() for _ in range(count)]
        self._ends = [ours for ours, _ in pipes]
        self._processes = [
            PROCESSES.Process(target=serve, args=(rank, count, store, theirs), daemon=True)
            for rank, (_, theirs) in enumerate(pipes)
        ]
        for process in self._processes:
            process.start()

    def do(self, job: Callable, *args: object) -> list[Any]:
        """What the job gives on each rank. One that fails, or does not end, is an error here."""
        for end in self._ends:
            end.send((job, args))
        found = []
        for rank, end in enumerate(self._ends):
            assert end.poll(PATIENCE), f"{job.__name__} hangs on rank {rank}"
            good, value = end.recv()
            assert good, f"{job.__name__} failed on rank {rank}: {value}"
            found.append(value)
        return found

    def dismiss(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()
        self._folder.cleanup()


def serve(rank: int, count: int, store: str, end: Connection) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=count
    )
    while True:
        job, args = end.recv()
        try:
            end.send((True, job(rank, *args)))
        except Exception as error:
            end.send((False, f"{type(error).__name__}: {error}"))


@contextmanager
def crew(count: int) -> Iterator[Crew]:
    made = Crew(count)
    try:
        yield made
    finally:
        made.dismiss()


# ---- data and models, the same in every process

M, N = 23, 6
KINDS = [*MODELS, "Transformer"]


def model_of(kind: str, scale: float = 1.0) -> AutoregressiveModel:
    if kind == "Transformer":
        return randomised(Transformer(5, N, width=8, layers=1, heads=2), 0, 0.5 * scale)
    return randomised(MODELS[kind](N), 0, scale)


def data_of(kind: str, m: int = M) -> Tensor:
    """0s and 1s, or rows of symbols of unequal lengths."""
    if kind != "Transformer":
        return binary(m, N, seed=1)
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(1, 5, (m, N), generator=generator)
    return torch.where(
        torch.arange(N) < torch.randint(N, (m, 1), generator=generator), x, torch.zeros_like(x)
    )


def shards(name: str, count: int) -> list[int]:
    """How many of the M rows each of the workers has."""
    even = [M // count + (rank < M % count) for rank in range(count)]
    return {
        "even": even,
        "uneven": [M - (count - 1) * 2, *[2] * (count - 1)],
        "one empty": [0, *[M // (count - 1) + (r < M % (count - 1)) for r in range(count - 1)]]
        if count > 1
        else [M],
        "all on the last": [*[0] * (count - 1), M],
    }[name]


SHARDS = ["even", "uneven", "one empty", "all on the last"]
BATCHES = {  # numbers of rows
    "spread": [0, 22, 7, 11, 3],
    "a row twice": [4, 4, 21, 5, 13, 4],
    "one row": [19],
    "all": list(range(M)),
}


# ---- jobs


def estimates(rank: int, kind: str, cut: str, variant: str = "ours") -> dict[str, Tensor]:
    """All functions of ``mle_lib.distributed`` on a shard, or without a group on all data."""
    count = distributed.get_world_size() if rank >= 0 else 1
    model, x = model_of(kind), data_of(kind)
    starts = [0, *accumulate(shards(cut, count))]
    low, high = list(pairwise(starts))[max(rank, 0)]
    part = x[low:high]
    of = together if rank >= 0 else None
    found: dict[str, Tensor] = {}
    for chunk in (None, 2):
        f = of.log_likelihood if of else likelihood.log_likelihood
        found[f"log_likelihood {chunk}"] = f(model, part, chunk)
        f = of.full_gradient if of else gradient.full_gradient
        found[f"full_gradient {chunk}"] = f(model, part, chunk)
        for subsample in (False, True):
            f = of.gradient_moments if of else minibatch.gradient_moments
            moments = f(model, part, chunk, subsample)
            found[f"mean {chunk} {subsample}"] = moments.mean
            found[f"variance {chunk} {subsample}"] = moments.variance
            assert (moments.count, moments.subsample) == (M, subsample)
    for name, rows in BATCHES.items():
        B = torch.tensor(rows)
        mine = B[(low <= B) & (high > B)] - low
        f = of.minibatch_gradient if of else minibatch.minibatch_gradient
        if variant == "mean of local means":
            f = mean_of_local_means
        found[f"minibatch_gradient {name}"] = f(model, part, mine)
    return found


def mean_of_local_means(model: AutoregressiveModel, x: Tensor, indices: Tensor) -> Tensor:
    """m times the mean over workers of the mean of each one's batch: a mutant."""
    own = torch.zeros(sum(q.numel() for q in model.parameters())).double()
    if len(indices):
        own = minibatch.minibatch_gradient(model, x, indices) / len(x)
    total, m = own.clone(), torch.tensor(float(len(x))).double()
    distributed.all_reduce(total)
    distributed.all_reduce(m)
    return m * total / distributed.get_world_size()


class Dropped(MADE):
    """A MADE whose logits are dropped at random while it trains."""

    def __init__(self, n: int) -> None:
        super().__init__(n, 9)
        self.drop = nn.Dropout(0.3)

    def logits(self, x: Tensor) -> Tensor:
        return self.drop(super().logits(x))


class Normed(MADE):
    """A MADE with BatchNorm."""

    def __init__(self, n: int) -> None:
        super().__init__(n, 9)
        self.norm = nn.BatchNorm1d(n)

    def logits(self, x: Tensor) -> Tensor:
        return super().logits(self.norm(x))


def run_of(
    kind: str, optimizer: str, lr: float, options: dict[str, Any], **more: Any
) -> tuple[Tensor, Any]:
    """What ``fit`` leaves: θ, flat, and the history."""
    torch.manual_seed(5)
    special = {"Dropped": Dropped, "Normed": Normed}
    made = (
        randomised(special[kind](N), 0, 0.3)
        if kind in special
        else model_of(kind, 0.3 if kind != "Transformer" else 1)
    )
    moving = getattr(optimizers, optimizer)(made.parameters(), lr)
    x = data_of(kind)
    valid = data_of(kind, 41)[M - 3 :] if options.pop("valid", False) else None
    if options.pop("schedule", False):
        more["scheduler"] = torch.optim.lr_scheduler.ExponentialLR(moving, 0.99)
    history = fit(made, moving, x, valid, progress=False, **options, **more)
    return torch.cat([q.detach().flatten() for q in made.parameters()]), history


def runs(rank: int, variant: str, *given: object) -> tuple[Tensor, Any]:
    kind, optimizer, lr, options = given
    with VARIANTS[variant](rank):
        return run_of(kind, optimizer, lr, dict(options))


@contextmanager
def ours(rank: int) -> Iterator[None]:
    yield


@contextmanager
def padding_counted(rank: int) -> Iterator[None]:
    """Each batch is filled up to a multiple of W with its first rows, as ``DistributedSampler``
    does with the data, and they count."""

    def share(self: Workers, x: Tensor) -> Tensor:
        missing = -len(x) % self.count
        return torch.cat([x, x[:missing]])[self.rank :: self.count]

    with mock.patch.object(Workers, "share", share):
        yield


@contextmanager
def set_epoch_left_out(rank: int) -> Iterator[None]:
    """Every pass has the order of the first."""
    batches, begin = Run.batches, {}

    def again(self: Run) -> Iterator[Tensor]:
        begin.setdefault("order", self.shuffle)
        order = torch.Generator("cpu")
        order.set_state(begin["order"])
        fixed = torch.randperm(self.m, generator=order, device="cpu")
        with mock.patch.object(torch, "randperm", return_value=fixed):
            yield from batches(self)

    with mock.patch.object(Run, "batches", again):
        yield


@contextmanager
def own_shuffles(rank: int) -> Iterator[None]:
    """Each rank shuffles by a seed of its own: a batch has some rows twice."""
    draw = torch.randperm

    def other(m: int, generator: torch.Generator, **_: object) -> Tensor:
        order = draw(m, generator=generator)
        return order.roll(rank)

    with mock.patch.object(torch, "randperm", other):
        yield


@contextmanager
def summed_after_clipping(rank: int) -> Iterator[None]:
    """Each rank clips its own part of the gradient, and the parts are summed then."""
    from mle_lib.training import steps

    clip, add_up, later = steps.clip_by_norm, Workers.add_up, []

    def not_yet(self: Workers, parameters: Any, loss: float) -> float:
        later[:] = [(self, list(parameters))]
        return loss

    def clip_then_sum(named: Any, max_norm: float) -> None:
        ((workers, parameters),) = later
        for q in parameters:
            q.grad = torch.zeros_like(q) if q.grad is None else q.grad
        clip(named, max_norm)
        add_up(workers, parameters, 0.0)

    with (
        mock.patch.object(Workers, "add_up", not_yet),
        mock.patch.object(steps, "clip_by_norm", clip_then_sum),
    ):
        yield


VARIANTS = {
    "ours": ours,
    "padding counted": padding_counted,
    "set_epoch left out": set_epoch_left_out,
    "own shuffles": own_shuffles,
    "summed after clipping": summed_after_clipping,
}


def message(rank: int, what: str, wrong_at: int, name: str, value: object) -> str:
    """The message of the ``ValueError`` in which a call ends on this rank when one argument of it
    is wrong on rank ``wrong_at`` alone."""
    model = model_of("MADE", 0.3)
    call = {"fit": fit, **{key: getattr(together, key) for key in together.__all__}}[what]
    given: dict[str, Any] = {"model": model, "x": data_of("MADE")}
    if what == "minibatch_gradient":
        given["indices"] = torch.arange(3)
    if what == "fit":
        given = {"model": model, "train": given["x"], "batch_size": 4, "epochs": 2}
        given |= {"optimizer": optimizers.SGD(model.parameters(), 0.1), "progress": False}
    if rank == wrong_at:
        given[name] = value
    try:
        call(**given)
    except ValueError as error:
        return str(error)
    return ""


def audited(rank: int, b: int, scale: str, micro: int | None, epochs: int) -> tuple[Tensor, ...]:
    """The weights that the audit reads off ``fit``."""
    x = data_of("MADE")
    model = model_of("MADE")
    with audit(model, x) as a:
        moving = optimizers.SGD(model.parameters(), 0.1)
        fit(
            model, moving, x, batch_size=b, scale=scale, epochs=epochs, progress=False,
            micro_batch_size=micro,
        )  # fmt: skip
    faults = sorted(finding.kind for finding in a.findings if finding.fault is not False)
    return a.weights, torch.tensor(a.factor), torch.tensor(a.steps), faults


def diverging(rank: int) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_of("MADE", "SGD", 1e300, {"batch_size": 5, "epochs": 9})[1]


def noise(rank: int) -> tuple[list[float], Tensor]:
    torch.manual_seed(3)
    with Workers().own_noise():
        drawn = torch.rand(4).tolist()
    return drawn, torch.get_rng_state()


def emptiness(rank: int) -> list[str]:
    """The errors where nobody has a sample, or a row of the batch."""
    model, x = model_of("MADE"), data_of("MADE")
    said = []
    for call in (
        lambda: together.full_gradient(model, x[:0]),
        lambda: together.gradient_moments(model, x[:0]),
        lambda: together.minibatch_gradient(model, x, torch.arange(0)),
    ):
        try:
            call()
        except ValueError as error:
            said.append(str(error))
    return said


def refusal(rank: int) -> str:
    try:
        run_of("Normed", "SGD", 1e-3, {"batch_size": 5, "epochs": 1})
    except ValueError as error:
        return str(error)
    return ""


def in_a_group(rank: int) -> tuple[Tensor | None, str]:
    """ℓ of some rows in a group of the last one alone."""
    group = distributed.new_group([distributed.get_world_size() - 1])
    try:
        return together.log_likelihood(model_of("MADE"), data_of("MADE")[:5], group=group), ""
    except ValueError as error:
        return None, str(error)


def asked(rank: int, by: int) -> tuple[str, int, int]:
    """How a run ends that one worker is asked to end at its third step."""
    steps = []

    class Asked(Run):
        def is_late(self) -> bool:
            steps.append(self.step)
            self.asked = lambda: rank == by and len(steps) >= 3
            return False

    with mock.patch("mle_lib.training.loop.Run", Asked):
        _, history = run_of("MADE", "SGD", 1e-3, {"batch_size": 5, "epochs": 9})
    return history.ended, len(history.epochs) - 1, steps[-1]
