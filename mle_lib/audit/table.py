"""The weights w_ji of every step, in one table, and what they are on average."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mle_lib.audit.record import Step
from mle_lib.audit.rows import Rows

LEAST_BLOCKS = 10
EXCHANGES = 1999
ROUNDING = 1e-9  # of the factors, relative
FALSE_ALARM = 1e-3  # of all tests of one kind together, if the weights are what they should be


class Table:
    """The weights of all steps: entry k says that step ``step[k]`` has term ``term[k]`` with
    ``weight[k]``, in its part ``part[k]`` (a backward pass).

    Attributes:
        steps: S, how many.
        target: What E[w] should be, but for a common factor, of each term, ``(N,)``. Of terms that
            are alike the first has the sum.
        fair: What w of an entry should be on average, but for the factor, ``(N,)``.
        rows, places, symbols, passes: Of each step: rows; places, padding included; terms
            with a weight; backward passes, ``(S,)``.
        short: Which steps have fewer rows than the others, ``(S,)``.
    """

    def __init__(
        self, known: Rows, steps: Sequence[Step], target: Tensor, summed: bool = False
    ) -> None:
        self.known, self.steps, self.target = known, len(steps), target
        self.times = torch.bincount(known.alike, minlength=len(known)).clamp(min=1)
        self.fair = target if summed else target / self.times
        parts = [
            (s, k, part, float(c))
            for s, step in enumerate(steps)
            for k, (part, c) in enumerate(zip(step.parts, step.factors, strict=True))
            if c != 0
        ]
        counts = torch.tensor([len(part.term) for _, _, part, _ in parts], dtype=torch.int64)
        none = torch.zeros(0, dtype=torch.int64)
        self.step = torch.tensor([s for s, *_ in parts], dtype=torch.int64).repeat_interleave(
            counts
        )
        self.part = torch.arange(len(parts)).repeat_interleave(counts)
        self.term = torch.cat([none, *(part.term for _, _, part, _ in parts)])
        self.weight = torch.cat([none.double(), *(c * part.weight for _, _, part, c in parts)])
        self.moved = torch.cat([none.double(), *(part.moved for _, _, part, _ in parts)])
        self.error = torch.cat(
            [
                none.double(),
                *(
                    (c * part.error).abs() + ROUNDING * (c * part.weight).abs()
                    for _, _, part, c in parts
                ),
            ]
        )
        self.step_of_part = torch.tensor([s for s, *_ in parts], dtype=torch.int64)
        self.rows, self.places, self.symbols, self.passes = (
            torch.zeros(self.steps, dtype=torch.float64) for _ in range(4)
        )
        for s, _, part, _ in parts:
            self.rows[s] += part.rows
            self.places[s] += part.places
            self.symbols[s] += int((part.weight != 0).sum())
            self.passes[s] += part.passes

    # ---- on average

    @property
    def mean(self) -> Tensor:
        """E[w] of each term, over the steps, ``(N,)``."""
        total = torch.zeros(len(self.known), dtype=torch.float64)
        return total.index_add(0, self.term, self.weight) / max(1, self.steps)

    @property
    def factor(self) -> float:
        """κ, the common factor: Σ E[w] over Σ target."""
        return float(self.mean.sum() / self.target.sum())

    @property
    def relative(self) -> Tensor:
        """w over its fair weight and κ, of every entry; NaN where the target is 0."""
        fair = self.fair[self.term]
        return self.weight / (self.factor * fair).where(fair != 0, torch.nan)

    @property
    def seen(self) -> Tensor:
        """How often each row was in a step, ``(m,)``; of rows that are equal, the first has their
        mean, the others 0."""
        counts = torch.bincount(self.term, minlength=len(self.known))
        most = torch.zeros(self.known.m, dtype=torch.int64)
        most = most.scatter_reduce(0, self.known.row, counts, "amax")
        return most / torch.bincount(self.known.like, minlength=self.known.m).clamp(min=1)

    def of_steps(self, values: Tensor) -> Tensor:
        """Sums over each step, ``(S,)``."""
        return torch.zeros(self.steps, dtype=torch.float64).index_add(0, self.step, values)

    def of_parts(self, values: Tensor) -> Tensor:
        """Sums over each backward pass."""
        count = len(self.step_of_part)
        return torch.zeros(count, dtype=torch.float64).index_add(0, self.part, values)

    @property
    def unwanted(self) -> int:
        """How many terms have a weight and should have none."""
        there = (self.weight.abs() > self.error) & (self.fair[self.term] == 0)
        return len(self.term[there].unique())

    def same(self, label: Tensor, count: int, times: Tensor | None = None) -> bool:
        """Whether ``relative``, or its product with ``times``, is the same at all entries of a
        label, as far as it is known."""
        r, label = self.relative, label[~self.relative.isnan()]
        use = ~r.isnan()
        error = (r * self.error / self.weight.abs().clamp(min=1e-300)).abs()[use]
        r = r[use]
        if times is not None:
            r, error = r * times[use], error * times[use]
        top = torch.full((count,), -torch.inf).double().scatter_reduce(0, label, r - error, "amax")
        low = torch.full((count,), torch.inf).double().scatter_reduce(0, label, r + error, "amin")
        return bool((top <= low).all())

    @property
    def rounding(self) -> float:
        """To how much sums of weights are known, relative."""
        return max(ROUNDING, float(self.error.sum() / self.weight.abs().sum().clamp(min=1e-300)))

    @property
    def short(self) -> Tensor:
        """Steps with fewer rows than most: none unless most have the largest number."""
        largest = self.rows == self.rows.max() if self.steps else self.rows.bool()
        return ~largest if int(largest.sum()) * 2 > self.steps else torch.zeros_like(largest)

    @property
    def block(self) -> Tensor:
        """Which steps go together, ``(S,)``: those of a pass, if ten passes or more were made, for
        a shuffle's steps depend on each other and its passes do not; else each by itself."""
        steps = torch.arange(self.steps)
        length = max(1, round(self.known.m / max(1.0, float(self.rows.mean()))))
        return steps // length if self.steps // length >= LEAST_BLOCKS else steps

    def groups(
        self, label: Tensor, count: int, given: bool, odd: bool = False
    ) -> tuple[Tensor, Tensor, int]:
        """The mean weight of the terms with each label over the mean of all, 1 if it is fair; its
        standard error; and of how many blocks of steps, which are taken to be independent.

        Args:
            label: Of each term, ``(N,)``, from 0 to count − 1.
            given: Whether the mean is over the terms that were in a step, given that they were;
                else it is E[w], which counts how often they were.
            odd: Whether to look at every second block alone.
        """
        use = ~self.relative.isnan()
        block = self.block
        blocks = int(block[-1]) + 1
        g, s = label[self.term[use]], block[self.step[use]]
        sums, sizes = torch.zeros(2, blocks, count, dtype=torch.float64)
        if given:
            sums.index_put_((s, g), self.relative[use], accumulate=True)
            sizes.index_put_((s, g), torch.ones(len(g)).double(), accumulate=True)
        else:
            sums.index_put_((s, g), self.weight[use], accumulate=True)
            size = torch.zeros(count, dtype=torch.float64).index_add(0, label, self.target)
            sizes += torch.bincount(block)[:, None] * size
        if odd:
            sums, sizes = sums[1::2], sizes[1::2]
        all_mean = sums.sum() / sizes.sum()
        mean = sums.sum(0) / sizes.sum(0)
        error = (sums - mean * sizes) / sizes.sum(0)
        error = error - ((sums.sum(1) - all_mean * sizes.sum(1)) / sizes.sum())[:, None]
        used = len(sums)
        scale = (used / max(1, used - 1)) ** 0.5 / all_mean.abs()
        return mean / all_mean, error.norm(dim=0) * scale, used

    def rows_apart(self, seed: int = 0) -> tuple[int, float, float]:
        """The row whose mean weight, given that it is in a step, is farthest from that of all, in
        standard errors; that mean; and the share of random exchanges of weights between rows in
        which some row is as far."""
        use = ~self.relative.isnan()
        pair = self.step[use] * self.known.m + self.known.row[self.term[use]]
        pair, index = pair.unique(return_inverse=True)
        count = torch.bincount(index)
        value = torch.zeros(len(pair), dtype=torch.float64)
        value = value.index_add(0, index, self.relative[use]) / count
        row, value = pair % self.known.m, value / value.mean()
        times = torch.bincount(row, minlength=self.known.m).clamp(min=1)

        def far(values: Tensor) -> Tensor:
            sums = torch.zeros(self.known.m, dtype=torch.float64).index_add(0, row, values - 1)
            return sums / times.double().sqrt()

        seen = far(value)
        k = int(seen.abs().argmax())
        generator = torch.Generator().manual_seed(seed)
        top = float(seen.abs().max()) * (1 - 1e-9)
        as_far = sum(
            float(far(value[torch.randperm(len(value), generator=generator)]).abs().max()) >= top
            for _ in range(EXCHANGES)
        )
        return k, 1 + float(seen[k] / times[k].double().sqrt()), (1 + as_far) / (1 + EXCHANGES)

    def dense(self, values: Tensor | None = None) -> Tensor:
        """Values of terms, or E[w], as ``(m, longest)``; NaN where there is no term. Terms that are
        alike have a share each."""
        values = self.mean if values is None else values
        known = self.known
        shape = (known.m, int(known.length.max()))
        full = torch.full(shape, torch.nan, dtype=torch.float64)
        full[known.row, known.place] = (values / self.times)[known.alike]
        return full

    def of_step(self, step: int) -> Tensor:
        """w of each term in one step, ``(N,)``."""
        here = self.step == step
        total = torch.zeros(len(self.known), dtype=torch.float64)
        return total.index_add(0, self.term[here], self.weight[here])

    def sums(self, each: Tensor) -> Tensor:
        """Σ w (value) of every step, ``(S, p)``, for values of the terms, ``(N, p)``."""
        found = []
        for steps in torch.arange(self.steps).split(
            256
        ):  # at a time, for w is not kept as a matrix
            first, here = int(steps[0]), (self.step >= steps[0]) & (self.step <= steps[-1])
            w = torch.zeros(len(steps), len(self.known), dtype=torch.float64)
            w.index_put_((self.step[here] - first, self.term[here]), self.weight[here], True)
            found.append(w @ each)
        return torch.cat(found)

    def by_row(self) -> Tensor:
        """Σ_i w_ji of every step and row, ``(S, m)``."""
        full = torch.zeros(self.steps, self.known.m, dtype=torch.float64)
        full.index_put_((self.step, self.known.row[self.term]), self.weight, accumulate=True)
        return full


