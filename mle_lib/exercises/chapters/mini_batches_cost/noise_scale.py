"""The gradient noise scale from two batch sizes."""

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw


def noise_scale(small, big, b_small, b_big):
    small, big = small.mean(), big.mean()
    noise = (small - big) / (1 / b_small - 1 / b_big)
    signal = (b_big * big - b_small * small) / (b_big - b_small)
    return noise / signal


def ratio_of_lengths(small, big, b_small, b_big):
    return small.mean() / big.mean()


def sizes_swapped(small, big, b_small, b_big):
    return noise_scale(small, big, b_big, b_small)


def biased_signal(small, big, b_small, b_big):
    noise = (small.mean() - big.mean()) / (1 / b_small - 1 / b_big)
    return noise / big.mean()


def signal_over_noise(small, big, b_small, b_big):
    return 1 / noise_scale(small, big, b_small, b_big)


def mean_of_ratios(small, big, b_small, b_big):
    noise = (small - big) / (1 / b_small - 1 / b_big)
    signal = (b_big * big - b_small * small) / (b_big - b_small)
    return (noise / signal).mean()


def draw(d: Draw) -> Arguments:
    k, scale = d.size("k", 1, 8, far=401), d.number("scale", 1e-5, 1000)
    b_small, b_big = int(d.number("b_small", 1, 5000)), int(d.number("b_big", 2, 1e6))
    lengths = (d.reals(name, k, but=("positive", "negative")) for name in ("small", "big"))
    small, big = (scale * length**2 for length in lengths)
    rest = d.number("rest", 0.5, 2)
    small[1:], big[1:] = rest * small[1:], big[1:] / rest  # others with the same first entries
    d.suits(1.05 * b_small < b_big)
    # both estimates are differences: of either sign, but not of what is nearly equal
    for one, other in ((small, big), (b_small * small, b_big * big)):
        d.suits(abs(one.mean() - other.mean()) > 0.1 * max(one.mean(), other.mean()))
    return small, big, b_small, b_big


EXERCISE = CodeExercise(
    id="noise-scale-from-two-batch-sizes",
    title="The noise scale from two batch sizes",
    answer=noise_scale,
    draw=draw,
    slips=(
        Slip(
            ratio_of_lengths,
            "This is the ratio of the two mean squared lengths. Each holds signal and noise, in a "
            "mixture that depends on $b$. Part them first.",
        ),
        Slip(
            sizes_swapped,
            "Sizes and means are paired crosswise: `b_small` belongs to `small`. With yours the "
            "estimate comes out negative where the *small* batches are the longer ones, as they "
            "are on average: they hold more noise.",
        ),
        Slip(
            biased_signal,
            "The signal that you divide by is the squared length of the big batches, not that of "
            "$\\bar g$. It is too large, on average by $\\operatorname{tr}\\Sigma/b_\\text{big}$: "
            "noise adds length.",
        ),
        Slip(
            signal_over_noise,
            "This is $1/B_\\text{noise}$: signal over noise. The noise stands on top.",
        ),
        Slip(
            mean_of_ratios,
            "You divided batch by batch and averaged the ratios. Numerator and denominator are "
            "unbiased, their ratio is not, and it is wild where the denominator comes near 0. "
            "Average both first.",
        ),
    ),
    hints=(
        "The mean of `small` estimates $\\|\\bar g\\|^2 + "
        "\\operatorname{tr}\\Sigma/b_\\text{small}$, that of `big` the same with $b_\\text{big}$. "
        "Two equations, two unknowns.",
        "Take the difference of the two: $\\|\\bar g\\|^2$ cancels, and "
        "$\\operatorname{tr}\\Sigma$ is left, times $1/b_\\text{small} - 1/b_\\text{big}$.",
        "For $\\|\\bar g\\|^2$ multiply each equation by its own $b$ before you take the "
        "difference: then $\\operatorname{tr}\\Sigma$ cancels.",
        "`signal = (b_big * big - b_small * small) / (b_big - b_small)`, with the means of `big` "
        "and `small`. Return the noise, $\\operatorname{tr}\\Sigma$, over this.",
    ),
    why="Squared lengths are all that is needed: workers that train in parallel have them at hand, "
    "one from each part of the batch and one from the whole.",
    note="Both estimates are linear in the squared lengths, so both are unbiased; their ratio is "
    "not. The estimate of $\\|\\bar g\\|^2$ may even be negative where few batches were drawn. "
    "Then more are needed.",
)
