"""The bias of a clipped batch, by enumeration."""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def clipping_bias(gradients, b, c):
    batches = [list(B) for B in combinations(range(len(gradients)), b)]
    means = gradients[batches].mean(axis=1)  # a row for each batch
    lengths = np.sqrt((means**2).sum(axis=1, keepdims=True))
    clipped = means / np.maximum(1, lengths / c)
    return clipped.mean(axis=0) - gradients.mean(axis=0)


def _shortened(rows, c):
    return rows / np.maximum(1, np.sqrt((rows**2).sum(axis=1, keepdims=True)) / c)


def _means(gradients, b):
    return gradients[[list(B) for B in combinations(range(len(gradients)), b)]].mean(axis=1)


def samples_clipped(gradients, b, c):
    return _shortened(gradients, c).mean(axis=0) - gradients.mean(axis=0)


def clipped_once(gradients, b, c):
    return _shortened(gradients.mean(axis=0, keepdims=True), c)[0] - gradients.mean(axis=0)


def always_scaled(gradients, b, c):
    means = _means(gradients, b)
    scaled = c * means / np.sqrt((means**2).sum(axis=1, keepdims=True))
    return scaled.mean(axis=0) - gradients.mean(axis=0)


def with_replacement(gradients, b, c):
    batches = [list(B) for B in product(range(len(gradients)), repeat=b)]
    means = gradients[batches].mean(axis=1)
    return _shortened(means, c).mean(axis=0) - gradients.mean(axis=0)


def each_coordinate(gradients, b, c):
    return np.clip(_means(gradients, b), -c, c).mean(axis=0) - gradients.mean(axis=0)


def draw(d: Draw) -> Arguments:
    m, p = d.size("m", 1, 6, far=8), d.size("p", 1, 4, far=31)
    b = min(m, d.size("b", 1, 4, far=6))
    gradients = d.reals("gradients", m, p)
    if d.word("place", "anywhere", "the top") == "the top":
        gradients = gradients - gradients.mean(axis=0)
    c = d.number("c", 1e-3, 1000)
    lengths = np.sqrt((_means(gradients, b) ** 2).sum(axis=1))
    low, middle, high = lengths.min(), np.median(lengths), lengths.max()
    at = d.word("the bound", "among the lengths", "below all", "above all", "any", "any")
    if at != "any" and high > 1e-9:  # the gradients are scaled, to suit the bound
        bound = {"among the lengths": middle, "below all": low / 20, "above all": 12 * high}[at]
        scale = c / max(bound, high / 1000)
        gradients, high = scale * gradients, scale * high
    # a bias of which no digits are left is rounding, or the 1e-6 that PyTorch adds to a length
    bias = clipping_bias(gradients, b, c)
    d.suits(high <= 0.9 * c or abs(bias).max() > max(0.1, 0.01 * high))
    return gradients, b, float(c)


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """The same numbers in another order, and in other batches: in every other respect what is asked
    is the same."""
    gradients = rng.integers(-64, 65, size=(5, 2)) / 64  # of these any order has the same sum
    for k in range(3):
        rolled = np.roll(gradients.ravel(), k).reshape(gradients.shape)
        yield rolled, 2, 0.4
    yield gradients, 3, 0.4


EXERCISE = CodeExercise(
    id="bias-of-clipping",
    title="The bias of a clipped batch",
    answer=clipping_bias,
    draw=draw,
    cases=cases,
    slips=(
        Slip(
            samples_clipped,
            "You clip each sample, then take means: this is the bias of clipped **samples**, the "
            "same at every $b$. Here the batch's mean is taken first, and clipped.",
        ),
        Slip(
            clipped_once,
            "You clip the mean of all samples once, and no batch. That is the bias of the batch "
            "of all $m$; a smaller batch's mean is longer at times, and bent then.",
        ),
        Slip(
            always_scaled,
            "You give every mean the length $c$, also those that were shorter. Clipping leaves "
            "these as they are, and divides by no length of 0.",
        ),
        Slip(
            with_replacement,
            "Your batches are drawn with replacement: you count orders, and batches that hold a "
            "sample twice. Of $m$ samples there are $\\binom{m}{b}$ batches of different ones.",
        ),
        Slip(
            each_coordinate,
            "You clip every coordinate by itself at $\\pm c$. Clipping by norm shortens the whole "
            "vector and leaves its direction.",
        ),
    ),
    hints=(
        "Three steps: the mean gradient of every batch; each of these clipped; the mean of all of "
        "them, minus that of all samples.",
        "`combinations(range(m), b)` gives the indices of every batch once; `gradients[list(B)]` "
        "are its rows.",
        "A vector $g$ is clipped by $g / \\max(1, \\|g\\|/c)$, which divides by no length of 0.",
    ),
    why="At the top of $\\ell$ this is the $e$ from which section 14.7 computes where a run ends: "
    "it falls as $b$ grows, and at $b = m$ nothing is left of it.",
    note="The mean of the batches' means is the full mean, so all of this is made by the batches "
    "that are longer than $c$. Where $\\|\\nabla\\ell\\|/m$ itself exceeds $c$, a part remains "
    "at $b = m$; it lies along $\\nabla\\ell$, and is only another step size.",
)
