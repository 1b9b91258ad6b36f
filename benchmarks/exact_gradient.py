"""What the exact gradient costs as the data set grows: memory and time a row of ``full_gradient``.

For each m: MADE(64, hidden) in float32, m random rows, chunks of one fixed size. Two things are
measured, each in a process of its own.

- Peak memory above what the interpreter, the libraries and the data take. It should not depend on
  m.
- Seconds a row, for ``full_gradient`` and for a bare PyTorch loop over the same chunks, in turn
  (medians): the library's checks and its float64 sum should cost little.

    python benchmarks/exact_gradient.py           # prints the table, writes its result
    python benchmarks/exact_gradient.py --smoke   # the same at tiny sizes, writes nothing
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from writing import write_result

# glibc's allocator hands memory back to the system or keeps it, by rules that depend on what the
# process did before. For the peak it must hand all of it back, so that what is held is counted and
# nothing else. For the times it must keep it, or both loops time the system's page faults.
ALLOCATOR = {
    "memory": {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"},
    "time": {"MALLOC_MMAP_THRESHOLD_": str(2**28), "MALLOC_TRIM_THRESHOLD_": str(2**30)},
}


def resident_bytes(key: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (the peak since the last reset) of this process, from Linux's
    /proc."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"no {key} in /proc/self/status")


def prepare(m: int, hidden: int, threads: int) -> tuple[Any, Any]:
    """The model and m random rows."""
    import torch

    from mle_lib.models import MADE

    torch.set_num_threads(threads)
    x = torch.empty(m, 64).bernoulli_(0.3, generator=torch.Generator().manual_seed(1))
    return MADE(64, hidden, generator=torch.Generator().manual_seed(0)), x


def measure_memory(m: int, hidden: int, chunk_size: int, threads: int) -> float:
    """Peak megabytes of one exact gradient above what is there before, in this process."""
    from mle_lib.gradient import full_gradient

    model, x = prepare(m, hidden, threads)
    before = resident_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    full_gradient(model, x, chunk_size)
    return (resident_bytes("VmHWM") - before) / 1e6


def measure_time(m: int, hidden: int, chunk_size: int, threads: int) -> dict[str, list[float]]:
    """Seconds of ``full_gradient`` and of a bare loop, in turn, in this process."""
    import torch

    from mle_lib.gradient import full_gradient

    model, x = prepare(m, hidden, threads)
    parameters = list(model.parameters())

    def ours() -> torch.Tensor:
        return full_gradient(model, x, chunk_size)

    def bare() -> torch.Tensor:
        total = torch.zeros(sum(q.numel() for q in parameters))
        for chunk in x.split(chunk_size):
            gradients = torch.autograd.grad(model(chunk).sum(), parameters)
            total += torch.cat([g.flatten() for g in gradients])
        return total

    assert (ours() - bare()).norm() < 1e-4 * ours().norm()  # the same sum, and a warm-up
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for repeat in range(max(2, min(200, 500_000 // m))):
        pair = [("ours", ours), ("bare", bare)]
        for name, run in pair if repeat % 2 else reversed(pair):
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def in_another_process(only: str, m: int, setting: dict[str, int]) -> Any:
    options = [f"--{key.replace('_', '-')}={value}" for key, value in setting.items()]
    output = subprocess.run(
        [sys.executable, __file__, f"--only={only}", f"--sizes={m}", *options],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"MALLOC_ARENA_MAX": "1"} | ALLOCATOR[only],
    )
    return json.loads(output.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10**3, 10**4, 10**5, 10**6])
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--chunk-size", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, nothing written")
    parser.add_argument("--only", choices=MEASURES, help="measure this, in this process")
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.sizes, arguments.hidden, arguments.rounds = [200, 400], 8, 1
    setting = {key: getattr(arguments, key) for key in ("hidden", "chunk_size", "threads")}
    if arguments.only:
        print(json.dumps(MEASURES[arguments.only](arguments.sizes[0], **setting)))
        return
    if not Path("/proc/self/clear_refs").exists():
        sys.exit("exact_gradient: peak memory is read from Linux's /proc; this system has none.")

    memory = {m: in_another_process("memory", m, setting) for m in arguments.sizes}
    seconds = {m: {"ours": [], "bare": []} for m in arguments.sizes}
    # Sizes in turn, several rounds: a machine that slows down for a minute slows all sizes down.
    for k in range(arguments.rounds):
        for m in arguments.sizes:
            for name, values in in_another_process("time", m, setting).items():
                seconds[m][name] += values
        print(f"round {k + 1} of {arguments.rounds}", flush=True)

    rows = []
    print("        m  MB above data   µs/row  bare µs/row  ratio  pairs")
    for m, times in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(times["ours"], times["bare"], strict=True))
        ours, bare = (1e6 * statistics.median(times[name]) / m for name in ("ours", "bare"))
        pairs = len(times["ours"])
        print(f"{m:9,} {memory[m]:14.1f} {ours:8.2f} {bare:12.2f} {ratio:6.3f} {pairs:6}")
        rows.append(
            {
                "m": m,
                "megabytes above interpreter and data": memory[m],
                "microseconds a row": ours,
                "microseconds a row, bare loop": bare,
                "ratio, median of pairs": ratio,
                "pairs": pairs,
            }
        )

    if not arguments.smoke:
        write_result(__file__, setting, {"rows": rows})


MEASURES: dict[str, Callable[..., Any]] = {
    "memory": measure_memory,
    "time": measure_time,
}

if __name__ == "__main__":
    main()
