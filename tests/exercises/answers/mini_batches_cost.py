"""Answers to the exercises of a chapter."""

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
}
