"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch
from torch.nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    logsigmoid,
)

from tests.exercises.answers import Answers


def logistic(z):
    return 1 / (1 + np.exp(-z))


# ---- the product rule


def product_loops(probs, x):
    sums = []
    for row, bits in zip(probs.tolist(), x.tolist(), strict=True):
        total = 0.0
        for p, bit in zip(row, bits, strict=True):
            total += math.log(p) if bit == 1 else math.log(1 - p)
        sums.append(total)
    return sums


def product_float32(probs, x):
    p, x = torch.as_tensor(probs, dtype=torch.float32), torch.as_tensor(x)
    return torch.where(x == 1, p, 1 - p).log().sum(1)


def product_cross_entropy(probs, x):
    terms = binary_cross_entropy(torch.as_tensor(probs), torch.as_tensor(x), reduction="none")
    return -terms.sum(dim=1)


def product_two_terms(probs, x):
    return np.sum(x * np.log(probs) + (1 - x) * np.log(1 - probs), axis=1)


def product_distance(probs, x):
    return np.log(np.abs(1 - x - probs)).sum(1)


def all_counted_as_ones(probs, x):
    return [sum(map(math.log, row)) for row in probs]


def ones_alone(probs, x):
    return np.einsum("bi,bi->b", x, np.log(probs))


def likelihood_then_log(probs, x):
    p = torch.as_tensor(probs**x * (1 - probs) ** (1 - x))
    return p.prod(dim=1).log()


def averaged(probs, x):
    return np.mean(np.where(x == 1, np.log(probs), np.log(1 - probs)), axis=1)


def one_total(probs, x):
    return sum(product_loops(probs, x))


# ---- the log-likelihood that survives large logits


def stable_loops(W, c, x):
    total = 0.0
    for row in x.tolist():
        for i in range(len(row)):
            z = float(c[i])
            for k in range(i):
                z += float(W[i, k]) * row[k]
            u = z if row[i] == 1 else -z
            total += min(u, 0.0) - math.log1p(math.exp(-abs(u)))
    return total


def stable_float32(W, c, x):
    W, c, x = (torch.as_tensor(a, dtype=torch.float32) for a in (W, c, x))
    return logsigmoid((2 * x - 1) * (x @ W.T + c)).sum()


def stable_cross_entropy(W, c, x):
    W, c, x = map(torch.as_tensor, (W, c, x))
    return -binary_cross_entropy_with_logits(x @ W.T + c, x, reduction="sum")


def stable_two_sums(W, c, x):
    z = np.einsum("ik,jk->ji", W, x) + c
    return np.sum(x * z) - np.sum(np.logaddexp(0, z))


def stable_cases(W, c, x):
    z = x @ W.T + c
    return np.where(x == 1, -np.logaddexp(0, -z), -np.logaddexp(0, z)).sum()


def sigma_of_the_signed(W, c, x):
    W, c, x = map(torch.as_tensor, (W, c, x))
    return torch.log(torch.sigmoid((2 * x - 1) * (c + x @ W.T))).sum()


def chosen_probability(W, c, x):
    p = logistic(c + x @ W.T)
    return np.log(np.where(x == 1, p, 1 - p)).sum()


def small_exponential(W, c, x):
    u = (2 * x - 1) * (c + x @ W.T)
    return -np.sum(np.log1p(np.exp(-u)))


def linear_minus_log(W, c, x):
    z = c + x @ W.T
    return (x * z - np.log(1 + np.exp(z))).sum()


def product_rule_on_sigma(W, c, x):
    return sum(product_two_terms(logistic(x @ W.T + c), x))


def fraction_of_exponentials(W, c, x):
    odds = np.exp((2 * x - 1) * (x @ W.T + c))
    return np.log(odds / (1 + odds)).sum()


def always_as_one(W, c, x):
    W, c, x = map(torch.as_tensor, (W, c, x))
    return logsigmoid(c + x @ W.T).sum()


def without_transpose(W, c, x):
    z = c + x @ W
    return (x * z - np.logaddexp(0, z)).sum()


def per_picture_then_mean(W, c, x):
    z = c + x @ W.T
    return np.mean(np.sum(x * z - np.logaddexp(0, z), axis=1))


def clipped_probability(W, c, x):
    p = np.clip(logistic(c + x @ W.T), 1e-12, 1 - 1e-12)
    return (x * np.log(p) + (1 - x) * np.log(1 - p)).sum()


