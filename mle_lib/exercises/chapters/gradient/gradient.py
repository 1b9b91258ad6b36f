"""The gradient of an FVSBN's log-likelihood: equation (2.3)."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def fvsbn_gradient(W, c, x):
    error = x - 1 / (1 + np.exp(-(c + x @ W.T)))  # (m, n)
    return np.tril(error.T @ x, -1), error.sum(axis=0)


def _every_weight(W, c, x):
    error = x - 1 / (1 + np.exp(-(c + x @ W.T)))
    return error.T @ x, error.sum(axis=0)


def expected_minus_came(W, c, x):
    dW, dc = fvsbn_gradient(W, c, x)
    return -dW, -dc


def no_mask(W, c, x):
    return _every_weight(W, c, x)


def diagonal_kept(W, c, x):
    dW, dc = _every_weight(W, c, x)
    return np.tril(dW), dc


def mean_over_samples(W, c, x):
    dW, dc = fvsbn_gradient(W, c, x)
    return dW / len(x), dc / len(x)


def indices_exchanged(W, c, x):
    dW, dc = _every_weight(W, c, x)
    return np.tril(dW.T, -1), dc


def draw(d: Draw) -> Arguments:
    m, n = d.size("m", 1, 30, far=307), d.size("n", 1, 6, far=101)
    W = np.tril(d.number("scale", 0.1, 100) * d.reals("W", n, n, upto=1), -1)
    c = d.positive("scales", n, low=0.1, high=50) * d.reals("c", n, upto=1)
    x = d.bits("x", m, n)
    c = c - d.flag("balanced") * W @ x[0]  # large weights, but not all logits are
    d.suits(max(abs(c + x @ W.T).max(), abs(c).max()) < 250)  # math.exp overflows beyond 700
    # where all errors are tiny, a difference of two heights has no digits left
    d.suits(all(abs(part).max() > 1e-2 or not part.any() for part in fvsbn_gradient(W, c, x)))
    return W, c, x


EXERCISE = CodeExercise(
    id="fvsbn-gradient",
    title="Error times input",
    answer=fvsbn_gradient,
    draw=draw,
    slips=(
        Slip(
            expected_minus_came,
            "The sign is flipped: this is $\\sigma(z_i) - x_i$, the gradient of $-\\ell$ that an "
            "optimiser is given. The book climbs $\\ell$: what came minus what was expected.",
        ),
        Slip(
            no_mask,
            "The bias is right, but $W$ gets a gradient in all $n^2$ places. Only those with "
            "$k < i$ are parameters: one step along the others, and a pixel would be predicted "
            "from itself and from later ones.",
        ),
        Slip(
            diagonal_kept,
            "The diagonal of `dW` must be zero too: $W_{ii}$ would let $x_i$ predict itself, and "
            "only $k < i$ is allowed.",
        ),
        Slip(
            mean_over_samples,
            "This is off by exactly $1/m$: a mean over the samples. $\\ell$ is a sum, and so is "
            "its gradient.",
        ),
        Slip(
            indices_exchanged,
            "The bias is right, but in `dW` the two indices are exchanged: $W_{ik}$ takes the "
            "error of $i$ and the input $x_k$, and yours takes the error of $k$ and the input "
            "$x_i$.",
        ),
    ),
    hints=(
        "First the errors (2.2) of all samples and variables: an array of shape `(m, n)`, from the "
        "logits `c + x @ W.T`.",
        "The bias adds the errors over the samples. For the weights, `error.T @ x` adds "
        "$e_i x_k$ over the samples, for every pair $i$, $k$.",
        "`np.tril(..., -1)` keeps the places with $k < i$ and sets the others to zero.",
    ),
    why="The same error arrives at the last layer of every network with these conditionals; "
    "backpropagation carries it on from there.",
    note="One matrix product adds over the samples for all pairs at once. At the top of $\\ell$ "
    "all of it is zero: the errors have mean zero and are uncorrelated with every earlier "
    "variable.",
)
