"""Answers to the exercises of a chapter."""

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- doubly-stochastic-factor


def estimate_with_loops(terms, samples, variables):
    m, n, p = terms.shape
    total = [0.0] * p
    for r, j in enumerate(samples):
        for i in variables[r]:
            for q in range(p):
                total[q] += terms[j, i, q]
    return [m * n * t / variables.size for t in total]


def estimate_in_float32(terms, samples, variables):
    g, K = torch.as_tensor(terms).float(), torch.as_tensor(variables)
    rows = g[torch.as_tensor(samples)]
    kept = torch.gather(rows, 1, K[:, :, None].expand(-1, -1, g.shape[2]))
    return g.shape[0] / K.shape[0] * (g.shape[1] / K.shape[1]) * kept.sum((0, 1))


def estimate_from_weights(terms, samples, variables):
    m, n, _ = terms.shape
    w = np.zeros((m, n))
    places = np.repeat(samples, variables.shape[1]), variables.ravel()
    np.add.at(w, places, m * n / variables.size)
    return np.einsum("ji,jip->p", w, terms)


def mean_of_means(terms, samples, variables):
    m, n, _ = terms.shape
    rows = [n * terms[j][K].mean(axis=0) for j, K in zip(samples, variables, strict=True)]
    return m * np.mean(rows, axis=0)


def no_factor_for_variables(terms, samples, variables):
    rows = [sum(terms[j, i] for i in K) for j, K in zip(samples, variables, strict=True)]
    return len(terms) * np.mean(rows, axis=0)


def no_factor_for_samples(terms, samples, variables):
    rows = [terms[j, K].mean(axis=0) for j, K in zip(samples, variables, strict=True)]
    return terms.shape[1] * np.sum(rows, axis=0)


def share_of_variables(terms, samples, variables):
    m, n, p = terms.shape
    b, k = variables.shape
    flat = terms.reshape(m * n, p)[(samples[:, None] * n + variables).ravel()]
    return m / b / (n / k) * flat.sum(axis=0)


def rows_then_columns(terms, samples, variables):
    total = np.zeros(terms.shape[2])
    for j in samples:
        for i in variables.ravel():
            total += terms[j, i]
    return terms.shape[0] * terms.shape[1] / variables.size * total


def shared_subset(terms, samples, variables):
    m, n, _ = terms.shape
    return m * n * terms[np.ix_(samples, variables[0])].mean(axis=(0, 1))


def factor_alone(factor):
    def estimate(terms, samples, variables):
        (m, n, _), (b, k) = terms.shape, variables.shape
        drawn = terms[samples[:, None], variables].sum(axis=(0, 1))
        return factor(m, b, n, k) * drawn

    return estimate


def repeats_lost(terms, samples, variables):
    m, n, _ = terms.shape
    w = np.zeros((m, n))
    w[samples[:, None], variables] += m * n / variables.size
    return np.einsum("ji,jip->p", w, terms)


def distinct_samples(terms, samples, variables):
    _, first = np.unique(samples, return_index=True)
    return mean_of_means(terms, samples[first], variables[first])


def whole_rows(terms, samples, variables):
    return len(terms) / len(samples) * terms[samples].sum(axis=(0, 1))


def everything(terms, samples, variables):
    return terms.sum(axis=(0, 1))


def position_for_sample(terms, samples, variables):
    return mean_of_means(terms, np.arange(len(samples)), variables)


def sample_for_position(terms, samples, variables):
    return mean_of_means(terms, samples, variables[samples])


def position_for_variable(terms, samples, variables):
    return mean_of_means(
        terms, samples, np.broadcast_to(range(variables.shape[1]), variables.shape)
    )


def union_of_variables(terms, samples, variables):
    m, n, _ = terms.shape
    return m * n * terms[np.ix_(samples, np.unique(variables))].mean(axis=(0, 1))


def a_factor_for_each_variable(terms, samples, variables):
    total = np.zeros(terms.shape[2])
    for i in np.unique(variables):
        rows = samples[(variables == i).any(axis=1)]
        total += len(terms) * terms[rows, i].mean(axis=0)
    return total


def one_number(terms, samples, variables):
    return np.sum(mean_of_means(terms, samples, variables))


