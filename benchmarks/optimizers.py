"""Steps to a given ℓ against the batch size, for each optimiser with its own best step size.

FVSBN on the digits, from θ_0 = 0, independent batches without replacement; ``mle_lib``'s own
optimisers at their usual settings (β = 0.9; Adam 0.9 and 0.999), and Adam without momentum
(β₁ = 0), on the loss −ℓ/m of the batch. For each optimiser and batch size b the step sizes are
powers of √2. A run ends where ℓ/m of the training set first is above the target, looked at whenever
the steps have grown by 2 %, or where it has taken three times the steps of the best step size so
far. The grid is widened until the best is not at its edge. All optimisers see the same batches, so
that steps are also compared in pairs.

    python benchmarks/optimizers.py           # about 10 minutes on one core; writes the JSON
    python benchmarks/optimizers.py --smoke   # the same path at tiny sizes; writes nothing
"""

import math
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from lanes import Lanes, check_gradients
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_digits_binary
from mle_lib.minibatch import sample_indices
from mle_lib.models import FVSBN
from mle_lib.optimizers import SGD, Adam, Momentum, Nesterov

# Each with the exponent k of the step size 2^(k/2) to begin with
OPTIMIZERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], int]] = {
    "SGD": (SGD, -6),
    "Momentum": (Momentum, -12),
    "Nesterov": (Nesterov, -12),
    "Adam": (Adam, -12),
    "Adam β1=0": (partial(Adam, betas=(0.0, 0.999)), -12),
}

REACH = 20  # exponents to either side of the first: step sizes up to 1000 times smaller, larger


def steps_to_target(
    make: Callable[..., torch.optim.Optimizer],
    x: Tensor,
    b: int,
    alpha: float,
    target: float,
    seeds: int,
    most: int,
) -> list[int | None]:
    """Steps until ℓ/m >= target, one number a seed; ``None`` where ``most`` steps did not do.

    Where ℓ/m of one seed falls below −1000, the step size is given up for all seeds: those still on
    their way count as ``None``, too.
    """
    m, n = x.shape
    lanes = Lanes([FVSBN(n)] * seeds)
    optimizer = make(lanes.weights, lr=alpha)
    generators = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    reached: list[int | None] = [None] * seeds
    look = 1
    # core
    for t in range(1, most + 1):
        batches = torch.stack([sample_indices(m, b, generator=g) for g in generators])
        for W, gradient in zip(lanes.weights, lanes.mean_gradient(x[batches]), strict=True):
            W.grad = -gradient
        optimizer.step()
        if t >= look:
            look = max(t + 1, round(1.02 * t))
            heights = lanes.mean_log_likelihood(x).tolist()
            reached = [
                t if old is None and height >= target else old
                for old, height in zip(reached, heights, strict=True)
            ]
            # end of core
            if None not in reached or not min(heights) > -1e3:
                break
    return reached


def middle(steps: list[int | None]) -> float:
    """The median over seeds, where not reaching the target takes for ever."""
    return statistics.median(math.inf if s is None else s for s in steps)


def tuned(
    steps: Callable[[int, int], list[int | None]], start: int, most: int
) -> dict[int, list[int | None]]:
    """Steps for every exponent tried: from ``start`` outwards, until the best is inside and the
    two at each end take at least 1.5 times as many.

    Raises:
        RuntimeError: If ``REACH`` exponents to either side do not do for that.
    """
    tried: dict[int, list[int | None]] = {}

    def best() -> float:
        return min(map(middle, tried.values()), default=math.inf)

    def enough(end: int, inwards: int) -> bool:
        return all(k in tried and middle(tried[k]) > 1.5 * best() for k in (end, end + inwards))

    low = high = start
    tried[start] = steps(start, most)
    while best() == math.inf or not (enough(low, 1) and enough(high, -1)):
        if high - low > 2 * REACH:
            raise RuntimeError(f"α = 2^{low / 2} … 2^{high / 2}: best {best()} steps, not inside")
        for k in (low - 1, high + 1):
            if k < start and (best() == math.inf or not enough(low, 1)):
                low = k
            elif k > start and (best() == math.inf or not enough(high, -1)):
                high = k
            else:
                continue
            tried[k] = steps(k, int(min(most, 3 * best())))
    return dict(sorted(tried.items()))


