"""The same digits and batch sizes under three objectives: MLE (a MADE), a VAE and a GAN.

Networks of 64 hidden units, Adam (β_1 = 0.9; 0.5 in the GAN, whose discriminator has twice the
step size of its generator), float32, fresh batches with replacement. Five tables:

- noise: the gradient noise scale along a training with b = 100, for all networks; in the VAE the
  part from the choice of samples and the part from ε apart;
- bias: the gradient of the expected bound against the exact one of ℓ (latent 2, a grid), for the
  ELBO and IWAE; and the signal-to-noise ratio of the encoder's gradient as K grows;
- bounds: VAEs trained with K draws a sample, at equal decoder passes: their exact ℓ/m on test
  data, each with a step size tuned by its validation ℓ/m;
- game: the cosine between the generator's gradient and the one it would have if D were trained on
  for many steps, with D as it is and after k steps more; and what D overfits;
- batches: b = 10, 100, 1000 at equal sample gradients, each with a step size tuned on validation
  data; for the GAN also at equal steps, and with other β_1 and with averaged weights. Where ℓ
  cannot be computed (GAN), and beside it where it can: an FVSBN with a ridge is fitted to 2,000
  generated samples, and has its ℓ/m on the test digits.

    python benchmarks/paradigms.py           # about 20 minutes on one core; writes JSON
    python benchmarks/paradigms.py --smoke   # the same path in a TinyWorld, no file
"""

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
Sets, Setting = dict[str, Tensor], dict[str, Any]
T_975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t, by the number of runs


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

    def step(self) -> None:
        """One update; in the game one of D, then one of G on fresh noise."""
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
            real = self.discriminate(self.batch())
            with torch.no_grad():
                made = self.generate()
            values = vmap(game_value)(real, self.discriminate(made))
            self.adams[0].ascend(values)
            fake = self.discriminate(self.generate())
            self.adams[1].ascend(vmap(lambda a: fooling_value(a, saturating=False))(fake))

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


def best_alpha(scores: list[dict[str, Any]]) -> tuple[float, list[dict[str, Any]]]:
    """The α with the highest mean validation score, and its runs."""
    by_alpha: dict[float, list[dict[str, Any]]] = {}
    for row in scores:
        by_alpha.setdefault(row["alpha"], []).append(row)

    def quality(alpha: float) -> float:
        mean = statistics.mean(row["valid"] for row in by_alpha[alpha])
        return mean if mean == mean else float("-inf")  # diverged

    alpha = max(by_alpha, key=quality)
    return alpha, by_alpha[alpha]


# --- noise and bias along one training ---


def trained_single(kind: str, x: Tensor, seed: int, marks: list[int]) -> Iterator[tuple[int, Any]]:
    """One run with b = 100; yields the live ``Runs`` object at each mark."""
    alpha = {"MLE": 0.003, "VAE": 0.003, "GAN": 0.001}[kind]
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


def noise_rows(x: Tensor, seeds: int, marks: list[int], repeats: int) -> list[dict[str, Any]]:
    """Noise scales of all networks along training. The squared signal is corrected for the noise
    that is left in its estimate."""
    rows = []
    for seed in range(seeds):
        for mark, model in trained_single("MLE", x, seed, marks):

            def log_p(weights: Weights, row: Tensor, model: nn.Module = model) -> Tensor:
                return functional_call(model, weights, (row[None],)).sum()

            g = rows_of(model, log_p, x)
            scale = g.var(0, correction=0).sum() / g.mean(0).square().sum()
            rows.append(row("MLE", seed, mark, float(scale), 0.0))
        for mark, model in trained_single("VAE", x, seed, marks):
            source = seeded(seed)
            parts = two_moments(
                lambda model=model, source=source: bound_gradients(
                    model, x, model.draw_noise(1, len(x), source), "elbo"
                ),
                repeats,
            )
            for name, where in sections(model, ["encoder", "decoder"]).items():
                within, between = (parts[k][where].sum() for k in ("within", "between"))
                signal = parts["mean"][where].square().sum() - within / repeats / len(x)
                data, own = float(between / signal), float(within / signal)
                rows.append(row(name, seed, mark, data, own))
        for mark, model in trained_single("GAN", x, seed, marks):
            rows += game_noise(model, x, seed, mark, repeats)
    return rows


