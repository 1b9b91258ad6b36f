"""Where a step size works: training on the digits for a fixed number of passes.

For each batch size b and step size α (on the mean scale: θ ← θ + α · mean of the batch's g_j) the
log-likelihood of the training set after the budget, a mean over seeds. Every pass is reshuffled.
Everything twice: with a constant α, and with a warm-up, in which α grows linearly over the first
part of the steps. The map is of an FVSBN, from θ_0 = 0. Beside it one row of a MADE, with the share
of its hidden units that are zero on every training sample at the end, and the gain of the warm-up
in pairs over fresh seeds.

Two tables of the FVSBN at equal numbers of *steps*: how wide the valley of good step sizes is, and
the cosine of successive full gradients, which is negative where a run jumps to and fro.

    python benchmarks/step_size_map.py           # about 6 minutes on one core; writes the JSON
    python benchmarks/step_size_map.py --smoke   # the same path at tiny sizes; writes nothing
"""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import torch
from lanes import Lanes, check_gradients, epoch_batches, with_one
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_digits_binary
from mle_lib.models import FVSBN, MADE

SHARES = (0.0, 0.1, 0.3)  # of the steps, that a MADE's warm-up takes

# b, α, and between which steps the gradient's turns are measured
TURNS = [
    (10, 0.125, (1100, 1200)),
    (10, 1.0, (1100, 1200)),
    (100, 0.125, (1100, 1200)),
    (100, 0.5, (1100, 1200)),
    (100, 1.0, (1100, 1200)),
    (300, 1.0, (1100, 1200)),
    (1200, 1.0, (1, 20)),
    (1200, 1.0, (1100, 1200)),
]
SMOKE_TURNS = [(3, 0.125, (2, 4)), (60, 1.0, (1, 3))]


def train(
    start: Callable[[int], FVSBN | MADE],
    x: Tensor,
    b: int,
    alphas: Tensor,
    seeds: int,
    passes: int,
    warm: int,
    first_seed: int = 0,
) -> Lanes:
    """The lanes after ``passes``; lane = seed, then α. ``warm`` is the length of the warm-up in
    steps, ``start`` makes the model of a seed, ``first_seed`` is that of the shuffles."""
    lanes = Lanes([start(seed) for seed in range(seeds) for _ in alphas])
    generators = [torch.Generator().manual_seed(first_seed + seed) for seed in range(seeds)]
    rates, t = alphas.repeat(seeds), 0
    # core
    # a lane is one run, with its seed and step size; warm: the steps of
    # a warm-up (section 6.2), none in the map
    for _ in range(passes):
        for batch in epoch_batches(len(x), b, generators).unbind(1):  # (seeds, b)
            t += 1
            rows = x[batch].repeat_interleave(len(alphas), 0)
            lanes.step(rates * min(1.0, t / (warm + 1)), lanes.mean_gradient(rows))
    # end of core
    return lanes


def endless(x: Tensor, b: int, seeds: int) -> Iterator[Tensor]:
    """Reshuffled passes without end: the rows of one batch for each seed, ``(seeds, b, n)``."""
    generators = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    while True:
        yield from (x[B] for B in epoch_batches(len(x), b, generators).unbind(1))


def equal_steps(
    x: Tensor, b: int, alphas: Tensor, seeds: int, stops: Sequence[int]
) -> list[list[float]]:
    """ℓ/m after each number of steps in ``stops``, for each α: mean over seeds."""
    seeds = 1 if b == len(x) else seeds  # the full batch is the same for all
    lanes = Lanes([FVSBN(x.shape[1])] * (seeds * len(alphas)))
    rates, heights = alphas.repeat(seeds), []
    for t, rows in enumerate(islice(endless(x, b, seeds), max(stops)), start=1):
        lanes.step(rates, lanes.mean_gradient(rows.repeat_interleave(len(alphas), 0)))
        if t in stops:
            heights.append(mean_over_seeds(lanes.mean_log_likelihood(x), seeds))
    return heights