def clipped_logits(W, c, x):
    z = np.clip(c + x @ W.T, -500, 500)
    return (x * z - np.logaddexp(0, z)).sum()


def infinities_left_out(W, c, x):
    terms = np.log(logistic((2 * x - 1) * (c + x @ W.T)))
    return terms[np.isfinite(terms)].sum()


def asymptote_from(far):
    """The textbook's formula, but the logit itself where it is large."""

    def height(W, c, x):
        z = c + x @ W.T
        p = logistic(z)
        terms = np.log(np.where(x == 1, p, 1 - p))
        return np.where(abs(z) > far, np.minimum((2 * x - 1) * z, 0), terms).sum()

    return height


def math_exp_overflows(W, c, x):
    u = (2 * x - 1) * (c + x @ W.T)
    return -sum(math.log(1 + math.exp(-v)) for v in u.ravel())


# ---- ancestral sampling


def sampling_loops(W, c, u):
    samples = []
    for tosses in u:
        x = []
        for i in range(len(c)):
            z = c[i] + sum(W[i][k] * x[k] for k in range(i))
            x.append(1 if tosses[i] < 1 / (1 + math.exp(-z)) else 0)
        samples.append(x)
    return samples


def sampling_float32(W, c, u):
    W, c, u = (torch.as_tensor(a, dtype=torch.float32) for a in (W, c, u))
    x = torch.zeros_like(u)
    for i in range(len(c)):
        x[:, i] = (u[:, i] < torch.sigmoid(c[i] + x[:, :i] @ W[i, :i])).float()
    return x


def sampling_by_repetition(W, c, u):
    x = np.zeros(u.shape, dtype=bool)
    for _ in c:  # each pass settles one more column
        x = u < logistic(c + x @ W.T)
    return x


def sampling_in_logits(W, c, u):
    z, columns = np.tile(c, (len(u), 1)), []
    for i in range(len(c)):
        columns.append(np.log(u[:, i] / (1 - u[:, i])) < z[:, i])
        z = z + np.outer(columns[-1], W[:, i])
    return np.stack(columns, axis=1).astype(int)


def biases_alone(W, c, u):
    return [[int(u[j, i] < logistic(c[i])) for i in range(len(c))] for j in range(len(u))]


def last_pixel_first(W, c, u):
    x = np.zeros(u.shape)
    for i in reversed(range(len(c))):
        x[:, i] = u[:, i] < logistic(c[i] + x @ W[i])
    return x


def column_of_the_weights(W, c, u):
    x = torch.zeros(u.shape, dtype=torch.float64)
    W, c, u = map(torch.as_tensor, (W, c, u))
    for i in range(len(c)):
        x[:, i] = (u[:, i] < torch.sigmoid(c[i] + x @ W[:, i])).double()
    return x


def expected_inputs(W, c, u):
    samples = []
    for tosses in u:
        p = []
        for i in range(len(c)):
            p.append(logistic(c[i] + sum(W[i, k] * p[k] for k in range(i))))
        samples.append([int(toss < q) for toss, q in zip(tosses, p, strict=True)])
    return samples


def exceeds(W, c, u):
    x = np.zeros(u.shape, dtype=bool)
    for i in range(len(c)):
        x[:, i] = logistic(c[i] + x[:, :i] @ W[i, :i]) <= u[:, i]
    return x


def rounded(W, c, u):
    x = np.zeros(u.shape)
    for i in range(len(c)):
        x[:, i] = np.round(logistic(c[i] + x @ W[i]))
    return x


def uniforms_as_inputs(W, c, u):
    return (u < logistic(c + u @ W.T)).astype(int)


def two_passes(W, c, u):
    return u < logistic(c + (u < logistic(c)) @ W.T)


def own_chance(W, c, u):
    return sampling_loops(W, c, np.random.default_rng().random(u.shape))


def own_seeded_chance(W, c, u):
    return sampling_loops(W, c, np.random.default_rng(0).random(u.shape))


def written_over_u(W, c, u):
    x = u
    for i in range(len(c)):
        x[:, i] = u[:, i] < logistic(c[i] + x[:, :i] @ W[i, :i])
    return x


def from_the_neighbour_alone(W, c, u):
    x = np.zeros(u.shape)
    for i in range(len(c)):
        z = c[i] + (W[i, i - 1] * x[:, i - 1] if i > 0 else 0)
        x[:, i] = u[:, i] < logistic(z)
    return x


# ---- the rest of a picture