def row(name: str, seed: int, mark: int, data: float, own: float) -> dict[str, Any]:
    """A noise scale in two parts: from the choice of data, and from the objective's own noise."""
    return {"of": name, "seed": seed, "step": mark, "data": data, "own": own}


def game_noise(model: GAN, x: Tensor, seed: int, mark: int, repeats: int) -> list[dict[str, Any]]:
    """D's gradient of V, and G's of both of its values."""
    source, m = seeded(seed), len(x)

    def of_d(weights: Weights, x: Tensor, *noise: Tensor) -> Tensor:
        d, g = part(weights, "discriminator"), part(weights, "generator")
        z, fake_noise, real_noise = noise
        made = functional_call(model.generator, g, (z,)) + model.blur * fake_noise
        real = functional_call(model.discriminator, d, (x + model.blur * real_noise,))
        return game_value(real, functional_call(model.discriminator, d, (made,)))

    where = sections(model, ["generator", "discriminator"])
    parts = two_moments(lambda: rows_of(model, of_d, x, *model.draw_noise(m, source)), repeats)
    d = where["discriminator"]
    within, between = (parts[k][d].sum() for k in ("within", "between"))
    signal = parts["mean"][d].square().sum() - within / repeats / m
    found = [row("D", seed, mark, float(between / signal), float(within / signal))]
    for name, saturating in (("G", False), ("G saturating", True)):
        noise = [model.draw_noise(m, source) for _ in range(repeats)]
        g = torch.cat([fooling_gradients(model, n, saturating) for n in noise]).double()
        trace = g.var(0).sum()
        signal = g.mean(0).square().sum() - trace / len(g)
        found.append(row(name, seed, mark, 0.0, float(trace / signal)))
        found[-1]["norm"] = float(signal.clamp(min=0).sqrt())
    return found


def bias_rows(x: Tensor, seeds: int, marks: list[int], budget: int) -> list[dict[str, Any]]:
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
                        "encoder's signal over noise": float((signal / within).sqrt()),
                    }
                )
    return rows


# --- the bound and its K ---


def bound_scores(
    sets: dict[str, Tensor], passes: int, alphas: list[float], seeds: int, hidden: int
) -> list[dict[str, Any]]:
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


def bounds_table(rows: list[dict[str, Any]]) -> list[str]:
    """The table the chapter prints."""
    alphas = {row["alpha"] for row in rows}
    lines = ["   b   K  bound   alpha    test l/m         train"]
    for b, K, bound in BOUNDS:
        mine = [r for r in rows if (r["b"], r["K"], r["bound"]) == (b, K, bound)]
        alpha, best = best_alpha(mine)
        test = [r["test"] for r in best]
        train = statistics.mean(r["train"] for r in best)
        edge = "" if min(alphas) < alpha < max(alphas) else "  (edge of the grid)"
        text = f"{b:4}{K:4}  {bound}  {alpha:6.4f}  {statistics.mean(test):7.2f} ± "
        lines.append(text + f"{interval(test):.2f}  {train:8.2f}{edge}")
    return lines


# --- the moving game ---


