"""What a training step of the transformer costs, and what the gradients of its single samples do.

Names of characters, batches of 32, AdamW, one thread, float32. Three things are timed in turn on
the same batches, and the ratios of their medians are written.

- ``train_step`` with `models.Transformer`, checks and all.
- The shortest loop over the same model, its attention by ``scaled_dot_product_attention`` and its
  loss by ``cross_entropy``, without a check.
- ``per_sample_gradients`` of a batch, whose memory is one number for each sample and parameter.

    python benchmarks/transformer.py           # prints the table, writes its result
    python benchmarks/transformer.py --smoke   # the same at tiny sizes, writes nothing
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from writing import smoke_is_asked_for, write_result

from mle_lib.data import load_names
from mle_lib.gradient import per_sample_gradients
from mle_lib.models import Transformer
from mle_lib.models.transformer import Attention
from mle_lib.training import train_step

UNITS = "step_ms in milliseconds, ratios to the shortest loop, megabytes of 1e6 bytes"


def fused(self: Attention, h: Tensor, past: None = None) -> tuple[Tensor, None]:
    """The same attention, by torch's own function."""
    q = self._heads(F.linear(h, self.query, self.query_bias))
    k = self._heads(F.linear(h, self.key))
    v = self._heads(F.linear(h, self.value, self.value_bias))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return F.linear(y.transpose(1, 2).flatten(2), self.output, self.output_bias), None


class Fused(Transformer):
    """A transformer whose attention is torch's."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        for block in self.blocks:
            block.attention.forward = fused.__get__(block.attention)  # type: ignore[union-attr]


def short_step(model: Transformer, optimizer: torch.optim.Optimizer, rows: Tensor, m: int) -> float:
    """One update on rows that are cut to their longest, with 0 for padding."""
    z = model.logits(rows)
    ended = (rows == 0).cumsum(1) - (rows == 0).long()
    targets = rows.masked_fill(ended > 0, -100)
    loss = F.cross_entropy(z.flatten(0, 1), targets.flatten(), ignore_index=-100, reduction="sum")
    loss = m / len(rows) * loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def timed(times: list[float], call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call returns; the seconds that it took are added to ``times``."""
    start = time.perf_counter()
    value = call(*arguments)
    times.append(time.perf_counter() - start)
    return value


def measure(width: int, layers: int, heads: int, b: int, rounds: int) -> dict[str, float]:
    torch.set_num_threads(1)
    x = load_names("train")
    m, n = x.shape
    size = {"width": width, "layers": layers, "heads": heads}
    ours = Transformer(39, n, **size, generator=torch.Generator().manual_seed(0))
    short = Fused(39, n, **size, generator=torch.Generator().manual_seed(0))
    first, second = (torch.optim.AdamW(part.parameters(), 3e-3) for part in (ours, short))
    generator = torch.Generator().manual_seed(1)
    times: dict[str, list[float]] = {"ours": [], "short": [], "single": []}
    gap = 0.0
    for _ in range(rounds):
        rows = x[torch.randint(m, (b,), generator=generator)]
        cut = ours.prepare(rows)
        loss = timed(times["ours"], train_step, ours, first, rows, m)
        other = timed(times["short"], short_step, short, second, cut, m)
        timed(times["single"], per_sample_gradients, ours, cut)
        gap = max(gap, abs(loss / other - 1))
    half = {name: statistics.median(values[len(values) // 10 :]) for name, values in times.items()}
    parameters = sum(q.numel() for q in ours.parameters())
    return {
        "parameters": parameters,
        "step_ms": 1000 * half["ours"],
        "step_ratio": half["ours"] / half["short"],
        "single_ratio": half["single"] / half["short"],
        "single_megabytes": 4 * b * parameters / 1e6,
        "largest_relative_gap_of_the_losses": gap,
    }


def main() -> None:
    smoke = smoke_is_asked_for(__doc__)
    setting = {"width": 64, "layers": 2, "heads": 4, "b": 32, "rounds": 200, "threads": 1}
    if smoke:
        setting |= {"width": 8, "layers": 1, "heads": 2, "b": 4, "rounds": 3}
    found = measure(**{key: setting[key] for key in setting if key != "threads"})
    for name, value in found.items():
        print(f"{name:36} {value:.4g}")
    if not smoke:
        write_result(__file__, setting, {"measured": found, "unit": UNITS})


if __name__ == "__main__":
    main()
