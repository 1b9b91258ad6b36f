"""Answers to the exercises of a chapter."""

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- the estimator


def loops(gradients, indices):
    total = [0.0] * gradients.shape[1]
    for j in indices:
        for k in range(gradients.shape[1]):
            total[k] += gradients[j, k]
    return [len(gradients) * t / len(indices) for t in total]


def in_torch(gradients, indices):
    g = torch.as_tensor(gradients)
    return g[torch.as_tensor(indices)].mean(0) * g.shape[0]


def in_float32(gradients, indices):
    g = torch.as_tensor(gradients, dtype=torch.float32)
    return len(g) / len(indices) * g.index_select(0, torch.as_tensor(indices)).sum(0)


def by_counts(gradients, indices):
    counts = np.bincount(indices, minlength=len(gradients))
    return len(gradients) / counts.sum() * counts @ gradients


def no_factor(gradients, indices):
    total = np.zeros(gradients.shape[1])
    for j in indices:
        total = total + gradients[j]
    return total


def mean_of_batch(gradients, indices):
    return sum(gradients[j] for j in indices) / len(indices)


def divided_twice(gradients, indices):
    b = len(indices)
    return len(gradients) * gradients[indices].sum(axis=0) / b**2


def as_a_set(gradients, indices):
    batch = set(indices.tolist())
    return len(gradients) / len(batch) * sum(gradients[j] for j in batch)


def one_number(gradients, indices):
    return len(gradients) / len(indices) * np.sum(gradients[indices])


def factor_upside_down(gradients, indices):
    return len(indices) / len(gradients) * gradients[indices].sum(axis=0)


def whole_multiples(gradients, indices):
    return len(gradients) // len(indices) * gradients[indices].sum(axis=0)


def by_a_mask(gradients, indices):
    drawn = np.zeros(len(gradients))
    drawn[indices] = 1
    return len(gradients) / len(indices) * drawn @ gradients


def first_rows(gradients, indices):
    b = len(indices)
    return len(gradients) / b * gradients[:b].sum(axis=0)


def b_from_the_shape(gradients, indices):
    m, b = gradients.shape
    return m / b * gradients[indices].sum(axis=0)


def other_axis(gradients, indices):
    return len(gradients) / len(indices) * gradients[indices].sum(axis=1)


def never_added(gradients, indices):
    return len(gradients) / len(indices) * gradients[indices]


def scaled_in_place(gradients, indices):
    gradients *= len(gradients) / len(indices)
    return gradients[indices].sum(axis=0)


# ---- its variance


def variance_loops(gradients, b, replacement):
    m, found = len(gradients), []
    for column in gradients.T.tolist():
        mean = sum(column) / m
        spread = sum((value - mean) ** 2 for value in column) / m
        shrinks = 1.0 if replacement else (m - b) / (m - 1)
        found.append(m * m / b * spread * shrinks)
    return found


def variance_float32(gradients, b, replacement):
    g = torch.as_tensor(gradients, dtype=torch.float32)
    m = len(g)
    factor = m**2 / b if replacement else m**2 / b * (m - b) / (m - 1)
    return factor * g.var(0, correction=0)


def covariance_of_draws(gradients, b, replacement):
    """The sum of b variances and b (b - 1) covariances, as (3.4) is derived."""
    m = len(gradients)
    sigma = np.atleast_2d(np.cov(gradients.T, bias=True))
    pair = 0 * sigma if replacement else -sigma / (m - 1)
    return np.diag((m / b) ** 2 * (b * sigma + b * (b - 1) * pair))


def as_surveys_write_it(gradients, b, replacement):
    """With the divisor m - 1, the correction is 1 - b/m."""
    m, spread = len(gradients), gradients.var(axis=0, ddof=1)
    return m * (m - 1) / b * spread if replacement else m**2 * (1 - b / m) / b * spread


def mean_square_less_square_mean(gradients, b, replacement):
    m = len(gradients)
    spread = (gradients**2).mean(axis=0) - gradients.mean(axis=0) ** 2
    return np.where(replacement, 1, (m - b) / (m - 1)) * m**2 / b * spread


def corrected_where_it_should_not(gradients, b, replacement):
    m, spread = len(gradients), np.diag(np.atleast_2d(np.cov(gradients.T, bias=True)))
    return m**2 / b * spread * ((m - b) / (m - 1) if replacement else 1)


def one_law_for_both(gradients, b, replacement):
    deviations = gradients - gradients.mean(axis=0)
    return len(gradients) / b * (deviations**2).sum(axis=0)


def torchs_default(gradients, b, replacement):
    g = torch.as_tensor(gradients)
    m = len(g)
    variance = m**2 / b * g.var(0)
    return variance if replacement else variance * (m - b) / (m - 1)


def of_the_mean(gradients, b, replacement):
    m = len(gradients)
    variance = gradients.var(axis=0) / b
    return variance if replacement else variance * (m - b) / (m - 1)


def share_left_out(gradients, b, replacement):
    m = len(gradients)
    return m**2 / b * gradients.var(axis=0) * (1 if replacement else 1 - b / m)


def with_factor(factor):
    """Another multiple of the spread, corrected as it should be."""

    def variance(gradients, b, replacement):
        m = len(gradients)
        shrinks = 1 if replacement else (m - b) / (m - 1)
        return factor(m, b) * shrinks * gradients.var(axis=0)

    return variance


