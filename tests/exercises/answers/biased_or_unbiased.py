"""Answers to the exercises of a chapter."""

from itertools import combinations, combinations_with_replacement, permutations, product

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- SVRG's correction


def svrg_in_loops(now, before, full, m):
    estimate = []
    for k in range(len(full)):
        change = 0.0
        for j in range(len(now)):
            change += now[j][k] - before[j][k]
        estimate.append(full[k] + m * change / len(now))
    return estimate


def svrg_in_torch(now, before, full, m):
    now, before, full = (torch.as_tensor(a, dtype=torch.float32) for a in (now, before, full))
    return m * (now - before).mean(0) + full


def two_plain_estimates(now, before, full, m):
    def plain(rows):
        return np.einsum("jk->k", rows) * (m / rows.shape[0])

    return plain(now) - (plain(before) - full)


def only_the_change(now, before, full, m):
    return m * (now.mean(axis=0) - before.mean(axis=0))


def factor_around_everything(now, before, full, m):
    total = torch.as_tensor(full)
    for new, old in zip(torch.as_tensor(now), torch.as_tensor(before), strict=True):
        total = total + new - old
    return total * m / len(now)


def sum_of_changes(now, before, full, m):
    return full - before.sum(0) + now.sum(0)


def mean_beside_a_sum(now, before, full, m):
    return full + sum(new - old for new, old in zip(now, before, strict=True)) / len(now)


def old_minus_new(now, before, full, m):
    correction = before.mean(axis=0) - now.mean(axis=0)
    return full + m * correction


def full_taken_off(now, before, full, m):
    return m * (now - before).mean(0) - full


def full_in_every_row(now, before, full, m):
    return m * (now - before + full).mean(0)


def all_as_means(now, before, full, m):
    return (now - before).mean(0) + full / m


def no_correction(now, before, full, m):
    return m * now.mean(0)


def change_times_m(now, before, full, m):
    return m * (now - before).sum(0) + full


def divided_by_p(now, before, full, m):
    return m / now.shape[1] * (now - before).sum(0) + full


def change_over_all_coordinates(now, before, full, m):
    return m * (now - before).mean() + full


def mean_along_each_row(now, before, full, m):
    return m * (now - before).mean(1) + full


def whole_factor(now, before, full, m):
    return m // len(now) * (now - before).sum(0) + full


def without_one(now, before, full, m):
    return m / max(1, len(now) - 1) * (now - before).sum(0) + full


def growth_alone(now, before, full, m):
    return m * np.maximum(now - before, 0).mean(0) + full


def the_middle_change(now, before, full, m):
    return m * np.median(now - before, axis=0) + full


def each_change_once(now, before, full, m):
    return m * np.unique(now - before, axis=0).mean(0) + full


def taken_off_in_place(now, before, full, m):
    now -= before
    return m * now.mean(0) + full


# ---- A control at its best


def control_in_loops(gradients, controls, indices):
    m, p = gradients.shape
    estimate = []
    for k in range(p):
        g, h = gradients[:, k].tolist(), controls[:, k].tolist()
        mean_g, mean_h = sum(g) / m, sum(h) / m
        both = sum((a - mean_g) * (c - mean_h) for a, c in zip(g, h, strict=True))
        gamma = both / sum((c - mean_h) ** 2 for c in h)
        batch = sum(g[j] - gamma * h[j] for j in indices)
        estimate.append(m / len(indices) * batch + gamma * sum(h))
    return estimate


def control_in_torch(gradients, controls, indices):
    g, h = torch.as_tensor(gradients).float(), torch.as_tensor(controls).float()
    batch, centred = torch.as_tensor(indices), h - h.mean(0)
    gamma = (centred * g).sum(0) / centred.square().sum(0)
    return len(g) * (g[batch].mean(0) - gamma * (h[batch].mean(0) - h.mean(0)))


def slope_of_a_line(gradients, controls, indices):
    estimate = []
    for g, h in zip(gradients.T, controls.T, strict=True):
        gamma, _ = np.polyfit(h, g, 1)
        estimate.append(len(g) * (g[indices].mean() - gamma * (h[indices].mean() - h.mean())))
    return np.array(estimate)


def by_np_cov(gradients, controls, indices):
    p = gradients.shape[1]
    covariance = [np.cov(gradients[:, k], controls[:, k]) for k in range(p)]
    gamma = np.array([c[0, 1] / c[1, 1] for c in covariance])
    rest = gradients - gamma * controls
    return len(gradients) * rest[indices].mean(axis=0) + gamma * controls.sum(axis=0)