def target_weights(known: Rows, target: "str | Tensor | Sequence[Tensor]") -> Tensor:
    """What E[w] should be, but for a common factor, ``(N,)``: 1 for ``"symbols"``, one over the
    length of the row for ``"sequences"``; or weights of rows ``(m,)`` or of terms ``(m, longest)``.

    Raises:
        ValueError: If it is none of these, or holds a negative number, or nothing but 0.
    """
    if isinstance(target, str):
        kinds = {"symbols": torch.ones(known.m), "sequences": 1 / known.length.double()}
        if target not in kinds:
            raise ValueError(f"target must be symbols, sequences or weights, got {target!r}")
        each = kinds[target].double()[known.row]
    else:
        rows = target if isinstance(target, Tensor) else list(target)
        if len(rows) != known.m:
            raise ValueError(
                f"target must have a weight or a row of them for each of the {known.m} "
                f"rows of data, got {len(rows)}"
            )
        if isinstance(rows, Tensor) and rows.ndim == 1:
            each = rows.detach().cpu().double()[known.row]
        else:
            short = [j for j in range(known.m) if len(rows[j]) < int(known.length[j])]
            if short:
                raise ValueError(
                    f"target must have a weight for each term, got "
                    f"{len(rows[short[0]])} for the {int(known.length[short[0]])} of "
                    f"row {short[0]}"
                )
            each = torch.cat(
                [
                    torch.as_tensor(row).detach().cpu().double()[:n]
                    for row, n in zip(rows, known.length.tolist(), strict=True)
                ]
            )
    if not bool(each.isfinite().all()) or bool((each < 0).any()) or not bool(each.any()):
        raise ValueError("target must hold finite numbers from 0 on, and not only 0")
    # of terms that are alike the first has the sum
    return torch.zeros(len(known), dtype=torch.float64).index_add(0, known.alike, each)


def effective_batch(table: Table) -> float:
    """(Σ_j w_j)² / Σ_j w_j², of rows' weights; the mean over steps."""
    w = table.by_row()
    return float((w.sum(1).square() / w.square().sum(1).clamp(min=1e-300)).mean())