def largest_curvature(lanes: Lanes, x: Tensor) -> list[float]:
    """Largest eigenvalue of H (2.6), which is made of a block for each variable, in every lane."""
    inputs, p = with_one(x[:, :-1]), torch.sigmoid(lanes.logits(x[None]))
    largest = []
    for weights in (p * (1 - p) / len(x)).unbind(0):
        blocks = [
            (inputs[:, : i + 1].mT * weights[:, i]) @ inputs[:, : i + 1] for i in range(x.shape[1])
        ]
        largest.append(max(torch.linalg.eigvalsh(block)[-1].item() for block in blocks))
    return largest


def turns(
    x: Tensor, b: int, alpha: float, seeds: int, first: int, last: int
) -> dict[str, int | float | list[float]]:
    """How the full gradient turns from step to step, between steps ``first`` and ``last``: for each
    seed the mean cosine of successive ones. And α times the largest curvature at step ``last``."""
    seeds = 1 if b == len(x) else seeds
    lanes = Lanes([FVSBN(x.shape[1])] * seeds)
    rates, gradients = torch.full((seeds,), alpha), []
    for t, rows in enumerate(islice(endless(x, b, seeds), last), start=1):
        lanes.step(rates, lanes.mean_gradient(rows))
        if t >= first:
            gradients.append(lanes.mean_gradient(x[None])[0].flatten(1))
    path = torch.stack(gradients)  # (steps, seeds, parameters)
    cosines = torch.cosine_similarity(path[1:], path[:-1], dim=2).mean(0)
    steepest = statistics.mean(largest_curvature(lanes, x))
    return {
        "b": b,
        "alpha": alpha,
        "first": first,
        "last": last,
        "cosines": [round(c, 4) for c in cosines.tolist()],
        "alpha times curvature": round(alpha * steepest, 4),
    }


