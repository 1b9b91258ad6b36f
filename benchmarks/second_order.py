"""Who reaches the top of ℓ, in steps and in seconds: second-order methods and first-order ones.

FVSBN on nltcs from θ = 0, in float64 on one thread, so that all climb the same concave ℓ. The gap
is (ℓ_max − ℓ)/m on the training set, with ℓ_max from ``ManyFVSBN.maximum``.

- Newton: (12.1), the step halved by (12.2). S=1000: H from 1,000 fresh rows at each step.
- L-BFGS: ``torch.optim.LBFGS``, history 10, line search for the strong Wolfe conditions.
- Heavy ball, exact ascent: every gradient from all rows, constant α and β.
- SGD, Adam: b = 100, reshuffled passes, α falls in a straight line to 0 over a tuned number of
  passes. SGD averaged: constant α, and the mean of the iterates with weights that grow like t³
  (Shamir & Zhang 2013, https://doi.org/10.48550/arXiv.1212.1824).

Settings are tuned on a grid, for each gap anew: the fewest steps, median over five seeds. Then the
tuned runs are timed, all methods in turn, five rounds (five seeds). Only a method's own work is on
the clock; on a shared machine seconds vary by a factor of two. A pass is m rows read, whatever is
computed from them. Methods with exact gradients could read each different row once, with its count.

The grid is coarse, and b is not tuned. By hand, to 1e-4: decays over 28 (SGD) and 24 (Adam) passes
suffice where the grid has 16 and 32; SGD averaged with b = 300 takes 30 to 40 passes and about as
long as with 100. Newton's method with noisy gradients (b = 100, H from 1,000 rows, now and then
anew, steps 1/(t + 5)) took 12 passes to p/2m.

    python benchmarks/second_order.py           # about 8 minutes on one core; writes the JSON
    python benchmarks/second_order.py --smoke   # the same path in a TinyWorld; writes nothing
"""

import math
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import torch
from climbers import Climb, Hill, adam, ascent, averaged, lbfgs, newton, sgd
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, load_density_set

Setting = dict[str, float]
Looks = list[dict[str, Any]]

NOISY = ("SGD", "SGD averaged", "Adam")
MOST_STEPS = 12_000  # of a method with exact gradients


def contestants(hill: Hill, b: int, size: int) -> dict[str, tuple[Callable[..., Climb], Any]]:
    """Each method with its grid of settings: powers of √2; decays over 1/2 to 32 passes."""

    def alphas(low: int, high: int) -> list[float]:
        return [2 ** (k / 2) for k in range(low, high + 1)]

    def decaying(low: int, high: int) -> list[Setting]:
        return [
            {"passes": passes, "alpha": alpha}
            for passes, alpha in product((0.5, 1, 2, 4, 8, 16, 32), alphas(low, high))
        ]

    betas = (0.95, 0.93, 0.97, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4)
    balls = [{"alpha": a, "beta": beta} for a, beta in product(alphas(0, 7), betas)]
    constant = [{"alpha": a} for a in alphas(-2, 5)]
    return {
        "Newton": (partial(newton, hill, None), [{}]),
        f"Newton, S={size}": (partial(newton, hill, size), [{}]),
        "L-BFGS": (partial(lbfgs, hill), [{}]),
        "heavy ball": (partial(ascent, hill), balls),
        "exact ascent": (
            partial(ascent, hill),
            [{"alpha": a, "beta": 0.0} for a in alphas(0, 4)],
        ),
        "SGD": (partial(sgd, hill, b), decaying(-2, 6)),
        "SGD averaged": (partial(averaged, hill, b), constant),
        "Adam": (partial(adam, hill, b), decaying(-12, -3)),
    }


