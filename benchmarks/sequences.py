"""What a batch of sequences does, for one small transformer on the names of characters.

A grid of batch sizes and step sizes, several seeds: how many steps each needs until the cost of a
symbol is below a level, on 300 validation names, and what training and test names cost then. Along
one course, the noise scale per sequence, and how the terms of one sequence correlate. Adam with and
without a warm-up, with and without clipping.

    python benchmarks/sequences.py           # about 20 minutes on two cores; writes the JSON
    python benchmarks/sequences.py --smoke   # the same path at tiny sizes; writes nothing
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, jacrev
from writing import smoke_is_asked_for, write_result

from mle_lib.data import LETTERS, load_names
from mle_lib.gradient import per_sample_gradients
from mle_lib.models import Transformer
from mle_lib.optimizers import Adam, clip_by_norm

K = len(LETTERS) + 1
LEVEL = 2.0  # nats a symbol: where the courses are compared
SIZES = (4, 8, 16, 32, 64, 128, 256)
RATES = (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2, 0.128)
MOST = {
    4: 1600,
    8: 1200,
    16: 800,
    32: 500,
    64: 400,
    128: 300,
    256: 200,
}  # steps before it is given up
LONGEST = 10.0  # norm, where it is clipped
MOMENTS = (0, 10, 25, 50, 100, 200, 400)


def symbols(rows: Tensor) -> Tensor:
    """How many symbols each row has, the end included."""
    return (rows != 0).sum(1) + 1


def small(seed: int) -> Transformer:
    n = load_names("train").shape[1]
    return Transformer(K, n, 32, 1, 4, 0, torch.Generator().manual_seed(seed))


@torch.no_grad()
def cost(model: Transformer, rows: Tensor) -> float:
    """Nats a symbol."""
    log_p = sum(model.log_prob(part).double().sum() for part in rows.split(200))
    return float(-log_p / symbols(rows).sum())


def steps(
    model: Transformer,
    b: int,
    rate: float,
    seed: int,
    most: int,
    warm: int = 0,
    longest: float = float("inf"),
) -> Iterator[tuple[int, float]]:
    """Adam on batches drawn with replacement: the step's number, and the norm of its gradient
    before it is clipped."""
    x, optimizer = load_names("train"), Adam(model.parameters(), rate)
    generator = torch.Generator().manual_seed(1000 + seed)
    # core
    for t in range(most):
        rows = x[torch.randint(len(x), (b,), generator=generator)]
        optimizer.zero_grad()
        (-model.log_prob(rows).mean()).backward()
        norm = float(clip_by_norm(model.parameters(), longest))
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (t + 1) / max(warm, 1))
        optimizer.step()
        # end of core
        yield t + 1, norm


def until_the_level(b: int, rate: float, seed: int, most: int, level: float) -> dict[str, Any]:
    """How many steps until validation is below the level, in a straight line between two looks."""
    torch.set_num_threads(1)
    valid, model = load_names("valid")[:300], small(seed)
    every = max(2, MOST[b] // 50)
    before, found = (0, cost(model, valid)), {"b": b, "rate": rate, "seed": seed, "steps": None}
    for t, _ in steps(model, b, rate, seed, most):
        if t % every:
            continue
        now = (t, cost(model, valid))
        if now[1] < level:
            part = (before[1] - level) / (before[1] - now[1])
            found["steps"] = before[0] + part * (t - before[0])
            found["train"] = cost(model, load_names("train")[:1000])
            found["test"] = cost(model, load_names("test"))
            break
        before = now
    print(found, flush=True)
    return found


def final(kind: dict[str, Any], seed: int, most: int) -> dict[str, Any]:
    """Validation after all steps, and what part of the steps was clipped in each quarter."""
    torch.set_num_threads(1)
    model = small(seed)
    norms = [norm for _, norm in steps(model, 32, seed=seed, most=most, **kind)]
    parts = torch.tensor(norms).tensor_split(4)
    longest = kind.get("longest", float("inf"))
    found = {**kind, "seed": seed, "valid": cost(model, load_names("valid")[:300])}
    found["clipped"] = [(part > longest).double().mean().item() for part in parts]
    found["norms"] = [part.median().item() for part in parts]
    print(found, flush=True)
    return found


def terms(model: Transformer, row: Tensor) -> Tensor:
    """The gradient of each term of one sequence, ``(symbols, p)`` float64."""
    length = int(symbols(row[None]))
    parameters = {k: v.detach() for k, v in model.named_parameters()}

    def of(parameters: dict[str, Tensor]) -> Tensor:
        return functional_call(
            LogProb(model), {f"model.{k}": v for k, v in parameters.items()}, row
        )

    jacobian = jacrev(of)(parameters)
    return torch.cat([part.flatten(1)[:length] for part in jacobian.values()], 1)


class LogProb(torch.nn.Module):
    """The terms of one row, as a module's call."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, row: Tensor) -> Tensor:
        z = self.model.logits(row[None])[0].log_softmax(-1)
        return z[torch.arange(len(row)), row]


