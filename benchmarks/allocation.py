"""A batch size for every variable against one for all, at equal multiply-adds.

FVSBN on the digits, from θ_0 = 0, plain stochastic ascent with a constant step size. Variable i of
one sample costs t_i = i multiply-adds forward (and as many backward), so a plain batch of b costs
b Σ_i t_i = 2080 b. Every method spends the same on a step. It gives variable i its own number of
rows, or sub-samples the variables; then its cost up to a given ℓ/m is compared with that of plain
batches, each method with its own best step size (a grid with a factor of √2, the best on the same
seeds), mean over seeds.

    plain           b_i = b
    running         b_i ∝ s_i/√t_i, s_i² = tr Σ_ii estimated along the run, from the batches
    four sizes      the same with one size for each quarter of the variables
    known           the same as "running" with the exact s_i, renewed whenever ℓ/m is looked at
    start           b_i from the exact s_i at θ_0, never renewed
    end             b_i from the exact s_i after 400 exact steps, never renewed
    16, anew        16 of the 64 variables, drawn for each sample, 4 b rows
    16, shared      the same, one draw for the whole batch
    plain, own α    plain, but variable i has a step size ∝ 1/E‖(1, x_<i)‖²

Beside it: how long the products of one step take in one piece and in four; by what factor the best
allocation would lower the noise on several data sets, at the maximum of ℓ − ‖θ‖²/2, measured as in
a step, in hovering and in an average of iterates; and hovering and averaging themselves on msnbc.

    python benchmarks/allocation.py           # about 10 minutes on one core; writes the JSON
    python benchmarks/allocation.py --smoke   # the same path at tiny sizes; writes nothing

The data sets nltcs, msnbc and plants are read from $MLE_DATA_DIR, or downloaded once.
"""

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from lanes import Lanes, check_gradients, with_one
from torch import Tensor
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, load_density_set, load_digits_binary
from mle_lib.models import FVSBN
from mle_lib.second_order import newton
from mle_lib.variance_reduction import neyman_sizes

LEAST = 2  # rows of any variable: fewer show no variance to estimate
FLOOR = 0.02  # least s_i, over the largest: a pixel not inked so far may be inked yet
LEVELS = 4
STUDENT = {2: 12.71, 10: 2.26, 24: 2.07}  # 97.5 % quantile of t, by number of seeds


class World:
    """A data set, and what is needed of it again and again."""

    def __init__(self, x: Tensor) -> None:
        self.x, (self.m, self.n) = x, x.shape
        self.inputs = with_one(x)  # (m, 1 + n)
        self.mask = torch.ones(self.n, self.n + 1).tril().to(x)
        self.length = self.inputs.square() @ self.mask.T  # ‖(1, x_<i)‖², (m, n)
        self.cost = torch.arange(1, self.n + 1).to(x)  # t_i

    def spread(self, W: Tensor) -> Tensor:
        """tr Σ_ii of each variable, exact, ``(..., n, 1 + n) -> (..., n)``."""
        error = self.x - torch.sigmoid(self.inputs @ W.mT)
        mean = (error.mT @ self.inputs) / self.m * self.mask
        return ((error**2 * self.length).mean(-2) - mean.square().sum(-1)).clamp(min=0)

    def weighed_spreads(self, W: Tensor, ridge: float = 0.0) -> tuple[Tensor, Tensor]:
        """tr(H_ii Σ_ii) and tr(H_ii⁻¹ Σ_ii) at one W, ``(n,)``: what noise costs in ℓ/m in one
        step, (5.2), and in an average of iterates, (12.7). H_ii is that of ℓ − ridge ‖θ‖²/2."""
        p = torch.sigmoid(self.inputs @ W.T)
        step, average = [], []
        for i in range(self.n):
            seen, error = self.inputs[:, : i + 1], self.x[:, i] - p[:, i]
            H = (seen.T * (p[:, i] * (1 - p[:, i]))) @ seen / self.m
            H += ridge / self.m * torch.eye(i + 1).to(H)
            Sigma = torch.cov((error[:, None] * seen).T, correction=0).view_as(H)
            step.append((H * Sigma).sum())
            average.append(torch.linalg.solve(H, Sigma).trace())
        return torch.stack(step).clamp(min=0), torch.stack(average).clamp(min=0)

    def climb(self, alpha: float, steps: int) -> Tensor:
        """W after exact steps from 0."""
        W = torch.zeros_like(self.mask)
        for _ in range(steps):
            error = self.x - torch.sigmoid(self.inputs @ W.T)
            W += alpha * self.mask * (error.T @ self.inputs) / self.m
        return W


