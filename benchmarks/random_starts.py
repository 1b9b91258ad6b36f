"""Where MADE ends from different θ_0: constants, numbers that differ, random signs, and a small V.

Chapter 4's MADE with 100 hidden units on the digits, the mean over batches of 20. Each start is run
with each step size and each of five seeds, which set the random numbers of the start and the
shuffles. ℓ/m of the training set after 12 and after 100 passes.

    python benchmarks/random_starts.py           # about 10 minutes on one core; writes the JSON
    python benchmarks/random_starts.py --smoke   # the same path at tiny sizes; writes nothing
"""

from typing import Any

import torch
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_digits_binary
from mle_lib.models import MADE
from mle_lib.optimizers import SGD
from mle_lib.training import fit

BOTH = "hidden.weight hidden.bias output.weight output.bias"
Start = tuple[float, float, str, float]
STARTS: dict[str, Start | None] = {
    # every weight and bias is uniform between two numbers; in which the sign is random; what
    # multiplies the output weights V
    "all 0": (0.0, 0.0, "", 1.0),
    "all 0.1": (0.1, 0.1, "", 1.0),
    "0.09 to 0.11": (0.09, 0.11, "", 1.0),
    "0 to 0.2": (0.0, 0.2, "", 1.0),
    "±0.1 in W": (0.1, 0.1, "hidden.weight", 1.0),
    "±0.1 in V": (0.1, 0.1, "output.weight", 1.0),
    "±0.1 in all": (0.1, 0.1, BOTH, 1.0),
    "0.1, V 0.01": (0.1, 0.1, "", 0.1),
    "0 to 0.2, V/10": (0.0, 0.2, "", 0.1),
    "the library's": None,
}


def heights(
    start: Start | None, alpha: float, seed: int, x: Tensor, passes: list[int]
) -> list[float]:
    """ℓ/m after each of ``passes``, one run."""
    generator = torch.Generator().manual_seed(seed)
    model = MADE(x.shape[1], 100, generator=generator).double()
    for name, q in model.named_parameters():
        if start is not None:
            # core
            # each number is uniform from low to high, times share in V;
            # where signed names the parameter, with a random sign
            low, high, signed, share = start
            size = low + (high - low) * torch.rand(q.shape, generator=generator)
            size = share * size if name == "output.weight" else size
            sign = 1 - 2 * torch.randint(2, q.shape, generator=generator)
            q.data = (size * sign if name in signed else size).double()
            # end of core
    history = fit(
        model,
        SGD(model.parameters(), alpha),
        x,
        batch_size=20,
        epochs=max(passes),
        scale="mean",
        seed=seed,
        progress=False,
    )
    return [history.train[k] for k in passes]


def summary(rows: list[dict[str, Any]], passes: list[int]) -> list[str]:
    """For each start the range over seeds, after each number of passes at each step size."""
    alphas = list(dict.fromkeys(row["alpha"] for row in rows))
    columns = [f"{k} passes, {alpha}" for alpha in alphas for k in passes]
    lines = [f"{'':15}" + "".join(f"{column:>18}" for column in columns)]
    for name in STARTS:
        cells = ""
        for alpha in alphas:
            (ends,) = [r["l/m"] for r in rows if (r["start"], r["alpha"]) == (name, alpha)]
            for k in range(len(passes)):
                values = [end[k] for end in ends]
                cells += f"{min(values):9.1f} to {max(values):.1f}"
        lines.append(f"{name:15}{cells}")
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    passes, seeds = ([1, 2], 2) if smoke else ([12, 100], 5)
    x = load_digits_binary("train").double()
    x = x[:60] if smoke else x
    rows: list[dict[str, Any]] = []
    for alpha in (0.1, 0.3):
        for name, start in STARTS.items():
            ends = [heights(start, alpha, seed, x, passes) for seed in range(seeds)]
            rows.append({"start": name, "alpha": alpha, "l/m": ends})
            print(f"α {alpha}, {name:14} {ends}", flush=True)
    print(*summary(rows, passes), sep="\n")
    if not smoke:
        setting = {"m": len(x), "hidden": 100, "b": 20, "passes": passes, "seeds": seeds}
        write_result(__file__, setting, {"rows": rows, "summary": summary(rows, passes)})


if __name__ == "__main__":
    main()
