"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- steps and sample gradients


def costs_one_by_one(b, s_min, b_crit):
    steps, gradients = [], []
    for size in b:
        steps.append(s_min + s_min * b_crit / size)
        gradients.append(s_min * (size + b_crit))
    return steps, gradients


def costs_in_float32(b, s_min, b_crit):
    gradients = s_min * (torch.as_tensor(b, dtype=torch.float32) + b_crit)
    return gradients / torch.as_tensor(b), gradients


def steps_from_the_hyperbola(b, s_min, b_crit):
    """From (S/S_min - 1)(E/E_min - 1) = 1, as a list of two arrays."""
    gradients = s_min * b_crit + s_min * b
    return [s_min * (1 + 1 / (gradients / (s_min * b_crit) - 1)), gradients]


def batch_over_critical(b, s_min, b_crit):
    ratio = np.divide(b, b_crit)
    return s_min + s_min * ratio, b * s_min + b * s_min * ratio


def halved_for_ever(b, s_min, b_crit):
    return [s_min * b_crit / size for size in b], [s_min * b_crit for _ in b]


def counted_at_the_minimum(b, s_min, b_crit):
    return s_min * (b + b_crit) / b, torch.as_tensor(b) * s_min


def gradients_first(b, s_min, b_crit):
    return s_min * (b + b_crit), s_min * (b + b_crit) / b


def no_brackets(b, s_min, b_crit):
    steps = s_min * 1 + b_crit / b
    return steps, b * steps


def never_beyond_a_million(b, s_min, b_crit):
    steps = np.minimum(s_min * (1 + b_crit / b), 1e6)
    return steps, b * steps


def filled_in_place(b, s_min, b_crit):
    steps = np.zeros_like(b)
    steps[:] = s_min * (1 + b_crit / b)
    return steps, b * steps


def two_straight_ends(b, s_min, b_crit):
    steps = s_min * np.maximum(1, b_crit / b)
    return steps, b * steps


# ---- the fastest batch by the clock


def time_of(b, s_min, b_crit, t0, t1):
    return s_min * (t0 + t1 * b_crit + t1 * b + t0 * b_crit / b)


def cases_by_hand(s_min, b_crit, t0, t1, b_max):
    b = math.sqrt(b_crit * t0 / t1)
    if b > b_max:
        b = b_max
    elif b < 1:
        b = 1
    return b, s_min * (1 + b_crit / b) * (t0 + t1 * b)


def narrowed_down(s_min, b_crit, t0, t1, b_max):
    low, high = 1.0, float(b_max)
    for _ in range(100):  # where the slope changes its sign
        middle = (low + high) / 2
        if t1 - t0 * b_crit / middle**2 < 0:
            low = middle
        else:
            high = middle
    return [low, time_of(low, s_min, b_crit, t0, t1)]


def clamped_in_float32(s_min, b_crit, t0, t1, b_max):
    b = torch.tensor(b_crit * t0 / t1).sqrt().clamp(1, b_max)
    return b, s_min * (b + b_crit) / b * (t0 + t1 * b)


def golden_section(s_min, b_crit, t0, t1, b_max):
    low, high, part = 0.0, math.log(b_max), (math.sqrt(5) - 1) / 2
    for _ in range(120):
        left, right = high - part * (high - low), low + part * (high - low)
        if time_of(math.exp(left), 1, b_crit, t0, t1) < time_of(math.exp(right), 1, b_crit, t0, t1):
            high = right
        else:
            low = left
    return math.exp(low), time_of(math.exp(low), s_min, b_crit, t0, t1)


def cost_of_a_sample_on_top(s_min, b_crit, t0, t1, b_max):
    b = max(1, min(b_max, (b_crit / (t0 / t1)) ** 0.5))
    return b, time_of(b, s_min, b_crit, t0, t1)


def squared(s_min, b_crit, t0, t1, b_max):
    b = min(max(t0 * b_crit / t1, 1), b_max)
    return b, time_of(b, s_min, b_crit, t0, t1)


def anywhere(s_min, b_crit, t0, t1, b_max):
    b = math.sqrt(b_crit / t1 * t0)
    return b, time_of(b, s_min, b_crit, t0, t1)


def limited_in_the_end(s_min, b_crit, t0, t1, b_max):
    b = torch.tensor(b_crit * t0 / t1, dtype=torch.float64).sqrt()
    return b.clamp(1, b_max), time_of(b, s_min, b_crit, t0, t1)


def at_the_critical_size(s_min, b_crit, t0, t1, b_max):
    b = min(max(b_crit, 1), b_max)
    return b, 2 * s_min * (t0 + t1 * b) if b == b_crit else time_of(b, s_min, b_crit, t0, t1)