def follow(hill: Hill, climb: Climb, passes: float, steps: float, gap: float) -> Looks:
    """Looks at a run whenever its steps have grown by 3 %, until every lane has reached the gap,
    one is lost, or the passes or steps are used up. Only the steps are on the clock."""
    looks: Looks = []
    read, seconds, look, t = 0.0, 0.0, 1, 0
    # core
    while read < passes * hill.m and t < steps:
        start = time.perf_counter()
        step = next(climb, None)
        seconds += time.perf_counter() - start
        if step is not None:
            t, read, W = t + 1, read + step[1], step[0]
        if (step is None and looks[-1]["steps"] < t) or t >= look:
            look = max(t + 1, round(1.03 * t))
            gaps, test = hill.gaps(W)
            seen = {"steps": t, "passes": read / hill.m, "seconds": seconds}
            looks.append(seen | {"gap": gaps, "test": test})
            if max(gaps) <= gap or not max(gaps) < 100:
                break
        # end of core
        if step is None:
            break
    return looks


def first(looks: Looks, gap: float, lane: int = 0) -> dict[str, Any] | None:
    """The first look at which this lane's gap is reached, if there is one."""
    return next((look for look in looks if look["gap"][lane] <= gap), None)


def steps_to(looks: Looks, gap: float) -> float:
    """The median over lanes, where not to reach the gap takes for ever."""
    found = [first(looks, gap, lane) for lane in range(len(looks[0]["gap"]))]
    return statistics.median(math.inf if look is None else look["steps"] for look in found)


def tuned(
    hill: Hill,
    make: Callable[..., Climb],
    grid: list[Setting],
    targets: list[float],
    seeds: list[int],
    passes: float,
) -> list[tuple[float, Setting]]:
    """For each gap the fewest steps, and the setting that takes them."""
    best: list[tuple[float, Setting]] = [(math.inf, {})] * len(targets)
    most = float(MOST_STEPS) if math.isinf(passes) else math.inf
    for setting in grid:
        # the last gap takes longest; no run need be longer than one that is known
        looks = follow(hill, make(**setting, seeds=seeds), passes, most, targets[-1])
        steps = [steps_to(looks, gap) for gap in targets]
        best = [
            min(old, (s, setting), key=lambda x: x[0]) for old, s in zip(best, steps, strict=True)
        ]
        most = min(most, best[-1][0])
    return best


def inside(grid: list[Setting], chosen: Setting) -> bool:
    """Whether each tuned number lies between two others of the grid."""
    tried = {key: sorted({s[key] for s in grid}) for key in chosen}
    return all(
        values[0] < chosen[key] < values[-1] for key, values in tried.items() if len(values) > 1
    )


def summary(rows: list[dict[str, Any]], gaps: dict[str, float]) -> list[str]:
    """The table that the chapter prints. A dash: not reached; a star: not in every round."""
    rounds = max(row["rounds that reach it"] for row in rows)  # nothing is random in most methods
    lines = ["gap           " + "".join(f"{name:>21}" for name in gaps)]
    lines.append(" " * 14 + " steps   passes    ms" * len(gaps))
    text = "{steps:6.0f}{star:1}{passes:8.1f}{ms:6.0f}"
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = {
            row["gap"]: row
            | {"ms": 1e3 * row["seconds"]}
            | {"star": "*" if row["rounds that reach it"] < rounds else ""}
            for row in rows
            if row["method"] == method
        }
        cells = [text.format_map(mine[gap]) if gap in mine else f"{'-':>21}" for gap in gaps]
        lines.append(f"{method:14}" + "".join(cells))
    some = [row for row in rows if row["rounds that reach it"] < rounds]
    for row in some:
        text = "* {method} to {gap}: {rounds that reach it} rounds of " + str(rounds)
        lines.append(text.format_map(row) + "; in the medians the others never do")
    step = {row["method"]: row["seconds"] / row["steps"] for row in rows}
    ratio = step["Newton"] / step["exact ascent"]
    return [*lines, f"a step of Newton takes as long as {ratio:.1f} of exact ascent"]