def mended_in_place(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, x.shape[1]):
        p = 1 / (1 + np.exp(-(c[i] + new @ W[i])))
        new[:, i] = u[:, i] < p
    return new


def completed_in_loops(W, c, x, kept, u):
    pictures = []
    for row, tosses in zip(x.tolist(), u.tolist(), strict=True):
        picture = row[:kept]
        while len(picture) < len(row):
            i = len(picture)
            z = c[i] + sum(w * pixel for w, pixel in zip(W[i], picture, strict=False))
            picture.append(1 if tosses[i] < 1 / (1 + math.exp(-z)) else 0)
        pictures.append(picture)
    return pictures


def completed_in_torch(W, c, x, kept, u):
    W, c, x, u = (torch.as_tensor(a, dtype=torch.float32) for a in (W, c, x, u))
    columns = list(x[:, :kept].unbind(1))
    for i in range(kept, len(c)):
        z = c[i] + sum((w * column for w, column in zip(W[i], columns, strict=False)), 0 * u[:, 0])
        columns.append((u[:, i] < z.sigmoid()).float())
    return torch.stack(columns, dim=1)


def completed_by_repetition(W, c, x, kept, u):
    given = np.arange(len(c)) < kept
    new = x
    for _ in range(len(c) - kept):  # each pass settles one more column
        new = np.where(given, x, u < logistic(c + new @ W.T))
    return new


def completed_in_logits(W, c, x, kept, u):
    new = x.astype(bool)
    z = c + x[:, :kept] @ W[:, :kept].T
    for i in range(kept, len(c)):
        new[:, i] = u[:, i] < 0.5 * (1 + np.tanh(z[:, i] / 2))
        z += np.outer(new[:, i], W[:, i])
    return new


def given_what_came_before(W, c, x, kept, u):
    new = x + 0
    n = x.shape[1]
    for i in range(n):
        if i >= kept:
            new[:, i] = np.where(u[:, i] < logistic(new[:, :i] @ W[i, :i] + c[i]), 1, 0)
    return new


def half_mended_toss(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, len(c)):
        new[:, i] = u[:, i] < logistic(c[i] + x @ W[i])
    return new


def all_questions_at_once(W, c, x, kept, u):
    drawn = torch.as_tensor(u) < torch.sigmoid(torch.as_tensor(c + x @ W.T))
    return torch.cat([torch.as_tensor(x[:, :kept]), drawn[:, kept:]], dim=1)


def half_mended_picture(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, len(c)):
        new[:, i] = u[:, 0] < logistic(c[i] + new @ W[i])
    return new


def one_toss_per_picture(W, c, x, kept, u):
    return completed_in_loops(W, c, x, kept, np.array([[row[0]] * len(row) for row in u]))


def as_it_was_given(W, c, x, kept, u):
    p = logistic(c + x @ W.T)
    return np.hstack([x[:, :kept], (u[:, :1] < p)[:, kept:]])


def likelier_value(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, len(c)):
        new[:, i] = c[i] + new @ W[i] > 0
    return new


def probability_rounded(W, c, x, kept, u):
    new = x.astype(float)
    for i in range(kept, len(c)):
        new[:, i] = np.round(logistic(c[i] + new[:, :i] @ W[i, :i]))
    return new


def first_toss_drawn_for_all(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, len(c)):
        new[:, i] = u[:, kept] < logistic(c[i] + new @ W[i])
    return new


def one_row_of_tosses(W, c, x, kept, u):
    return mended_in_place(W, c, x, kept, np.tile(u[0], (len(x), 1)))


def in_the_readers_x(W, c, x, kept, u):
    for i in range(kept, x.shape[1]):
        x[:, i] = u[:, i] < logistic(c[i] + x @ W[i])
    return x


def alias_for_a_copy(W, c, x, kept, u):
    new = x
    for i in range(kept, x.shape[1]):
        new[:, i] = u[:, i] < logistic(c[i] + new @ W[i])
    return new.copy()


def above_the_probability(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, len(c)):
        new[:, i] = u[:, i] > logistic(c[i] + new @ W[i])
    return new


def weights_out_of_the_pixel(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, len(c)):
        new[:, i] = u[:, i] < logistic(c[i] + new @ W[:, i])
    return new


def last_pixel_forgotten(W, c, x, kept, u):
    new = mended_in_place(W, c, x, kept, u)
    new[:, -1] = x[:, -1]
    return new


