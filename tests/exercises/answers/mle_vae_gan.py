"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence

from tests.exercises.answers import Answers

# ---- The bound from log weights


def bound_in_loops(log_w):
    bounds = []
    for column in log_w.T.tolist():
        top = max(column)
        total = sum(math.exp(value - top) for value in column)
        bounds.append(top + math.log(total) - math.log(len(column)))
    return bounds


def bound_in_torch(log_w):
    return torch.as_tensor(log_w, dtype=torch.float32).logsumexp(0) - math.log(len(log_w))


def by_logaddexp(log_w):
    return np.logaddexp.reduce(log_w, axis=0) - np.log(log_w.shape[0])


def draw_by_draw(log_w):
    total = log_w[0]
    for row in log_w[1:]:
        high, low = np.maximum(total, row), np.minimum(total, row)
        total = high + np.log1p(np.exp(low - high))
    return total - np.log(len(log_w))


def average_elbo(log_w):
    return sum(log_w) / len(log_w)


def as_it_stands(log_w):
    return torch.as_tensor(log_w).exp().mean(0).log()


def sum_of_weights(log_w):
    return torch.as_tensor(log_w).logsumexp(0)


def softmax_alone(log_w):
    shifted = [[v - max(column) for v in column] for column in log_w.T.tolist()]
    return [math.log(sum(map(math.exp, row)) / len(row)) for row in shifted]


def one_shift(log_w):
    w = torch.as_tensor(log_w)
    return (w - w.max()).exp().mean(0).log() + w.max()


def over_the_samples(log_w):
    return np.logaddexp.reduce(log_w, axis=1) - np.log(log_w.shape[1])


def log_of_the_batch_size(log_w):
    return np.logaddexp.reduce(log_w, axis=0) - np.log(log_w.shape[1])


def divided_by_the_draws(log_w):
    return np.logaddexp.reduce(log_w, axis=0) / len(log_w)


def mean_over_the_batch(log_w):
    return by_logaddexp(log_w).mean()


def clipped(log_w):
    return np.log(np.exp(np.clip(log_w, -700, 700)).mean(axis=0))


def small_number_added(log_w):
    return np.log(np.exp(log_w).mean(axis=0) + 1e-12)


def shifted_by_the_mean(log_w):
    middle = log_w.mean(axis=0)
    return middle + np.log(np.exp(log_w - middle).mean(axis=0))


def log1p_of_the_sum(log_w):
    top = log_w.max(axis=0)
    return top + np.log1p(np.exp(log_w - top).sum(axis=0)) - np.log(len(log_w))


def one_shift_or_two(log_w):
    """Two halves of a batch: enough where only one sample lies far off."""
    high, low = log_w.max(), log_w.max(axis=0).min()
    shift = np.where(log_w.max(axis=0) > (high + low) / 2, high, low)
    return shift + np.log(np.exp(log_w - shift).mean(axis=0))


def ratio_to_the_first(log_w):
    return log_w[0] + np.log(np.exp(log_w - log_w[0]).mean(axis=0))


def largest_alone(log_w):
    return log_w.max(axis=0) - np.log(len(log_w))


def not_centred_where_it_fits(log_w):
    plain = np.log(np.exp(log_w).mean(axis=0))
    return np.where(np.isfinite(plain), plain, log_w.max(axis=0) - np.log(len(log_w)))


def one_axis_too_many(log_w):
    return by_logaddexp(log_w)[None]


# ---- The ELBO of a Gaussian


def elbo_in_loops(x, mean, log_s):
    bounds = []
    for row in zip(x.tolist(), mean.tolist(), log_s.tolist(), strict=True):
        total = 0.0
        for a, mu, log_scale in zip(*row, strict=True):
            s2 = math.exp(2 * log_scale)
            total -= (math.log(2 * math.pi) + (a - mu) ** 2 + s2) / 2
            total -= (mu**2 + s2 - 1) / 2 - log_scale
        bounds.append(total)
    return bounds


def elbo_in_torch(x, mean, log_s):
    x, mean, s = (torch.as_tensor(a, dtype=torch.float32) for a in (x, mean, np.exp(log_s)))
    prior = kl_divergence(Normal(mean, s), Normal(0.0, 1.0))
    return (Normal(mean, 1.0).log_prob(x) - s.square() / 2 - prior).sum(-1)


def likelihood_minus_the_gap(x, mean, log_s):
    height = -x.shape[1] / 2 * np.log(4 * np.pi) - np.einsum("jd,jd->j", x, x) / 4
    ratio = 2 * np.exp(2 * log_s)  # of q's variance to the posterior's, 1/2
    gap = (ratio + 2 * (mean - x / 2) ** 2 - 1 - np.log(ratio)).sum(axis=1) / 2
    return height - gap


def energy_plus_entropy(x, mean, log_s):
    joint = -np.log(2 * np.pi) - ((x - mean) ** 2 + mean**2) / 2 - np.exp(log_s) ** 2
    return (joint + (np.log(2 * np.pi) + 1) / 2 + log_s).sum(axis=-1)