def from_moments(gradients, controls, indices):
    g, h = gradients, controls
    both = (g * h).mean(0) - g.mean(0) * h.mean(0)
    gamma = both / ((h * h).mean(0) - h.mean(0) ** 2)
    return len(g) / len(indices) * (g - gamma * h)[indices].sum(0) + gamma * h.sum(0)


def slopes(a, b):
    """How much a grows with b, column by column."""
    a, b = a - a.mean(0), b - b.mean(0)
    return (a * b).sum(0) / (b * b).sum(0)


def estimate(g, h, batch, gamma):
    return len(g) * (g[batch].mean(0) - gamma * (h[batch].mean(0) - h.mean(0)))


def nothing_given_back(gradients, controls, indices):
    rest = gradients - slopes(gradients, controls) * controls
    return len(gradients) * rest[indices].mean(0)


def cov_and_var(gradients, controls, indices):
    columns = zip(gradients.T, controls.T, strict=True)
    gamma = np.array([np.cov(g, h)[0, 1] / np.var(h) for g, h in columns])
    return estimate(gradients, controls, indices, gamma)


def wrong_entry_of_np_cov(gradients, controls, indices):
    columns = zip(gradients.T, controls.T, strict=True)
    gamma = np.array([(c := np.cov(g, h))[0, 1] / c[0, 0] for g, h in columns])
    return estimate(gradients, controls, indices, gamma)


def line_through_the_origin(gradients, controls, indices):
    g, h = torch.as_tensor(gradients), torch.as_tensor(controls)
    gamma = torch.einsum("jk,jk->k", g, h) / torch.einsum("jk,jk->k", h, h)
    return estimate(gradients, controls, indices, gamma.numpy())


def batch_alone(gradients, controls, indices):
    gamma = slopes(gradients[indices], controls[indices])
    return estimate(gradients, controls, indices, gamma)


def each_row_once(gradients, controls, indices):
    return estimate(gradients, controls, np.unique(indices), slopes(gradients, controls))


def never_more_than_100(gradients, controls, indices):
    gamma = np.clip(slopes(gradients, controls), -100, 100)
    return estimate(gradients, controls, indices, gamma)


def small_number_added(gradients, controls, indices):
    g, h = gradients - gradients.mean(0), controls - controls.mean(0)
    return estimate(gradients, controls, indices, (g * h).mean(0) / ((h * h).mean(0) + 1e-3))


def sizes_of_slopes(gradients, controls, indices):
    return estimate(gradients, controls, indices, abs(slopes(gradients, controls)))


def only_if_it_helps_much(gradients, controls, indices):
    columns = zip(gradients.T, controls.T, strict=True)
    useful = np.array([np.corrcoef(g, h)[0, 1] ** 2 > 0.1 for g, h in columns])
    return estimate(gradients, controls, indices, slopes(gradients, controls) * useful)


def coefficient_one(gradients, controls, indices):
    return estimate(gradients, controls, indices, 1.0)


def no_control(gradients, controls, indices):
    return estimate(gradients, controls, indices, 0.0)


def flipped_sign(gradients, controls, indices):
    return estimate(gradients, controls, indices, -slopes(gradients, controls))


def one_coefficient(gradients, controls, indices):
    g, h = gradients - gradients.mean(0), controls - controls.mean(0)
    return estimate(gradients, controls, indices, (g * h).sum() / (h * h).sum())


def correlation(gradients, controls, indices):
    columns = zip(gradients.T, controls.T, strict=True)
    gamma = np.array([np.corrcoef(g, h)[0, 1] for g, h in columns])
    return estimate(gradients, controls, indices, gamma)


def over_the_deviation(gradients, controls, indices):
    gamma = slopes(gradients, controls) * controls.std(0)
    return estimate(gradients, controls, indices, gamma)


def no_factor(gradients, controls, indices):
    gamma = slopes(gradients, controls)
    return (gradients - gamma * controls)[indices].sum(0) + gamma * controls.sum(0)


def mean_of_everything(gradients, controls, indices):
    return estimate(gradients, controls, indices, slopes(gradients, controls)) / len(gradients)


def known_sum_without_the_coefficient(gradients, controls, indices):
    return nothing_given_back(gradients, controls, indices) + controls.sum(0)


