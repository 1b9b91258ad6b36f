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


# ---- A gradient through the draws


def slopes_in_loops(x, mean, log_s, epsilon):
    by_mean, by_log_s = [], []
    for j in range(len(x)):
        rows: tuple[list[float], list[float]] = ([], [])
        for a, mu, log_scale, noise in zip(x[j], mean[j], log_s[j], epsilon[:, j].T, strict=True):
            s = math.exp(log_scale)
            slopes = [a - 2 * (mu + s * e) for e in noise]
            rows[0].append(sum(slopes) / len(noise))
            moved = [slope * s * e + 1 for slope, e in zip(slopes, noise, strict=True)]
            rows[1].append(sum(moved) / len(noise))
        by_mean.append(rows[0])
        by_log_s.append(rows[1])
    return by_mean, by_log_s


def log_weights(x, mean, log_s, epsilon):
    """Of each draw, in torch: (S, b)."""
    z = mean + log_s.exp() * epsilon
    log_p = Normal(0.0, 1.0).log_prob(z) + Normal(z, 1.0).log_prob(x)
    return (log_p - Normal(mean, log_s.exp()).log_prob(z)).sum(-1)


def differentiated(x, mean, log_s, epsilon):
    x, mean, log_s, epsilon = map(torch.tensor, (x, mean, log_s, epsilon))
    free = mean.requires_grad_(), log_s.requires_grad_()
    return torch.autograd.grad(log_weights(x, mean, log_s, epsilon).mean(0).sum(), free)


def from_two_moments(x, mean, log_s, epsilon):
    s = np.exp(log_s)
    first = np.einsum("sbd->bd", epsilon) / len(epsilon)
    second = np.einsum("sbd,sbd->bd", epsilon, epsilon) / len(epsilon)
    return x - 2 * mean - 2 * s * first, 1 + (x - 2 * mean) * s * first - 2 * s**2 * second


def three_terms(x, mean, log_s, epsilon):
    x, mean, log_s, epsilon = map(torch.as_tensor, (x, mean, log_s, epsilon))
    step = log_s.exp() * epsilon  # dz / dlog s
    z = mean + step
    likelihood, prior = x - z, -z
    entropy = torch.ones_like(log_s)
    by_mean = likelihood.mean(dim=0) + prior.mean(dim=0)
    return [by_mean, (likelihood * step).mean(0) + (prior * step).mean(0) + entropy]


def with_both_parts_of_log_q(x, mean, log_s, epsilon):
    """log q(z) as it stands: what it takes through z it gives back by its own mean and s."""
    s = np.exp(log_s)
    z = mean + s * epsilon
    through_z = x - 2 * z + (z - mean) / s**2
    by_mean = through_z - (z - mean) / s**2
    by_log_s = through_z * s * epsilon - ((z - mean) ** 2 / s**2 - 1)
    return by_mean.mean(0), by_log_s.mean(0)


def by_a_complex_step(x, mean, log_s, epsilon):
    def log_w(mean, log_s):
        z = mean + np.exp(log_s) * epsilon
        return log_s - (z**2 + (x - z) ** 2) / 2

    h = 1e-30
    slopes = log_w(mean + 1j * h, log_s), log_w(mean, log_s + 1j * h)
    return tuple(slope.imag.mean(axis=0) / h for slope in slopes)


def weighted_scores(x, mean, log_s, epsilon):
    z = mean + np.exp(log_s) * epsilon
    log_w = log_s + (epsilon**2 - z**2 - (x - z) ** 2 - np.log(2 * np.pi)) / 2
    log_w = log_w.sum(axis=2, keepdims=True)
    return (log_w * epsilon / np.exp(log_s)).mean(0), (log_w * (epsilon**2 - 1)).mean(0)


