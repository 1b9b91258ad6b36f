"""Answers to the exercises of a chapter."""

import math
from fractions import Fraction

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- the weight at the logits


def from_one_entry(z, g, target):
    top = max(z)
    total = sum(math.exp(v - top) for v in z)
    return float(g[target]) / (math.exp(z[target] - top) / total - 1)


def by_backward(z, g, target):
    logits = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    torch.log_softmax(logits, 0)[target].backward()
    d = logits.grad
    return -(torch.as_tensor(g, dtype=torch.float64) @ d) / d.square().sum()


def least_squares(z, g, target):
    p = np.exp(np.asarray(z) - np.logaddexp.reduce(z))
    p[target] -= 1
    return np.linalg.lstsq(p[:, None], g, rcond=None)[0][0]


def in_float32(z, g, target):
    logits = torch.as_tensor(z, dtype=torch.float32)
    d = logits.softmax(0)
    d[target] -= 1
    return torch.as_tensor(g, dtype=torch.float32) @ d / (d @ d)


def sign_of_the_gain(z, g, target):
    p = np.exp(z - np.logaddexp.reduce(z))
    p[target] -= 1
    return -(g * p).sum() / (p**2).sum()


def minus_the_targets(z, g, target):
    return -float(g[target])


def lengths_compared(z, g, target):
    p = np.exp(z - np.logaddexp.reduce(z))
    p[target] -= 1
    return np.linalg.norm(g) / np.linalg.norm(p)


def component_along(z, g, target):
    p = np.exp(z - np.logaddexp.reduce(z))
    p[target] -= 1
    return g @ (p / np.linalg.norm(p))


def plain_softmax(z, g, target):
    p = np.exp(z) / sum(np.exp(z))
    p[target] -= 1
    return (g * p).sum() / (p * p).sum()


def mean_of_quotients(z, g, target):
    p = np.exp(z - np.logaddexp.reduce(z))
    p[target] -= 1
    return np.mean(g / p)


def without_the_target(z, g, target):
    p = np.exp(z - np.logaddexp.reduce(z))
    return g @ p / (p @ p)


def by_the_probability(z, g, target):
    p = np.exp(z - np.logaddexp.reduce(z))
    return -g[target] / p[target]


def half_the_size(z, g, target):
    return abs(g).sum() / 2


def logits_clipped(z, g, target):
    return from_one_entry(np.clip(z, -700, 700), g, target)


# ---- the mean over ranks


def by_the_mean_count(sums, counts):
    return sums / np.mean(counts)


def rank_by_rank(sums, counts):
    R, N = len(counts), int(sum(counts))
    return [[R * float(v) / N for v in row] for row in sums]


def means_times_shares(sums, counts):
    s, n = torch.as_tensor(sums, dtype=torch.float64), torch.as_tensor(counts)
    means = s / n.clamp(min=1)[:, None]
    return means * (len(n) * n / n.sum())[:, None]


def local_means(sums, counts):
    return np.array([row / n for row, n in zip(sums, counts, strict=True)])


def local_means_or_zero(sums, counts):
    return [row / n if n else 0 * row for row, n in zip(sums, counts, strict=True)]


def over_all_terms(sums, counts):
    return np.asarray(sums) / float(np.sum(counts))


def ranks_that_work(sums, counts):
    return np.count_nonzero(counts) / np.sum(counts) * sums


def as_after_the_mean(sums, counts):
    return [sums.sum(0) / counts.sum() for _ in counts]


def the_mean_itself(sums, counts):
    return sums.sum(0) / counts.sum()


def by_the_largest(sums, counts):
    return sums / counts.max()


def ranks_squared(sums, counts):
    return len(counts) ** 2 * sums / counts.sum()


def at_least_one_each(sums, counts):
    return sums / np.maximum(counts, 1).mean()


def sums_alone(sums, counts):
    return sums


def all_on_the_first(sums, counts):
    given = 0.0 * sums
    given[0] = len(counts) * sums.sum(0) / counts.sum()
    return given


# ---- repeated by padding


def as_the_sampler_does(order, R):
    rows = list(order)
    missing = math.ceil(len(rows) / R) * R - len(rows)
    rows += (rows * math.ceil(missing / len(rows)))[:missing]
    return [1 / rows.count(j) for j in range(len(order))] if len(rows) < 500 else _counted(rows)


def _counted(rows):
    seen = {}
    for j in rows:
        seen[int(j)] = seen.get(int(j), 0) + 1
    return [1 / seen[j] for j in range(len(seen))]


