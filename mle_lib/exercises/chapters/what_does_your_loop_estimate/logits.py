"""The weight of a term, read off the gradient at the logits."""

from collections.abc import Iterator

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def weight_at_the_logits(z, g, target):
    e = np.exp(z - z.max())
    d = np.eye(len(z))[target] - e / e.sum()  # the gradient of log p(target)
    return -(g @ d) / (d @ d)


def uphill(z, g, target):
    return -weight_at_the_logits(z, g, target)


def at_the_target(z, g, target):
    return -g[target]


def never_negative(z, g, target):
    return abs(weight_at_the_logits(z, g, target))


def not_squared(z, g, target):
    e = np.exp(z - z.max())
    d = np.eye(len(z))[target] - e / e.sum()
    return -(g @ d) / np.sqrt(d @ d)


def exponentials_first(z, g, target):
    d = np.eye(len(z))[target] - np.exp(z) / np.exp(z).sum()
    return -(g @ d) / (d @ d)


def of_the_target(z: np.ndarray, target: int) -> np.ndarray:
    e = np.exp(z - z.max())
    return np.eye(len(z))[target] - e / e.sum()


def draw(d: Draw) -> Arguments:
    K = d.size("K", 2, 12, far=401)
    z, target = d.reals("z", K, upto=50), int(d.indices("target", K, 1)[0])
    largest, level = d.word("largest", 0, 0, 300, 1000), d.seldom("level", 0, -800, 800)
    z = z + level if level or not largest else largest / (abs(z).max() or 1.0) * z
    w = d.number("w", 1e-3, 1000, also=(0,)) * d.word("sign", 1, -1)
    off = of_the_target(z, target)
    d.suits(off @ off > 1e-2)  # where the target is certain no gradient says its weight
    return z, -w * off, target


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """One gradient at other logits, and for the other symbol: with another weight each."""
    for K in (2, 3, 7):
        z, target = rng.normal(size=K), K - 1
        g = rng.normal() * of_the_target(z, target)
        for more in (0, -2, 1):
            yield z + more * np.eye(K)[target], g, target
    z = rng.normal(size=2)
    yield z, np.array([0.7, -0.7]), 0
    yield z, np.array([0.7, -0.7]), 1


EXERCISE = CodeExercise(
    id="weight-at-the-logits",
    title="The weight, read off the logits",
    answer=weight_at_the_logits,
    draw=draw,
    cases=cases,
    slips=(
        Slip(
            uphill,
            "This is $-w$. What is given is the gradient of a *loss*, and a positive weight of "
            "$\\log p$ makes the loss fall where $\\log p$ grows.",
        ),
        Slip(
            at_the_target,
            "This is $w\\,(1 - p)$, with $p$ the target's probability: the better the model "
            "foretold the target, the smaller it is. The weight does not depend on that.",
        ),
        Slip(
            never_negative,
            "This is $|w|$. A loss may also push a symbol down, and then its weight is negative.",
        ),
        Slip(
            not_squared,
            "This is $w$ times the length of $d$. Put $g = -w\\,d$ into what you return, and see "
            "what is left beside $w$.",
        ),
        Slip(
            exponentials_first,
            "Right at small logits. At large ones the exponentials overflow, or are all 0, and "
            "this is NaN. A constant added to all logits changes no probability.",
        ),
    ),
    hints=(
        "$g$ is a multiple of $d$. Of two such vectors, what do their inner products say?",
        "From $g = -w\\,d$ follows $g \\cdot d = -w\\,(d \\cdot d)$.",
        "$d$ is `np.eye(len(z))[target]` minus the softmax of `z`. Subtract `z.max()` before "
        "`np.exp`.",
    ),
    why="So you can ask any loop, from outside and without reading its loss, which weights it "
    "gives: one backward pass to the logits is enough.",
    note="One entry would do too, $g_t = -w\\,(1 - p_t)$ at the target $t$. The two inner products "
    "use all entries, and with them you can test the claim: where $g + w\\,d$ is not 0, as with "
    "label smoothing, there is more in the loss than $\\log p$ of the target.",
)
