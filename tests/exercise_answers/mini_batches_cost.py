"""Answers to the exercises of a chapter."""

import numpy as np
import torch

from exercise_answers import Answers


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


def carried(alpha, b, sizes, b_h):
    return alpha * (1 + b_h / b) / (1 + b_h / sizes)


ANSWERS = {
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
            lambda a, b, s, b_h, limit: np.minimum(a, limit) + 0 * s,
            lambda a, b, s, b_h, limit: np.maximum(carried(a, b, s, b_h), limit),
            lambda a, b, s, b_h, limit: np.minimum(carried(a, b, s, b_h), limit)[:1],
            lambda a, b, s, b_h, limit: np.minimum(a * (1 + b_h / b) / (1 + s / b_h), limit),
            lambda a, b, s, b_h, limit: np.minimum(a * (1 + b_h * b) / (1 + b_h * s), limit),
            lambda a, b, s, b_h, limit: np.minimum(carried(a, b, s, b_h), 2 / limit),
        ),
    ),
}
