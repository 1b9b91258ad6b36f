"""Which public training loops estimate something else than they say, and what does it cost?

Ten programs that were reported in public, each as a loop of a few lines and as the same loop
mended. ``mle_lib.audit`` reads off which weight each gives to a term of ℓ, and both are trained on
names of characters, with the same grid of step sizes, each of which falls to 0: what the fault
costs is the test nats a symbol of the one minus the other's, each at its best step size by
validation, paired by seed. Then releases of public trainers as they are, each in an environment of
its own, which is made and removed.

    python benchmarks/loops_in_the_wild.py             # about 18 minutes of one core
    python benchmarks/loops_in_the_wild.py --releases  # those alone, from a package index
    python benchmarks/loops_in_the_wild.py --smoke     # the same path at tiny sizes; writes nothing
"""

import json
import math
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_
from torch.utils.data.distributed import DistributedSampler
from writing import asked_for, write_result

from mle_lib.audit import Audit, audit
from mle_lib.data import LETTERS, load_names
from mle_lib.results import load_result

K, START = (
    len(LETTERS) + 1,
    len(LETTERS) + 1,
)  # symbols, the end included; and what a row begins with
USUAL = 27.4  # symbols of a row, on average: a fixed number to divide by
NORM = 0.25  # where gradients are clipped
SEEDS = 5
TRIED = 2  # seeds that choose the step size
RATES = (0.25, 0.5, 1.0, 2.0)
WIDE = (0.0625, 0.125, *RATES)  # where one gradient is four times the other
HIGH = (0.5, 1.0, 2.0, 4.0, 8.0)  # where it is shortened
ADAM = (0.004, 0.008, 0.016, 0.032, 0.064, 0.128)
T95 = 2.776  # Student's quantile, 4 degrees of freedom


