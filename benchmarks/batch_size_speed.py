"""Steps, sample gradients and seconds to a given log-likelihood, for each batch size.

FVSBN on the digits (m = 1,200), from θ_0 = 0, plain stochastic ascent with a constant step size.
Batches are drawn with replacement, so that b may be larger than m and every batch is independent;
"exact" is the full gradient. For every b and every target the step size is tuned on its own: over a
grid with a factor of √2 between neighbours, the one that gets there in the fewest steps (mean over
seeds). The table says whether the best was inside the grid.

Beside it: the two noise scales, tr Σ/‖ḡ‖² and tr(HΣ)/(ḡᵀHḡ), along the exact run with chapter 2's
safe step and along mini-batch runs; and the microseconds that one step of the usual PyTorch loop
takes.

    python benchmarks/batch_size_speed.py           # about 3 minutes on one core; writes the JSON
    python benchmarks/batch_size_speed.py --smoke   # the same path at tiny sizes; writes nothing
"""

import argparse
import statistics
import time
from typing import Any

import torch
from lanes import Lanes, check_gradients, with_one
from torch import Tensor
from writing import write_result

from mle_lib.data import load_digits_binary
from mle_lib.models import FVSBN

SPACING = 1.02  # ℓ is evaluated at steps that grow by this factor: how exactly a crossing is known


def crossings(
    x: Tensor, b: int | None, alphas: list[float], seeds: int, targets: list[float], limit: int
) -> Tensor:
    """Steps to each target, ``(targets, αs)``: mean over seeds, inf where one did not get there."""
    (m, n), count = x.shape, len(alphas)
    lanes = Lanes([FVSBN(n)] * (seeds * count))  # lane = seed, then α
    rates, ones = torch.tensor(alphas).repeat(seeds), torch.ones(1, m)
    goals = torch.tensor(targets)[:, None]
    found = torch.full((len(targets), seeds * count), torch.inf)
    generator = torch.Generator().manual_seed(0)
    look, stop = 1, limit
    for t in range(1, limit + 1):
        if b is None:
            gradient = lanes.mean_gradient(x[None], ones)
        else:
            batch = torch.randint(m, (seeds, b), generator=generator)
            if b >= m // 2:  # count the rows instead of copying them
                offset = m * torch.arange(seeds)[:, None]
                counts = torch.bincount((batch + offset).flatten(), minlength=seeds * m)
                counts = counts.view(seeds, m).repeat_interleave(count, 0).float()
                gradient = lanes.mean_gradient(x[None], counts)
            else:
                gradient = lanes.mean_gradient(x[batch].repeat_interleave(count, 0))
        lanes.step(rates, gradient)
        if t >= look:
            look = max(t + 1, round(SPACING * t))
            there = (lanes.mean_log_likelihood(x) >= goals) & found.isinf()
            found[there] = t
            if stop == limit and found.view(-1, seeds, count).mean(1).isfinite().any(1).all():
                stop = t + t // 2  # slower ones cannot win any more
        if t >= stop:
            break
    return found.view(-1, seeds, count).mean(1)


