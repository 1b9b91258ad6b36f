"""A control variate with its best coefficient."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def controlled_gradient(gradients, controls, indices):
    m, b = len(gradients), len(indices)
    h = controls - controls.mean(axis=0)
    gamma = (gradients * h).sum(axis=0) / (h**2).sum(axis=0)
    rest = gradients[indices] - gamma * controls[indices]
    return m / b * rest.sum(axis=0) + gamma * controls.sum(axis=0)


def _with_coefficient(gamma, gradients, controls, indices):
    rest = gradients[indices] - gamma * controls[indices]
    return len(gradients) / len(indices) * rest.sum(axis=0) + gamma * controls.sum(axis=0)


def _covariance(a, b):
    return ((a - a.mean(axis=0)) * (b - b.mean(axis=0))).mean(axis=0)


def sum_missing(gradients, controls, indices):
    gamma = _covariance(gradients, controls) / _covariance(controls, controls)
    rest = gradients[indices] - gamma * controls[indices]
    return len(gradients) / len(indices) * rest.sum(axis=0)


def divisors_differ(gradients, controls, indices):
    m = len(gradients)
    gamma = m / (m - 1) * _covariance(gradients, controls) / _covariance(controls, controls)
    return _with_coefficient(gamma, gradients, controls, indices)


def wrong_variance(gradients, controls, indices):
    gamma = _covariance(gradients, controls) / _covariance(gradients, gradients)
    return _with_coefficient(gamma, gradients, controls, indices)


def not_centred(gradients, controls, indices):
    gamma = (gradients * controls).sum(axis=0) / (controls**2).sum(axis=0)
    return _with_coefficient(gamma, gradients, controls, indices)


def from_the_batch(gradients, controls, indices):
    g, h = gradients[indices], controls[indices]
    gamma = _covariance(g, h) / _covariance(h, h)
    return _with_coefficient(gamma, gradients, controls, indices)


def draw(d: Draw) -> Arguments:
    kind = d.word(
        "a structure", "any", "any", "any", "any", "faint", "level", "centred", "steep", "unlike"
    )
    p, m = d.size("p", 1, 5, far=41), d.size("m", 2, 15, far=797)
    b = d.size("b", 1, 10, far=307)
    gradients = d.reals("gradients", m, p)
    controls = d.reals(
        "controls", m, p, but=("zeros", 0.001, 0.1, "unlike columns"), beside=3 * gradients
    )
    if kind == "centred":
        controls[-1] -= controls.sum(axis=0)
    d.suits((np.ptp(controls, axis=0) > 0.3).all())  # no control is constant, or nearly
    spread = d.number("spread", 1e-5, 1)
    if kind == "level":
        controls = spread * (controls + np.round(1000 * d.rng.normal(size=p)))
    elif kind == "faint":
        controls = spread * controls
    elif kind == "unlike":
        controls = controls * d.rng.choice([0.03, 1], size=p)
    elif kind == "steep":
        gradients = gradients + 3000 * controls
    return gradients, controls, d.indices("indices", m, b)


EXERCISE = CodeExercise(
    id="best-control",
    title="A control at its best",
    answer=controlled_gradient,
    draw=draw,
    slips=(
        Slip(
            sum_missing,
            "The known sum is missing. You take $\\gamma h_j$ from each sample and give nothing "
            "back: the mean is $\\nabla\\ell - \\gamma \\sum_j h_j$, a bias at every $b$.",
        ),
        Slip(
            divisors_differ,
            "Your $\\gamma$ is too large by the factor $m/(m-1)$. So it is if the covariance is "
            "divided by $m - 1$, as `np.cov` does, and the variance by $m$, as `np.var` does.",
        ),
        Slip(
            wrong_variance,
            "You divided by $\\mathrm{Var}\\,g$. That is the coefficient with which $g$ foretells "
            "$h$; here $h$ is known and $g$ is to be foretold.",
        ),
        Slip(
            not_centred,
            "Your coefficient is the mean of $g_j h_j$ over that of $h_j^2$: no means were taken "
            "off. In general it is $\\gamma^*$ only where $h$ has the mean 0.",
        ),
        Slip(
            from_the_batch,
            "You computed $\\gamma$ from the batch that it is used on. Then the two depend on "
            "each other, and the estimate has a bias: the third kind of section 14.6.",
        ),
    ),
    hints=(
        "Two steps: $\\gamma^*$ for each coordinate, from all $m$ rows; then (14.2) with it.",
        "Covariance and variance are means of products *after* the means are taken off, with the "
        "same divisor in both, so that it cancels.",
        "`gamma` has the shape `(p,)`. Take `gamma * controls` from `gradients` in the batch's "
        "rows, and put `gamma * controls.sum(axis=0)` back, outside the factor $m/b$.",
    ),
    why="At $\\gamma^*$ the control leaves $1 - \\mathrm{corr}^2$ of each coordinate's variance, "
    "so no control can hurt; with $\\gamma = 1$ it can, as section 14.2 shows.",
    note="To take the mean off one of the two factors is enough. In one of the trials "
    "$h_j = 3 g_j$: then $\\gamma^* = \\frac13$, nothing is left to "
    "estimate, and every batch gives $\\nabla\\ell$ exactly.",
)