def known_sum_of_the_batch(gradients, controls, indices):
    gamma = slopes(gradients, controls)
    given_back = gamma * controls[indices].sum(0)
    return nothing_given_back(gradients, controls, indices) + given_back


def the_truth_itself(gradients, controls, indices):
    return gradients.sum(0)


def matrix_of_coefficients(gradients, controls, indices):
    h = controls - controls.mean(0)
    gamma = np.linalg.lstsq(h, gradients - gradients.mean(0), rcond=None)[0]
    rest = gradients - controls @ gamma
    return len(gradients) * rest[indices].mean(0) + controls.sum(0) @ gamma


# ---- the bias of a clipped batch


def clipped_in_loops(gradients, b, c):
    m, p = len(gradients), len(gradients[0])
    total, batches = [0.0] * p, 0
    for batch in combinations(range(m), b):
        mean = [sum(gradients[j][k] for j in batch) / b for k in range(p)]
        length = sum(x * x for x in mean) ** 0.5
        if length > c:
            mean = [c * x / length for x in mean]
        total = [t + x for t, x in zip(total, mean, strict=True)]
        batches += 1
    return [total[k] / batches - sum(g[k] for g in gradients) / m for k in range(p)]


def clipped_all_at_once(gradients, b, c):
    means = gradients[np.array(list(combinations(range(len(gradients)), b)))].mean(axis=1)
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return (means * c / np.maximum(lengths, c)).mean(axis=0) - gradients.mean(axis=0)


def clipped_by_torch(gradients, b, c):
    rows = torch.as_tensor(gradients, dtype=torch.float32)
    batches = torch.combinations(torch.arange(len(rows)), b)
    bent = []
    for batch in batches:
        parameter = torch.nn.Parameter(torch.zeros(rows.shape[1]))
        parameter.grad = rows[batch].mean(0)
        torch.nn.utils.clip_grad_norm_([parameter], c)
        bent.append(parameter.grad)
    return torch.stack(bent).mean(0) - rows.mean(0)


def means_of_what_is_cut_off(gradients, b, c):
    """Batches' means have the right mean: the bias is the mean of what clipping takes."""
    lost = []
    for rows in combinations(gradients, b):
        mean = np.mean(rows, axis=0)
        length = np.hypot.reduce(mean)
        lost.append((1 - c / length) * mean if length > c else 0 * mean)
    return -np.mean(lost, axis=0)


def batches_by_bits(gradients, b, c):
    m = len(gradients)
    found = []
    for number in range(2**m):
        chosen = np.array([number >> j & 1 for j in range(m)])
        if chosen.sum() == b:
            mean = chosen @ gradients / b
            found.append(mean * min(1, c / (np.sqrt(mean @ mean) or c)))
    return sum(found) / len(found) - gradients.sum(0) / m


def every_order(gradients, b, c):
    """Each batch as often as it has orders."""
    bent = np.zeros(gradients.shape[1])
    orders = list(permutations(range(len(gradients)), b))
    for order in orders:
        mean = gradients[list(order)].mean(0)
        length = np.linalg.norm(mean)
        bent += (mean if length <= c else mean / length * c) / len(orders)
    return bent - gradients.mean(0)


def batches_one_left_or_taken(gradients, b, c):
    """By recursion: a batch has the first sample, or has not."""

    def collected(rows, b, taken):
        if b == 0:
            return [np.mean(taken, axis=0)]
        if len(rows) < b:
            return []
        return collected(rows[1:], b - 1, [*taken, rows[0]]) + collected(rows[1:], b, taken)

    means = torch.tensor(np.array(collected(list(gradients), b, [])))
    return means.renorm(2, 0, c).mean(0) - torch.tensor(gradients).mean(0)


def of_the_batches(bend, batches=combinations):
    """The mean of what `bend` makes of each batch's rows, minus the mean of all."""

    def bias(gradients, b, c):
        bent = [bend(gradients[list(batch)], c) for batch in batches(range(len(gradients)), b)]
        return np.mean(bent, axis=0) - gradients.mean(axis=0)

    return bias


def shortened(g, c):
    length = np.linalg.norm(g)
    return g * c / length if length > c else g


def mean_shortened(rows, c):
    return shortened(rows.mean(axis=0), c)


