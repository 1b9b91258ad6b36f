"""An audit as text, and as a picture."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from mle_lib.audit.case import DENOMINATORS, Finding, wrapped
from mle_lib.audit.record import Backward, Step
from mle_lib.audit.table import Table, effective_batch
from mle_lib.display.figures import Picture, show

MOST_ROWS = 60  # of the picture


def report(table: Table, findings: Sequence[Finding], logged: Mapping[str, list[Backward]]) -> str:
    """The verdict in words."""
    faults = [finding for finding in findings if finding.fault]
    m, N, kappa = table.known.m, int(table.target.gt(0).sum()), table.factor
    lines = [
        f"{table.steps} steps, {m} rows, {N} terms; effective batch = "
        f"{effective_batch(table):.3g} rows."
    ]
    names = {
        1.0: ", that of the sum",
        1 / float(table.target.sum()): ", that of the mean over symbols",
        1 / m: ", that of the mean over rows",
    }
    name = next((text for size, text in names.items() if abs(kappa / size - 1) < 1e-3), "")
    if faults:
        one = "one thing keeps" if len(faults) == 1 else f"{len(faults)} things keep"
        lines.append(f"It does not estimate the gradient of the target: {one} it from that.")
    elif any(finding.fault is None for finding in findings):
        lines.append("Whether it estimates the gradient of the target cannot be told.")
    else:
        lines.append("Nothing was found that keeps it from estimating the gradient of the target.")
    lines.append(
        f"The common factor is {kappa:.4g}{name}: with SGD, a step size α is one of {kappa:.4g} α."
    )
    told = [*map(str, findings)]
    for label, parts in logged.items():
        told.append(wrapped(f"logged {label!r}: {_logged(table, parts)}"))
    return "\n".join([*map(wrapped, lines), *told])


def _logged(seen: Table, told: list[Backward]) -> str:
    """What a logged value averages."""
    one = torch.ones(1, dtype=torch.float64)
    steps = [Step([part], one, 0.0, float("nan"), True, [True]) for part in told]
    table = Table(seen.known, steps, seen.target)
    if not table.same(table.step, table.steps):
        return "a weighted sum, whose terms do not weigh the same."
    total = table.of_steps(table.weight)
    for name, count in DENOMINATORS.items():
        if bool(
            (
                (total / table.symbols * count(table.rows, table.places, table.symbols) - 1).abs()
                < 1e-3
            ).all()
        ):
            return f"Σ −log p of the batch divided by {name}."
    low, high = float(total.min()), float(total.max())
    return f"Σ −log p of the batch, whose weights add up to {low:.4g} to {high:.4g}."


def picture(relative: Tensor, length: Tensor) -> Picture:
    """Mean weight over the fair one by colour: rows, longest on top, and places."""
    rows = relative[length.argsort(stable=True)]
    bands = torch.tensor_split(rows, min(MOST_ROWS, len(rows)))
    mean = torch.stack([band.nanmean(0) for band in bands])
    reach = max(0.1, float((mean[~mean.isnan()] - 1).abs().max()))
    figure, axis = plt.subplots(figsize=(6, 3))
    image = axis.imshow(
        mean.numpy(), origin="lower", aspect="auto", cmap="RdBu_r", vmin=1 - reach, vmax=1 + reach
    )
    axis.set(xlabel="place", ylabel="rows, by length", yticks=[])
    figure.colorbar(image, label="mean weight (1 is fair)")
    low, high = float(mean[~mean.isnan()].min()), float(mean[~mean.isnan()].max())
    return show(
        figure,
        f"Mean weights of terms, {low:.2f} to {high:.2f} of the fair one, over "
        f"places and over rows from the shortest ({int(length.min())} terms) to "
        f"the longest ({int(length.max())}).",
    )