class Net(nn.Module):
    """The next symbol from the three before it."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.embed, self.hidden = nn.Embedding(K + 1, 8), nn.Linear(24, 32)
            self.head = nn.Linear(32, K)

    def forward(self, x: Tensor) -> Tensor:
        before = F.pad(x, (2, 0), value=START).unfold(1, 3, 1)
        return self.head(torch.tanh(self.hidden(self.embed(before).flatten(2))))


class Names:
    """Names as inputs and targets, ``(m, longest)``, with 0 where there is no symbol any more."""

    def __init__(self, rows: Tensor) -> None:
        self.y = F.pad(rows, (0, 1))
        self.x = F.pad(self.y[:, :-1], (1, 0), value=START)
        self.length = (rows != 0).sum(1) + 1
        self.m = len(rows)

    def nats(
        self, net: nn.Module, B: Tensor, padding: int = -100, each: float | Tensor = 1.0
    ) -> Tensor:
        """Σ −log p of these rows, each times its weight; ``padding`` is the target after an end."""
        places = torch.arange(int(self.length[B].max()))
        y = self.y[B][:, places].masked_fill(places >= self.length[B, None], padding)
        z = net(self.x[B][:, places]).flatten(0, 1)
        if isinstance(each, float):
            return each * F.cross_entropy(z, y.flatten(), reduction="sum")
        return F.cross_entropy(z, y.flatten(), reduction="none").view(y.shape).sum(1) @ each.to(z)


@dataclass
class Run:
    """What a loop has at hand."""

    net: nn.Module
    optimizer: torch.optim.Optimizer
    names: Names
    seed: int = 0
    epoch: int = 0
    chance: torch.Generator = field(default_factory=torch.Generator)

    def steps(self, batches: Iterable[Tensor]) -> Iterator[Tensor]:
        """A step of the optimiser after each."""
        for B in batches:
            self.optimizer.zero_grad()
            yield B
            self.optimizer.step()

    def shuffled(self) -> Tensor:
        return torch.randperm(self.names.m, generator=self.chance)

    def nats(self, B: Tensor, padding: int = -100, each: float | Tensor = 1.0) -> Tensor:
        return self.names.nats(self.net, B, padding, each)

    def symbols(self, B: Tensor) -> int:
        return int(self.names.length[B].sum())

    def places(self, B: Tensor) -> int:
        return len(B) * int(self.names.length[B].max())

    def clip(self) -> None:
        clip_grad_norm_(self.net.parameters(), NORM)


# ---- the loops: one pass through the data


def token_mean(it: Run) -> None:
    for B in it.steps(it.shuffled().split(16)):
        (it.nats(B) / it.symbols(B)).backward()


def window_mean(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / it.symbols(window)).backward()


def mean_of_means(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / it.symbols(B) / 4).backward()


def before_the_shift(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / (it.symbols(window) + len(window))).backward()


def nominal_window(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / len(B) / USUAL / 4).backward()


def own_window(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        parts = window.split(4)
        for B in parts:
            (it.nats(B) / len(B) / USUAL / len(parts)).backward()


def dropped_window(it: Run) -> None:
    whole = it.names.m // 16
    for window in it.steps(it.shuffled().split(16)[:whole]):
        for B in window.split(4):
            (it.nats(B) / len(B) / USUAL / 4).backward()


def mean_of_ranks(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(12):  # 12 rows on one rank, 4 on the other
            (it.nats(B) / it.symbols(B) / 2).backward()


def mean_of_sorted_ranks(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        by_length = window[it.names.length[window].argsort()]
        for B in by_length.split(8):  # the short rows on one rank, the long ones on the other
            (it.nats(B) / it.symbols(B) / 2).backward()


def sum_over_ranks(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(12):  # times 2, for the ranks' gradients are averaged
            (it.nats(B) * 2 / it.symbols(window) / 2).backward()


def of_samplers(it: Run, shuffle: bool) -> None:
    samplers = [DistributedSampler(it.names.x, 16, rank, shuffle, it.seed) for rank in range(16)]
    for sampler in samplers:
        sampler.set_epoch(it.epoch)
    for B in it.steps(torch.tensor([*zip(*samplers, strict=True)])):
        (it.nats(B) / it.symbols(B)).backward()


def padded_in_order(it: Run) -> None:
    of_samplers(it, shuffle=False)


def padded_and_shuffled(it: Run) -> None:
    of_samplers(it, shuffle=True)


def one_shuffle(it: Run) -> None:
    for B in it.steps(it.shuffled().split(8)[: it.names.m // 16]):
        for _ in range(2):  # both ranks have the same rows
            (it.nats(B) / it.symbols(B) / 2).backward()


def of_shards(it: Run, seeds: tuple[int, int]) -> None:
    """Each rank shuffles by its seed and takes every second row."""
    shards = []
    for rank, seed in enumerate(seeds):
        order = torch.randperm(it.names.m, generator=torch.Generator().manual_seed(seed))
        shards.append(order[rank::2])
    for B in it.steps(torch.stack(shards, 1).flatten().split(16)):
        (it.nats(B) / it.symbols(B)).backward()


def seeds_by_rank(it: Run) -> None:
    first = 10_000 * it.seed + 2 * it.epoch
    of_shards(it, (first, first + 1))


def seeds_by_rank_not_by_epoch(it: Run) -> None:
    of_shards(it, (10_000 * it.seed, 10_000 * it.seed + 1))


def no_set_epoch(it: Run) -> None:
    of_shards(it, (it.seed, it.seed))


def with_set_epoch(it: Run) -> None:
    of_shards(it, (10_000 * it.seed + it.epoch,) * 2)


def padding_predicted(it: Run) -> None:
    for B in it.steps(it.shuffled().split(16)):
        (it.nats(B, padding=0) / it.places(B)).backward()


def padding_counted(it: Run) -> None:
    for B in it.steps(it.shuffled().split(16)):
        (it.nats(B) / it.places(B)).backward()


def in_ninths(it: Run, order: Tensor) -> None:
    """Four batches of two ninths, and drop_last."""
    for B in it.steps(order.split(2 * it.names.m // 9)[:4]):
        (it.nats(B) / it.symbols(B)).backward()


def drop_last_in_order(it: Run) -> None:
    in_ninths(it, torch.arange(it.names.m))


def drop_last_by_length(it: Run) -> None:
    in_ninths(it, it.names.length.argsort(stable=True))


def drop_last_shuffled(it: Run) -> None:
    in_ninths(it, it.shuffled())


def long(names: Names) -> Tensor:
    """Whether a row is of the longest tenth."""
    return (names.length > names.length.double().quantile(0.9)).long()


def chances(names: Names) -> Tensor:
    """How likely each row is, if half of what is drawn shall be of the longest tenth."""
    return 0.5 / torch.bincount(long(names))[long(names)]


def balanced(it: Run) -> None:
    drawn = chances(it.names).multinomial(it.names.m, True, generator=it.chance)
    for B in it.steps(drawn.split(16)):
        (it.nats(B) / it.symbols(B)).backward()


def balanced_and_weighted(it: Run) -> None:
    p = chances(it.names)
    for B in it.steps(p.multinomial(it.names.m, True, generator=it.chance).split(16)):
        (it.nats(B, each=1 / (it.names.m * p[B])) / (len(B) * USUAL)).backward()


def clipped_each_time(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / it.symbols(window)).backward()
            it.clip()


def clipped_once(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / it.symbols(window)).backward()
        it.clip()


def undivided(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / len(B) / USUAL).backward()


def undivided_and_clipped(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / len(B) / USUAL).backward()
        it.clip()


def divided_and_clipped(it: Run) -> None:
    for window in it.steps(it.shuffled().split(16)):
        for B in window.split(4):
            (it.nats(B) / len(B) / USUAL / 4).backward()
        it.clip()


Loop = Callable[[Run], None]


@dataclass(frozen=True)
class Program:
    """One fault: what it means, how it looks, the same mended, and who reported it.

    ``rows`` are for the audit and for training; ``kind`` is the optimiser.
    """

    number: str
    name: str
    means: str
    wrong: Loop
    mended: Loop
    setting: str
    sources: tuple[str, ...] = ()
    rows: tuple[int, int] = (48, 3008)
    passes: int = 8
    kind: str = "SGD"
    rates: tuple[float, ...] = RATES


HF = "huggingface/transformers"
PROGRAMS = (
    Program(
        "1", "mean of means over micro-batches",
        "A symbol of a micro-batch with few symbols counts more: short rows gain, long ones lose.",
        mean_of_means, window_mean,
        "windows of 4 micro-batches of 4 rows, each divided by its own symbols",
        (
            f"{HF}#14638", f"{HF}#24725", f"{HF}#34191", f"{HF}#35203", "karpathy/nanochat#59",
            "OpenNMT/OpenNMT-py#2209", "OpenNMT/OpenNMT-py#2275",
            "meta-pytorch/torchtune#1878", "verl-project/verl#3994",
        ),
    ),
    Program(
        "1b", "labels counted before the shift",
        "Each step is N / (N + 16) as long: a step size, but for how N varies.",
        before_the_shift, window_mean,
        "windows of 16 rows, divided by their N symbols and one more for each row",
        (f"{HF}#37474", f"{HF}#46204", f"{HF}#46903"),
    ),
    Program(
        "2", "the last window divided by its nominal length",
        "The last step of a pass is short because it is a sum of fewer terms: rows weigh the same.",
        nominal_window, own_window,
        "windows of 4 micro-batches of 4 rows; in the last of a pass there are 2",
        ("Lightning-AI/pytorch-lightning#19987", "jingyaogong/minimind#749"), (40, 3000),
    ),
    Program(
        "2b", "the last window dropped, after a shuffle",
        "After a shuffle every row is as likely to be dropped: shorter passes, and no bias.",
        dropped_window, own_window,
        "the same; the 2 micro-batches make no step",
        ("tracel-ai/burn#5695",), (40, 3000),
    ),
    Program(
        "3", "mean over ranks with unequal batches",
        "Which rows are on the small rank is chance: little bias, but fewer rows in effect.",
        mean_of_ranks, sum_over_ranks,
        "12 rows on one rank and 4 on the other, each divided by its own symbols",
        (
            "pytorch/pytorch#67253", "pytorch/pytorch#37359", f"{HF}#608",
            "facebookresearch/fairseq#494",
        ),
    ),
    Program(
        "3b", "the same, rows dealt by length",
        "Dealt by length, symbols of short rows count more in every step.",
        mean_of_sorted_ranks, sum_over_ranks,
        "of 16 rows the 8 shortest on one rank, the 8 longest on the other",
        ("pytorch/pytorch#67253",),
    ),
    Program(
        "4", "DistributedSampler's padding, without a shuffle",
        "In order, the same rows are doubled in each pass; after a shuffle, others: no bias.",
        padded_in_order, padded_and_shuffled,
        "torch's sampler for 16 ranks; 3,001 rows, the first 7 twice in each pass",
        ("pytorch/pytorch#25162", "pytorch/pytorch#22584"), (41, 3001),
    ),
    Program(
        "5", "one shuffle for all ranks, not dealt out",
        "No row weighs more than another; a step has half the rows that it is thought to have.",
        one_shuffle, with_set_epoch,
        "two ranks have the same 8 rows in each step; as many steps as the other",
        ("NVlabs/LongLive#71",),
    ),
    Program(
        "5b", "seeds that differ by rank",
        "In one pass a row is seen 0 to 2 times, over all passes as often as any other.",
        seeds_by_rank, with_set_epoch,
        "two ranks take every second row of their own shuffles, others in each pass",
        ("NVlabs/LongLive#71",),
    ),
    Program(
        "5c", "seeds that differ by rank, and set_epoch forgotten",
        "A quarter of the rows has weight 0, another quarter twice its own.",
        seeds_by_rank_not_by_epoch, with_set_epoch,
        "the same shuffles in each pass: a quarter of the rows never, a quarter twice",
        ("NVlabs/LongLive#71", "pytorch/pytorch#31771"),
    ),
    Program(
        "5d", "set_epoch forgotten",
        "A row keeps its neighbours, hence its denominator; all rows are seen equally often.",
        no_set_epoch, with_set_epoch,
        "the same shuffle in each pass", ("pytorch/pytorch#31771",),
    ),
    Program(
        "6", "padding predicted",
        "Much of the gradient is of places that are no terms: the end is predicted after an end.",
        padding_predicted, token_mean,
        "16 rows, padded with the end to the longest, and no index ignored",
        ("FlagAI-Open/FlagAI#522", f"{HF}#2759"), rates=HIGH,
    ),
    Program(
        "6b", "padding counted",
        "The more padding, the shorter a step: a step size, but for how padding varies.",
        padding_counted, token_mean,
        "16 rows, divided by all places, padding included", ("IBM/pytorch-seq2seq#125",),
        rates=HIGH,
    ),
    Program(
        "7", "drop_last without a shuffle",
        "The rows at the end of the data have weight 0.",
        drop_last_in_order, drop_last_shuffled,
        "450 rows in batches of 100: the last ninth is never seen",
        ("NVlabs/VILA#123",), (45, 450), 60, rates=HIGH,
    ),
    Program(
        "7b", "the same, rows sorted by length",
        "The longest rows have weight 0: these are other data.",
        drop_last_by_length, drop_last_shuffled,
        "450 rows in batches of 100: the longest ninth is never seen",
        ("NVlabs/VILA#123",), (45, 450), 60, rates=HIGH,
    ),
    Program(
        "8", "class-balanced sampling without weights",
        "What is climbed is the mean over two classes, and not ℓ.",
        balanced, balanced_and_weighted,
        "half of the rows drawn are of the longest tenth",
        ("ufoym/imbalanced-dataset-sampler#14", "open-mmlab/mmsegmentation#3104"),
    ),
    Program(
        "9", "clipping after each micro-batch",
        "What came first is clipped again with each that follows, so that the last counts most.",
        clipped_each_time, clipped_once,
        f"windows of 4 micro-batches of 4 rows; norm {NORM}",
        (f"{HF}#986", f"{HF}#1563", "facebookresearch/lingua#59"), rates=HIGH,
    ),
    Program(
        "10", "accumulation without division",
        "Four times the gradient: to SGD a step size.",
        undivided, own_window,
        "windows of 4 micro-batches of 4 rows", ("karpathy/nanoGPT#206", "karpathy/nanoGPT#168"),
        rates=WIDE,
    ),
    Program(
        "10b", "the same with Adam",
        "To Adam a factor of the gradient is nothing, but for its ε.",
        undivided, own_window, "windows of 4 micro-batches of 4 rows",
        ("karpathy/nanoGPT#206", "karpathy/nanoGPT#168"), kind="Adam", rates=ADAM,
    ),
    Program(
        "10c", "the same with clipping",
        "To clipping it is a norm a quarter as large for the same gradient.",
        undivided_and_clipped, divided_and_clipped,
        f"windows of 4 micro-batches of 4 rows; norm {NORM}",
        ("karpathy/nanoGPT#206", "karpathy/nanoGPT#168"), rates=HIGH,
    ),
    Program(
        "10d", "the same with Adam and weight decay in the gradient",
        "To weight decay that is added to the gradient it is a quarter of the decay.",
        undivided, own_window,
        "windows of 4 micro-batches of 4 rows; weight decay 0.001",
        ("karpathy/nanoGPT#206",), kind="Adam, decay",
        rates=(*ADAM, 0.256),
    ),
)  # fmt: skip


# ---- the audit


def audited(loop: Loop, names: Names, passes: int, target: str | Tensor = "symbols") -> Audit:
    # core
    net = Net(0).double()
    it = Run(net, torch.optim.SGD(net.parameters(), 0.1), names)
    rows = [F.pad(y[:n], (1, 0), value=START) for y, n in zip(names.y, names.length, strict=True)]
    with audit(net, rows, target=target) as a:
        for it.epoch in range(passes):
            loop(it)
    return a
    # end of core


def quarters(names: Names) -> Tensor:
    """Of which quarter by length a row is."""
    return names.length.argsort(stable=True).argsort() * 4 // names.m


def each_row(names: Names) -> Tensor:
    return torch.arange(names.m)


def weights(a: Audit, names: Names, group: Callable[[Names], Tensor]) -> dict[str, Any]:
    """Mean weights of the terms of groups of rows, over the mean of all terms."""
    terms = a.relative.nan_to_num().sum(1)
    each = [
        float(terms[label == k].sum() / names.length[label == k].sum())
        for label in [group(names)]
        for k in label.unique()
    ]
    found = {"of": group.__name__, "smallest": min(each), "largest": max(each)}
    return found if group is each_row else {**found, "all": each}


GROUPS = {**dict.fromkeys(("4", "5c", "5d", "7", "7b"), each_row), "8": long}


def verdict(program: Program, passes: int) -> dict[str, Any]:
    """What the audit says of a program, and of the same when mended."""
    torch.set_num_threads(1)
    names = Names(load_names("train")[: program.rows[0]])
    a, mended = (audited(loop, names, passes) for loop in (program.wrong, program.mended))
    found = {
        "kinds": [finding.kind for finding in a.findings if finding.fault],
        "notes": [finding.kind for finding in a.findings if not finding.fault],
        "matches": a.matches(),
        "weights": weights(a, names, GROUPS.get(program.number, quarters)),
        "factor": a.factor,
        "effective_batch": a.effective_batch,
        "mended_matches": mended.matches(),
        "mended_weights": weights(mended, names, GROUPS.get(program.number, quarters)),
        "mended_factor": mended.factor,
        "mended_effective_batch": mended.effective_batch,
        "text": str(a),
    }
    if program.wrong is balanced:  # what is climbed instead
        rows = [p.expand(int(n)) for p, n in zip(chances(names), names.length, strict=True)]
        found["matches_its_chances"] = audited(balanced, names, passes, rows).matches()
    return found


# ---- what it costs


@torch.no_grad()
def cost(net: nn.Module, names: Names) -> float:
    """Nats a symbol."""
    parts = torch.arange(names.m).split(500)
    return float(sum(names.nats(net, B) for B in parts) / names.length.sum())


def optimizers(kind: str, net: nn.Module, rate: float) -> torch.optim.Optimizer:
    if kind == "SGD":
        return torch.optim.SGD(net.parameters(), rate, momentum=0.9, fused=True)
    decay = 1e-3 if "decay" in kind else 0.0
    return torch.optim.Adam(net.parameters(), rate, weight_decay=decay, fused=True)


def trained(loop: Loop, m: int, passes: int, kind: str, rate: float, seed: int) -> dict[str, Any]:
    """Validation and test at the end; the step size falls to 0 in a straight line, pass by pass."""
    torch.set_num_threads(1)
    names, net = Names(load_names("train")[:m]), Net(seed)
    it = Run(net, optimizers(kind, net, rate), names, seed)
    it.chance.manual_seed(1000 + seed)
    for it.epoch in range(passes):
        for group in it.optimizer.param_groups:
            group["lr"] = rate * (1 - it.epoch / passes)
        loop(it)
    valid, test = (cost(net, Names(load_names(part)[: 10 * m])) for part in ("valid", "test"))
    return {"rate": rate, "seed": seed, "valid": valid, "test": test}


Key = tuple[Loop, int, int, str]  # what tells one training from another but for its step size


def keys(program: Program) -> tuple[Key, Key]:
    rest = program.rows[1], program.passes, program.kind
    return (program.wrong, *rest), (program.mended, *rest)


def best(rows: list[dict[str, Any]]) -> float:
    """The step size with the smallest mean validation nats."""
    mean: dict[float, list[float]] = {}
    for row in rows:
        mean.setdefault(row["rate"], []).append(row["valid"])
    return min(mean, key=lambda rate: sum(mean[rate]) if not math.isnan(sum(mean[rate])) else 1e9)


def at_last(program: Program, work: dict[Key, list[dict[str, Any]]]) -> list[tuple[int, float]]:
    """Which of the two, at which step size, all seeds train."""
    of_wrong, of_mended = (
        best([row for row in work[key] if row["rate"] in program.rates]) for key in keys(program)
    )
    return [(0, of_wrong), (0, of_mended), (1, of_mended)]


def by_rate(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Test nats by step size and seed."""
    found: dict[str, dict[str, float]] = {}
    for row in sorted(rows, key=lambda row: (row["rate"], row["seed"])):
        found.setdefault(str(row["rate"]), {})[str(row["seed"])] = round(row["test"], 5)
    return found


