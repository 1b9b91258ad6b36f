"""The gradient of log p with respect to the logits."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def logit_gradient(z, x):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return np.eye(z.shape[1])[x] - p


def downhill(z, x):
    return -logit_gradient(z, x)


def over_the_places(z, x):
    e = np.exp(z - z.max(axis=0))
    return np.eye(z.shape[1])[x] - e / e.sum(axis=0)


def over_everything(z, x):
    e = np.exp(z - z.max())
    return np.eye(z.shape[1])[x] - e / e.sum()


def without_what_came(z, x):
    return logit_gradient(z, x) - np.eye(z.shape[1])[x]


def of_the_probability(z, x):
    gradient = logit_gradient(z, x)
    at = np.arange(len(x)), x
    return gradient * (1 - gradient[at])[:, None]


def draw(d: Draw) -> Arguments:
    t, K = d.size("t", 1, 9, far=300), d.size("K", 2, 12, far=200)
    z, x = d.reals("z", t, K), d.indices("x", K, t)
    if K > 100:
        x = np.maximum(x, 1)
        x[0] = 1  # a small position beside large ones
    z = z + d.seldom("level", 0, -2000, 2000)
    d.suits(abs(logit_gradient(z, x)).max() > 0.01)  # not only the rounding of 1 - 1
    return z, x


EXERCISE = CodeExercise(
    id="softmax-gradient",
    title="What came minus what was expected",
    answer=logit_gradient,
    draw=draw,
    slips=(
        Slip(
            downhill,
            "The sign is turned: this is the gradient of the loss $-\\log p$. Uphill, the logit of "
            "the symbol that came is to grow.",
        ),
        Slip(
            over_the_places,
            "Your probabilities add up to 1 over the places, down each column. They are to do so "
            "over the symbols, in each row.",
        ),
        Slip(
            over_everything,
            "Your probabilities add up to 1 over the whole array. Each place has a distribution "
            "over the symbols of its own: largest logit and sum are taken row by row.",
        ),
        Slip(
            without_what_came,
            "This is minus the probabilities alone. The logit of the symbol that came stands in "
            "$\\log p$ by itself too, with the derivative 1.",
        ),
        Slip(
            of_the_probability,
            "This is the gradient of $p$, not of $\\log p$: each row is multiplied by the "
            "probability of what came.",
        ),
    ),
    hints=(
        "Each row by itself: what is $\\log p$ of the symbol that came, in terms of that row's "
        "logits?",
        "`np.eye(K)[x]` has a one where the symbol came, and zeros elsewhere.",
        "Subtract the largest logit of each row before `np.exp`: the softmax does not change, and "
        "no number overflows.",
    ),
    why="It is all that a model of symbols is told at each place: more of what came, less of what "
    "was expected. The rest is the chain rule.",
    note="The largest logit of a row is taken out before the exponential, which changes no "
    "probability. Each row of the gradient adds up to 0: a constant added to all logits changes "
    "nothing.",
)
