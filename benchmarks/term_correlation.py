"""Do the n terms of one sample's gradient correlate, in networks with shared weights?

g_j = Σ_i g_ji with g_ji = ∇ log p(x_i^(j) | x_<i^(j)). Along the training of a MADE, a NADE and a
RecurrentModel on the digits (Adam, batches of 100), over all samples in float64:

    over own   tr Σ / Σ_i tr Σ_ii: 1 where terms do not correlate in sum, Σ the covariance of the
               g_j, Σ_il that of g_ji and g_jl;
    shared     the same for the weights of the first layer alone, which many terms share (the rest
               of a MADE or NADE is own blocks); all weights of the recurrence;
    share      what part of Σ_i tr Σ_ii these weights hold;
    pairs      Σ_{i≠l} |tr Σ_il| / Σ_i tr Σ_ii: large where terms correlate, even if they cancel;
    at k       variance with k of the n variables, drawn for each sample, over that of plain batches
               of the same number of terms; below 1, sub-sampling wins;
    cost, k    the same, of plain batches of the same cost. A recurrence must run up to the last
               variable drawn, k(n + 1)/(k + 1) of n steps on average. NADE must too, for its state,
               which is half of its work; of the other half, its outputs, it needs k of n. A MADE
               computes its hidden layer for k outputs as for n: (n + k)/2n of the work.

    python benchmarks/term_correlation.py           # about 8 minutes on one core; writes the JSON
    python benchmarks/term_correlation.py --smoke   # the same path at tiny sizes; writes nothing
"""

import copy
import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, load_digits_binary
from mle_lib.gradient import per_variable_gradients
from mle_lib.likelihood import log_likelihood
from mle_lib.minibatch import sample_indices
from mle_lib.models import MADE, NADE, AutoregressiveModel, RecurrentModel
from mle_lib.optimizers import Adam
from mle_lib.training import train_step

MODELS: dict[str, Callable[[int, int, torch.Generator], AutoregressiveModel]] = {
    "MADE": lambda n, hidden, generator: MADE(n, hidden, generator=generator),
    "NADE": lambda n, hidden, generator: NADE(n, hidden, generator),
    "recurrent": lambda n, hidden, generator: RecurrentModel(n, hidden, generator),
}


SHARED = {"MADE": ("hidden",), "NADE": ("W", "d"), "recurrent": ("",)}  # first layers, by name


def moments(
    model: AutoregressiveModel, x: Tensor, chunk: int, shared: tuple[str, ...]
) -> dict[str, float]:
    """E‖g_j‖², Σ_i E‖g_ji‖², ‖ḡ‖² and Σ_i ‖ḡ_i‖² over the rows of x; Σ_{i≠l} |tr Σ_il|; and
    Σ_il tr Σ_il and Σ_i tr Σ_ii of the weights whose name begins as ``shared``."""
    first = torch.cat(
        [torch.full((p.numel(),), k.startswith(shared)) for k, p in model.named_parameters()]
    )
    total, whole, part = (torch.zeros(()) for _ in range(3))
    # core
    # first: which weights belong to the first layer; chunk: rows at a time
    for rows in x.split(chunk):
        terms = per_variable_gradients(model, rows)
        total = total + terms.sum(0) / len(x)
        ours = terms[..., first].transpose(0, 1).flatten(1)  # (n, chunk · p)
        rest = terms[..., ~first].transpose(0, 1).flatten(1)
        part = part + ours @ ours.T / len(x)
        whole = whole + rest @ rest.T / len(x)
    whole = whole + part  # E⟨g_ji, g_jl⟩, (n, n)
    traces = whole - total @ total.T  # tr Σ_il
    # end of core
    part = part - total[:, first] @ total[:, first].T
    return {
        "whole": float(whole.sum()),
        "single": float(whole.trace()),
        "mean whole": float(total.sum(0).square().sum()),
        "mean single": float(total.square().sum()),
        "pairs": float(traces.abs().sum() - traces.diag().abs().sum()),
        "shared whole": float(part.sum()),
        "shared single": float(part.trace()),
    }


def over_own(row: dict[str, Any]) -> float:
    """tr Σ / Σ_i tr Σ_ii."""
    return (row["whole"] - row["mean whole"]) / (row["single"] - row["mean single"])


def sub_sampled(row: dict[str, Any], n: int, k: int) -> float:
    """Variance of one sample with k variables over that with all, (13.6) of chapter 13."""
    trace = row["whole"] - row["mean whole"]
    spread = (row["single"] - row["whole"] / n) * n * (n - k) / (k * (n - 1))
    return (trace + spread) / trace


def cost_share(name: str, n: int, k: int) -> float:
    """What one sample with k variables costs, over one with all."""
    last = k * (n + 1) / (k + 1)  # mean of the largest of k numbers drawn from 1 … n
    return {"MADE": n + k, "NADE": last + k, "recurrent": 2 * last}[name] / (2 * n)


