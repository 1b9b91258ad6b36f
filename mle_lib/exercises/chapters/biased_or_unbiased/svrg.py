"""SVRG's estimate."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def svrg_estimate(now, before, full, m):
    b = len(now)
    return m / b * (now - before).sum(axis=0) + full


def full_missing(now, before, full, m):
    return m / len(now) * (now - before).sum(axis=0)


def factor_on_both(now, before, full, m):
    return m / len(now) * ((now - before).sum(axis=0) + full)


def factor_missing(now, before, full, m):
    return (now - before).sum(axis=0) + full


def batch_mean(now, before, full, m):
    return (now - before).mean(axis=0) + full


def difference_reversed(now, before, full, m):
    return m / len(now) * (before - now).sum(axis=0) + full


def draw(d: Draw) -> Arguments:
    b, p, m = d.size("b", 1, 40, far=701), d.size("p", 1, 8, far=53), int(d.number("m", 1, 1e5))
    heard, j = d.rng.random(p) < d.word("heard", 0.7, 1.0), d.indices("batch", b, b)
    now = d.reals("now", b, p)
    before, step = d.reals("before", b, p, beside=now), d.number("step", 1e-4, 1e-2)
    kind = d.seldom("snapshot", "old", "near", "near for some", "same for some")
    some = (d.rng.random(b) < 0.5)[:, None]
    if kind.startswith("near"):
        base = 3 * d.rng.normal(size=(b, p))
        now, near = base + step * now, base + step * before
        before = np.where(some & (kind != "near"), before, near)
    elif kind == "same for some":
        before = np.where(some, now, before)
    full = d.number("times", 1e-3, 100) * heard * d.reals("full", p)
    return 3 * heard * now[j], 3 * heard * before[j], full, m


EXERCISE = CodeExercise(
    id="svrg-correction",
    title="SVRG's correction",
    answer=svrg_estimate,
    draw=draw,
    slips=(
        Slip(
            full_missing,
            "The snapshot's own gradient is missing. What the batch gives is only the change "
            "since then: its mean is $\\nabla\\ell(\\theta) - \\nabla\\ell(\\tilde\\theta)$.",
        ),
        Slip(
            factor_on_both,
            "You multiply $\\nabla\\ell(\\tilde\\theta)$ by $m/b$ as well. It is a sum over all "
            "$m$ samples already; $m/b$ makes up for samples left out, and none is left out there.",
        ),
        Slip(
            factor_missing,
            "The factor $m/b$ is missing: the batch's change stands for $b$ samples, and "
            "`full` for all $m$. This is $u = b/m$ in (14.3), SAG's choice: biased towards the "
            "snapshot.",
        ),
        Slip(
            batch_mean,
            "Two scales in one sum: your change is a mean over the batch, the change of one "
            "sample, and `full` is a sum over $m$ samples.",
        ),
        Slip(
            difference_reversed,
            "Your change since the snapshot has the wrong sign. On average that gives "
            "$2\\nabla\\ell(\\tilde\\theta) - \\nabla\\ell(\\theta)$: as far from the snapshot's "
            "gradient as the right one, on the other side.",
        ),
    ),
    hints=(
        "The snapshot's whole gradient is known. Only what has changed since need be estimated.",
        "The change of each sample in the batch is a row of `now - before`. Which factor makes "
        "their sum stand for all $m$ samples?",
        "$m/b$ times the sum of these rows (`axis=0`), and then `full`, once.",
    ),
    why="This is unbiased however old the snapshot is, and the less $\\theta$ has moved since, "
    "the less is left to chance; in section 14.8 its gap falls geometrically.",
    note="It is (14.2) with $h_j = g_j(\\tilde\\theta)$ and $\\gamma = 1$. By (3.4) its variance "
    "is that of the differences $g_j(\\theta) - g_j(\\tilde\\theta)$, which vanish as $\\theta$ "
    "comes near $\\tilde\\theta$.",
)
