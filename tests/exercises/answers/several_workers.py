"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- fixed shards


def by_shard_with_torch(gradients, shard, b):
    g, of = torch.as_tensor(gradients, dtype=torch.float64), torch.as_tensor(shard)
    total = torch.zeros(g.shape[1], dtype=torch.float64)
    for r, drawn in enumerate(b.tolist()):
        own = g[of == r]
        m = len(own)
        if m > drawn:
            total += m * (m - drawn) / drawn * own.var(0)
    return total


def by_scatter(gradients, shard, b):
    m = np.bincount(shard)
    means = np.stack([np.bincount(shard, column) for column in gradients.T], 1) / m[:, None]
    away = (gradients - means[shard]) ** 2
    scatter = np.stack([np.bincount(shard, column) for column in away.T], 1)
    factor = m * (m - b) / b / np.maximum(m - 1, 1)
    return factor @ scatter


def row_by_row(gradients, shard, b):
    total = 0.0
    for r, drawn in enumerate(b):
        rows = [g for g, s in zip(gradients, shard, strict=True) if s == r]
        mean = sum(rows) / len(rows)
        squares = sum((g - mean) ** 2 for g in rows)
        k = len(rows)
        total = total + (k * squares * (k - drawn) / (drawn * (k - 1)) if k > 1 else 0 * mean)
    return total


def of_all_rows(gradients, shard, b):
    m, drawn = len(gradients), int(sum(b))
    return m * (m - drawn) / drawn * np.var(gradients, axis=0, ddof=1)


def drawn_again(gradients, shard, b):
    total = 0
    for r in range(len(b)):
        g = gradients[shard == r]
        total = total + len(g) ** 2 / b[r] * g.var(0)
    return total


def of_the_mean_gradient(gradients, shard, b):
    return row_by_row(gradients, shard, b) / len(gradients) / len(gradients)


def times_m_over_b(gradients, shard, b):
    factor = len(gradients) / b.sum()
    total = 0
    for r, drawn in enumerate(b):
        g = gradients[shard == r]
        m = len(g)
        total = total + factor**2 * drawn * (m - drawn) / max(m - 1, 1) * g.var(0)
    return total


def squares_of_sums(gradients, shard, b):
    total = 0
    for r, drawn in enumerate(b):
        g = gradients[shard == r]
        m = len(g)
        total = total + (m * (m - drawn) / drawn * m / max(m - 1, 1) * g.var(0)) ** 0.5
    return total**2


def sample_variance(gradients, shard, b):
    total = np.zeros(gradients.shape[1])
    for r in range(len(b)):
        g = gradients[shard == r]
        m = len(g)
        if m > 1:
            total += m**2 * g.var(0, ddof=1) / b[r] * (m - b[r]) / (m - 1)
    return total


def mean_of_shards(gradients, shard, b):
    return row_by_row(gradients, shard, b) / len(b)


def between_shards_too(gradients, shard, b):
    m = np.bincount(shard)
    means = np.stack([gradients[shard == r].mean(0) for r in range(len(b))])
    between = m @ (means - gradients.mean(0)) ** 2 / len(gradients)
    return row_by_row(gradients, shard, b) + between


def summed_over_coordinates(gradients, shard, b):
    return np.full(gradients.shape[1], np.sum(row_by_row(gradients, shard, b)))


# ---- rounding by chance


def one_by_one(x, spacing, u):
    found = []
    for value, number in zip(x, u, strict=True):
        low = math.floor(value / spacing)
        found.append(spacing * (low + 1 if number < value / spacing - low else low))
    return found


def with_where(x, spacing, u):
    low = spacing * np.floor(x / spacing)
    return np.where(u * spacing < x - low, low + spacing, low)


def by_remainders(x, spacing, u):
    rest = torch.remainder(torch.as_tensor(x, dtype=torch.float64), spacing)
    up = torch.as_tensor(u) * spacing < rest
    return torch.as_tensor(x) - rest + spacing * up


def ceil_from_above(x, spacing, u):
    low = np.floor(x / spacing)
    share = x / spacing - low
    return spacing * np.where(u < share, np.ceil(x / spacing), low)


def nearest(x, spacing, u):
    return np.rint(np.asarray(x) / spacing) * spacing


def up_if_above(x, spacing, u):
    low = np.floor(x / spacing)
    share = x / spacing - low
    return spacing * np.where(u > share, low + 1, low)