def given_the_kept_alone(W, c, x, kept, u):
    p = logistic(c + x[:, :kept] @ W[:, :kept].T)
    return np.where(np.arange(len(c)) < kept, x, u < p)


def from_an_empty_picture(W, c, x, kept, u):
    new = np.zeros_like(x)
    for i in range(kept, x.shape[1]):
        new[:, i] = u[:, i] < logistic(c[i] + new @ W[i])
    new[:, :kept] = x[:, :kept]
    return new


def rest_from_the_back(W, c, x, kept, u):
    new = x.copy()
    for i in reversed(range(kept, len(c))):
        new[:, i] = u[:, i] < logistic(c[i] + new @ W[i])
    return new


def kept_ones_tossed_too(W, c, x, kept, u):
    new = mended_in_place(W, c, x, kept, u)
    return np.where(u < logistic(c + new @ W.T), 1, 0)


def first_tosses_first(W, c, x, kept, u):
    """A sample of the model all the same, but by other pixels' numbers."""
    return mended_in_place(W, c, x, kept, np.roll(u, kept, axis=1))


def probabilities_left(W, c, x, kept, u):
    new = x.astype(float)
    for i in range(kept, len(c)):
        new[:, i] = logistic(c[i] + new @ W[i])
    return new


def tossed_at_the_end(W, c, x, kept, u):
    new = probabilities_left(W, c, x, kept, u)
    return np.where(np.arange(len(c)) < kept, x, u < new)


