"""How old may a snapshot be, and how much do the best sampling probabilities gain?

An FVSBN and three networks on the digits, trained by Adam with b = 10. The variance that SVRG's
snapshot leaves, some steps after it was taken, over the plain estimator's; and the same for
sampling with probabilities proportional to ‖g_j‖, in place of equal ones.

Then whether SVRG pays for itself on such a network: a MADE, with the step size falling to 0 in a
line, in the same number of sample gradients as the plain estimator, a reshuffled pass and Adam.
And, to tell a lack of steps from a lack of precision, SVRG with only the gradients at θ counted:
as many steps as the plain estimator has.

    python benchmarks/snapshot_age.py           # about 5 minutes on one core; writes the JSON
    python benchmarks/snapshot_age.py --smoke   # the same path at tiny sizes; writes nothing
"""

import copy
from typing import Any

import torch
from lanes import Lanes, check_gradients, epoch_batches
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, load_digits_binary
from mle_lib.gradient import per_sample_gradients
from mle_lib.models import FVSBN, MADE, NADE, AutoregressiveModel, RecurrentModel
from mle_lib.training import train_step

B = 10
HIDDEN = 100
T_95 = {2: 12.706, 5: 2.776}  # Student's t for the mean of so many
METHODS = {  # the exponents of the step sizes tried
    "plain": range(-5, 2),
    "reshuffled": range(-5, 2),
    "SVRG": range(-5, 2),
    "SVRG, reshuffled": range(-5, 2),
    "Adam, reshuffled": range(-10, -3),
    "free SVRG, reshuffled": range(-5, 2),
}
OVER = (  # compared, by their differences
    ("reshuffled", "plain"),
    ("SVRG", "reshuffled"),
    ("SVRG, reshuffled", "reshuffled"),
    ("free SVRG, reshuffled", "reshuffled"),
)


def snapshots(
    name: str, model: AutoregressiveModel, x: Tensor, starts: list[int], ages: list[int], lr: float
) -> list[dict[str, Any]]:
    """Along training by Adam: the variance over samples of g_j(θ) − g_j(θ̃) over that of
    g_j(θ), for snapshots θ̃ taken after ``starts`` steps and looked at ``ages`` steps later; and
    the variance with the best sampling probabilities over that with equal ones. On the first 300
    rows: moments need not be of all."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    generator, taken, rows = torch.Generator().manual_seed(0), 0, []
    for start in starts:
        assert taken <= start, "the snapshots before must be done with"
        kept: Tensor | None = None
        for age in [0, *ages]:
            while taken < start + age:
                indices = torch.randint(len(x), (B,), generator=generator)
                train_step(model, optimizer, x[indices], len(x), "mean")
                taken += 1
            # core
            # kept: the gradients at the snapshot; best: the share left by the best q
            g = torch.cat([per_sample_gradients(model, part) for part in x[:300].split(50)])
            kept = g if kept is None else kept
            spread = (g - g.mean(0)).square().sum()
            left = (g - kept - (g - kept).mean(0)).square().sum() / spread
            best = len(g) * (g.norm(dim=1).mean() ** 2 - g.mean(0).square().sum()) / spread
            # end of core
            row = {"model": name, "start": start, "age": age}
            rows.append(row | {"left": float(left), "best q": float(best)})
        print(name, rows[-1], f"l/m {model.log_prob(x).mean().item():.2f}", flush=True)
    return rows


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """What a snapshot leaves of the variance, by model, start and age."""
    ages = sorted({row["age"] for row in rows} - {0})
    head = f"{'snapshot: its age in steps':35}"
    lines = [head + "".join(f"{age:7}" for age in ages) + "   best q"]
    for name, start in dict.fromkeys((row["model"], row["start"]) for row in rows):
        mine = [r for r in rows if (r["model"], r["start"]) == (name, start)]
        left = "".join(f"{r['left']:7.2f}" for r in mine if r["age"])
        lines.append(f"{name:21}taken at {start:5}" + left + f"{mine[0]['best q']:9.2f}")
    return lines


def climb(method: str, models: list[MADE], x: Tensor, budget: int) -> Lanes:
    """The lanes (step sizes × models) after ``budget`` passes; step size 2^exponent, falling to 0.

    SVRG begins after a quarter of the budget, with a snapshot every 2m rows (m sample gradients);
    then each row counts twice. With "free" neither does: only the gradients at θ are counted.
    """
    extra = 0 if "free" in method else 1
    alphas = 2.0 ** torch.tensor(list(METHODS[method])).repeat_interleave(len(models))
    lanes = Lanes([model for _ in METHODS[method] for model in models])
    generators = [torch.Generator().manual_seed(seed) for seed in range(len(models))]
    m, spent, rows, t = len(x), 0, 0, 0
    order, snapshot, full = torch.empty(len(models), 0, B).long(), None, list[Tensor]()
    mu, nu = ([torch.zeros_like(w) for w in lanes.weights] for _ in range(2))
    while (before := spent) < budget * m:
        if not order.shape[1]:
            order = epoch_batches(m, B, generators)
            if "reshuffled" not in method:  # each batch from its own permutation
                order = torch.stack(
                    [torch.rand(len(order[0]), m, generator=g).topk(B).indices for g in generators]
                )
        batch, order = x[order[:, 0]].repeat(len(METHODS[method]), 1, 1), order[:, 1:]
        spent, t = spent + B, t + 1
        gradients = lanes.mean_gradient(batch)
        if "SVRG" in method and before >= budget * m / 4:
            if snapshot is None or rows >= 2 * m:
                snapshot, rows = copy.copy(lanes), 0
                snapshot.weights = [w.clone() for w in lanes.weights]
                full = snapshot.mean_gradient(x[None])
                spent += extra * m
            old = snapshot.mean_gradient(batch)
            gradients = [g - h + f for g, h, f in zip(gradients, old, full, strict=True)]
            spent, rows = spent + extra * B, rows + B
        if "Adam" in method:
            for k, g in enumerate(gradients):
                mu[k].lerp_(g, 0.1)
                nu[k].lerp_(g.square(), 0.001)
                gradients[k] = mu[k] / (1 - 0.9**t) / ((nu[k] / (1 - 0.999**t)).sqrt() + 1e-8)
        lanes.step(alphas.to(x.dtype) * (1 - before / (budget * m)), gradients)
    return lanes


def contest(x: Tensor, test: Tensor, hidden: int, seeds: int, budgets: list[int]) -> list[Any]:
    """ℓ/m on both sets, ``(exponents, seeds)``, for each method and budget (in passes)."""
    models = [
        MADE(x.shape[1], hidden, generator=torch.Generator().manual_seed(k)) for k in range(seeds)
    ]
    rows: list[dict[str, Any]] = []
    for budget in budgets:
        for method in METHODS:
            lanes = climb(method, models, x, budget)
            row: dict[str, Any] = {"method": method, "passes": budget}
            for key, data in (("train", x), ("test", test)):
                values = lanes.mean_log_likelihood(data).unflatten(0, (-1, seeds))
                row[key] = [[round(v, 4) for v in line] for line in values.tolist()]
            rows.append(row)
            print(*contest_summary(rows)[-1:], flush=True)
    return rows


def contest_summary(rows: list[dict[str, Any]]) -> list[str]:
    """The mean train and test ℓ/m with their 95 % intervals over the seeds, each at the step size
    that is best for it; last, the exponents of the two."""
    lines = [f"{'MADE, passes':27}{'train':>15}{'test':>17}   step sizes"]
    for row in rows:
        line, chosen = f"{row['passes']:3}  {row['method']:22}", []
        for key in ("train", "test"):
            best, values = best_runs(row, key)
            line += f"{float(values.mean()):9.2f} ± {half_width(values):.2f}"
            chosen.append(f"2^{METHODS[row['method']][best]}")
        lines.append(f"{line}   {', '.join(chosen)}")
    return lines


def best_runs(row: dict[str, Any], key: str) -> tuple[int, Tensor]:
    """The place of the step size with the best mean ℓ/m, and its ℓ/m for each seed."""
    values = torch.tensor(row[key]).double()
    best = int(values.mean(1).nan_to_num(nan=-torch.inf).argmax())
    return best, values[best]


def half_width(values: Tensor) -> float:
    """Half of the 95 % interval of the mean over seeds, by Student's t."""
    return T_95[len(values)] * float(values.std()) / len(values) ** 0.5


