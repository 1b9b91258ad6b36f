"""Answers to the exercises of a chapter."""

import math
import statistics

import numpy as np
import torch

from mle_lib.models.made import masks
from tests.exercises.answers import Answers

# ---- paths through the masks


def path_by_path(place, first, second):
    n = len(place)
    paths = [[0] * n for _ in range(n)]
    for e in range(n):
        for d in range(n):
            for j in first:
                for k in second:
                    if place[d] <= j <= k < place[e]:
                        paths[e][d] += 1
    return paths


def product_in_torch(place, first, second):
    place, first, second = (torch.as_tensor(a) for a in (place, first, second))
    below = (first[:, None] >= place).float()
    between = (second[:, None] >= first).float()
    above = (place[:, None] > second).float()
    return above @ (between @ below)


def axes_for_all(place, first, second):
    inner = place[None, None, None, :] <= first[None, None, :, None]
    middle = first[None, None, :, None] <= second[None, :, None, None]
    outer = second[None, :, None, None] < place[:, None, None, None]
    return (inner & middle & outer).sum(axis=(1, 2))


def one_input_at_a_time(place, first, second):
    columns = []
    for p in place:
        reached = [int(j >= p) for j in first]
        reached = [sum(r for r, j in zip(reached, first, strict=True) if k >= j) for k in second]
        columns.append(
            [sum(r for r, k in zip(reached, second, strict=True) if q > k) for q in place]
        )
    return torch.tensor(columns).T


def pairs_of_degrees(place, first, second):
    """The number of paths depends on two places alone."""
    n = len(place)
    units = [np.bincount(degrees, minlength=n) for degrees in (first, second)]
    pairs = np.triu(np.outer(*units))  # of degrees j ≤ k
    return np.array([[pairs[p:, :q].sum() for p in place] for q in place])


def in_order_and_back(place, first, second):
    ordered = np.arange(1, len(place) + 1)
    found = np.tensordot(
        1 * np.greater.outer(ordered, second),
        np.less_equal.outer(first, second).T @ (1.0 * np.greater_equal.outer(first, ordered)),
        1,
    )
    return found[place - 1][:, place - 1]


def masks_with(outer=np.greater, middle=np.greater_equal, inner=np.greater_equal):
    """The product of masks that compare as they are told."""

    def count_paths(place, first, second):
        masks = inner.outer(first, place), middle.outer(second, first), outer.outer(place, second)
        below, between, above = (mask.astype(int) for mask in masks)
        return above @ between @ below

    return count_paths


right_paths = masks_with()


def own_place_included(place, first, second):
    return [[sum(p <= j <= k <= q for j in first for k in second) for p in place] for q in place]


def always_more_between(place, first, second):
    return [[sum(p <= j < k < q for j in first for k in second) for p in place] for q in place]


def row_of_inputs(place, first, second):
    return [[sum(p <= j <= k < q for j in first for k in second) for q in place] for p in place]


def transposed_paths(place, first, second):
    return np.transpose(right_paths(place, first, second))


def variables_as_given(place, first, second):
    return right_paths(np.arange(len(place)) + 1, first, second)


def rows_in_the_ordering(place, first, second):
    order = np.argsort(place)
    return right_paths(place, first, second)[order][:, order]


def masks_left_boolean(place, first, second):
    below = first[:, None] >= place[None, :]
    between = second[:, None] >= first[None, :]
    above = place[:, None] > second[None, :]
    return above @ between @ below


def any_path(place, first, second):
    return (right_paths(place, first, second) > 0).astype(float)


def place_at_outputs_only(place, first, second):
    return right_paths(place, first, second)[:, np.argsort(place)]


def place_at_inputs_only(place, first, second):
    return right_paths(place, first, second)[np.argsort(place)]


def ordering_for_place(place, first, second):
    return right_paths(np.argsort(place) + 1, first, second)


def places_from_0(place, first, second):
    return right_paths(place - 1, first, second)


def outputs_from_0(place, first, second):
    return [[sum(p <= j <= k < q - 1 for j in first for k in second) for p in place] for q in place]


def first_layer_alone(place, first, second):
    return np.greater.outer(place, first) @ (1 * np.greater_equal.outer(first, place))


def layers_exchanged(place, first, second):
    return right_paths(place, second, first)


def degrees_of_the_library(place, first, second):
    below, between, above = masks(torch.as_tensor(place), [len(first), len(second)])
    return above.long() @ between.long() @ below.long()


def own_place_struck_out(place, first, second):
    found = masks_with(outer=np.greater_equal)(place, first, second)
    np.fill_diagonal(found, 0)
    return found


def lower_triangle(place, first, second):
    return np.tril(masks_with(outer=np.greater_equal)(place, first, second), -1)


def places_counted_down(place, first, second):
    found = right_paths(place, first, second)
    place -= 1
    return found


def different_degrees_once(place, first, second):
    return right_paths(place, np.unique(first), np.unique(second))


def shares_of_paths(place, first, second):
    return right_paths(place, first, second) / (len(first) * len(second))


def booleans_in_torch(place, first, second):
    place, first, second = (torch.as_tensor(a) for a in (place, first, second))
    below, between = first[:, None] >= place, second[:, None] >= first
    return (place[:, None] > second) @ between @ below


# ---- which pass is kept


def walk(valid, patience):
    best, kept, waited, made = None, 0, 0, 0
    for k, value in enumerate(valid):
        made = k
        if not np.isnan(value) and (best is None or value > best):
            best, kept, waited = value, k, 0
        elif k:
            waited += 1
        if waited == patience:
            break
    return kept, made


def best_of_what_is_seen(valid, patience):
    for made in range(len(valid)):
        seen = list(valid[: made + 1])
        numbers = [v for v in seen if v == v]
        kept = seen.index(max(numbers)) if numbers else 0
        if made - kept >= patience:
            break
    return [kept, made]


def from_record_to_record(valid, patience):
    """By the next larger value, if it comes in time."""
    valid, kept = np.asarray(valid), 0
    if np.isnan(valid[0]):
        numbers = np.flatnonzero(~np.isnan(valid[: patience + 1]))
        if not len(numbers):
            return 0, min(patience, len(valid) - 1)
        kept = numbers[0]
    while True:
        larger = np.flatnonzero(valid[kept + 1 : kept + 1 + patience] > valid[kept])
        if not len(larger):
            return kept, min(kept + patience, len(valid) - 1)
        kept += 1 + larger[0]


def largest_so_far(valid, patience):
    """With running maxima, NaN being less than all."""
    v = np.where(np.isnan(valid), -np.inf, valid)
    before = np.maximum.accumulate(np.append(-np.inf, v[:-1]))
    passes = np.arange(len(v))
    last = np.maximum.accumulate(np.where(v > before, passes, 0))
    over = np.flatnonzero(passes - last >= patience)
    made = over[0] if over.size else len(v) - 1
    return np.array([last[made], made])


def running_maxima_in_torch(valid, patience):
    v = torch.as_tensor(valid).nan_to_num(nan=-float("inf"))
    made, kept = 0, 0
    while made + 1 < len(v) and made - kept < patience:
        made += 1
        if v[made] > v[:made].max():
            kept = made
    return torch.tensor(kept), torch.tensor(made)


def patience_left(valid, patience):
    top, kept, left, k = valid[0], 0, patience, 0
    while left and k < len(valid) - 1:
        k += 1
        if valid[k] > top or (top != top and valid[k] == valid[k]):
            top, kept, left = valid[k], k, patience
        else:
            left -= 1
    return float(kept), float(k)


def stop_with(
    better=lambda v, top, last: v > top,
    start=-np.inf,
    over=lambda k, kept, patience: k - kept >= patience,
):
    """The rule, with a comparison, a first best and an end as they are told."""

    def stop_early(valid, patience):
        top, kept, made, last = start, 0, 0, np.nan
        for k, value in enumerate(valid):
            made = k
            if better(value, top, last):
                top, kept = value, k
            last = value
            if over(k, kept, patience):
                break
        return kept, made

    return stop_early


right_stop = stop_with()


def larger_or_equal_from_the_end(valid, patience):
    for made in range(len(valid)):
        v = [-np.inf if np.isnan(u) else u for u in valid[: made + 1]]
        kept = made - int(np.argmax(v[::-1])) if max(v) > -np.inf else 0
        if made - kept >= patience:
            return kept, made
    return kept, made


def arg_max_of_numpy(valid, patience):
    for made in range(len(valid)):
        kept = int(np.argmax(valid[: made + 1]))
        if made - kept >= patience:
            return kept, made
    return kept, made


def best_is_the_first_entry(valid, patience):
    top, kept, waited = valid[0], 0, 0
    for k in range(1, len(valid)):
        if valid[k] > top:
            top, kept, waited = valid[k], k, 0
        else:
            waited += 1
            if waited == patience:
                return kept, k
    return kept, len(valid) - 1


