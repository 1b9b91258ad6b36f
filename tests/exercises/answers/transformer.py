"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- the gradient of the logits


def by_autograd(z, x):
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    torch.nn.functional.cross_entropy(z, torch.as_tensor(x), reduction="sum").backward()
    return -z.grad


def in_loops(z, x):
    rows = []
    for logits, came in zip(z.tolist(), x.tolist(), strict=True):
        top = max(logits)
        total = math.fsum(math.exp(v - top) for v in logits)
        rows.append([(k == came) - math.exp(v - top) / total for k, v in enumerate(logits)])
    return rows


def in_float32(z, x):
    z = torch.as_tensor(z, dtype=torch.float32)
    return torch.nn.functional.one_hot(torch.as_tensor(x), z.shape[1]) - z.softmax(1)


def expected_minus_came(z, x):
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(x)), x] -= 1
    return p


def softmax_of_columns(z, x):
    one_hot = torch.nn.functional.one_hot(torch.as_tensor(x), z.shape[1])
    return one_hot - torch.as_tensor(z).softmax(0)


def softmax_of_the_array(z, x):
    one_hot = torch.nn.functional.one_hot(torch.as_tensor(x), z.shape[1])
    return one_hot - torch.as_tensor(z).flatten().softmax(0).view(z.shape)


def minus_probabilities(z, x):
    return -torch.as_tensor(z).softmax(1)


def gradient_of_p(z, x):
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    z.softmax(1)[range(len(x)), x].sum().backward()
    return z.grad


def textbook(z, x):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return np.eye(z.shape[1])[x] - p


def largest_of_all(z, x):
    e = np.exp(z - z.max())
    return np.eye(z.shape[1])[x] - e / e.sum(axis=1, keepdims=True)


def one_at_each_place(z, x):
    return 1 - torch.as_tensor(z).softmax(1)


def symbols_as_letters(z, x):
    return np.eye(z.shape[1])[x - 1] + in_loops(z, x) - np.eye(z.shape[1])[x]


# ---- the end and the padding


def up_to_the_first(terms, x):
    return [t[: r.tolist().index(0) + 1].sum() for t, r in zip(terms, x, strict=True)]


def by_arg_max(terms, x):
    end = (x == 0).argmax(axis=1)
    return (terms * (np.arange(x.shape[1]) <= end[:, None])).sum(axis=1)


def going_in_torch(terms, x):
    terms, x = torch.as_tensor(terms), torch.as_tensor(x)
    going = torch.cat([torch.ones_like(x[:, :1]), (x[:, :-1] != 0).long()], 1).cumprod(1)
    return (terms * going).sum(1).float()


def letters_before_the_first(terms, x):
    return (terms * np.cumprod(x != 0, axis=1)).sum(axis=1)


def no_mask(terms, x):
    return [row.sum() for row in terms]


def where_letters_are(terms, x):
    return (terms * (x != 0)).sum(axis=1)


def nats_a_symbol(terms, x):
    return [t[: r.tolist().index(0) + 1].mean() for t, r in zip(terms, x, strict=True)]


def every_zero_is_an_end(terms, x):
    return (terms * ((x != 0).cumprod(axis=1) | (x == 0))).sum(axis=1)


def one_place_more(terms, x):
    return [t[: r.tolist().index(0) + 2].sum() for t, r in zip(terms, x, strict=True)]


def of_the_batch(terms, x):
    return sum(up_to_the_first(terms, x))


def last_zero(terms, x):
    return [t[: max(np.flatnonzero(r == 0)) + 1].sum() for t, r in zip(terms, x, strict=True)]


# ---- who sees whom


def row_by_row(q, k):
    t, d = q.shape
    A = np.zeros((t, t))
    for i in range(t):
        scores = [float(q[i] @ k[j]) / math.sqrt(d) for j in range(i + 1)]
        weights = [math.exp(s - max(scores)) for s in scores]
        A[i, : i + 1] = np.array(weights) / sum(weights)
    return A


def torchs(q, k):
    q, k = torch.as_tensor(q), torch.as_tensor(k)
    t = len(q)
    value = torch.eye(t, dtype=q.dtype)
    return torch.nn.functional.scaled_dot_product_attention(
        q[None], k[None], value[None], is_causal=True
    )[0]


def normed_again(q, k):
    scores = q @ k.T / q.shape[1] ** 0.5
    top = np.where(np.tri(len(q)) == 1, scores, -np.inf).max(axis=1, keepdims=True)
    A = np.tril(np.exp(np.minimum(scores - top, 0)))
    return A / A.sum(axis=1, keepdims=True)


def no_root(q, k):
    return row_by_row(q * q.shape[1] ** 0.5, k)


