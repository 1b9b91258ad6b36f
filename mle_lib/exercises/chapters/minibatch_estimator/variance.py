"""The variance law, for each coordinate."""

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def predicted_variance(gradients, b, replacement):
    m = len(gradients)
    variance = m**2 / b * gradients.var(axis=0)
    if not replacement:
        variance = variance * (m - b) / (m - 1)
    return variance


def other_kind(gradients, b, replacement):
    return predicted_variance(gradients, b, not replacement)


def never_corrected(gradients, b, replacement):
    return predicted_variance(gradients, b, True)


def divisor_of_a_sample(gradients, b, replacement):
    m = len(gradients)
    return m / (m - 1) * predicted_variance(gradients, b, replacement)


def variance_of_the_mean(gradients, b, replacement):
    return predicted_variance(gradients, b, replacement) / len(gradients) ** 2


def correction_without_its_one(gradients, b, replacement):
    m = len(gradients)
    variance = m**2 / b * gradients.var(axis=0)
    return variance if replacement else variance * (m - b) / m


def draw(d: Draw) -> Arguments:
    p, replacement = d.size("p", 1, 8, far=101), d.flag("replacement")
    m = d.size("m", 2, 200, far=1009)
    b = 1 + (int(d.number("b", 1, 3000)) - 1) % (2 * m if replacement else m)
    gradients = d.number("scale", 1e-3, 1000) * d.reals("gradients", m, p, upto=1)
    far = d.flag("far") and gradients.any()  # zeros stay zeros
    return gradients + far * d.reals("mean", p, upto=50), b, replacement


EXERCISE = CodeExercise(
    id="predicted-variance",
    title="Its variance, with replacement and without",
    answer=predicted_variance,
    draw=draw,
    slips=(
        Slip(
            other_kind,
            "The two ways of drawing are the wrong way round: the correction belongs to the "
            "draw *without* replacement, where the whole data set leaves no variance.",
        ),
        Slip(
            never_corrected,
            "This is the variance *with* replacement, whatever is asked for. Without, it is "
            "smaller by exactly $(m-b)/(m-1)$.",
        ),
        Slip(
            divisor_of_a_sample,
            "This is off by exactly $m/(m-1)$: $\\Sigma$ is the covariance of all $m$ gradients, "
            "with divisor $m$. The divisor $m-1$ is for estimating a variance from a sample.",
        ),
        Slip(
            variance_of_the_mean,
            "This is off by exactly $m^2$: it is the variance of the batch's *mean*. The estimate "
            "is $m$ times this mean, and a factor enters a variance squared.",
        ),
        Slip(
            correction_without_its_one,
            "The correction is $(m-b)/(m-1)$, not $(m-b)/m$: at $b = 1$ both ways of drawing are "
            "the same, so there it must be 1.",
        ),
    ),
    hints=(
        "Start with one draw. Which part of (3.3) belongs to it, and which to the batch?",
        "The diagonal of $\\Sigma$ is `gradients.var(axis=0)`: its divisor is $m$.",
        "(3.3) is $m^2/b$ times that. Without replacement, (3.4) multiplies by one more factor.",
    ),
    why="With this, the error of an estimator is known from data and $\\theta$ alone, before a "
    "batch is drawn; section 3.8 divides the signal by it.",
    note="A sum of $b$ independent draws has $b$ times the variance of one, and the factor $m/b$ "
    "enters squared. With the divisor $m-1$ in $\\Sigma$ the correction would be $(m-b)/m$: the "
    "two conventions agree, but must not be mixed.",
)
