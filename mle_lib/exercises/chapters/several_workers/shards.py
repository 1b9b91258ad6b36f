"""The variance of the estimator where each worker draws from its own shard."""

from collections.abc import Iterator

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def variance_with_shards(gradients, shard, b):
    total = np.zeros(gradients.shape[1])
    for r in range(len(b)):
        g = gradients[shard == r]
        m_r = len(g)
        if m_r > 1:
            total += m_r**2 * g.var(axis=0) / b[r] * (m_r - b[r]) / (m_r - 1)
    return total


def one_population(gradients, shard, b):
    m, drawn = len(gradients), b.sum()
    return m**2 * gradients.var(axis=0) / drawn * (m - drawn) / max(m - 1, 1)


def with_replacement(gradients, shard, b):
    parts = [gradients[shard == r] for r in range(len(b))]
    return sum(len(g) ** 2 * g.var(axis=0) / k for g, k in zip(parts, b, strict=True))


def of_the_mean(gradients, shard, b):
    return variance_with_shards(gradients, shard, b) / len(gradients) ** 2


def shards_alike(gradients, shard, b):
    parts = [gradients[shard == r] for r in range(len(b))]
    laws = [variance_with_shards(g, np.zeros(len(g)), b[[r]]) for r, g in enumerate(parts)]
    weights = [len(gradients) * k / b.sum() / len(g) for g, k in zip(parts, b, strict=True)]
    return sum(w**2 * law for w, law in zip(weights, laws, strict=True))


def errors_added(gradients, shard, b):
    parts = [gradients[shard == r] for r in range(len(b))]
    laws = [variance_with_shards(g, np.zeros(len(g)), b[[r]]) for r, g in enumerate(parts)]
    return sum(np.sqrt(law) for law in laws) ** 2


def draw(d: Draw) -> Arguments:
    W, more = d.size("W", 1, 8, far=113), d.size("more", 1, 40, far=1999)
    p = d.size("p", 1, 5, far=101)
    shard = np.concatenate([np.arange(W), d.indices("shard", W, more)])
    shard = d.rng.permutation(shard).astype(int)
    rows = np.bincount(shard)
    b = np.ceil(rows * d.positive("share", W, low=0.01, high=1)).astype(int)
    return d.seldom("times", 1, 1000) * d.reals("gradients", W + more, p, upto=300), shard, b


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """As many rows as parameters; and batches of hundreds."""
    shard = np.array([0, 1, 1, 0, 1])
    yield rng.normal(size=(5, 5)), shard, np.array([1, 2])
    shard = rng.permutation(np.repeat([0, 1], [700, 900]))
    yield rng.normal(size=(1600, 2)), shard, np.array([600, 800])


EXERCISE = CodeExercise(
    id="fixed-shards",
    title="Fixed shards",
    answer=variance_with_shards,
    draw=draw,
    cases=cases,
    slips=(
        Slip(
            one_population,
            "This is (3.4), for a batch drawn from all rows. Here no worker draws a row of "
            "another shard, and the differences between shards do not count.",
        ),
        Slip(
            with_replacement,
            "This is right for draws with replacement. A worker that draws all its rows, $b_r = "
            "m_r$, has no variance.",
        ),
        Slip(
            of_the_mean,
            "This is the variance of an estimate of $\\nabla\\ell/m$. Of $\\nabla\\ell$ it is "
            "$m^2$ times that.",
        ),
        Slip(
            shards_alike,
            "This is the variance of the sums, added and multiplied by $m/b$. Each worker "
            "multiplies its own sum by $m_r/b_r$, which is another number where the shares "
            "$b_r/m_r$ differ.",
        ),
        Slip(
            errors_added,
            "Here the standard deviations are added up, and squared. Of independent draws it is "
            "the variances that add up.",
        ),
    ),
    hints=(
        "The workers draw independently of each other. What follows for the variance of a sum?",
        "Within a shard it is (3.4), with the shard's own $m_r$, $b_r$ and $\\sigma_r^2$.",
        "`gradients[shard == r].var(axis=0)` is $\\sigma_r^2$, and a shard of one row adds "
        "nothing: there $m_r - 1$ is 0.",
    ),
    why="Independent draws: the variances of the shards add up, and what differs between shards "
    "is in none of them.",
    note="`estimator_variance(gradient_moments(model, x_r), m_r, b_r, False)`, added up over the "
    "shards, is the same.",
)