def mask_after_softmax(q, k):
    scores = torch.as_tensor(q @ k.T / q.shape[1] ** 0.5)
    return scores.softmax(1).tril()


def infinity_too_late(q, k):
    scores = q @ k.T / q.shape[1] ** 0.5
    weights = np.exp(scores - scores.max(axis=1)[:, None])
    weights[np.tri(len(q)) == 0] = -np.inf
    return weights / weights.sum(axis=1)[:, None]


def as_it_was(q, k):
    return torch.as_tensor(q @ k.T).softmax(1).tril()


def no_mask_at_all(q, k):
    return torch.as_tensor(q @ k.T / q.shape[1] ** 0.5).softmax(1)


def zeros_for_later(q, k):
    return torch.as_tensor(q @ k.T / q.shape[1] ** 0.5).tril().softmax(1)


def divided_by_d(q, k):
    return row_by_row(q / q.shape[1] ** 0.5, k)


def strictly_before(q, k):
    scores = torch.as_tensor(q @ k.T / q.shape[1] ** 0.5)
    later = torch.ones_like(scores).triu() == 1
    return scores.masked_fill(later, -math.inf).softmax(1).nan_to_num()


def keys_ask(q, k):
    return row_by_row(k, q)


def columns_add_up(q, k):
    scores = torch.as_tensor(q @ k.T / q.shape[1] ** 0.5)
    later = torch.ones_like(scores).triu(1) == 1
    return scores.masked_fill(later, -math.inf).softmax(0)


def by_the_number_of_places(q, k):
    return row_by_row(q * (q.shape[1] / len(q)) ** 0.5, k)


def minus_thirty(q, k):
    scores = torch.as_tensor(q @ k.T / q.shape[1] ** 0.5)
    later = torch.ones_like(scores).triu(1) == 1
    return scores.masked_fill(later, -30.0).softmax(1)