def summary(batch_sizes: list[int], table: dict[str, dict[str, list[float]]]) -> list[str]:
    """Steps and best step size, and the critical batch size that (5.1) has if the table's ends are
    its: E_min / S_min."""
    lines = ["b        " + "".join(f"{b:14}" for b in batch_sizes) + "  E_min/S_min"]
    for name, row in table.items():
        pairs = list(zip(row["steps"], row["best alpha"], strict=True))
        cells = "".join(f"{steps:6.0f} ({alpha:.3f})" for steps, alpha in pairs)
        critical = batch_sizes[0] * row["steps"][0] / row["steps"][-1]
        lines.append(f"{name:9}{cells}{critical:13.0f}")
    return lines


def paired(runs: list[dict[str, Any]], batch_sizes: list[int]) -> list[str]:
    """Steps over SGD's with the same batches, each at its best α: geometric mean over the seeds and
    its 95 % interval (Student's t)."""
    best = {
        (run["optimizer"], run["b"]): min(
            (curve["steps"] for curve in run["tried"]), key=lambda steps: middle(steps)
        )
        for run in runs
    }
    lines = ["over SGD's " + "".join(f"{f'b = {b}':>22}" for b in batch_sizes)]
    for name in OPTIMIZERS:
        if name != "SGD":
            line = f"{name:11}"
            for b in batch_sizes:
                logs = [
                    math.log((ours or math.inf) / (theirs or math.inf))
                    for ours, theirs in zip(best[name, b], best["SGD", b], strict=True)
                ]
                mean = statistics.mean(logs)
                t = {2: 12.706, 5: 2.776}[len(logs)]
                half = t * statistics.stdev(logs) / len(logs) ** 0.5
                low, high = math.exp(mean - half), math.exp(mean + half)
                line += f"{f'{math.exp(mean):.2f} ({low:.2f} to {high:.2f})':>22}"
            lines.append(line)
    return lines


def growth(runs: list[dict[str, Any]], name: str, small: int, big: int) -> list[float]:
    """By what factor the best α grows from one batch size to another, for each seed alone."""
    best = []
    for b in (small, big):
        (tried,) = (run["tried"] for run in runs if (run["optimizer"], run["b"]) == (name, b))
        seeds = range(len(tried[0]["steps"]))
        ks = [min(tried, key=lambda c: c["steps"][s] or math.inf)["exponent"] for s in seeds]
        best.append(ks)
    return [2 ** (high - low) for low, high in zip(*best, strict=True)]


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()

    m, seeds, most, target = (60, 2, 40, -28.0) if smoke else (1200, 5, 12_000, -18.0)
    batch_sizes = [10, 60] if smoke else [3, 10, 30, 100, 300, 1200]
    x = load_digits_binary("train")[:m]
    table: dict[str, dict[str, list[float]]] = {}  # medians over seeds, one for each b
    runs: list[dict[str, Any]] = []
    inside = True
    print(f"median steps to ℓ/m = {target}")
    for name, (make, start) in OPTIMIZERS.items():
        for b in batch_sizes:

            def steps(
                k: int, cap: int, b: int = b, make: Callable[..., torch.optim.Optimizer] = make
            ) -> list[int | None]:
                return steps_to_target(make, x, b, 2 ** (k / 2), target, seeds, cap)

            curve = tuned(steps, start, most)
            start = min(curve, key=lambda k: middle(curve[k]))  # the best; next b begins there
            print(
                f"{name:9} b {b:5}  best α 2^{start / 2:5.1f}  steps {middle(curve[start]):7}  "
                f"of α 2^{min(curve) / 2} … 2^{max(curve) / 2}",
                flush=True,
            )
            row = table.setdefault(name, {"steps": [], "best alpha": []})
            row["steps"].append(middle(curve[start]))
            row["best alpha"].append(2 ** (start / 2))
            inside = inside and min(curve) < start < max(curve)
            tried = [{"exponent": k / 2, "steps": values} for k, values in curve.items()]
            runs.append({"optimizer": name, "b": b, "tried": tried})
    ends = [batch_sizes[0], batch_sizes[-1] if smoke else 100]
    grown = {name: growth(runs, name, *ends) for name in ("SGD", "Adam")}
    lines, pairs = summary(batch_sizes, table), paired(runs, batch_sizes[: 1 if smoke else 4])
    print("\n".join(lines + pairs))
    if not smoke:
        setting = {"m": m, "seeds": seeds, "target": target, "most steps": most}
        data = {
            "batch sizes": batch_sizes,
            "table": table,
            "inside the grids": inside,
            "runs": runs,
            "summary": lines,
            "paired": pairs,
            "growth": grown,
        }
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