def rounded(s_min, b_crit, t0, t1, b_max):
    b = round(cases_by_hand(s_min, b_crit, t0, t1, b_max)[0])
    return b, time_of(b, s_min, b_crit, t0, t1)


def best_of_a_grid(s_min, b_crit, t0, t1, b_max):
    b = min(np.geomspace(1, b_max, 2001), key=lambda b: time_of(b, s_min, b_crit, t0, t1))
    return b, time_of(b, s_min, b_crit, t0, t1)


def never_beyond_500(s_min, b_crit, t0, t1, b_max):
    return cases_by_hand(s_min, b_crit, t0, t1, min(b_max, 500))


def least_seconds_of_all(s_min, b_crit, t0, t1, b_max):
    """The square of a sum is least anywhere, not within the limits."""
    b = cases_by_hand(s_min, b_crit, t0, t1, b_max)[0]
    return b, s_min * (math.sqrt(t0) + math.sqrt(t1 * b_crit)) ** 2


def limited_above_only(s_min, b_crit, t0, t1, b_max):
    b = min(math.sqrt(b_crit * t0 / t1), b_max)
    return b, time_of(b, s_min, b_crit, t0, t1)


def limited_below_only(s_min, b_crit, t0, t1, b_max):
    b = max(math.sqrt(b_crit * t0 / t1), 1)
    return b, time_of(b, s_min, b_crit, t0, t1)


def gradients_for_steps(s_min, b_crit, t0, t1, b_max):
    b = cases_by_hand(s_min, b_crit, t0, t1, b_max)[0]
    return b, s_min * (b + b_crit) * (t0 + t1 * b)


def one_step(s_min, b_crit, t0, t1, b_max):
    b = cases_by_hand(s_min, b_crit, t0, t1, b_max)[0]
    return b, t0 + t1 * b


# ---- what noise costs a step


def change_term_by_term(alpha, g, H, Sigma, b, m):
    gain = slope = trace = 0.0
    for i in range(len(g)):
        gain += alpha * g[i] ** 2
        for j in range(len(g)):
            slope += g[i] * H[i][j] * g[j]
            trace += H[i][j] * Sigma[j][i]
    return gain - 0.5 * alpha**2 * slope - 0.5 * alpha**2 * trace * (m - b) / (b * (m - 1))


def change_in_float32(alpha, g, H, Sigma, b, m):
    g, H, Sigma = (torch.as_tensor(part, dtype=torch.float32) for part in (g, H, Sigma))
    lost = g @ H @ g + (H * Sigma).sum() / b * ((m - b) / (m - 1))
    return alpha * (g @ g - alpha / 2 * lost)


def change_by_second_moments(alpha, g, H, Sigma, b, m):
    """E[v v'] of the step v, and the trace of its product with the curvature."""
    moments = np.outer(g, g) + Sigma * (1 / b - 1 / m) * m / (m - 1)
    return alpha * np.linalg.norm(g) ** 2 - alpha**2 * np.einsum("ij,ji", H, moments) / 2


def shape_of_a_number(alpha, g, H, Sigma, b, m):
    g = np.asarray(g).reshape(-1, 1)
    lost = (g.T @ H @ g).item() + np.linalg.eigvals(H @ Sigma).real.sum() * (m - b) / (m - 1) / b
    return np.array(alpha * (g.T @ g).item() - alpha * alpha * lost / 2)


def noise_of_a_full_batch(alpha, g, H, Sigma, b, m):
    return alpha * (g @ g) - 0.5 * alpha**2 * (g @ H @ g) - alpha**2 * (H * Sigma).sum() / (2 * b)


def mean_curvature_times_noise(alpha, g, H, Sigma, b, m):
    noise = np.diag(H).sum() * np.diag(Sigma).sum() * (m - b) / (m - 1) / b
    return alpha * (g * g).sum() - 0.5 * alpha**2 * ((g @ H) @ g + noise)


def trace_of_the_kronecker_product(alpha, g, H, Sigma, b, m):
    noise = np.trace(np.kron(H, Sigma)) * (m - b) / (m - 1) / b
    return change(alpha, g, H, Sigma, noise)


def all_of_the_square(alpha, g, H, Sigma, b, m):
    lost = g @ H @ g + (H * Sigma).sum() / b * (m - b) / (m - 1)
    return alpha * (g @ g - alpha * lost)


def exact_steps_lose_nothing(alpha, g, H, Sigma, b, m):
    return alpha * sum(g**2) - alpha**2 * (H * Sigma).sum() * (m - b) / (2 * b * (m - 1))


