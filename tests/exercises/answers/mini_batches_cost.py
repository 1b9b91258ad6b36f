"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch

from tests.exercises.answers import Answers


def by_elimination(small, big, b_small, b_big):
    short = sum(big.tolist()) / len(big)
    trace = (sum(small.tolist()) / len(small) - short) * b_small * b_big / (b_big - b_small)
    return trace / (short - trace / b_big)


def two_equations(small, big, b_small, b_big):
    lengths = torch.stack([torch.as_tensor(small).mean(), torch.as_tensor(big).mean()])
    system = torch.tensor([[1.0, 1 / b_small], [1.0, 1 / b_big]], dtype=lengths.dtype)
    signal, trace = torch.linalg.solve(system, lengths)
    return trace / signal


def scale_in_float32(small, big, b_small, b_big):
    s, b = (torch.as_tensor(part, dtype=torch.float32).mean() for part in (small, big))
    return b_small * b_big * (s - b) / (b_big * b - b_small * s)


def straight_line(small, big, b_small, b_big):
    """Least squares of all lengths on 1/b: the slope over the height at 0."""
    inverse = np.repeat([1 / b_small, 1 / b_big], [len(small), len(big)])
    slope, height = np.polyfit(inverse, np.concatenate([small, big]), 1)
    return slope / height


def longer_over_shorter(small, big, b_small, b_big):
    return sum(small) / sum(big)


def noise_times_the_wrong_sizes(small, big, b_small, b_big):
    trace = (small.mean() - big.mean()) / (1 / b_big - 1 / b_small)
    return trace / ((b_big * small.mean() - b_small * big.mean()) / (b_big - b_small))


def lengths_exchanged(small, big, b_small, b_big):
    return by_elimination(big, small, b_small, b_big)


def sizes_of_the_signal_exchanged(small, big, b_small, b_big):
    noise = (small.mean() - big.mean()) / (1 / b_small - 1 / b_big)
    return noise * (b_big - b_small) / (b_small * big.mean() - b_big * small.mean())


def big_batches_taken_as_exact(small, big, b_small, b_big):
    exact = torch.as_tensor(big).mean()
    return (torch.as_tensor(small).mean() - exact) * b_small * b_big / (b_big - b_small) / exact


def upside_down(small, big, b_small, b_big):
    return 1 / by_elimination(small, big, b_small, b_big)


def pair_by_pair(small, big, b_small, b_big):
    scales = []
    for s, b in zip(small, big, strict=True):
        trace = (s - b) / (1 / b_small - 1 / b_big)
        scales.append(trace / (s - trace / b_small))
    return sum(scales) / len(scales)


def small_batches_taken_as_exact(small, big, b_small, b_big):
    return (small.mean() - big.mean()) / (1 / b_small - 1 / b_big) / small.mean()


def difference_of_sizes(small, big, b_small, b_big):
    trace = (small.mean() - big.mean()) / (b_big - b_small)
    return trace / (small.mean() - trace / b_small)


def noise_alone(small, big, b_small, b_big):
    return (small.mean() - big.mean()) / (1 / b_small - 1 / b_big)


def no_mean(small, big, b_small, b_big):
    trace = (small - big) / (1 / b_small - 1 / b_big)
    return trace / (small - trace / b_small)


def first_pair(small, big, b_small, b_big):
    return by_elimination(small[:1], big[:1], b_small, b_big)


# ---- the step size for another batch


def sizes_one_by_one(alpha, b, sizes, b_h, limit):
    steps = []
    for size in sizes:
        step = alpha * (b + b_h) * size / (b * (size + b_h))
        steps.append(limit if step > limit else step)
    return steps


def sizes_in_float32(alpha, b, sizes, b_h, limit):
    sizes = torch.as_tensor(sizes, dtype=torch.float32)
    return (alpha * (1 + b_h / b) / (1 + b_h / sizes)).clamp(max=limit)


def relative_to_the_tuned(alpha, b, sizes, b_h, limit):
    inverse = (1 + b_h * np.power(sizes, -1.0)) / (alpha + alpha * b_h / b)
    return 1 / np.maximum(inverse, 1 / limit)


def goyal(alpha, b, sizes, b_h, limit):
    return [min(alpha / b * size, limit) for size in sizes]


def tuned_step_as_the_longest(alpha, b, sizes, b_h, limit):
    return torch.as_tensor(alpha * sizes / (sizes + b_h)).clamp(max=limit)


def old_over_new(alpha, b, sizes, b_h, limit):
    return [min(alpha * b / (b + b_h) * (size + b_h) / size, limit) for size in sizes]


def any_length(alpha, b, sizes, b_h, limit):
    return alpha * sizes * (b + b_h) / (b * (sizes + b_h))


def longest_is_limited(alpha, b, sizes, b_h, limit):
    longest = min(limit, alpha + alpha * b_h / b)
    return [longest / (1 + b_h / size) for size in sizes]


def square_root_rule(alpha, b, sizes, b_h, limit):
    return np.minimum(alpha * np.sqrt(sizes / b), limit)


def shortened_together(alpha, b, sizes, b_h, limit):
    steps = carried(alpha, b, sizes, b_h)
    return steps * min(1, limit / steps.max())


def proportional_where_noise_rules(alpha, b, sizes, b_h, limit):
    steps = np.where(50 * sizes < b_h, alpha * sizes / b, carried(alpha, b, sizes, b_h))
    return np.minimum(steps, limit)


def carried(alpha, b, sizes, b_h):
    return alpha * (1 + b_h / b) / (1 + b_h / sizes)