def drawn_without_gradient(x, mean, log_s, epsilon):
    x, mean, log_s, epsilon = map(torch.tensor, (x, mean, log_s, epsilon))
    height = log_weights(x, mean, log_s, epsilon)
    free = mean.requires_grad_(), log_s.requires_grad_()
    z = (mean + log_s.exp() * epsilon).detach()
    log_q = Normal(mean, log_s.exp()).log_prob(z).sum(-1)
    return torch.autograd.grad((height * log_q).mean(0).sum(), free)


def differentiated_by_s(x, mean, log_s, epsilon):
    s = np.exp(log_s)
    slope = x - 2 * (mean + s * epsilon)
    return slope.mean(0), (slope * epsilon).mean(0) + 1 / s


def leaf_of_s(x, mean, log_s, epsilon):
    x, mean, s, epsilon = map(torch.tensor, (x, mean, np.exp(log_s), epsilon))
    free = mean.requires_grad_(), s.requires_grad_()
    return torch.autograd.grad(log_weights(x, mean, s.log(), epsilon).mean(0).sum(), free)


def moved_by_epsilon(x, mean, log_s, epsilon):
    slope = x - 2 * (mean + np.exp(log_s) * epsilon)
    return slope.mean(0), (slope * epsilon + 1).mean(0)


def joint_alone(x, mean, log_s, epsilon):
    step = np.exp(log_s) * epsilon
    slope = x - 2 * mean - 2 * step
    return slope.mean(axis=0), (slope * step).mean(axis=0)


def joint_differentiated(x, mean, log_s, epsilon):
    x, mean, log_s, epsilon = map(torch.tensor, (x, mean, log_s, epsilon))
    free = mean.requires_grad_(), log_s.requires_grad_()
    z = mean + log_s.exp() * epsilon
    log_p = -(z.square() + (x - z).square()).sum() / 2 / len(epsilon)
    return torch.autograd.grad(log_p, free)


def pulled_to_x(x, mean, log_s, epsilon):
    step = np.exp(log_s) * epsilon
    return (x - mean - step).mean(0), ((x - mean - step) * step).mean(0) + 1


def path_alone(x, mean, log_s, epsilon):
    """Also right in the mean over epsilon: log q(z) through z, not by its own parameters."""
    s = np.exp(log_s)
    slope = x - 2 * (mean + s * epsilon) + epsilon / s
    return slope.mean(0), (slope * s * epsilon).mean(0)


def divergence_in_closed_form(x, mean, log_s, epsilon):
    s = np.exp(log_s)
    pull = x - mean - s * epsilon
    return pull.mean(0) - mean, (pull * s * epsilon).mean(0) - s**2 + 1


def in_expectation(x, mean, log_s, epsilon):
    return x - 2 * mean, 1 - 2 * np.exp(2 * log_s)


def slope_at_the_mean(x, mean, log_s, epsilon):
    slope = x - 2 * mean
    return slope, (slope * np.exp(log_s) * epsilon).mean(0) + 1


def log_s_for_log_variance(x, mean, log_s, epsilon):
    step = np.exp(log_s / 2) * epsilon
    slope = x - 2 * (mean + step)
    return slope.mean(0), (slope * step / 2).mean(0) + 0.5


def s_forgotten_in_z(x, mean, log_s, epsilon):
    slope = x - 2 * (mean + epsilon)
    return slope.mean(0), (slope * np.exp(log_s) * epsilon).mean(0) + 1


def log_s_for_s(x, mean, log_s, epsilon):
    slope = x - 2 * (mean + log_s * epsilon)
    return slope.mean(0), (slope * log_s * epsilon).mean(0) + 1


def product_of_means(x, mean, log_s, epsilon):
    slope = (x - 2 * (mean + np.exp(log_s) * epsilon)).mean(0)
    return slope, slope * np.exp(log_s) * epsilon.mean(0) + 1


def entropy_subtracted(x, mean, log_s, epsilon):
    by_mean, by_log_s = from_two_moments(x, mean, log_s, epsilon)
    return by_mean, by_log_s - 2


def entropy_is_log_s(x, mean, log_s, epsilon):
    by_mean, by_log_s = from_two_moments(x, mean, log_s, epsilon)
    return by_mean, by_log_s - 1 + log_s


