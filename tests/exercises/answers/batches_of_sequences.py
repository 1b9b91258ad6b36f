"""Answers to the exercises of a chapter."""

from fractions import Fraction

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- weights in pairs


def in_loops(lengths):
    n = [float(v) for v in lengths]
    mean = sum(n) / len(n)
    return [sum(2 * mean / (a + b) for b in n) / len(n) for a in n]


def in_fractions(lengths):
    n = [Fraction(int(v)) for v in lengths[:60]]
    if len(lengths) > 60:
        return in_loops(lengths)
    return [sum(2 * (sum(n) / len(n)) / (a + b) for b in n) / len(n) for a in n]


def in_torch(lengths):
    n = torch.as_tensor(lengths, dtype=torch.float32)
    return (2 * n.mean() / (n[:, None] + n[None])).mean(1)


def mean_first(lengths):
    return [2 * lengths.mean() / (a + lengths.mean()) for a in lengths]


def others_only(lengths):
    m, n = len(lengths), [float(v) for v in lengths]
    mean = sum(n) / m
    return [
        sum(2 * mean / (a + b) for k, b in enumerate(n) if k != j) / max(m - 1, 1)
        for j, a in enumerate(n)
    ]


def one_over_length(lengths):
    return np.mean(lengths) / np.asarray(lengths)


def shares(lengths):
    return [np.mean([2 / (a + b) for b in lengths]) for a in lengths]


def of_whole_sequences(lengths):
    return np.array(in_loops(lengths)) * lengths


def by_the_formula(lengths):
    c = lengths.std() / lengths.mean()
    return 1 + (c**2 + 1 - lengths / lengths.mean()) / 2


def half_as_much(lengths):
    return np.array(in_loops(lengths)) / 2


def pairs_once(lengths):
    n = np.asarray(lengths)
    return np.array([2 * n.mean() * (1 / (n[k] + n[k:])).mean() for k in range(len(n))])


# ---- buckets


def by_the_factor(gradients, lengths, bucket):
    m, b = len(gradients), len(bucket)
    total = sum(gradients[j] for j in bucket)
    return [m / b * v / float(lengths.sum()) for v in total]


def mean_over_mean(gradients, lengths, bucket):
    return torch.as_tensor(gradients)[torch.as_tensor(bucket)].mean(0) / float(np.mean(lengths))


def own_symbols(gradients, lengths, bucket):
    return np.add.reduce(gradients[bucket]) / sum(lengths[j] for j in bucket)


def means_first(gradients, lengths, bucket):
    return sum(gradients[j] / lengths[j] for j in bucket) / len(bucket)


def each_sequence(gradients, lengths, bucket):
    return sum(gradients[j] for j in bucket) / len(bucket)


def all_symbols(gradients, lengths, bucket):
    return sum(gradients[j] for j in bucket) / lengths.sum()


def likelihood(gradients, lengths, bucket):
    return sum(gradients[j] for j in bucket) * (len(gradients) / len(bucket))


def own_mean_length(gradients, lengths, bucket):
    return gradients.sum(0) / (len(gradients) * lengths[bucket].mean())


def distinct(gradients, lengths, bucket):
    rows = np.unique(bucket)
    return gradients[rows].sum(0) / (len(rows) * lengths.mean())


def longest(gradients, lengths, bucket):
    return gradients[bucket].sum(0) / (len(bucket) * lengths.max())


def median_length(gradients, lengths, bucket):
    return gradients[bucket].sum(0) / (len(bucket) * np.median(lengths))


# ---- together over alone


def one_by_one(terms, lengths):
    together = alone = 0.0
    for g, k in zip(terms, lengths, strict=True):
        together += float((g[:k].sum(0) ** 2).sum())
        alone += float((g[:k] ** 2).sum())
    return together / alone


def by_einsum(terms, lengths):
    there = (np.arange(terms.shape[1])[None] < np.asarray(lengths)[:, None]).astype(float)
    sums = np.einsum("jip,ji->jp", terms, there)
    return np.square(sums).sum() / np.einsum("jip,jip,ji->", terms, terms, there)


def in_float32(terms, lengths):
    g = torch.as_tensor(terms, dtype=torch.float32)
    there = torch.arange(g.shape[1]) < torch.as_tensor(lengths)[:, None]
    g = g * there[..., None]
    return g.sum(1).square().sum() / g.square().sum()


def as_it_stands(terms, lengths):
    return np.square(terms.sum(1)).mean() / np.square(terms).mean()


def all_places(terms, lengths):
    return np.square(terms.sum(1)).sum() / np.square(terms).sum()


