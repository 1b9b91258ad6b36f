"""An unbiased gradient from a bucket of sequences of like length."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def bucket_gradient(gradients, lengths, bucket):
    return gradients[bucket].sum(axis=0) / (len(bucket) * lengths.mean())


def as_given(gradients, lengths, bucket):
    return gradients[bucket].sum(axis=0) / lengths[bucket].sum()


def mean_of_means(gradients, lengths, bucket):
    return (gradients[bucket] / lengths[bucket][:, None]).mean(axis=0)


def per_sequence(gradients, lengths, bucket):
    return gradients[bucket].mean(axis=0)


def of_all_symbols(gradients, lengths, bucket):
    return gradients[bucket].sum(axis=0) / lengths.sum()


def of_the_likelihood(gradients, lengths, bucket):
    return len(lengths) / len(bucket) * gradients[bucket].sum(axis=0)


def draw(d: Draw) -> Arguments:
    m = d.size("m", 1, 40, far=2999)
    b, p = d.size("b", 1, m, far=401), d.size("p", 1, 6, far=307)
    lengths = np.ceil(d.positive("lengths", m, low=1, high=60))
    gradients = d.seldom("times", 1, 100_000) * d.reals("gradients", m, p)
    return gradients, lengths, d.indices("bucket", m, min(b, m))


EXERCISE = CodeExercise(
    id="bucket-gradient",
    title="Buckets without a bias",
    answer=bucket_gradient,
    draw=draw,
    slips=(
        Slip(
            as_given,
            "This is what the program gives as it stands: divided by the bucket's own symbols, "
            "which is what favours the bucket of the short.",
        ),
        Slip(
            mean_of_means,
            "Each sequence has the same say now, whatever its length: a symbol of a long one "
            "counts less.",
        ),
        Slip(
            per_sequence,
            "This estimates the gradient per *sequence*, $\\nabla\\ell/m$. Per symbol it is "
            "divided by the mean length too.",
        ),
        Slip(
            of_all_symbols,
            "You divided by the symbols of all the data, but added only $b$ of $m$ sequences: "
            "$m/b$ is missing.",
        ),
        Slip(of_the_likelihood, "This estimates $\\nabla\\ell$ itself, not $\\nabla\\ell/N$."),
    ),
    hints=(
        "Which number may a denominator not depend on, if the estimate is to be unbiased?",
        "$\\frac{m}{b}\\sum_{j \\in B} g_j$ estimates $\\nabla\\ell$, in buckets too: divide by "
        "$N = m \\bar n$.",
        "The denominator is `len(bucket) * lengths.mean()`.",
    ),
    why="A denominator that is the same for every bucket leaves the factor $m/b$ as it is, and "
    "with it the expectation.",
    note="$\\frac{m}{b} \\cdot \\frac{1}{m \\bar n} = \\frac{1}{b \\bar n}$. What is left is a "
    "step whose length depends on the bucket.",
)