# ---- how far a run hovers


def direction_by_direction(alpha, b, m, curvatures, variances):
    V, loss = [], 0.0
    for curvature, variance in zip(curvatures, variances, strict=True):
        noise = variance * (m - b) / (b * (m - 1))
        V.append(alpha**2 * noise / (1 - (1 - alpha * curvature) ** 2))
        loss += curvature * V[-1] / 2
    return V, loss


def hovering_in_float32(alpha, b, m, curvatures, variances):
    L, S = (torch.as_tensor(part, dtype=torch.float32) for part in (curvatures, variances))
    V = alpha * S * ((m - b) / (m - 1) / b) / (2 * L - alpha * L**2)
    return V, 0.5 * (L @ V)


def as_derived_in_float32(alpha, b, m, curvatures, variances):
    L, S = (torch.as_tensor(part, dtype=torch.float32) for part in (curvatures, variances))
    V = alpha**2 * S / b * (m - b) / (m - 1) / (1 - (1 - alpha * L) ** 2)
    return V, (L * V).sum() / 2


def as_matrices(alpha, b, m, curvatures, variances):
    """(6.3) as linear equations for all entries of P."""
    H, p = np.diag(np.array(curvatures, dtype=float)), len(curvatures)
    A, C = np.eye(p) - alpha * H, np.diag(variances) * (m - b) / (m - 1) / b
    P = np.linalg.solve(np.eye(p * p) - np.kron(A, A), alpha**2 * C.ravel()).reshape(p, p)
    return np.diag(P), np.trace(H @ P) / 2


def until_it_stands(alpha, b, m, curvatures, variances):
    """The variance from step to step, doubling the number of steps each time."""
    r = (1 - alpha * curvatures) ** 2
    V = alpha**2 * variances * (m - b) / (m - 1) / b
    for _ in range(40):
        V, r = V + r * V, r * r
    return [V, sum(curvatures * V) / 2]


def sizes_left_out(alpha, b, m, curvatures, variances):
    V = alpha**2 * variances / b / (1 - (1 - alpha * curvatures) ** 2)
    return V, 0.5 * (curvatures @ V)


def rule_for_short_steps(alpha, b, m, curvatures, variances):
    C = variances * (m - b) / (m - 1) / b
    return alpha * C / 2 / curvatures, alpha * C.sum() / 4


def noise_of_the_last_step(alpha, b, m, curvatures, variances):
    V = [alpha * alpha * v * (m - b) / (m - 1) / b for v in variances]
    return V, 0.5 * np.dot(curvatures, V)


def whole_trace(alpha, b, m, curvatures, variances):
    V, loss = direction_by_direction(alpha, b, m, curvatures, variances)
    return V, loss + loss


def half_of_the_spread(alpha, b, m, curvatures, variances):
    V, _ = direction_by_direction(alpha, b, m, curvatures, variances)
    return V, torch.tensor(V).sum() / 2


def after(steps):
    def hovering(alpha, b, m, curvatures, variances):
        V, C = 0 * variances, variances / b * (m - b) / (m - 1)
        for _ in range(steps):
            V = (1 - alpha * curvatures) ** 2 * V + alpha**2 * C
        return V, (curvatures * V).sum() / 2

    return hovering


def short_where_it_seems_so(alpha, b, m, curvatures, variances):
    C, short = variances * (m - b) / (m - 1) / b, alpha * curvatures < 0.3
    V = alpha * C / (curvatures * np.where(short, 2, 2 - alpha * curvatures))
    return V, (curvatures * V).sum() / 2


def deviation_for_variance(alpha, b, m, curvatures, variances):
    V, loss = direction_by_direction(alpha, b, m, curvatures, variances)
    return np.sqrt(V), loss


def losses_of_the_directions(alpha, b, m, curvatures, variances):
    V, _ = direction_by_direction(alpha, b, m, curvatures, variances)
    return V, curvatures * V / 2


def mean_of_the_directions(alpha, b, m, curvatures, variances):
    V, _ = direction_by_direction(alpha, b, m, curvatures, variances)
    return V, np.mean(curvatures * V) / 2


def one_factor_forgotten(alpha, b, m, curvatures, variances):
    V = alpha * variances * (m - b) / (m - 1) / b / (2 - alpha * curvatures)
    return V, (curvatures * V).sum() / 2


def squares_of_the_step(alpha, b, m, curvatures, variances):
    V, loss = direction_by_direction(alpha, b, m, curvatures, variances)
    return np.multiply(alpha, V), alpha * loss


# ---- what the mean of the places loses


def height_lost(place, top, H):
    d = np.asarray(place) - top
    return float(d @ H @ d) / 2


def place_by_place(places, top, H, skip):
    late = [place for t, place in enumerate(places) if t >= skip]
    return sum(height_lost(p, top, H) for p in late) / len(late), height_lost(
        sum(late) / len(late), top, H
    )


def both_in_torch(places, top, H, skip):
    places, top, H = (torch.as_tensor(part, dtype=torch.float64) for part in (places, top, H))
    d = places[skip:] - top
    return torch.einsum("ti,ij,tj->t", d, H, d).mean() / 2, d.mean(0) @ H @ d.mean(0) * 0.5


def by_the_covariance(places, top, H, skip):
    """The mean loss is that of the mean, and half of tr(H Cov)."""
    late = np.array(places[skip:], dtype=float)
    covariance = np.atleast_2d(np.cov(late.T, ddof=0))
    lost = height_lost(late.mean(0), top, H)
    return [lost + (H * covariance).sum() / 2, lost]


