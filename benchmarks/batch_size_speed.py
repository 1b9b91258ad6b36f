"""Steps, sample gradients and seconds to a given log-likelihood, for each batch size.

FVSBN on the digits (m = 1,200), from θ_0 = 0, plain stochastic ascent with a constant step size.
Batches are drawn with replacement, so that b may be larger than m and every batch is independent;
"exact" is the full gradient. For every b and every target the step size is tuned on its own: over a
grid with a factor of √2 between neighbours, the one that gets there in the fewest steps (mean over
seeds). The table says whether the best was inside the grid.

Beside it: the noise scale tr Σ/‖ḡ‖² along exact and mini-batch runs, each with chapter 2's safe
step and with the tuned one, so that the effect of noise can be told from that of long steps; along
exact runs also tr(HΣ)/(ḡᵀHḡ); and the microseconds that one step of the usual PyTorch loop takes.

    python benchmarks/batch_size_speed.py           # about 3 minutes on one core; writes the JSON
    python benchmarks/batch_size_speed.py --smoke   # the same path at tiny sizes; writes nothing
"""

import statistics
import time
from typing import Any

import torch
from lanes import Lanes, check_gradients, with_one
from torch import Tensor
from writing import smoke_is_asked_for, write_result

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
        # core
        # a lane is one run, with its seed and step size; look: when to look
        # at l/m again; goals: targets; found: at which step each was reached
        lanes.step(rates, gradient)
        if t >= look:
            look = max(t + 1, round(SPACING * t))
            there = (lanes.mean_log_likelihood(x) >= goals) & found.isinf()
            found[there] = t
            # end of core
            if stop == limit and found.view(-1, seeds, count).mean(1).isfinite().any(1).all():
                stop = t + t // 2  # slower ones cannot win any more
        if t >= stop:
            break
    return found.view(-1, seeds, count).mean(1)


def noise_scales(
    x: Tensor, b: int | None, alpha: float, target: float, limit: int, seed: int = 0
) -> list[list[float]]:
    """(ℓ/m, tr Σ/‖ḡ‖², and, of exact runs, tr(HΣ)/ḡᵀHḡ) before each step of one run up to
    ``target``; H is the curvature of −ℓ/m."""
    lanes, inputs, rows = Lanes([FVSBN(x.shape[1]).double()]), with_one(x), []
    squares = inputs[:, :, None] * inputs[:, None, :]  # x̃ x̃ᵀ of each sample
    generator, rate = torch.Generator().manual_seed(seed), torch.tensor([alpha], dtype=x.dtype)
    for _ in range(limit):
        p = torch.sigmoid(lanes.logits(x[None]))[0]
        error, mask = x - p, lanes.masks[0]
        g = error.T @ inputs / len(x) * mask  # (n, 1 + n)
        noise = (error**2 @ mask * inputs**2).sum() / len(x) - g.square().sum()
        row = [float(lanes.mean_log_likelihood(x)), float(noise / g.square().sum())]
        if b is None:
            H = torch.einsum("ji,jkl->ikl", p * (1 - p), squares) / len(x)  # one block a variable
            H = H * mask[:, :, None] * mask[:, None, :]
            moment = torch.einsum("ji,jkl->ikl", error**2, squares) / len(x)  # E[g gᵀ], by block
            bent = torch.einsum("ik,ikl,il->", g, H, g)
            row.append(float(((H * moment).sum() - bent) / bent))
        rows.append(row)
        if row[0] >= target:
            break
        if b is not None:
            batch = torch.randint(len(x), (1, b), generator=generator)
        lanes.step(rate, [g[None]] if b is None else lanes.mean_gradient(x[batch]))
    return rows


def along(run: list[list[float]], target: float) -> list[float]:
    """Mean of each noise scale over the steps of a run before it first reaches ``target``."""
    heights = [row[0] for row in run]
    reached = next((k for k, height in enumerate(heights) if height >= target), len(run))
    return [statistics.mean(column) for column in zip(*run[:reached], strict=True)][1:]


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


