"""Does mini-batch noise improve generalisation? MADE on the digits, plain stochastic ascent.

For each batch size the step size is tuned on the validation set, over a grid with a factor of two
between neighbours whose best is not at an edge. Then fresh seeds are run with the chosen step size.
A seed sets θ_0 and the order of the samples; seed k starts at the same θ_0 for every batch size, so
that batch sizes can be compared in pairs.

- Order: every pass reshuffled and cut into batches of equal size.
- Budget: a run ends when validation has not improved for ``20 + best/2`` passes, where ``best`` is
  the number of passes at which it was best. So slow runs get more passes than fast ones.
- Kept: the test log-likelihood at the best validation, and test against training log-likelihood
  along the run, read off where training reaches given levels.

    python benchmarks/generalisation.py           # about 10 minutes on one core; writes the JSON
    python benchmarks/generalisation.py --smoke   # the same path at tiny sizes; writes nothing
"""

import math
import statistics
from dataclasses import dataclass, field
from typing import Any

import torch
from lanes import Lanes, check_gradients, epoch_batches
from scipy.stats import t as student_t
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_digits_binary
from mle_lib.models import MADE


@dataclass
class Curve:
    """One run: log-likelihoods ℓ/m in nats a sample, after each evaluated pass (0: the start)."""

    seed: int
    alpha: float
    passes: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    test: list[float] = field(default_factory=list)
    capped: bool = False

    @property
    def best(self) -> int:
        """Position of the best validation."""
        return max(range(len(self.valid)), key=self.valid.__getitem__)

    def test_at(self, level: float) -> float | None:
        """Test ℓ/m when training first reaches ``level``, by linear interpolation."""
        for k in range(1, len(self.train)):
            low, high = self.train[k - 1], self.train[k]
            if low < level <= high:
                share = (level - low) / (high - low)
                return self.test[k - 1] + share * (self.test[k] - self.test[k - 1])
        return None


