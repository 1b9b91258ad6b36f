"""What it costs to come near the maximum of ℓ as the data set grows: exact steps and mini-batches.

FVSBN on m samples of a TinyWorld of 12 variables, from θ_0 = 0, plain ascent with a constant step
size, until ℓ/m is within ``gap`` of its maximum on these m samples. Mini-batches of ``b`` are drawn
with replacement (so that a draw costs O(b), whatever m is). Each way has its own tuned step size,
on a grid with a factor of √2. There are at most 2¹² different rows, so ℓ and its exact gradient are
computed from their counts. The seconds are steps times the median time of one step of the library
on all m rows (in chunks), or on a batch.

    python benchmarks/batch_size_large_data.py           # about 1 minute; writes the JSON
    python benchmarks/batch_size_large_data.py --smoke   # tiny sizes; writes nothing
"""

import statistics
import time
from typing import Any

import torch
from lanes import Lanes, check_gradients
from torch import Tensor
from torch.nn import functional as F
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld
from mle_lib.gradient import full_gradient
from mle_lib.minibatch import minibatch_gradient, sample_indices
from mle_lib.models import FVSBN
from mle_lib.models.many_fvsbn import ManyFVSBN

SPACING = 1.02  # ℓ is evaluated at steps that grow by this factor


def steps_needed(
    x: Tensor, b: int | None, alphas: list[float], seeds: int, gap: float, limit: int
) -> list[float]:
    """Steps until ℓ/m ≥ maximum − gap for each α: mean over seeds, inf where one never arrives."""
    states, counts = x.unique(dim=0, return_counts=True)
    shares = counts.to(x.dtype) / len(x)
    many = ManyFVSBN(x)
    goal = float(many.height(many.maximum())) - gap
    lanes = Lanes([FVSBN(x.shape[1]).to(x.dtype)] * (seeds * len(alphas)))  # lane = seed, then α
    rates = torch.tensor(alphas, dtype=x.dtype).repeat(seeds)
    found, look = torch.full((len(rates),), torch.inf), 1
    generator = torch.Generator().manual_seed(0)
    # core
    # a lane is one run: its seed and step size (rates);
    # states, shares: the distinct samples, and how often each occurs
    for t in range(1, limit + 1):
        if b is None:
            gradient = lanes.mean_gradient(states[None], shares[None])
        else:
            batch = torch.randint(len(x), (seeds, b), generator=generator)
            gradient = lanes.mean_gradient(x[batch].repeat_interleave(len(alphas), 0))
        lanes.step(rates, gradient)
        # end of core
        if t >= look:
            look = max(t + 1, round(SPACING * t))
            log_p = F.logsigmoid((2 * states - 1) * lanes.logits(states[None])).sum(2)
            found[(log_p @ shares >= goal) & found.isinf()] = t
            means = found.view(seeds, -1).mean(0)
            if t > 1.5 * means.min():  # slower ones cannot win any more
                break
    return found.view(seeds, -1).mean(0).tolist()


def seconds_a_step(x: Tensor, b: int | None, repeats: int) -> float:
    """Median time of one exact gradient (b is None), or of drawing a batch and its gradient."""
    model, generator, times = FVSBN(x.shape[1]), torch.Generator().manual_seed(2), []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        if b is None:
            full_gradient(model, x, chunk_size=1000)
        else:
            minibatch_gradient(model, x, sample_indices(len(x), b, True, generator))
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])  # the first one warms up


def summary(rows: list[dict[str, Any]], b: int) -> list[str]:
    lines = [f"           exact steps                  batches of {b}                   seconds:"]
    lines += ["        m   steps  sample gradients     steps  sample gradients   exact / batches"]
    for exact, batch in zip(rows[::2], rows[1::2], strict=True):
        line = f"{exact['m']:9,}"
        for row, width in ((exact, 8), (batch, 10)):
            line += f"{row['steps']:{width}.0f}{row['sample gradients']:18,.0f}"
        lines.append(line + f"{exact['seconds'] / batch['seconds']:18.1f}")
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()

    n, b, gap, seeds, sizes = 12, 100, 0.02, 10, [10**3, 10**4, 10**5, 10**6]
    grids = {"exact": [2 ** (k / 2) for k in range(-4, 8)]}
    grids["mini-batch"] = [2 ** (k / 2) for k in range(-8, 4)]
    limit, repeats = 20_000, 15
    if smoke:
        sizes, seeds, gap, limit, repeats = [300, 1000], 2, 0.2, 300, 2

    world, rows = TinyWorld(n, seed=0), []
    print("        m  way           α  inside     steps  sample gradients    ms/step   seconds")
    for m in sizes:
        x = world.sample(m, torch.Generator().manual_seed(1)).float()
        for way, size in (("exact", None), ("mini-batch", b)):
            alphas = grids[way]
            steps = steps_needed(x, size, alphas, 1 if size is None else seeds, gap, limit)
            best = min(range(len(steps)), key=steps.__getitem__)
            each = seconds_a_step(x, size, repeats if size is None else 20 * repeats)
            row = {
                "m": m,
                "way": way,
                "alpha": alphas[best],
                "best inside the grid": 0 < best < len(alphas) - 1,
                "steps": steps[best],
                "sample gradients": steps[best] * (size or m),
                "milliseconds a step": 1e3 * each,
                "seconds": each * steps[best],
            }
            rows.append(row)
            print(
                f"{m:9,}  {way:10}{row['alpha']:7.3f}  {row['best inside the grid']!s:>6}"
                f"{row['steps']:10.1f}{row['sample gradients']:18,.0f}"
                f"{row['milliseconds a step']:11.2f}{row['seconds']:10.2f}",
                flush=True,
            )
    lines = summary(rows, b)
    print("\n".join(lines))
    if not smoke:
        setting = {"n": n, "b": b, "gap": gap, "seeds": seeds, "chunk size": 1000, "threads": 1}
        write_result(__file__, setting, {"rows": rows, "summary": lines})


if __name__ == "__main__":
    main()