def contest_differences(rows: list[dict[str, Any]]) -> list[str]:
    """Differences of ℓ/m, seed by seed, of the pairs in ``OVER``, with their 95 % intervals."""
    lines = [f"{'one over the other, passes':54}{'train':>15}{'test':>15}"]
    for one, other in OVER:
        for budget in dict.fromkeys(row["passes"] for row in rows):
            mine = {row["method"]: row for row in rows if row["passes"] == budget}
            line = f"{one + ' over ' + other:50}{budget:4}"
            for key in ("train", "test"):
                gain = best_runs(mine[one], key)[1] - best_runs(mine[other], key)[1]
                line += f"{float(gain.mean()):+8.2f} ± {half_width(gain):.2f}"
            lines.append(line)
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()
    x = TinyWorld(6, seed=0).sample(60) if smoke else load_digits_binary("train")
    starts, ages = ([0, 2], [1]) if smoke else ([0, 1200, 4800], [12, 120, 360, 1200])
    n, generator = x.shape[1], torch.Generator().manual_seed(0)
    models: dict[str, tuple[AutoregressiveModel, float]] = {
        "FVSBN": (FVSBN(n), 0.01),
        "MADE, 100 hidden": (MADE(n, 100, generator=generator), 0.003),
        "NADE, 25 hidden": (NADE(n, 25, generator), 0.003),
        "recurrent, 30 hidden": (RecurrentModel(n, 30, generator), 0.003),
    }
    rows = [
        row
        for name, (model, lr) in models.items()
        for row in snapshots(name, model, x, starts, ages, lr)
    ]
    test = x if smoke else load_digits_binary("test")
    runs = (
        contest(x.float(), test.float(), 4, 2, [1])
        if smoke
        else contest(x, test, HIDDEN, 5, [4, 16, 64])
    )
    print(*summary(rows), *contest_summary(runs), *contest_differences(runs), sep="\n")
    if not smoke:
        rates = {name: lr for name, (_, lr) in models.items()}
        setting = {
            "m": len(x),
            "b": B,
            "step sizes of Adam": rates,
            "exponents": {k: list(v) for k, v in METHODS.items()},
        }
        data = {"rows": rows, "summary": summary(rows), "contest": runs}
        data |= {"contest summary": contest_summary(runs)}
        write_result(__file__, setting, data | {"contest differences": contest_differences(runs)})


if __name__ == "__main__":
    main()