def losses_in_float32(places, top, H, skip):
    d = (places[skip:] - top).astype(np.float32)
    center = np.average(d, axis=0)
    return np.trace(d @ H @ d.T) / (2 * len(d)), np.float32(center @ (H @ center) / 2)


def as_they_come(places, top, H, skip):
    """Both means renewed with every place."""
    mean, lost = 0.0 * top, 0.0
    for k, place in enumerate(places[skip:], 1):
        mean, lost = mean + (place - mean) / k, lost + (height_lost(place, top, H) - lost) / k
    return lost, height_lost(mean, top, H)


def all_places(places, top, H, skip):
    d = places - top
    return np.mean([row @ H @ row for row in d]) / 2, height_lost(places.mean(0), top, H)


def whole_squares(places, top, H, skip):
    d = places[skip:] - top
    return np.einsum("ti,ij,tj->t", d, H, d).mean(), d.mean(0) @ H @ d.mean(0)


def squared_distances(places, top, H, skip):
    d = places[skip:] - top
    return (d**2).sum(1).mean() / 2, (d.mean(0) ** 2).sum() / 2


def where_it_ended(places, top, H, skip):
    return place_by_place(places, top, H, skip)[0], height_lost(places[len(places) - 1], top, H)


def mean_place_first(places, top, H, skip):
    return place_by_place(places, top, H, skip)[::-1]


def one_place_more_left_out(places, top, H, skip):
    return place_by_place(places, top, H, min(skip + 1, len(places) - 1))


def start_alone(places, top, H, skip):
    return place_by_place(places[: skip + 1], top, H, 0)


def divided_by_all(places, top, H, skip):
    first, _ = place_by_place(places, top, H, skip)
    mean = places[skip:].sum(0) / len(places)
    return first * (len(places) - skip) / len(places), height_lost(mean, top, H)


def mean_of_the_entries(places, top, H, skip):
    d = places[skip:] - top
    return ((d @ H) * d).mean() / 2, height_lost(places[skip:].mean(0), top, H)


def top_forgotten(places, top, H, skip):
    return place_by_place(places, 0 * top, H, skip)


def median_place(places, top, H, skip):
    late = places[skip:]
    return place_by_place(places, top, H, skip)[0], height_lost(np.median(late, axis=0), top, H)


def no_place_twice(places, top, H, skip):
    return place_by_place(np.unique(places[skip:], axis=0), top, H, 0)


def diagonal_alone(places, top, H, skip):
    return place_by_place(places, top, np.diag(np.diag(H)), skip)


# ---- an average that follows the run


def mean_so_far_of(rows):
    return sum(rows) / len(rows)


def averages_from_scratch(places, start):
    """Each mean over again: slow, but as the task says it."""
    places = np.asarray(places)
    return np.array(
        [p if t <= start else mean_so_far_of(places[start : t + 1]) for t, p in enumerate(places)]
    )


def averages_kept(places, start):
    averages, mean, seen = [], None, 0
    for t in range(len(places)):
        if t < start:
            averages.append(list(places[t]))
            continue
        seen += 1
        new = [0.0] * len(places[t]) if mean is None else mean
        mean = [a + (p - a) / seen for a, p in zip(new, places[t], strict=True)]
        averages.append(mean)
    return averages


def averages_by_cumsum(places, start, kind=float):
    averages = places.astype(kind)
    late = places[start:]
    averages[start:] = late.cumsum(0) / np.arange(1, len(late) + 1)[:, None]
    return averages


def averages_by_old_share(places, start):
    rows = [places[0]]
    for t in range(1, len(places)):
        k = max(t - start, 0)
        rows.append(k / (k + 1) * rows[-1] + places[t] / (k + 1))
    return np.stack(rows)


def averages_in_torch(places, start):
    places = torch.as_tensor(places)
    late = torch.cumsum(places[start:], dim=0)
    counts = torch.arange(1, len(late) + 1).unsqueeze(1)
    return torch.cat([places[:start], late / counts])


def averages_in_float32(places, start):
    mean = torch.zeros(len(places[0]))
    rows = []
    for t, place in enumerate(torch.as_tensor(places, dtype=torch.float32)):
        mean = mean.lerp(place, 1 / max(t - start + 1, 1))
        rows.append(mean)
    return torch.stack(rows)


def averages_by_a_matrix(places, start):
    t, s = np.indices((len(places), len(places)))
    weights = np.where(t < start, t == s, (s >= start) & (s <= t))
    return weights / weights.sum(axis=1, keepdims=True) @ places


def means_of_all_so_far(places, start):
    return [np.mean(places[: t + 1], axis=0) for t in range(len(places))]


def means_of_all_kept(places, start):
    mean, rows = 0.0, []
    for k, place in enumerate(places, 1):
        mean = mean + (place - mean) / k
        rows.append(mean)
    return np.array(rows)


def updated_with(weight):
    """The place itself up to start, then a share of the way to each new one."""

    def averages(places, start):
        rows = list(places[: start + 1])
        for t in range(start + 1, len(places)):
            rows.append(rows[-1] + weight(t, start) * (places[t] - rows[-1]))
        return np.array(rows)

    return averages


def means_after_the_start(places, start):
    return [p if t <= start else places[start + 1 : t + 1].mean(0) for t, p in enumerate(places)]