def heads_or_tails(x, spacing, u):
    return spacing * np.where(u < 0.5, np.ceil(x / spacing), np.floor(x / spacing))


def cut_off(x, spacing, u):
    low = (x / spacing).astype(int)
    return spacing * np.where(u < x / spacing - low, low + 1, low)


def number_added(x, spacing, u):
    return np.floor((x + u * spacing) / spacing) * spacing


def always_down(x, spacing, u):
    return spacing * np.floor(x / spacing)


def always_up(x, spacing, u):
    return spacing * np.ceil(x / spacing)


def in_units(x, spacing, u):
    return one_by_one(np.asarray(x) / spacing, 1.0, u)


def share_not_divided(x, spacing, u):
    low = spacing * np.floor(x / spacing)
    return np.where(u < x - low, low + spacing, low)


def magnitudes(x, spacing, u):
    return np.sign(x) * with_where(abs(x), spacing, u)


def coordinates_alike(x, spacing, u):
    return with_where(x, spacing, u[0])


# ---- a step with a scale


def with_torch(theta, scaled, S, alpha, c):
    q = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    q.grad = torch.as_tensor(scaled, dtype=torch.float64) / S
    if q.grad.isfinite().all():
        q.grad *= (c / q.grad.norm().clamp(min=1e-300)).clamp(max=1)
        torch.optim.SGD([q], lr=alpha).step()
    return q.detach()


def threshold_with_the_scale(theta, scaled, S, alpha, c):
    if not np.all(np.isfinite(scaled)):
        return theta.copy()
    norm = np.linalg.norm(scaled)
    factor = min(1.0, c * S / norm) if norm else 1.0
    return theta - alpha * factor / S * scaled


def in_plain_python(theta, scaled, S, alpha, c):
    g = [float(v) / S for v in scaled]
    norm = math.sqrt(sum(v * v for v in g))
    if not math.isfinite(norm):
        return list(theta)
    factor = c / norm if norm > c else 1.0
    return [t - alpha * factor * v for t, v in zip(theta, g, strict=True)]


def as_it_stood(theta, scaled, S, alpha, c):
    return theta - alpha / S * c / np.maximum(np.linalg.norm(scaled), c) * scaled


def left_out_and_clipped_first(theta, scaled, S, alpha, c):
    norm = np.linalg.norm(scaled)
    if not np.isfinite(norm):
        return theta
    return theta - alpha / S * c / max(norm, c) * scaled


def divided_first(theta, scaled, S, alpha, c):
    g = scaled / S
    return theta - alpha * g * (c / max(np.linalg.norm(g), c))


def never_clipped(theta, scaled, S, alpha, c):
    return theta - alpha * scaled / S if np.isfinite(scaled.sum()) else theta


def nan_to_num(theta, scaled, S, alpha, c):
    g = np.nan_to_num(scaled, nan=0, posinf=0, neginf=0) / S
    return theta - alpha * c / max(np.linalg.norm(g), c) * g


def scale_left_on(theta, scaled, S, alpha, c):
    if not np.isfinite(scaled).all():
        return theta
    return theta - alpha * c / max(np.linalg.norm(scaled), c) * scaled


def uphill(theta, scaled, S, alpha, c):
    return 2 * theta - np.asarray(in_plain_python(theta, scaled, S, alpha, c))


def by_value(theta, scaled, S, alpha, c):
    if not np.isfinite(scaled).all():
        return theta
    return theta - alpha * np.clip(scaled / S, -c, c)


def always_to_c(theta, scaled, S, alpha, c):
    norm = np.linalg.norm(scaled)
    if not np.isfinite(norm) or norm == 0:
        return theta
    return theta - alpha * c / norm * scaled


def to_zero(theta, scaled, S, alpha, c):
    if not np.isfinite(scaled).all():
        return 0 * theta
    return in_plain_python(theta, scaled, S, alpha, c)


def step_length_clipped(theta, scaled, S, alpha, c):
    if not np.isfinite(scaled).all():
        return theta
    step = alpha * scaled / S
    return theta - c / max(np.linalg.norm(step), c) * step


def infinite_alone(theta, scaled, S, alpha, c):
    if np.isinf(scaled).any():
        return theta
    g = scaled / S
    return theta - alpha * c / max(np.linalg.norm(g), c) * g


