"""log p(x) from the conditionals: equation (1.1) in logarithms."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def log_prob(probs, x):
    p = np.where(x == 1, probs, 1 - probs)  # of the value that came
    return np.log(p).sum(axis=1)


def as_if_all_ones(probs, x):
    return np.log(probs).sum(axis=1)


def zeros_left_out(probs, x):
    return (x * np.log(probs)).sum(axis=1)


def log_of_the_product(probs, x):
    return np.log(np.where(x == 1, probs, 1 - probs).prod(axis=1))


def mean_over_variables(probs, x):
    return log_prob(probs, x) / x.shape[1]


def samples_added_too(probs, x):
    return log_prob(probs, x).sum()


def draw(d: Draw) -> Arguments:
    # of so many as 800 the product is 0 in float64; a loop by recursion has still room for them
    b, n = d.size("b", 1, 8, far=2999), d.size("n", 1, 12, far=797)
    logits = d.number("scale", 0.1, 30) * d.reals("logits", b, n, upto=8)
    # 1 - p keeps some digits in float32; torch's binary_cross_entropy holds log p at -100
    probs = 1 / (1 + np.exp(-np.clip(logits, -60, 12)))
    x = d.bits("x", b, n)
    return probs, np.round(probs) if d.word("expected", 0, 0, 1) else x


EXERCISE = CodeExercise(
    id="product-rule",
    title="The product rule in logarithms",
    answer=log_prob,
    draw=draw,
    slips=(
        Slip(
            as_if_all_ones,
            "You use $p(x_i = 1)$ for every pixel, whatever came: `x` plays no part. Where "
            "$x_i = 0$, the factor is $1 - p$.",
        ),
        Slip(
            zeros_left_out,
            "Where $x_i = 0$ you add nothing, as if that had probability 1. A zero has the "
            "probability $1 - p$, and its logarithm belongs in the sum.",
        ),
        Slip(
            log_of_the_product,
            "The logarithm is taken of the product itself. That is right on paper, but over many "
            "variables the product underflows to 0, and its logarithm is −∞. Return the sum of the "
            "logarithms.",
        ),
        Slip(
            mean_over_variables,
            "This is off by exactly $1/n$: a mean over the variables. The logarithm of a product "
            "is the sum.",
        ),
        Slip(
            samples_added_too,
            "You added over the samples as well: that is $\\ell$ of the whole batch. Here each "
            "sample keeps its own number, so add along one axis, that of the variables.",
        ),
    ),
    hints=(
        "What is the probability of the value that came, where $x_i = 1$, and where $x_i = 0$?",
        "`np.where(x == 1, probs, 1 - probs)` has it for every sample and variable, `(b, n)`.",
        "Take the logarithm first, then add over the variables, `axis=1`.",
    ),
    why="Whatever network gives the conditionals, its log-likelihood is computed like this.",
    note="The logarithm turns the product (1.1) into a sum. The other usual form, "
    "$x\\,\\log\\,p + (1 - x)\\,\\log(1 - p)$, is the same number: one of its two terms is zero.",
)
