"""The step size that makes two loss scales the same update."""

from mle_lib.exercises.code import CodeExercise, Slip
from mle_lib.exercises.trials import Arguments, Draw

SCALES = ("estimate", "sum", "mean over b", "mean over b n")


def same_step_size(alpha, old, new, m, b, n):
    multiple = {  # what each loss estimates, as a multiple of -ℓ
        "estimate": 1,
        "sum": b / m,
        "mean over b": 1 / m,
        "mean over b n": 1 / (m * n),
    }
    return alpha * multiple[old] / multiple[new]


def upside_down(alpha, old, new, m, b, n):
    return same_step_size(alpha, new, old, m, b, n)


def old_scale_ignored(alpha, old, new, m, b, n):
    return same_step_size(alpha, "estimate", new, m, b, n)


def sum_as_estimate(alpha, old, new, m, b, n):
    old, new = ("estimate" if scale == "sum" else scale for scale in (old, new))
    return same_step_size(alpha, old, new, m, b, n)


def variables_forgotten(alpha, old, new, m, b, n):
    return same_step_size(alpha, old, new, m, b, 1)


def batch_for_data(alpha, old, new, m, b, n):
    multiple = {"estimate": 1, "sum": b / m, "mean over b": 1 / b, "mean over b n": 1 / (b * n)}
    return alpha * multiple[old] / multiple[new]


def draw(d: Draw) -> Arguments:
    old, new = (d.word(name, *SCALES) for name in ("old", "new"))
    n, m = d.size("n", 1, 100, far=997), d.size("m", 1, 5000, far=4_999_999)
    b = 1 + (d.size("b", 1, 1000, far=4001) - 1) % m  # the same at another m
    return d.number("alpha", 1e-6, 1000), old, new, m, b, n


EXERCISE = CodeExercise(
    id="same-update",
    title="One update, four scales",
    answer=same_step_size,
    draw=draw,
    slips=(
        Slip(
            upside_down,
            "The ratio is upside down. A loss that is larger by a factor has a gradient larger by "
            "it, so its step size must be *smaller* by it.",
        ),
        Slip(
            old_scale_ignored,
            'You take `alpha` as if it belonged to `"estimate"`. It belongs to `old`, which may be '
            "any of the four.",
        ),
        Slip(
            sum_as_estimate,
            "You treat the sum over the batch like the estimate, but it estimates only "
            "$b/m$ of $\\ell$. Where one of the two is the sum, you are off by exactly $m/b$.",
        ),
        Slip(
            variables_forgotten,
            "You treat the two means alike. They differ by exactly $n$: one divides by $b$, the "
            "other by $b\\,n$.",
        ),
        Slip(
            batch_for_data,
            "A mean over the batch estimates $\\ell/m$, whatever $b$ is: the $1/b$ divides a sum "
            "of $b$ terms. You put $b$ where $m$ belongs.",
        ),
    ),
    hints=(
        "The update is a step size times a gradient. Which product must stay the same?",
        "The table of section 4.3 says which multiple of $\\ell$ each loss estimates.",
        "`alpha` times the multiple of `old` is the new step size times the multiple of `new`.",
    ),
    why="A step size taken from a paper or a program means nothing until the scale of its loss is "
    "known.",
    note="If a loss estimates $-c\\,\\ell$, the step is $\\alpha c$ times that of "
    "$-\\ell$. So $\\alpha c$ decides, and it is kept. This holds for plain SGD; chapter 7 "
    "has optimisers for which it does not.",
)