def noise_scales(
    x: Tensor, b: int | None, alpha: float, target: float, limit: int
) -> list[list[float]]:
    """(ℓ/m, tr Σ/‖ḡ‖², tr(HΣ)/ḡᵀHḡ) before each step of one run up to ``target``; H is the
    curvature of −ℓ/m."""
    lanes, inputs, rows = Lanes([FVSBN(x.shape[1]).double()]), with_one(x), []
    squares = inputs[:, :, None] * inputs[:, None, :]  # x̃ x̃ᵀ of each sample
    generator, rate = torch.Generator().manual_seed(0), torch.tensor([alpha], dtype=x.dtype)
    for _ in range(limit):
        p = torch.sigmoid(lanes.logits(x[None]))[0]
        error, mask = x - p, lanes.masks[0]
        g = error.T @ inputs / len(x) * mask  # (n, 1 + n)
        H = torch.einsum("ji,jkl->ikl", p * (1 - p), squares) / len(x)  # one block a variable
        H = H * mask[:, :, None] * mask[:, None, :]
        moment = torch.einsum("ji,jkl->ikl", error**2, squares) / len(x)  # E[g gᵀ], by block
        noise = (error**2 @ mask * inputs**2).sum() / len(x) - g.square().sum()
        bent = torch.einsum("ik,ikl,il->", g, H, g)
        bent_noise = (H * moment).sum() - bent
        height = float(lanes.mean_log_likelihood(x))
        rows.append([height, float(noise / g.square().sum()), float(bent_noise / bent)])
        if height >= target:
            break
        if b is None:
            lanes.step(rate, [g[None]])
        else:
            lanes.step(
                rate, lanes.mean_gradient(x[torch.randint(len(x), (1, b), generator=generator)])
            )
    return rows


def fit(sizes: list[int], steps: list[float]) -> tuple[float, float, float]:
    """S_min, B_crit and the largest relative misfit of S = S_min (1 + B_crit/b), least squares in
    log S. That is (S/S_min − 1)(E/E_min − 1) = 1 with E = bS and B_crit = E_min/S_min."""
    b, log_steps = torch.tensor(sizes).double(), torch.tensor(steps).double().log()
    candidates = torch.logspace(-1, 6, 7001, dtype=torch.float64)
    shape = (1 + candidates[:, None] / b).log()
    offset = (log_steps - shape).mean(1, keepdim=True)
    residual = log_steps - shape - offset
    best = int(residual.square().sum(1).argmin())
    misfit = residual[best].abs().max().exp() - 1
    return float(offset[best].exp()), float(candidates[best]), float(misfit)


