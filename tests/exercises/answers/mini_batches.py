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


def two_straight_ends(b, s_min, b_crit):
    steps = s_min * np.maximum(1, b_crit / b)
    return steps, b * steps


# ---- the noise scale from two batch sizes


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
    b = min(b_crit, b_max)
    return b, 2 * s_min * (t0 + t1 * b) if b == b_crit else time_of(b, s_min, b_crit, t0, t1)


def rounded(s_min, b_crit, t0, t1, b_max):
    b = round(cases_by_hand(s_min, b_crit, t0, t1, b_max)[0])
    return b, time_of(b, s_min, b_crit, t0, t1)


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
            lambda b, s_min, b_crit: s_min * (1 + b_crit / b),
            lambda b, s_min, b_crit: (s_min * (1 + b_crit / b), s_min * (1 + b_crit / b) / b),
            lambda b, s_min, b_crit: (s_min * (1 + b_crit / b), s_min * (1 + b_crit)),
        ),
    ),
    "noise-scale-from-two-batch-sizes": Answers(
        right=(by_elimination, two_equations, scale_in_float32, straight_line),
        slips={
            "ratio_of_lengths": (longer_over_shorter,),
            "sizes_swapped": (noise_times_the_wrong_sizes,),
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
            lambda small, big, b_small, b_big: -by_elimination(small, big, b_small, b_big),
        ),
    ),
    "fastest-batch-size": Answers(
        right=(cases_by_hand, narrowed_down, clamped_in_float32),
        slips={
            "times_swapped": (cost_of_a_sample_on_top,),
            "no_root": (squared,),
            "no_limits": (anywhere,),
            "limited_too_late": (limited_in_the_end,),
            "critical_size": (at_the_critical_size,),
        },
        wrong=(
            rounded,
            limited_above_only,
            limited_below_only,
            gradients_for_steps,
            one_step,
            lambda *numbers: cases_by_hand(*numbers)[0],
            lambda *numbers: cases_by_hand(*numbers)[::-1],
        ),
    ),
}