def each_pair_once(terms, samples, variables):
    pairs = {(j, i) for j, row in zip(samples, variables, strict=True) for i in row}
    return terms.shape[0] * terms.shape[1] / variables.size * sum(terms[j, i] for j, i in pairs)


def whole_factors(terms, samples, variables):
    (m, n, _), (b, k) = terms.shape, variables.shape
    return (m // b) * (n // k) * terms[samples[:, None], variables].sum(axis=(0, 1))


def variables_by_the_samples_order(terms, samples, variables):
    return mean_of_means(terms, np.sort(samples), variables)


def nearest_factor(terms, samples, variables):
    (m, n, _), (b, k) = terms.shape, variables.shape
    return round(m * n / (b * k)) * terms[samples[:, None], variables].sum(axis=(0, 1))


def paired_indices(terms, samples, variables):
    return terms[samples, variables].sum(axis=0)


# ---- batch-size-for-every-variable


def sizes_one_by_one(s, t, budget):
    n = len(s)
    r = [s[i] / t[i] ** 0.5 for i in range(n)]
    order = sorted(range(n), key=r.__getitem__)
    for fixed in range(n):  # the `fixed` quietest get 2
        low, rest = order[:fixed], order[fixed:]
        left = budget - 2 * sum(t[i] for i in low)
        factor = left / sum(r[i] * t[i] for i in rest)
        if factor * r[order[fixed]] >= 2:
            break
    return [max(2.0, factor * r[i]) for i in range(n)]


def sizes_in_rounds(s, t, budget):
    r, free = s / np.sqrt(t), np.ones(len(s), bool)
    while True:
        factor = (budget - 2 * t[~free].sum()) / (r[free] @ t[free])
        low = free & (factor * r < 2)
        if not low.any():
            return np.where(free, factor * r, 2.0)
        free &= ~low


def sizes_in_torch(s, t, budget):
    s, t = torch.as_tensor(s), torch.as_tensor(t)
    r = s / t.sqrt()
    low, high = 0.0, 1.0
    while torch.clamp(high * r, min=2) @ t < budget:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        if torch.clamp(middle * r, min=2) @ t < budget:
            low = middle
        else:
            high = middle
    return torch.clamp(high * r, min=2)


def sizes_in_float32(s, t, budget):
    s, t = (torch.as_tensor(v, dtype=torch.float32) for v in (s, t))
    r = s / t.sqrt()
    factor = budget / (r @ t)
    for _ in range(len(s)):
        high = factor * r > 2
        factor = (budget - 2 * t[~high].sum()) / (r[high] @ t[high])
    return torch.clamp(factor * r, min=2)


def searched_with(ratio, least=2.0, cost=None):
    """The sizes, with another ratio, another least size, or another cost."""

    def sizes(s, t, budget):
        r, price = ratio(s, t), t if cost is None else cost(t)
        high = 1.0
        while np.maximum(least, high * r) @ price < budget:
            high *= 2
        low = 0.0
        for _ in range(100):
            middle = (low + high) / 2
            if np.maximum(least, middle * r) @ price < budget:
                low = middle
            else:
                high = middle
        return np.maximum(least, high * r)

    return sizes


def ratio(s, t):
    return s / np.sqrt(t)


def equation_8_9(s, t, budget):
    total = sum(a * b**0.5 for a, b in zip(s, t, strict=True))
    return [budget * a / b**0.5 / total for a, b in zip(s, t, strict=True)]


def raised_in_a_loop(s, t, budget):
    sizes = np.array(equation_8_9(s, t, budget))
    for i in range(len(sizes)):
        if sizes[i] < 2:
            sizes[i] = 2
    return sizes


def all_scaled(s, t, budget):
    sizes = budget * ratio(s, t) / np.dot(s, np.sqrt(t))
    sizes[sizes < 2] = 2
    return sizes / (np.dot(sizes, t) / budget)


def corrected_once(s, t, budget):
    r = ratio(s, t)
    factor = budget / sum(r * t)
    small = [i for i in range(len(s)) if factor * r[i] < 2]
    large = [i for i in range(len(s)) if i not in small]
    factor = (budget - 2 * sum(t[i] for i in small)) / sum(r[i] * t[i] for i in large)
    return [max(2, factor * a) for a in r]


def corrected_once_and_left(s, t, budget):
    r = ratio(s, t)
    low = budget * r / (r @ t) < 2
    return np.where(low, 2, (budget - 2 * t[low].sum()) * r / (r[~low] @ t[~low]))


def scaled_and_raised_again(s, t, budget):
    return np.maximum(2, all_scaled(s, t, budget))


def two_and_a_share(s, t, budget):
    r = ratio(s, t)
    return 2 + (budget - 2 * t.sum()) * r / (r @ t)


def whole_budget_for_the_others(s, t, budget):
    r = ratio(s, t)
    low = budget * r / (r @ t) < 2
    return np.where(low, 2, budget * r / (r[~low] @ t[~low]))


def taken_from_the_largest(s, t, budget):
    sizes = raised_in_a_loop(s, t, budget)
    largest = sizes.argmax()
    sizes[largest] -= (sizes @ t - budget) / t[largest]
    return sizes


def one_size(s, t, budget):
    return np.full(len(s), budget / t.sum())


def whole_numbers(s, t, budget):
    return sizes_in_rounds(s, t, budget).round()


def the_factor_alone(s, t, budget):
    return sizes_in_rounds(s, t, budget).max() / ratio(s, t).max()


def in_steps_of_a_hundredth(s, t, budget):
    r, factor = ratio(s, t), 0.0
    while np.maximum(2, factor * r) @ t < budget:
        factor += 0.01
        if factor > 300:
            break
    return np.maximum(2, factor * r)


def until_the_difference_is(small):
    """Right, if it is small enough for all."""

    def sizes(s, t, budget):
        r = ratio(s, t)
        low, high = 0.0, budget / np.dot(r, t)
        while high - low > small:
            middle = (low + high) / 2
            if np.maximum(2, middle * r) @ t > budget:
                high = middle
            else:
                low = middle
        return np.maximum(2, low * r)

    return sizes


def until_the_cost_is_right(s, t, budget):
    r = ratio(s, t)
    low, high, cost = 0.0, budget, np.inf
    while np.maximum(2, high * r) @ t < budget:
        high *= 10
    while abs(cost - budget) > 1e-6:
        middle = (low + high) / 2
        cost = np.maximum(2, middle * r) @ t
        low, high = (low, middle) if cost > budget else (middle, high)
    return np.maximum(2, middle * r)


def up_to_a_thousand(s, t, budget):
    return np.maximum(
        2, min(1000, sizes_in_rounds(s, t, budget).max() / ratio(s, t).max()) * ratio(s, t)
    )


def two_rounds(s, t, budget):
    r, low = ratio(s, t), np.zeros(len(s), bool)
    for _ in range(3):
        factor = (budget - 2 * t[low].sum()) / (r[~low] @ t[~low])
        low = low | (factor * r < 2)
    return np.where(low, 2, factor * r)


def up_to_a_hundred(s, t, budget):
    r, low, high = ratio(s, t), 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        if np.maximum(2, middle * r) @ t > budget:
            high = middle
        else:
            low = middle
    return np.maximum(2, low * r)


SEARCH = """for _ in range(60):
    middle = (low + high) / 2
    if np.maximum(2, middle * r) @ t > budget:
        high = middle
    else:
        low = middle"""

ANSWERS = {
    "doubly-stochastic-factor": Answers(
        right=(estimate_with_loops, estimate_in_float32, estimate_from_weights, mean_of_means),
        slips={
            "samples_only": (no_factor_for_variables,),
            "variables_only": (no_factor_for_samples,),
            "upside_down": (share_of_variables,),
            "every_row_for_every_sample": (rows_then_columns,),
            "one_subset_for_all": (shared_subset,),
        },
        wrong=(
            factor_alone(lambda m, b, n, k: 1),
            factor_alone(lambda m, b, n, k: 1 / (b * k)),
            factor_alone(lambda m, b, n, k: n / (b * k)),
            factor_alone(lambda m, b, n, k: m / b + n / k),
            factor_alone(lambda m, b, n, k: b / m * n / k),
            factor_alone(lambda m, b, n, k: m / k * n / b**2),
            repeats_lost,
            distinct_samples,
            whole_rows,
            everything,
            position_for_sample,
            sample_for_position,
            position_for_variable,
            union_of_variables,
            a_factor_for_each_variable,
            one_number,
            each_pair_once,
            whole_factors,
            variables_by_the_samples_order,
            nearest_factor,
            paired_indices,
        ),
        equivalent={
            "line 4: sorted: `variables`": "a sum has no order",
        },
    ),
    "batch-size-for-every-variable": Answers(
        right=(
            sizes_one_by_one,
            sizes_in_rounds,
            sizes_in_torch,
            sizes_in_float32,
            until_the_difference_is(1e-12),
            until_the_difference_is(1e-9),
            until_the_cost_is_right,
        ),
        slips={
            "costs_ignored": (searched_with(lambda s, t: s),),
            "no_least_size": (equation_8_9,),
            "raised_afterwards": (raised_in_a_loop,),
            "scaled_afterwards": (all_scaled,),
            "one_round": (corrected_once,),
        },
        wrong=(
            searched_with(lambda s, t: s / t),
            searched_with(lambda s, t: s**2 / t),
            searched_with(lambda s, t: s * np.sqrt(t)),
            searched_with(lambda s, t: np.sqrt(s / t)),
            searched_with(ratio, least=1.0),
            searched_with(ratio, cost=np.ones_like),
            corrected_once_and_left,
            scaled_and_raised_again,
            two_and_a_share,
            whole_budget_for_the_others,
            taken_from_the_largest,
            one_size,
            whole_numbers,
            the_factor_alone,
            in_steps_of_a_hundredth,
            up_to_a_hundred,
            up_to_a_thousand,
            until_the_difference_is(0.01),
            two_rounds,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 4: minus: `range(60)`",
                    "line 4: `60` → `120`",
                    "line 4: `60` → `59`",
                    "line 4: `60` → `61`",
                    *(f"line 4: after {k} rounds: `{SEARCH}`" for k in (31, 60, 100)),
                ),
                "more halvings than are needed, or as many",
            ),
            **dict.fromkeys(
                (
                    "line 2: minus: `s / np.sqrt(t)`",
                    "line 2: minus: `s`",
                    "line 2: minus: `np.sqrt(t)`",
                ),
                "both signs of r and λ are turned",
            ),
            **dict.fromkeys(
                (
                    "line 10: `np.maximum(2, low * r)`: `maximum` → `fmax`",
                    "line 6: `np.maximum(2, middle * r)`: `maximum` → `fmax`",
                ),
                "no number here is NaN",
            ),
            **dict.fromkeys(
                (
                    "line 2: squeeze: `s`",
                    "line 2: squeeze: `np.sqrt(t)`",
                    "line 2: squeeze: `t`",
                ),
                "broadcasting puts an axis of one back",
            ),
            **dict.fromkeys(
                (
                    "line 3: `0.0` → `-1.0`",
                    "line 3: plus 1e-3: `budget / (r @ t)`",
                    "line 3: plus 1e-3: `budget`",
                    "line 3: clip 4: `r @ t`",
                    "line 3: clip 30: `r @ t`",
                    "line 3: clip 500: `r @ t`",
                    "line 3: clip 4: `r`",
                    "line 3: clip 30: `r`",
                    "line 3: clip 4: `t`",
                    "line 3: clip 30: `t`",
                ),
                "the search begins from farther apart",
            ),
            **dict.fromkeys(
                (
                    "line 6: `np.maximum(2, middle * r) @ t > budget`"
                    " → `np.maximum(2, middle * r) @ t >= budget`",
                ),
                "the middle never costs exactly the budget, or is right",
            ),
            **dict.fromkeys(
                (
                    "line 10: not below 1e-3: `low * r`",
                    "line 5: not below 1e-3: `low`",
                    "line 6: not below 1e-3: `middle * r`",
                ),
                "so small a size becomes 2 all the same",
            ),
            **dict.fromkeys(
                (
                    "line 3: `r @ t` → `t @ r`",
                    "line 6: `np.maximum(2, middle * r) @ t` → `t @ np.maximum(2, middle * r)`",
                ),
                "the same product",
            ),
        },
    ),
}