def middle_of_old_and_new(places, start):
    averages = np.array(places, dtype=float)
    for t in range(start + 1, len(places)):
        averages[t] = (averages[t - 1] + places[t]) / 2
    return averages


def rest_left_at_zero(places, start):
    averages = np.zeros(places.shape)
    total = 0.0
    for t in range(start, len(places)):
        total = total + places[t]
        averages[t] = total / (t - start + 1)
    return averages


def counted_where_late(places, start):
    late = torch.as_tensor(np.arange(len(places)) >= start, dtype=torch.float64)[:, None]
    return (late * torch.as_tensor(places)).cumsum(0) / late.cumsum(0).clamp(min=1)


def counted_where_late_or_place(places, start):
    averages = counted_where_late(places, start)
    averages[:start] = torch.as_tensor(places[:start])
    return averages


def average_is_one_array(places, start):
    mean, rows = np.zeros(places.shape[1]), []
    for t, place in enumerate(places):
        mean += (place - mean) / max(t - start + 1, 1)
        rows.append(mean)
    return np.array(rows)


def places_overwritten(places, start):
    for t in range(start + 1, len(places)):
        places[t] = places[t - 1] + (places[t] - places[t - 1]) / (t - start + 1)
    return places


def cut_to_the_kind_of_places(places, start):
    """Written into a copy: where the places are integers, so are the means."""
    return averages_by_cumsum(places, start, places.dtype)


def newest_left_out(places, start):
    return [p if t <= start else places[start:t].mean(0) for t, p in enumerate(places)]


def begun_one_too_early(places, start):
    return averages_from_scratch(places, max(start - 1, 0))


def one_number_a_step(places, start):
    return [p if t <= start else 0 * p + places[start : t + 1].mean() for t, p in enumerate(places)]


def late_rows_alone(places, start):
    return averages_by_cumsum(places, start)[start:]


def where_it_starts_before(places, start):
    averages = averages_by_cumsum(places, start)
    averages[:start] = places[start]
    return averages


def means_begun_anew(places, start):
    """Before the start a mean of all places so far, from the start on another."""
    rows = means_of_all_so_far(places[:start], 0)
    return np.array(rows + means_of_all_so_far(places[start:], 0))


def window_of_the_same_length(places, start):
    """The last start + 1 places: a window that moves."""
    return [
        places[max(start, t - start) : t + 1].mean(0) if t > start else places[t]
        for t in range(len(places))
    ]


def divided_by_the_step(places, start):
    return [
        p if t <= start else places[start : t + 1].sum(0) / (t + 1) for t, p in enumerate(places)
    ]


def medians(places, start):
    return [
        p if t <= start else np.median(places[start : t + 1], axis=0) for t, p in enumerate(places)
    ]


def sum_not_divided(places, start):
    return np.concatenate([places[:start], places[start:].cumsum(0)])


def unset_before(places, start):
    averages = averages_by_cumsum(places, start)
    averages[:start] = np.nan
    return averages


# ---- the two Robbins–Monro sums


def sums_in_a_loop(alpha, tau, power, steps):
    first = second = 0.0
    for t in range(steps):
        size = alpha / (1 + t / tau) ** power
        first += size
        second += size * size
    return first, second, power <= 1, power > 0.5


def sums_in_numpy(alpha, tau, power, steps):
    sizes = alpha * (1 + np.arange(steps) / tau) ** -power
    return [sizes.sum(), sizes @ sizes, not power > 1, 2 * power > 1]


def sums_in_torch(alpha, tau, power, steps):
    sizes = alpha * torch.pow(1 + torch.arange(steps) / tau, -power)
    infinite, finite = torch.tensor(power) <= 1, torch.tensor(power) > 0.5
    return sizes.sum(), (sizes**2).sum(), infinite, finite


def sums_by_logarithms(alpha, tau, power, steps):
    sizes = [math.exp(math.log(alpha) - power * math.log1p(t / tau)) for t in range(steps)]
    squares = (size**2 for size in sizes)
    return math.fsum(sizes), math.fsum(squares), 1 - power >= 0, 1 - 2 * power < 0


def sums_from_the_end(alpha, tau, power, steps):
    """tau^p comes out of both sums; the verdicts are 1 and 0."""
    t = tau + np.arange(float(steps))[::-1]
    scale = alpha * tau**power
    first, second = (scale**k * np.sum(t ** (-k * power)) for k in (1, 2))

    def diverges(p):
        return int(p <= 1)

    return np.array([first, second, diverges(power), 1 - diverges(2 * power)])


def sums_from_one(alpha, tau, power, steps):
    sizes = [alpha * (1 + t / tau) ** -power for t in range(1, steps + 1)]
    return sum(sizes), sum(s * s for s in sizes), power <= 1, power > 1 / 2


def sums_without_the_first(alpha, tau, power, steps):
    """As many steps but one."""
    sizes = alpha * (1 + np.arange(1, steps) / tau) ** -power
    return sizes.sum(), (sizes**2).sum(), power <= 1, power > 0.5


def whole_sum_squared(alpha, tau, power, steps):
    first, _, *verdicts = sums_in_a_loop(alpha, tau, power, steps)
    return first, first**2, *verdicts


def verdicts_replaced(infinite, finite):
    def sums(alpha, tau, power, steps):
        first, second, *_ = sums_in_numpy(alpha, tau, power, steps)
        return first, second, infinite(power), finite(power)

    return sums


def sums_of_whole_powers(alpha, tau, power, steps):
    """NumPy takes no negative power of integers: it stops at the example."""
    sizes = alpha * tau**power * (tau + np.arange(steps)) ** -power
    return sizes.sum(), (sizes**2).sum(), power <= 1, power > 0.5