def entropy_of_all_coordinates(x, mean, log_s, epsilon):
    by_mean, by_log_s = from_two_moments(x, mean, log_s, epsilon)
    return by_mean, by_log_s - 1 + x.shape[1]


def x_the_wrong_way(x, mean, log_s, epsilon):
    z = mean + np.exp(log_s) * epsilon
    slope = (z - x) - z
    return slope.mean(0), (slope * np.exp(log_s) * epsilon).mean(0) + 1


def scores_with_a_baseline(x, mean, log_s, epsilon):
    z = mean + np.exp(log_s) * epsilon
    log_w = log_s + (epsilon**2 - z**2 - (x - z) ** 2 - np.log(2 * np.pi)) / 2
    log_w = log_w.sum(axis=2, keepdims=True)
    log_w = log_w - log_w.mean(axis=0)
    return (log_w * epsilon / np.exp(log_s)).mean(0), (log_w * (epsilon**2 - 1)).mean(0)


def score_of_each_coordinate(x, mean, log_s, epsilon):
    z = mean + np.exp(log_s) * epsilon
    log_w = log_s + (epsilon**2 - z**2 - (x - z) ** 2 - np.log(2 * np.pi)) / 2
    return (log_w * epsilon / np.exp(log_s)).mean(0), (log_w * (epsilon**2 - 1)).mean(0)


# ---- Draws against samples


def each_number_tried(C, W, c_e, c_d, cost):
    best, least = 1, math.inf
    for S in range(1, 101):
        b = cost / (c_e + S * c_d)
        variance = (C + W / S) / b
        if variance < least:
            best, least = S, variance
    return best, least


def all_at_once_in_numpy(C, W, c_e, c_d, cost):
    S = np.arange(1, 101)
    variances = (C + W / S) * (c_e + S * c_d) / cost
    return S[variances.argmin()], variances.min()


def all_at_once_in_torch(C, W, c_e, c_d, cost):
    S = torch.arange(1, 101, dtype=torch.float64)
    least, at = ((C + W / S) / (cost / (c_e + S * c_d))).min(0)
    return S[at], least


def until_it_rises(C, W, c_e, c_d, cost):
    S = 1
    while C * c_d * S * (S + 1) < W * c_e:  # one more draw lowers it
        S += 1
    return [S, (C * c_e + W * c_d + S * C * c_d + W * c_e / S) / cost]


def better_of_two(C, W, c_e, c_d, cost):
    def variance(S):
        return (C + W / S) * (c_e + S * c_d) / cost

    low = max(1, math.floor(math.sqrt(W * c_e / (C * c_d))))
    S = min(low, low + 1, key=variance)
    return S, variance(S)


def root_of_the_neighbours(C, W, c_e, c_d, cost):
    S = max(1, math.ceil((math.sqrt(1 + 4 * W * c_e / (C * c_d)) - 1) / 2))
    return S, (C + W / S) * (c_e + S * c_d) / cost


def variance_at(S, C, W, c_e, c_d, cost):
    return (C + W / S) * (c_e + S * c_d) / cost


def place_of_the_least(C, W, c_e, c_d):
    return math.sqrt(W * c_e / (C * c_d))


def rounded_to_the_nearest(C, W, c_e, c_d, cost):
    S = max(1, round(place_of_the_least(C, W, c_e, c_d)))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def half_added(C, W, c_e, c_d, cost):
    S = np.maximum(np.floor(np.sqrt(W * c_e / C / c_d) + 0.5), 1)
    return S, (C + W / S) / (cost / (c_e + S * c_d))


def formula_of_the_chapter(C, W, c_e, c_d, cost):
    S = np.sqrt(W * c_e / (C * c_d))
    S = 1 if S < 1 else S
    return S, variance_at(S, C, W, c_e, c_d, cost)


