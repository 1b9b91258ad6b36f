"""FVSBN, NADE and MADE on the digits: the step size of each, and what a hidden layer gains.

Chapter 4's models, data, batch size and scale. Each step size of a grid is run with one seed, until
the validation ℓ/m has not improved for 5 passes in a row or the most passes are made; the best
validation ℓ/m picks the step size, and the grid is widened until it is not at the edge. Then, at
that step size, fresh seeds, which set start and shuffles: the parameters of the pass with the best
validation ℓ/m are scored on the test set, against the FVSBN's of the same seed, image by image.

    python benchmarks/three_models.py           # about 5 minutes on one core; writes the JSON
    python benchmarks/three_models.py --smoke   # the same path at tiny sizes; writes nothing
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_digits_binary
from mle_lib.models import FVSBN, MADE, NADE
from mle_lib.models.base import AutoregressiveModel
from mle_lib.optimizers import SGD
from mle_lib.training import fit

Make = Callable[[torch.Generator], AutoregressiveModel]
N = 64  # pixels

MODELS: dict[str, tuple[Make, int]] = {  # and the exponent k of the first step size, 0.1 · 2^k
    "FVSBN": (lambda _: FVSBN(N), 0),
    "NADE": (lambda generator: NADE(N, 50, generator), 2),
    "MADE": (lambda generator: MADE(N, 500, generator=generator), 0),
}


def run(make: Make, alpha: float, seed: int, data: list[Tensor], most: int) -> dict[str, Any]:
    """One run: where it was best on the validation data, and log p of every test image there."""
    x, valid, test = data
    model = make(torch.Generator().manual_seed(seed))
    history = fit(
        model,
        SGD(model.parameters(), alpha),
        x,
        valid,
        batch_size=20,
        epochs=most,
        scale="mean",
        seed=seed,
        patience=5,
        progress=False,
    )
    with torch.no_grad():
        log_p = model.log_prob(test).double()
    return {
        "alpha": alpha,
        "passes to the best": history.best,
        "valid": max(history.valid),
        "test": log_p.mean().item(),
        "log p": log_p,
    }


def tuned(make: Make, k: int, data: list[Tensor], most: int) -> list[dict[str, Any]]:
    """Runs with seed 0 at 0.1 · 2^k for growing k, the best on validation data not at the edge."""
    tried = {e: run(make, 0.1 * 2.0**e, 0, data, most) for e in (k - 1, k, k + 1)}
    while (best := max(tried, key=lambda e: tried[e]["valid"])) in (min(tried), max(tried)):
        e = best - 1 if best == min(tried) else best + 1
        tried[e] = run(make, 0.1 * 2.0**e, 0, data, most)
    return [tried[e] for e in sorted(tried)]


def summary(models: dict[str, Any]) -> list[str]:
    """For each model the step sizes with their validation ℓ/m, then the gains over the FVSBN."""
    lines = ["        step size: best validation l/m"]
    for name, rows in models.items():
        tried = "  ".join(f"{row['alpha']:.3g}: {row['valid']:.2f}" for row in rows["tried"])
        best = max(rows["tried"], key=lambda row: row["valid"])["alpha"]
        lines.append(f"{name:6}  {tried}  chosen {best:.3g}")
    for name, rows in models.items():
        if gains := rows.get("gains"):
            gain, error = (torch.tensor(gains[key]) for key in ("gain", "standard error"))
            lines.append(
                f"{name} over the FVSBN, test, {len(gain)} seeds: mean {gain.mean():.2f}, "
                f"from {gain.min():.2f} to {gain.max():.2f}, "
                f"standard errors up to {error.max():.2f}"
            )
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    most, seeds = (1, 2) if smoke else (400, 5)
    data = [load_digits_binary(split) for split in ("train", "valid", "test")]
    if smoke:
        data = [part[:60] for part in data]
    models: dict[str, Any] = {}
    plain: dict[int, Tensor] = {}  # log p of the FVSBN, by seed
    for name, (make, k) in MODELS.items():
        tried = tuned(make, k, data, most)
        alpha = max(tried, key=lambda row: row["valid"])["alpha"]
        # core
        runs = {seed: run(make, alpha, seed, data, most) for seed in range(1, seeds + 1)}
        # end of core
        rows = models[name] = {"tried": tried, "runs": list(runs.values())}
        if name == "FVSBN":
            plain = {seed: one["log p"] for seed, one in runs.items()}
        else:
            # core
            gains = [one["log p"] - plain[seed] for seed, one in runs.items()]
            rows["gains"] = {
                "gain": [gain.mean().item() for gain in gains],
                "standard error": [(gain.std() / len(gain) ** 0.5).item() for gain in gains],
            }
            # end of core
    for rows in models.values():
        for one in rows["tried"] + rows["runs"]:
            del one["log p"]
    print(*summary(models), sep="\n")
    if not smoke:
        setting = {"m": len(data[0]), "b": 20, "patience": 5, "most passes": most, "seeds": seeds}
        write_result(__file__, setting, {"models": models, "summary": summary(models)})


if __name__ == "__main__":
    main()
