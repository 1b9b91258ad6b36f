"""A program with two faults: gradient accumulation with clipping."""

import numpy as np

from mle_lib.exercises.chapters.training.accumulation import accumulate, limited
from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def clipped_gradient(gradient, batch, size, c):
    parts = [batch[k : k + size] for k in range(0, len(batch), size)]
    total = 0
    for part in parts:
        total = total + len(part) / len(batch) * gradient(part)
    norm = np.sqrt(np.sum(total**2))
    return c / max(norm, c) * total


def clip(g, c):
    return c / max(np.sqrt((g**2).sum()), c) * g


def cut(batch, size):
    return [batch[k : k + size] for k in range(0, len(batch), size)]


def both_faults(gradient, batch, size, c):
    return np.mean([clip(gradient(part), c) for part in cut(batch, size)], axis=0)


def parts_clipped(gradient, batch, size, c):
    return accumulate(lambda part: clip(gradient(part), c), batch, size)


def parts_alike(gradient, batch, size, c):
    return clip(np.mean([gradient(part) for part in cut(batch, size)], axis=0), c)


def clipped_on_the_way(gradient, batch, size, c):
    total = 0
    for part in cut(batch, size):
        total = clip(total + len(part) / len(batch) * gradient(part), c)
    return total


def not_clipped(gradient, batch, size, c):
    return accumulate(gradient, batch, size)


# the gradient of each sample of a small case; the last is alone in its part
OF_SAMPLES = np.array([[6.0, 0.0]] * 3 + [[-1.0, 0.0]] * 3 + [[0.0, 4.0]])


def estimates(function: Function) -> str:
    """The weights that it gives to samples, and what it makes of a small case."""

    def mean(part: np.ndarray) -> np.ndarray:
        return np.asarray(part, dtype=float).mean(axis=0)

    b = len(OF_SAMPLES)
    weights = np.asarray(function(mean, np.eye(b), 3, 1e6), dtype=float)
    given = np.asarray(function(mean, OF_SAMPLES.copy(), 3, 1.0), dtype=float)
    right = OF_SAMPLES.mean(axis=0)
    across, along = right[0] * given[1] - right[1] * given[0], right @ given
    angle = np.degrees(abs(np.arctan2(across, along)))
    return (
        "A small case: seven samples in parts of 3, 3 and 1. Where nothing is clipped, a sample of "
        f"a full part weighs {weights[:6].mean():.2f}, that of the short part {weights[6]:.2f}; in "
        f"the batch's mean each weighs {1 / b:.2f}. With `c = 1`, where the batch's gradient has "
        f"the length {np.hypot(*right):.2f}, the result has the length {np.hypot(*given):.2f}, "
        f"and points {angle:.0f} degrees away from it."
    )


def times(factor: float, gradient: Function) -> Function:
    return lambda part: factor * gradient(part)


SHORT = 0.0005

# thresholds over the norm: hardly clipped, hardly not
AT_THE_EDGE = (0.99, 0.999, 0.9998, 1.0002, 1.001, 1.01)


def draw(d: Draw) -> Arguments:
    size, n, p = (
        d.size("size", 1, 8, far=199),
        d.size("n", 1, 4, far=113),
        d.size("p", 1, 4, far=127),
    )
    b = d.size("b", 1, 20, far=1201)
    batch, weights = d.reals("batch", b, n, upto=300), d.reals("weights", n, p, upto=50)
    if d.flag("equal rows"):  # side by side, some more often than others
        batch = batch[np.sort(d.rng.integers(b, size=b))]
    gradient = limited(weights, size)
    norm = np.linalg.norm(accumulate(gradient, batch, size)).item()
    d.suits(norm > 0.001)
    wanted = d.number("norm", 0.5, 5000, also=(SHORT,))
    share = d.number("c over the norm", 0.01, 1.5, also=(*AT_THE_EDGE, 1e-4, 300))
    if wanted == SHORT:  # not clipped: `clip_grad_norm_` adds 1e-6 to the norm
        share = max(share, 1.1)
    return times(wanted / norm, gradient), batch, size, share * wanted


EXERCISE = CodeExercise(
    id="mend-a-clipped-accumulation",
    title="Parts that are clipped",
    answer=clipped_gradient,
    stage="mend",
    given="both_faults",
    draw=draw,
    estimates=estimates,
    slips=(
        Slip(
            both_faults,
            "This is the mean of $K$ vectors, none longer than $c$. A sample of the short part "
            "counts more than others, one whose part has a long gradient counts less, and the "
            "direction is not that of the batch's gradient.",
        ),
        Slip(
            parts_clipped,
            "The weights are right, but each part is clipped before it is added. Parts with long "
            "gradients lose more than others, so the sum points elsewhere, and it may be shorter "
            "than $c$ though the batch's gradient is longer.",
        ),
        Slip(
            parts_alike,
            "It is clipped once, at the end. But what is clipped is the mean of the means, the "
            "right-hand side of (4.2): each part weighs $1/K$, and a sample of the short part "
            "counts more than the others.",
        ),
        Slip(
            clipped_on_the_way,
            "You clip the running total after each part. Where it is too long on the way, all that "
            "was added so far shrinks, and the parts that follow do not: they count too much.",
        ),
        Slip(
            not_clipped,
            "This is the batch's mean gradient, with every sample at its weight $1/b$, but of any "
            "length: nothing is clipped now.",
        ),
    ),
    hints=(
        "Of what should the length be at most $c$, of each part's gradient or of the batch's?",
        "One fault is in the weight of a part: what if it holds fewer than `size` samples?",
        "Add `len(part) / len(batch) * g` for each part. Compute `norm` from `total`, after the "
        "loop.",
    ),
    why="The length is bounded by $c$, and the direction is that of the batch's gradient, however "
    "the batch was cut.",
    note="With PyTorch: `backward` for each part, then `clip_grad_norm_` once, then `step`.",
)