def microseconds(x: Tensor, sizes: list[int], rounds: int) -> list[float]:
    """Median time of one step of the usual loop: draw, forward, backward, update. Sizes in turn,
    six steps each, of which the first warms up."""
    model = FVSBN(x.shape[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    times: dict[int, list[float]] = {b: [] for b in sizes}
    for _ in range(rounds):
        for b in sizes:
            for k in range(6):
                start = time.perf_counter()
                batch = x[torch.randint(len(x), (b,))]
                optimizer.zero_grad()
                loss = -model(batch).sum(1).mean()
                loss.backward()
                optimizer.step()
                if k:
                    times[b].append(1e6 * (time.perf_counter() - start))
    return [statistics.median(times[b]) for b in sizes]


def summary(data: dict[str, Any], m: int) -> list[str]:
    """Cost of reaching the last target."""
    lines = ["    b   alpha   steps  sample gradients  passes   µs a step   seconds"]
    for b, us in zip(data["batch sizes"], data["microseconds a step"], strict=True):
        row = data["table"][str(b)]
        steps, alpha = row["steps"][-1], row["alpha"][-1]
        lines.append(
            f"{b:5}{alpha:8.3f}{steps:8.0f}{b * steps:18,.0f}{b * steps / m:8.1f}"
            f"{us:12.0f}{1e-6 * us * steps:10.3f}"
        )
    steps, alpha = data["table"]["exact"]["steps"][-1], data["table"]["exact"]["alpha"][-1]
    lines.append(f"exact{alpha:8.3f}{steps:8.0f}{m * steps:18,.0f}{steps:8.1f}")
    return lines


def predictions(fits: list[dict[str, float]]) -> list[str]:
    """The critical batch size beside the noise scales."""
    runs = [key.partition(", ")[2] for key in fits[0] if key.startswith("simple")]
    lines = [
        "                           B_noise, mean along a run with" + " " * 10 + "B_H along it"
    ]
    lines += ["target  B_crit  misfit" + "".join(f"{run:>10}" for run in runs) + f"{runs[0]:>14}"]
    for row in fits:
        simple = "".join(f"{row[f'simple, {run}']:10.0f}" for run in runs)
        curved = row[f"curved, {runs[0]}"]
        fitted = f"{row['B_crit']:8.0f}{row['largest misfit']:8.0%}"
        lines.append(f"{row['target']:6}{fitted}{simple}{curved:14,.0f}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="tiny sizes; write nothing")
    smoke = parser.parse_args().smoke
    torch.set_num_threads(1)
    check_gradients()

    sizes: list[int | None] = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000, None]
    targets, m, seeds, limit, rounds = [-24.0, -20.0, -19.0, -18.5], 1200, 5, 1_000_000, 60
    # The grid's centre is largest / (1 + expected/b): α grows with b, up to a limit.
    expected, largest = 30.0, 0.9
    beside = [10, 30, 100]  # batch sizes along whose runs the noise scales are taken
    if smoke:
        sizes, targets, m, seeds, limit, rounds = [10, 100, None], [-35.0], 60, 2, 300, 2
        beside = [10]
    x = load_digits_binary("train")[:m]

    table: dict[str, dict[str, Any]] = {}
    for b in sizes:
        start = time.perf_counter()
        centre = largest / (1 + expected / b) if b else largest
        alphas = [centre * 2 ** (k / 2) for k in range(-6, 8)]
        steps = crossings(x, b, alphas, seeds if b else 1, targets, limit)
        best = steps.argmin(1)
        table[str(b or "exact")] = {
            "steps": steps.min(1).values.tolist(),
            "alpha": [alphas[k] for k in best],
            "inside": [0 < int(k) < len(alphas) - 1 for k in best],
        }
        row = table[str(b or "exact")]
        cells = "  ".join(
            f"{s:9.1f} at {a:7.4f}{'' if inside else ' EDGE'}"
            for s, a, inside in zip(row["steps"], row["alpha"], row["inside"], strict=True)
        )
        print(f"b {b or 'exact':>6}  {cells}   {time.perf_counter() - start:.0f} s", flush=True)

    drawn = [b for b in sizes if b]
    inputs = with_one(x[:, :-1])
    safe = float(4 * m / torch.linalg.eigvalsh(inputs.T @ inputs)[-1])  # chapter 2's, mean scale
    fits: list[dict[str, float]] = []
    runs = {"exact": noise_scales(x.double(), None, safe, targets[-1], limit)}
    for k, target in enumerate(targets):
        S_min, B_crit, misfit = fit(drawn, [table[str(b)]["steps"][k] for b in drawn])
        row = {"target": target, "S_min": S_min, "B_crit": B_crit, "largest misfit": misfit}
        print(f"to {target}: S_min {S_min:.1f}, B_crit {B_crit:.1f}, misfit {misfit:.0%}")
        for b in beside:
            alpha = table[str(b)]["alpha"][k]
            runs[f"b = {b}"] = noise_scales(x.double(), b, alpha, target, limit)
        for name, whole in runs.items():
            run = [r for r in whole if r[0] < target]
            for column, kind in ((1, "simple"), (2, "curved")):
                row[f"{kind}, {name}"] = statistics.mean(r[column] for r in run)
            print(f"   {name:8} simple {row[f'simple, {name}']:8.1f}", end="")
            print(f"   curved {row[f'curved, {name}']:8.1f}   (means along the run)", flush=True)
        fits.append(row)
    times = microseconds(x, drawn, rounds)
    print("µs a step: " + ", ".join(f"{b}: {t:.0f}" for b, t in zip(drawn, times, strict=True)))
    data: dict[str, Any] = {"table": table, "fits": fits, "batch sizes": drawn}
    data |= {"microseconds a step": times}
    data |= {"summary": summary(data, m), "predictions": predictions(fits)}
    print("\n".join(data["summary"] + data["predictions"]))
    if not smoke:
        setting = {"m": m, "seeds": seeds, "targets": targets, "spacing": SPACING, "threads": 1}
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
