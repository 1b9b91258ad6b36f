"""How old may a snapshot be, and how much do the best sampling probabilities gain?

An FVSBN and three networks on the digits, trained by Adam with b = 10. The variance that SVRG's
snapshot leaves, some steps after it was taken, over the plain estimator's; and the same for
sampling with probabilities proportional to ‖g_j‖, in place of equal ones.

    python benchmarks/snapshot_age.py           # about 3 minutes on one core; writes the JSON
    python benchmarks/snapshot_age.py --smoke   # the same path at tiny sizes; writes nothing
"""

from typing import Any

import torch
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, load_digits_binary
from mle_lib.gradient import per_sample_gradients
from mle_lib.models import FVSBN, MADE, NADE, AutoregressiveModel, RecurrentModel
from mle_lib.training import train_step

B = 10


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
            g = torch.cat([per_sample_gradients(model, part) for part in x[:300].split(50)])
            kept = g if kept is None else kept
            spread = (g - g.mean(0)).square().sum()
            left = (g - kept - (g - kept).mean(0)).square().sum() / spread
            best = len(g) * (g.norm(dim=1).mean() ** 2 - g.mean(0).square().sum()) / spread
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


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
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
    print(*summary(rows), sep="\n")
    if not smoke:
        rates = {name: lr for name, (_, lr) in models.items()}
        setting = {"m": len(x), "b": B, "step sizes of Adam": rates}
        write_result(__file__, setting, {"rows": rows, "summary": summary(rows)})


if __name__ == "__main__":
    main()