ANSWERS: dict[str, Answers] = {
    "product-rule": Answers(
        right=(
            product_loops,
            product_float32,
            product_cross_entropy,
            product_two_terms,
            product_distance,
        ),
        slips={
            "as_if_all_ones": (all_counted_as_ones,),
            "zeros_left_out": (ones_alone,),
            "log_of_the_product": (likelihood_then_log,),
            "mean_over_variables": (averaged,),
            "samples_added_too": (one_total,),
        },
        wrong=(
            lambda probs, x: product_two_terms(probs, 1 - x),
            lambda probs, x: product_two_terms(probs, x) / math.log(2),
            lambda probs, x: product_two_terms(probs.T, x.T),
            lambda probs, x: -product_two_terms(probs, x),
            lambda probs, x: np.exp(product_two_terms(probs, x)),
            lambda probs, x: np.log(np.where(x == 1, probs, 1 - probs) + 1e-8).sum(1),
            lambda probs, x: np.log(np.where(x == 1, probs, 1 - probs)),
            lambda probs, x: product_two_terms(logistic(probs), x),
        ),
        equivalent={
            "line 2: sorted: `np.where(x == 1, probs, 1 - probs)`": "a sum has no order",
            "line 3: `axis=1` → `axis=-1`": "the last of two axes",
            "line 2: not below 1e-3: `x`": "it is compared with 1 alone",
            "line 3: sorted: `np.log(p)`": "a sum has no order",
            "line 3: sorted: `p`": "a sum has no order",
        },
    ),
    "stable-log-likelihood": Answers(
        right=(
            stable_loops,
            stable_float32,
            stable_cross_entropy,
            stable_two_sums,
            stable_cases,
        ),
        slips={
            "probability_first": (sigma_of_the_signed, small_exponential),
            "zero_times_infinity": (product_rule_on_sigma,),
            "as_if_all_ones": (always_as_one,),
            "columns_for_rows": (without_transpose,),
            "mean_over_samples": (per_picture_then_mean,),
        },
        wrong=(
            chosen_probability,
            linear_minus_log,
            fraction_of_exponentials,
            asymptote_from(500),
            asymptote_from(10),
            clipped_probability,
            clipped_logits,
            infinities_left_out,
            math_exp_overflows,
            lambda W, c, x: -stable_two_sums(W, c, x),
            lambda W, c, x: stable_two_sums(W, c, x) / x.size,
            lambda W, c, x: stable_two_sums(W, 0 * c, x),
            lambda W, c, x: stable_two_sums(-W, -c, x),
            lambda W, c, x: -np.logaddexp(0, (1 - 2 * x) * (c + x @ W.T)).sum(1),
        ),
        equivalent={
            "line 2: squeeze: `c`": "one number is added as an array of one is",
            **{
                f"line {line}: {change}: `{of}`": "a sum over all has no order and no shape"
                for line, of in ((3, "(2 * x - 1) * z"), (4, "np.logaddexp(0, -u)"), (4, "u"))
                for change in ("squeeze", "sorted", "transposed")
            },
        },
    ),
    "ancestral-sampling": Answers(
        right=(sampling_loops, sampling_float32, sampling_by_repetition, sampling_in_logits),
        slips={
            "all_at_once": (
                biases_alone,
                last_pixel_first,
                column_of_the_weights,
            ),
            "probabilities_passed_on": (expected_inputs,),
            "wrong_side": (exceeds,),
            "most_probable": (rounded,),
        },
        wrong=(
            uniforms_as_inputs,
            two_passes,
            own_chance,
            own_seeded_chance,
            written_over_u,
            from_the_neighbour_alone,
            lambda W, c, u: sampling_by_repetition(W, 0 * c, u),
            lambda W, c, u: sampling_by_repetition(W, c, u).T,
            lambda W, c, u: 2.0 * sampling_by_repetition(W, c, u) - 1,
            lambda W, c, u: logistic(c + sampling_by_repetition(W, c, u) @ W.T),
        ),
        equivalent={
            "line 2: plus 1e-3: `np.zeros(u.shape)`": "what is not drawn yet has weight 0",
            "line 2: not below 1e-3: `np.zeros(u.shape)`": "what is not drawn yet has weight 0",
            "line 5: `u[:, i] < p` → `u[:, i] <= p`": "a tie has probability 0",
            "line 4: clip 30: `c[i] + x @ W[i]`": "sigma is 0 or 1 there to 13 digits",
            **{
                f"line {line}: squeeze: `{of}`": "one toss is compared as an array of one is"
                for line, of in (
                    (4, "1 / (1 + np.exp(-(c[i] + x @ W[i])))"),
                    (4, "1 + np.exp(-(c[i] + x @ W[i]))"),
                    (4, "np.exp(-(c[i] + x @ W[i]))"),
                    (4, "c[i] + x @ W[i]"),
                    (4, "x @ W[i]"),
                    (5, "u[:, i]"),
                    (5, "p"),
                )
            },
        },
    ),
    "mend-a-sampler": Answers(
        right=(
            mended_in_place,
            completed_in_loops,
            completed_in_torch,
            completed_by_repetition,
            completed_in_logits,
            given_what_came_before,
        ),
        slips={
            "given_the_old_picture": (half_mended_toss, all_questions_at_once, rest_from_the_back),
            "one_number_for_all": (half_mended_picture, one_toss_per_picture),
            "both_faults": (as_it_was_given,),
            "rounded": (likelier_value, probability_rounded),
        },
        wrong=(
            first_toss_drawn_for_all,
            one_row_of_tosses,
            in_the_readers_x,
            alias_for_a_copy,
            above_the_probability,
            weights_out_of_the_pixel,
            last_pixel_forgotten,
            given_the_kept_alone,
            from_an_empty_picture,
            kept_ones_tossed_too,
            first_tosses_first,
            probabilities_left,
            tossed_at_the_end,
            lambda W, c, x, kept, u: mended_in_place(W, c, x, kept + 1, u),
            lambda W, c, x, kept, u: mended_in_place(W, c, x, max(kept - 1, 0), u),
            lambda W, c, x, kept, u: mended_in_place(W, c, x, 0, u),
            lambda W, c, x, kept, u: mended_in_place(W, 0 * c, x, kept, u),
            lambda W, c, x, kept, u: mended_in_place(W, c, x, kept, u)[:, kept:],
            lambda W, c, x, kept, u: mended_in_place(
                W, c, x, kept, np.random.default_rng(0).random(u.shape)
            ),
        ),
        equivalent={
            "line 2: `x.copy()` → `x`": "its values are right; for changing `x` it is refused",
            "line 5: `u[:, i] < p` → `u[:, i] <= p`": "a tie has probability 0",
            "line 4: clip 30: `c[i] + new @ W[i]`": "sigma is 0 or 1 there to 13 digits",
            **{
                f"line {line}: squeeze: `{of}`": "one toss is compared as an array of one is"
                for line, of in (
                    (4, "1 / (1 + np.exp(-(c[i] + new @ W[i])))"),
                    (4, "1 + np.exp(-(c[i] + new @ W[i]))"),
                    (4, "np.exp(-(c[i] + new @ W[i]))"),
                    (4, "c[i] + new @ W[i]"),
                    (4, "new @ W[i]"),
                    (5, "u[:, i]"),
                    (5, "p"),
                )
            },
        },
    ),
}