def divided_by_length(terms, lengths):
    pairs = [(g[:k], k) for g, k in zip(terms, lengths, strict=True)]
    together = np.mean([np.square(g.mean(0)).sum() for g, _ in pairs])
    return together / np.mean([np.square(g).sum() / k for g, k in pairs])


def each_ratio(terms, lengths):
    return np.mean([one_by_one(g[None], [k]) for g, k in zip(terms, lengths, strict=True)])


def one_place_more(terms, lengths):
    return one_by_one(terms, [k + 1 for k in lengths])


def one_place_less(terms, lengths):
    return one_by_one(terms, [max(k - 1, 1) for k in lengths])


def without_squares(terms, lengths):
    return abs(one_by_one(terms, lengths)) ** 0.5


def over_all_sequences(terms, lengths):
    rows = [g[:k] for g, k in zip(terms, lengths, strict=True)]
    total = sum(g.sum(0) for g in rows)
    return np.square(total).sum() / sum(np.square(g).sum() for g in rows)


def masked_after_the_sum(terms, lengths):
    alone = sum(np.square(g[:k]).sum() for g, k in zip(terms, lengths, strict=True))
    return np.square(terms.sum(1)).sum() / alone


ANSWERS = {
    "pair-weights": Answers(
        right=(in_loops, in_fractions, in_torch),
        slips={
            "inverse_of_the_mean": (mean_first,),
            "without_replacement": (others_only,),
            "mean_of_means": (one_over_length,),
            "not_against_the_mean": (shares,),
            "of_the_sequence": (of_whole_sequences,),
        },
        wrong=(by_the_formula, half_as_much, pairs_once),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: sorted: `lengths[:, None] + lengths`",
                    "line 2: sorted: `lengths`",
                    "line 3: sorted: `1 / together`",
                    "line 3: sorted: `lengths`",
                    "line 3: sorted: `together`",
                ),
                "a mean has no order",
            ),
            **dict.fromkeys(
                (
                    "line 2: squeeze: `lengths`",
                    "line 3: squeeze: `lengths`",
                ),
                "broadcasting puts an axis of one back",
            ),
            **dict.fromkeys(
                (
                    "line 3: `axis=1` → `axis=0`",
                    "line 3: `axis=1` → `axis=-1`",
                ),
                "the table is symmetric, and has two axes",
            ),
        },
    ),
    "bucket-gradient": Answers(
        right=(by_the_factor, mean_over_mean),
        slips={
            "as_given": (own_symbols,),
            "mean_of_means": (means_first,),
            "per_sequence": (each_sequence,),
            "of_all_symbols": (all_symbols,),
            "of_the_likelihood": (likelihood,),
        },
        wrong=(own_mean_length, distinct, longest, median_length),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: sorted: `bucket`",
                    "line 2: sorted: `lengths`",
                ),
                "a sum has no order",
            ),
            "line 2: squeeze: `lengths`": "a mean of one is the same",
        },
    ),
    "together-over-alone": Answers(
        right=(one_by_one, by_einsum, in_float32),
        slips={
            "as_given": (as_it_stands,),
            "with_the_padding": (all_places,),
            "of_mean_terms": (divided_by_length,),
            "mean_of_ratios": (each_ratio,),
        },
        wrong=(
            one_place_more,
            one_place_less,
            without_squares,
            over_all_sequences,
            masked_after_the_sum,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 3: minus: `np.where(there[..., None], terms, 0.0)`",
                    "line 3: minus: `terms`",
                    "line 4: abs: `terms.sum(axis=1)`",
                    "line 4: minus: `terms.sum(axis=1)`",
                    "line 4: abs: `terms`",
                    "line 4: minus: `terms`",
                    "line 4: minus: `terms` #2",
                ),
                "squares have no sign",
            ),
            **dict.fromkeys(
                (
                    "line 3: transposed: `np.where(there[..., None], terms, 0.0)`",
                    "line 4: squeeze: `terms.sum(axis=1) ** 2`",
                    "line 4: sorted: `terms.sum(axis=1) ** 2`",
                    "line 4: transposed: `terms.sum(axis=1) ** 2`",
                    "line 4: squeeze: `terms ** 2`",
                    "line 4: sorted: `terms ** 2`",
                    "line 4: transposed: `terms ** 2`",
                    "line 4: squeeze: `terms.sum(axis=1)`",
                    "line 4: sorted: `terms.sum(axis=1)`",
                    "line 4: transposed: `terms.sum(axis=1)`",
                    "line 4: squeeze: `terms`",
                    "line 4: sorted: `terms`",
                    "line 4: transposed: `terms`",
                    "line 4: transposed: `terms` #2",
                ),
                "a sum of all has no order, and the axis of places stays the middle one",
            ),
            "line 2: squeeze: `np.arange(terms.shape[1])`": "broadcasting puts it back",
        },
    ),
}