def climbs_by_its_length(alpha, g, H, Sigma, b, m):
    lost = g @ H @ g + (H * Sigma).sum() / b * (m - b) / (m - 1)
    return alpha * np.linalg.norm(g) - alpha**2 * lost / 2


def change(alpha, g, H, Sigma, noise):
    return alpha * (g @ g) - alpha**2 / 2 * (g @ H @ g + noise)


ANSWERS = {
    "steps-and-sample-gradients": Answers(
        right=(costs_one_by_one, costs_in_float32, steps_from_the_hyperbola),
        slips={
            "upside_down": (batch_over_critical,),
            "no_floor": (halved_for_ever,),
            "fewest_steps": (counted_at_the_minimum,),
            "other_order": (gradients_first,),
        },
        wrong=(
            no_brackets,
            two_straight_ends,
            never_beyond_a_million,
            filled_in_place,
            lambda b, s_min, b_crit: s_min * (1 + b_crit / b),
            lambda b, s_min, b_crit: (s_min * (1 + b_crit / b), s_min * (1 + b_crit / b) / b),
            lambda b, s_min, b_crit: (s_min * (1 + b_crit / b), s_min * (1 + b_crit)),
        ),
        equivalent=dict.fromkeys(
            ("line 3: squeeze: `b`", "line 3: squeeze: `steps` #2"),
            "a number times an array of one entry is such an array again",
        ),
    ),
    "fastest-batch-size": Answers(
        right=(cases_by_hand, narrowed_down, golden_section, clamped_in_float32),
        slips={
            "times_swapped": (cost_of_a_sample_on_top,),
            "no_root": (squared,),
            "no_limits": (anywhere,),
            "limited_too_late": (limited_in_the_end, least_seconds_of_all),
            "critical_size": (at_the_critical_size,),
        },
        wrong=(
            rounded,
            best_of_a_grid,
            never_beyond_500,
            limited_above_only,
            limited_below_only,
            gradients_for_steps,
            one_step,
            lambda *numbers: cases_by_hand(*numbers)[0],
            lambda *numbers: cases_by_hand(*numbers)[::-1],
        ),
        equivalent=dict.fromkeys(
            (
                "line 2: not below 1e-3: `np.sqrt(b_crit * t0 / t1)`",
                "line 2: not below 1e-3: `b_crit * t0 / t1`",
                "line 3: not below 1e-3: `b`",
            ),
            "it is below 1 in either case",
        )
        | dict.fromkeys(
            (
                "what it gave for the same shapes and numbers",
                "what it gave for the same sums",
                "what it gave for the same first entries",
            ),
            "numbers are all that it is given",
        ),
    ),
    "price-of-noise": Answers(
        right=(
            change_term_by_term,
            change_in_float32,
            change_by_second_moments,
            shape_of_a_number,
        ),
        slips={
            "with_replacement": (noise_of_a_full_batch,),
            "product_of_traces": (mean_curvature_times_noise, trace_of_the_kronecker_product),
            "no_half": (all_of_the_square,),
            "noise_alone": (exact_steps_lose_nothing,),
            "length_not_squared": (climbs_by_its_length,),
        },
        wrong=(
            lambda a, g, H, S, b, m: change(a, g, H, S, 0),
            lambda *arguments: max(0, change_term_by_term(*arguments)),
            lambda a, g, H, S, b, m: change(a, g, H, S, abs((H * S).sum()) * (m - b) / (m - 1) / b),
            lambda a, g, H, S, b, m: change(a, g, H, S, -(H * S).sum() / b * (m - b) / (m - 1)),
            lambda a, g, H, S, b, m: change(a, g, H, S, (H * S).sum() / b * (m - b) / m),
            lambda a, g, H, S, b, m: change(a, g, H, S, (H * S).sum() / b * (m - 1) / (m - b + 1)),
            lambda a, g, H, S, b, m: change(a, g, H, S, np.trace(S) / b * (m - b) / (m - 1)),
            lambda a, g, H, S, b, m: change(a, g, H, S, (H * S).sum() * (m - b) / (m - 1)),
            lambda a, g, H, S, b, m: change(a, g, H, S, np.diag(H) @ np.diag(S) * (m - b) / b),
            lambda a, g, H, S, b, m: change(a, g, H, S, H @ S * (m - b) / (m - 1) / b),
        ),
        equivalent={
            "line 3: `g @ H @ g` → `g @ (g @ H)`": "H is symmetric",
            "line 3: `g @ H` → `H @ g`": "H is symmetric",
            "line 2: `H @ Sigma` → `Sigma @ H`": "they have one trace",
            "line 2: transposed: `H @ Sigma`": "it has the same trace",
            "line 3: minus: `alpha` #2": "alpha is squared",
        },
    ),
}