def interval(values: Tensor) -> dict[str, float]:
    mean, error = (
        float(values.mean()),
        float(values.std(correction=0)) / max(1, len(values) - 1) ** 0.5,
    )
    return {"mean": mean, "low": mean - T95 * error, "high": mean + T95 * error}


def difference(
    wrong: list[dict[str, Any]], mended: list[dict[str, Any]], rates: tuple[float, ...]
) -> dict[str, Any]:
    """Test nats a symbol, wrong minus mended, paired by seed: each at its best step size, and both
    at the mended's."""

    def at(rows: list[dict[str, Any]], rate: float) -> Tensor:
        found = sorted((row["seed"], row["test"]) for row in rows if row["rate"] == rate)
        return torch.tensor([test for _, test in found]).double()

    first = [[row for row in rows if row["seed"] < TRIED] for rows in (wrong, mended)]
    of_wrong, of_mended = (best([r for r in rows if r["rate"] in rates]) for rows in first)
    base = at(mended, of_mended)
    return {
        **interval(at(wrong, of_wrong) - base),
        "rates": {"wrong": of_wrong, "mended": of_mended},
        "inside the grid": all(min(rates) < r < max(rates) for r in (of_wrong, of_mended)),
        "mended test": float(base.mean()),
        "at the mended's step size": interval(at(wrong, of_mended) - base),
    }


