"""The weight of a short last batch."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def batch_weights(m, b):
    starts = np.arange(0, m, b)
    sizes = np.minimum(b, m - starts)  # the last one holds what is left
    return sizes / m


def equal_weights(m, b):
    number = -(-m // b)
    return np.full(number, 1 / number)


def nominal_size(m, b):
    return np.full(-(-m // b), b / m)


def full_batches_count_one(m, b):
    return batch_weights(m, b) * m / b


def short_one_dropped(m, b):
    return np.full(m // b, b / m)


def empty_one_kept(m, b):
    return np.array([b] * (m // b) + [m % b]) / m


def draw(d: Draw) -> Arguments:
    b = d.size("b", 1, 2000, far=59_999)
    m = d.rounds("full", 1200) * b + d.size("last", 1, b)
    b = d.size("another b", 1, 2000) if d.word("cut", 0, 0, 1) else b
    d.suits(m <= 1300 * b)
    return m, b


EXERCISE = CodeExercise(
    id="short-batch-weights",
    title="The short batch's weight",
    answer=batch_weights,
    draw=draw,
    slips=(
        Slip(
            equal_weights,
            "These are equal weights, habit 1 of section 3.4. A sample in a short batch then "
            "counts $b/b_K$ times as much as any other, where $b_K$ is the short batch's size.",
        ),
        Slip(
            nominal_size,
            "You gave every batch the weight of a full one. The short one holds fewer samples, "
            "and your weights add up to more than 1.",
        ),
        Slip(
            full_batches_count_one,
            "The proportions are right, but the weights add up to $m/b$, not 1. Each $\\hat g_k$ "
            "already estimates the whole of $\\nabla\\ell$.",
        ),
        Slip(
            short_one_dropped,
            "Only the full batches have a weight. The samples of a short batch are then missing "
            "from the sum, and the weights add up to less than 1.",
        ),
        Slip(
            empty_one_kept,
            "Where $b$ divides $m$ there is no short batch: your last weight belongs to a batch "
            "with no samples in it.",
        ),
    ),
    hints=(
        "Write $\\hat g_k$ as a sum over its own batch. With which weight does every sample count "
        "once?",
        "Batch $k$ has $b_k$ samples, each counted $m/b_k$ times. So $w_k$ undoes $m/b_k$.",
        "The batches start at `np.arange(0, m, b)`. From each start, at most $b$ samples are left.",
    ),
    why="A mean over parts is the mean over the whole only if each part weighs what it holds; "
    "chapter 4 needs it again for micro-batches.",
    note="$w_k \\hat g_k$ is $w_k m/b_k$ times the sum over batch $k$. With $w_k = b_k/m$ that is "
    "the sum itself, and these sums add up to $\\nabla\\ell$ at every order.",
)