def rows_shortened(gradients, b, c):
    lengths = np.linalg.norm(gradients, axis=1)
    return (gradients / np.maximum(1, lengths / c)[:, None]).mean(0) - gradients.mean(0)


def the_mean_of_all_shortened(gradients, b, c):
    g = gradients.mean(axis=0)
    return g * (min(1, c / np.linalg.norm(g)) - 1) if g.any() else 0 * g


def lengths_by_hypot(gradients, b, c):
    """All batches at once, each divided by its length."""
    rows = np.stack([gradients[list(B)] for B in combinations(range(len(gradients)), b)])
    means = rows.sum(axis=1) / b
    scaled = means / np.hypot.reduce(means, axis=1)[:, None] * c
    return scaled.sum(axis=0) / len(rows) - gradients.sum(axis=0) / len(gradients)


def length_c_but_for_zero(rows, c):
    g = rows.mean(axis=0)
    return c * g / np.linalg.norm(g) if g.any() else g


def length_c_with_a_small_number(rows, c):
    g = rows.mean(axis=0)
    return c * g / (np.linalg.norm(g) + 1e-12)


def drawn_and_put_back(gradients, b, c):
    m = len(gradients)
    batches = np.indices((m,) * b).reshape(b, -1).T
    return np.mean([mean_shortened(gradients[i], c) for i in batches], 0) - gradients.mean(0)


def limited_number_by_number(rows, c):
    return [max(-c, min(c, g)) for g in rows.mean(axis=0)]


def many_batches_at_random(gradients, b, c):
    rng = np.random.default_rng(0)
    batches = [rng.choice(len(gradients), size=b, replace=False) for _ in range(60)]
    return np.mean([mean_shortened(gradients[i], c) for i in batches], 0) - gradients.mean(0)


def a_pass_in_order(gradients, b, c):
    starts = range(0, len(gradients), b)
    bent = [mean_shortened(gradients[s : s + b], c) for s in starts]
    return np.mean(bent, axis=0) - gradients.mean(axis=0)


def neighbours_alone(gradients, b, c):
    starts = range(len(gradients) - b + 1)
    bent = [mean_shortened(gradients[s : s + b], c) for s in starts]
    return np.mean(bent, axis=0) - gradients.mean(axis=0)


def neighbours_round_the_end(gradients, b, c):
    bent = [mean_shortened(np.roll(gradients, -s, axis=0)[:b], c) for s in range(len(gradients))]
    return np.mean(bent, axis=0) - gradients.mean(axis=0)


def different_values_alone(gradients, b, c):
    batches = combinations(sorted(set(map(tuple, gradients.tolist()))), b)
    bent = [mean_shortened(np.array(batch), c) for batch in batches]
    return np.mean(bent, axis=0) - gradients.mean(axis=0)


def right_minus_found(gradients, b, c):
    return -clipped_all_at_once(gradients, b, c)


def bias_and_mean_not_parted(gradients, b, c):
    return clipped_all_at_once(gradients, b, c) + gradients.mean(axis=0)


def length_of_the_bias(gradients, b, c):
    return np.linalg.norm(clipped_all_at_once(gradients, b, c))


def sum_over_the_batches(gradients, b, c):
    return sum(
        mean_shortened(gradients[list(i)], c) for i in combinations(range(len(gradients)), b)
    )


def as_many_batches_as_samples(gradients, b, c):
    return sum_over_the_batches(gradients, b, c) / len(gradients) - gradients.mean(axis=0)


def bias_of_a_sum(gradients, b, c):
    return len(gradients) * clipped_all_at_once(gradients, b, c)


def lengths_not_zero(gradients, b, c):
    bent = []
    for batch in combinations(gradients.tolist(), b):
        mean = [sum(column) / b for column in zip(*batch, strict=True)]
        factor = min(1, c / sum(x * x for x in mean) ** 0.5)
        bent.append([factor * x for x in mean])
    return np.mean(bent, axis=0) - gradients.mean(axis=0)


def rows_bent_in_place(gradients, b, c):
    true = gradients.mean(axis=0)
    if b == 1:
        for g in gradients:
            g *= min(1, c / (np.linalg.norm(g) or c))
        return gradients.mean(axis=0) - true
    return clipped_all_at_once(gradients, b, c)


def all_lengths_from_one_norm(gradients, b, c):
    means = gradients[np.array(list(combinations(range(len(gradients)), b)))].mean(axis=1)
    return shortened(means, c).mean(axis=0) - gradients.mean(axis=0)