def game_rows(
    sets: dict[str, Tensor], seeds: int, marks: list[int], more: list[int], draws: int
) -> list[dict[str, Any]]:
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
) -> list[dict[str, Any]]:
    """The scores of all runs of one kind with one b."""
    start, seeds = time.perf_counter(), setting["seeds"]
    runs = Runs(kind, sets["train"], grid, seeds, b, hidden=setting["hidden"])
    for _ in range(steps):
        runs.step()
    trained = time.perf_counter() - start
    rows = []
    for lane, (alpha, model) in enumerate(runs.models()):
        judge = fitted(model.sample(setting["samples"], seeded(lane % seeds)))
        place = {"kind": kind, "b": b, "steps": steps, "alpha": alpha, "seed": lane % seeds}
        for name in ("valid", "test"):
            place[f"{name}, judge"] = mean_log_prob(judge, sets[name].double())
            if kind != "GAN":
                place[name] = mean_log_prob(model, sets[name])
        rows.append(place)
    spent = time.perf_counter() - start
    print(f"{kind}, b = {b}, {steps} steps: {trained:.0f} s, judged in {spent:.0f} s", flush=True)
    return rows


GRIDS = {
    "MLE": [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1],
    "VAE": [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1],
    "GAN": [0.0001, 0.0003, 0.001, 0.003, 0.01],
}
STEPS_GRID = [0.0003, 0.001, 0.003, 0.01]


def batches_table(rows: list[dict[str, Any]]) -> list[str]:
    """The table the chapter prints: each paradigm and b with the α that is best by the judge, and
    beside it the exact ℓ/m with the α that is best by itself."""
    lines = ["           b    judged by an FVSBN          exact test l/m"]
    lines.append("                 alpha      test           alpha      test")
    for kind in GRIDS:
        for b in sorted({row["b"] for row in rows if row["kind"] == kind}):
            mine = [row for row in rows if (row["kind"], row["b"]) == (kind, b)]
            text = f"{kind}  {b:7}"
            for suffix in (", judge", ""):
                if f"test{suffix}" not in mine[0]:
                    continue
                scored = [
                    {"alpha": r["alpha"], "valid": r[f"valid{suffix}"], "test": r[f"test{suffix}"]}
                    for r in mine
                ]
                alpha, best = best_alpha(scored)
                test = [row["test"] for row in best]
                tried = {row["alpha"] for row in mine}
                edge = " " if min(tried) < alpha < max(tried) else "*"
                text += f"  {alpha:7.4f}{edge} {statistics.mean(test):7.2f} ± {interval(test):.2f} "
            lines.append(text.rstrip())
    return lines