def sizes(spread: Tensor, cost: Tensor, b: int, m: int) -> Tensor:
    """b_i ∝ √(spread_i/t_i) with Σ_i b_i t_i about b Σ_i t_i and LEAST ≤ b_i ≤ m, whole numbers,
    ``(..., n)``. Variables that would get less than LEAST get it, and the others share the rest."""
    wish = (spread + FLOOR**2 * spread.amax(-1, keepdim=True)).sqrt() / cost.sqrt()
    least = torch.zeros_like(wish, dtype=torch.bool)
    for _ in range(20):
        left = b * cost.sum(-1, keepdim=True) - LEAST * (cost * least).sum(-1, keepdim=True)
        ideal = wish * left / (wish * cost * ~least).sum(-1, keepdim=True)
        if not (ideal < LEAST)[~least].any():
            break
        least = least | (ideal < LEAST)
    return torch.where(least, LEAST, ideal).round().clamp(LEAST, m)


def levels(spread: Tensor, cost: Tensor, b: int, m: int) -> Tensor:
    """The same with LEVELS different sizes, one for each quarter of the variables in the order of
    spread_i/t_i; the quarter's own is √(Σ spread/Σ cost)."""
    order = (spread / cost).argsort(-1)
    parts = [
        v.expand_as(spread).gather(-1, order).unflatten(-1, (LEVELS, -1)).mean(-1)
        for v in (spread, cost)
    ]
    count = spread.shape[-1] // LEVELS
    one = sizes(count * parts[0], count * parts[1], b, m)  # (..., LEVELS)
    out = torch.empty_like(spread)
    return out.scatter_(-1, order, one.repeat_interleave(count, -1))


class Allocation:
    """Rows for each variable, L lanes at once: the first b_i of a batch serve variable i."""

    def __init__(
        self,
        world: World,
        b: int,
        rule: Callable[[Tensor, Tensor, int, int], Tensor],
        spread: Tensor,
        renewed: str = "never",
    ) -> None:
        self.world, self.b, self.rule, self.renewed = world, b, rule, renewed
        self.v = spread  # (L, n)
        self.t = 0

    # core
    def weights(self, generator: torch.Generator, seeds: int) -> Tensor:
        """By how much row r counts for variable i, ``(L, rows, n)``."""
        b = self.rule(self.v, self.world.cost, self.b, self.world.m)[:, None]
        row = torch.arange(int(b.max()))[:, None]
        return (row < b).to(b) / b

    def observe(self, error: Tensor, weights: Tensor, length: Tensor, mean: Tensor) -> None:
        """Unbiased variances of the batch just used, into a running mean for the next one."""
        if self.renewed != "running":
            return
        self.t += 1
        b = 1 / weights.amax(1)
        now = ((weights * error**2 * length).sum(1) - mean.square().sum(2)) * b / (b - 1)
        rate = max(0.1, 1 / self.t)
        self.v = ((1 - rate) * self.v + rate * now).clamp(min=0)

    # end of core

    def look(self, W: Tensor) -> None:
        if self.renewed == "known":
            self.v = self.world.spread(W)


class Plain(Allocation):
    def __init__(self, world: World, b: int, lanes: int) -> None:
        super().__init__(world, b, lambda v, *_: torch.full_like(v, b), torch.zeros(lanes, world.n))