ANSWERS = {
    "softmax-gradient": Answers(
        right=(by_autograd, in_loops, in_float32),
        slips={
            "downhill": (expected_minus_came,),
            "over_the_places": (softmax_of_columns,),
            "over_everything": (softmax_of_the_array,),
            "without_what_came": (minus_probabilities,),
            "of_the_probability": (gradient_of_p,),
        },
        wrong=(textbook, largest_of_all, one_at_each_place, symbols_as_letters),
        equivalent={
            "line 2: minus: `np.exp(z - z.max(axis=1, keepdims=True))`": "signs cancel",
            **dict.fromkeys(
                (
                    "line 3: squeeze: `e / e.sum(axis=1, keepdims=True)`",
                    "line 3: squeeze: `e`",
                    "line 4: squeeze: `np.eye(z.shape[1])[x]`",
                    "line 4: squeeze: `p`",
                    "line 2: squeeze: `z`",
                    "line 4: squeeze: `x`",
                ),
                "broadcasting puts an axis of one back",
            ),
            **dict.fromkeys(
                (
                    "line 2: plus 1e-3: `z - z.max(axis=1, keepdims=True)`",
                    "line 2: plus 1e-3: `z`",
                    "line 2: round to 1/10: `z.max(axis=1, keepdims=True)`",
                    "line 2: round to 1/1000: `z.max(axis=1, keepdims=True)`",
                    "line 2: whole: `z.max(axis=1, keepdims=True)`",
                    "line 2: plus 1e-3: `z.max(axis=1, keepdims=True)`",
                    "line 2: not below 1e-3: `z.max(axis=1, keepdims=True)`",
                    "line 2: round to 1/10: `z` #2",
                    "line 2: round to 1/1000: `z` #2",
                    "line 2: whole: `z` #2",
                    "line 2: plus 1e-3: `z` #2",
                    "line 2: not below 1e-3: `z` #2",
                ),
                "all logits of a row may be shifted alike",
            ),
            **dict.fromkeys(
                (
                    "line 2: clip 30: `z - z.max(axis=1, keepdims=True)`",
                    "line 2: clip 500: `z - z.max(axis=1, keepdims=True)`",
                ),
                "what is clipped has no share that is seen",
            ),
            **dict.fromkeys(
                (
                    "line 3: `axis=1` → `axis=-1`",
                    "line 2: `axis=1` → `axis=-1`",
                ),
                "the last axis is the second",
            ),
            **dict.fromkeys(
                (
                    "line 3: sorted: `e` #2",
                    "line 2: sorted: `z` #2",
                ),
                "neither a sum nor the largest has an order",
            ),
        },
    ),
    "end-and-padding": Answers(
        right=(up_to_the_first, by_arg_max, going_in_torch),
        slips={
            "without_the_end": (letters_before_the_first,),
            "all_places": (no_mask,),
            "letters_anywhere": (where_letters_are,),
            "mean_of_symbols": (nats_a_symbol,),
        },
        wrong=(every_zero_is_an_end, one_place_more, of_the_batch, last_zero),
        equivalent={
            "line 2: minus: `x`": "zero is its own opposite",
            "line 4: sorted: `np.where(ended, 0.0, terms)`": "a sum has no order",
            **dict.fromkeys(
                (
                    "line 4: `axis=1` → `axis=-1`",
                    "line 3: `axis=1` → `axis=-1`",
                ),
                "the last axis is the second",
            ),
        },
    ),
    "causal-attention": Answers(
        right=(row_by_row, torchs, normed_again),
        slips={
            "unscaled": (no_root,),
            "masked_afterwards": (mask_after_softmax,),
            "infinity_among_the_weights": (infinity_too_late,),
            "nobody_is_hidden": (no_mask_at_all,),
            "what_is_hidden_is_zero": (zeros_for_later,),
        },
        wrong=(
            as_it_was,
            divided_by_d,
            strictly_before,
            keys_ask,
            columns_add_up,
            by_the_number_of_places,
            minus_thirty,
        ),
        equivalent={
            "line 4: minus: `np.exp(A - A.max(axis=1, keepdims=True))`": "signs cancel",
            "line 2: plus 1e-3: `k`": "a key's constant gives a row the same everywhere",
            "line 3: `1` → `0.5`": "no diagonal lies between two",
            **dict.fromkeys(
                (
                    "line 3: squeeze: `A`",
                    "line 3: squeeze: `np.triu(np.full_like(A, -np.inf), 1)`",
                    "line 4: squeeze: `A`",
                    "line 5: squeeze: `A`",
                ),
                "broadcasting puts an axis of one back",
            ),
            **dict.fromkeys(
                (
                    "line 2: plus 1e-3: `q @ k.T / np.sqrt(q.shape[1])`",
                    "line 2: plus 1e-3: `q @ k.T`",
                    "line 3: plus 1e-3: `A + np.triu(np.full_like(A, -np.inf), 1)`",
                    "line 3: plus 1e-3: `A`",
                    "line 3: plus 1e-3: `np.triu(np.full_like(A, -np.inf), 1)`",
                    "line 3: not below 1e-3: `np.triu(np.full_like(A, -np.inf), 1)`",
                    "line 4: plus 1e-3: `A - A.max(axis=1, keepdims=True)`",
                    "line 4: plus 1e-3: `A`",
                    "line 4: round to 1/10: `A.max(axis=1, keepdims=True)`",
                    "line 4: round to 1/1000: `A.max(axis=1, keepdims=True)`",
                    "line 4: whole: `A.max(axis=1, keepdims=True)`",
                    "line 4: plus 1e-3: `A.max(axis=1, keepdims=True)`",
                    "line 4: not below 1e-3: `A.max(axis=1, keepdims=True)`",
                    "line 4: round to 1/10: `A` #2",
                    "line 4: round to 1/1000: `A` #2",
                    "line 4: whole: `A` #2",
                    "line 4: plus 1e-3: `A` #2",
                    "line 4: not below 1e-3: `A` #2",
                ),
                "all scores of a row may be shifted alike",
            ),
            **dict.fromkeys(
                (
                    "line 3: abs: `A` #2",
                    "line 3: minus: `A` #2",
                    "line 3: sorted: `A` #2",
                    "line 3: transposed: `A` #2",
                    "line 3: at least 0: `A` #2",
                    "line 3: round to 1/10: `A` #2",
                    "line 3: round to 1/1000: `A` #2",
                    "line 3: whole: `A` #2",
                    "line 3: plus 1e-3: `A` #2",
                    "line 3: clip 4: `A` #2",
                    "line 3: clip 30: `A` #2",
                    "line 3: clip 500: `A` #2",
                    "line 3: not below 1e-3: `A` #2",
                ),
                "of it the shape alone is taken",
            ),
            **dict.fromkeys(
                (
                    "line 4: clip 30: `A - A.max(axis=1, keepdims=True)`",
                    "line 4: clip 500: `A - A.max(axis=1, keepdims=True)`",
                ),
                "what is clipped has no share that is seen",
            ),
            **dict.fromkeys(
                (
                    "line 5: `axis=1` → `axis=-1`",
                    "line 4: `axis=1` → `axis=-1`",
                ),
                "the last axis is the second",
            ),
            **dict.fromkeys(
                (
                    "line 5: sorted: `A` #2",
                    "line 4: sorted: `A` #2",
                ),
                "neither a sum nor the largest has an order",
            ),
        },
    ),
}
