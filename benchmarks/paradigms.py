"""The same digits and batch sizes under three objectives: MLE (a MADE), a VAE and a GAN.

Networks of 64 hidden units, Adam (β_1 = 0.9; 0.5 in the GAN, whose discriminator has twice the
step size of its generator), float32, fresh batches with replacement. Seven tables:

- noise: the gradient noise scale along a training with b = 100 and a tuned step size, for all
  networks, in two parts: from the choice of samples, and from ε, z and instance noise;
- bias: the gradient of the expected bound against the exact one of ℓ (latent 2, a grid), for the
  ELBO and IWAE; and the signal-to-noise ratio of the encoder's gradient as K grows;
- bounds: VAEs trained with K draws a sample, at equal decoder passes: their exact ℓ/m on test
  data, each with a step size tuned by its validation ℓ/m;
- game: the cosine between the generator's gradient and the one it would have if D were trained on
  for many steps, with D as it is and after k steps more; and what D overfits;
- batches: b = 10, 100, 1000 at equal sample gradients, each with a step size (in the GAN also β_1)
  tuned on validation data; in the GAN also with averaged weights. Where ℓ cannot be computed
  (GAN), and beside it where it can: an FVSBN with a ridge is fitted to 2,000 generated samples,
  and has its ℓ/m on the test digits;
- equal steps: all three at 2,000 steps; the GAN with b = 1000 also after fewer;
- turns: the GAN with 1 and 3 steps of D for one of G, at equal work; ten seeds, a finer grid.

Two settings are compared by the differences of their runs with the same seed.

    python benchmarks/paradigms.py           # about 35 minutes on one core; writes JSON
    python benchmarks/paradigms.py --smoke   # the same path in a TinyWorld, no file
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.utils import parameters_to_vector
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, load_digits_binary
from mle_lib.models import FVSBN, MADE
from mle_lib.paradigms import (
    GAN,
    VAE,
    bound_gradients,
    fooling_gradients,
    fooling_value,
    game_value,
)
from mle_lib.second_order import newton

Weights = dict[str, Tensor]
Row = dict[str, Any]
Sets, Setting = dict[str, Tensor], dict[str, Any]
T_975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 10: 2.262}  # Student's t, by the number of runs


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- many runs side by side: one lane for each step size and seed ---


class Adam:
    """Adam over stacked weights ``(lanes, ...)``, each lane with its own α."""

    def __init__(self, weights: Weights, alphas: Tensor, beta: float) -> None:
        self.weights, self.alphas, self.beta, self.t = weights, alphas, beta, 0
        self.moments = {k: (torch.zeros_like(w), torch.zeros_like(w)) for k, w in weights.items()}

    def ascend(self, values: Tensor) -> None:
        """One step up the sum of the lanes' values, ``(lanes,)``."""
        self.t += 1
        gradients = torch.autograd.grad(values.sum(), list(self.weights.values()))
        c1, c2 = 1 - self.beta**self.t, 1 - 0.999**self.t
        with torch.no_grad():
            for (name, w), g in zip(self.weights.items(), gradients, strict=True):
                m, v = self.moments[name]
                m.lerp_(g, 1 - self.beta)
                v.mul_(0.999).addcmul_(g, g, value=0.001)
                alpha = self.alphas.view(-1, *[1] * (w.ndim - 1))
                w.sub_(-alpha / c1 * m / ((v / c2).sqrt_() + 1e-8))


def stacked(models: list[nn.Module]) -> Weights:
    named = [dict(model.named_parameters()) for model in models]
    return {k: torch.stack([w[k].detach() for w in named]).requires_grad_(True) for k in named[0]}


def part(weights: Weights, name: str) -> Weights:
    """The weights of one module, without its name in theirs."""
    return {k.removeprefix(f"{name}."): w for k, w in weights.items() if k.startswith(name)}


def lanes_of(module: nn.Module, weights: Weights, *inputs: Tensor) -> Tensor:
    """The module's output in each lane, for inputs ``(lanes, ...)``."""
    return vmap(lambda w, *x: functional_call(module, w, x))(weights, *inputs)