def budget_of_the_decoder(C, W, c_e, c_d, cost):
    S = min(range(1, 101), key=lambda S: (C + W / S) * S * c_d / cost)
    return S, (C + W / S) * S * c_d / cost


def budget_of_whole_draws(C, W, c_e, c_d, cost):
    S = np.arange(1, 101)
    b = cost / (S * (c_e + c_d))
    variances = (C + W / S) / b
    return S[variances.argmin()], variances.min()


def one_for_each_of_more(C, W, c_e, c_d, cost):
    return 1, (C + W) * (c_e + c_d) / cost


def all_draws_alike(C, W, c_e, c_d, cost):
    S, _ = each_number_tried(C, W, c_e, c_d, cost)
    return S, (C + W) / (cost / (c_e + S * c_d) * S)


def rounded_down(C, W, c_e, c_d, cost):
    S = max(1, int(place_of_the_least(C, W, c_e, c_d)))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def rounded_up(C, W, c_e, c_d, cost):
    S = max(1, math.ceil(place_of_the_least(C, W, c_e, c_d)))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def rounded_after_all(C, W, c_e, c_d, cost):
    S = max(1, place_of_the_least(C, W, c_e, c_d))
    return each_number_tried(C, W, c_e, c_d, cost)[0], variance_at(S, C, W, c_e, c_d, cost)


def up_to_99(C, W, c_e, c_d, cost):
    S = min(range(1, 100), key=lambda S: variance_at(S, C, W, c_e, c_d, cost))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def up_to_ten(C, W, c_e, c_d, cost):
    S = min(range(1, 11), key=lambda S: variance_at(S, C, W, c_e, c_d, cost))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def from_two_on(C, W, c_e, c_d, cost):
    S = min(range(2, 101), key=lambda S: variance_at(S, C, W, c_e, c_d, cost))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def position_for_number(C, W, c_e, c_d, cost):
    variances = [variance_at(S, C, W, c_e, c_d, cost) for S in range(1, 101)]
    return int(np.argmin(variances)), min(variances)


def whole_batches(C, W, c_e, c_d, cost):
    def variance(S):
        b = cost // (c_e + S * c_d)
        return (C + W / S) / b if b else math.inf

    S = min(range(1, 101), key=variance)
    return S, variance(S)


def traces_exchanged(C, W, c_e, c_d, cost):
    return each_number_tried(W, C, c_e, c_d, cost)


def costs_exchanged(C, W, c_e, c_d, cost):
    return each_number_tried(C, W, c_d, c_e, cost)


def within_alone_for_draws(C, W, c_e, c_d, cost):
    S = each_number_tried(C, W, c_e, c_d, cost)[0]
    return S, (C + W) / S / (cost / (c_e + S * c_d))


def batch_forgotten(C, W, c_e, c_d, cost):
    S = each_number_tried(C, W, c_e, c_d, cost)[0]
    return S, C + W / S


def noise_times_cost(C, W, c_e, c_d, cost):
    S, variance = each_number_tried(C, W, c_e, c_d, cost)
    return S, variance * cost


def error_for_variance(C, W, c_e, c_d, cost):
    S, variance = each_number_tried(C, W, c_e, c_d, cost)
    return S, math.sqrt(variance)


def without_the_root(C, W, c_e, c_d, cost):
    low = max(1, math.floor(W * c_e / (C * c_d)))
    S = min(low, low + 1, key=lambda S: variance_at(S, C, W, c_e, c_d, cost))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def not_even_one(C, W, c_e, c_d, cost):
    low = math.floor(place_of_the_least(C, W, c_e, c_d))
    S = min(low, low + 1, key=lambda S: variance_at(S, C, W, c_e, c_d, cost))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def samples_for_draws(C, W, c_e, c_d, cost):
    S, variance = each_number_tried(C, W, c_e, c_d, cost)
    return cost / (c_e + S * c_d), variance


