"""What the exact gradient costs as the data set grows: memory and time per row of
``full_gradient``.

For each m, in a process of its own: MADE(64, hidden) in float32, m random rows, chunks of a fixed
size. Two things are measured.

- Peak memory above what the interpreter, the libraries and the data take: it should not depend on
  m.
- Seconds a row, for ``full_gradient`` and for a bare PyTorch loop over the same chunks, one after
  the other in the same process (medians): the library's checks and its float64 sum should cost
  little.

    python benchmarks/exact_gradient.py            # prints the table, and writes
    results/exact_gradient.json python benchmarks/exact_gradient.py --sizes 1000 10000
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "exact_gradient.json"

# The allocator keeps what was freed in its own pattern, which settles after some hundred chunks
# whatever m is; so small data sets are gone through several times before the peak is read.
CHUNKS = 500  # chunks, at least


def resident_bytes(key: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (the peak since the last reset) of this process, from Linux's
    /proc."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"no {key} in /proc/self/status")


def measure(m: int, hidden: int, chunk_size: int, threads: int) -> dict[str, float]:
    """One size, in this process."""
    import torch

    from mle_lib.gradient import full_gradient
    from mle_lib.models import MADE

    torch.set_num_threads(threads)
    model = MADE(64, hidden, generator=torch.Generator().manual_seed(0))
    x = torch.empty(m, 64).bernoulli_(0.3, generator=torch.Generator().manual_seed(1))

    def bare() -> torch.Tensor:
        parameters = list(model.parameters())
        total = torch.zeros(sum(q.numel() for q in parameters))
        for chunk in x.split(chunk_size):
            gradients = torch.autograd.grad(model(chunk).sum(), parameters)
            total += torch.cat([g.flatten() for g in gradients])
        return total

    before = resident_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    for _ in range(max(1, CHUNKS * chunk_size // m)):
        ours = full_gradient(model, x, chunk_size)
    memory = resident_bytes("VmHWM") - before

    theirs = bare()
    assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-3 * float(theirs.abs().max()))

    repeats = max(7, min(400, 2_000_000 // m))
    seconds: dict[str, list[float]] = {"full_gradient": [], "bare loop": []}
    for repeat in range(repeats):
        pair = [("full_gradient", lambda: full_gradient(model, x, chunk_size)), ("bare loop", bare)]
        for name, run in pair if repeat % 2 else reversed(pair):
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    ratios = [a / b for a, b in zip(seconds["full_gradient"], seconds["bare loop"], strict=True)]
    return {
        "m": m,
        "repeats": repeats,
        "megabytes above interpreter and data": memory / 1e6,
        "microseconds a row": 1e6 * statistics.median(seconds["full_gradient"]) / m,
        "microseconds a row, bare loop": 1e6 * statistics.median(seconds["bare loop"]) / m,
        "ratio to the bare loop, median of pairs": statistics.median(ratios),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--chunk-size", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--in-this-process", action="store_true", help="measure one size")
    arguments = parser.parse_args()
    if arguments.in_this_process:
        print(
            json.dumps(
                measure(
                    arguments.sizes[0], arguments.hidden, arguments.chunk_size, arguments.threads
                )
            )
        )
        return
    if not Path("/proc/self/clear_refs").exists():
        sys.exit(
            "exact_gradient: peak memory is read from Linux's /proc, which this system has not got."
        )

    rows = []
    print(
        f"{'m':>9} {'MB above data':>14} {'µs/row':>8} {'bare µs/row':>12} {'ratio':>6}", flush=True
    )
    for m in arguments.sizes:
        options = [
            "--hidden",
            arguments.hidden,
            "--chunk-size",
            arguments.chunk_size,
            "--threads",
            arguments.threads,
        ]
        command = [sys.executable, __file__, "--in-this-process", "--sizes", m, *options]
        # One malloc arena: how many threads the allocator happens to serve must not show up as
        # memory.
        environment = os.environ | {"MALLOC_ARENA_MAX": "1"}
        output = subprocess.run(
            list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True, env=environment
        )
        row = json.loads(output.stdout)
        rows.append(row)
        memory, ours, bare, ratio = list(row.values())[2:]
        print(f"{m:9,} {memory:14.1f} {ours:8.2f} {bare:12.2f} {ratio:6.3f}", flush=True)

    import torch

    setting = {"model": f"MADE(64, {arguments.hidden})", "chunk_size": arguments.chunk_size}
    setting |= {
        "threads": arguments.threads,
        "torch": torch.__version__,
        "python": sys.version.split()[0],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"setting": setting, "rows": rows}, indent=1) + "\n")
    print(f"written: benchmarks/results/{RESULTS.name}")


if __name__ == "__main__":
    main()
