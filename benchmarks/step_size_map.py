"""Where a step size works: training on the digits for a fixed number of passes.

For each batch size b and step size α (on the mean scale: θ ← θ + α · mean of the batch's g_j) the
log-likelihood of the training set after the budget, a mean over seeds. Every pass is reshuffled.
Everything twice: with a constant α, and with a warm-up, in which α grows linearly over the first
part of the steps. The map is of an FVSBN, from θ_0 = 0. Beside it one row of a MADE, with the share
of its hidden units that are zero on every training sample at the end.

    python benchmarks/step_size_map.py           # about 2 minutes on one core; writes the JSON
    python benchmarks/step_size_map.py --smoke   # the same path at tiny sizes; writes nothing
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from lanes import Lanes, check_gradients, epoch_batches, with_one
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_digits_binary
from mle_lib.models import FVSBN, MADE


def train(
    start: Callable[[int], FVSBN | MADE],
    x: Tensor,
    b: int,
    alphas: Tensor,
    seeds: int,
    passes: int,
    warm: int,
) -> Lanes:
    """The lanes after ``passes``; lane = seed, then α. ``warm`` is the length of the warm-up in
    steps, ``start`` makes the model of a seed."""
    lanes = Lanes([start(seed) for seed in range(seeds) for _ in alphas])
    generators = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    rates, t = alphas.repeat(seeds), 0
    for _ in range(passes):
        for batch in epoch_batches(len(x), b, generators).unbind(1):  # (seeds, b)
            t += 1
            rows = x[batch].repeat_interleave(len(alphas), 0)
            lanes.step(rates * min(1.0, t / (warm + 1)), lanes.mean_gradient(rows))
    return lanes


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
    for share in (0.0, 0.1, 0.3):
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
    start = Lanes([made(seed) for seed in range(seeds)])
    silent_at_start = mean_over_seeds(silent_units(start, x), seeds)[0]
    print(f"silent units at the start: {silent_at_start:.2f}")
    lines, made_lines = summary(batch_sizes, exponents, maps), network_summary(rates, network)
    print("\n".join(lines + made_lines))
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
        }
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