def whole_within(C, W, c_e, c_d, cost):
    S = min(range(1, 101), key=lambda S: (C + W // S) * (c_e + S * c_d) / cost)
    return S, (C + W // S) * (c_e + S * c_d) / cost


def equal_costs(C, W, c_e, c_d, cost):
    low = max(1, math.floor(math.sqrt(W / C)))
    S = min(low, low + 1, key=lambda S: variance_at(S, C, W, 1, 1, 1))
    return S, variance_at(S, C, W, c_e, c_d, cost)


def stopped_at_the_first(C, W, c_e, c_d, cost):
    """Two neighbours of 1 alone."""
    S = min((1, 2), key=lambda S: variance_at(S, C, W, c_e, c_d, cost))
    return S, variance_at(S, C, W, c_e, c_d, cost)


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
    "reparameterise": Answers(
        right=(
            slopes_in_loops,
            differentiated,
            from_two_moments,
            three_terms,
            with_both_parts_of_log_q,
            by_a_complex_step,
        ),
        slips={
            "score_function": (weighted_scores, drawn_without_gradient),
            "by_s": (differentiated_by_s, leaf_of_s),
            "factor_forgotten": (moved_by_epsilon,),
            "without_entropy": (joint_alone, joint_differentiated),
            "without_prior": (pulled_to_x,),
        },
        wrong=(
            path_alone,
            divergence_in_closed_form,
            in_expectation,
            slope_at_the_mean,
            log_s_for_log_variance,
            s_forgotten_in_z,
            log_s_for_s,
            product_of_means,
            entropy_subtracted,
            entropy_is_log_s,
            entropy_of_all_coordinates,
            x_the_wrong_way,
            scores_with_a_baseline,
            score_of_each_coordinate,
            lambda *given: [-g for g in from_two_moments(*given)],
            lambda *given: [len(given[3]) * g for g in from_two_moments(*given)],
            lambda *given: from_two_moments(*given)[::-1],
            lambda *given: [g / len(given[0]) for g in from_two_moments(*given)],
            lambda *given: [g.sum(1) for g in from_two_moments(*given)],
            lambda x, mean, log_s, epsilon: from_two_moments(x, mean, log_s, epsilon[:1]),
        ),
    ),
    "draws-against-samples": Answers(
        right=(
            each_number_tried,
            all_at_once_in_numpy,
            all_at_once_in_torch,
            until_it_rises,
            better_of_two,
            root_of_the_neighbours,
        ),
        slips={
            "nearest_whole": (rounded_to_the_nearest, half_added),
            "not_whole": (formula_of_the_chapter,),
            "encoder_for_nothing": (budget_of_the_decoder,),
            "encoder_for_each_draw": (budget_of_whole_draws, one_for_each_of_more),
            "of_all_draws": (all_draws_alike, within_alone_for_draws),
        },
        wrong=(
            rounded_down,
            rounded_up,
            rounded_after_all,
            up_to_99,
            up_to_ten,
            from_two_on,
            position_for_number,
            whole_batches,
            traces_exchanged,
            costs_exchanged,
            batch_forgotten,
            noise_times_cost,
            error_for_variance,
            without_the_root,
            not_even_one,
            samples_for_draws,
            whole_within,
            equal_costs,
            stopped_at_the_first,
            lambda *given: each_number_tried(*given)[::-1],
        ),
        equivalent={
            **dict.fromkeys(
                (
                    *(
                        f"line 5: {change}: `{of}`"
                        for of in ("np.sqrt(W * c_e / (C * c_d))", "W * c_e / (C * c_d)")
                        for change in (
                            "round to 1/10",
                            "round to 1/1000",
                            "whole",
                            "plus 1e-3",
                            "not below 1e-3",
                        )
                    ),
                    "line 5: `W * c_e / (C * c_d)` → `W * c_e // (C * c_d)`",
                ),
                "the root is cut to a whole number, which is best where it is just below one",
            ),
            **{
                f"what it gave for the same {what}": "nothing but numbers is given"
                for what in ("shapes and numbers", "sums", "first entries")
            },
        },
    ),
}