def test_summary(
    rows: list[dict[str, Any]], gaps: dict[str, float], facts: dict[str, float]
) -> list[str]:
    """What the gaps are worth on new data: ℓ/m on the test set, over that of the maximum."""
    lines = [
        "maximum {maximum:.6f}, on the test set {test at the maximum:.6f} "
        "± {standard error of it:.3f}; condition number {condition number:.0f}",
        "p / 2m = {p / 2m:.5f}, tr(H^-1 Sigma) / 2m = {tr(H^-1 Sigma) / 2m:.5f}",
        "test, less that:" + "".join(f"{name:>10}" for name in gaps),
    ]
    lines = [line.format_map(facts) for line in lines]
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = {row["gap"]: row["test"] for row in rows if row["method"] == method}
        cells = [
            f"{mine[g] - facts['test at the maximum']:+10.5f}" if g in mine else " " * 9 + "-"
            for g in gaps
        ]
        lines.append(f"{method:16}" + "".join(cells))
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    if smoke:
        world, generator = TinyWorld(4, seed=0), torch.Generator().manual_seed(1)
        hill = Hill(world.sample(400, generator), world.sample(200, generator))
        b, size, passes, seeds = 40, 100, 3.0, [0]
    else:
        train, test = (load_density_set("nltcs", split).double() for split in ("train", "test"))
        hill, b, size, passes, seeds = Hill(train, test), 100, 1000, 50.0, [*range(5)]
    facts, gaps = hill.facts(), {"p/2m": hill.p / 2 / hill.m, "1e-4": 1e-4, "1e-8": 1e-8}
    print(*(f"{name}: {value:.6g}" for name, value in facts.items()), sep="\n", flush=True)

    methods, jobs, settings = contestants(hill, b, size), {}, []
    for name, (make, grid) in methods.items():
        noisy = name in NOISY
        limit, lanes = (passes, seeds) if noisy else (math.inf, seeds[:1])
        best = tuned(hill, make, grid, list(gaps.values()), lanes, limit)
        for (gap, target), (steps, setting) in zip(gaps.items(), best, strict=True):
            if steps < math.inf:
                ok = inside(grid, setting)
                settings.append({"method": name, "gap": gap, "inside": ok} | setting)
                jobs[name, gap] = (partial(make, **setting), target)
                print(f"{name:17} {gap:5} {steps:7.0f} steps, {setting}, inside: {ok}", flush=True)

    timed: dict[tuple[str, str], list[Looks]] = {job: [] for job in jobs}
    for seed in seeds:
        for (name, gap), (make, target) in jobs.items():
            limit = 2 * passes if name in NOISY else math.inf
            timed[name, gap].append(follow(hill, make(seeds=[seed]), limit, math.inf, target))
        print(f"round {seed + 1} of {len(seeds)}", flush=True)
    rows = [row(name, gap, gaps[gap], runs) for (name, gap), runs in timed.items()]
    curves = {name: curve(runs) for (name, _), runs in timed.items()}  # of the smallest gap reached
    tables = {"summary": summary(rows, gaps), "test summary": test_summary(rows, gaps, facts)}
    print(*tables["summary"], *tables["test summary"], sep="\n")
    if not smoke:
        data = {"facts": facts, "rows": rows} | tables
        setting = {"m": hill.m, "b": b, "rows for H": size, "passes": passes, "seeds": len(seeds)}
        write_result(
            __file__, setting, data | {"gaps": gaps, "settings": settings, "curves": curves}
        )


def row(name: str, gap: str, target: float, runs: list[Looks]) -> dict[str, Any]:
    """What it took to reach the gap, medians over the rounds, and the mean test ℓ/m there."""
    ends = [first(run, target) for run in runs]
    there = [end for end in ends if end is not None]
    result: dict[str, Any] = {"method": name, "gap": gap, "rounds that reach it": len(there)}
    for key in ("steps", "passes", "seconds"):
        result[key] = statistics.median(math.inf if end is None else end[key] for end in ends)
    return result | {"test": statistics.mean(end["test"][0] for end in there)}


def curve(runs: list[Looks]) -> dict[str, list[float]]:
    """Medians over the rounds, look by look, with few digits: it is for a picture."""
    looks = [*zip(*runs, strict=False)]
    picture = {
        key: [statistics.median(look[key] for look in column) for column in looks]
        for key in ("steps", "passes", "seconds")
    }
    picture["gap"] = [statistics.median(look["gap"][0] for look in column) for column in looks]
    return {key: [float(f"{value:.4g}") for value in values] for key, values in picture.items()}


if __name__ == "__main__":
    main()
