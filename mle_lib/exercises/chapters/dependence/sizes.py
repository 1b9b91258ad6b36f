"""Batch sizes for every variable."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def batch_sizes(s, t, budget):
    r = s / np.sqrt(t)
    low, high = 0.0, budget / (r @ t)  # of lambda: too cheap, too dear
    for _ in range(60):
        middle = (low + high) / 2
        if np.maximum(2, middle * r) @ t > budget:
            high = middle
        else:
            low = middle
    return np.maximum(2, low * r)


def costs_ignored(s, t, budget):
    return batch_sizes(s * np.sqrt(t), t, budget)


def no_least_size(s, t, budget):
    r = s / np.sqrt(t)
    return budget * r / (r @ t)


def raised_afterwards(s, t, budget):
    return np.maximum(2, no_least_size(s, t, budget))


def scaled_afterwards(s, t, budget):
    b = raised_afterwards(s, t, budget)
    return b * budget / (b @ t)


def one_round(s, t, budget):
    r = s / np.sqrt(t)
    low = no_least_size(s, t, budget) < 2
    left = budget - 2 * t[low].sum()
    return np.maximum(2, left * r / (r[~low] @ t[~low]))


def draw(d: Draw) -> Arguments:
    n, budget = d.size("n", 1, 6, far=401), d.number("budget", 4.1234, 2e4)
    kind = d.word("kind", "any", "any", "any", "large", "tight")
    t = d.positive("t", n, low=0.1, high=30)
    s = d.positive("s", n, low=1, high=100) * (d.rng.random(n) < d.word("heard", 0.6, 1.0))
    if kind == "tight":  # more sizes fall below 2 as others are raised
        t, s = t * budget / (2 * t.sum() * (1 + 0.02 * 15 ** d.rng.random())), s**0.5
    d.suits(s.any() and budget > 2.02 * t.sum() and t.max() < 400)
    most = budget / (s @ np.sqrt(t))  # of λ
    if kind == "large":  # a search that ends at a difference of 1e-12 does end, up to 8,192
        s, most = s * most / 8100, 8100
    d.suits(most <= 8100)
    return s, t, budget


EXERCISE = CodeExercise(
    id="batch-size-for-every-variable",
    title="A batch size for every variable",
    answer=batch_sizes,
    draw=draw,
    slips=(
        Slip(
            costs_ignored,
            "You gave sizes in proportion to the noise $s_i$, whatever a row costs. (13.9) asks "
            "for fewer rows where they are dear.",
        ),
        Slip(
            no_least_size,
            "These are the sizes of (13.9), and some are below 2. A variable with so few rows "
            "shows no noise, even if it has some.",
        ),
        Slip(
            raised_afterwards,
            "You spent the whole budget, and then raised the small sizes: together they cost more "
            "than the budget. What those take must come out of the others.",
        ),
        Slip(
            scaled_afterwards,
            "You raised the small sizes, and then scaled *all* sizes to the budget: those that you "
            "had raised are below 2 again. Only the others can give way.",
        ),
        Slip(
            one_round,
            "You fixed the small sizes at 2 and spread the rest over the others, once. That leaves "
            "the others fewer rows, and now one more of them would fall below 2.",
        ),
    ),
    hints=(
        "First leave the 2 aside. With $r_i = s_i/\\sqrt{t_i}$ and sizes $\\lambda r_i$, which "
        "$\\lambda$ spends the budget?",
        "With the 2 that $\\lambda$ is too large or just right. The cost "
        "$\\sum_i t_i\\max(2, \\lambda r_i)$ never falls as $\\lambda$ grows.",
        "So search by halving: keep a $\\lambda$ that is too cheap and one that is too dear, and "
        "try the middle. Sixty halvings are plenty.",
        "Or fix all sizes below 2 at 2, spread what is left of the budget over the others by "
        "(13.9), and repeat until none is below 2.",
    ),
    why="This is the second part of section 13.8's strategy; what remains is to estimate the "
    "$s_i$ from past batches, and to round.",
    note="For the sizes above 2 it is Cauchy–Schwarz again, on what is left of the budget. The "
    "least size is an insurance: with $s = (3, 1)$, $t = (1, 4)$ and a cost of 100, sizes of "
    "60 and 10 halve the variance of one $b$ for all, but who takes $s_2$ for 0 and draws 96 rows "
    "and 1 doubles it.",
)