def along(many: int, rows_for_terms: int, moments: tuple[int, ...]) -> list[dict[str, Any]]:
    """Noise scale, and correlation of a sequence's terms, along one course.

    The noise scale from ``many`` sequences by unbiased parts. Of the terms: the mean of ‖Σ_i g_i‖²
    over that of Σ_i ‖g_i‖², which is 1 if no two terms correlate; and the same with the terms of
    each place exchanged among the sequences, where only the terms' means are left.
    """
    torch.set_num_threads(1)
    x, found = load_names("train"), []
    pick = torch.randperm(len(x), generator=torch.Generator().manual_seed(5))
    model = small(0)
    course = steps(model, 32, 4e-3, 0, max(moments))
    for at in moments:
        while at and next(course)[0] < at:
            pass
        exact = small(0).double()
        exact.load_state_dict(model.state_dict())
        rows = x[pick[:many]]
        g = torch.cat([per_sample_gradients(exact, part) for part in rows.split(100)])
        trace = g.var(0).sum()
        signal = g.mean(0).square().sum() - trace / many
        lengths = symbols(rows).double()
        # per symbol: the gradient of the mean cost of a symbol, from the same rows
        off = (g - lengths[:, None] * (g.sum(0) / lengths.sum())).square().sum(1).mean()
        each = [terms(exact, row) for row in x[pick[:rows_for_terms]]]
        places = max(map(len, each))
        whole = torch.zeros(len(each), places, each[0].shape[1], dtype=torch.float64)
        there = torch.zeros(len(each), places, dtype=torch.bool)
        for k, part in enumerate(each):
            whole[k, : len(part)], there[k, : len(part)] = part, True
        alone = whole.square().sum((1, 2))
        together = whole.sum(1).square().sum(1)
        generator = torch.Generator().manual_seed(6)
        for i in range(places):
            have = there[:, i].nonzero()[:, 0]
            whole[have, i] = whole[have[torch.randperm(len(have), generator=generator)], i]
        exchanged = whole.sum(1).square().sum(1)
        ratio, control = (float(s.sum() / alone.sum()) for s in (together, exchanged))
        error = (together - ratio * alone).std() / alone.mean() / len(alone) ** 0.5
        row = {
            "step": at,
            "cost": cost(model, load_names("valid")[:300]),
            "noise scale": float(trace / signal),
            "trace": float(trace),
            "trace of the ratio": float(off),
            "together over alone": ratio,
            "standard error": float(error),
            "exchanged": control,
        }
        print(row, flush=True)
        found.append(row)
    return found