def by_quadrature(x, mean, log_s):
    points, weights = np.polynomial.hermite_e.hermegauss(8)
    z = mean[..., None] + np.exp(log_s)[..., None] * points
    log_q = -(points**2) / 2 - log_s[..., None]
    log_w = -((x[..., None] - z) ** 2 + z**2 + np.log(2 * np.pi)) / 2 - log_q
    return (log_w @ weights / weights.sum()).sum(axis=1)


def reconstruction(x, mean, variance):
    return -((x - mean) ** 2 + variance + np.log(2 * np.pi)).sum(axis=1) / 2


def divergence(mean, log_s):
    return (mean**2 / 2 + np.exp(2 * log_s) / 2 - 0.5 - log_s).sum(axis=1)


def plus_the_divergence(x, mean, log_s):
    x, mean, s = (torch.as_tensor(a) for a in (x, mean, np.exp(log_s)))
    prior = kl_divergence(Normal(mean, s), Normal(0.0, 1.0))
    return (Normal(mean, 1.0).log_prob(x) - s.square() / 2 + prior).sum(1)


def copied_with_logvar(x, mean, logvar):
    x, mean, logvar = (torch.as_tensor(a) for a in (x, mean, logvar))
    kl = -0.5 * (1 + logvar - mean.pow(2) - logvar.exp()).sum(1)
    return -0.5 * ((x - mean).pow(2) + logvar.exp() + math.log(2 * math.pi)).sum(1) - kl


def decoded_at_the_mean(x, mean, log_s):
    squares = np.einsum("jd,jd->j", x - mean, x - mean)
    return -squares / 2 - x.shape[1] * math.log(2 * math.pi) / 2 - divergence(mean, log_s)


def narrow_s_forgotten(x, mean, log_s):
    return elbo_as_sum(x, mean, np.maximum(log_s, -3.5))


def two_pi_by_hand(x, mean, log_s):
    return elbo_as_sum(x, mean, log_s) + x.shape[1] / 2 * math.log(math.pi / 3.14)


def log_variance_limited(x, mean, log_s):
    return elbo_as_sum(x, mean, np.clip(log_s, -10, 10))


def squared_error_only(x, mean, log_s):
    s2 = np.exp(log_s) ** 2
    return -0.5 * ((x - mean) ** 2 + s2).sum(1) + 0.5 * (1 + 2 * log_s - mean**2 - s2).sum(1)


def half_copied(x, mean, log_s):
    kl = -0.5 * (1 + log_s - mean**2 - np.exp(2 * log_s)).sum(1)
    return reconstruction(x, mean, np.exp(2 * log_s)) - kl


def s_for_the_variance_in_kl(x, mean, log_s):
    kl = ((mean**2 + np.exp(log_s) - 1) / 2 - log_s).sum(1)
    return reconstruction(x, mean, np.exp(2 * log_s)) - kl


def s_for_the_variance_in_x(x, mean, log_s):
    return reconstruction(x, mean, np.exp(log_s)) - divergence(mean, log_s)


def reversed_divergence(x, mean, log_s):
    s2 = np.exp(2 * log_s)
    kl = ((1 + mean**2) / s2 - 1 + 2 * log_s).sum(1) / 2
    return reconstruction(x, mean, s2) - kl


def no_logarithm(x, mean, log_s):
    s2 = np.exp(2 * log_s)
    return reconstruction(x, mean, s2) - ((mean**2 + s2 - 1) / 2).sum(1)


def no_divergence(x, mean, log_s):
    return reconstruction(x, mean, np.exp(2 * log_s))


def constant_of_one_coordinate(x, mean, log_s):
    return elbo_as_sum(x, mean, log_s) + (x.shape[1] - 1) / 2 * np.log(2 * np.pi)


def elbo_as_sum(x, mean, log_s):
    return reconstruction(x, mean, np.exp(2 * log_s)) - divergence(mean, log_s)


def likelihood_of_the_mean(x, mean, log_s):
    variance = 1 + np.exp(2 * log_s)
    log_p = -((x - mean) ** 2 / variance + np.log(2 * np.pi * variance)).sum(1) / 2
    return log_p - divergence(mean, log_s)


def as_a_loss(x, mean, log_s):
    return -elbo_as_sum(x, mean, log_s)


def mean_over_coordinates(x, mean, log_s):
    return elbo_as_sum(x, mean, log_s) / x.shape[1]


def one_seeded_draw(x, mean, log_s):
    z = mean + np.exp(log_s) * np.random.default_rng(0).normal(size=mean.shape)
    return reconstruction(x, z, 0.0) - divergence(mean, log_s)


def one_draw(x, mean, log_s):
    z = mean + np.exp(log_s) * np.random.default_rng().normal(size=mean.shape)
    return reconstruction(x, z, 0.0) - divergence(mean, log_s)