def groups(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The seeds of each model and time."""
    keys = dict.fromkeys((row["model"], row["steps"]) for row in rows)
    return [[row for row in rows if (row["model"], row["steps"]) == key] for key in keys]


def correlations(rows: list[dict[str, Any]]) -> list[str]:
    """How far the terms correlate, a line for each model and time: means over seeds."""
    lines = ["model     steps    l/m  over own   range      shared  share  pairs"]
    for same in groups(rows):
        own = [over_own(row) for row in same]
        trace = [row["single"] - row["mean single"] for row in same]
        height, shared, share, pairs = (
            statistics.mean(values)
            for values in zip(
                *(
                    (
                        row["height"],
                        row["shared whole"] / row["shared single"],
                        row["shared single"] / all_own,
                        row["pairs"] / all_own,
                    )
                    for row, all_own in zip(same, trace, strict=True)
                ),
                strict=True,
            )
        )
        line = f"{same[0]['model']:9}{same[0]['steps']:6}{height:7.1f}{statistics.mean(own):10.2f}"
        line += f"  {min(own):.2f}-{max(own):.2f}{shared:9.2f}{share:7.2f}{pairs:7.2f}"
        lines.append(line)
    return lines


def worth(rows: list[dict[str, Any]], n: int) -> list[str]:
    """To how many uncorrelated terms the n of a sample come, for each model, over all its runs."""
    lines = []
    for name in dict.fromkeys(row["model"] for row in rows):
        values = [n / over_own(row) for row in rows if row["model"] == name]
        lines.append(f"{n} terms of a {name} are worth {min(values):.0f} to {max(values):.0f}")
    return lines


def table(rows: list[dict[str, Any]], n: int, ks: list[int]) -> list[str]:
    """What leaving variables out does, a line for each model and time, means over seeds; and the
    least variance, cost counted, that any number of variables has."""
    heads = [f"at k={k}" for k in ks] + [f"cost, {k}" for k in ks]
    lines = ["model     steps" + "".join(f"{h:>10}" for h in heads)]
    for same in groups(rows):
        name, line = same[0]["model"], f"{same[0]['model']:9}{same[0]['steps']:6}"
        shares = [k / n for k in ks] + [cost_share(name, n, k) for k in ks]
        for k, share in zip(ks * 2, shares, strict=True):
            line += f"{statistics.mean(sub_sampled(row, n, k) for row in same) * share:10.2f}"
        lines.append(line)
    least = [
        min(
            statistics.mean(sub_sampled(row, n, k) for row in same)
            * cost_share(same[0]["model"], n, k)
            for same in groups(rows)
        )
        for k in range(1, n)
    ]
    at = n // 2
    return [
        *lines,
        f"least cost of all lines: {least[at - 1]:.2f} at k = {at}, {min(least):.3f} at any k < n",
    ]


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    x, times, seeds, chunk, ks = (
        load_digits_binary("train"),
        [0, 30, 300, 1000, 3000],
        3,
        10,
        [16, 1],
    )
    sizes = {"MADE": 64, "NADE": 16, "recurrent": 16}  # fewer than n − 1 would blind MADE
    if smoke:
        x = TinyWorld(6, seed=0).sample(60, torch.Generator().manual_seed(0)).float()
        times, seeds, ks, sizes = [0, 5], 2, [3, 1], dict.fromkeys(sizes, 4)
    m, n = x.shape
    rows: list[dict[str, Any]] = []
    for name, make in MODELS.items():
        for seed in range(seeds):
            generator = torch.Generator().manual_seed(seed)
            model = make(n, sizes[name], generator)
            optimizer, done = Adam(model.parameters(), lr=0.01), 0
            for steps in times:
                for _ in range(steps - done):
                    B = sample_indices(m, min(100, m), generator=generator)
                    train_step(model, optimizer, x[B], m, "mean", max_norm=5.0)
                done = steps
                double = copy.deepcopy(model).double()
                row: dict[str, Any] = {"model": name, "steps": steps, "seed": seed}
                height = float(log_likelihood(model, x)) / m
                row |= {"height": height} | moments(double, x.double(), chunk, SHARED[name])
                rows.append(row)
                print(name, steps, seed, f"over own {over_own(row):.3f}", flush=True)
    pairs, worths, lines = correlations(rows), worth(rows, n), table(rows, n, ks)
    print("\n".join(pairs + worths + lines))
    if not smoke:
        setting = {"m": m, "n": n, "b": 100, "alpha": 0.01, "hidden": sizes, "ks": ks}
        setting |= {"steps": times, "seeds": seeds, "clipped at": 5.0}
        data = {"rows": rows, "correlations": pairs, "worth": worths, "summary": lines}
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