def whole_rounds_and_a_rest(order, R):
    m = len(order)
    rounds, rest = divmod(-(-m // R) * R, m)
    seen = np.full(m, rounds)
    seen[order[:rest]] += 1
    return 1.0 / seen


def by_fractions(order, R):
    place = np.argsort(order)  # of each row
    m = len(order)
    total = m + (R - m % R) % R
    return [Fraction(1, int((total - k - 1) // m + 1)) for k in place]


def on_the_device(order, R):
    m = len(order)
    total = math.ceil(m / R) * R
    padded = torch.as_tensor(order).repeat(total // m + 1)[:total]
    return 1 / torch.bincount(padded, minlength=m)


def first_numbers(order, R):
    extra = (R - len(order) % R) % R
    return [0.5 if j < extra else 1.0 for j in range(len(order))]


def placewise(order, R):
    m = len(order)
    total = math.ceil(m / R) * R
    return 1 / np.bincount([k % m for k in range(total)], minlength=m)


def halves(order, R):
    extra = (R - len(order) % R) % R
    twice = set(order[:extra].tolist())
    return [0.5 if j in twice else 1.0 for j in range(len(order))]


def how_often(order, R):
    return [1 / w for w in whole_rounds_and_a_rest(order, R)]


def nothing_done(order, R):
    return [1.0] * len(order)


def in_the_orders_order(order, R):
    return whole_rounds_and_a_rest(order, R)[order]


def last_rows_twice(order, R):
    return whole_rounds_and_a_rest(order[::-1], R)


def repeats_left_out(order, R):
    weights = whole_rounds_and_a_rest(order, R)
    return np.where(weights < 1, 0.0, 1.0)


def normalised(order, R):
    weights = whole_rounds_and_a_rest(order, R)
    return weights / weights.sum()


def one_round_more(order, R):
    m = len(order)
    total = (m // R + 1) * R  # also where R divides m
    return 1 / np.bincount(order[np.arange(total) % m], minlength=m)


def the_rest_dropped(order, R):
    m = len(order)
    return np.isin(np.arange(m), order[: m // R * R]).astype(float)


# ---- the steps of a pass


def step_by_step(sums, sizes, A):
    steps = []
    for k in range(0, len(sums), A):
        steps.append(sums[k : k + A].sum(axis=0) / sizes[k : k + A].sum())
    return steps


def as_a_loop_accumulates(sums, sizes, A):
    steps, gradient, rows = [], 0.0, 0
    for k, (g, n) in enumerate(zip(sums, sizes, strict=True), 1):
        gradient, rows = gradient + g, rows + n
        if k % A == 0 or k == len(sums):
            steps.append(gradient / rows)
            gradient, rows = 0.0, 0
    return np.stack(steps)


def weighted_means(sums, sizes, A):
    g, n = torch.as_tensor(sums, dtype=torch.float64), torch.as_tensor(sizes).double()
    windows = zip((g / n[:, None]).split(A), n.split(A), strict=True)
    return torch.stack([(w / w.sum()) @ means for means, w in windows])


def padded_with_zeros(sums, sizes, A):
    more = -len(sums) % A
    g = np.concatenate([sums, np.zeros((more, sums.shape[1]))]).reshape(-1, A, sums.shape[1])
    n = np.concatenate([sizes, np.zeros(more)]).reshape(-1, A)
    return g.sum(1) / n.sum(1, keepdims=True)


def divided_by_A(sums, sizes, A):
    means = [g / n for g, n in zip(sums, sizes, strict=True)]
    return [sum(means[k : k + A]) / A for k in range(0, len(means), A)]


def mean_in_each_window(sums, sizes, A):
    means = sums / np.reshape(sizes, (-1, 1))
    return [means[k : k + A].mean(0) for k in range(0, len(means), A)]


def full_batch_size(sums, sizes, A):
    return [sums[k : k + A].sum(0) / (A * sizes[0]) for k in range(0, len(sums), A)]


def only_sums(sums, sizes, A):
    return [sums[k : k + A].sum(0) for k in range(0, len(sums), A)]


def full_steps_only(sums, sizes, A):
    full = len(sums) // A * A
    return np.array(step_by_step(sums[:full], sizes, A)).reshape(-1, sums.shape[1])


def largest_size(sums, sizes, A):
    return [sums[k : k + A].sum(0) / (A * sizes.max()) for k in range(0, len(sums), A)]


def rows_of_the_pass(sums, sizes, A):
    steps = step_by_step(sums, sizes, A)
    rows = sizes.sum() / len(steps)
    return [sums[k : k + A].sum(0) / rows for k in range(0, len(sums), A)]


def last_size_for_all(sums, sizes, A):
    return [sums[k : k + A].sum(0) / sizes[k : k + A][-1] for k in range(0, len(sums), A)]


def never_set_to_zero(sums, sizes, A):
    return np.cumsum(step_by_step(sums, sizes, A), axis=0)


def every_other(sums, sizes, A):
    n = -(-len(sums) // A)
    return [sums[k::n].sum(0) / sizes[k::n].sum() for k in range(n)]


def left_overs_joined(sums, sizes, A):
    full = max(len(sums) // A, 1)
    starts = np.arange(full) * A
    rows = np.add.reduceat(sizes, starts)
    return np.add.reduceat(sums, starts) / rows[:, None]


ANSWERS = {
    "weight-at-the-logits": Answers(
        right=(from_one_entry, by_backward, least_squares, in_float32),
        slips={
            "uphill": (sign_of_the_gain,),
            "at_the_target": (minus_the_targets,),
            "never_negative": (lengths_compared,),
            "not_squared": (component_along,),
            "exponentials_first": (plain_softmax,),
        },
        wrong=(
            mean_of_quotients,
            without_the_target,
            by_the_probability,
            half_the_size,
            logits_clipped,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: minus: `np.exp(z - z.max())`",
                    "line 2: plus 1e-3: `z - z.max()`",
                    "line 2: plus 1e-3: `z`",
                    "line 2: round to 1/10: `z.max()`",
                    "line 2: round to 1/1000: `z.max()`",
                    "line 2: whole: `z.max()`",
                    "line 2: plus 1e-3: `z.max()`",
                    "line 2: not below 1e-3: `z.max()`",
                    "line 2: round to 1/10: `z` #2",
                    "line 2: round to 1/1000: `z` #2",
                    "line 2: whole: `z` #2",
                    "line 2: plus 1e-3: `z` #2",
                    "line 2: not below 1e-3: `z` #2",
                ),
                "a factor that all exponentials have cancels",
            ),
            **dict.fromkeys(
                (
                    "line 2: clip 500: `z.max()`",
                    "line 2: clip 500: `z` #2",
                ),
                "beyond 500 as much again is left, whose exponential is neither 0 nor infinite",
            ),
            **dict.fromkeys(
                (
                    "line 2: clip 30: `z - z.max()`",
                    "line 2: clip 500: `z - z.max()`",
                ),
                "what is more than 30 below the largest adds nothing that is seen",
            ),
            **dict.fromkeys(
                (
                    "line 2: sorted: `z` #2",
                    "line 2: unique: `z` #2",
                    "line 3: sorted: `e` #2",
                ),
                "a largest and a sum have no order",
            ),
            **dict.fromkeys(
                (
                    "line 4: plus 1e-3: `d`",
                    "line 4: plus 1e-3: `d` #2",
                    "line 4: plus 1e-3: `d` #3",
                    "line 4: plus 1e-3: `g`",
                ),
                "the entries of d, and of g, add up to 0",
            ),
            "line 3: at least 0: `np.eye(len(z))[target] - e / e.sum()`": "the target's entry is "
            "left, and one is enough",
            "line 4: `g @ d` → `d @ g`": "an inner product has no order",
        },
    ),
    "mean-over-ranks": Answers(
        right=(by_the_mean_count, rank_by_rank, means_times_shares),
        slips={
            "as_given": (local_means,),
            "zero_without_terms": (local_means_or_zero,),
            "ranks_forgotten": (over_all_terms,),
            "ranks_with_terms": (ranks_that_work,),
            "the_whole_on_every_rank": (as_after_the_mean,),
        },
        wrong=(
            the_mean_itself,
            by_the_largest,
            ranks_squared,
            at_least_one_each,
            sums_alone,
            all_on_the_first,
        ),
        equivalent={
            "line 2: sorted: `counts`": "a sum has no order",
            "line 2: squeeze: `counts`": "a sum of one is the same",
        },
    ),
    "repeated-by-padding": Answers(
        right=(as_the_sampler_does, whole_rounds_and_a_rest, by_fractions, on_the_device),
        slips={
            "as_given": (first_numbers,),
            "by_place": (placewise,),
            "at_most_twice": (halves,),
            "times_seen": (how_often,),
            "all_alike": (nothing_done,),
        },
        wrong=(
            in_the_orders_order,
            last_rows_twice,
            repeats_left_out,
            normalised,
            one_round_more,
            the_rest_dropped,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 3: sorted: `order[np.arange(m + -m % R) % m]`",
                    "line 3: sorted: `np.arange(m + -m % R) % m`",
                    "line 4: sorted: `padded`",
                ),
                "a count has no order",
            ),
            "line 3: minus: `m`": "an index below 0 counts from the end: the same place",
        },
    ),
    "steps-of-a-pass": Answers(
        right=(step_by_step, as_a_loop_accumulates, weighted_means, padded_with_zeros),
        slips={
            "as_given": (divided_by_A,),
            "mean_of_means": (mean_in_each_window,),
            "nominal_rows": (full_batch_size,),
            "not_divided": (only_sums,),
            "short_step_lost": (full_steps_only,),
        },
        wrong=(
            largest_size,
            rows_of_the_pass,
            last_size_for_all,
            never_set_to_zero,
            every_other,
            left_overs_joined,
        ),
    ),
}
