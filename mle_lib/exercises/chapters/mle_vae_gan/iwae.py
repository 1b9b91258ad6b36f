"""The bound of K draws, from log weights of any size."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def iwae_bound(log_w):
    largest = log_w.max(axis=0)
    return largest + np.log(np.exp(log_w - largest).mean(axis=0))


def mean_of_logs(log_w):
    return log_w.mean(axis=0)


def out_of_range(log_w):
    return np.log(np.exp(log_w).mean(axis=0))


def sum_for_mean(log_w):
    return iwae_bound(log_w) + np.log(len(log_w))


def largest_not_put_back(log_w):
    return np.log(np.exp(log_w - log_w.max(axis=0)).mean(axis=0))


def one_largest_for_all(log_w):
    largest = log_w.max()
    return largest + np.log(np.exp(log_w - largest).mean(axis=0))


def draw(d: Draw) -> Arguments:
    K, b = d.size("K", 1, 12, far=1999), d.size("b", 1, 8, far=307)
    # beside 1,000 no other digit is seen: mostly not there; of whole samples, or of single draws
    apart, shift = d.word("apart", 0, 0, 1000, 25_000), d.rng.choice([-1, -1, 0, 1], size=(K, b))
    shift = shift if d.flag("draw by draw") else shift[:1]
    spread, draws = d.number("spread", 0.5, 30), d.indices("draws", K, K)
    log_w, gap = d.reals("log_w", K, b)[draws], d.number("gap", 5, 15)
    if d.seldom("weights", "any", "one large") == "any":
        log_w = spread * log_w
    else:  # far above each of the others, and yet, where they are many, not above all together
        log_w = log_w / 10 - gap * (np.arange(K)[:, None] != d.rng.integers(K, size=b))
    log_w = d.seldom("all alike", 1, 0) * (log_w + apart * shift)
    bounds = iwae_bound(log_w)  # of what nearly cancels float32 keeps too little
    d.suits(np.all((abs(bounds) > 0.01) | (bounds == 0)))
    return (log_w,)


EXERCISE = CodeExercise(
    id="iwae-bound",
    title="The bound from log weights",
    answer=iwae_bound,
    draw=draw,
    slips=(
        Slip(
            mean_of_logs,
            "The logarithm is inside the mean: this is the ELBO, averaged over $K$ draws "
            "($S = K$). In the bound of section 15.4 the mean comes first; by Jensen's inequality "
            "it is never lower.",
        ),
        Slip(
            out_of_range,
            "The formula is right, but in float64 `exp(1000)` is infinite and `exp(-1000)` is 0, "
            "so that the logarithm is $\\pm\\infty$. Keep what you exponentiate near 0.",
        ),
        Slip(
            sum_for_mean,
            "This is too large by exactly $\\log K$: you added the weights up. It may lie above "
            "$\\log p(x)$, and grows with $K$ without being any tighter.",
        ),
        Slip(
            largest_not_put_back,
            "You took the largest log weight out and did not put it back. Yours lies between "
            "$-\\log K$ and 0 for every $x$.",
        ),
        Slip(
            one_largest_for_all,
            "One maximum serves the whole batch. Where a sample's log weights lie far below "
            "another's, `exp` gives 0 for all of its draws, and the logarithm $-\\infty$.",
        ),
    ),
    hints=(
        "$\\log$ of the mean of $w$, not the mean of $\\log w$. And `exp` must never see 1000.",
        "For any number $a$, $\\log\\frac1K\\sum_k w_k$ is "
        "$a + \\log\\frac1K\\sum_k e^{\\log w_k - a}$. Which $a$ keeps every exponent at "
        "or below 0, and one of them at 0?",
        "Take $a$ = `log_w.max(axis=0)`, one for each sample, and `.mean(axis=0)` over the draws.",
    ),
    why="A log weight is a sum over $n$ variables, and for a large picture far below $-745$, where "
    "`exp` gives 0; chapter 14's log of a mean is computed in the same way.",
    note="The largest term is $e^0 = 1$, so the mean lies between $1/K$ and 1, and its logarithm "
    "is harmless. `np.logaddexp.reduce(log_w, axis=0) - np.log(K)` does the same.",
)
