"""Who sees whom, and how much."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def attention_weights(q, k):
    t, d = q.shape
    scores = q @ k.T / np.sqrt(d)
    scores = np.where(np.tri(t, dtype=bool), scores, -np.inf)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def unscaled(q, k):
    return attention_weights(q * np.sqrt(q.shape[1]), k)


def _softmax(scores, axis):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def masked_afterwards(q, k):
    return np.tril(_softmax(q @ k.T / np.sqrt(q.shape[1]), 1))


def as_given(q, k):
    return np.tril(_softmax(q @ k.T, 1))


def nobody_is_hidden(q, k):
    return _softmax(q @ k.T / np.sqrt(q.shape[1]), 1)


def what_is_hidden_is_zero(q, k):
    return _softmax(np.tril(q @ k.T / np.sqrt(q.shape[1])), 1)


def draw(d: Draw) -> Arguments:
    t, width = d.size("t", 1, 8, far=100), d.size("d", 1, 8, far=100)
    q = d.reals("q", t, width)
    k = d.reals("k", t, width, beside=q)
    traded = d.word("traded", 1, 0.001, 1000)  # leaves the scores as they are
    return traded * q, d.word("side", 1, -1) * k / traded


EXERCISE = CodeExercise(
    id="causal-attention",
    title="Who sees whom",
    answer=attention_weights,
    draw=draw,
    slips=(
        Slip(as_given, "This is what the program gives as it stands, up to overflow."),
        Slip(
            unscaled,
            "The factor $1/\\sqrt d$ is missing: with it the scores have about the same spread "
            "for any $d$.",
        ),
        Slip(
            masked_afterwards,
            "The later places are taken out after the softmax. They have had their share by then, "
            "and the rows add up to less than 1.",
        ),
        Slip(nobody_is_hidden, "Every place sees every other, the later ones too."),
        Slip(
            what_is_hidden_is_zero,
            "A later place has the score 0, and $e^0 = 1$: it gets a weight. Which score gives "
            "the weight 0?",
        ),
    ),
    hints=(
        "A row is to add up to 1 over the places $j \\le i$ alone.",
        "A score of $-\\infty$ has the weight 0: put it in before the softmax.",
        "Divide the scores by $\\sqrt d$, and subtract each row's largest score before `np.exp`.",
    ),
    why="Each row is a distribution over the places so far. A mask that comes too late, or lets "
    "one place too many through, shows only after training, as a loss that is too good; one "
    "changed symbol shows it at once.",
    note="`np.tri(t)` has ones where $j \\le i$. Each row has at least one finite score, its own, "
    "so the largest is finite.",
)