ANSWERS = {
    "iwae-bound": Answers(
        right=(bound_in_loops, bound_in_torch, by_logaddexp, draw_by_draw),
        slips={
            "mean_of_logs": (average_elbo,),
            "out_of_range": (as_it_stands,),
            "sum_for_mean": (sum_of_weights,),
            "largest_not_put_back": (softmax_alone,),
            "one_largest_for_all": (one_shift,),
        },
        wrong=(
            over_the_samples,
            log_of_the_batch_size,
            divided_by_the_draws,
            mean_over_the_batch,
            clipped,
            small_number_added,
            shifted_by_the_mean,
            log1p_of_the_sum,
            one_shift_or_two,
            ratio_to_the_first,
            largest_alone,
            not_centred_where_it_fits,
            one_axis_too_many,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: squeeze: `log_w.max(axis=0)`",
                    "line 3: squeeze: `largest`",
                    "line 3: squeeze: `np.log(np.exp(log_w - largest).mean(axis=0))`",
                    "line 3: squeeze: `np.exp(log_w - largest).mean(axis=0)`",
                    "line 3: squeeze: `log_w`",
                    "line 3: squeeze: `largest` #2",
                ),
                "broadcasting puts an axis of one back",
            ),
            **dict.fromkeys(
                (
                    "line 2: round to 1/10: `log_w.max(axis=0)`",
                    "line 2: round to 1/1000: `log_w.max(axis=0)`",
                    "line 2: whole: `log_w.max(axis=0)`",
                    "line 2: plus 1e-3: `log_w.max(axis=0)`",
                    "line 2: not below 1e-3: `log_w.max(axis=0)`",
                    "line 2: round to 1/10: `log_w`",
                    "line 2: round to 1/1000: `log_w`",
                    "line 2: whole: `log_w`",
                    "line 2: plus 1e-3: `log_w`",
                    "line 2: not below 1e-3: `log_w`",
                ),
                "any number near the largest will do",
            ),
            **dict.fromkeys(
                (
                    "line 3: clip 30: `log_w - largest`",
                    "line 3: clip 500: `log_w - largest`",
                ),
                "e⁻³⁰ is nothing beside 1",
            ),
        },
    ),
    "gaussian-elbo": Answers(
        right=(
            elbo_in_loops,
            elbo_in_torch,
            likelihood_minus_the_gap,
            energy_plus_entropy,
            by_quadrature,
        ),
        slips={
            "kl_added": (plus_the_divergence,),
            "log_s_as_log_variance": (copied_with_logvar,),
            "at_the_mean": (decoded_at_the_mean,),
            "constant_missing": (squared_error_only,),
            "half_of_log_s": (half_copied,),
        },
        wrong=(
            s_for_the_variance_in_kl,
            s_for_the_variance_in_x,
            reversed_divergence,
            no_logarithm,
            no_divergence,
            constant_of_one_coordinate,
            likelihood_of_the_mean,
            narrow_s_forgotten,
            two_pi_by_hand,
            log_variance_limited,
            as_a_loss,
            mean_over_coordinates,
            one_seeded_draw,
            one_draw,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: sorted: `np.exp(2 * log_s)`",
                    "line 3: sorted: `-(np.log(2 * np.pi) + (x - mean) ** 2 + s2) / 2`",
                    "line 4: sorted: `(mean ** 2 + s2 - 1) / 2 - log_s`",
                    "line 2: sorted: `2 * log_s`",
                    "line 4: sorted: `(mean ** 2 + s2 - 1) / 2`",
                    "line 4: sorted: `log_s`",
                    "line 2: sorted: `log_s`",
                    "line 3: sorted: `np.log(2 * np.pi) + (x - mean) ** 2 + s2`",
                    "line 4: sorted: `mean ** 2 + s2 - 1`",
                    "line 5: sorted: `expected - kl`",
                    "line 3: sorted: `np.log(2 * np.pi) + (x - mean) ** 2`",
                    "line 3: sorted: `s2`",
                    "line 4: sorted: `mean ** 2 + s2`",
                    "line 5: sorted: `expected`",
                    "line 5: sorted: `kl`",
                    "line 3: sorted: `(x - mean) ** 2`",
                    "line 4: sorted: `mean ** 2`",
                    "line 4: sorted: `s2`",
                    "line 3: sorted: `x - mean`",
                    "line 4: sorted: `mean`",
                ),
                "a sum has no order",
            ),
            "line 5: `axis=1` → `axis=-1`": "the last of two axes",
            **dict.fromkeys(
                (
                    "line 3: `x - mean` → `mean - x`",
                    "line 3: abs: `x - mean`",
                    "line 3: minus: `x - mean`",
                    "line 3: not below 1e-3: `x - mean`",
                    "line 4: abs: `mean`",
                    "line 4: minus: `mean`",
                    "line 4: not below 1e-3: `mean`",
                ),
                "a square has no sign, nor so small a number any weight",
            ),
        },
    ),
}