class Runs:
    """Lanes of one kind of model, for every α of a grid and every seed (the seed also draws).

    Args:
        kind: "MLE", "VAE" or "GAN".
        x: Training data.
        alphas: The grid.
        seeds: How many runs for each α.
        b: Batch size.
        K: Draws of ε for each sample (VAE).
        bound: "elbo" or "iwae" (VAE).
        hidden: Units of each network.
        beta: Adam's β_1 in the game.
    """

    def __init__(
        self,
        kind: str,
        x: Tensor,
        alphas: list[float],
        seeds: int,
        b: int,
        K: int = 1,
        bound: str = "elbo",
        hidden: int = 64,
        beta: float = 0.5,
    ) -> None:
        self.kind, self.x, self.b, self.K, self.bound = kind, x, b, K, bound
        self.alphas, self.seeds = alphas, seeds
        make: dict[str, Callable[[int], nn.Module]] = {
            "MLE": lambda seed: MADE(x.shape[1], hidden, generator=seeded(seed)),
            "VAE": lambda seed: VAE(x.shape[1], hidden, generator=seeded(seed)),
            "GAN": lambda seed: GAN(x.shape[1], hidden, generator=seeded(seed)),
        }
        models = [make[kind](seed) for _ in alphas for seed in range(seeds)]
        self.model, self.weights = models[0], stacked(models)
        rates = torch.tensor(alphas).repeat_interleave(seeds)
        self.generator = seeded(b + 7919 * K)
        if kind == "GAN":
            self.g, self.d = part(self.weights, "generator"), part(self.weights, "discriminator")
            self.adams = [Adam(self.d, 2 * rates, beta), Adam(self.g, rates, beta)]
        else:
            self.adams = [Adam(self.weights, rates, 0.9)]

    def draw(self, *shape: int) -> Tensor:
        """N(0, 1), the same for every α: ``(alphas × seeds, *shape)``."""
        noise = torch.randn(self.seeds, *shape, generator=self.generator)
        return noise.repeat(len(self.alphas), *[1] * len(shape))

    def batch(self) -> Tensor:
        rows = torch.randint(len(self.x), (self.seeds, self.b), generator=self.generator)
        return self.x[rows].repeat(len(self.alphas), 1, 1)

    def step(self, turns: int = 1) -> None:
        """One update; in the game ``turns`` of D, then one of G on fresh noise."""
        if self.kind == "MLE":
            log_p = lanes_of(self.model, self.weights, self.batch()).sum(2)
            self.adams[0].ascend(log_p.mean(1))
        elif self.kind == "VAE":
            noise = self.draw(self.K, self.b, self.model.latent)
            analytic = torch.tensor(self.bound == "elbo")
            log_w = vmap(lambda w, x, e: functional_call(self.model, w, (x, e, bool(analytic))))(
                self.weights, self.batch(), noise
            )  # (lanes, K, b)
            value = log_w.mean(1) if self.bound == "elbo" else torch.logsumexp(log_w, 1)
            self.adams[0].ascend(value.mean(1))
        else:
            # core
            # a step of the game: D climbs `turns` times, then G once
            for _ in range(turns):
                real = self.discriminate(self.batch())
                with torch.no_grad():
                    made = self.generate()
                self.adams[0].ascend(vmap(game_value)(real, self.discriminate(made)))
            fake = self.discriminate(self.generate())
            self.adams[1].ascend(vmap(lambda a: fooling_value(a, saturating=False))(fake))
            # end of core

    def generate(self) -> Tensor:
        return lanes_of(self.model.generator, self.g, self.draw(self.b, self.model.latent))

    def discriminate(self, images: Tensor) -> Tensor:
        blurred = images + self.model.blur * self.draw(*images.shape[1:])
        return lanes_of(self.model.discriminator, self.d, blurred).squeeze(-1)

    def models(self) -> Iterator[tuple[float, nn.Module]]:
        """α and the model of each lane; one object, filled in anew."""
        for lane, alpha in enumerate(a for a in self.alphas for _ in range(self.seeds)):
            self.model.load_state_dict(
                {k: w[lane].detach() for k, w in self.weights.items()}, strict=False
            )
            yield alpha, self.model


# --- scores ---


def mean_log_prob(model: nn.Module, x: Tensor) -> float:
    """ℓ/m in nats, exact for a MADE and (latent 2) for a VAE."""
    with torch.no_grad():
        return float(model.log_prob(x).double().mean())


def fitted(samples: Tensor) -> FVSBN:
    """An FVSBN fitted to generated samples, with a ridge of 1."""
    model = FVSBN(samples.shape[1]).double()
    newton(model, samples.double(), ridge=1.0)
    return model


def interval(values: list[float]) -> float:
    """Half of the 95 % interval of the mean over runs, by Student's t."""
    return T_975[len(values)] * statistics.stdev(values) / len(values) ** 0.5


def gain(one: list[Row], other: list[Row], key: str) -> str:
    """How much higher the score of one setting is, run by run, with the 95 % interval."""
    assert [row["seed"] for row in one] == [row["seed"] for row in other]
    values = [a[key] - b[key] for a, b in zip(one, other, strict=True)]
    return f"{statistics.mean(values):+7.2f} ± {interval(values):.2f}"


def best_setting(scores: list[Row], *keys: str, by: str = "valid") -> list[Row]:
    """The runs of the setting (the values of ``keys``) with the highest mean validation score."""
    settings: dict[tuple[Any, ...], list[Row]] = {}
    for row in scores:
        settings.setdefault(tuple(row[key] for key in keys), []).append(row)

    def quality(runs: list[Row]) -> float:
        mean = statistics.mean(row[by] for row in runs)
        return mean if mean == mean else float("-inf")  # diverged

    return max(settings.values(), key=quality)


def edge_mark(alpha: float, rows: list[Row]) -> str:
    """A star if no larger, or no smaller, step size was tried."""
    tried = {row["alpha"] for row in rows}
    return " " if min(tried) < alpha < max(tried) else "*"


# --- noise and bias along one training ---


ALPHAS = {"MLE": 0.003, "VAE": 0.003, "GAN": 0.001}  # of the tables bias and game
TUNED = {"MLE": 0.003, "VAE": 0.01, "GAN": 0.003}  # best by the judge at b = 100


def trained_single(
    kind: str, x: Tensor, seed: int, marks: list[int], alphas: dict[str, float] = ALPHAS
) -> Iterator[tuple[int, Any]]:
    """One run with b = 100; yields the model at each mark."""
    alpha = alphas[kind]
    runs = Runs(kind, x, [alpha], 1, 100)
    start = {
        "MLE": MADE(x.shape[1], 64, generator=seeded(seed)),
        "VAE": VAE(x.shape[1], 64, generator=seeded(seed)),
        "GAN": GAN(x.shape[1], 64, generator=seeded(seed)),
    }[kind]
    with torch.no_grad():
        for name, q in start.named_parameters():
            runs.weights[name].copy_(q[None])
    runs.generator = seeded(1000 + seed)
    done = 0
    for mark in marks:
        while done < mark:
            runs.step()
            done += 1
        ((_, model),) = runs.models()
        yield mark, model