class Subsampled(Allocation):
    """k of the n variables, drawn for each sample or for the whole batch, of b n/k rows."""

    def __init__(self, world: World, b: int, lanes: int, k: int, shared: bool) -> None:
        super().__init__(world, b, lambda v, *_: v, torch.zeros(lanes, world.n))
        self.k, self.shared = k, shared

    def weights(self, generator: torch.Generator, seeds: int) -> Tensor:
        n, rows = self.world.n, self.b * self.world.n // self.k
        draws = torch.rand(seeds, 1 if self.shared else rows, n, generator=generator)
        drawn = draws.argsort(2)[..., : self.k]
        weights = torch.zeros_like(draws).scatter_(2, drawn, n / self.k / rows)
        return weights.expand(-1, rows, -1).repeat_interleave(len(self.v) // seeds, 0)


def costs_to_targets(
    world: World,
    plan: Allocation,
    alphas: list[float],
    own: Tensor,
    seeds: int,
    targets: list[float],
) -> Tensor:
    """Multiply-adds until ℓ/m ≥ target, over those of one whole sample, ``(targets, seeds, αs)``;
    inf where a run was given up, because others need less than two thirds of what it has spent."""
    count = len(alphas)
    lanes = Lanes([FVSBN(world.n)] * (seeds * count))  # lane = seed, then α
    rates = torch.tensor(alphas).repeat(seeds)[:, None, None] * own[:, None]
    spent = torch.zeros(seeds * count, dtype=torch.float64)
    found = torch.full((len(targets), seeds * count), torch.inf, dtype=torch.float64)
    goals, generator = torch.tensor(targets)[:, None], torch.Generator().manual_seed(0)
    t, look = 0, 1
    while True:
        t += 1
        weights = plan.weights(generator, seeds)
        rows = torch.randint(world.m, (seeds, weights.shape[1]), generator=generator)
        rows = rows.repeat_interleave(count, 0)
        inputs, W = world.inputs[rows], lanes.weights[0]
        error = world.x[rows] - torch.sigmoid(inputs @ W.mT)
        mean = ((error * weights).mT @ inputs) * world.mask
        plan.observe(error, weights, world.length[rows], mean)
        W += rates * mean
        spent += ((weights > 0) * world.cost).sum((1, 2))
        if t >= look:
            look = max(t + 1, round(1.02 * t))
            plan.look(W)
            there = (lanes.mean_log_likelihood(world.x) >= goals) & found.isinf()
            found[there] = spent.expand_as(found)[there]
            best = found.view(-1, seeds, count).mean(1).min(1).values.max()
            if spent.min() > 1.5 * best:
                return (found / world.cost.sum()).view(-1, seeds, count)


def plans(world: World, b: int, lanes: int, k: int) -> dict[str, Allocation]:
    """Every method but those with own step sizes, ready for its first step."""
    start = world.spread(torch.zeros_like(world.mask))
    end = world.spread(world.climb(0.5, 400))

    def allocation(
        spread: Tensor, renewed: str = "never", rule: Callable[..., Tensor] = sizes
    ) -> Allocation:
        return Allocation(world, b, rule, spread.repeat(lanes, 1), renewed)

    return {
        "plain": Plain(world, b, lanes),
        "running": allocation(start, "running"),
        "four sizes": allocation(start, "running", levels),
        "known": allocation(start, "known"),
        "start": allocation(start),
        "end": allocation(end),
        f"{k}, anew": Subsampled(world, b, lanes, k, shared=False),
        f"{k}, shared": Subsampled(world, b, lanes, k, shared=True),
    }


def training(
    world: World, batch_sizes: list[int], count: int, seeds: int, targets: list[float], k: int
) -> list[dict[str, Any]]:
    """For every b and method: cost to each target with its best step size, one number a seed."""
    length = world.length.mean(0)
    own = length.mean() / length
    rows: list[dict[str, Any]] = []
    for b in batch_sizes:
        centre = 0.9 / (1 + 30 / b)
        alphas = [centre * 2 ** (e / 2) for e in range(-count, count + 1)]
        ready = plans(world, b, seeds * len(alphas), k)
        steps = {name: (plan, torch.ones_like(own)) for name, plan in ready.items()}
        steps["plain, own α"] = ready["plain"], own
        for name, (plan, rates) in steps.items():
            began = time.perf_counter()
            costs = costs_to_targets(world, plan, alphas, rates, seeds, targets)
            best = costs.mean(1).argmin(1)  # by target
            inside = [0 < int(e) < len(alphas) - 1 for e in best]
            chosen = [cost[:, e].tolist() for cost, e in zip(costs, best, strict=True)]
            row = {"b": b, "method": name, "alpha": [alphas[e] for e in best]}
            rows.append(row | {"inside": inside, "costs": chosen})
            means = " ".join(f"{statistics.mean(cost):8.0f}" for cost in chosen)
            rest = f"{time.perf_counter() - began:.0f} s, inside: {all(inside)}"
            print(f"b {b:3}  {name:15}{means}   {rest}", flush=True)
    return rows


def table(rows: list[dict[str, Any]], targets: list[float], gain: float) -> list[str]:
    """Cost over that of plain batches, with half of the 95 % interval (Student's t); and
    what E ∝ b + B_crit (5.1) says, if the allocation divides B_crit by ``gain``."""
    lines = ["  b  method         " + "".join(f"{f'to {t}':>15}" for t in targets)]
    for row in rows:
        plain = next(r for r in rows if r["b"] == row["b"] and r["method"] == "plain")
        cells = []
        for ours, theirs in zip(row["costs"], plain["costs"], strict=True):
            mean, base = statistics.mean(ours), statistics.mean(theirs)
            parts = [statistics.stdev(v) / statistics.mean(v) for v in (ours, theirs)]
            half = STUDENT[len(ours)] * mean / base * math.hypot(*parts) / math.sqrt(len(ours))
            text = f"{base:.0f}" if row is plain else f"{mean / base:.2f} ± {half:.2f}"
            cells.append(f"{text:>15}")
        lines.append(f"{row['b']:3}  {row['method']:15}" + "".join(cells))
    bases = {r["b"]: list(map(statistics.mean, r["costs"])) for r in rows if r["method"] == "plain"}
    low, high = min(bases), max(bases)
    if low < high:
        slopes = [(E - e) / (high - low) for e, E in zip(bases[low], bases[high], strict=True)]
        critical = [e / slope - low for e, slope in zip(bases[low], slopes, strict=True)]
        for b in bases:
            law = [(b + B / gain) / (b + B) for B in critical]
            lines.append(f"{b:3}  {'(5.1) says':15}" + "".join(f"{v:15.2f}" for v in law))
    return lines


def microseconds(n: int, b: int, relative: Tensor, rounds: int) -> dict[str, float]:
    """Median time of the products of one step, in one piece with b rows for all, and in LEVELS
    pieces with b times ``relative`` rows each. Variables are stored level by level."""
    generator = torch.Generator().manual_seed(0)
    tall = [max(1, round(b * float(r))) for r in relative]
    inputs = (torch.rand(max(b, *tall), n + 1, generator=generator) < 0.4).float()
    x, W = inputs[:, 1:].clone(), 0.05 * torch.randn(n, n + 1, generator=generator)
    mask, cuts = torch.ones(n, n + 1).tril(), [n * g // LEVELS for g in range(LEVELS + 1)]
    out = torch.empty(n, n + 1)

    def product(rows: int, start: int, stop: int) -> None:
        seen = inputs[:rows]
        error = x[:rows, start:stop] - torch.sigmoid(seen @ W[start:stop].T)
        torch.mm(error.T, seen, out=out[start:stop])

    def one() -> Tensor:
        product(b, 0, n)
        return out * mask

    def several() -> Tensor:
        for g, rows in enumerate(tall):
            product(rows, cuts[g], cuts[g + 1])
        return out * mask

    times: dict[str, list[float]] = {"one piece": [], "four pieces": []}
    for _ in range(rounds):
        for step, kept in zip((one, several), times.values(), strict=True):
            start = time.perf_counter()
            step()
            kept.append(1e6 * (time.perf_counter() - start))
    return {"n": n, "b": b} | {name: statistics.median(kept) for name, kept in times.items()}


def best_ratios(name: str, x: Tensor) -> dict[str, Any]:
    """Noise of plain batches over that of the best allocation of equal cost, at the maximum of
    ℓ − ‖θ‖²/2, for t_i = i: the noise of one step, of hovering and of an average of iterates. For
    hovering also with t_i = n (a dense product). And what the sizes that are best for hovering make
    of the average, over plain batches."""
    model = FVSBN(x.shape[1]).double()
    newton(model, x, ridge=1.0)
    world, W = World(x.double()), Lanes([model]).weights[0][0]
    spread, (step, average) = world.spread(W), world.weighed_spreads(W, ridge=1.0)

    def ratio(v: Tensor, cost: Tensor) -> float:
        return float(v.sum() * cost.sum() / (v * cost).sqrt().sum() ** 2)

    def loss(b: Tensor) -> Tensor:  # noise times cost
        return (average / b).sum() * (b * world.cost).sum()

    return {
        "name": name,
        "m": world.m,
        "n": world.n,
        "step": ratio(step, world.cost),
        "hover": ratio(spread, world.cost),
        "average": ratio(average, world.cost),
        "hover, t_i = n": ratio(spread, torch.ones_like(spread)),
        "average with hover's sizes": float(
            loss(sizes(spread, world.cost, 40, world.m)) / loss(torch.ones_like(spread))
        ),
    }


def hover_and_average(x: Tensor, b: int, steps: int, runs: int) -> dict[str, Any]:
    """Plain stochastic ascent with a constant step size from the exact top, with one b and with
    b_i ∝ s_i/√t_i of equal cost: (ℓ_max − ℓ)/m of single iterates (the mean of 24), and of the
    average of the iterates, over the last three quarters; one number a run, beside what (6.3) and
    (12.7) say."""
    alpha, model = 0.6, FVSBN(x.shape[1]).double()
    newton(model, x, ridge=1e-3)
    world, top = World(x.double()), Lanes([model] * runs)
    W = top.weights[0]
    highest, spread = top.mean_log_likelihood(world.x), world.spread(W[0])
    average = world.weighed_spreads(W[0])[1]
    result: dict[str, Any] = {"m": world.m, "b": b, "steps": steps, "runs": runs, "alpha": alpha}
    plans = {
        "plain": torch.full_like(spread, b),
        "allocated": sizes(spread, world.cost, b, world.m),
    }
    for name, rows_of in plans.items():
        generator, lanes, total = torch.Generator().manual_seed(1), Lanes([model] * runs), 0 * W
        burn, single = steps // 4, []
        weights = (torch.arange(int(rows_of.max()))[:, None] < rows_of) / rows_of
        for t in range(steps):
            rows = torch.randint(world.m, (runs, len(weights)), generator=generator)
            inputs = world.inputs[rows]
            error = world.x[rows] - torch.sigmoid(inputs @ lanes.weights[0].mT)
            lanes.weights[0] += alpha * ((error * weights).mT @ inputs) * world.mask
            if t >= burn:
                total += lanes.weights[0]
                if (t + 1 - burn) % ((steps - burn) // 24) == 0:
                    single.append(highest - lanes.mean_log_likelihood(world.x))
        gaps = {"single": torch.stack(single).mean(0)}
        lanes.weights[0] = total / (steps - burn)
        gaps["average"] = highest - lanes.mean_log_likelihood(world.x)
        result[name] = {key: gap.tolist() for key, gap in gaps.items()} | {
            "cost of a step": float((rows_of * world.cost).sum()),
            "(6.3) says": float(alpha / 4 * (spread / rows_of).sum()),
            "(12.7) says": float((average / rows_of).sum() / (2 * (steps - burn))),
        }
    return result


def averages(result: dict[str, Any]) -> list[str]:
    """Mean gap over runs with half of the 95 % interval, and the prediction."""
    lines = ["gap, 1e-5 nats   one b           (6.3), (12.7)   own b_i         (6.3), (12.7)"]
    for key, law in (("single", "(6.3) says"), ("average", "(12.7) says")):
        line = f"{key:12}"
        for name in ("plain", "allocated"):
            gaps = [1e5 * gap for gap in result[name][key]]
            half = STUDENT[len(gaps)] * statistics.stdev(gaps) / math.sqrt(len(gaps))
            line += f"{statistics.mean(gaps):10.1f} ± {half:.1f}{1e5 * result[name][law]:15.1f}"
        lines.append(line)
    return lines


def check_sizes(world: World) -> None:
    """``sizes`` are those of ``mle_lib.variance_reduction``, where no limit is met."""
    spread = 1 + world.spread(torch.zeros_like(world.mask))
    floored = (spread + FLOOR**2 * spread.max()).sqrt()
    budget = 1000 * float(world.cost.sum())
    theirs = neyman_sizes(floored.double(), world.cost.double(), budget, 10**6)
    ours = sizes(spread, world.cost, 1000, 10**6)
    assert torch.allclose(ours.double(), theirs.double(), rtol=0.01, atol=0)  # one rounds down


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()

    batch_sizes, count, seeds, targets, k = [10, 30], 5, 10, [-22.0, -20.0, -19.0, -18.5], 16
    shapes = [(n, b) for n in (64, 256, 1024) for b in (30, 300)]
    rounds = 200
    if smoke:
        batch_sizes, count, seeds, targets, k = [10], 2, 2, [-4.4, -4.3], 2
        shapes, rounds = [(8, 4)], 3
        x = TinyWorld(8, seed=0).sample(200, torch.Generator().manual_seed(0)).float()
        sets, long = {"tiny": x}, (x, 4, 64, 2)
    else:
        x = load_digits_binary("train")
        sets = {name: load_density_set(name, "train") for name in ("nltcs", "msnbc", "plants")}
        inked = x[:, x.mean(0) >= 0.05]
        sets = {"digits": x, "digits, pixels inked in 5 % or more": inked} | sets
        some = torch.randperm(len(sets["msnbc"]), generator=torch.Generator().manual_seed(0))
        long = sets["msnbc"][some[:20_000]], 40, 16_000, 24
    world = World(x)
    check_sizes(world)

    rows = training(world, batch_sizes, count, seeds, targets, k)
    late = world.spread(world.climb(0.5, 400))
    gain = float(late.sum() * world.cost.sum() / (late * world.cost).sqrt().sum() ** 2)  # (13.9)
    lines = table(rows, targets, gain)
    print("\n".join(lines))
    four = levels(late, torch.ones_like(late), 1000, 10**6).sort().values
    relative = four[:: len(four) // LEVELS] / 1000
    seconds = [microseconds(n, b, relative, rounds) for n, b in shapes]
    for row in seconds:
        print({name: round(value, 1) for name, value in row.items()})
    ratios = [best_ratios(name, data) for name, data in sets.items()]
    for row in ratios:
        print({name: v if isinstance(v, str | int) else round(v, 3) for name, v in row.items()})
    average = hover_and_average(*long)
    average["summary"] = averages(average)
    print("\n".join(average["summary"]))
    if not smoke:
        setting = {"m": world.m, "seeds": seeds, "targets": targets, "k": k, "threads": 1}
        setting |= {"least": LEAST, "floor": FLOOR, "levels": relative.tolist()}
        data = {"rows": rows, "gain": gain, "summary": lines, "seconds": seconds}
        write_result(__file__, setting, data | {"ratios": ratios, "average": average})


if __name__ == "__main__":
    main()
