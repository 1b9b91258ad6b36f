"""A network instead of a concave ℓ: L-BFGS against mini-batch Adam for MADE on nltcs.

MADE(16, 100) from the same five random starts, float64, one thread. L-BFGS
(``torch.optim.LBFGS``, history 20, strong Wolfe line search, all rows in every gradient) has
nothing to tune. Adam (b = 100, reshuffled passes, α_t = α/(1 + t/τ) with τ = 4 passes, not tuned)
has its α from a grid: the one with the highest mean of its best validation ℓ/m. Both are looked at
along the way; a run's result is the test ℓ/m where its validation ℓ/m was best. "Still rising" are
the runs whose best look is their last: longer, they might be better. A pass is m rows read.

    python benchmarks/second_order_network.py           # about 7 minutes on one core; writes JSON
    python benchmarks/second_order_network.py --smoke   # the same path in a TinyWorld, no file
"""

import statistics
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, load_density_set
from mle_lib.likelihood import log_likelihood
from mle_lib.models import MADE
from mle_lib.optimizers import Adam

Looks = list[dict[str, float]]
STUDENT = {2: 12.71, 5: 2.78}  # 97.5 % quantile of t, by number of starts


def height(model: MADE, x: Tensor) -> float:
    return (log_likelihood(model, x) / len(x)).item()


def descend(model: MADE, rows: Tensor) -> Tensor:
    """−ℓ/m of the rows, its gradient left in ``.grad``."""
    model.zero_grad()
    loss = -model(rows).sum() / len(rows)
    loss.backward()
    return loss


def lbfgs(model: MADE, x: Tensor) -> Iterator[float]:
    """Yields the passes that each step took."""
    optimizer = torch.optim.LBFGS(
        model.parameters(),
        max_iter=1,
        max_eval=25,  # of one line search; the default, 5/4 of max_iter, allows none
        history_size=20,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
    at, loss, reads = torch.empty(0), torch.empty(0), 0

    def closure() -> Tensor:
        # Each step begins where the line search of the one before it ended: no need to read again
        nonlocal at, loss, reads
        theta = parameters_to_vector(model.parameters()).detach()
        if not torch.equal(at, theta):
            at, loss, reads = theta.clone(), descend(model, x), reads + 1
        return loss

    while True:
        reads = 0
        optimizer.step(closure)
        if reads == 0:  # no way up in its direction: it stands still for good
            return
        yield float(reads)


def adam(model: MADE, x: Tensor, b: int, alpha: float, seed: int) -> Iterator[float]:
    """Yields after each pass: 1."""
    optimizer, generator = Adam(model.parameters(), lr=alpha), torch.Generator().manual_seed(seed)
    tau, t = 4 * len(x) / b, 0
    # core
    while True:
        for batch in torch.randperm(len(x), generator=generator).split(b):
            optimizer.param_groups[0]["lr"] = alpha / (1 + t / tau)
            descend(model, x[batch])
            optimizer.step()
            t += 1
        yield 1.0
    # end of core


def follow(model: MADE, run: Iterator[float], sets: dict[str, Tensor], passes: float) -> Looks:
    """ℓ/m of every set, whenever the passes have grown by 10 %. Only the run is on the clock."""
    looks, read, seconds, look = [], 0.0, 0.0, 0.0
    while read < passes:
        start = time.perf_counter()
        more = next(run, None)
        seconds += time.perf_counter() - start
        if more is None:
            break
        read += more
        if read >= look:
            look = 1.1 * read
            looks.append({"passes": read, "seconds": seconds})
            looks[-1] |= {name: height(model, x) for name, x in sets.items()}
    return looks


def result(runs: list[Looks]) -> dict[str, list[float]]:
    """Where validation was best, run by run; and the test ℓ/m at the end of the run."""
    best = [max(looks, key=lambda look: look["valid"]) for looks in runs]
    keys = ("passes", "seconds", "train", "valid", "test")
    found = {key: [look[key] for look in best] for key in keys}
    return found | {"last": [looks[-1]["test"] for looks in runs]}


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """The table that the chapter prints: medians over the starts, and the worst test; then what
    the first row's test ℓ/m is above the second's, start by start, with a 95 % interval."""
    lines = [f"{'':18}passes seconds   train   valid    test   worst  at the end  still rising"]
    text = "{passes:6.0f}{seconds:8.1f}{train:8.3f}{valid:8.3f}{test:8.3f}{worst:8.3f}{last:12.3f}"
    for row in rows:
        middle = {key: statistics.median(values) for key, values in row["best"].items()}
        line = text.format_map(middle | {"worst": min(row["best"]["test"])})
        rising = sum(a == b for a, b in zip(row["best"]["test"], row["best"]["last"], strict=True))
        lines.append(f"{row['name']:18}{line}{rising:9} of {len(row['best']['test'])}")
    ours, theirs = (row["best"]["test"] for row in rows)
    over = [a - b for a, b in zip(ours, theirs, strict=True)]
    half = STUDENT[len(over)] * statistics.stdev(over) / len(over) ** 0.5
    lines.append(f"L-BFGS over Adam, test: {statistics.mean(over):+.3f} ± {half:.3f}")
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    if smoke:
        world, generator = TinyWorld(6, seed=0), torch.Generator().manual_seed(1)
        sets = {name: world.sample(100, generator) for name in ("train", "valid", "test")}
        hidden, b, starts, most, exponents = 5, 20, 2, {"L-BFGS": 5, "Adam": 2}, [-6]
    else:
        sets = {
            name: load_density_set("nltcs", name).double() for name in ("train", "valid", "test")
        }
        hidden, b, starts = 100, 100, 5
        most, exponents = {"L-BFGS": 600, "Adam": 60}, [-10, -9, -8, -7, -6, -5, -4]
    x = sets["train"]

    def made(k: int) -> MADE:
        return MADE(x.shape[1], hidden, generator=torch.Generator().manual_seed(k)).double()

    runs: dict[str, list[Looks]] = {"L-BFGS": []}
    for run in (lbfgs(made(0), x[:b]), adam(made(0), x[:b], b, 0.01, 0)):
        next(run)  # the first step of an optimiser is slow: torch imports what it needs
    for model in (made(k) for k in range(starts)):
        runs["L-BFGS"].append(follow(model, lbfgs(model, x), sets, most["L-BFGS"]))
        print("L-BFGS", runs["L-BFGS"][-1][-1], flush=True)
    tried: dict[int, list[Looks]] = {}
    for k in exponents:
        tried[k] = []
        for seed in range(starts):
            model = made(seed)
            tried[k].append(follow(model, adam(model, x, b, 2.0**k, seed), sets, most["Adam"]))
        print(f"Adam 2^{k}", result(tried[k]), flush=True)
    best = max(tried, key=lambda k: statistics.mean(result(tried[k])["valid"]))
    runs[f"Adam, α = 2^{best}"] = tried[best]
    rows = [{"name": name, "best": result(these)} for name, these in runs.items()]
    print(*summary(rows), sep="\n")
    if not smoke:
        setting = {"hidden": hidden, "b": b, "starts": starts, "passes": most}
        data = {
            "rows": rows,
            "summary": summary(rows),
            "inside": min(exponents) < best < max(exponents),
            "tuning": {f"2^{k}": result(these) for k, these in tried.items()},
            "paths": {
                name: [
                    {key: [round(look[key], 4) for look in looks] for key in looks[0]}
                    for looks in these
                ]
                for name, these in runs.items()
            },
        }
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