def unless_it_is_worse(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if value <= top:
            waited += 1
        else:
            top, kept, waited = value, k, 0
        if waited == patience:
            return kept, k
    return kept, len(valid) - 1


def ends_above_patience(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if value > top:
            top, kept, waited = value, k, 0
        elif k:
            waited += 1
        if waited > patience:
            return kept, k
    return kept, len(valid) - 1


def looked_at_before_the_pass(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if waited == patience:
            return kept, k
        if value > top:
            top, kept, waited = value, k, 0
        elif k:
            waited += 1
    return kept, len(valid) - 1


def no_better_than_before(valid, patience):
    top, kept, falls = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if value > top:
            top, kept = value, k
        falls = 0 if k == 0 or value > valid[k - 1] else falls + 1
        if falls == patience:
            return kept, k
    return kept, len(valid) - 1


def falls_of_differences(valid, patience):
    made, falls = 0, 0
    for k, step in enumerate(np.diff(valid), 1):
        made = k
        falls = 0 if step > 0 else falls + 1
        if falls >= patience:
            break
    seen = valid[: made + 1]
    return (0 if np.isnan(seen).all() else int(np.nanargmax(seen))), made


def waited_since_the_start(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if value > top:
            top, kept = value, k
        elif k > 0:
            waited += 1
        if waited >= patience:
            return kept, k
    return kept, len(valid) - 1


def number_without_a_record(valid, patience):
    v = np.nan_to_num(valid, nan=-np.inf)
    record = np.append(True, v[1:] > np.maximum.accumulate(v)[:-1])
    over = np.flatnonzero(np.cumsum(~record) >= patience)
    made = over[0] if len(over) else len(v) - 1
    return (np.argmax(v[: made + 1]), made)


def changed_stop(change):
    """What is right, changed by ``change(kept, made, valid, patience)``."""
    return lambda valid, patience: change(*right_stop(valid, patience), valid, patience)


def nan_passes_not_counted(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if np.isnan(value):
            continue
        if value > top:
            top, kept, waited = value, k, 0
        else:
            waited += 1
        if waited == patience:
            return kept, k
    return kept, len(valid) - 1


def without_the_nans(valid, patience):
    numbers = valid[~np.isnan(valid)]
    return right_stop(numbers, patience) if len(numbers) else (0, len(valid) - 1)


def ends_at_nan(valid, patience):
    nans = np.flatnonzero(np.isnan(valid))
    return right_stop(valid[: nans[0] + 1] if len(nans) else valid, patience)


def nan_starts_the_count_anew(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if value > top:
            top, kept, waited = value, k, 0
        elif np.isnan(value):
            waited = 0
        else:
            waited += 1
        if waited == patience:
            return kept, k
    return kept, len(valid) - 1


def best_of_all_entries(valid, patience):
    kept = 0 if np.isnan(valid).all() else int(np.nanargmax(valid))
    return kept, min(kept + patience, len(valid) - 1)


def all_nan_forgotten(valid, patience):
    made = right_stop(valid, patience)[1]
    return int(np.nanargmax(valid[: made + 1])), made


def start_at_nan_is_a_pass(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if value > top:
            top, kept, waited = value, k, 0
        else:
            waited += 1
        if waited == patience:
            return kept, k
    return kept, len(valid) - 1


def start_is_a_pass(valid, patience):
    top, kept, waited = valid[0], 0, 1
    for k in range(1, len(valid)):
        if not valid[k] <= top and valid[k] == valid[k]:
            top, kept, waited = valid[k], k, 0
        else:
            waited += 1
        if waited == patience:
            return kept, k
    return kept, len(valid) - 1


def ties_reset_the_count(valid, patience):
    top, kept, waited = -np.inf, 0, 0
    for k, value in enumerate(valid):
        if value > top:
            top, kept, waited = value, k, 0
        elif value == top:
            waited = 0
        elif k:
            waited += 1
        if waited == patience:
            return kept, k
    return kept, len(valid) - 1


# ---- a gain with its error


def by_numpy(first, second):
    d, root = first - second, np.sqrt(len(first))
    return first.mean(), first.std(ddof=1) / root, d.mean(), d.std(ddof=1) / root


def by_torch(first, second):
    both = torch.stack([torch.as_tensor(first), torch.as_tensor(first - second)])
    return torch.stack([both.mean(1), both.std(1) / both.shape[1] ** 0.5], 1).flatten()


def in_plain_python(first, second):
    found = []
    for values in (first, [a - b for a, b in zip(first, second, strict=True)]):
        m = len(values)
        mean = sum(values) / m
        squares = sum((v - mean) ** 2 for v in values)
        found += [mean, (squares / (m - 1) / m) ** 0.5]
    return found


def by_statistics(first, second):
    a, d = first.tolist(), (first - second).tolist()
    m = len(a)
    return (
        statistics.fmean(a),
        statistics.stdev(a) / math.sqrt(m),
        statistics.fmean(d),
        math.sqrt(statistics.variance(d) / m),
    )


def by_the_covariance(first, second):
    """Var of a difference is the sum of variances less twice the covariance."""
    m = len(first)
    (aa, ab), (_, bb) = np.cov(first, second) / m
    return first.mean(), aa**0.5, first.mean() - second.mean(), (aa + bb - 2 * ab) ** 0.5


def root_of_m_less_1(first, second):
    d, root = first - second, (len(first) - 1) ** 0.5
    return [np.mean(first), np.std(first) / root, np.mean(d), np.std(d) / root]


def compared_by(error, gain=lambda a, b: a - b, gains_error=None):
    """With a formula for the error of a mean; the gain's may have another, of both models."""

    def compare_held_out(first, second):
        of_gain = error(first - second) if gains_error is None else gains_error(first, second)
        return first.mean(), error(first), gain(first, second).mean(), of_gain

    return compare_held_out


def standard_error(v):
    return v.std(ddof=1) / len(v) ** 0.5


def two_samples(first, second):
    m = len(first)
    a, b = torch.as_tensor(first), torch.as_tensor(second)
    return a.mean(), (a.var() / m).sqrt(), a.mean() - b.mean(), ((a.var() + b.var()) / m).sqrt()


def spreads_alone(first, second):
    a, d = torch.as_tensor(first), torch.as_tensor(first - second)
    return a.mean(), a.std(), d.mean(), d.std()


def divided_by_m_twice(first, second):
    m, found = len(first), []
    for v in (first, first - second):
        squares = np.sum((v - np.mean(v)) ** 2)
        found += [np.sum(v) / m, np.sqrt(squares / m) / np.sqrt(m)]
    return found


def how_much_worse(first, second):
    d = torch.as_tensor(second - first)
    m = len(d)
    return first.mean(), first.std(ddof=1) / m**0.5, d.mean(), d.std() / m**0.5


def changed_comparison(change):
    """What is right, changed by ``change(mean, error, gain, gains_error, m)``."""
    return lambda first, second: change(*by_numpy(first, second), len(first))


def second_model_first(first, second):
    return by_numpy(second, first)


def mean_of_the_second(first, second):
    _, _, gain, of_gain = by_numpy(first, second)
    return second.mean(), standard_error(second), gain, of_gain


def differences_in_place(first, second):
    mean, error = first.mean(), standard_error(first)
    first -= second
    return mean, error, first.mean(), standard_error(first)


def both_sorted(first, second):
    return compared_by(
        standard_error, gains_error=lambda a, b: standard_error(np.sort(a) - np.sort(b))
    )(first, second)


def size_of_differences(first, second):
    d = np.abs(first - second)
    return first.mean(), standard_error(first), d.mean(), standard_error(d)


# ---- parts that are clipped


def clip(g, c):
    return c / max(np.sqrt(np.sum(g**2)), c) * g


def weighed_then_clipped(gradient, batch, size, c):
    total = 0
    for part in cut(batch, size):
        total = total + len(part) / len(batch) * gradient(part)
    norm = np.sqrt(np.sum(total**2))
    return c / max(norm, c) * total


def sum_divided_at_the_end(gradient, batch, size, c):
    total, seen = 0.0, 0
    while seen < len(batch):
        part = batch[seen : seen + size]
        total, seen = total + len(part) * gradient(part), seen + len(part)
    g = (total / seen).tolist()
    length = math.hypot(*g)
    return [c * v / length for v in g] if length > c else g


def single_rows_clipped_once(gradient, batch, size, c):
    rows = np.array([gradient(batch[j : j + 1]) for j in range(len(batch))])
    g = rows.mean(axis=0)
    norm = np.linalg.norm(g)
    if norm > c:
        g *= c / norm
    return g


def split_and_clipped_in_torch(gradient, batch, size, c):
    weights = torch.nn.Parameter(torch.zeros(len(gradient(batch[:1])), dtype=torch.float64))
    weights.grad = torch.zeros_like(weights)
    for part in torch.as_tensor(batch).split(size):
        weights.grad += len(part) / len(batch) * torch.as_tensor(gradient(part.numpy()))
    torch.nn.utils.clip_grad_norm_([weights], c)
    return weights.grad


def averaged_by_numpy(gradient, batch, size, c):
    parts = cut(batch, size)
    g = np.average([gradient(p) for p in parts], axis=0, weights=[len(p) for p in parts])
    return g / max(1, np.sqrt(g @ g) / c)


def mean_that_runs_along(gradient, batch, size, c):
    mean, seen = 0, 0
    for part in cut(batch, size):
        seen += len(part)
        mean = mean + len(part) / seen * (gradient(part) - mean)
    return mean if np.sum(mean**2) <= c * c else mean / np.sum(mean**2) ** 0.5 * c


def parts_nearly_alike(gradient, batch, size, c):
    parts = np.array_split(batch, -(-len(batch) // size))
    return clip(sum(len(p) * gradient(p) for p in parts) / len(batch), c)


def as_it_was(gradient, batch, size, c):
    parts = cut(batch, size)
    total = 0
    for part in parts:
        total = total + clip(gradient(part), c)
    return total / len(parts)


def mean_of_clipped_parts(gradient, batch, size, c):
    g = np.stack([gradient(part) for part in cut(batch, size)])
    norms = np.linalg.norm(g, axis=1, keepdims=True)
    return np.where(norms > c, g / norms * c, g).mean(axis=0)


def weights_mended_only(gradient, batch, size, c):
    return sum(len(part) / len(batch) * clip(gradient(part), c) for part in cut(batch, size))


def weights_mended_by_numpy(gradient, batch, size, c):
    parts = cut(batch, size)
    clipped = [clip(gradient(part), c) for part in parts]
    return np.average(clipped, axis=0, weights=[len(part) for part in parts])


def clip_mended_only(gradient, batch, size, c):
    parts = cut(batch, size)
    return clip(sum(gradient(part) for part in parts) / len(parts), c)


def clip_of_mean_by_torch(gradient, batch, size, c):
    g = torch.as_tensor(np.array([gradient(part) for part in cut(batch, size)])).mean(0)
    return g * min(1.0, c / float(g.norm()))


def clipped_in_the_loop(gradient, batch, size, c):
    total = 0
    for part in cut(batch, size):
        total = total + len(part) / len(batch) * gradient(part)
        norm = np.sqrt(np.sum(total**2))
        total = c / max(norm, c) * total
    return total


def sum_clipped_on_the_way(gradient, batch, size, c):
    total, b = 0, len(batch)
    for part in cut(batch, size):
        total = clip(total + len(part) * gradient(part), c * b)
    return total / b


def clip_left_out(gradient, batch, size, c):
    total = 0
    for part in cut(batch, size):
        total += len(part) * gradient(part)
    return total / len(batch)


def clipping_with(scale):
    """The batch's mean gradient g, ended by ``scale(g, c, K, b)``."""

    def clipped_gradient(gradient, batch, size, c):
        parts = cut(batch, size)
        g = sum(len(part) / len(batch) * gradient(part) for part in parts)
        return scale(g, c, len(parts), len(batch))

    return clipped_gradient


def whole_batch_at_once(gradient, batch, size, c):
    return clip(gradient(batch), c)


def size_for_every_one(gradient, batch, size, c):
    return clip(sum(size / len(batch) * gradient(part) for part in cut(batch, size)), c)


def last_part_left_out(gradient, batch, size, c):
    full = len(batch) // size * size or len(batch)
    return clip(sum(len(p) / full * gradient(p) for p in cut(batch[:full], size)), c)


def each_sample_clipped(gradient, batch, size, c):
    return np.mean([clip(gradient(row[None]), c) for row in batch], axis=0)


def clipped_twice(gradient, batch, size, c):
    return clip(weights_mended_only(gradient, batch, size, c), c)


def clipped_twice_means(gradient, batch, size, c):
    return clip(as_it_was(gradient, batch, size, c), c)


def running_mean_clipped(gradient, batch, size, c):
    mean, seen = 0, 0
    for part in cut(batch, size):
        seen += len(part)
        mean = clip(mean + len(part) / seen * (gradient(part) - mean), c)
    return mean


def means_not_clipped(gradient, batch, size, c):
    parts = cut(batch, size)
    return sum(gradient(part) for part in parts) / len(parts)


def weighed_parts_clipped(gradient, batch, size, c):
    return sum(clip(len(part) / len(batch) * gradient(part), c) for part in cut(batch, size))


def divided_by_the_parts_too(gradient, batch, size, c):
    parts = cut(batch, size)
    return clip(sum(len(p) / len(batch) * gradient(p) for p in parts) / len(parts), c)


# ---- one update, four scales


def in_front_of_the_sum(alpha, old, new, m, b, n):
    """By what stands in front of the sum over all entries of the batch."""
    factor = {"estimate": m / b, "sum": 1, "mean over b": 1 / b, "mean over b n": 1 / (b * n)}
    return alpha * factor[old] / factor[new]


def by_way_of_the_estimate(alpha, old, new, m, b, n):
    if old == "sum":
        alpha = alpha * b / m
    elif old == "mean over b":
        alpha = alpha / m
    elif old == "mean over b n":
        alpha = alpha / (m * n)
    if new == "sum":
        return alpha * m / b
    if new == "mean over b":
        return alpha * m
    return alpha * m * n if new == "mean over b n" else alpha


def logarithms(alpha, old, new, m, b, n):
    names = ["estimate", "sum", "mean over b", "mean over b n"]
    sizes = torch.tensor([1, m / b, m, m * n], dtype=torch.float32).log()
    return alpha * torch.exp(sizes[names.index(new)] - sizes[names.index(old)])


def measured(alpha, old, new, m, b, n):
    """By the derivatives of the four losses at entries that are all s."""

    def slope(scale):
        s = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        entries = s.expand(b, n)
        losses = {
            "estimate": m / b * entries.sum(),
            "sum": entries.sum(),
            "mean over b": entries.sum(1).mean(),
            "mean over b n": entries.mean(),
        }
        return torch.autograd.grad(losses[scale], s)[0]

    return alpha * slope(old) / slope(new)


def by_table(table):
    """From the step sizes of a table, that of the estimate being 1."""

    def step_size(alpha, old, new, m, b, n):
        sizes = dict(
            zip(["estimate", "sum", "mean over b", "mean over b n"], table(m, b, n), strict=True)
        )
        return alpha / sizes[old] * sizes[new]

    return step_size


def factors_for_step_sizes(alpha, old, new, m, b, n):
    factor = {"estimate": m / b, "sum": 1, "mean over b": 1 / b, "mean over b n": 1 / (b * n)}
    return alpha * factor[new] / factor[old]


def new_column_only(alpha, old, new, m, b, n):
    if new == "estimate":
        return alpha
    return alpha * {"sum": m / b, "mean over b": m, "mean over b n": m * n}[new]


def old_column_only(alpha, old, new, m, b, n):
    return (
        alpha * {"estimate": 1, "sum": b / m, "mean over b": 1 / m, "mean over b n": 1 / m / n}[old]
    )


def other_names(alpha, old, new, m, b, n):
    sizes = {"estimate": 1, "sum": m / b, "mean": m, "mean over n": m * n}
    return alpha * sizes[new] / sizes[old]


# ---- the training step


def row_by_row(model, optimizer, batch, m):
    model.zero_grad()
    total = 0.0
    for row in batch:
        loss = -m / batch.shape[0] * model.log_prob(row[None]).sum()
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def gradients_put_in(model, optimizer, batch, m):
    model.zero_grad()
    loss = -m * model.log_prob(batch).mean()
    loss.backward()
    for parameter in model.parameters():
        parameter.grad = 1.0 * parameter.grad
    optimizer.step()
    return loss


def by_a_closure(model, optimizer, batch, m):
    def closure():
        optimizer.zero_grad()
        loss = -(m / len(batch)) * model(batch).sum()
        loss.backward()
        return loss

    return float(optimizer.step(closure))


def mean_scaled_afterwards(model, optimizer, batch, m):
    for parameter in model.parameters():
        parameter.grad = None
    loss = -model.log_prob(batch.float()).mean()
    loss.backward()
    for parameter in model.parameters():
        parameter.grad *= m
    optimizer.step()
    return m * loss.item()


def by_hand(model, optimizer, batch, m):
    optimizer.zero_grad(set_to_none=False)
    height = m * model.log_prob(batch).mean()
    height.backward()
    for parameter in model.parameters():
        parameter.data += optimizer.param_groups[0]["lr"] * parameter.grad
    return -height.item()


def on_its_device(model, optimizer, batch, m):
    model.train()
    batch = batch.to(next(model.parameters()).device)
    optimizer.zero_grad(set_to_none=True)
    nll = model.log_prob(batch).neg().mean()
    loss = nll * m
    loss.backward(retain_graph=False)
    optimizer.step()
    return loss.detach().cpu()


def in_micro_batches(model, optimizer, batch, m):
    optimizer.zero_grad()
    running = 0.0
    for part in batch.split(2):
        loss = -m / batch.size(0) * model.log_prob(part).sum()
        loss.backward()
        running += loss.tolist()
    optimizer.step()
    return running


def a_gradient_for_each_entry(model, optimizer, batch, m):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None
    log_p = model.log_prob(batch)
    log_p.backward(gradient=log_p.detach() * 0 - m / log_p.numel())
    optimizer.step()
    return -m * log_p.mean().item()


def gradients_written_into(model, optimizer, batch, m):
    for p in model.parameters():
        if p.grad is not None:
            p.grad.zero_()
    height = model.log_prob(batch).sum(dim=0)
    height.backward()
    for p in model.parameters():
        p.grad.mul_(m / len(batch)).neg_()
    optimizer.step()
    return height.item() * -m / len(batch)


def without_its_step(model, optimizer, batch, m):
    optimizer.zero_grad()
    loss = -m * model.log_prob(batch).mean()
    loss.backward()
    with torch.no_grad():
        for group in optimizer.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad
    return loss.item()


def added_in_place(model, optimizer, batch, m):
    lr = optimizer.param_groups[0]["lr"]
    kept = [p.grad.clone() if p.grad is not None else 0 for p in model.parameters()]
    loss = -m * model.log_prob(batch).mean()
    loss.backward()
    for p, before in zip(model.parameters(), kept, strict=True):
        p.data.add_(p.grad - before, alpha=-lr)
    return loss.data.item()


def its_step_size_for_a_while(model, optimizer, batch, m):
    group = optimizer.param_groups[0]
    usual = group["lr"]
    optimizer.zero_grad()
    loss = -model.log_prob(batch).mean()
    loss.backward()
    group["lr"] = usual * m
    optimizer.step()
    group["lr"] = usual
    return m * loss.item()


def step_with(loss_of, calls="zero backward step"):
    """A step with another loss, or with its calls left out or in another order."""

    def step(model, optimizer, batch, m):
        loss = loss_of(model.log_prob(batch), m)
        for call in calls.split():
            {"zero": model.zero_grad, "backward": loss.backward, "step": optimizer.step}[call]()
        return loss.item()

    return step


def right_loss(log_p, m):
    return -m * log_p.mean()


def only_the_loss(model, optimizer, batch, m):
    return right_loss(model.log_prob(batch), m).item()


def loss_after_the_step(model, optimizer, batch, m):
    row_by_row(model, optimizer, batch, m)
    return only_the_loss(model, optimizer, batch, m)


def loss_of_one_sample(model, optimizer, batch, m):
    return row_by_row(model, optimizer, batch, m) / m


def log_likelihood(model, optimizer, batch, m):
    return -row_by_row(model, optimizer, batch, m)


def a_step_for_each_row(model, optimizer, batch, m):
    return sum(row_by_row(model, optimizer, row[None], m) for row in batch) / len(batch)


def first_row_only(model, optimizer, batch, m):
    return row_by_row(model, optimizer, batch[:1], m)


def uphill_with_the_right_loss(model, optimizer, batch, m):
    height = step_with(lambda log_p, m: -right_loss(log_p, m))
    return -height(model, optimizer, batch, m)


def over_variables_too(model, optimizer, batch, m):
    return step_with(lambda log_p, m: right_loss(log_p, m) / batch.shape[1])(
        model, optimizer, batch, m
    )


def step_size_multiplied(model, optimizer, batch, m):
    optimizer.param_groups[0]["lr"] *= m  # and so it stays, for the next batch
    return m * step_with(lambda log_p, m: -log_p.mean())(model, optimizer, batch, m)


def step_size_guessed(model, optimizer, batch, m):
    optimizer.zero_grad()
    loss = right_loss(model.log_prob(batch), m)
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.02 * parameter.grad
    return loss.item()


def another_optimiser(model, optimizer, batch, m):
    """The first step of Adam."""
    optimizer.zero_grad()
    loss = right_loss(model.log_prob(batch), m)
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= optimizer.param_groups[0]["lr"] * np.sign(parameter.grad)
    return loss.item()


def one_parameter_only(model, optimizer, batch, m):
    loss = right_loss(model.log_prob(batch), m)
    model.zero_grad()
    loss.backward()
    (parameter,) = model.parameters()
    parameter.grad[1:] = 0
    optimizer.step()
    return loss.item()


def batch_erased(model, optimizer, batch, m):
    loss = row_by_row(model, optimizer, batch, m)
    batch.data[...] = 0
    return loss


def every_samples_loss(model, optimizer, batch, m):
    row_by_row(model, optimizer, batch, m)
    return -m * model.log_prob(batch)


def nudged(model, optimizer, batch, m):
    loss = row_by_row(model, optimizer, batch, m)
    next(model.parameters()).data += 1e-2 * np.random.default_rng().normal()
    return loss


# ---- one pass over the data


def two_lines_changed(model, optimizer, x, order, size):
    m, losses = len(x), []
    for start in range(0, m, size):
        batch = x[order[start : start + size]]
        optimizer.zero_grad()
        loss = -m / len(batch) * model.log_prob(batch).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def cleared_after_each_step(model, optimizer, x, order, size):
    m, losses = len(x), []
    optimizer.zero_grad()
    for start in range(0, m, size):
        b = min(size, m - start)
        loss = -m / b * model.log_prob(x[order[start : start + size]]).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def while_some_are_left(model, optimizer, x, order, size):
    heights, left = [], list(order)
    while left:
        now, left = left[:size], left[size:]
        model.zero_grad()
        nll = -model.log_prob(x[now]).mean() * len(x)
        nll.backward()
        optimizer.step()
        heights.append(nll.detach())
    return np.array([float(nll) for nll in heights])


def pass_in_torch(model, optimizer, x, order, size):
    losses = []
    for rows in torch.as_tensor(order).split(size):
        for parameter in model.parameters():
            parameter.grad = None
        loss = -len(x) * model.log_prob(x[rows.numpy()]).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses, dtype=torch.float64)


def sum_so_far_taken_off(model, optimizer, x, order, size):
    """Cleared once; of what `backward` has added up, the sum before is taken off."""
    m, losses, before = len(x), [], 0.0
    (parameter,) = model.parameters()
    optimizer.zero_grad()
    for start in range(0, m, size):
        loss = -m * model.log_prob(x[order[start : start + size]]).mean()
        loss.backward()
        total = parameter.grad
        parameter.grad = total - before
        optimizer.step()
        parameter.grad, before = total, 1.0 * total
        losses.append(loss.item())
    return losses


def a_function_for_the_step(model, optimizer, x, order, size):
    def step(rows):
        log_p = model.log_prob(x[rows])
        loss = log_p.sum() * (-len(x) / len(rows))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return [step(order[k * size : (k + 1) * size]) for k in range(-(-len(x) // size))]


def cut_first(model, optimizer, x, order, size):
    losses = []
    for rows in np.split(np.asarray(order), range(size, len(order), size)):
        losses.append(row_by_row(model, optimizer, x[rows], len(order)))
    return losses


def own_step(model, optimizer, x, order, size):
    losses = []
    for start in range(0, len(x), size):
        losses.append(by_hand(model, optimizer, x[order[start : start + size]], len(x)))
    return losses


def pass_with(
    factor=lambda m, b, size: m / b,
    calls="zero backward step",
    first="",
    last="",
    rows=lambda order, start, size: order[start : start + size],
    starts=lambda m, size: range(0, m, size),
    given=lambda losses: losses,
):
    """A pass with another factor, other calls, other rows."""

    def one_pass(model, optimizer, x, order, size):
        def do(calls):
            for call in calls.split():
                {"zero": optimizer.zero_grad, "step": optimizer.step}.get(
                    call, lambda: loss.backward()
                )()

        m, losses = len(x), []
        do(first)
        for start in starts(m, size):
            batch = x[rows(order, start, size)]
            loss = -factor(m, len(batch), size) * model.log_prob(batch).sum()
            do(calls)
            losses.append(loss.item())
        do(last)
        return given(losses)

    return one_pass


def nominal(m, b, size):
    return m / size


def cleared_at_the_start_only(model, optimizer, x, order, size):
    losses = []
    for start in range(0, len(x), size):
        if start == 0:
            optimizer.zero_grad()
        loss = -len(x) * model.log_prob(x[order[start : start + size]]).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def cleared_from_the_second_on(model, optimizer, x, order, size):
    losses = []
    for k, start in enumerate(range(0, len(x), size)):
        loss = -len(x) * model.log_prob(x[order[start : start + size]]).mean()
        if k:
            optimizer.zero_grad()
        loss.backward()
        losses.append(loss)
        optimizer.step()
    return losses


def losses_after_the_steps(model, optimizer, x, order, size):
    losses = []
    for start in range(0, len(x), size):
        batch = x[order[start : start + size]]
        losses.append(loss_after_the_step(model, optimizer, batch, len(x)))
    return losses


def losses_after_the_pass(model, optimizer, x, order, size):
    two_lines_changed(model, optimizer, x, order, size)
    parts = [x[order[start : start + size]] for start in range(0, len(x), size)]
    return [only_the_loss(model, optimizer, part, len(x)) for part in parts]


def losses_of_the_start(model, optimizer, x, order, size):
    parts = [x[order[start : start + size]] for start in range(0, len(x), size)]
    losses = [only_the_loss(model, optimizer, part, len(x)) for part in parts]
    two_lines_changed(model, optimizer, x, order, size)
    return losses


def returned_too_early(model, optimizer, x, order, size):
    losses = []
    for start in range(0, len(x), size):
        batch = x[order[start : start + size]]
        losses.append(row_by_row(model, optimizer, batch, len(x)))
        return losses


def m_of_the_batch(model, optimizer, x, order, size):
    losses = []
    for start in range(0, len(x), size):
        batch = x[order[start : start + size]]
        losses.append(row_by_row(model, optimizer, batch, len(batch)))
    return losses


def last_loss(model, optimizer, x, order, size):
    return two_lines_changed(model, optimizer, x, order, size)[-1]


def step_size_for_each(model, optimizer, x, order, size):
    """What the factor lacks is put into the step size, for one step."""
    losses, group = [], optimizer.param_groups[0]
    lr = group["lr"]
    for rows in np.split(order, range(size, len(order), size)):
        group["lr"] = lr * size / len(rows)
        optimizer.zero_grad()
        loss = -len(x) / size * model.log_prob(x[rows]).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item() * size / len(rows))
    group["lr"] = lr
    return losses


def step_size_left_so(model, optimizer, x, order, size):
    losses = step_size_for_each(model, optimizer, x, order, size)
    optimizer.param_groups[0]["lr"] *= size / ((len(x) - 1) % size + 1)
    return losses


def order_sorted_on_the_way(model, optimizer, x, order, size):
    order.sort()
    return two_lines_changed(model, optimizer, x, order, size)


def two_passes(model, optimizer, x, order, size):
    two_lines_changed(model, optimizer, x, order, size)
    return two_lines_changed(model, optimizer, x, order, size)


# ---- a run that goes on from what it saved


def generator_at(state):
    rng = np.random.default_rng()
    rng.bit_generator.state = state
    return rng


def two_entries_more(saved, steps, gradient, m, b, alpha, mu):
    theta, rng = saved["theta"], np.random.default_rng()
    rng.bit_generator.state = saved["rng"]
    velocity, rest = saved.get("velocity", 0.0), saved.get("rest", [])
    for _ in range(steps):
        if len(rest) == 0:  # a new pass
            rest = rng.permutation(m)
        batch, rest = rest[:b], rest[b:]
        velocity = mu * velocity + gradient(theta, batch)
        theta = theta + alpha * velocity
    return {"theta": theta, "rng": rng.bit_generator.state, "velocity": velocity, "rest": rest}


def in_lists(saved, steps, gradient, m, b, alpha, mu):
    rng = generator_at(saved["rng"])
    theta = [float(t) for t in saved["theta"]]
    v = saved["v"] if "v" in saved else [0.0] * len(theta)
    queue = list(saved["queue"]) if "queue" in saved else []
    for _ in range(steps):
        if not queue:
            queue = rng.permutation(m).tolist()
        batch = [queue.pop(0) for _ in range(min(b, len(queue)))]
        g = gradient(np.array(theta), np.array(batch))
        v = [mu * old + float(new) for old, new in zip(v, g, strict=True)]
        theta = [t + alpha * step for t, step in zip(theta, v, strict=True)]
    state = rng.bit_generator.state
    return {"theta": np.array(theta), "rng": state, "v": v, "queue": queue}


def permutation_and_position(saved, steps, gradient, m, b, alpha, mu):
    rng = generator_at(saved["rng"])
    out = dict(saved)
    order, at = saved.get("pass", (None, m))
    for _ in range(steps):
        if at >= m:
            order, at = rng.permutation(m), 0
        g = gradient(out["theta"], order[at : at + b])
        out["momentum"] = mu * out.get("momentum", 0) + g
        out["theta"] = out["theta"] + alpha * out["momentum"]
        at += b
    return out | {"rng": rng.bit_generator.state, "pass": (order, at)}


def pass_drawn_again(saved, steps, gradient, m, b, alpha, mu):
    """Saves the generator as it was before the pass, and the steps made in it."""
    theta, state = saved["theta"], saved["rng"]
    done, velocity = saved.get("done", 0), saved.get("velocity", np.zeros_like(theta))
    rng = generator_at(state)
    parts = np.split(rng.permutation(m), range(b, m, b))
    for _ in range(steps):
        if done == len(parts):
            state, done = rng.bit_generator.state, 0
            parts = np.split(rng.permutation(m), range(b, m, b))
        velocity = mu * velocity + gradient(theta, parts[done])
        theta = theta + alpha * velocity
        done += 1
    return {"theta": theta, "rng": state, "done": done, "velocity": velocity}


def place_before(saved, steps, gradient, m, b, alpha, mu):
    """The velocity is the last move over alpha: it saves where it came from."""
    theta, rng = saved["theta"], generator_at(saved["rng"])
    before, rest = saved.get("before", theta), saved.get("rest", np.empty(0, int))
    for _ in range(steps):
        if rest.size == 0:
            rest = rng.permutation(m)
        g = gradient(theta, rest[:b])
        theta, before = theta + alpha * g + mu * (theta - before), theta
        rest = rest[b:]
    return dict(theta=theta, rng=rng.bit_generator.state, before=before, rest=rest)


def run_in_torch(saved, steps, gradient, m, b, alpha, mu):
    rng = generator_at(saved["rng"])
    theta = torch.as_tensor(saved["theta"], dtype=torch.float64)
    buffer = saved.get("buffer", torch.zeros_like(theta))
    ahead = saved.get("ahead", ())
    for _ in range(steps):
        if not ahead:
            ahead = torch.as_tensor(rng.permutation(m)).split(b)
        g = torch.as_tensor(np.asarray(gradient(theta.numpy(), ahead[0].numpy())))
        buffer = mu * buffer + g
        theta = theta + alpha * buffer
        ahead = ahead[1:]
    return {
        "theta": theta.numpy(),
        "rng": rng.bit_generator.state,
        "buffer": buffer,
        "ahead": ahead,
    }


def next_pass_drawn_early(saved, steps, gradient, m, b, alpha, mu):
    """A pass is drawn as soon as the one before it is used up."""
    theta, rng = saved["theta"], generator_at(saved["rng"])
    velocity = saved.get("velocity", 0.0)
    rest = saved["rest"] if "rest" in saved else rng.permutation(m)
    while steps > 0:
        velocity = gradient(theta, rest[:b]) + mu * velocity
        theta = theta + alpha * velocity
        rest = rest[b:] if len(rest) > b else rng.permutation(m)
        steps -= 1
    return {"theta": theta, "rng": rng.bit_generator.state, "velocity": velocity, "rest": rest}


def moves_saved(saved, steps, gradient, m, b, alpha, mu):
    """Its velocity is the move itself, alpha and all."""
    theta, rng = saved["theta"], generator_at(saved["rng"])
    try:
        move, rest = saved["optimizer"], saved["loader"]
    except KeyError:
        move, rest = 0 * theta, rng.permutation(m)
    for _ in range(steps):
        if not len(rest):
            rest = rng.permutation(m)
        batch, rest = rest[:b], rest[b:]
        move = mu * move + alpha * gradient(theta, batch)
        theta = theta + move
    return {"theta": theta, "rng": rng.bit_generator.state, "optimizer": move, "loader": rest}


def from_the_beginning(saved, steps, gradient, m, b, alpha, mu):
    """Saves where it began and how many steps it has made, and makes them all again."""
    begun, made = saved.get("begun", saved), saved.get("made", 0) + steps
    end = two_entries_more(begun, made, gradient, m, b, alpha, mu)
    return {"theta": end["theta"], "rng": end["rng"], "begun": begun, "made": made}


def saved_is_updated(saved, steps, gradient, m, b, alpha, mu):
    """What was read from a file may be overwritten."""
    rng = generator_at(saved["rng"])
    saved.setdefault("velocity", np.zeros_like(saved["theta"]))
    saved.setdefault("rest", [])
    for _ in range(steps):
        if not len(saved["rest"]):
            saved["rest"] = rng.permutation(m)
        saved["velocity"] *= mu
        saved["velocity"] += gradient(saved["theta"], saved["rest"][:b])
        saved["theta"] += alpha * saved["velocity"]
        saved["rest"] = saved["rest"][b:]
    return saved | {"rng": rng.bit_generator.state}


def generator_saved_itself(saved, steps, gradient, m, b, alpha, mu):
    """The state that it was given is used once; then the generator goes along."""
    rng = saved["generator"] if "generator" in saved else generator_at(saved["rng"])
    known = saved | {"rng": rng.bit_generator.state}
    end = two_entries_more(known, steps, gradient, m, b, alpha, mu)
    end["generator"] = generator_at(end.pop("rng"))
    return end


def run_with(
    save="velocity rest",
    load=None,
    velocity=lambda v, g, mu: mu * v + g,
    rng_of=lambda saved, rng: rng.bit_generator.state,
    restart=lambda rest: rest,
    kept=lambda batch, rest: rest,
):
    """A run that saves some of its things, or others than it is to save."""

    def go_on(saved, steps, gradient, m, b, alpha, mu):
        theta, rng = saved["theta"], generator_at(saved["rng"])
        names = (save if load is None else load).split()
        v = saved.get("velocity", 0.0) if "velocity" in names else 0.0
        rest = saved.get("rest", []) if "rest" in names else []
        rest, batch = restart(rest), []
        for _ in range(steps):
            if len(rest) == 0:
                rest = rng.permutation(m)
            batch, rest = rest[:b], rest[b:]
            v = velocity(v, gradient(theta, batch), mu)
            theta = theta + alpha * v
        everything = {"velocity": v, "rest": kept(batch, rest)}
        some = {name: everything[name] for name in save.split()}
        return {"theta": theta, "rng": rng_of(saved, rng), **some}

    return go_on


def position_only(saved, steps, gradient, m, b, alpha, mu):
    """Goes on at the right place of a permutation that is a new one."""
    theta, rng = saved["theta"], generator_at(saved["rng"])
    velocity, at = saved.get("velocity", 0.0), saved.get("at", 0)
    order = rng.permutation(m)
    for _ in range(steps):
        if at >= m:
            order, at = rng.permutation(m), 0
        velocity = mu * velocity + gradient(theta, order[at : at + b])
        theta = theta + alpha * velocity
        at += b
    return {"theta": theta, "rng": rng.bit_generator.state, "velocity": velocity, "at": at}


def never_a_short_batch(saved, steps, gradient, m, b, alpha, mu):
    theta, rng = saved["theta"], generator_at(saved["rng"])
    velocity, rest = saved.get("velocity", 0.0), saved.get("rest", [])
    for _ in range(steps):
        if len(rest) < b:
            rest = rng.permutation(m)
        batch, rest = rest[:b], rest[b:]
        velocity = mu * velocity + gradient(theta, batch)
        theta = theta + alpha * velocity
    return {"theta": theta, "rng": rng.bit_generator.state, "velocity": velocity, "rest": rest}


def looked_for_at_the_start(saved, steps, gradient, m, b, alpha, mu):
    saved["velocity"], saved["rest"]  # a KeyError before the first call
    return two_entries_more(saved, steps, gradient, m, b, alpha, mu)


def empty_or_not(saved, steps, gradient, m, b, alpha, mu):
    rest = saved.get("rest") or []  # an array of several has no truth value
    return two_entries_more(saved | {"rest": rest}, steps, gradient, m, b, alpha, mu)


def generator_itself(saved, steps, gradient, m, b, alpha, mu):
    end = two_entries_more(saved, steps, gradient, m, b, alpha, mu)
    return end | {"rng": generator_at(end["rng"])}


def theta_alone(saved, steps, gradient, m, b, alpha, mu):
    return two_entries_more(saved, steps, gradient, m, b, alpha, mu)["theta"]


def a_tuple(saved, steps, gradient, m, b, alpha, mu):
    return tuple(two_entries_more(saved, steps, gradient, m, b, alpha, mu).values())


def other_key(saved, steps, gradient, m, b, alpha, mu):
    end = two_entries_more(saved, steps, gradient, m, b, alpha, mu)
    return {"v" if name == "velocity" else name: value for name, value in end.items()}


def moved_before(saved, steps, gradient, m, b, alpha, mu):
    """Moves first, with the velocity of the step before."""
    theta, rng = saved["theta"], generator_at(saved["rng"])
    velocity, rest = saved.get("velocity", 0.0), saved.get("rest", [])
    for _ in range(steps):
        if len(rest) == 0:
            rest = rng.permutation(m)
        theta = theta + alpha * velocity
        velocity = mu * velocity + gradient(theta, rest[:b])
        rest = rest[b:]
    return {"theta": theta, "rng": rng.bit_generator.state, "velocity": velocity, "rest": rest}


def one_step_too_many(saved, steps, gradient, m, b, alpha, mu):
    return two_entries_more(saved, steps + 1, gradient, m, b, alpha, mu)


def velocity_anew_each_pass(saved, steps, gradient, m, b, alpha, mu):
    theta, rng = saved["theta"], generator_at(saved["rng"])
    velocity, rest = saved.get("velocity", 0.0), saved.get("rest", [])
    for _ in range(steps):
        if len(rest) == 0:
            velocity, rest = 0.0, rng.permutation(m)
        velocity = mu * velocity + gradient(theta, rest[:b])
        theta, rest = theta + alpha * velocity, rest[b:]
    return {"theta": theta, "rng": rng.bit_generator.state, "velocity": velocity, "rest": rest}


def in_a_global(saved, steps, gradient, m, b, alpha, mu):
    """What is missing is kept in the process, and is gone with it."""
    more = in_a_global.more if "again" in saved else {}
    end = two_entries_more(saved | more, steps, gradient, m, b, alpha, mu)
    in_a_global.more = {name: end.pop(name) for name in ("velocity", "rest")}
    return end | {"again": True}


def iterator_saved(saved, steps, gradient, m, b, alpha, mu):
    """No file holds a generator of Python's."""

    def all_batches(rng):
        while True:
            yield from np.split(rng.permutation(m), range(b, m, b))

    theta, velocity = saved["theta"], saved.get("velocity", 0.0)
    batches = saved["batches"] if "batches" in saved else all_batches(generator_at(saved["rng"]))
    for _ in range(steps):
        velocity = mu * velocity + gradient(theta, next(batches))
        theta = theta + alpha * velocity
    return {"theta": theta, "velocity": velocity, "batches": batches}


def saved_as_it_was(saved, steps, gradient, m, b, alpha, mu):
    two_entries_more(saved, steps, gradient, m, b, alpha, mu)
    return saved


def moves_as_velocity(saved, steps, gradient, m, b, alpha, mu):
    end = two_entries_more(saved, steps, gradient, m, b, alpha, mu)
    return end | {"velocity": alpha * end["velocity"]}


# ---- micro-batches


def cut(batch, size):
    return [batch[start : start + size] for start in range(0, len(batch), size)]


def lists(gradient, batch, size):
    total = None
    for part in cut(batch, size):
        added = [len(part) * float(entry) for entry in gradient(part)]
        total = added if total is None else [a + c for a, c in zip(total, added, strict=True)]
    return [entry / len(batch) for entry in total]


def split_in_torch(gradient, batch, size):
    total = 0
    for part in torch.as_tensor(batch, dtype=torch.float32).split(size):
        total = total + len(part) * torch.as_tensor(gradient(part))
    return total / len(batch)


def one_row_at_a_time(gradient, batch, size):
    return np.mean([gradient(row[None]) for row in batch], axis=0)


def weighted_average(gradient, batch, size):
    parts = np.split(batch, range(size, len(batch), size))
    return np.average([gradient(part) for part in parts], axis=0, weights=[*map(len, parts)])


def parts_of_nearly_one_size(gradient, batch, size):
    parts = np.array_split(batch, -(-len(batch) // size))
    return sum(len(part) / len(batch) * gradient(part) for part in parts)


def running_mean(gradient, batch, size):
    mean, seen = 0, 0
    for part in cut(batch, size):
        seen += len(part)
        mean = mean + len(part) / seen * (gradient(part) - mean)
    return mean


def averaged_over_parts(gradient, batch, size):
    parts = cut(batch, size)
    return sum(gradient(part) / len(parts) for part in parts)


def added_up(gradient, batch, size):
    total = 0
    for part in cut(batch, size):
        total = total + gradient(part)
    return total


def size_for_every_part(gradient, batch, size):
    return sum(size * gradient(part) for part in cut(batch, size)) / len(batch)


def overwritten(gradient, batch, size):
    weighted = [len(part) * gradient(part) for part in cut(batch, size)]
    return weighted[-1] / len(batch)


def full_parts_over_b(gradient, batch, size):
    total = 0
    for k in range(len(batch) // size):
        total = total + size * gradient(batch[k * size : (k + 1) * size])
    return total / len(batch)


def full_parts_averaged(gradient, batch, size):
    full = [part for part in cut(batch, size) if len(part) == size]
    return np.mean([gradient(part) for part in full], axis=0)


def never_divided(gradient, batch, size):
    return sum(len(part) * gradient(part) for part in cut(batch, size))


def divided_only(gradient, batch, size):
    return sum(gradient(part) for part in cut(batch, size)) / len(batch)


def divided_by_what_would_fit(gradient, batch, size):
    parts = cut(batch, size)
    return sum(len(part) * gradient(part) for part in parts) / (len(parts) * size)


def all_at_once(gradient, batch, size):
    return gradient(batch)


def size_parts(gradient, batch, size):
    parts = np.array_split(batch, size)
    return sum(len(part) * gradient(part) for part in parts) / len(batch)


def an_empty_part(gradient, batch, size):
    parts = [batch[k * size : (k + 1) * size] for k in range(len(batch) // size + 1)]
    return sum(len(part) * gradient(part) for part in parts) / len(batch)


def rows_without_their_axis(gradient, batch, size):
    return np.mean([gradient(row) for row in batch], axis=0)


def loss_and_size(model, optimizer, batch, m):
    return row_by_row(model, optimizer, batch, m), m


ANSWERS = {
    "made-mask": Answers(
        right=(
            path_by_path,
            product_in_torch,
            axes_for_all,
            one_input_at_a_time,
            pairs_of_degrees,
            in_order_and_back,
            right_paths,
        ),
        slips={
            "sees_itself": (masks_with(outer=np.greater_equal), own_place_included),
            "strict_between_layers": (masks_with(middle=np.greater), always_more_between),
            "other_way_round": (transposed_paths, row_of_inputs),
            "places_in_a_row": (variables_as_given, rows_in_the_ordering),
            "whether_not_how_many": (masks_left_boolean, any_path),
        },
        wrong=(
            masks_with(inner=np.greater),
            masks_with(middle=np.greater, inner=np.greater),
            masks_with(outer=np.greater_equal, inner=np.greater),
            masks_with(outer=np.greater_equal, middle=np.greater),
            masks_with(middle=np.less_equal),
            masks_with(middle=np.not_equal),
            masks_with(outer=np.less, middle=np.less_equal, inner=np.less_equal),
            place_at_outputs_only,
            place_at_inputs_only,
            ordering_for_place,
            places_from_0,
            outputs_from_0,
            first_layer_alone,
            layers_exchanged,
            degrees_of_the_library,
            own_place_struck_out,
            lower_triangle,
            places_counted_down,
            different_degrees_once,
            shares_of_paths,
            booleans_in_torch,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: `1 * (first[:, None] >= place)` → `first[:, None] >= place`",
                    "line 3: `1 * (second[:, None] >= first)` → `second[:, None] >= first`",
                    "line 4: `1 * (place[:, None] > second)` → `place[:, None] > second`",
                ),
                "numbers times Booleans are numbers: one mask may stay Boolean",
            ),
            **dict.fromkeys(
                ("line 3: squeeze: `first`", "line 4: squeeze: `second`"),
                "the degree of a single unit is compared as a number, as a row of one is",
            ),
        },
    ),
    "early-stopping": Answers(
        right=(
            walk,
            best_of_what_is_seen,
            from_record_to_record,
            largest_so_far,
            running_maxima_in_torch,
            patience_left,
            right_stop,
        ),
        slips={
            "last_of_ties": (
                stop_with(better=lambda v, top, last: v >= top),
                larger_or_equal_from_the_end,
            ),
            "nan_as_best": (
                stop_with(better=lambda v, top, last: not v <= top),
                unless_it_is_worse,
            ),
            "one_more_pass": (
                stop_with(over=lambda k, kept, patience: k - kept > patience),
                ends_above_patience,
            ),
            "falls_in_a_row": (no_better_than_before, falls_of_differences),
            "never_reset": (waited_since_the_start, number_without_a_record),
        },
        wrong=(
            arg_max_of_numpy,
            best_is_the_first_entry,
            stop_with(start=0),
            stop_with(better=lambda v, top, last: v < top, start=np.inf),
            stop_with(better=lambda v, top, last: v > last or np.isnan(last)),
            stop_with(better=lambda v, top, last: v > top + 0.1),
            stop_with(over=lambda k, kept, patience: k - kept >= patience - 1),
            stop_with(over=lambda k, kept, patience: k >= patience),
            stop_with(over=lambda k, kept, patience: False),
            changed_stop(lambda kept, made, valid, patience: (made, kept)),
            changed_stop(lambda kept, made, valid, patience: (kept, made + 1)),
            changed_stop(lambda kept, made, valid, patience: (kept + 1, made + 1)),
            changed_stop(lambda kept, made, valid, patience: (made, made)),
            changed_stop(lambda kept, made, valid, patience: (valid[kept], made)),
            changed_stop(lambda kept, made, valid, patience: (kept, kept + patience)),
            changed_stop(lambda kept, made, valid, patience: kept),
            nan_passes_not_counted,
            without_the_nans,
            ends_at_nan,
            nan_starts_the_count_anew,
            best_of_all_entries,
            looked_at_before_the_pass,
            all_nan_forgotten,
            start_is_a_pass,
            start_at_nan_is_a_pass,
            ties_reset_the_count,
        ),
        equivalent={"line 3: plus 1e-3: `valid`": "all values may be shifted alike"},
    ),
    "held-out-comparison": Answers(
        right=(
            by_numpy,
            by_torch,
            in_plain_python,
            by_statistics,
            by_the_covariance,
            root_of_m_less_1,
            compared_by(standard_error),
        ),
        slips={
            "unpaired": (
                compared_by(
                    standard_error,
                    gains_error=lambda a, b: np.hypot(standard_error(a), standard_error(b)),
                ),
                two_samples,
            ),
            "spread_of_one_sample": (compared_by(lambda v: v.std(ddof=1)), spreads_alone),
            "no_root": (
                compared_by(lambda v: v.std(ddof=1) / len(v)),
                compared_by(lambda v: np.sum((v - v.mean()) ** 2 / (len(v) - 1)) ** 0.5 / len(v)),
            ),
            "divided_by_all": (
                compared_by(lambda v: np.std(v) / np.sqrt(len(v))),
                divided_by_m_twice,
            ),
            "other_sign": (
                compared_by(standard_error, gain=lambda a, b: b - a),
                how_much_worse,
            ),
        },
        wrong=(
            compared_by(lambda v: v.std() / len(v)),
            compared_by(lambda v: v.std()),
            compared_by(lambda v: v.std(ddof=1) / (len(v) - 1) ** 0.5),
            compared_by(lambda v: v.var(ddof=1) / len(v)),
            compared_by(lambda v: v.var(ddof=1)),
            compared_by(lambda v: v.var(ddof=1) / len(v) ** 0.5),
            compared_by(lambda v: v.std(ddof=2) / len(v) ** 0.5),
            compared_by(lambda v: np.abs(v - v.mean()).mean() / len(v) ** 0.5),
            compared_by(lambda v: 1.96 * standard_error(v)),
            compared_by(
                standard_error, gains_error=lambda a, b: standard_error(a) + standard_error(b)
            ),
            compared_by(
                standard_error, gains_error=lambda a, b: abs(standard_error(a) - standard_error(b))
            ),
            compared_by(standard_error, gains_error=lambda a, b: standard_error(a + b)),
            compared_by(standard_error, gains_error=lambda a, b: standard_error(a)),
            compared_by(standard_error, gains_error=lambda a, b: (a - b).std(ddof=1)),
            compared_by(standard_error, gains_error=lambda a, b: (a - b).std() / len(a) ** 0.5),
            compared_by(
                standard_error, gains_error=lambda a, b: (a - b).std(ddof=1) / (2 * len(a)) ** 0.5
            ),
            compared_by(standard_error, gain=lambda a, b: a / b),
            compared_by(standard_error, gain=lambda a, b: np.exp(a - b)),
            changed_comparison(
                lambda mean, error, gain, of_gain, m: (m * mean, error, gain, of_gain)
            ),
            changed_comparison(
                lambda mean, error, gain, of_gain, m: (mean, error, m * gain, of_gain)
            ),
            changed_comparison(lambda mean, error, gain, of_gain, m: (-mean, error, gain, of_gain)),
            changed_comparison(lambda mean, error, gain, of_gain, m: (mean, error, gain, -of_gain)),
            changed_comparison(lambda mean, error, gain, of_gain, m: (mean, gain, error, of_gain)),
            changed_comparison(lambda mean, error, gain, of_gain, m: (mean, error, gain)),
            changed_comparison(lambda *found: np.round(found[:4], 1)),
            changed_comparison(
                lambda mean, error, gain, of_gain, m: (mean, error, gain, gain / of_gain)
            ),
            second_model_first,
            mean_of_the_second,
            differences_in_place,
            both_sorted,
            size_of_differences,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: sorted: `first - second`",
                    "line 3: sorted: `first`",
                    "line 4: sorted: `gain`",
                    "line 3: sorted: `first` #2",
                    "line 4: sorted: `gain` #2",
                ),
                "neither a mean nor a spread has an order",
            ),
            **dict.fromkeys(
                (
                    "line 3: minus: `first` #2",
                    "line 4: minus: `gain` #2",
                    "line 3: plus 1e-3: `first` #2",
                    "line 4: plus 1e-3: `gain` #2",
                ),
                "a spread is the same for values that are mirrored or shifted alike",
            ),
        },
    ),
    "mend-a-clipped-accumulation": Answers(
        right=(
            weighed_then_clipped,
            sum_divided_at_the_end,
            single_rows_clipped_once,
            split_and_clipped_in_torch,
            averaged_by_numpy,
            mean_that_runs_along,
            parts_nearly_alike,
        ),
        slips={
            "both_faults": (as_it_was, mean_of_clipped_parts),
            "parts_clipped": (weights_mended_only, weights_mended_by_numpy),
            "parts_alike": (clip_mended_only, clip_of_mean_by_torch),
            "clipped_on_the_way": (clipped_in_the_loop, sum_clipped_on_the_way),
            "not_clipped": (clip_left_out, clipping_with(lambda g, c, K, b: g)),
        },
        wrong=(
            whole_batch_at_once,
            size_for_every_one,
            last_part_left_out,
            each_sample_clipped,
            clipped_twice,
            clipped_twice_means,
            running_mean_clipped,
            means_not_clipped,
            weighed_parts_clipped,
            divided_by_the_parts_too,
            clipping_with(lambda g, c, K, b: c * g / np.sqrt(np.sum(g**2))),
            clipping_with(lambda g, c, K, b: np.clip(g, -c, c)),
            clipping_with(lambda g, c, K, b: c / max(np.sum(g**2), c) * g),
            clipping_with(lambda g, c, K, b: c / max(np.sum(np.abs(g)), c) * g),
            clipping_with(lambda g, c, K, b: c / max(np.max(np.abs(g)), c) * g),
            clipping_with(lambda g, c, K, b: c / max(np.sqrt(np.mean(g**2)), c) * g),
            clipping_with(lambda g, c, K, b: c / min(np.sqrt(np.sum(g**2)), c) * g),
            clipping_with(lambda g, c, K, b: g / max(np.sqrt(np.sum(g**2)), 1)),
            clipping_with(lambda g, c, K, b: g / max(np.sqrt(np.sum(g**2)), c)),
            clipping_with(lambda g, c, K, b: clip(b * g, c)),
            clipping_with(lambda g, c, K, b: clip(b * g, c) / b),
            clipping_with(lambda g, c, K, b: clip(g, c) / K),
            clipping_with(lambda g, c, K, b: clip(g, c * K)),
            clipping_with(lambda g, c, K, b: np.sqrt(np.sum(clip(g, c) ** 2))),
            clipping_with(lambda g, c, K, b: -clip(g, c)),
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 5: squeeze: `total`",
                    "line 6: squeeze: `total ** 2`",
                    "line 6: squeeze: `total`",
                ),
                "one number is added as an array of one is",
            ),
            **dict.fromkeys(
                ("line 6: sorted: `total ** 2`", "line 6: sorted: `total`"),
                "a sum has no order",
            ),
            **dict.fromkeys(
                ("line 6: abs: `total`", "line 6: minus: `total`"),
                "it is squared",
            ),
        },
    ),
    "same-update": Answers(
        right=(in_front_of_the_sum, by_way_of_the_estimate, logarithms, measured),
        slips={
            "upside_down": (factors_for_step_sizes,),
            "old_scale_ignored": (new_column_only,),
            "sum_as_estimate": (by_table(lambda m, b, n: (1, 1, m, m * n)),),
            "variables_forgotten": (by_table(lambda m, b, n: (1, m / b, m, m)),),
            "batch_for_data": (by_table(lambda m, b, n: (1, m / b, b, b * n)),),
        },
        wrong=(
            old_column_only,
            other_names,
            by_table(lambda m, b, n: (1, b / m, m, m * n)),
            by_table(lambda m, b, n: (1, b, m, m * n)),
            by_table(lambda m, b, n: (1, m / b, m, b * n)),
            by_table(lambda m, b, n: (1, m / b, m, n)),
            by_table(lambda m, b, n: (m / b, 1, b, b * n)),
            by_table(lambda m, b, n: (1, m / min(b, 2000), m, m * n)),
            by_table(lambda m, b, n: (1, m / b, m, m * min(n, 784))),
            lambda alpha, old, new, m, b, n: alpha,
        ),
        equivalent={"what it gave for the same shapes and numbers": "nothing else is given"},
    ),
    "train-step": Answers(
        right=(
            row_by_row,
            gradients_put_in,
            by_a_closure,
            mean_scaled_afterwards,
            by_hand,
            on_its_device,
            in_micro_batches,
            a_gradient_for_each_entry,
            gradients_written_into,
            without_its_step,
            added_in_place,
            its_step_size_for_a_while,
        ),
        slips={
            "gradient_kept": (
                step_with(right_loss, "backward step"),
                step_with(right_loss, "backward step zero"),
            ),
            "downhill": (step_with(lambda log_p, m: m * log_p.mean()),),
            "mean_of_the_batch": (step_with(lambda log_p, m: -log_p.mean()),),
            "sum_of_the_batch": (step_with(lambda log_p, m: -log_p.sum()),),
            "step_before_backward": (
                step_with(right_loss, "zero step backward"),
                step_with(right_loss, "zero backward"),
                step_with(right_loss, "zero step"),
                step_with(right_loss, "backward zero step"),
                only_the_loss,
            ),
        },
        wrong=(
            loss_and_size,
            loss_after_the_step,
            loss_of_one_sample,
            log_likelihood,
            a_step_for_each_row,
            first_row_only,
            uphill_with_the_right_loss,
            over_variables_too,
            step_with(lambda log_p, m: -m / len(log_p) * log_p.mean()),
            step_with(lambda log_p, m: -m * log_p.sum()),
            step_with(lambda log_p, m: -m * log_p),
            step_with(right_loss, "zero backward step step"),
            step_with(right_loss, "step zero backward"),
            step_size_multiplied,
            step_size_guessed,
            another_optimiser,
            one_parameter_only,
            batch_erased,
            every_samples_loss,
            nudged,
            lambda model, optimizer, batch, m: 0.0,
            lambda model, optimizer, batch, m: 1 / 0,
            lambda batch, m: 0.0,
        ),
        equivalent={
            "line 6: `loss.item()` → `loss`": "a tensor of one number is a number",
            "line 2: `optimizer` → `model`": "both clear the same gradients",
            "line 4: plus 1e-3: `loss`": "a constant has no gradient",
            "what it gave for another earlier": "what an earlier batch left is cleared",
        },
    ),
    "mend-a-training-loop": Answers(
        right=(
            two_lines_changed,
            cleared_after_each_step,
            while_some_are_left,
            pass_in_torch,
            sum_so_far_taken_off,
            a_function_for_the_step,
            cut_first,
            own_step,
            step_size_for_each,
        ),
        slips={
            "cleared_once_and_nominal_size": (
                pass_with(nominal, "backward step", "zero"),
                pass_with(nominal, "backward step", "zero", "zero"),
            ),
            "cleared_once": (
                pass_with(calls="backward step", first="zero"),
                cleared_at_the_start_only,
            ),
            "nominal_size": (
                pass_with(nominal),
                pass_with(nominal, "backward step zero", "zero"),
            ),
            "cleared_before_the_step": (
                pass_with(calls="backward zero step"),
                pass_with(calls="zero backward"),
            ),
            "not_cleared_first": (
                pass_with(calls="backward step zero"),
                cleared_from_the_second_on,
            ),
        },
        wrong=(
            pass_with(calls="backward step"),
            pass_with(nominal, "backward zero step"),
            pass_with(nominal, "backward step zero"),
            pass_with(calls="zero step backward"),
            pass_with(calls="zero backward step step"),
            pass_with(calls="zero backward", last="step"),
            pass_with(calls="backward", first="zero", last="step"),
            pass_with(lambda m, b, size: -m / b),
            pass_with(lambda m, b, size: 1 / b),
            pass_with(lambda m, b, size: 1),
            pass_with(lambda m, b, size: m),
            pass_with(lambda m, b, size: m // b),
            pass_with(lambda m, b, size: -(-m // size)),
            pass_with(lambda m, b, size: m / (b + 1)),
            pass_with(lambda m, b, size: size / b),
            pass_with(rows=lambda order, start, size: slice(start, start + size)),
            pass_with(rows=lambda order, start, size: sorted(order)[start : start + size]),
            pass_with(rows=lambda order, start, size: order[::-1][start : start + size]),
            pass_with(rows=lambda order, start, size: order[start : start + size + 1]),
            pass_with(
                rows=lambda order, start, size: np.resize(order, 2 * len(order))[start:][:size]
            ),
            pass_with(starts=lambda m, size: range(0, m - size + 1, size)),
            pass_with(starts=lambda m, size: range(size, m, size)),
            pass_with(given=lambda losses: sum(losses)),
            pass_with(given=lambda losses: sum(losses) / len(losses)),
            pass_with(given=lambda losses: losses[::-1]),
            pass_with(given=lambda losses: [-loss for loss in losses]),
            pass_with(given=lambda losses: [losses]),
            pass_with(given=lambda losses: None),
            losses_after_the_steps,
            losses_after_the_pass,
            losses_of_the_start,
            returned_too_early,
            m_of_the_batch,
            last_loss,
            step_size_left_so,
            order_sorted_on_the_way,
            two_passes,
        ),
        equivalent={
            **dict.fromkeys(
                [
                    "line 4: sorted: `order[start:start + size]`",
                    "line 4: unique: `order[start:start + size]`",
                ],
                "the order within a batch does not matter, and no sample comes twice",
            ),
            "line 9: `loss.item()` → `loss`": "a tensor of one number is a number",
            "line 5: `optimizer` → `model`": "both clear the same gradients",
            "line 7: plus 1e-3: `loss`": "a constant has no gradient",
            "what it gave for another earlier": "what an earlier batch left is cleared",
        },
    ),
    "mend-a-resume": Answers(
        right=(
            two_entries_more,
            in_lists,
            permutation_and_position,
            pass_drawn_again,
            place_before,
            run_in_torch,
            next_pass_drawn_early,
            moves_saved,
            from_the_beginning,
            saved_is_updated,
            generator_saved_itself,
        ),
        slips={
            "both_forgotten": (run_with(""), run_with("velocity rest", load="")),
            "velocity_forgotten": (run_with("rest"), run_with("velocity rest", load="rest")),
            "rest_forgotten": (run_with("velocity"), run_with("velocity rest", load="velocity")),
            "old_generator": (run_with(rng_of=lambda saved, rng: saved["rng"]),),
        },
        wrong=(
            run_with(velocity=lambda v, g, mu: g),
            run_with(velocity=lambda v, g, mu: mu * v + (1 - mu) * g),
            run_with(velocity=lambda v, g, mu: mu * (v + g)),
            run_with(velocity=lambda v, g, mu: v + g),
            run_with(velocity=lambda v, g, mu: mu * v - g),
            run_with(restart=sorted),
            run_with(restart=lambda rest: rest[::-1]),
            run_with(kept=lambda batch, rest: batch),
            run_with(kept=lambda batch, rest: np.concatenate([batch, rest])),
            run_with(kept=lambda batch, rest: rest[1:]),
            run_with(rng_of=lambda saved, rng: np.random.default_rng().bit_generator.state),
            run_with(rng_of=lambda saved, rng: np.random.default_rng(0).bit_generator.state),
            position_only,
            never_a_short_batch,
            looked_for_at_the_start,
            empty_or_not,
            generator_itself,
            theta_alone,
            a_tuple,
            other_key,
            moved_before,
            one_step_too_many,
            velocity_anew_each_pass,
            in_a_global,
            iterator_saved,
            saved_as_it_was,
            moves_as_velocity,
        ),
        equivalent={
            **dict.fromkeys(
                [
                    "line 8: sorted: `rest[:b]`",
                    "line 8: unique: `rest[:b]`",
                    "line 9: sorted: `batch`",
                    "line 9: unique: `batch`",
                ],
                "the order within a batch does not matter, and no sample comes twice",
            ),
            **dict.fromkeys(
                [
                    "line 2: squeeze: `saved.get('velocity', 0.0)`",
                    "line 9: squeeze: `gradient(theta, batch)`",
                    "line 9: squeeze: `mu * velocity + gradient(theta, batch)`",
                    "line 9: squeeze: `mu * velocity`",
                    "line 9: squeeze: `theta`",
                    "line 9: squeeze: `velocity`",
                    "line 10: squeeze: `alpha * velocity`",
                    "line 10: squeeze: `theta`",
                    "line 10: squeeze: `velocity`",
                    "line 12: squeeze: `velocity`",
                ],
                "one number is added as an array of one is",
            ),
            "line 5: minus: `range(steps)`": "as many steps; which one it is, is not asked",
            "line 6: minus: `len(rest)`": "nothing but 0 is minus 0",
        },
    ),
    "unequal-micro-batches": Answers(
        right=(
            lists,
            split_in_torch,
            one_row_at_a_time,
            weighted_average,
            parts_of_nearly_one_size,
            running_mean,
        ),
        slips={
            "mean_of_means": (averaged_over_parts,),
            "sum_of_means": (added_up,),
            "nominal_size": (size_for_every_part,),
            "last_part_alone": (overwritten,),
            "short_part_lost": (full_parts_over_b,),
        },
        wrong=(
            full_parts_averaged,
            never_divided,
            divided_only,
            divided_by_what_would_fit,
            all_at_once,
            size_parts,
            an_empty_part,
            rows_without_their_axis,
        ),
        equivalent={"line 5: squeeze: `total`": "one number is added as an array of one is"},
    ),
}