def coordinates_for_samples(gradients, b, c):
    return clipped_all_at_once(gradients.T, min(b, gradients.shape[1]), c)


def one_batch_forgotten(gradients, b, c):
    bent = [mean_shortened(gradients[list(i)], c) for i in combinations(range(len(gradients)), b)]
    return np.mean(bent[:-1] or bent, axis=0) - gradients.mean(axis=0)


ANSWERS = {
    "svrg-correction": Answers(
        right=(svrg_in_loops, svrg_in_torch, two_plain_estimates),
        slips={
            "full_missing": (only_the_change,),
            "factor_on_both": (factor_around_everything,),
            "factor_missing": (sum_of_changes,),
            "batch_mean": (mean_beside_a_sum,),
            "difference_reversed": (old_minus_new,),
        },
        wrong=(
            full_taken_off,
            full_in_every_row,
            all_as_means,
            no_correction,
            change_times_m,
            divided_by_p,
            change_over_all_coordinates,
            mean_along_each_row,
            whole_factor,
            without_one,
            growth_alone,
            the_middle_change,
            each_change_once,
            taken_off_in_place,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 3: squeeze: `m / b * (now - before).sum(axis=0)`",
                    "line 3: squeeze: `full`",
                    "line 3: squeeze: `(now - before).sum(axis=0)`",
                ),
                "broadcasting puts an axis of one back",
            ),
        },
    ),
    "best-control": Answers(
        right=(control_in_loops, control_in_torch, slope_of_a_line, by_np_cov, from_moments),
        slips={
            "sum_missing": (nothing_given_back,),
            "divisors_differ": (cov_and_var,),
            "wrong_variance": (wrong_entry_of_np_cov,),
            "not_centred": (line_through_the_origin,),
            "from_the_batch": (batch_alone,),
        },
        wrong=(
            coefficient_one,
            each_row_once,
            never_more_than_100,
            small_number_added,
            sizes_of_slopes,
            only_if_it_helps_much,
            no_control,
            flipped_sign,
            one_coefficient,
            correlation,
            over_the_deviation,
            no_factor,
            mean_of_everything,
            known_sum_without_the_coefficient,
            known_sum_of_the_batch,
            the_truth_itself,
            matrix_of_coefficients,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 4: squeeze: `(gradients * h).sum(axis=0) / (h ** 2).sum(axis=0)`",
                    "line 3: squeeze: `controls.mean(axis=0)`",
                    "line 4: squeeze: `(gradients * h).sum(axis=0)`",
                    "line 4: squeeze: `(h ** 2).sum(axis=0)`",
                    "line 6: squeeze: `m / b * rest.sum(axis=0)`",
                    "line 6: squeeze: `gamma * controls.sum(axis=0)`",
                    "line 5: squeeze: `indices`",
                    "line 5: squeeze: `gamma`",
                    "line 6: squeeze: `rest.sum(axis=0)`",
                    "line 6: squeeze: `gamma`",
                    "line 6: squeeze: `controls.sum(axis=0)`",
                    "line 3: squeeze: `controls` #2",
                    "line 4: squeeze: `gradients * h`",
                    "line 4: squeeze: `h ** 2`",
                    "line 5: squeeze: `indices` #2",
                    "line 4: squeeze: `h` #2",
                    "line 6: squeeze: `controls`",
                ),
                "broadcasting puts an axis of one back",
            ),
            **dict.fromkeys(
                (
                    "line 5: sorted: `indices`",
                    "line 5: sorted: `indices` #2",
                ),
                "a sum has no order",
            ),
            "line 4: plus 1e-3: `gradients`": "the other factor is centred",
            **dict.fromkeys(
                (
                    "line 4: abs: `h` #2",
                    "line 4: minus: `h` #2",
                ),
                "a square has no sign",
            ),
        },
    ),
    "bias-of-clipping": Answers(
        right=(
            clipped_in_loops,
            clipped_all_at_once,
            clipped_by_torch,
            means_of_what_is_cut_off,
            batches_by_bits,
            every_order,
            batches_one_left_or_taken,
        ),
        slips={
            "samples_clipped": (
                rows_shortened,
                of_the_batches(lambda rows, c: np.mean([shortened(g, c) for g in rows], axis=0)),
            ),
            "clipped_once": (the_mean_of_all_shortened,),
            "always_scaled": (
                of_the_batches(lambda rows, c: c * rows.mean(0) / np.linalg.norm(rows.mean(0))),
                lengths_by_hypot,
            ),
            "with_replacement": (
                of_the_batches(mean_shortened, lambda j, b: product(j, repeat=b)),
                drawn_and_put_back,
            ),
            "each_coordinate": (
                of_the_batches(limited_number_by_number),
                of_the_batches(lambda rows, c: rows.mean(axis=0).clip(-c, c)),
            ),
        },
        wrong=(
            of_the_batches(length_c_but_for_zero),
            of_the_batches(length_c_with_a_small_number),
            many_batches_at_random,
            a_pass_in_order,
            neighbours_alone,
            neighbours_round_the_end,
            different_values_alone,
            right_minus_found,
            bias_and_mean_not_parted,
            length_of_the_bias,
            sum_over_the_batches,
            as_many_batches_as_samples,
            bias_of_a_sum,
            lengths_not_zero,
            rows_bent_in_place,
            all_lengths_from_one_norm,
            coordinates_for_samples,
            one_batch_forgotten,
            of_the_batches(mean_shortened, combinations_with_replacement),
            of_the_batches(mean_shortened, lambda j, b: combinations(j, max(1, b - 1))),
            of_the_batches(
                mean_shortened, lambda j, b: combinations(j[1:] or j, min(b, len(j) - 1))
            ),
            of_the_batches(lambda rows, c: shortened(rows.sum(axis=0), c)),
            of_the_batches(lambda rows, c: shortened(rows.sum(axis=0), c) / len(rows)),
            of_the_batches(lambda rows, c: shortened(rows.mean(axis=0), c / len(rows))),
            of_the_batches(lambda rows, c: shortened(rows.mean(axis=0), 1) * c),
            of_the_batches(
                lambda rows, c: np.sign(rows.mean(0)) * np.minimum(abs(rows.mean(0)), 1)
            ),
            of_the_batches(lambda rows, c: rows.mean(axis=0)),
            of_the_batches(
                lambda rows, c: rows.mean(axis=0) * c / (c + np.linalg.norm(rows.mean(axis=0)))
            ),
            of_the_batches(
                lambda rows, c: rows.mean(axis=0) * min(1, c / (1e-3 + (rows.mean(0) ** 2).sum()))
            ),
            of_the_batches(
                lambda rows, c: rows.mean(0) * min(1, c / (1e-9 + abs(rows.mean(0)).sum()))
            ),
            of_the_batches(
                lambda rows, c: rows.mean(0) * min(1, c / (1e-9 + abs(rows.mean(0)).max()))
            ),
            of_the_batches(
                lambda rows, c: 0 * rows[0] if np.linalg.norm(rows.mean(0)) > c else rows.mean(0)
            ),
            of_the_batches(
                lambda rows, c: rows.mean(0) * min(1, c / np.linalg.norm(rows, axis=1).max())
            ),
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 4: not below 1e-3: `np.sqrt((means ** 2).sum(axis=1, keepdims=True))`",
                    "line 4: not below 1e-3: `(means ** 2).sum(axis=1, keepdims=True)`",
                    "line 5: not below 1e-3: `lengths / c`",
                    "line 5: not below 1e-3: `lengths`",
                ),
                "so short a mean is not clipped",
            ),
            "line 2: `list(B)` → `B`": "a tuple in a list will do",
            **dict.fromkeys(
                (
                    "line 2: minus: `list(B)`",
                    "line 2: minus: `B`",
                    "line 2: minus: `range(len(gradients))`",
                    "line 3: minus: `batches`",
                ),
                "counted from the end, these are all batches too",
            ),
            "line 5: `np.maximum(1, lengths / c)`: `maximum` → `fmax`": "no length is NaN",
            **dict.fromkeys(
                (
                    "line 6: squeeze: `clipped.mean(axis=0)`",
                    "line 6: squeeze: `gradients.mean(axis=0)`",
                ),
                "broadcasting puts an axis of one back",
            ),
            "line 4: `axis=1` → `axis=-1`": "the last of two axes",
            **dict.fromkeys(
                ("line 4: sorted: `means ** 2`", "line 4: sorted: `means`"), "a sum has no order"
            ),
            **dict.fromkeys(
                ("line 4: abs: `means`", "line 4: minus: `means`"), "a square has no sign"
            ),
        },
    ),
}