ANSWERS = {
    "fixed-shards": Answers(
        right=(by_shard_with_torch, by_scatter, row_by_row),
        slips={
            "one_population": (of_all_rows,),
            "with_replacement": (drawn_again,),
            "of_the_mean": (of_the_mean_gradient,),
            "shards_alike": (times_m_over_b,),
            "errors_added": (squares_of_sums,),
        },
        wrong=(sample_variance, mean_of_shards, between_shards_too, summed_over_coordinates),
        equivalent={
            **dict.fromkeys(
                (
                    "line 4: minus: `gradients[shard == r]`",
                    "line 4: plus 1e-3: `gradients[shard == r]`",
                    "line 4: minus: `gradients`",
                    "line 4: plus 1e-3: `gradients`",
                    "line 7: minus: `g`",
                    "line 7: plus 1e-3: `g`",
                ),
                "a variance does not change when all numbers move, or change their sign",
            ),
            **dict.fromkeys(
                (
                    "line 4: squeeze: `gradients`",
                    "line 7: squeeze: `m_r ** 2 * g.var(axis=0) / b[r] * (m_r - b[r]) / (m_r - 1)`",
                    "line 7: squeeze: `m_r ** 2 * g.var(axis=0) / b[r] * (m_r - b[r])`",
                    "line 7: squeeze: `m_r ** 2 * g.var(axis=0) / b[r]`",
                    "line 7: squeeze: `m_r ** 2 * g.var(axis=0)`",
                    "line 7: squeeze: `g.var(axis=0)`",
                    "line 7: squeeze: `g`",
                ),
                "a dimension of one is put back when it is added to `total`",
            ),
            "line 7: minus: `m_r` #3": "both differences change their sign together",
        },
    ),
    "stochastic-rounding": Answers(
        right=(one_by_one, with_where, by_remainders, ceil_from_above),
        slips={
            "to_the_nearest": (nearest,),
            "turned_round": (up_if_above,),
            "a_coin": (heads_or_tails,),
            "from_zero": (cut_off,),
            "dithered": (number_added,),
        },
        wrong=(
            always_down,
            always_up,
            in_units,
            share_not_divided,
            magnitudes,
            coordinates_alike,
        ),
        equivalent=dict.fromkeys(
            (
                "line 2: squeeze: `x / spacing`",
                "line 2: squeeze: `x`",
                "line 3: squeeze: `np.floor(places)`",
                "line 3: squeeze: `places`",
                "line 4: squeeze: `low`",
                "line 4: squeeze: `u`",
                "line 4: squeeze: `places - low`",
                "line 4: squeeze: `places`",
                "line 4: squeeze: `low` #2",
            ),
            "a dimension of one is put back by the other array",
        ),
    ),
    "scaled-step": Answers(
        right=(with_torch, threshold_with_the_scale, in_plain_python),
        slips={
            "both_faults": (as_it_stood,),
            "clipped_with_the_scale": (left_out_and_clipped_first,),
            "not_skipped": (divided_first,),
            "not_clipped": (never_clipped,),
            "holes_at_zero": (nan_to_num,),
        },
        wrong=(
            scale_left_on,
            uphill,
            by_value,
            always_to_c,
            to_zero,
            step_length_clipped,
            infinite_alone,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: squeeze: `scaled / S`",
                    "line 2: squeeze: `scaled`",
                    "line 3: squeeze: `g ** 2`",
                    "line 3: squeeze: `g`",
                    "line 6: squeeze: `theta`",
                    "line 6: squeeze: `alpha * c / max(norm, c) * g`",
                    "line 6: squeeze: `g`",
                ),
                "a dimension of one is put back by the other array, or added up",
            ),
            **dict.fromkeys(
                (
                    "line 3: sorted: `g ** 2`",
                    "line 3: sorted: `g`",
                    "line 3: abs: `g`",
                    "line 3: minus: `g`",
                ),
                "a sum of squares has no order and no signs",
            ),
            **dict.fromkeys(
                (
                    "line 4: minus: `norm`",
                    "line 4: round to 1/10: `norm`",
                    "line 4: round to 1/1000: `norm`",
                    "line 4: whole: `norm`",
                    "line 4: plus 1e-3: `norm`",
                    "line 4: not below 1e-3: `norm`",
                ),
                "it is finite as before",
            ),
            "what it gave for another S": "with another S there is another `scaled`",
        },
    ),
}
