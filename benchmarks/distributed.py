"""A step of several processes: ours against DistributedDataParallel, and what an all-reduce costs.

W = 2 processes on one machine (gloo, one thread each) train two models of one shape on the same
batches: ``train_step`` with ``Workers``, which sums gradients once, and the shortest loop around
``DistributedDataParallel``, whose mean is undone by the factor W. Steps alternate, so that both see
the same machine; the ratio is of medians, of the slower rank.

Then an all-reduce by itself. A ring sends 2(W − 1)/W · p numbers from each process, so that

    seconds = latency + 2 (W − 1)/W · p · bytes / bandwidth.

The two constants come from the smallest and the largest p; the sizes between are predicted by them.
And steps of one process by itself, the other waiting, with batches of several sizes: seconds = a
constant + b · seconds a row, by the smallest and the largest of them. All four constants together
predict the step of two processes, which was measured above and is no part of them. The same step
of half the batch while both processes make it, each for itself, says what they take from each
other.

    python benchmarks/distributed.py           # about a minute on two cores; writes the JSON
    python benchmarks/distributed.py --smoke   # the same path at tiny sizes; writes nothing
"""

import json
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_names
from mle_lib.distributed import Workers
from mle_lib.models import Transformer
from mle_lib.training import train_step

UNITS = "seconds are medians; step_ratio is ours over DistributedDataParallel's"


