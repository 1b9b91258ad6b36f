"""Answers to the exercises of a chapter."""

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
}
