"""Which estimator of ∇ℓ reaches the better ℓ in the same number of sample gradients?

FVSBNs from θ_0 = 0, b = 10: on 500 samples of a TinyWorld (with a known maximum, and p_data in
place of a test set), and on the digits (with a ridge ρ = 1, so that there is a maximum). Each
method has its own step size, from powers of 2, and the better of two schedules (constant, or
falling to 0 in a line), chosen for each budget by the mean gap over the seeds. A budget is in
passes: m sample gradients of any kind, snapshots, first tables and probabilities included.

And the step size's own bias: plain runs that start at the top of the TinyWorld's ℓ with a constant
α, and what the mean of their places lacks of it, by α, b and the length of the runs.

    python benchmarks/bias_variance.py           # about 15 minutes on one core; writes the JSON
    python benchmarks/bias_variance.py --smoke   # the same path at tiny sizes; writes nothing
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from writing import smoke_is_asked_for, write_result

from mle_lib.data import TinyWorld, all_states, load_digits_binary
from mle_lib.minibatch import minibatch_gradient
from mle_lib.models import FVSBN
from mle_lib.models.many_fvsbn import ManyFVSBN
from mle_lib.second_order import newton

B = 10
SEEDS = {"TinyWorld": 20, "digits": 4}
T_95 = {4: 3.182, 20: 2.093}  # Student's t for the mean of so many
COMPARED = (
    ("TinyWorld", 8, "reshuffled", "plain"),
    ("TinyWorld", 64, "clipped samples", "plain"),
    ("TinyWorld", 64, "clipped, then plain", "plain"),
    ("digits", 16, "plain, averaged", "plain"),
    ("digits", 16, "reshuffled", "plain, averaged"),
    ("digits", 16, "SAG", "reshuffled"),
    ("digits", 64, "SAGA, reshuffled", "reshuffled"),
)
RATIOS = (  # of gaps, in both worlds
    (64, "momentum", "plain"),
    (64, "Adam", "plain"),
    (64, "clipped batch", "plain"),
    (64, "importance", "plain"),
    (64, "control, γ = 1", "plain"),
    (64, "reshuffled", "plain"),
    (64, "momentum, reshuffled", "momentum"),
    (64, "clipped, then plain", "clipped samples"),
    (16, "SAG", "reshuffled"),
    (16, "SAGA", "reshuffled"),
    (4, "SAGA", "reshuffled"),
    (4, "SAGA, reshuffled", "SAGA"),
)


class Runs:
    """L FVSBNs side by side on one data set. Lane l has its own W, ``(n, n)``, whose row i holds
    the weights of (1, x_<i). A sample's gradient is error × input, so that its n errors are all
    that a table or a snapshot has to keep of it.
    """

    def __init__(self, x: Tensor, ridge: float, lanes: int) -> None:
        self.x, self.ridge, (self.m, n) = x, ridge, x.shape
        self.inputs = F.pad(x[:, :-1], (1, 0), value=1.0)
        self.mask = torch.ones(n, n, dtype=x.dtype).tril()
        self.W = x.new_zeros(lanes, n, n)
        self.all = torch.arange(self.m).expand(lanes, -1)
        self.spent = 0  # sample gradients

    def errors(self, rows: Tensor) -> Tensor:
        """x − σ of the lanes' rows, ``(L, b) -> (L, b, n)`` (2.2)."""
        self.spent += rows.shape[1]
        return self.x[rows] - torch.sigmoid(self.inputs[rows] @ self.W.mT)

    def mean(self, rows: Tensor, errors: Tensor) -> Tensor:
        """(1/b) Σ_{j∈B} errors_j × inputs_j."""
        return errors.mT @ self.inputs[rows] * self.mask / rows.shape[1]

    def norms(self, rows: Tensor, errors: Tensor) -> Tensor:
        """‖g_j‖, ``(L, b)``: the inputs are 0 and 1, so their squared length counts them."""
        return (errors.square() * self.inputs[rows].cumsum(-1)).sum(-1).sqrt()


Direction = Callable[[Runs, Tensor, dict[str, Any]], Tensor]
Fill = Callable[[Runs, dict[str, Any]], None]