def steps(x: Tensor, width: int, layers: int, heads: int, b: int, rounds: int) -> dict[str, float]:
    """Median seconds of a step of either, and how far their parameters are apart in the end."""
    workers = Workers()
    made = [
        Transformer(39, x.shape[1], width, layers, heads, 0.0, torch.Generator().manual_seed(0))
        for _ in range(2)
    ]
    ours, bare = made[0], nn.parallel.DistributedDataParallel(made[1])
    first, second = (torch.optim.AdamW(model.parameters(), 3e-3) for model in made)
    generator, m = torch.Generator().manual_seed(1), len(x)
    times: dict[str, list[float]] = {"ours": [], "ddp": []}
    for _ in range(rounds):
        rows = workers.share(x[torch.randint(m, (b,), generator=generator)])
        distributed.barrier()
        start = time.perf_counter()
        train_step(ours, first, rows, m, "mean", None, b, workers)
        times["ours"].append(time.perf_counter() - start)
        distributed.barrier()
        start = time.perf_counter()
        cut = made[1].prepare(rows)
        second.zero_grad()
        loss = -bare(cut).sum() * workers.count / b
        loss.backward()
        second.step()
        loss.item()
        times["ddp"].append(time.perf_counter() - start)
    median = {name: statistics.median(values[rounds // 10 :]) for name, values in times.items()}
    slower = {name: slowest(workers, value) for name, value in median.items()}
    pairs = zip(made[0].parameters(), made[1].parameters(), strict=True)
    return {
        "parameters": sum(q.numel() for q in ours.parameters()),
        "ours_seconds": slower["ours"],
        "ddp_seconds": slower["ddp"],
        "step_ratio": slower["ours"] / slower["ddp"],
        "largest_gap_of_the_parameters": max(float((q - r).detach().abs().max()) for q, r in pairs),
    }


def alone(
    x: Tensor, sizes: list[int], width: int, layers: int, heads: int, rounds: int
) -> list[dict[str, float]]:
    """Median seconds of a step of one process, by itself and while the other does the same."""
    workers, measured = Workers(), []
    model = Transformer(39, x.shape[1], width, layers, heads, 0.0, torch.Generator().manual_seed(0))
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    generator, m = torch.Generator().manual_seed(1), len(x)
    for b in sizes:
        found = {}
        for busy in (1, workers.count):
            # core
            times = []
            distributed.barrier()
            for _ in range(rounds if workers.rank < busy else 0):
                rows = x[torch.randint(m, (b,), generator=generator)]
                start = time.perf_counter()
                train_step(model, optimizer, rows, m, "mean")
                times.append(time.perf_counter() - start)
            distributed.barrier()
            found[busy] = slowest(workers, statistics.median(times or [0.0]))
            # end of core
        measured.append((b, found[1], found[workers.count]))
    (low, first, _), *_, (high, last, _) = measured
    row = (last - first) / (high - low)
    return [
        {"b": b, "measured": seconds, "predicted": first + (b - low) * row, "while both": both}
        for b, seconds, both in measured
    ]


def slowest(workers: Workers, value: float) -> float:
    every = torch.zeros(workers.count, dtype=torch.float64)
    every[workers.rank] = value
    return float(workers.sum(every).max())


def all_reduces(sizes: list[int], rounds: int) -> list[dict[str, float]]:
    """Median seconds to sum p float32 numbers, and what the two constants predict."""
    workers, measured = Workers(), []
    for p in sizes:
        values, times = torch.zeros(p), []
        for _ in range(rounds):
            distributed.barrier()
            start = time.perf_counter()
            distributed.all_reduce(values)
            times.append(time.perf_counter() - start)
        measured.append(slowest(workers, statistics.median(times)))
    sent = [2 * (workers.count - 1) / workers.count * p * 4 for p in sizes]  # bytes
    bandwidth = (sent[-1] - sent[0]) / (measured[-1] - measured[0])
    latency = measured[0] - sent[0] / bandwidth
    return [
        {"p": p, "measured": seconds, "predicted": latency + some / bandwidth}
        for p, seconds, some in zip(sizes, measured, sent, strict=True)
    ]


def work(rank: int, folder: Path, setting: dict[str, Any]) -> None:
    """What each process does; the first leaves what was found in the folder."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=setting["workers"]
    )
    asked = {key: setting[key] for key in ("width", "layers", "heads", "b", "rounds")}
    x, shape = load_names("train"), {key: setting[key] for key in ("width", "layers", "heads")}
    result = (
        steps(x, **asked),
        all_reduces(setting["sizes"], setting["reduces"]),
        alone(x, setting["batches"], **shape, rounds=setting["steps_alone"]),
    )
    if rank == 0:
        (folder / "found.json").write_text(json.dumps(result))
    distributed.barrier()
    distributed.destroy_process_group()


def constants(
    reduces: list[dict[str, float]], steps_alone: list[dict[str, float]], count: int
) -> dict[str, float]:
    """Of a step's seconds: what no row and no number adds to, then seconds a row, and a byte."""
    few, many = reduces[0], reduces[-1]
    sent = [2 * (count - 1) / count * 4 * one["p"] for one in (few, many)]
    byte = (many["measured"] - few["measured"]) / (sent[1] - sent[0])
    small, large = steps_alone[0], steps_alone[-1]
    row = (large["measured"] - small["measured"]) / (large["b"] - small["b"])
    return {
        "fixed": small["measured"] - small["b"] * row,
        "row": row,
        "latency": few["measured"] - sent[0] * byte,
        "byte": byte,
    }


def summary(
    step: dict[str, float],
    reduces: list[dict[str, float]],
    steps_alone: list[dict[str, float]],
) -> str:
    """All as tables."""
    lines = [f"{name:32} {value:.4g}" for name, value in step.items()]
    lines.append(f"{'p':>10} {'measured, ms':>14} {'predicted, ms':>14}")
    lines += [
        f"{row['p']:10,} {1e3 * row['measured']:14.3f} {1e3 * row['predicted']:14.3f}"
        for row in reduces
    ]
    lines.append(f"{'b':>10} {'measured, ms':>14} {'predicted, ms':>14} {'while both, ms':>15}")
    lines += [
        f"{row['b']:10,} {1e3 * row['measured']:14.3f} {1e3 * row['predicted']:14.3f} "
        f"{1e3 * row['while both']:15.3f}"
        for row in steps_alone
    ]
    return "\n".join(lines)


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    setting: dict[str, Any] = {
        "workers": 2, "backend": "gloo", "threads": 1, "width": 64, "layers": 2, "heads": 4,
        "b": 32, "rounds": 200, "reduces": 50,
        "sizes": [1_000, 10_000, 100_000, 1_000_000, 4_000_000],
        "batches": [8, 16, 32, 64], "steps_alone": 60,
    }  # fmt: skip
    if smoke:
        setting |= {"width": 8, "layers": 1, "heads": 2, "b": 4, "rounds": 3, "reduces": 3}
        setting |= {"sizes": [1_000, 10_000, 100_000], "batches": [2, 4], "steps_alone": 2}
    processes = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [
            processes.Process(target=work, args=(rank, folder, setting))
            for rank in range(setting["workers"])
        ]
        for process in made:
            process.start()
        for process in made:
            process.join()
        step, reduces, steps_alone = json.loads((folder / "found.json").read_text())
    told = summary(step, reduces, steps_alone)
    print(told)
    if not smoke:
        found = {
            "step": step,
            "reduces": reduces,
            "alone": steps_alone,
            "constants": constants(reduces, steps_alone, setting["workers"]),
        }
        write_result(__file__, setting, found | {"summary": told, "unit": UNITS})


if __name__ == "__main__":
    main()