def predictions(fits: list[dict[str, Any]]) -> list[str]:
    """The critical batch size above the noise scales: a column for each target, and the range of
    B_noise/B_crit over all seeds and the last three targets."""

    def line(label: str, cells: list[str], end: str = "") -> str:
        return f"{label:33}" + "".join(f"{cell:>8}" for cell in cells) + end

    lines = [
        line("target", [f"{row['target']}" for row in fits], "   over B_crit,"),
        line("B_crit", [f"{row['B_crit']:.0f}" for row in fits], "   last three targets"),
        line("misfit", [f"{row['largest misfit']:.0%}" for row in fits]),
    ]
    for scale in ("B_noise", "B_H"):
        for name in fits[0][scale]:
            means = [f"{statistics.mean(row[scale][name]):,.0f}" for row in fits]
            over = [v / row["B_crit"] for row in fits[-3:] for v in row[scale][name]]
            spread = f"   {min(over):.1f} to {max(over):.1f}"
            label = f"{scale:8}along {name}"
            lines.append(line(label, means, spread if scale == "B_noise" else ""))
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()

    sizes: list[int | None] = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000, None]
    targets, m, seeds, limit, rounds = [-24.0, -20.0, -19.0, -18.5], 1200, 5, 1_000_000, 60
    # The grid's centre is largest / (1 + expected/b): α grows with b, up to a limit.
    expected, largest = 30.0, 0.9
    # batch sizes along whose runs the noise scales are taken
    beside: dict[str, list[int | None]] = {
        "safe": [None, 30, 100],
        "tuned": [None, 10, 30, 100, 300, 1000],
    }
    if smoke:
        sizes, targets, m, seeds, limit, rounds = [10, 100, None], [-35.0], 60, 2, 300, 2
        beside = {"safe": [None, 10], "tuned": [None, 10]}
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

    def called(b: int | None) -> str:
        return f"b = {b}" if b else "exact"

    def some_runs(b: int | None, alpha: float, target: float) -> list[list[list[float]]]:
        own = range(seeds if b else 1)
        return [noise_scales(x.double(), b, alpha, target, limit, seed) for seed in own]

    fits: list[dict[str, Any]] = []
    safe_runs = {b: some_runs(b, safe, targets[-1]) for b in beside["safe"]}  # for all targets
    for k, target in enumerate(targets):
        S_min, B_crit, misfit = fit(drawn, [table[str(b)]["steps"][k] for b in drawn])
        fitted: dict[str, Any] = {"target": target, "S_min": S_min}
        fitted |= {"B_crit": B_crit, "largest misfit": misfit}
        print(f"to {target}: S_min {S_min:.1f}, B_crit {B_crit:.1f}, misfit {misfit:.0%}")
        runs = {f"{called(b)}, safe step": some for b, some in safe_runs.items()}
        for b in beside["tuned"]:
            alpha = table[str(b or "exact")]["alpha"][k]
            runs[f"{called(b)}, tuned step"] = some_runs(b, alpha, target)
        means = {name: [along(run, target) for run in some] for name, some in runs.items()}
        fitted["B_noise"] = {name: [mean[0] for mean in some] for name, some in means.items()}
        fitted["B_H"] = {n: [mean[1] for mean in some] for n, some in means.items() if "exact" in n}
        for name, values in fitted["B_noise"].items():
            print(f"   {name:20} " + " ".join(f"{v:8.1f}" for v in values), flush=True)
        fits.append(fitted)
    times = microseconds(x, drawn, rounds)
    print("µs a step: " + ", ".join(f"{b}: {t:.0f}" for b, t in zip(drawn, times, strict=True)))
    data: dict[str, Any] = {"table": table, "fits": fits, "batch sizes": drawn}
    data |= {"microseconds a step": times}
    data |= {"summary": summary(data, m), "predictions": predictions(fits)}
    print("\n".join(data["summary"] + data["predictions"]))
    if not smoke:
        setting = {"m": m, "seeds": seeds, "targets": targets, "spacing": SPACING, "threads": 1}
        setting["safe step"] = safe
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
