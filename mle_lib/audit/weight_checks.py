"""What is found at the weights: within a step, across steps, by rows, and on average."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mle_lib.audit.case import (
    CONSTANT,
    DENOMINATORS,
    ROWS,
    SYMBOLS,
    Case,
    Finding,
    denominator,
    mean_of,
    percent,
    span,
    spread_within,
)
from mle_lib.audit.table import FALSE_ALARM, Table

SMALL = 0.05  # a mean weight so near to 1 is told, and is no fault
MOST_SYMBOLS = 200  # that are compared one by one
MOST_FEW = 10  # steps


def within_a_step(case: Case) -> Iterator[Finding]:
    """Have all terms of one step the weight that they should?"""
    table = case.table
    if table.unwanted:
        text = f"{table.unwanted} terms have a weight that should have none, by the target."
        yield Finding("terms", text, True)
    if case.even or not len(table.step_of_part):
        return
    if case.even_in_parts:
        parts = [part for step in case.recorder.steps for part in step.parts]
        first = table.step_of_part
        counted = [(part.rows, part.places, int((part.weight != 0).sum())) for part in parts]
        rows, places, symbols = torch.tensor(counted).double().T
        r = table.relative.nan_to_num()
        fair = table.of_parts((r != 0).double()).clamp(min=1)
        rate = table.of_parts(r) / fair
        across = spread_within(rate, first, table.steps)
        why = ""
        for name, count in DENOMINATORS.items():
            d = count(rows, places, symbols)
            if spread_within(rate * d, first, table.steps) < case.table.rounding:
                why = f": each is divided by {name}, and then all count the same (a mean of means)"
                break
        yield Finding(
            "micro-batches",
            f"The parts of one step do not weigh the same (a term of one up to {percent(across)} "
            f"less than a term of another){why}.",
            case.balanced,
            by_chance=not why and table.steps >= MOST_FEW,
        )
        return
    known, step = table.known, table.step
    length, place, symbol = (
        values[table.term] for values in (known.length[known.row], known.place, known.target.long())
    )
    reach, kinds = int(place.max()) + 1, int(symbol.max()) + 1
    raw = Table(known, case.recorder.steps, (table.target > 0).double())
    if table.same(step, table.steps, length):
        text = (
            "A term weighs one over the length of its row: a mean over rows of means over symbols, "
            'which is the target "sequences"'
        )
    elif raw.same(raw.step, raw.steps):
        text = 'All terms of a step weigh the same, which is the target "symbols"'
    elif table.same(step * reach + place, table.steps * reach):
        text = "A term's weight depends on its place in the row"
    elif int(symbol.min()) >= 0 and table.same(step * kinds + symbol, table.steps * kinds):
        r = table.relative.nan_to_num()
        mean = mean_of(r, symbol, kinds) / r.mean()
        mean[torch.bincount(symbol, minlength=kinds) == 0] = 1
        k = int((mean - 1).abs().argmax())
        text = (
            f"A term's weight depends on its symbol (symbol {k}: {float(mean[k]):.3g} of the mean)"
        )
    else:
        r = table.relative[~table.relative.isnan()]
        low, high = float((r / r.mean()).min()), float((r / r.mean()).max())
        text = f"Terms of one step weigh between {low:.3g} and {high:.3g} of their mean"
    yield Finding("terms", text + ".", case.balanced, by_chance=table.steps >= MOST_FEW)


def across_steps(case: Case) -> Iterator[Finding]:
    """What does a step divide by, and is a short one as long as the others?"""
    table = case.table
    if not table.steps:
        return
    total = table.of_steps(table.weight)
    short = table.short
    fewer = table.passes < table.passes.max()
    if bool(short.any()):
        full_size, short_size = total[~short].mean(), total[short].mean()
        full, few = table.rows[~short].mean(), table.rows[short].mean()
        expected = full_size * few / full
        if abs(short_size - expected) < 0.5 * abs(full_size - expected) and full > few:
            yield Finding(
                "short step",
                f"{int(short.sum())} of {table.steps} steps have {few:.3g} rows where the others "
                f"have {full:.3g}, and their gradient is {float(short_size / full_size):.2f} as "
                "long: they are divided by the usual number, not by their own.",
                bool(fewer[short].any()),  # a sum of fewer terms is meant to be shorter
            )
    if case.even:
        which, when = denominator(table), ""
        if not which:  # then it was clipped
            which, when = denominator(case.as_told), ", before it is clipped"
        if which == CONSTANT and when:
            return  # a division may be in what it was multiplied by, too
        if which == CONSTANT:
            yield Finding(
                "constant",
                "Every term of every step weighs the same: the denominator is fixed. Nothing is "
                "biased by it; how long a step is varies with the symbols in it.",
                False,
            )
        elif which == ROWS:
            text = f"Each step is divided by {ROWS}{when}: a mean over rows."
            yield Finding("own rows", text, False)
        elif which:
            spread = float(table.symbols.std() / table.symbols.mean()) if table.steps > 1 else 0.0
            yield Finding(
                "ratio",
                f"Each step is divided by {which}{when}; this varies from step to step by "
                f"{percent(spread)}: a ratio estimator, biased against long rows by the order of "
                "1/b.",
                which not in (SYMBOLS, ROWS),
            )


def rows_seen(case: Case) -> Iterator[Finding]:
    """Is every row seen as often as every other; and if not, do weights make up for it?"""
    table, known = case.table, case.table.known
    first = known.like == torch.arange(known.m)
    seen = table.seen[first]
    mean, never = float(seen.mean()), int((seen == 0).sum())
    if float(seen.min()) == float(seen.max()):
        return
    lengths = known.length[first][seen == 0]
    which = f"{never} never" + (f", of {span(lengths)} terms" if never else "")
    counts = (
        f"{float(seen.min()):.3g} to {float(seen.max()):.3g} times, {mean:.3g} on average ({which})"
    )
    if case.balanced:
        few = int((seen > 1.5 * mean).sum())
        if never or few:
            text = f"Rows were seen {counts}. Whether that is chance only more passes can tell."
            yield Finding("counts unclear", text, False)
    else:
        yield Finding("counts", f"Rows are not seen equally often: {counts}.", False)


def mean_weights(case: Case) -> Iterator[Finding]:
    """Have groups of terms the mean weight that they should? All groups are tested at once."""
    table = case.table
    if table.steps < MOST_FEW:
        if not case.even or len(set(table.rows.tolist())) > 1:
            text = (
                f"{table.steps} steps are too few to tell a mean weight from chance; go through "
                "the data more often."
            )
            yield Finding("few steps", text, False)
        return
    labels = {**_labels(table), **case.groups}
    tests = [
        (name, *table.groups(label, int(label.max()) + 1, case.balanced))
        for name, label in labels.items()
    ]
    if not case.balanced:  # rows by how often they are seen in one half of the steps, in the other
        labels["seen"] = _by_count(table)
        tests.append(("seen", *table.groups(labels["seen"], 3, False, odd=True)))
    tail = _normal(FALSE_ALARM / (2 * sum(len(mean) for _, mean, _, _ in tests)))
    for name, mean, error, blocks in tests:
        off = (mean - 1).abs()
        limit = _student(tail, max(1, blocks - 1))
        far = (off > limit * error + max(1e-6, table.rounding)) & ~mean.isnan()
        if bool(far.any()):
            k = int((off * far).nan_to_num().argmax())
            # of a ratio, what rows of a length weigh is its bias
            ratio = case.even and case.balanced and name in ("length", "place")
            yield Finding(
                f"mean weight: {name}",
                f"{_name(table, name, k, labels[name])} weigh {float(mean[k]):.3f} ± "
                f"{float(error[k]):.3f} of the mean weight"
                + (", which is the bias of the ratio." if ratio else "."),
                not ratio and abs(float(mean[k]) - 1) > SMALL,
                float(mean[k]) - 1,
            )
    if case.balanced and not case.even:  # else rows of one step do not differ
        k, mean_of_row, chance = table.rows_apart()
        if chance < FALSE_ALARM:
            yield Finding(
                "mean weight: row",
                f"The terms of row {k} weigh {mean_of_row:.3f} of the mean weight: by chance "
                f"any row is so far less than once in {1 / FALSE_ALARM:.0f}.",
                abs(mean_of_row - 1) > SMALL,
                mean_of_row - 1,
            )


def _by_count(table: Table) -> Tensor:
    """Of each term: whether its row is seen seldom, as usual, or often, in the even blocks."""
    known = table.known
    even = table.block[table.step] % 2 == 0
    pairs = torch.stack([table.step[even], known.row[table.term[even]]]).unique(dim=1)
    seen = torch.bincount(pairs[1], minlength=known.m).double()
    return (1 + (seen > 1.25 * seen.mean()).long() - (seen < 0.75 * seen.mean()).long())[known.row]


def _labels(table: Table) -> dict[str, Tensor]:
    """Groups of terms: by the length of their row, by place, by where the row stands in data."""
    known = table.known
    found = {}
    length = known.length[known.row].double()
    if int(known.length.min()) != int(known.length.max()):
        edges = known.length.double().quantile(torch.tensor([0.1, 0.5, 0.9]).double())
        found["length"] = torch.bucketize(length, edges)
    if int(known.length.max()) > 1:
        edges = known.length.double().mean() * torch.tensor([0.25, 0.5, 0.75, 1.0]).double()
        found["place"] = torch.bucketize(known.place.double(), edges)
    symbols = known.target.long()
    if not known.binary and 1 < int(symbols.max()) < MOST_SYMBOLS and int(symbols.min()) >= 0:
        found["symbol"] = symbols
    found["order"] = (known.row * min(10, known.m)) // known.m
    return found


def _name(table: Table, name: str, k: int, label: Tensor) -> str:
    rows = table.known.row[label == k]
    if name == "length":
        return f"Terms of rows with {span(table.known.length[rows])} symbols"
    if name == "place":
        return f"Terms at places {span(table.known.place[label == k])}"
    if name == "seen":
        return (
            "Rows that are seen seldom",
            "Rows that are seen as usual",
            "Rows that are seen often",
        )[k]
    if name == "order":
        return f"Rows {span(rows)} of data"
    return f"Terms of {name} {k}"


def _normal(tail: float) -> float:
    """The z that a standard normal number exceeds with this probability."""
    return -float(torch.special.ndtri(torch.tensor(tail, dtype=torch.float64)))


def _student(z: float, df: int) -> float:
    """Student's quantile from the normal one: the first terms of Hill's expansion."""
    a = (z**3 + z) / 4
    b = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    c = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + a / df + b / df**2 + c / df**3