def not_centred(gradients, b, replacement):
    m = len(gradients)
    shrinks = 1 if replacement else (m - b) / (m - 1)
    return m**2 / b * shrinks * (gradients**2).mean(axis=0)


def standard_error(gradients, b, replacement):
    return np.sqrt(variance_loops(gradients, b, replacement))


def trace(gradients, b, replacement):
    return sum(variance_loops(gradients, b, replacement))


def whole_matrix(gradients, b, replacement):
    m = len(gradients)
    shrinks = 1 if replacement else (m - b) / (m - 1)
    return m**2 / b * shrinks * np.cov(gradients.T, ddof=0)


def of_one_batch(gradients, b, replacement):
    batch = np.random.default_rng().choice(gradients, b, replacement)
    return len(gradients) ** 2 / b * batch.var(axis=0)


# ---- the short batch


def sizes_of(m, b):
    return [len(part) for part in torch.arange(m).split(b)]


def counting_down(m, b):
    weights, left = [], m
    while left > 0:
        weights.append(min(b, left) / m)
        left -= b
    return weights


def of_a_split(m, b):
    return torch.tensor(sizes_of(m, b), dtype=torch.float32) / m


def last_takes_the_rest(m, b):
    weights = np.full(-(-m // b), b / m)
    weights[-1] = 1 - weights[:-1].sum()
    return weights


def between_the_cuts(m, b):
    return np.diff([*range(0, m, b), m]) / m


def plain_average(m, b):
    number = len(range(0, m, b))
    return [1 / number] * number


def all_as_if_full(m, b):
    return [b / m for _ in range(0, m, b)]


def relative_to_a_full_one(m, b):
    return np.array([min(b, m - start) / b for start in range(0, m, b)])


def full_ones_only(m, b):
    return [b / m] * int(m / b)


def rest_always_appended(m, b):
    weights = [b / m for _ in range(m // b)]
    weights.append(1 - sum(weights))
    return weights


def full_ones_averaged(m, b):
    return np.full(m // b, 1 / max(1, m // b))


def sizes_alone(m, b):
    return sizes_of(m, b)


def factors_once_more(m, b):
    return [m / size for size in sizes_of(m, b)]


def inverse_sizes(m, b):
    weights = 1 / np.array(sizes_of(m, b))
    return weights / weights.sum()


def short_one_first(m, b):
    return counting_down(m, b)[::-1]


def averaged_too(m, b):
    return np.array(sizes_of(m, b)) / m / len(sizes_of(m, b))


def a_column(m, b):
    return np.array(counting_down(m, b))[:, None]


def b_larger_than_m_forgotten(m, b):
    return [b / m] * max(1, m // b) + ([m % b / m] if m % b else [])


def like_the_gradients(gradients, indices):
    total = np.zeros(gradients.shape[1], dtype=gradients.dtype)
    total[:] = loops(gradients, indices)
    return total


ANSWERS = {
    "minibatch-gradient": Answers(
        right=(loops, in_torch, in_float32, by_counts),
        slips={
            "batch_sum": (no_factor,),
            "batch_mean": (mean_of_batch,),
            "factor_twice": (divided_twice,),
            "distinct_rows": (as_a_set,),
            "everything_added": (one_number,),
        },
        wrong=(
            like_the_gradients,
            lambda gradients, indices: gradients.sum(axis=0),
            factor_upside_down,
            whole_multiples,
            by_a_mask,
            first_rows,
            b_from_the_shape,
            other_axis,
            never_added,
            scaled_in_place,
            lambda gradients, indices: by_counts(gradients, indices[:1000]),
        ),
        equivalent={"line 3: sorted: `indices`": "a sum has no order"},
    ),
    "predicted-variance": Answers(
        right=(
            variance_loops,
            variance_float32,
            covariance_of_draws,
            as_surveys_write_it,
            mean_square_less_square_mean,
        ),
        slips={
            "other_kind": (corrected_where_it_should_not,),
            "never_corrected": (one_law_for_both,),
            "divisor_of_a_sample": (torchs_default,),
            "variance_of_the_mean": (of_the_mean,),
            "correction_without_its_one": (share_left_out,),
        },
        wrong=(
            with_factor(lambda m, b: m / b),
            with_factor(lambda m, b: (m / b) ** 2),
            with_factor(lambda m, b: m**2),
            not_centred,
            standard_error,
            trace,
            whole_matrix,
            of_one_batch,
        ),
        equivalent={
            "line 3: minus: `m`": "it is squared",
            "line 3: minus: `gradients`": "a variance has no sign",
            "line 3: plus 1e-3: `gradients`": "a variance has no place",
        },
    ),
    "short-batch-weights": Answers(
        right=(counting_down, of_a_split, last_takes_the_rest, between_the_cuts),
        slips={
            "equal_weights": (plain_average,),
            "nominal_size": (all_as_if_full,),
            "full_batches_count_one": (relative_to_a_full_one,),
            "short_one_dropped": (full_ones_only,),
            "empty_one_kept": (rest_always_appended,),
        },
        wrong=(
            full_ones_averaged,
            sizes_alone,
            factors_once_more,
            inverse_sizes,
            short_one_first,
            averaged_too,
            a_column,
            b_larger_than_m_forgotten,
        ),
        equivalent=dict.fromkeys(
            (
                "what it gave for the same shapes and numbers",
                "what it gave for the same sums",
                "what it gave for the same first entries",
            ),
            "nothing else is given",
        ),
    ),
}