# ---- releases as they are

HERE = Path(__file__).parent
RELEASES: tuple[tuple[str, str, tuple[str, ...], str, tuple[tuple[str, ...], ...]], ...] = (
    (
        "transformers", "5.24.0", ("accelerate",), "transformers_trainer.py",
        (("GPT2LMHeadModel", "1"), ("GPT2LMHeadModel", "2"), ("LlamaForCausalLM", "2")),
    ),
    (
        "transformers", "4.57.1", ("accelerate",), "transformers_trainer.py",
        (("GPT2LMHeadModel", "1"), ("GPT2LMHeadModel", "2"), ("LlamaForCausalLM", "2")),
    ),
    (
        "transformers", "4.44.2", ("accelerate==0.34.2", "numpy<2"), "transformers_trainer.py",
        (("GPT2LMHeadModel", "1"), ("GPT2LMHeadModel", "4")),
    ),
    ("lightning", "2.6.6", (), "lightning_trainer.py", (("10",), ("12",))),
)  # fmt: skip


def releases(
    package: str,
    version: str,
    more: tuple[str, ...],
    script: str,
    cases: tuple[tuple[str, ...], ...],
) -> list[dict[str, Any]]:
    """Make an environment, run the script in it for each case, and remove it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder, "bin", "python")
        site = sysconfig.get_path("purelib", vars={"base": folder})
        Path(site, "base.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        install = [python, "-m", "pip", "install", "-q", f"{package}=={version}", *more]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        rows = []
        for case in cases:
            told = subprocess.run(
                [python, HERE / "releases" / script, *case],
                check=True, capture_output=True, text=True,
                env={**os.environ, "PYTHONPATH": str(HERE.parent)},
            ).stdout  # fmt: skip
            told = told[told.index(f"{package} {version}") :]  # a trainer may say things of its own
            print(told, flush=True)
            rows.append(
                {
                    "package": package,
                    "version": version,
                    "audited": time.strftime("%Y-%m-%d"),
                    **json.loads(told.splitlines()[1]),
                    "text": "\n".join(told.splitlines()[2:]),
                }
            )
        return rows


# ---- all of it


def summary(programs: list[dict[str, Any]]) -> list[str]:
    """A line for each program."""
    lines = []
    for row in programs:
        w, c = row["weights"], row["cost"]
        lines.append(
            f"{row['number']}. {row['name']}: {', '.join(row['kinds']) or 'no fault'}; weights "
            f"{w['smallest']:.2f} to {w['largest']:.2f} ({w['of']}); factor "
            f"{row['factor'] / row['mended_factor']:.3f} of the mended's; effective batch "
            f"{row['effective_batch']:.1f} for {row['mended_effective_batch']:.1f}; costs "
            f"{c['mean']:+.4f} nats a symbol ({c['low']:+.4f} to {c['high']:+.4f})"
        )
    return lines


def main() -> None:
    asked = asked_for(__doc__, releases="releases of public trainers alone, from a package index")
    torch.set_num_threads(1)
    if asked.releases:
        stored = load_result(Path(__file__).stem)
        found = [row for release in RELEASES for row in releases(*release)]
        keep = {k: v for k, v in stored.items() if k not in ("command", "setting", "versions")}
        write_result(__file__, stored["setting"], {**keep, "releases": found})
        return
    passes, tiny = 1 if asked.smoke else 60, (54, 1)
    tried_out = PROGRAMS[::3] if asked.smoke else PROGRAMS
    rates = {p: p.rates[2:3] if asked.smoke else p.rates for p in tried_out}
    work: dict[Key, list[dict[str, Any]]] = {}
    with ProcessPoolExecutor(1 if asked.smoke else 2) as pool:
        verdicts = [*pool.map(verdict, tried_out, [passes] * len(tried_out))]

        def run(wanted: Iterable[tuple[Key, float, int]]) -> None:
            """Train what has not been trained yet."""
            new = [
                (key, rate, seed)
                for key, rate, seed in dict.fromkeys(wanted)
                if (rate, seed) not in [(r["rate"], r["seed"]) for r in work.get(key, ())]
            ]
            jobs = [
                (key[0], *(tiny if asked.smoke else key[1:3]), key[3], rate, seed)
                for key, rate, seed in new
            ]
            ends = pool.map(trained, *zip(*jobs, strict=True))
            for (key, _, _), end in zip(new, ends, strict=True):
                work.setdefault(key, []).append(end)
                print(key[0].__name__, end, flush=True)

        run(
            (key, rate, seed)
            for program in tried_out
            for key in keys(program)
            for rate, seed in product(rates[program], range(1 if asked.smoke else TRIED))
        )
        if not asked.smoke:
            run(
                (keys(program)[which], rate, seed)
                for program in tried_out
                for which, rate in at_last(program, work)
                for seed in range(SEEDS)
            )
    programs = []
    for program, found in zip(tried_out, verdicts, strict=True):
        wrong, mended = (work[key] for key in keys(program))
        programs.append(
            {
                "number": program.number,
                "name": program.name,
                "sources": [*program.sources],
                "means": program.means,
                "setting": program.setting,
                **found,
                "optimizer": program.kind,
                "cost": difference(wrong, mended, rates[program]),
                "runs": {"wrong": by_rate(wrong), "mended": by_rate(mended)},
            }
        )
    print(*summary(programs), sep="\n")
    if not asked.smoke:
        setting = {
            "audit": {"passes": passes},
            "seeds": SEEDS,
            "seeds that choose the step size": TRIED,
            "momentum": 0.9,
            "p": sum(q.numel() for q in Net(0).parameters()),
        }
        try:
            kept = load_result(Path(__file__).stem)["releases"]
        except ValueError:  # there is no result yet
            kept = []
        write_result(
            __file__,
            setting,
            {"programs": programs, "summary": summary(programs), "releases": kept},
        )


if __name__ == "__main__":
    main()