def first_sum_twice(alpha, tau, power, steps):
    first, _, *verdicts = sums_in_a_loop(alpha, tau, power, steps)
    return first, first, *verdicts


def one_step_more(alpha, tau, power, steps):
    return sums_in_a_loop(alpha, tau, power, steps + 1)


def one_step_fewer(alpha, tau, power, steps):
    return sums_in_a_loop(alpha, tau, power, max(steps - 1, 1))


def whole_steps(alpha, tau, power, steps):
    sizes = alpha * (1.0 + np.arange(steps) // tau) ** -power
    return sizes.sum(), (sizes**2).sum(), power <= 1, power > 0.5


def tau_left_out(alpha, tau, power, steps):
    return sums_in_a_loop(alpha, 1, power, steps)


def alpha_not_squared(alpha, tau, power, steps):
    first, second, *verdicts = sums_in_a_loop(alpha, tau, power, steps)
    return first, second / alpha, *verdicts


def growing_sizes(alpha, tau, power, steps):
    return (*sums_in_a_loop(alpha, tau, -power, steps)[:2], power <= 1, power > 0.5)


def power_on_alpha_too(alpha, tau, power, steps):
    sizes = (alpha / (1 + np.arange(steps) / tau)) ** power
    return sizes.sum(), (sizes**2).sum(), power <= 1, power > 0.5


def judged_by_the_sums(alpha, tau, power, steps):
    """Infinite is what still grows by a thousandth from half of the steps to all."""
    first, second = sums_in_a_loop(alpha, tau, power, steps)[:2]
    half = sums_in_a_loop(alpha, tau, power, max(steps // 2, 1))
    return first, second, first > 1.001 * half[0], second < 1.001 * half[1]


def means_for_sums(alpha, tau, power, steps):
    first, second, *verdicts = sums_in_a_loop(alpha, tau, power, steps)
    return first / steps, second / steps, *verdicts


def sums_alone(alpha, tau, power, steps):
    return sums_in_a_loop(alpha, tau, power, steps)[:2]


def one_verdict(alpha, tau, power, steps):
    first, second, infinite, finite = sums_in_a_loop(alpha, tau, power, steps)
    return first, second, infinite and finite


# ---- a schedule to mend


def decayed_after_the_pass(alpha, gamma, warm_up, passes, batches):
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j
            taken.append(alpha * decay * min(1, (t + 1) / warm_up))
        decay = decay * gamma
    return np.array(taken)


def decayed_at_the_last_batch(alpha, gamma, warm_up, passes, batches):
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j + 1
            taken.append(alpha * decay * min(1, t / warm_up))
            if j == batches - 1:
                decay = decay * gamma
    return np.array(taken)


def decayed_by_the_number(alpha, gamma, warm_up, passes, batches):
    taken = []
    for k in range(passes):
        decay = gamma**k
        for j in range(batches):
            t = k * batches + j
            warm = (t + 1) / warm_up if t < warm_up else 1
            taken.append(alpha * decay * warm)
    return taken


def decayed_before_a_new_pass(alpha, gamma, warm_up, passes, batches):
    sizes, size = [], alpha
    for t in range(passes * batches):
        if t > 0 and t % batches == 0:
            size *= gamma
        sizes.append(size if t + 1 >= warm_up else size * (t + 1) / warm_up)
    return np.array(sizes)


def schedule_at_once(alpha, gamma, warm_up, passes, batches):
    t = np.arange(passes * batches)
    return alpha * np.minimum(1, (t + 1) / warm_up) * gamma ** (t // batches)


def schedule_as_a_table(alpha, gamma, warm_up, passes, batches):
    decay = torch.tensor(gamma).pow(torch.arange(passes)).repeat_interleave(batches)
    warm = torch.arange(1, passes * batches + 1).div(warm_up).clamp(max=1)
    return alpha * decay * warm


def schedule_of_passes(alpha, gamma, warm_up, passes, batches):
    """Without the warm-up at first: its factors come after, from a line of ones."""
    factors = np.ones(passes * batches)
    rise = np.linspace(0, 1, warm_up + 1)[1:][: len(factors)]
    factors[: len(rise)] = rise
    return (
        alpha * np.geomspace(1, gamma**passes, passes + 1)[:-1, None] * np.ones(batches)
    ).ravel() * factors


def warm_up_alone_mended(alpha, gamma, warm_up, passes, batches):
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j
            taken.append(alpha * decay * min(1, (t + 1) / warm_up))
            decay = decay * gamma
    return np.array(taken)


def decayed_by_steps(alpha, gamma, warm_up, passes, batches):
    t = np.arange(passes * batches)
    return alpha * gamma**t * np.minimum(1, (t + 1) / warm_up)


def decay_alone_mended(alpha, gamma, warm_up, passes, batches):
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j
            taken.append(alpha * decay * min(1, t / warm_up))
        decay = decay * gamma
    return np.array(taken)


def begun_at_zero(alpha, gamma, warm_up, passes, batches):
    t = torch.arange(passes * batches)
    return alpha * gamma ** (t // batches) * (t / warm_up).clamp(0, 1)


def schedule_as_given(alpha, gamma, warm_up, passes, batches):
    return [alpha * gamma**t * min(1, t / warm_up) for t in range(passes * batches)]


def alpha_renewed(alpha, gamma, warm_up, passes, batches):
    taken = []
    for k in range(passes):
        alpha = alpha * gamma**k
        for j in range(batches):
            taken.append(alpha * min(1, (k * batches + j + 1) / warm_up))
    return np.array(taken)


def power_and_product(alpha, gamma, warm_up, passes, batches):
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j
            taken.append(alpha * decay * min(1, (t + 1) / warm_up))
        decay = decay * gamma ** (k + 1)
    return np.array(taken)


def passes_counted_from_one(alpha, gamma, warm_up, passes, batches):
    t = np.arange(1, passes * batches + 1)
    return alpha * np.minimum(1, t / warm_up) * gamma ** np.ceil(t / batches)


def decayed_at_the_first_batch(alpha, gamma, warm_up, passes, batches):
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j
            if j == 0:
                decay = decay * gamma
            taken.append(alpha * decay * min(1, (t + 1) / warm_up))
    return np.array(taken)


def schedule_with(warm, decay):
    def steps_taken(alpha, gamma, warm_up, passes, batches):
        return np.array(
            [
                alpha * decay(gamma, k, j, batches) * warm(k * batches + j, j, warm_up)
                for k in range(passes)
                for j in range(batches)
            ]
        )

    return steps_taken


def risen(t, j, w):
    return min(1, (t + 1) / w)


def decayed(gamma, k, j, batches):
    return gamma**k


def decayed_after_its_first(alpha, gamma, warm_up, passes, batches):
    """The pass is over at j = 0, it seems: its first step is still as long as the last."""
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j
            taken.append(alpha * decay * min(1, (t + 1) / warm_up))
            if (t + 1) % batches == 1:
                decay = decay * gamma
    return np.array(taken)


def loops_exchanged(alpha, gamma, warm_up, passes, batches):
    taken = []
    for j in range(batches):
        for k in range(passes):
            taken.append(alpha * gamma**k * min(1, (k * batches + j + 1) / warm_up))
    return np.array(taken)


def one_row_a_pass(alpha, gamma, warm_up, passes, batches):
    return schedule_at_once(alpha, gamma, warm_up, passes, batches).reshape(passes, batches)


def decay_waits_for_the_warm_up(alpha, gamma, warm_up, passes, batches):
    t = np.arange(passes * batches)
    return (
        alpha * np.minimum(1, (t + 1) / warm_up) * gamma ** (np.maximum(t - warm_up, 0) // batches)
    )


def schedule_without_the_last(alpha, gamma, warm_up, passes, batches):
    return schedule_at_once(alpha, gamma, warm_up, passes, batches)[:-1]


ALL_ARE_NUMBERS = dict.fromkeys(
    (
        f"what it gave for the same {what}"
        for what in ("shapes and numbers", "sums", "first entries")
    ),
    "all arguments are numbers: nothing else is given",
)

ANSWERS = {
    "noise-scale-from-two-batch-sizes": Answers(
        right=(by_elimination, two_equations, scale_in_float32, straight_line),
        slips={
            "ratio_of_lengths": (longer_over_shorter,),
            "sizes_swapped": (
                noise_times_the_wrong_sizes,
                lengths_exchanged,
                sizes_of_the_signal_exchanged,
            ),
            "biased_signal": (big_batches_taken_as_exact,),
            "signal_over_noise": (upside_down,),
            "mean_of_ratios": (pair_by_pair,),
        },
        wrong=(
            small_batches_taken_as_exact,
            difference_of_sizes,
            noise_alone,
            no_mean,
            first_pair,
            lambda *arguments: max(0, by_elimination(*arguments)),
            lambda *arguments: abs(by_elimination(*arguments)),
            lambda small, big, b_small, b_big: -by_elimination(small, big, b_small, b_big),
        ),
        equivalent=dict.fromkeys(
            (
                f"line 2: {what}: `{name}`"
                for what in ("squeeze", "sorted")
                for name in ("small", "big")
            ),
            "a mean has no order, and that of one number is the number",
        )
        | dict.fromkeys(
            ("what it gave for the same sums",),
            "all entries are the same, in another order, and a mean has none",
        ),
    ),
    "step-size-for-another-batch": Answers(
        right=(sizes_one_by_one, sizes_in_float32, relative_to_the_tuned),
        slips={
            "linear_rule": (goyal,),
            "tuned_is_longest": (tuned_step_as_the_longest,),
            "upside_down": (old_over_new,),
            "no_limit": (any_length,),
            "limited_too_early": (longest_is_limited,),
        },
        wrong=(
            square_root_rule,
            shortened_together,
            proportional_where_noise_rules,
            lambda a, b, s, b_h, limit: np.minimum(a, limit) + 0 * s,
            lambda a, b, s, b_h, limit: np.maximum(carried(a, b, s, b_h), limit),
            lambda a, b, s, b_h, limit: np.minimum(carried(a, b, s, b_h), limit)[:1],
            lambda a, b, s, b_h, limit: np.minimum(a * (1 + b_h / b) / (1 + s / b_h), limit),
            lambda a, b, s, b_h, limit: np.minimum(a * (1 + b_h * b) / (1 + b_h * s), limit),
            lambda a, b, s, b_h, limit: np.minimum(carried(a, b, s, b_h), 2 / limit),
        ),
    ),
    "how-far-a-run-hovers": Answers(
        right=(
            direction_by_direction,
            hovering_in_float32,
            as_derived_in_float32,
            as_matrices,
            until_it_stands,
        ),
        slips={
            "with_replacement": (sizes_left_out,),
            "short_steps": (rule_for_short_steps,),
            "one_step": (noise_of_the_last_step,),
            "no_half": (whole_trace,),
            "without_curvature": (half_of_the_spread,),
        },
        wrong=(
            after(10),
            after(100),
            short_where_it_seems_so,
            deviation_for_variance,
            losses_of_the_directions,
            mean_of_the_directions,
            one_factor_forgotten,
            squares_of_the_step,
            lambda *arguments: direction_by_direction(*arguments)[0],
            lambda *arguments: direction_by_direction(*arguments)[::-1],
            lambda alpha, b, m, *rest: direction_by_direction(alpha, b, m + 1, *rest),
        ),
        equivalent={"line 4: sorted: `curvatures * V`": "a sum has no order"}
        | dict.fromkeys(
            (
                "line 2: squeeze: `variances / b * (m - b) / (m - 1)`",
                "line 2: squeeze: `variances / b * (m - b)`",
                "line 2: squeeze: `variances / b`",
                "line 2: squeeze: `variances`",
                "line 3: squeeze: `alpha * C`",
                "line 3: squeeze: `C`",
                "line 3: squeeze: `curvatures * (2 - alpha * curvatures)`",
                "line 3: squeeze: `curvatures`",
                "line 3: squeeze: `2 - alpha * curvatures`",
                "line 3: squeeze: `alpha * curvatures`",
                "line 3: squeeze: `curvatures` #2",
                "line 4: squeeze: `curvatures * V`",
                "line 4: squeeze: `curvatures`",
                "line 4: squeeze: `V` #2",
            ),
            "a number and an array of one entry make such an array again, or are added up",
        ),
    ),
    "loss-of-the-mean-place": Answers(
        right=(
            place_by_place,
            both_in_torch,
            by_the_covariance,
            losses_in_float32,
            as_they_come,
        ),
        slips={
            "start_kept": (all_places,),
            "no_half": (whole_squares,),
            "without_curvature": (squared_distances,),
            "last_place": (where_it_ended,),
            "other_order": (mean_place_first,),
        },
        wrong=(
            one_place_more_left_out,
            start_alone,
            divided_by_all,
            mean_of_the_entries,
            top_forgotten,
            diagonal_alone,
            median_place,
            no_place_twice,
            lambda *arguments: place_by_place(*arguments)[1],
            lambda *arguments: (place_by_place(*arguments)[0],) * 2,
            lambda *arguments: (place_by_place(*arguments)[1],) * 2,
        ),
        equivalent={
            "line 4: `center @ H @ center` → `center @ (center @ H)`": "H is symmetric",
            "line 4: `center @ H` → `H @ center`": "H is symmetric",
            "line 4: sorted: `d @ H * d`": "its rows are added up",
            "line 4: sorted: `(d @ H * d).sum(axis=1)`": "a mean has no order",
            "line 4: squeeze: `(d @ H * d).sum(axis=1)`": "the mean of one number is the number",
            "line 4: `axis=1` → `axis=-1`": "the last axis is 1",
            "line 2: squeeze: `top`": "one number is taken off each of the places, too",
        }
        | dict.fromkeys(
            (
                "line 2: `places[skip:] - top` → `top - places[skip:]`",
                "line 2: minus: `places[skip:] - top`",
                "line 3: minus: `d.mean(axis=0)`",
                "line 3: minus: `d`",
            ),
            "at -d as much is lost as at d",
        ),
    ),
    "iterate-average": Answers(
        right=(
            averages_from_scratch,
            averages_kept,
            averages_by_cumsum,
            averages_by_old_share,
            averages_in_torch,
            averages_in_float32,
            averages_by_a_matrix,
            counted_where_late_or_place,
        ),
        slips={
            "from_the_first": (means_of_all_so_far, means_of_all_kept),
            "weights_of_the_whole_run": (updated_with(lambda t, start: 1 / (t + 1)),),
            "first_one_forgotten": (
                means_after_the_start,
                updated_with(lambda t, start: 1 / (t - start)),
            ),
            "halfway_each_time": (
                middle_of_old_and_new,
                updated_with(lambda t, start: 0.5),
            ),
            "zero_before": (rest_left_at_zero, counted_where_late),
        },
        wrong=(
            average_is_one_array,
            places_overwritten,
            cut_to_the_kind_of_places,
            newest_left_out,
            begun_one_too_early,
            one_number_a_step,
            late_rows_alone,
            where_it_starts_before,
            means_begun_anew,
            window_of_the_same_length,
            divided_by_the_step,
            medians,
            sum_not_divided,
            unset_before,
            updated_with(lambda t, start: 1 / (t - start + 2)),
            updated_with(lambda t, start: 0.1),
            lambda places, start: places,
            lambda places, start: averages_by_cumsum(places, start)[-1],
            lambda places, start: averages_by_cumsum(places, start).T,
        ),
        equivalent={"line 7: `np.array(averages)` → `averages`": "a list will do"}
        | dict.fromkeys(
            ("line 2: `0` → `1`", "line 2: `0` → `-1`"),
            "the first place has all the weight: nothing is left of what was before",
        )
        | dict.fromkeys(
            ("line 5: squeeze: `average`", "line 5: squeeze: `average` #2"),
            "one number is moved as an array of one is",
        ),
    ),
    "robbins-monro-sums": Answers(
        right=(
            sums_in_a_loop,
            sums_in_numpy,
            sums_in_torch,
            sums_by_logarithms,
            sums_from_the_end,
        ),
        slips={
            "first_step_missed": (sums_from_one,),
            "square_of_the_sum": (whole_sum_squared,),
            "edge_on_the_wrong_side": (
                verdicts_replaced(lambda p: p < 1, lambda p: p > 0.5),
                verdicts_replaced(lambda p: not p >= 1, lambda p: 2 * p > 1),
            ),
            "both_judged_at_one": (
                verdicts_replaced(lambda p: p <= 1, lambda p: p > 1),
                verdicts_replaced(lambda p: p <= 1, lambda p: not p <= 1),
            ),
            "opposite_conditions": (verdicts_replaced(lambda p: p > 1, lambda p: p <= 0.5),),
        },
        wrong=(
            first_sum_twice,
            sums_without_the_first,
            sums_of_whole_powers,
            one_step_more,
            one_step_fewer,
            whole_steps,
            tau_left_out,
            alpha_not_squared,
            growing_sizes,
            power_on_alpha_too,
            judged_by_the_sums,
            means_for_sums,
            sums_alone,
            one_verdict,
            verdicts_replaced(lambda p: p <= 1, lambda p: p >= 0.5),
            verdicts_replaced(lambda p: p < 1, lambda p: p >= 0.5),
            verdicts_replaced(lambda p: p > 0.5, lambda p: p <= 1),
            verdicts_replaced(lambda p: p <= 1, lambda p: p <= 0.5),
            verdicts_replaced(lambda p: p > 1, lambda p: p > 0.5),
            verdicts_replaced(lambda p: 0 < p <= 1, lambda p: p > 0.5),
            verdicts_replaced(lambda p: p <= 1, lambda p: 0.5 < p <= 1),
            verdicts_replaced(lambda p: p <= 2, lambda p: p > 1),
            verdicts_replaced(lambda p: True, lambda p: True),
        ),
        equivalent=dict.fromkeys(
            (
                "line 2: squeeze: `np.arange(steps)`",
                "line 3: squeeze: `alpha / (1 + t / tau) ** power`",
                "line 3: squeeze: `(1 + t / tau) ** power`",
                "line 3: squeeze: `1 + t / tau`",
                "line 3: squeeze: `t / tau`",
                "line 3: squeeze: `t`",
                "line 4: squeeze: `sizes`",
                "line 4: squeeze: `sizes ** 2`",
                "line 4: squeeze: `sizes` #2",
            ),
            "the sum of one number is the number",
        )
        | dict.fromkeys(
            (
                "line 3: sorted: `alpha / (1 + t / tau) ** power`",
                "line 4: sorted: `sizes`",
                "line 4: sorted: `sizes ** 2`",
                "line 4: sorted: `sizes` #2",
            ),
            "a sum has no order",
        )
        | dict.fromkeys(
            ("line 4: not below 1e-3: `power`", "line 4: not below 1e-3: `power` #2"),
            "it stays below both edges",
        )
        | {"line 4: minus: `sizes` #2": "squares have no sign"}
        | ALL_ARE_NUMBERS,
    ),
    "mend-a-schedule": Answers(
        right=(
            decayed_after_the_pass,
            decayed_at_the_last_batch,
            decayed_by_the_number,
            decayed_before_a_new_pass,
            schedule_at_once,
            schedule_as_a_table,
            schedule_of_passes,
            schedule_with(risen, decayed),
        ),
        slips={
            "decay_at_every_batch": (warm_up_alone_mended, decayed_by_steps),
            "first_step_of_zero": (decay_alone_mended, begun_at_zero),
            "both_faults": (schedule_as_given,),
            "decay_of_the_decayed": (alpha_renewed, power_and_product),
            "decay_a_pass_too_early": (passes_counted_from_one, decayed_at_the_first_batch),
        },
        wrong=(
            decayed_after_its_first,
            loops_exchanged,
            one_row_a_pass,
            decay_waits_for_the_warm_up,
            schedule_without_the_last,
            schedule_with(lambda t, j, w: (t + 1) / w, decayed),
            schedule_with(lambda t, j, w: max(1, (t + 1) / w), decayed),
            schedule_with(lambda t, j, w: min(1, (j + 1) / w), decayed),
            schedule_with(lambda t, j, w: min(1, (t + 1) // w), decayed),
            schedule_with(lambda t, j, w: min(1, t + 1 / w), decayed),
            schedule_with(lambda t, j, w: min(1, (t + 1) / (w + 1)), decayed),
            schedule_with(lambda t, j, w: min(1, max(t, 1) / w), decayed),
            schedule_with(lambda t, j, w: min(1, t / (w - 1)) if w > 1 else 1, decayed),
            schedule_with(lambda t, j, w: 1, decayed),
            schedule_with(risen, lambda gamma, k, j, batches: 1),
            schedule_with(risen, lambda gamma, k, j, batches: gamma if k else 1),
            schedule_with(risen, lambda gamma, k, j, batches: gamma**j),
            schedule_with(risen, lambda gamma, k, j, batches: gamma * k),
            schedule_with(risen, lambda gamma, k, j, batches: gamma**-k),
            schedule_with(risen, lambda gamma, k, j, batches: gamma ** (k + j / batches)),
            schedule_with(risen, lambda gamma, k, j, batches: gamma ** (k * k)),
        ),
        equivalent={"line 9: `np.array(taken)` → `taken`": "a list will do"}
        | dict.fromkeys(
            (f"line 7: clip {end}: `(t + 1) / warm_up`" for end in (4, 30, 500)),
            "what is above 1 becomes 1",
        )
        | ALL_ARE_NUMBERS,
    ),
}