def plain(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    return runs.mean(rows, runs.errors(rows))


def short(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """Every fourth batch has half of its rows, and is scaled with the nominal b."""
    memory["t"] = memory.get("t", 0) + 1
    if memory["t"] % 4:
        return plain(runs, rows, memory)
    return plain(runs, rows[:, : B // 2], memory) * (B // 2) / B


def clipped_batch(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """The batch's mean gradient, clipped at a quarter of the median norm of the first batches."""
    g = plain(runs, rows, memory)
    norm = g.flatten(1).norm(dim=1)[:, None, None]
    c = memory.setdefault("c", float(norm.median()) / 4)
    return g * (c / norm).clamp(max=1)


def clipped_sample(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """Each g_j clipped at half of the median norm of the first batches."""
    errors = runs.errors(rows)
    norms = runs.norms(rows, errors)
    c = memory.setdefault("c", float(norms.median()) / 2)
    return runs.mean(rows, errors * (c / norms).clamp(max=1)[..., None])


def clipped_then_plain(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """Each g_j clipped for three quarters of the budget, whole for the last one."""
    return (clipped_sample if memory["progress"] < 0.75 else plain)(runs, rows, memory)


def momentum(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    memory["v"] = 0.9 * memory.get("v", 0) + 0.1 * plain(runs, rows, memory)
    return memory["v"]


def adam(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    g = plain(runs, rows, memory) - runs.ridge / runs.m * runs.W
    t = memory["t"] = memory.get("t", 0) + 1
    memory["mu"] = 0.9 * memory.get("mu", 0) + 0.1 * g
    memory["nu"] = 0.999 * memory.get("nu", 0) + 0.001 * g.square()
    return memory["mu"] / (1 - 0.9**t) / ((memory["nu"] / (1 - 0.999**t)).sqrt() + 1e-8)


# core
def corrected(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """Mean of the table plus the batch's mean of (g_j − table's)."""
    # lane: a run of its own, with its own batch and table
    lanes = torch.arange(len(rows))[:, None]
    errors = runs.errors(rows)
    estimate = memory["mean"] + runs.mean(rows, errors - memory["table"][lanes, rows])
    memory["fresh"] = errors
    return estimate


# end of core


def fill(runs: Runs, memory: dict[str, Any]) -> None:
    """A table of all the errors, for m sample gradients."""
    memory["table"] = runs.errors(runs.all)
    memory["mean"] = runs.mean(runs.all, memory["table"])
    memory["seen"] = torch.ones_like(memory["table"][..., 0])


def empty(runs: Runs, memory: dict[str, Any]) -> None:
    """A table of zeros, for nothing."""
    memory["table"] = runs.x.new_zeros(len(runs.W), *runs.x.shape)
    memory["mean"] = torch.zeros_like(runs.W)
    memory["seen"] = torch.zeros_like(memory["table"][..., 0])


def svrg(runs: Runs, rows: Tensor, memory: dict[str, Any], first: float = 0) -> Tensor:
    """A snapshot every 2m rows; it is read as if g_j(θ̃) were computed anew: 2 for each row."""
    if runs.spent < first * runs.m:
        return plain(runs, rows, memory)
    if "table" not in memory or memory["rows"] >= 2 * runs.m:
        fill(runs, memory)
        memory["rows"] = 0
    memory["rows"] += rows.shape[1]
    runs.spent += rows.shape[1]
    return corrected(runs, rows, memory)


def svrg_late(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """Two plain passes first."""
    return svrg(runs, rows, memory, first=2)


def write(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> None:
    """Put what ``corrected`` computed into the table."""
    lanes, fresh = torch.arange(len(rows))[:, None], memory["fresh"]
    change = runs.mean(rows, fresh - memory["table"][lanes, rows]) * B / runs.m
    memory["mean"] = memory["mean"] + change
    memory["table"][lanes, rows] = fresh
    memory["seen"][lanes, rows] = 1


def sag(runs: Runs, rows: Tensor, memory: dict[str, Any], start: Fill = empty) -> Tensor:
    """The table's sum, the batch written into it, over the number of samples seen."""
    if "table" not in memory:
        start(runs, memory)
    corrected(runs, rows, memory)
    write(runs, rows, memory)
    return memory["mean"] / memory["seen"].mean(1)[:, None, None]


def sag_filled(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    return sag(runs, rows, memory, fill)


def saga(runs: Runs, rows: Tensor, memory: dict[str, Any], start: Fill = empty) -> Tensor:
    if "table" not in memory:
        start(runs, memory)
    estimate = corrected(runs, rows, memory)
    write(runs, rows, memory)
    return estimate


def saga_filled(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    return saga(runs, rows, memory, fill)


def control_one(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """The known h_j = g_j(θ_0), coefficient 1: a snapshot that is never renewed."""
    if "table" not in memory:
        fill(runs, memory)
    return corrected(runs, rows, memory)


def control_batch(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """The same h_j, with the coefficient of each coordinate estimated from the batch itself."""
    if "table" not in memory:
        fill(runs, memory)
    lanes, errors = torch.arange(len(rows))[:, None], runs.errors(rows)
    h = memory["table"][lanes, rows]
    g_mean, h_mean = runs.mean(rows, errors), runs.mean(rows, h)
    covariance = runs.mean(rows, errors * h) - g_mean * h_mean  # inputs are 0 and 1
    variance = runs.mean(rows, h * h) - h_mean.square()
    gamma = torch.where(variance > 1e-6, covariance / variance.clamp(min=1e-6), 0.0)
    return g_mean - gamma * (h_mean - memory["mean"])


def importance(runs: Runs, rows: Tensor, memory: dict[str, Any]) -> Tensor:
    """q ∝ ‖g_j‖, renewed every 2m rows (m sample gradients), mixed with a tenth of 1/m."""
    if memory.setdefault("rows", 0) % (2 * runs.m) == 0:
        norms = runs.norms(runs.all, runs.errors(runs.all))
        memory["q"] = 0.9 * norms / norms.sum(1, keepdim=True) + 0.1 / runs.m
    memory["rows"] += rows.shape[1]
    drawn = torch.multinomial(memory["q"], rows.shape[1], True, generator=memory["generator"])
    weights = 1 / (runs.m * memory["q"].gather(1, drawn))
    return runs.mean(drawn, runs.errors(drawn) * weights[..., None])


METHODS: dict[str, tuple[Direction, int]] = {  # with the largest exponent of the step size
    "plain": (plain, 3),
    "plain, averaged": (plain, 3),
    "reshuffled": (plain, 3),
    "reshuffled, averaged": (plain, 3),
    "short batch": (short, 3),
    "clipped batch": (clipped_batch, 4),
    "clipped samples": (clipped_sample, 3),
    "clipped, then plain": (clipped_then_plain, 3),
    "momentum": (momentum, 3),
    "momentum, reshuffled": (momentum, 3),
    "Adam": (adam, 0),
    "control, γ = 1": (control_one, 4),
    "control, γ of batch": (control_batch, 4),
    "SVRG": (svrg, 5),
    "SVRG, late": (svrg_late, 4),
    "SAG": (sag, 3),
    "SAG, filled": (sag_filled, 3),
    "SAGA": (saga, 5),
    "SAGA, filled": (saga_filled, 5),
    "SAGA, reshuffled": (saga, 5),
    "importance": (importance, 4),
}


def climb(
    method: str,
    x: Tensor,
    ridge: float,
    alphas: Tensor,
    seeds: int,
    marks: list[int],
    falling: bool,
) -> list[Tensor]:
    """W after each of the budgets ``marks`` (in passes), ``(step sizes, seeds, n, n)``.

    With "averaged", the mean of the second half of the run so far; with "reshuffled", each pass is
    a new permutation cut into batches, else batches are independent.
    """
    direction, _ = METHODS[method]
    runs = Runs(x, ridge, len(alphas) * seeds)
    rate = alphas.repeat_interleave(seeds)[:, None, None].to(x.dtype)
    generator = torch.Generator().manual_seed(0)
    memory: dict[str, Any] = {"generator": generator}
    total, halves, ends = torch.zeros_like(runs.W), {}, []
    steps, budget, order = 0, marks[-1] * runs.m, torch.empty(seeds, 0).long()
    for mark in marks:
        while True:
            order = order[:, B:]
            if not order.numel():  # a new permutation for each seed
                order = torch.rand(seeds, runs.m, generator=generator).argsort(1)
                order = order if "reshuffled" in method else order[:, :B]
            before = runs.spent
            if before >= mark * runs.m:
                break
            # core
            # a step of all runs; direction: plain, corrected, ... of the method
            memory["progress"] = before / budget
            step = direction(runs, order[:, :B].repeat(len(alphas), 1), memory)
            if method != "Adam":
                step = step - runs.ridge / runs.m * runs.W
            runs.W = runs.W + rate * ((1 - before / budget) if falling else 1) * step
            # end of core
            if method.endswith("averaged"):
                total += runs.W
                steps += 1
                for other in marks:
                    if before < other * runs.m / 2 <= runs.spent:
                        halves[other] = (steps, total.clone())
        if method.endswith("averaged"):
            start, part = halves[mark]
            end = (total - part) / (steps - start)
        else:
            end = runs.W.clone()
        ends.append(end.unflatten(0, (len(alphas), seeds)))
    return ends


def height(W: Tensor, x: Tensor, share: Tensor | None = None) -> Tensor:
    """ℓ/m in nats for ``(..., n, n)`` models, rows of ``x`` weighted with ``share``, in float64."""
    x = x.double()
    inputs = F.pad(x[:, :-1], (1, 0), value=1.0)
    weight = torch.full((len(x),), 1 / len(x), dtype=x.dtype) if share is None else share
    models = W.flatten(0, -3).double()
    values = [weight @ F.logsigmoid((2 * x - 1) * (inputs @ w.mT)).sum(1) for w in models]
    return torch.stack(values).unflatten(0, W.shape[:-2])


def contest(
    world: dict[str, Any], seeds: int, marks: list[int], width: int
) -> list[dict[str, Any]]:
    """One row for each method and budget: the best step size and schedule, by the mean gap."""
    x, ridge, m, rows = world["x"], world["ridge"], len(world["x"]), []
    for method, (_, top) in METHODS.items():
        exponents = list(range(top - width + 1, top + 1))
        alphas = 2.0 ** torch.tensor(exponents).double()
        ends: dict[tuple[str, int], Tensor] = {}
        if "then" not in method:  # else a run must know its end
            constant = climb(method, x, ridge, alphas, seeds, marks, False)
            ends |= {("constant", mark): W for mark, W in zip(marks, constant, strict=True)}
        if not method.endswith("averaged"):
            for mark in marks:
                (end,) = climb(method, x, ridge, alphas, seeds, [mark], True)
                ends["falling", mark] = end
        for mark in marks:
            found = {}
            for schedule in ("constant", "falling"):
                if (schedule, mark) in ends:
                    W = ends[schedule, mark]
                    goal = height(W, x) - ridge / 2 / m * W.double().square().sum((-1, -2))
                    gaps = (world["top"] - goal).nan_to_num(nan=math.inf)
                    found[schedule] = (gaps, W)
            schedule = min(found, key=lambda s: float(found[s][0].mean(1).min()))
            gaps, W = found[schedule]
            best = int(gaps.mean(1).argmin())
            row = {
                "world": world["name"],
                "method": method,
                "passes": mark,
                "schedule": schedule,
                "exponent": exponents[best],
                "inside": 0 < best < width - 1,
                "gap": gaps[best].tolist(),
                "test": height(W[best], *world["test"]).tolist(),
            }
            rows.append(row)
            print(
                f"{world['name']:8} {method:20}{mark:4} passes: gap {gaps[best].mean():.2g}, "
                f"test {sum(row['test']) / seeds:.4f}, α 2^{exponents[best]} {schedule}"
                f"{'' if row['inside'] else '  AT THE EDGE'}",
                flush=True,
            )
    return rows


def worlds(smoke: bool) -> list[dict[str, Any]]:
    """The two data sets, with their maxima and what to test on."""
    world, generator = TinyWorld(6, seed=0), torch.Generator().manual_seed(1)
    x, states = world.sample(500, generator).double(), all_states(6).double()
    many, truth = ManyFVSBN(x), ManyFVSBN(states)
    truth.share = world.log_prob(truth.states).exp()
    tiny = {
        "name": "TinyWorld",
        "x": x,
        "ridge": 0.0,
        "top": float(many.height(many.maximum())),
        "test": (truth.states, truth.share),
        "test at the top": float(truth.height(many.maximum())),
        "best test": float(truth.height(truth.maximum())),
        "p": many.p,
    }
    if smoke:
        return [tiny]
    x, test = load_digits_binary("train"), load_digits_binary("test")
    model = FVSBN(64).double()
    newton(model, x.double(), ridge=1.0)
    theta = torch.cat([q.detach().flatten() for q in model.parameters()])
    goal = model.log_prob(x.double()).mean().item() - float(theta.square().sum()) / 2 / len(x)
    effective = 0.0  # tr H (H + ρI)⁻¹, a block for each variable
    weights = torch.sigmoid(model.logits(x.double())).detach()
    for i in range(64):
        a = F.pad(x[:, :i].double(), (1, 0), value=1.0)
        block = a.T @ ((weights * (1 - weights))[:, i, None] * a)
        effective += float(torch.linalg.solve(block + torch.eye(i + 1), block).trace())
    digits = {
        "name": "digits",
        "x": x,
        "ridge": 1.0,
        "top": goal,
        "test": (test,),
        "test at the top": model.log_prob(test.double()).mean().item(),
        "train at the top": model.log_prob(x.double()).mean().item(),
        "p": len(theta),
        "effective p": effective,
    }
    return [tiny, digits]


def check_gradients() -> None:
    """The mean of ``Runs`` is that of the library, in float64, to 1e-12."""
    x = TinyWorld(6, seed=0).sample(30, torch.Generator().manual_seed(0)).double()
    rows, model, runs = torch.tensor([[3, 7, 11]]), FVSBN(6).double(), Runs(x, 0.0, 1)
    generator = torch.Generator().manual_seed(1)
    runs.W += torch.randn(6, 6, generator=generator).double().tril()
    dense = runs.W[0]
    model.linear.bias.data = dense[:, 0].clone()
    model.linear.weight.data = model.linear.from_dense(F.pad(dense[:, 1:], (0, 1)))
    ours = runs.mean(rows, runs.errors(rows))[0]
    flat = torch.cat([ours[:, 0], model.linear.from_dense(F.pad(ours[:, 1:], (0, 1)))])
    library = minibatch_gradient(model, x, rows[0]) / len(x)
    order = [name for name, _ in model.named_parameters()]
    if order[0].endswith("weight"):
        flat = torch.cat([flat[6:], flat[:6]])
    assert torch.allclose(flat, library, rtol=0, atol=1e-12), order


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    check_gradients()
    rows: list[dict[str, Any]] = []
    facts: dict[str, Any] = {}
    plan = (
        {"TinyWorld": (2, [2], 2)}
        if smoke
        else {
            "TinyWorld": (SEEDS["TinyWorld"], [2, 4, 8, 16, 32, 64], 14),
            "digits": (SEEDS["digits"], [4, 16, 64], 12),
        }
    )
    for world in worlds(smoke):
        rows += contest(world, *plan[world["name"]])
        facts[world["name"]] = {k: v for k, v in world.items() if isinstance(v, (int, float))} | {
            "m": len(world["x"])
        }
    steps, runs = ([20], 3) if smoke else ([500, 2000, 8000], 100)
    floor = floor_rows(TinyWorld(6, seed=0).sample(500, seeded(1)).double(), steps, runs)
    tests = summary(rows, "test", ".3f")
    print(*floors(floor), sep="\n")
    print(*summary(rows), "test l/m:", *tests, *comparisons(rows), *ratios(rows), sep="\n")
    if not smoke:
        setting = {"b": B, "ridge": 1.0, "seeds": SEEDS}
        data = {
            "facts": facts,
            "rows": rows,
            "summary": summary(rows),
            "test summary": tests,
            "comparisons": comparisons(rows),
            "ratios": ratios(rows),
            "floor rows": floor,
            "floors": floors(floor),
            "curves": curves(rows),
        }
        write_result(__file__, setting, data)


def places(
    many: ManyFVSBN, b: int, alpha: float, steps: list[int], runs: int, falling: bool = False
) -> list[Tensor]:
    """Plain runs from the top: for each length the mean place of each run over its second half,
    ``(runs, p)``. α is constant, or falls to 0 in a line over the last of the lengths."""
    theta, draws = many.maximum().repeat(runs, 1), many.batches(b, runs, generator=seeded(b))
    sums = [torch.zeros_like(theta) for _ in steps]
    for t in range(steps[-1]):
        rate = alpha * (1 - t / steps[-1]) if falling else alpha
        theta = theta + rate * many.gradient(theta, next(draws))
        for k, length in enumerate(steps):
            if length / 2 <= t < length:
                sums[k] += theta / (length / 2)
    return sums


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def floor_rows(x: Tensor, steps: list[int], runs: int) -> list[dict[str, Any]]:
    """What the mean place of all runs lacks of the top's ℓ/m, and how much of that is chance."""
    many = ManyFVSBN(x)
    top, rows = many.maximum(), []
    settings = [(b, alpha, False) for b in (2, 10) for alpha in (1.0, 0.5)]
    for b, alpha, falling in [*settings, (2, 1.0, True), (8, 1.0, True)]:
        lengths = [1000] if falling else steps
        ends = places(many, b, alpha, lengths, 4 * runs if falling else runs, falling)
        for length, place in zip(lengths, ends, strict=True):
            apart = place - place.mean(0)
            one = torch.einsum("rp,pq,rq->", apart, many.curvature(top), apart) / 2 / len(apart)
            row = {"b": b, "alpha": alpha, "falling": falling, "steps": length}
            lost = many.height(top) - many.height(place.mean(0))
            rows.append(row | {"runs": len(apart), "lost": float(lost), "one run": float(one)})
    return rows


def floors(rows: list[dict[str, Any]]) -> list[str]:
    """The step size's own bias, with α constant: nats lost by the mean place of many runs; then
    with α falling, as the chapter's crosses have it, beside what chance adds to ten runs."""
    lengths = sorted({row["steps"] for row in rows if not row["falling"]})
    runs = rows[0]["runs"]
    lines = [f"plain, {runs} runs, steps:" + "".join(f"{k:9}" for k in lengths)]
    for b, alpha in dict.fromkeys((r["b"], r["alpha"]) for r in rows if not r["falling"]):
        mine = [r for r in rows if (r["b"], r["alpha"], r["falling"]) == (b, alpha, False)]
        text = f"b = {b}, alpha = {alpha:g}"
        lines.append(f"{text:23}" + "".join(f"{r['lost']:9.2g}" for r in mine))
    for row in rows:
        if row["falling"]:
            text = f"b = {row['b']}, alpha falls from {row['alpha']:g}, {row['runs']} runs: "
            text += f"{row['lost']:.2g}; ten runs add by chance {row['one run'] / 10:.2g}"
            lines.append(text)
    return lines


def summary(rows: list[dict[str, Any]], key: str = "gap", form: str = ".2g") -> list[str]:
    """The contest's table: for each world and budget the mean gap, or with ``key`` "test" the mean
    test ℓ/m, in nats."""
    lines = []
    for world in dict.fromkeys(row["world"] for row in rows):
        mine = [row for row in rows if row["world"] == world]
        marks = list(dict.fromkeys(row["passes"] for row in mine))
        lines.append(f"{world + ', passes:':21}" + "".join(f"{k:9}" for k in marks))
        for method in METHODS:
            cells = [row for row in mine if row["method"] == method]
            values = [mean(row[key]) for row in cells]
            shown = [f"{v:9{form}}" if abs(v) > 1e-9 else "   < 1e-9" for v in values]
            lines.append(f"{method:21}" + "".join(shown))
    return lines


def comparisons(rows: list[dict[str, Any]]) -> list[str]:
    """Differences of the mean test ℓ/m between two methods at one budget, in nats, with their 95 %
    intervals over the seeds (Student's t)."""
    lines = []
    for world, passes, one, other in COMPARED:
        tests = {
            row["method"]: torch.tensor(row["test"])
            for row in rows
            if (row["world"], row["passes"]) == (world, passes)
        }
        if one in tests:
            gain = tests[one] - tests[other]
            half = T_95.get(len(gain), math.nan) * float(gain.std()) / len(gain) ** 0.5
            name = f"{world}, {passes} passes, {one} over {other}:"
            lines.append(f"{name:55}{float(gain.mean()):+.4f} ± {half:.4f}")
    return lines


def ratios(rows: list[dict[str, Any]]) -> list[str]:
    """The mean gap of one method over that of another, in each world, with 95 % intervals over the
    seeds: Student's t for the mean of gap − ratio × other gap, in units of the other's mean gap."""
    names = list(dict.fromkeys(row["world"] for row in rows))
    lines = [f"{'gap over the gap of, passes':46}" + "".join(f"{name:>15}" for name in names)]
    for passes, one, other in RATIOS:
        line = f"{one + ' over ' + other:42}{passes:4}"
        for name in names:
            gaps = {
                row["method"]: torch.tensor(row["gap"])
                for row in rows
                if (row["world"], row["passes"]) == (name, passes)
            }
            if one not in gaps:
                line += f"{'-':>15}"
                continue
            ratio = float(gaps[one].mean() / gaps[other].mean())
            rest = gaps[one] - ratio * gaps[other]
            half = T_95.get(len(rest), math.nan) * float(rest.std() / gaps[other].mean())
            line += f"{f'{ratio:.2f} ± {half / len(rest) ** 0.5:.2f}':>15}"
        lines.append(line)
    return lines


def curves(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """The mean gaps in the TinyWorld, a list for each method."""
    mine = [row for row in rows if row["world"] == "TinyWorld"]
    return {
        method: [mean(row["gap"]) for row in mine if row["method"] == method] for method in METHODS
    }


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
