"""The doubly stochastic factor."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def doubly_stochastic(terms, samples, variables):
    m, n, _ = terms.shape
    b, k = variables.shape
    drawn = terms[samples[:, None], variables]  # (b, k, p)
    return m / b * n / k * drawn.sum(axis=(0, 1))


def with_factor(factor, terms, samples, variables):
    (m, n, _), (b, k) = terms.shape, variables.shape
    return factor(m, b, n, k) * terms[samples[:, None], variables].sum(axis=(0, 1))


def samples_only(terms, samples, variables):
    return with_factor(lambda m, b, n, k: m / b, terms, samples, variables)


def variables_only(terms, samples, variables):
    return with_factor(lambda m, b, n, k: n / k, terms, samples, variables)


def upside_down(terms, samples, variables):
    return with_factor(lambda m, b, n, k: m / b * k / n, terms, samples, variables)


def every_row_for_every_sample(terms, samples, variables):
    (m, n, _), (b, k) = terms.shape, variables.shape
    drawn = terms[samples][:, variables]  # (b, b, k, p)
    return m / b * n / k * drawn.sum(axis=(0, 1, 2))


def one_subset_for_all(terms, samples, variables):
    first = np.broadcast_to(variables[0], variables.shape)
    return doubly_stochastic(terms, samples, first)


def draw(d: Draw) -> Arguments:
    m, n = d.size("m", 1, 12, far=4999), d.size("n", 1, 18, far=401)
    b, p = d.size("b", 1, 20, far=307), d.size("p", 1, 4, far=41)
    same = d.word("the same for", "none", "none", "all", "first and last")
    k = int(d.number("k", 1, n if same == "all" else min(n, 16)))
    variables = np.stack([d.rng.permutation(n)[:k] for _ in range(b)])
    if n > 100:  # small positions beside large ones
        variables[0] = np.arange(1, k + 1) % n
    if same != "none":
        variables[-1 if same == "first and last" else slice(None)] = variables[0]
    samples = d.indices("samples", m, b)
    if m > 100:
        samples[0] = 1
    return d.reals("terms", m, n, p), samples, variables


EXERCISE = CodeExercise(
    id="doubly-stochastic-factor",
    title="Some samples, some variables",
    answer=doubly_stochastic,
    draw=draw,
    slips=(
        Slip(
            samples_only,
            "This is off by exactly $n/k$: $m/b$ makes up for the samples left out, and nothing "
            "for the variables left out.",
        ),
        Slip(
            variables_only,
            "This is off by exactly $m/b$: $n/k$ makes up for the variables left out, and nothing "
            "for the samples left out.",
        ),
        Slip(
            upside_down,
            "$k/n$ is the part of the variables that you looked at. You multiplied by it instead "
            "of dividing, so the estimate is too small by the factor $(k/n)^2$.",
        ),
        Slip(
            every_row_for_every_sample,
            "You gave every drawn sample the variables of all $b$ samples: $b$ times as many terms "
            "as were drawn. Row $r$ of `variables` belongs to `samples[r]` alone.",
        ),
        Slip(
            one_subset_for_all,
            "You took the first sample's variables for all samples: one shared $K$. Each drawn "
            "sample has its own row of `variables`; a shared one adds the part of (13.6) that "
            "does not fall with $b$.",
        ),
    ),
    hints=(
        "With which probability is a given term $g_{ji}$ in the sum?",
        "With $\\frac bm\\cdot\\frac kn$; its weight must be one over that.",
        "To pick, for each drawn sample, its own variables: `terms[samples[:, None], variables]` "
        "has the shape `(b, k, p)`. A loop over samples does as well.",
    ),
    why="Any random weights with mean 1 would do (13.1): what is left to ask is what this choice "
    "does to variance and cost.",
    note="A sample is drawn $b/m$ times on average, and keeps a given variable with probability "
    "$k/n$. So the weight $w_{ji}$ has the mean $\\frac mb\\cdot\\frac nk\\cdot\\frac bm"
    "\\cdot\\frac kn = 1$.",
)