def trick_scores(sets: Sets, setting: Setting) -> list[dict[str, Any]]:
    """The GAN with b = 100 at three β_1: its last generator, and the mean of G's weights over the
    second half of the steps."""
    rows, seeds, steps = [], setting["seeds"], setting["equal steps"]
    for beta in (0.0, 0.5, 0.9):
        runs = Runs("GAN", sets["train"], STEPS_GRID, seeds, 100, 1, "", setting["hidden"], beta)
        total = {k: torch.zeros_like(w) for k, w in runs.g.items()}
        for t in range(steps):
            runs.step()
            if t >= steps // 2:
                for k, w in runs.g.items():
                    total[k] += w.detach() / (steps - steps // 2)
        for which in ("last", "average"):
            for lane, (alpha, model) in enumerate(runs.models()):
                if which == "average":
                    mean = {k: w[lane] for k, w in total.items()}
                    model.generator.load_state_dict(mean)
                judge = fitted(model.sample(setting["samples"], seeded(lane % seeds)))
                place = {"beta": beta, "which": which, "alpha": alpha, "seed": lane % seeds}
                scores = {k: mean_log_prob(judge, sets[k].double()) for k in ("valid", "test")}
                rows.append(place | scores)
        print(f"tricks: beta = {beta} done", flush=True)
    return rows


def tricks_table(rows: list[dict[str, Any]]) -> list[str]:
    """For each β_1 the last generator and the average, each with its best α."""
    lines = ["beta    last: alpha      test         average: alpha   test"]
    for beta in sorted({row["beta"] for row in rows}):
        text = f"{beta:4}"
        for which in ("last", "average"):
            mine = [r for r in rows if (r["beta"], r["which"]) == (beta, which)]
            alpha, best = best_alpha(mine)
            test = [row["test"] for row in best]
            tried = {row["alpha"] for row in mine}
            edge = " " if min(tried) < alpha < max(tried) else "*"
            text += f"     {alpha:7.4f}{edge} {statistics.mean(test):7.2f} ± {interval(test):.2f}"
        lines.append(text)
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


def middle(rows: list[dict[str, Any]], key: str) -> float:
    """The median over runs."""
    return statistics.median(row[key] for row in rows)


def noise_table(rows: list[dict[str, Any]]) -> list[str]:
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


def bias_table(rows: list[dict[str, Any]]) -> list[str]:
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


def game_table(rows: list[dict[str, Any]]) -> list[str]:
    """G's gradient against that of max_D V, medians over runs."""
    lines = ["steps  D on for  cosine  length  non-saturating: cosine  V, train   test"]
    for mark in sorted({row["step"] for row in rows}):
        for k in sorted({row["more"] for row in rows}):
            mine = [r for r in rows if (r["step"], r["more"]) == (mark, k)]
            keys = ("cosine", "length", "cosine, non-saturating", "V train", "V test")
            text = "{:5}{:10}{:8.2f}{:8.2f}{:17.2f}{:17.3f}{:8.3f}"
            lines.append(text.format(mark, k, *(middle(mine, key) for key in keys)))
    return lines


def measure_noise(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    rows = noise_rows(sets["train"], setting["seeds"], setting["marks"], setting["repeats"])
    return {"noise": rows, "noise summary": noise_table(rows)}


def measure_bias(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    marks = setting["marks"][1:]
    rows = bias_rows(sets["train"], setting["seeds"], marks, setting["budget"])
    return {"bias": rows, "bias summary": bias_table(rows)}


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
    for kind, grid in GRIDS.items():
        for b in setting["sizes"]:
            rows += batch_scores(kind, sets, b, grid, setting["total"] // b, setting)
    judge = judge_rows(sets, setting["samples"], labels)
    return {"batches": rows, "judge": judge, "summary": batches_table(rows)}


def measure_steps(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    rows = []
    for b in setting["sizes"]:
        rows += batch_scores("GAN", sets, b, STEPS_GRID, setting["equal steps"], setting)
    return {"equal steps": rows, "equal steps summary": batches_table(rows)}


def measure_tricks(sets: Sets, labels: Tensor | None, setting: Setting) -> dict[str, Any]:
    rows = trick_scores(sets, setting)
    return {"tricks": rows, "tricks summary": tricks_table(rows)}


MEASURES: dict[str, Callable[[Sets, Tensor | None, Setting], dict[str, Any]]] = {
    "noise": measure_noise,
    "bias": measure_bias,
    "game": measure_game,
    "bounds": measure_bounds,
    "batches": measure_batches,
    "equal steps": measure_steps,
    "tricks": measure_tricks,
}


def prepared(smoke: bool) -> tuple[Sets, Tensor | None, Setting]:
    """Data, labels and settings."""
    if smoke:
        world = TinyWorld(6, seed=0)
        sizes = {"train": 150, "valid": 60, "test": 70}
        sets = {name: world.sample(m, seeded(m)).float() for name, m in sizes.items()}
        setting: Setting = {"seeds": 2, "marks": [0, 3], "repeats": 2, "budget": 4}
        setting |= {
            "passes": 200,
            "total": 1000,
            "equal steps": 3,
            "samples": 100,
            "hidden": 8,
            "draws": 100,
        }
        setting |= {"more": [2, 4], "sizes": [500], "bounds' grid": [0.001, 0.003, 0.01]}
        return sets, None, setting
    sets = {name: load_digits_binary(name) for name in ("train", "valid", "test")}
    setting = {"seeds": 3, "marks": [0, 300, 1000, 3000], "repeats": 4, "budget": 10}
    setting |= {
        "passes": 200_000,
        "total": 200_000,
        "equal steps": 2000,
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
    print(*(f"{value:8.2f}  judged from {name}" for name, value in data["judge"].items()), sep="\n")
    if not smoke:
        write_result(__file__, setting, data)


if __name__ == "__main__":
    main()