def gain_of_warm_up(
    start: Callable[[int], MADE],
    x: Tensor,
    b: int,
    alphas: Tensor,
    seeds: Sequence[int],
    passes: int,
    shares: Sequence[float],
) -> dict[str, list[list[float]]]:
    """ℓ/m at the end, ``[α][seed]``, for each share of the steps that the warm-up takes."""
    heights = {}
    for share in shares:
        warm = round(share * passes * (len(x) // b))
        lanes = train(lambda k: start(seeds[k]), x, b, alphas, len(seeds), passes, warm, seeds[0])
        ends = lanes.mean_log_likelihood(x).view(len(seeds), -1).T
        heights[str(share)] = [[round(v, 4) for v in row] for row in ends.tolist()]
    return heights


def mean_over_seeds(values: Tensor, seeds: int) -> list[float]:
    return [round(v, 4) for v in values.view(seeds, -1).mean(0).tolist()]


def silent_units(lanes: Lanes, x: Tensor) -> Tensor:
    """Share of hidden units that are zero on every row of ``x``, for each lane."""
    return ((with_one(x) @ lanes.weights[0].mT).amax(1) <= 0).float().mean(1)


def show(label: str, values: Sequence[float]) -> None:
    print(f"{label:24}" + "".join(f"{v:8.2f}" for v in values), flush=True)


def summary(
    batch_sizes: list[int], exponents: list[int], maps: dict[str, list[list[float]]]
) -> list[str]:
    """The best step size for each b, how many come near it, and what a warm-up changes."""
    lines = ["   b  best alpha  linear rule  within 0.3 nats    best l/m  with warm-up"]
    rows = list(zip(batch_sizes, maps["constant"], maps["warm-up"], strict=True))
    first = exponents[rows[0][1].index(max(rows[0][1]))] - math.log2(batch_sizes[0])
    for b, constant, warm in rows:
        best = max(constant)
        k, near = exponents[constant.index(best)], sum(v > best - 0.3 for v in constant)
        lines.append(
            f"{b:4}{f'2^{k}':>12}{f'2^{first + math.log2(b):.1f}':>13}{f'{near} of the grid':>17}"
            f"{best:12.2f}{max(warm):14.2f}"
        )
    return lines


def network_summary(alphas: list[float], network: dict[str, dict[str, list[float]]]) -> list[str]:
    lines = ["alpha                   " + "".join(f"{a:8.2f}" for a in alphas)]
    for part, row in network.items():
        warm = f"warm-up {float(part):.0%}" if float(part) else "no warm-up"
        lines.append(f"{warm + ': final l/m':24}" + "".join(f"{v:8.2f}" for v in row["heights"]))
        for when, key in (("after one pass", " after one pass"), ("at the end", "")):
            silent = "".join(f"{v:8.0%}" for v in row[f"silent units{key}"])
            lines.append(f"  silent {when:15}{silent}")
    return lines


def equal_steps_summary(
    batch_sizes: Sequence[int],
    stops: Sequence[int],
    exponents: Sequence[int],
    maps: dict[str, list[list[float]]],
) -> list[str]:
    """For each b and number of steps: step sizes within 0.3 nats of the best, and the best."""
    lines = ["within 0.3 nats, after", "steps   " + "".join(f"{t:7,}{'best':>7}" for t in stops)]
    lines[1] += "  best l/m then"
    for b in batch_sizes:
        line = f"b ={b:5}"
        for heights in maps[str(b)]:
            best = max(heights)
            near, k = sum(v > best - 0.3 for v in heights), exponents[heights.index(best)]
            line += f"{near:7}{f'2^{k}':>7}"
        lines.append(f"{line}{max(maps[str(b)][-1]):15.2f}")
    return lines


def turns_summary(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = ["   b  alpha  steps         alpha lambda_max  cosine (least, most of the seeds)"]
    for row in rows:
        c, steps = row["cosines"], f"{row['first']:,}-{row['last']:,}"
        line = f"{row['b']:4}{row['alpha']:7.3f}  {steps:14}{row['alpha times curvature']:16.2f}"
        line += f"{statistics.mean(c):+8.2f}"
        lines.append(line + (f" ({min(c):+.2f}, {max(c):+.2f})" if len(c) > 1 else ""))
    return lines


def gain_summary(
    alphas: Sequence[float],
    heights: dict[str, list[list[float]]],
    network: dict[str, dict[str, list[float]]],
) -> list[str]:
    """Warm-up minus none in pairs, at each α, and each with the α that was best in ``network``, on
    other seeds: mean ± half of the 95 % interval (Student's t)."""
    tuned = {share: row["heights"].index(max(row["heights"])) for share, row in network.items()}
    none, lines = torch.tensor(heights["0.0"]), []  # (α, seeds)
    seeds = none.shape[1]
    t = {2: 12.706, 10: 2.262}[seeds]
    for share, values in heights.items():
        if share != "0.0":
            gaps = torch.tensor(values) - none
            best = torch.tensor(values[tuned[share]]) - none[tuned["0.0"]]
            gaps = torch.cat([gaps, best[None]])
            mean, half = gaps.mean(1), t * gaps.std(1) / seeds**0.5
            cells = [f"{m:+.2f} ± {h:.2f}" for m, h in zip(mean, half, strict=True)]
            lines.append(f"warm-up {float(share):.0%} minus none, {seeds} fresh seeds:")
            named = [f"{a:.2f}: {cell}" for a, cell in zip(alphas, cells[:-1], strict=True)]
            lines += ["  " + ", ".join(part) for part in (named[:4], named[4:]) if part]
            pair = f"{alphas[tuned[share]]:.2f} against {alphas[tuned['0.0']]:.2f}"
            lines.append(f"  each with its tuned alpha, {pair}: {cells[-1]}")
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()

    m, seeds, passes = (60, 2, 3) if smoke else (1200, 5, 20)
    batch_sizes = [3, 60] if smoke else [1, 3, 10, 30, 100, 300, 1200]
    exponents = list(range(-12, 5))
    alphas = torch.tensor([2.0**k for k in exponents])
    x = load_digits_binary("train")[:m]
    hidden, made_b, made_passes = (8, 20, 3) if smoke else (100, 100, 50)
    inputs = with_one(x[:, :-1])
    curvature = float(torch.linalg.eigvalsh(inputs.T @ inputs / m)[-1] / 4)  # all σ(1 − σ) = 1/4
    print(f"largest curvature at θ = 0: {curvature:.3f}, so the limit 2/λ is {2 / curvature:.3f}")

    show("α = 2^k, k =", exponents)
    maps: dict[str, list[list[float]]] = {"constant": [], "warm-up": []}
    for b in batch_sizes:
        steps = passes * (m // b)
        for kind, warm in (("constant", 0), ("warm-up", max(1, steps // 10))):
            lanes = train(lambda _: FVSBN(x.shape[1]), x, b, alphas, seeds, passes, warm)
            maps[kind].append(mean_over_seeds(lanes.mean_log_likelihood(x), seeds))
            show(f"b {b:5}  {kind}", maps[kind][-1])

    def made(seed: int) -> MADE:
        return MADE(x.shape[1], hidden, generator=torch.Generator().manual_seed(seed))

    rates = [0.2 * 2 ** (k / 2) for k in range(2 if smoke else 7)]
    show("MADE, α =", rates)
    network: dict[str, dict[str, list[float]]] = {}
    for share in SHARES:
        warm = round(share * made_passes * (m // made_b))
        lanes = train(made, x, made_b, torch.tensor(rates), seeds, made_passes, warm)
        heights = mean_over_seeds(lanes.mean_log_likelihood(x), seeds)
        silent = mean_over_seeds(silent_units(lanes, x), seeds)
        first = train(made, x, made_b, torch.tensor(rates), seeds, 1, warm)
        early = mean_over_seeds(silent_units(first, x), seeds)
        network[str(share)] = {
            "heights": heights,
            "silent units after one pass": early,
            "silent units": silent,
        }
        show(f"  warm-up {share:.0%}", heights)
        show("    silent units", silent)
    fresh = range(100, 102) if smoke else range(100, 110)
    gains = gain_of_warm_up(made, x, made_b, torch.tensor(rates), fresh, made_passes, SHARES)
    start = Lanes([made(seed) for seed in range(seeds)])
    silent_at_start = mean_over_seeds(silent_units(start, x), seeds)[0]
    print(f"silent units at the start: {silent_at_start:.2f}")
    lines, made_lines = summary(batch_sizes, exponents, maps), network_summary(rates, network)
    wide, stops = ([3, 60], [2, 4]) if smoke else ([10, 100, 1200], [20, 200, 1000, 2400])
    steps_maps = {str(b): equal_steps(x, b, alphas, seeds, stops) for b in wide}
    walks = SMOKE_TURNS if smoke else TURNS
    turned = [turns(x, b, alpha, seeds, *window) for b, alpha, window in walks]
    steps_lines = equal_steps_summary(wide, stops, exponents, steps_maps)
    turns_lines, gain_lines = turns_summary(turned), gain_summary(rates, gains, network)
    print("\n".join(lines + made_lines + steps_lines + turns_lines + gain_lines))
    if not smoke:
        setting: dict[str, Any] = {
            "m": m,
            "seeds": seeds,
            "passes": passes,
            "warm-up": "a tenth of the steps",
        }
        setting |= {"MADE": {"hidden": hidden, "b": made_b, "passes": made_passes}}
        data = {
            "batch sizes": batch_sizes,
            "exponents": exponents,
            "largest curvature at the start": curvature,
            "maps": maps,
            "MADE": {"alphas": rates, "warm-up": network, "silent at the start": silent_at_start},
            "summary": lines,
            "MADE summary": made_lines,
            "equal steps": {"batch sizes": wide, "steps": stops, "maps": steps_maps},
            "equal steps summary": steps_lines,
            "turns": turned,
            "turns summary": turns_lines,
            "warm-up gain": {"alphas": rates, "heights": gains},
            "warm-up gain summary": gain_lines,
        }
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