def run(
    b: int, starts: list[tuple[int, float]], hidden: int, max_passes: int, m: int | None = None
) -> list[Curve]:
    """One lane for each (seed, step size); a lane leaves when its budget rule ends it."""
    data = {split: load_digits_binary(split) for split in ("train", "valid", "test")}
    x = data["train"] = data["train"][:m]
    models = [
        MADE(x.shape[1], hidden, generator=torch.Generator().manual_seed(seed))
        for seed, _ in starts
    ]
    lanes, live = Lanes(models), [Curve(seed, alpha) for seed, alpha in starts]
    done: list[Curve] = []
    alphas = torch.tensor([alpha for _, alpha in starts])
    generators = {seed: torch.Generator().manual_seed(10_000 + seed) for seed, _ in starts}
    every = max(1, 10 * b // len(x))  # passes between evaluations: with large b a pass moves little
    for passes in range(max_passes + 1):
        if passes:
            orders = dict(
                zip(generators, epoch_batches(len(x), b, list(generators.values())), strict=True)
            )
            batches = torch.stack([orders[curve.seed] for curve in live], dim=1)
            # core
            for batch in batches:
                lanes.step(alphas, lanes.mean_gradient(x[batch]))
            # end of core
        if passes % every:
            continue
        values = {split: lanes.mean_log_likelihood(rows).tolist() for split, rows in data.items()}
        for lane, curve in enumerate(live):
            curve.passes.append(passes)
            for split in data:
                value = values[split][lane]
                getattr(curve, split).append(value if math.isfinite(value) else -math.inf)
        # core
        # live: the runs that go on; best: their best pass on the validation data
        ended = [passes > 20 + 1.5 * curve.passes[curve.best] for curve in live]
        # end of core
        if any(ended):
            stay = torch.tensor([k for k, end in enumerate(ended) if not end], dtype=torch.int64)
            done += [curve for curve, end in zip(live, ended, strict=True) if end]
            live = [curve for curve, end in zip(live, ended, strict=True) if not end]
            lanes.weights, alphas = [W[stay] for W in lanes.weights], alphas[stay]
            generators = {curve.seed: generators[curve.seed] for curve in live}
        if not live:
            break
    for curve in live:
        curve.capped = True
    return sorted(done + live, key=lambda curve: (curve.alpha, curve.seed))


def interval(values: list[float]) -> tuple[float, float]:
    """Mean, and half the width of its 95 % t interval over runs."""
    # core
    quantile = float(student_t.ppf(0.975, len(values) - 1))
    half = quantile * statistics.stdev(values) / math.sqrt(len(values))
    # end of core
    return statistics.mean(values), half


def tune(b: int, alphas: list[float], seeds: list[int], settings: dict[str, int]) -> dict[str, Any]:
    curves = run(b, [(seed, alpha) for alpha in alphas for seed in seeds], **settings)
    mean = {
        alpha: statistics.mean(c.valid[c.best] for c in curves if c.alpha == alpha)
        for alpha in alphas
    }
    chosen = max(mean, key=mean.__getitem__)
    for alpha in alphas:
        mark = " <- chosen" if alpha == chosen else ""
        at = statistics.mean(c.passes[c.best] for c in curves if c.alpha == alpha)
        print(f"  b {b:5}  α {alpha:<8.4g} best valid {mean[alpha]:8.3f} at {at:6.0f}{mark}")
    return {
        "alphas": alphas,
        "valid": [mean[alpha] for alpha in alphas],
        "chosen": chosen,
        "inside": chosen not in (alphas[0], alphas[-1]),
        "capped": sum(curve.capped for curve in curves),
    }


def summary(rows: list[dict[str, Any]], shown: float) -> list[str]:
    """For each b: step size, passes to the best, and test ℓ/m there, compared in four ways."""
    reference = f"minus b = {rows[-1]['b']}"
    lines = [
        f"{'test l/m:':>31}{reference:>19}{'at training':>18}{'after the':>11}",
        f"   b   alpha  passes   at the best{'in pairs':>19}{f'l/m = {shown:g}':>18}"
        f"{'last pass':>11}",
    ]
    for row in rows:
        gap = f"{row['minus full batch, mean']:+.3f} ± {row['minus full batch, half width']:.3f}"
        mean, half = interval(row["test where training reaches a level"][str(shown)])
        lines.append(
            f"{row['b']:4}{row['alpha']:8.3f}{row['passes at the best, median']:8.0f}"
            f"{row['test, mean']:9.2f} ± {row['test, half width']:.2f}"
            f"{gap if row is not rows[-1] else '':>17}{mean:11.2f} ± {half:.2f}"
            f"{statistics.mean(row['test at the end of the run']):11.2f}"
        )
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()

    settings = {"hidden": 100, "max_passes": 12_000}
    tune_seeds, seeds = [100, 101, 102], list(range(10))
    grids = {
        10: [0.0025 * 2**k for k in range(7)],
        30: [0.00625 * 2**k for k in range(7)],
        100: [0.0125 * 2**k for k in range(7)],
        300: [0.025 * 2**k for k in range(6)],
        1200: [0.05 * 2**k for k in range(5)],
    }
    levels, shown = [-20 + 0.25 * k for k in range(18)], -16.0
    if smoke:
        settings = {"hidden": 8, "max_passes": 30, "m": 60}
        tune_seeds, seeds, levels, shown = [100, 101], [0, 1, 2], [-28.0], -28.0
        grids = {20: [0.1, 0.2], 60: [0.2, 0.4]}

    tuning, final, rows = {}, {}, []
    for b, alphas in grids.items():
        tuning[b] = tune(b, alphas, tune_seeds, settings)
        chosen = tuning[b]["chosen"]
        final[b] = run(b, [(seed, chosen) for seed in seeds], **settings)
        print(f"b = {b}: α = {chosen:g}, {len(seeds)} runs done", flush=True)

    reference = {c.seed: c.test[c.best] for c in final[max(grids)]}
    for b, curves in final.items():
        test = [c.test[c.best] for c in curves]
        mean, half = interval(test)
        # core
        # c: a run; reference: the test score of b = 1200 with the same seed
        gain, gain_half = interval([c.test[c.best] - reference[c.seed] for c in curves])
        # end of core
        passes = statistics.median(c.passes[c.best] for c in curves)
        train = statistics.mean(c.train[c.best] for c in curves)
        at_levels = {level: [c.test_at(level) for c in curves] for level in levels}
        rows.append(
            {
                "b": b,
                "alpha": tuning[b]["chosen"],
                "best inside the grid": tuning[b]["inside"],
                "passes at the best, median": passes,
                "runs that met the cap": sum(c.capped for c in curves),
                "test": test,
                "test, mean": mean,
                "test, half width": half,
                "minus full batch, mean": gain,
                "minus full batch, half width": gain_half,
                "train at the best, mean": train,
                "valid": [c.valid[c.best] for c in curves],
                "test at the end of the run": [c.test[-1] for c in curves],
                "test where training reaches a level": {str(k): v for k, v in at_levels.items()},
            }
        )
    lines = summary(rows, shown)
    print("\n".join(lines))
    if not smoke:
        setting = settings | {"seeds": seeds, "tuning seeds": tune_seeds, "levels": levels}
        data = {"tuning": {str(b): t for b, t in tuning.items()}, "rows": rows, "summary": lines}
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
