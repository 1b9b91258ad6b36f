"""What models of sequences reach on the names of characters, and deep masks on the digits.

On both splits of the names (``data.load_names``): n-grams, whose order and smoothing the validation
names choose; a recurrent model; the transformer, without and with dropout. The last three are
trained alike, by the loop of the chapter "A transformer in view", with fresh seeds. Then the
transformer with three batch sizes, over as many sequences. On the digits: MADE with one, two and
three hidden layers, trained as in ``three_models.py``.

All are scored on the test data: nats a symbol, the end included, with the standard error of a ratio
of two sums, over names, or where whole blocks of alike names were held out over blocks; two models
are compared in pairs.

    python benchmarks/names.py           # about 25 minutes on two cores; writes the JSON
    python benchmarks/names.py --smoke   # the same path at tiny sizes; writes nothing
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn
from writing import smoke_is_asked_for, write_result

from mle_lib.data import LETTERS, load_digits_binary, load_names
from mle_lib.data.names import BLOCK
from mle_lib.models import MADE, NGram, SequenceModel, Transformer, before
from mle_lib.optimizers import SGD, AdamW, clip_by_norm
from mle_lib.training import fit

K = len(LETTERS) + 1
SMOOTHING = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
RATE, WARM, LONGEST = 3e-3, 40, 30.0  # step size after 40 steps, and the norm that is clipped at
RATES = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4)  # tried on the digits
DEPTHS = {"one": [500], "two": [200, 200], "three": [150, 150, 150]}


class Recurrent(SequenceModel):
    """A gated recurrent unit (Cho et al. 2014) over the symbols before each place."""

    def __init__(self, alphabet: int, longest: int, width: int = 128) -> None:
        super().__init__(alphabet, longest)
        self.symbols = nn.Embedding(alphabet, width)
        self.cell = nn.GRU(width, width, batch_first=True)
        self.output = nn.Linear(width, alphabet)

    def logits(self, x: Tensor) -> Tensor:
        return self.output(self.cell(self.symbols(before(x)))[0])


def symbols(rows: Tensor) -> Tensor:
    """How many symbols each row has, the end included."""
    return (rows != 0).sum(1) + 1


def per_symbol(log_p: Tensor, rows: Tensor, block: int = 1) -> tuple[float, float]:
    """−Σ log p / Σ symbols, and its standard error over blocks of so many rows that stand side by
    side, in which names are alike."""
    cost, lengths = -log_p.double(), symbols(rows).double()
    ratio = cost.sum() / lengths.sum()
    off = torch.stack([part.sum() for part in (cost - ratio * lengths).split(block)])
    error = (len(off) / (len(off) - 1) * off.square().sum()).sqrt() / lengths.sum()
    return ratio.item(), error.item()


@torch.no_grad()
def log_p_of(model: SequenceModel, rows: Tensor) -> Tensor:
    model.eval()
    found = torch.cat([model.log_prob(part) for part in rows.split(200)])
    model.train()
    return found


def training(
    model: SequenceModel, x: Tensor, b: int, steps: int, seed: int
) -> Iterator[tuple[int, Tensor]]:
    """The chapter's loop: the step's number and its batch, before each step and after the last."""
    matrices = [q for q in model.parameters() if q.dim() > 1]
    others = [q for q in model.parameters() if q.dim() == 1]
    optimizer = AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], RATE
    )
    generator = torch.Generator().manual_seed(seed)
    # core
    for t in range(steps):
        rows = x[torch.randint(len(x), (b,), generator=generator)]
        yield t, rows
        optimizer.zero_grad()
        (-model.log_prob(rows).mean()).backward()
        clip_by_norm(model.parameters(), LONGEST)
        rate = RATE * min(1, (t + 1) / WARM) * (1 + math.cos(math.pi * t / steps)) / 2
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    # end of core
    yield steps, rows


def counted(x: Tensor, valid: Tensor, most: int) -> dict[int, NGram]:
    """For each order the n-gram whose smoothing is best on the validation names."""
    return {
        order: max(
            (NGram(x, K, order, a) for a in SMOOTHING),
            key=lambda model: model.log_prob(valid).sum().item(),
        )
        for order in range(1, most + 1)
    }


def on_names(by: str, budgets: tuple[int, ...], seeds: int, size: dict[str, int], most: int) -> Any:
    torch.set_num_threads(1)
    block = BLOCK if by == "block" else 1
    x, valid, test = (load_names(split, by) for split in ("train", "valid", "test"))
    if most < 5:
        x, valid, test = x[:200], valid[:80], test[:80]
    n = x.shape[1]
    rows: list[dict[str, Any]] = []
    grams = counted(x, valid, most)
    best = max(grams, key=lambda order: grams[order].log_prob(valid).sum().item())
    for order, gram in grams.items():
        value, error = per_symbol(gram.log_prob(test), test, block)
        row = {"model": f"{order}-gram", "smoothing": gram.smoothing, "test": [value]}
        rows.append({**row, "standard error": error, "train": per_symbol(gram.log_prob(x), x)[0]})
    counts = grams[best].log_prob(test)
    makes: dict[str, Callable[[], SequenceModel]] = {
        "recurrent": lambda: Recurrent(K, n, 2 * size["width"]),
        "transformer": lambda: Transformer(K, n, **size),
        "with dropout": lambda: Transformer(K, n, **size, dropout=0.1),
    }
    for name, make in makes.items():
        for steps in budgets:
            found: dict[str, Any] = {"test": [], "train": [], "standard error": 0.0}
            found |= {"behind counting": [], "of that": 0.0}
            for seed in range(seeds):
                torch.manual_seed(seed)
                model = make()
                for _ in training(model, x, 32, steps, seed):
                    pass
                log_p = log_p_of(model, test)
                value, error = per_symbol(log_p, test, block)
                behind, of_that = per_symbol(log_p - counts, test, block)
                found["test"].append(value)
                found["train"].append(per_symbol(log_p_of(model, x[:1000]), x[:1000])[0])
                found["behind counting"].append(behind)
                found["standard error"] = max(found["standard error"], error)
                found["of that"] = max(found["of that"], of_that)
            parameters = sum(q.numel() for q in model.parameters())
            rows.append({"model": name, "steps": steps, "parameters": parameters, **found})
            print(by, line(rows[-1]), flush=True)
    return {"best order": best, "rows": rows}


def batch_sizes(budget: int, sizes: tuple[int, ...], seeds: int, size: dict[str, int]) -> Any:
    """The transformer's course with several b, each over ``budget`` sequences."""
    x, valid = load_names("train"), load_names("valid")[:300]
    courses = []
    for b in sizes:
        for seed in range(seeds):
            torch.manual_seed(seed)
            model, steps = Transformer(K, x.shape[1], **size), budget // b
            course, seen, began, away = [], 0, time.perf_counter(), 0.0
            for t, rows in training(model, x, b, steps, seed):
                if t % max(1, steps // 16) == 0 or t == steps:
                    pause = time.perf_counter()
                    value = per_symbol(log_p_of(model, valid), valid)[0]
                    away += time.perf_counter() - pause
                    course.append([t, t * b, seen, time.perf_counter() - began - away, value])
                seen += int(symbols(rows).sum())
            courses.append({"b": b, "seed": seed, "course": course})
            print(b, seed, course[-1], flush=True)
    return courses


def on_digits(seeds: int, most: int) -> Any:
    """MADE of several depths, each with the step size that the validation digits choose."""
    x, valid, test = (load_digits_binary(split) for split in ("train", "valid", "test"))

    def run(depth: str, alpha: float, seed: int) -> tuple[float, Tensor]:
        model = MADE(64, DEPTHS[depth], generator=torch.Generator().manual_seed(seed))
        history = fit(
            model,
            SGD(model.parameters(), alpha),
            x,
            valid,
            batch_size=20,
            epochs=most,
            scale="mean",
            seed=seed,
            patience=5,
            progress=False,
        )
        return max(history.valid), model.log_prob(test).detach().double()

    rows, plain = [], []
    for depth in DEPTHS:
        tried = {alpha: run(depth, alpha, 0)[0] for alpha in RATES}
        alpha = max(tried, key=lambda a: tried[a])
        log_p = [run(depth, alpha, seed)[1] for seed in range(1, seeds + 1)]
        plain = plain or log_p
        gains = [one - other for one, other in zip(log_p, plain, strict=True)]
        rows.append(
            {
                "hidden layers": DEPTHS[depth],
                "alpha": alpha,
                "inside": alpha not in (min(tried), max(tried)),
                "test": [one.mean().item() for one in log_p],
                "gain": [gain.mean().item() for gain in gains],
                "standard error": max((g.std() / len(g) ** 0.5).item() for g in gains),
            }
        )
        print(depth, rows[-1], flush=True)
    return rows


def line(row: dict[str, Any]) -> str:
    """A row of the table of names, as text."""
    test = torch.tensor(row["test"])
    text = f"{row['model']:12}" + (f"{row['steps']:5} steps" if "steps" in row else " " * 11)
    text += f"  {test.mean():.2f} ± {row['standard error']:.2f}"
    if "behind counting" in row:
        behind = torch.tensor(row["behind counting"])
        text += f" ({test.min():.2f} to {test.max():.2f})"
        text += f"  {behind.mean():+.2f} ± {row['of that']:.2f}"
    return text


def summary(names: dict[str, Any], digits: list[dict[str, Any]]) -> list[str]:
    """The tables of names and digits, as text."""
    lines = []
    for by, found in names.items():
        known = f"{found['best order']}-gram"
        lines.append(f"by {by}: nats a symbol ± standard error (seeds), over the {known}")
        lines += [f"  {line(row)}" for row in found["rows"]]
    lines.append("digits: nats an image, more than with one layer (seeds), ± standard error")
    for row in digits:
        test, gain = torch.tensor(row["test"]), torch.tensor(row["gain"])
        text = f"  {'-'.join(map(str, row['hidden layers'])):12} {test.mean():.2f}"
        if gain.any():
            text += f"  {gain.mean():+.2f} ({gain.min():+.2f} to {gain.max():+.2f})"
            text += f" ± {row['standard error']:.2f}"
        lines.append(f"{text}, step size {row['alpha']:.2g}")
    return lines


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    torch.set_num_threads(1)
    size = {"width": 16, "layers": 1, "heads": 2} if smoke else {"width": 64, "layers": 2}
    seeds = 2 if smoke else 3
    budgets, most = ((2, 3), 2) if smoke else ((400, 2000), 5)
    setting = {"b": 32, "budgets": budgets, "seeds": seeds, "rate": RATE, "clipped at": LONGEST}
    splits = ("name", "block")
    with ProcessPoolExecutor(2) as both:
        tables = both.map(on_names, splits, *zip(*[(budgets, seeds, size, most)] * 2, strict=True))
        names = dict(zip(splits, tables, strict=True))
    courses = batch_sizes(64 if smoke else 12_800, (8, 32) if smoke else (8, 32, 128), seeds, size)
    digits = on_digits(2 if smoke else 5, 1 if smoke else 400)
    print(*summary(names, digits), sep="\n")
    if not smoke:
        table = {"names": names, "courses": courses, "digits": digits}
        write_result(__file__, setting, {**table, "summary": summary(names, digits)})


if __name__ == "__main__":
    main()