def rows_of(model: nn.Module, value: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """Gradients of value(weights, *row) for every row of the inputs, ``(rows, p)`` float64."""
    weights = {k: q.detach() for k, q in model.named_parameters()}
    g = vmap(grad(value), in_dims=(None, *[0] * len(inputs)))(weights, *inputs)
    return torch.cat([g[k].flatten(1) for k in weights], 1).double()


def sections(model: nn.Module, names: list[str]) -> dict[str, Tensor]:
    """Which coordinates belong to which module."""
    which = torch.cat(
        [
            torch.full((q.numel(),), names.index(k.split(".")[0]))
            for k, q in model.named_parameters()
        ]
    )
    return {name: which == k for k, name in enumerate(names)}


def two_moments(draw: Callable[[], Tensor], repeats: int) -> dict[str, Tensor]:
    """From repeated draws of the (m, p) gradients, one ε each: their mean by sample and, by
    coordinate, the variance between samples and the mean variance within one, unbiased."""
    total = squares = torch.zeros(())
    for _ in range(repeats):
        g = draw().double()
        total, squares = total + g, squares + g.square().sum(0)
    mean = total / repeats
    m = len(mean)
    within = (squares / repeats - mean.square().sum(0)) / m * repeats / (repeats - 1)
    return {"mean": mean.mean(0), "within": within, "between": mean.var(0) - within / repeats}


Parts = dict[str, dict[str, float]]  # by network: trace from data, own trace, squared signal


def noise_rows(x: Tensor, seeds: int, marks: list[int], repeats: int) -> list[Row]:
    """Noise scales of all networks along training with a tuned step size. The signal of a game
    swings, so traces and squared signals are averaged apart, over the points of ``around``."""
    rows = []
    for seed in range(seeds):
        for kind, measure in (("MLE", mle_parts), ("VAE", vae_parts), ("GAN", gan_parts)):
            near = {point: mark for mark in marks for point in around(mark)}
            sums: dict[tuple[str, int], Row] = {}
            for point, model in trained_single(kind, x, seed, sorted(near), TUNED):
                for name, parts in measure(model, x, seed, repeats).items():
                    empty = dict.fromkeys(parts, 0.0)
                    row = sums.setdefault((name, near[point]), empty)
                    for key, value in parts.items():
                        row[key] += value / len(around(near[point]))
            for (name, mark), row in sums.items():
                scale = {key: row[key] / row["signal"] for key in ("data", "own")}
                place = {"of": name, "seed": seed, "step": mark, "length": row["signal"] ** 0.5}
                rows.append(place | scale)
        print(f"noise: seed {seed} done", flush=True)
    return rows


def around(mark: int) -> list[int]:
    """Five points of a training within 80 steps; the start alone."""
    return [mark + k for k in (-40, -20, 0, 20, 40)] if mark >= 100 else [mark]


def mle_parts(model: MADE, x: Tensor, seed: int, repeats: int) -> Parts:
    def log_p(weights: Weights, row: Tensor) -> Tensor:
        return functional_call(model, weights, (row[None],)).sum()

    g = rows_of(model, log_p, x)
    trace, signal = g.var(0, correction=0).sum(), g.mean(0).square().sum()
    return {"MLE": {"data": float(trace), "own": 0.0, "signal": float(signal)}}


def vae_parts(model: VAE, x: Tensor, seed: int, repeats: int) -> Parts:
    source = seeded(seed)
    found = two_moments(
        lambda: bound_gradients(model, x, model.draw_noise(1, len(x), source), "elbo"), repeats
    )
    where = sections(model, ["encoder", "decoder"])
    return {name: parts_at(found, where[name], repeats * len(x)) for name in where}


def parts_at(found: dict[str, Tensor], where: Tensor, draws: int) -> dict[str, float]:
    """Traces and squared signal of one network; the signal without the noise left in it from ε or
    z (the data are all in it)."""
    own, data = (float(found[key][where].sum()) for key in ("within", "between"))
    return {
        "data": data,
        "own": own,
        "signal": float(found["mean"][where].square().sum()) - own / draws,
    }


def gan_parts(model: GAN, x: Tensor, seed: int, repeats: int) -> Parts:
    """D's gradient of V, and G's of both of its values."""
    source, m = seeded(seed), len(x)
    made_by = {k: w.detach() for k, w in model.generator.named_parameters()}

    def of_d(weights: Weights, x: Tensor, z: Tensor, fake: Tensor, real: Tensor) -> Tensor:
        made = functional_call(model.generator, made_by, (z,)) + model.blur * fake
        logit = functional_call(model.discriminator, weights, (x + model.blur * real,))
        return game_value(logit, functional_call(model.discriminator, weights, (made,)))

    def draw() -> Tensor:
        return rows_of(model.discriminator, of_d, x, *model.draw_noise(m, source))

    found = two_moments(draw, repeats)
    parts = {"D": parts_at(found, torch.ones_like(found["mean"], dtype=torch.bool), repeats * m)}
    for name, saturating in (("G", False), ("G saturating", True)):
        noise = [model.draw_noise(m, source) for _ in range(repeats)]
        g = torch.cat([fooling_gradients(model, n, saturating) for n in noise]).double()
        trace = float(g.var(0).sum())
        signal = float(g.mean(0).square().sum()) - trace / len(g)
        parts[name] = {"data": 0.0, "own": trace, "signal": signal}
    return parts


def bias_rows(x: Tensor, seeds: int, marks: list[int], budget: int) -> list[Row]:
    """The expected gradient of the bounds against the exact ∇ℓ of the decoder, in float64, and the
    encoder's signal-to-noise ratio of one sample's gradient."""
    rows = []
    for seed in range(seeds):
        for mark, model in trained_single("VAE", x, seed, marks):
            wide = VAE(x.shape[1], 64).double()
            wide.load_state_dict({k: v.double() for k, v in model.state_dict().items()})
            data = x.double()
            height = wide.log_prob(data, 121)
            exact = torch.autograd.grad(height.mean(), list(wide.decoder.parameters()))
            exact_flat = parameters_to_vector(exact)
            where = sections(wide, ["encoder", "decoder"])
            for K in (1, 5, 50):
                repeats = max(2, budget // K)
                source = seeded(seed)
                bound, gap = "elbo" if K == 1 else "iwae", 0.0
                parts = two_moments(
                    lambda K=K, wide=wide, source=source, bound=bound: bound_gradients(
                        wide, x.double(), wide.draw_noise(K, len(x), source), bound
                    ),
                    repeats,
                )
                with torch.no_grad():
                    for _ in range(repeats):
                        noise = wide.draw_noise(K, len(data), source)
                        gap += float((height - wide.iwae(data, noise)).mean()) / repeats
                ours = parts["mean"][where["decoder"]]
                left = parts["within"][where["decoder"]].sum() / repeats / len(data)
                bias = ((ours - exact_flat).square().sum() - left) / exact_flat.square().sum()
                encoder = where["encoder"]
                signal = parts["mean"][encoder].square().sum()
                within = parts["within"][encoder].sum()
                signal = (signal - within / repeats / len(data)).clamp(min=0)
                rows.append(
                    {
                        "seed": seed,
                        "step": mark,
                        "K": K,
                        "gap": gap,
                        "cosine": float(torch.cosine_similarity(ours, exact_flat, dim=0)),
                        "squared bias": float(bias),
                        "slope of l": float(exact_flat.norm()),
                        "encoder's signal over noise": float((signal / within).sqrt()),
                    }
                )
    return rows


# --- the bound and its K ---


def bound_scores(
    sets: dict[str, Tensor], passes: int, alphas: list[float], seeds: int, hidden: int
) -> list[Row]:
    """Exact ℓ/m after equal decoder passes, for pairs of b and K."""
    rows = []
    for b, K, bound in BOUNDS:
        runs = Runs("VAE", sets["train"], alphas, seeds, b, K, bound, hidden)
        for _ in range(passes // (b * K)):
            runs.step()
        for lane, (alpha, model) in enumerate(runs.models()):
            scores = {name: mean_log_prob(model, data) for name, data in sets.items()}
            place = {"b": b, "K": K, "bound": bound, "alpha": alpha, "seed": lane % seeds}
            rows.append(place | scores)
        print(f"bounds: b = {b}, K = {K}, {bound} done", flush=True)
    return rows


BOUNDS = [
    (100, 1, "elbo"),
    (20, 5, "elbo"),
    (20, 5, "iwae"),
    (2, 50, "iwae"),
    (100, 5, "iwae"),
    (100, 50, "iwae"),
]


def bounds_table(rows: list[Row]) -> list[str]:
    """The table the chapter prints."""
    alphas = {row["alpha"] for row in rows}
    lines = ["   b   K  bound   alpha    test l/m         train   the first over it"]
    first: list[Row] = []
    for b, K, bound in BOUNDS:
        mine = [r for r in rows if (r["b"], r["K"], r["bound"]) == (b, K, bound)]
        best = best_setting(mine, "alpha")
        first = first or best
        alpha, test = best[0]["alpha"], [r["test"] for r in best]
        train = statistics.mean(r["train"] for r in best)
        edge = "" if min(alphas) < alpha < max(alphas) else "  (edge of the grid)"
        text = f"{b:4}{K:4}  {bound}  {alpha:6.4f}  {statistics.mean(test):7.2f} ± "
        over = "" if best is first else f"    {gain(first, best, 'test')}"
        lines.append(text + f"{interval(test):.2f}  {train:8.2f}{over}{edge}")
    return lines


# --- the moving game ---


def game_rows(
    sets: dict[str, Tensor], seeds: int, marks: list[int], more: list[int], draws: int
) -> list[Row]:
    """The cosine of G's expected gradient with the one against a D trained on for more[-1] steps
    (all the data, fresh noise), for D as it is (0) and trained on for the steps in ``more``."""
    rows = []
    for seed in range(seeds):
        for mark, model in trained_single("GAN", sets["train"], seed, marks):
            found: dict[int, tuple[Tensor, Tensor]] = {}
            values: dict[int, tuple[float, float]] = {}
            kept = {k: v.clone() for k, v in model.discriminator.state_dict().items()}
            best = torch.optim.Adam(model.discriminator.parameters(), 0.002, betas=(0.5, 0.999))
            source, done, x = seeded(seed), 0, sets["train"]
            for k in [0, *more]:
                while done < k:
                    best.zero_grad()
                    (-model.discriminator_value(x, model.draw_noise(len(x), source))).backward()
                    best.step()
                    done += 1
                noise = model.draw_noise(draws, seeded(5))
                weights = list(model.generator.parameters())
                both = [
                    parameters_to_vector(torch.autograd.grad(value, weights))
                    for value in (
                        model.generator_value(noise, saturating=True),
                        model.generator_value(noise, saturating=False),
                    )
                ]
                found[k] = (both[0], both[1])
                values[k] = (value_on(model, x), value_on(model, sets["test"]))
            model.discriminator.load_state_dict(kept)
            target = found[more[-1]][0]  # ∇ of −max_D V
            for k, (saturating, other) in found.items():
                rows.append(
                    {
                        "seed": seed,
                        "step": mark,
                        "more": k,
                        "cosine": float(torch.cosine_similarity(saturating, target, dim=0)),
                        "cosine, non-saturating": float(
                            torch.cosine_similarity(other, target, dim=0)
                        ),
                        "length": float(saturating.norm() / target.norm()),
                        "V train": values[k][0],
                        "V test": values[k][1],
                    }
                )
    return rows


def value_on(model: GAN, x: Tensor) -> float:
    """V on some data, mean of 20 draws of the noise."""
    source = seeded(9)
    with torch.no_grad():
        draws = [model.discriminator_value(x, model.draw_noise(len(x), source)) for _ in range(20)]
    return float(torch.stack(draws).mean())


# --- batch size ---


def batch_scores(
    kind: str, sets: Sets, b: int, grid: list[float], steps: int, setting: Setting
) -> list[Row]:
    """The scores of all runs of one kind (MLE, VAE) with one b."""
    start, seeds = time.perf_counter(), setting["seeds"]
    runs = Runs(kind, sets["train"], grid, seeds, b, hidden=setting["hidden"])
    for _ in range(steps):
        runs.step()
    rows = []
    for lane, (alpha, model) in enumerate(runs.models()):
        place = {"kind": kind, "b": b, "steps": steps, "alpha": alpha, "seed": lane % seeds}
        judged = judge_of(model, sets, setting["samples"], lane % seeds)
        exact = {name: mean_log_prob(model, sets[name]) for name in ("valid", "test")}
        rows.append(place | judged | exact)
    print(f"{kind}, b = {b}, {steps} steps: {time.perf_counter() - start:.0f} s", flush=True)
    return rows


# core
def judge_of(model: nn.Module, sets: Sets, samples: int, seed: int) -> dict[str, float]:
    """ℓ/m of an FVSBN that is fitted to samples of the model."""
    judge = fitted(model.sample(samples, seeded(seed)))
    names = "valid", "test"
    return {f"{k}, judge": mean_log_prob(judge, sets[k].double()) for k in names}


# end of core


def game_scores(
    sets: Sets,
    b: int,
    beta: float,
    grid: list[float],
    marks: list[int],
    setting: Setting,
    turns: int = 1,
) -> list[Row]:
    """The scores of GANs with one b and β_1 after each number of steps of G in ``marks``, with
    ``turns`` steps of D for each: of the last G and, after all steps, of the mean of its weights
    over the second half."""
    start, seeds, done = time.perf_counter(), setting["seeds"], 0
    runs = Runs("GAN", sets["train"], grid, seeds, b, hidden=setting["hidden"], beta=beta)
    total = {k: torch.zeros_like(w) for k, w in runs.g.items()}
    rows = []

    def score(which: str) -> None:
        for lane, (alpha, model) in enumerate(runs.models()):
            if which == "average":
                later = done - marks[-1] // 2
                model.generator.load_state_dict({k: w[lane] / later for k, w in total.items()})
            place = {"kind": "GAN", "b": b, "beta": beta, "turns": turns, "steps": done}
            place |= {"which": which, "alpha": alpha, "seed": lane % seeds}
            rows.append(place | judge_of(model, sets, setting["samples"], lane % seeds))

    for mark in marks:
        while done < mark:
            runs.step(turns)
            done += 1
            if done > marks[-1] // 2:
                for k, w in runs.g.items():
                    total[k] += w.detach()
        score("last")
    score("average")
    spent = time.perf_counter() - start
    print(f"GAN, b = {b}, beta = {beta}, {turns} of D, {done} steps: {spent:.0f} s", flush=True)
    return rows


WIDE = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]
GAME_GRIDS = {  # by b and β_1; narrower where a wider grid was slow and would not win
    10: {0.0: WIDE[:3], 0.5: WIDE[:3]},
    100: {0.0: WIDE[1:5], 0.5: WIDE[1:5], 0.9: WIDE[1:]},
    1000: {0.0: WIDE[1:], 0.5: WIDE[1:]},
}
STEPS_GRIDS = {  # at equal steps
    "MLE": {10: WIDE[1:5], 100: WIDE, 1000: WIDE[1:4]},
    "VAE": {10: WIDE[2:], 100: WIDE, 1000: WIDE[3:]},
    "GAN": {10: WIDE[:4], 100: WIDE[1:5], 1000: WIDE[1:5]},
}
KINDS, BETAS = ("MLE", "VAE", "GAN"), (0.0, 0.5)


def batches_table(rows: list[Row]) -> list[str]:
    """The table the chapter prints: each paradigm and b with the α (and, in the GAN, the β_1 of 0
    and 0.5) that is best by the judge, and beside it the exact ℓ/m with the α best by itself."""
    lines = ["            b    judged by an FVSBN                   exact test l/m"]
    lines.append("                  alpha         test                  alpha      test")
    for kind in KINDS:
        for b in sorted({row["b"] for row in rows if row["kind"] == kind}):
            mine = [row for row in rows if (row["kind"], row["b"]) == (kind, b)]
            if kind == "GAN":
                mine = [r for r in mine if r["which"] == "last" and r["beta"] in BETAS]
            text = f"{kind}  {b:8}  {tuned(mine, ', judge')}"
            if kind != "GAN":
                text += f"                {tuned(mine, '')}"
            lines.append(text)
    return lines


def tuned(rows: list[Row], suffix: str) -> str:
    """The best step size (and β_1, if there is one) by the validation score, and the test score."""
    keys = ["alpha", *[key for key in ("beta",) if key in rows[0]]]
    best = best_setting(rows, *keys, by=f"valid{suffix}")
    test, first = [row[f"test{suffix}"] for row in best], best[0]
    same = [row for row in rows if row.get("beta") == first.get("beta")]
    text = f"{first['alpha']:7.4f}{edge_mark(first['alpha'], same)}"
    text += f" {statistics.mean(test):7.2f} ± {interval(test):.2f}"
    return text + (f"  beta_1 = {first['beta']}" if "beta" in first else "")


def best_game(rows: list[Row], which: str, *keys: str) -> list[Row]:
    """The games of the best setting, by the last generator or by the average of its weights."""
    return best_setting([r for r in rows if r["which"] == which], *keys, by="valid, judge")


def gains_table(work: list[Row], steps: list[Row], pace: list[Row]) -> list[str]:
    """What a larger batch gains at equal work and at equal steps; then what the largest one gains,
    after fewer steps, on the one before it."""
    sizes = sorted({row["b"] for row in work})
    pairs = list(itertools.pairwise(sizes))
    lines = [f"{'a larger batch gains':26}" + "".join(f"{f'{a} to {b}':>18}" for a, b in pairs)]
    best: dict[tuple[str, str, int], list[Row]] = {}
    for name, rows in (("equal work", work), ("equal steps", steps)):
        for kind, by in itertools.product(KINDS, (", judge", "")):
            if kind == "GAN" and not by:
                continue
            for b in sizes:
                mine = [r for r in rows if (r["kind"], r["b"]) == (kind, b)]
                if kind == "GAN":
                    mine = [r for r in mine if r["which"] == "last" and r["beta"] in BETAS]
                keys = ("alpha", "beta") if kind == "GAN" else ("alpha",)
                best[name, kind, b] = best_setting(mine, *keys, by=f"valid{by}")
            cells = [gain(best[name, kind, b], best[name, kind, a], f"test{by}") for a, b in pairs]
            text = f"{name:13}{kind}{by or ', exact'}"
            lines.append(f"{text:26}" + "".join(f"{cell:>18}" for cell in cells))
    before, largest = sizes[-2:]
    for mark in sorted({row["steps"] for row in pace}):
        mine = best_game([r for r in pace if r["steps"] == mark], "last", "alpha")
        over = gain(mine, best["equal steps", "GAN", before], "test, judge")
        lines.append(f"GAN, b = {largest} after {mark:4} steps over b = {before}: {over}")
    return lines


def momentum_table(rows: list[Row]) -> list[str]:
    """What a smaller β_1 gains on the next larger one, each with its best α."""
    lines = []
    games = [row for row in rows if row["kind"] == "GAN" and row["b"] >= 100]
    for b in sorted({row["b"] for row in games}):
        mine = [row for row in games if row["b"] == b]
        betas = sorted({row["beta"] for row in mine})
        for low, high in itertools.pairwise(betas):
            text = f"b = {b:4}, beta_1 = {low} over {high}:"
            for which in ("last", "average"):
                one, other = (
                    best_game([r for r in mine if r["beta"] == beta], which, "alpha")
                    for beta in (low, high)
                )
                text += f" {which}{gain(one, other, 'test, judge')}"
            lines.append(text)
    return lines


def tricks_table(rows: list[Row]) -> list[str]:
    """For b >= 100 and each β_1 the last generator and the average, each with its best α."""
    lines = [
        "   b  beta_1   last: alpha    test          average: alpha  test        average over last"
    ]
    games = [row for row in rows if row["kind"] == "GAN" and row["b"] >= 100]
    for b, beta in sorted({(row["b"], row["beta"]) for row in games}):
        text = f"{b:4}{beta:7}"
        for which in ("last", "average"):
            mine = [r for r in games if (r["b"], r["beta"], r["which"]) == (b, beta, which)]
            mine = [{k: v for k, v in row.items() if k != "beta"} for row in mine]
            text += f"      {tuned(mine, ', judge')}" if mine else ""
        mine = [r for r in games if (r["b"], r["beta"]) == (b, beta)]
        average, last = (best_game(mine, which, "alpha") for which in ("average", "last"))
        lines.append(f"{text}   {gain(average, last, 'test, judge')}")
    return lines


def turns_table(rows: list[Row]) -> list[str]:
    """The GAN by the steps of D for each of G, at equal work; then what more of them gain, and what
    averaging gains."""
    whiches = ("last", "average")
    lines = ["D for one of G  steps of G   last: alpha    test          average: alpha  test"]
    best: dict[tuple[int, str], list[Row]] = {}
    turns = sorted({row["turns"] for row in rows})
    for k in turns:
        text = f"{k:14}{rows_with(rows, k)[0]['steps']:12}  "
        for which in whiches:
            mine = [r for r in rows_with(rows, k) if r["which"] == which]
            best[k, which] = best_game(mine, which, "alpha")
            mine = [{key: v for key, v in row.items() if key != "beta"} for row in mine]
            text += f"    {tuned(mine, ', judge')}"
        lines.append(text)
    less, more = turns
    cells = [f"{w}{gain(best[more, w], best[less, w], 'test, judge')}" for w in whiches]
    lines.append(f"{more} over {less}: " + ", ".join(cells))
    cells = [
        f"D {k} times{gain(best[k, 'average'], best[k, 'last'], 'test, judge')}" for k in turns
    ]
    return [*lines, "average over last: " + ", ".join(cells)]


def rows_with(rows: list[Row], turns: int) -> list[Row]:
    return [row for row in rows if row["turns"] == turns]


def pace_table(rows: list[Row]) -> list[str]:
    """The GAN with the largest b after ever more steps, α tuned for each number of steps."""
    lines = ["   b  steps of G   alpha     test"]
    for mark in sorted({row["steps"] for row in rows}):
        mine = [r for r in rows if r["steps"] == mark and r["which"] == "last"]
        lines.append(f"{mine[0]['b']:4}{mark:12}  {tuned(mine, ', judge')}")
    return lines


def judge_rows(sets: dict[str, Tensor], samples: int, labels: Tensor | None) -> dict[str, float]:
    """What the judge says of the data itself, of a fitted FVSBN's own samples, and of data from
    which digits are missing."""
    test = sets["test"].double()
    scores = {"the training digits": mean_log_prob(fitted(sets["train"]), test)}
    draw = fitted(sets["train"]).sample(samples, seeded(0))
    scores["samples of the FVSBN fitted to them"] = mean_log_prob(fitted(draw), test)
    if labels is not None:
        for gone in (1, 2, 5):
            left = sets["train"][labels >= gone]
            drawn = fitted(left).sample(samples, seeded(0))
            scores[f"the same without {gone} of the ten digits"] = mean_log_prob(
                fitted(drawn), test
            )
    return scores


def digit_labels() -> Tensor:
    """Which digit each training image shows, in the order of ``load_digits_binary``."""
    import numpy as np
    from sklearn.datasets import load_digits

    order = np.random.RandomState(0).permutation(1797)
    return torch.from_numpy(load_digits().target[order])[:1200]


def middle(rows: list[Row], key: str) -> float:
    """The median over runs."""
    return statistics.median(row[key] for row in rows)


def noise_table(rows: list[Row]) -> list[str]:
    """Noise scales, medians over runs: in all, and the part that is not from the choice of data."""
    marks = sorted({row["step"] for row in rows})
    lines = ["step             " + "".join(f"{mark:7}       " for mark in marks).rstrip()]
    for name in NETWORKS:
        cells = []
        for mark in marks:
            mine = [r for r in rows if (r["of"], r["step"]) == (name, mark)]
            own, data = middle(mine, "own"), middle(mine, "data")
            cells.append(f"{two_digits(data + own):>7} ({own / (data + own):4.0%})")
        lines.append(f"{NETWORKS[name]:17}" + "".join(cells))
    return lines


NETWORKS = {
    "MLE": "MADE",
    "decoder": "VAE, decoder",
    "encoder": "VAE, encoder",
    "D": "GAN, D",
    "G": "GAN, G",
    "G saturating": "GAN, G saturating",
}


def two_digits(value: float) -> str:
    """Rounded to two figures, without exponent."""
    return f"{float(f'{value:.2g}'):,.10g}"


def bias_table(rows: list[Row]) -> list[str]:
    """The bounds against ℓ, medians over runs."""
    lines = ["steps   K  gap, nats  cosine  squared bias  encoder's signal/noise"]
    for mark in sorted({row["step"] for row in rows}):
        for K in sorted({row["K"] for row in rows}):
            mine = [r for r in rows if (r["step"], r["K"]) == (mark, K)]
            gap, cosine, bias, ratio = (
                middle(mine, key)
                for key in ("gap", "cosine", "squared bias", "encoder's signal over noise")
            )
            lines.append(f"{mark:5}{K:4}{gap:11.2f}{cosine:8.2f}{bias:14.2f}{ratio:17.3f}")
    return lines


def slopes_table(rows: list[Row]) -> list[str]:
    """Lengths of ∇ℓ/m and of the slope of the ELBO's gap, in the decoder, for each run."""
    lines = ["steps   grad l of each seed     grad of the gap"]
    for mark in sorted({row["step"] for row in rows}):
        mine = [r for r in rows if (r["step"], r["K"]) == (mark, 1)]
        exact = [row["slope of l"] for row in mine]
        gap = [row["slope of l"] * max(row["squared bias"], 0) ** 0.5 for row in mine]
        cells = ("".join(f"{value:6.2f}" for value in values) for values in (exact, gap))
        lines.append(f"{mark:5}" + "      ".join(cells))
    return lines


def game_table(rows: list[Row]) -> list[str]:
    """G's gradient against that of max_D V, medians over runs."""
    lines = ["steps  D on for  cosine (range)          length  non-sat.: cosine  V, train   test"]
    for mark in sorted({row["step"] for row in rows}):
        for k in sorted({row["more"] for row in rows}):
            mine = [r for r in rows if (r["step"], r["more"]) == (mark, k)]
            keys = ("length", "cosine, non-saturating", "V train", "V test")
            text = "{:5}{:10}{:8.2f} ({:5.2f} to {:4.2f}){:8.2f}{:13.2f}{:15.3f}{:8.3f}"
            cosines = [row["cosine"] for row in mine]
            numbers = middle(mine, "cosine"), min(cosines), max(cosines)
            lines.append(text.format(mark, k, *numbers, *(middle(mine, key) for key in keys)))
    return lines


def measure_noise(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    rows = noise_rows(sets["train"], setting["seeds"], setting["marks"], setting["repeats"])
    return {"noise": rows, "noise summary": noise_table(rows)}


def measure_bias(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    marks = setting["marks"][1:]
    rows = bias_rows(sets["train"], setting["seeds"], marks, setting["budget"])
    return {"bias": rows, "bias summary": bias_table(rows), "slopes summary": slopes_table(rows)}


def measure_game(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    marks, more = setting["marks"][1:], setting["more"]
    rows = game_rows(sets, setting["seeds"], marks, more, setting["draws"])
    return {"game": rows, "game summary": game_table(rows)}


def measure_bounds(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    grid, seeds = setting["bounds' grid"], setting["seeds"]
    rows = bound_scores(sets, setting["passes"], grid, seeds, setting["hidden"])
    return {"bounds": rows, "bounds summary": bounds_table(rows)}


def measure_batches(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    rows = []
    for b in setting["sizes"]:
        steps = setting["total"] // b
        for kind in ("MLE", "VAE"):
            rows += batch_scores(kind, sets, b, WIDE, steps, setting)
        for beta, grid in GAME_GRIDS[b].items():
            rows += game_scores(sets, b, beta, grid, [steps], setting)
    judge = judge_rows(sets, setting["samples"], labels)
    found: dict[str, Any] = {"batches": rows, "judge": judge, "summary": batches_table(rows)}
    tables = {"tricks summary": tricks_table(rows), "momentum summary": momentum_table(rows)}
    return found | tables


def measure_steps(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    rows, pace = [], []
    for b in setting["sizes"]:
        grids = {kind: STEPS_GRIDS[kind][b] for kind in KINDS}
        marks = setting["pace"] if b == setting["sizes"][-1] else setting["pace"][-1:]
        for kind in ("MLE", "VAE"):
            rows += batch_scores(kind, sets, b, grids[kind], marks[-1], setting)
        games = game_scores(sets, b, 0.5, grids["GAN"], marks, setting)
        rows += [row for row in games if row["steps"] == marks[-1]]
        pace += games if len(marks) > 1 else []
    found = {"equal steps": rows, "equal steps summary": batches_table(rows)}
    return found | {"pace": pace, "pace summary": pace_table(pace)}


def measure_turns(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    rows, setting = [], setting | {"seeds": setting["turns' seeds"]}
    for turns, grid in TURNS_GRIDS.items():
        steps = [round(2 * setting["pace"][-1] / (1 + turns))]
        rows += game_scores(sets, 100, 0.5, grid, steps, setting, turns)
    return {"turns": rows, "turns summary": turns_table(rows)}


TURNS_GRIDS = {1: [0.001, 0.003, 0.0055, 0.01, 0.03], 3: [0.003, 0.0055, 0.01, 0.03]}
MEASURES: dict[str, Callable[[Sets, Tensor | None, Setting], dict[str, Any]]] = {
    "noise": measure_noise,
    "bias": measure_bias,
    "game": measure_game,
    "bounds": measure_bounds,
    "batches": measure_batches,
    "equal steps": measure_steps,
    "turns": measure_turns,
}


def prepared(smoke: bool) -> tuple[Sets, Tensor | None, Setting]:
    """Data, labels and settings."""
    if smoke:
        world = TinyWorld(6, seed=0)
        sizes = {"train": 150, "valid": 60, "test": 70}
        sets = {name: world.sample(m, seeded(m)).float() for name, m in sizes.items()}
        setting: Setting = {
            "seeds": 2,
            "turns' seeds": 2,
            "marks": [0, 3],
            "repeats": 2,
            "budget": 4,
        }
        setting |= {
            "passes": 200,
            "total": 1000,
            "pace": [2, 4],
            "samples": 100,
            "hidden": 8,
            "draws": 100,
        }
        setting |= {"more": [2, 4], "sizes": [10, 1000], "bounds' grid": [0.001, 0.003, 0.01]}
        return sets, None, setting
    sets = {name: load_digits_binary(name) for name in ("train", "valid", "test")}
    setting = {
        "seeds": 3,
        "turns' seeds": 10,
        "marks": [0, 300, 1000, 3000],
        "repeats": 2,
        "budget": 10,
    }
    setting |= {
        "passes": 200_000,
        "total": 200_000,
        "pace": [700, 1000, 1500, 2000],
        "samples": 2000,
        "hidden": 64,
    }
    setting |= {"draws": 10_000, "more": [10, 100, 1000], "sizes": [10, 100, 1000]}
    setting |= {"bounds' grid": [0.001, 0.003, 0.01, 0.03, 0.1]}
    return sets, digit_labels(), setting


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    sets, labels, setting = prepared(smoke)
    data: dict[str, Any] = {}
    start = time.perf_counter()
    for name, measure in MEASURES.items():
        data |= measure(sets, labels, setting)
        print(f"{name}: {time.perf_counter() - start:.0f} s so far", flush=True)
    for name, value in data.items():
        if "summary" in name:
            print("", *value, sep="\n")
    data["gains summary"] = gains_table(data["batches"], data["equal steps"], data["pace"])
    print("", *data["gains summary"], sep="\n")
    print(*(f"{value:8.2f}  judged from {name}" for name, value in data["judge"].items()), sep="\n")
    if not smoke:
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