def best_rates(grid: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """For each b the courses with its best step size, of those with which all arrived."""
    found: dict[int, list[dict[str, Any]]] = {}
    for b in sorted({row["b"] for row in grid}):
        by_rate = [
            [row for row in grid if (row["b"], row["rate"]) == (b, rate)]
            for rate in sorted({row["rate"] for row in grid})
        ]
        arrived = [rows for rows in by_rate if all(row["steps"] for row in rows)]
        if arrived:
            found[b] = min(arrived, key=lambda rows: sum(row["steps"] for row in rows))
    return found


def fitted(sizes: list[int], steps: Tensor) -> tuple[float, float]:
    """S_min and B of S(b) = S_min (1 + B/b) by least squares, errors relative to S."""
    design = torch.stack([torch.ones(len(sizes)), 1 / torch.tensor(sizes)], 1).double()
    relative = torch.linalg.lstsq(design / steps[:, None], torch.ones(len(sizes), 1).double())
    least, slope = relative.solution[:, 0].tolist()
    return least, slope / least


def mean_and_error(values: list[float]) -> tuple[float, float]:
    x = torch.tensor(values, dtype=torch.float64)
    return x.mean().item(), (x.std() / len(x) ** 0.5).item()


def summary(table: dict[str, Any]) -> dict[str, Any]:
    """What was measured, as lines of text, and the law that was fitted to the steps."""
    best = best_rates(table["grid"])
    steps = torch.tensor([[row["steps"] for row in rows] for rows in best.values()]).double()
    least, B = fitted([*best], steps.mean(1))
    seeds = [fitted([*best], one)[1] for one in steps.T]
    lines = [f"S_min {least:.0f}, B {B:.0f} (seeds {min(seeds):.0f} to {max(seeds):.0f})"]
    for (b, rows), mean in zip(best.items(), steps.mean(1), strict=True):
        gap, error = mean_and_error([row["test"] - row["train"] for row in rows])
        text = f"b = {b:3}: {mean:4.0f} steps at step size {rows[0]['rate']:.3f};"
        lines.append(f"{text} test - train {gap:.3f} ± {error:.3f}")
    terms = [
        f"step {row['step']:3}: {row['together over alone']:.2f} ± {row['standard error']:.2f}, "
        f"exchanged {row['exchanged']:.2f}"
        for row in table["along"]
    ]
    warm = ["step size   no warm-up    40 steps      and clipped"]
    for rate in sorted({row["rate"] for row in table["finals"]}):
        text = f"{rate:9.3f}"
        for key in ((0, None), (40, None), (40, LONGEST)):
            value, error = mean_and_error(
                [
                    row["valid"]
                    for row in table["finals"]
                    if (row["warm"], row.get("longest"), row["rate"]) == (*key, rate)
                ]
            )
            text += f"   {value:.2f} ± {error:.2f}"
        warm.append(text)
    parts = torch.tensor([row["clipped"] for row in table["finals"] if "longest" in row]).mean(0)
    shares = ", ".join(f"{part:.0%}" for part in parts)
    warm.append(f"clipped in each quarter of the steps: {shares}")
    law = {"sizes": [*best], "best": steps.tolist(), "least": least, "B": B}
    return {"steps": lines, "terms": terms, "warm-up": warm, "law": law}


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    seeds, most = (1, 3) if smoke else (5, 300)
    sizes, rates = ((4, 8), (4e-3,)) if smoke else (SIZES, RATES)
    level = 10.0 if smoke else LEVEL
    path = along(8, 4, (0, 2)) if smoke else along(800, 60, MOMENTS)
    grid = [*product(sizes, rates, range(seeds))]
    kinds: list[dict[str, Any]] = [
        {"rate": rate, "warm": warm} for rate in rates[-4:] for warm in (0, 40)
    ]
    kinds += [{"rate": rate, "warm": 40, "longest": LONGEST} for rate in rates[-4:]]
    with ProcessPoolExecutor(2) as pool:
        limits = [3 if smoke else MOST[b] for b, _, _ in grid]
        reached = [
            *pool.map(until_the_level, *zip(*grid, strict=True), limits, [level] * len(grid))
        ]
        pairs = [*product(kinds, range(seeds))]
        finals = [*pool.map(final, *zip(*pairs, strict=True), [most] * len(pairs))]
    setting = {
        "level": LEVEL,
        "seeds": seeds,
        "b": 32,
        "steps": most,
        "p": sum(q.numel() for q in small(0).parameters()),
    }
    table = {"along": path, "grid": reached, "finals": finals}
    if not smoke:
        said = summary(table)
        print(*said["steps"], *said["terms"], *said["warm-up"], sep="\n")
        write_result(__file__, setting, {**table, **said})


if __name__ == "__main__":
    main()
