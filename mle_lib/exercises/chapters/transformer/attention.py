"""Who sees whom, and how much: lines to order, gaps to fill, a function, a program to mend."""

from dataclasses import replace

import numpy as np

from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def attention_weights(q, k):
    A = q @ k.T / np.sqrt(q.shape[1])
    A = A + np.triu(np.full_like(A, -np.inf), 1)
    A = np.exp(A - A.max(axis=1, keepdims=True))
    A = A / A.sum(axis=1, keepdims=True)
    return A


def unscaled(q, k):
    return attention_weights(q * np.sqrt(q.shape[1]), k)


def _softmax(scores, axis):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def masked_afterwards(q, k):
    return np.tril(_softmax(q @ k.T / np.sqrt(q.shape[1]), 1))


def as_given(q, k):
    return np.tril(_softmax(q @ k.T, 1))


def infinity_among_the_weights(q, k):
    A = q @ k.T / np.sqrt(q.shape[1])
    A = np.exp(A - A.max(axis=1, keepdims=True))
    A = A + np.triu(np.full_like(A, -np.inf), 1)
    return A / A.sum(axis=1, keepdims=True)


def nobody_is_hidden(q, k):
    return _softmax(q @ k.T / np.sqrt(q.shape[1]), 1)


def what_is_hidden_is_zero(q, k):
    return _softmax(np.tril(q @ k.T / np.sqrt(q.shape[1])), 1)


def from_diagonal(first, q, k):
    A = q @ k.T / np.sqrt(q.shape[1])
    return _softmax(A + np.triu(np.full_like(A, -np.inf), first), 1)


def itself_is_hidden(q, k):
    return from_diagonal(0, q, k)


def one_before_is_hidden(q, k):
    return from_diagonal(-1, q, k)


def one_later_is_seen(q, k):
    return from_diagonal(2, q, k)


def draw(d: Draw) -> Arguments:
    t, width = d.size("t", 1, 8, far=100), d.size("d", 1, 8, far=100)
    q = d.reals("q", t, width)
    k = d.reals("k", t, width, beside=q)
    traded = d.word("traded", 1, 0.001, 1000)  # leaves the scores as they are
    return traded * q, d.word("side", 1, -1) * k / traded


EXERCISE = CodeExercise(
    id="causal-attention",
    title="Who sees whom",
    answer=attention_weights,
    draw=draw,
    slips=(
        Slip(
            unscaled,
            "The factor $1/\\sqrt d$ is missing: with it the scores have about the same spread "
            "for any $d$. Yours is a softmax that is sharper by $\\sqrt d$.",
        ),
        Slip(
            masked_afterwards,
            "The later places are taken out after the softmax. They have had their share by then: "
            "the rows add up to less than 1, and each still depends on later places, by its "
            "denominator.",
        ),
        Slip(
            infinity_among_the_weights,
            "$-\\infty$ is added to what has come out of `np.exp`: a row's sum is then $-\\infty$ "
            "too, and $-\\infty/-\\infty$ is no number. It belongs among the scores, where "
            "`np.exp` makes 0 of it.",
        ),
        Slip(
            nobody_is_hidden,
            "Every place sees every other, the later ones too: this is a model of each symbol "
            "from all others, not of $p(x_i \\mid x_{<i})$.",
        ),
        Slip(
            what_is_hidden_is_zero,
            "A later place has the score 0, and $e^0 = 1$: it gets a weight. Which score gives "
            "the weight 0?",
        ),
    ),
    hints=(
        "A row is to add up to 1 over the places $j \\le i$ alone.",
        "A score of $-\\infty$ has the weight 0: put it in before the softmax.",
        "Divide the scores by $\\sqrt d$, and subtract each row's largest score before `np.exp`: "
        "the largest of those that are left.",
    ),
    why="Each row is a distribution over the places so far. A mask that comes too late, or lets "
    "one place too many through, shows only after training, as a loss that is too good; one "
    "changed symbol shows it at once.",
    note="`np.triu` with 1 leaves what stands above the diagonal, $j > i$, and puts 0 elsewhere. "
    "Each row keeps at least one finite score, its own, so the largest is finite.",
)


def who_sees_whom(answer: Function) -> str:
    """What a change of later places does to earlier rows, and what the rows add up to."""
    rng = np.random.default_rng(3)
    q, k, others = rng.normal(size=(3, 5, 4))
    A = np.asarray(answer(q, k), dtype=float)
    if A.shape != (5, 5):
        return f"For 5 places your function gives the shape `{A.shape}`, not a row for each."
    if not np.isfinite(A).all():
        return "Of 5 rows some hold weights that are no finite numbers: nothing is estimated."
    moved = np.zeros((5, 5))  # row i, by another key at j
    for j in range(5):
        changed = np.where(np.arange(5)[:, None] == j, others, k)
        moved[:, j] = abs(np.asarray(answer(q, changed), dtype=float) - A).max(axis=1)
    leaks = np.triu(moved, 1)
    row, later = divmod(int(leaks.argmax()), 5)
    seen = (
        f"Another key at place {later} changes row {row}, which is to know nothing of it, by "
        f"{leaks.max():.2f}"
        if leaks.max() > 1e-9
        else "No later place changes an earlier row"
    )
    added = f"the five rows add up to {', '.join(f'{total:.2f}' for total in A.sum(axis=1))}"
    if (above := np.triu(A, 1).sum(axis=1)).any():
        added += f", of which later places have {', '.join(f'{part:.2f}' for part in above)}"
    if (A[-1] <= 0).any():
        return f"{seen}; {added}."
    sharper = np.polyfit((q @ k.T)[-1] / 2, np.log(A[-1]), 1)[0]
    return f"{seen}; {added}; the last is a softmax of {sharper:.2f} times the scores of (8.3)."


ORDER = replace(
    EXERCISE,
    id="order-the-mask",
    title="A causal mask",
    stage="order",
    of=EXERCISE.id,
    hints=(
        "Scores first, weights last: which line makes exponentials of them?",
        "What is hidden is hidden among the scores, before one looks for the largest.",
    ),
    why="A mask is one line, and its place decides whether the later symbols are out of the sum or "
    "only out of sight.",
    note="Scores, mask, exponentials, sums. With the mask further down the program runs as well.",
)

FILL = replace(
    EXERCISE,
    id="fill-the-mask",
    title="A causal mask",
    stage="fill",
    of=EXERCISE.id,
    slips=(
        *(slip for slip in EXERCISE.slips if slip.answer is nobody_is_hidden),
        Slip(
            itself_is_hidden,
            "On the diagonal itself stand the places $j = i$, and they are hidden too: the first "
            "row sees nobody, $0/0$.",
        ),
        Slip(
            one_before_is_hidden,
            "Below the diagonal stand places $j < i$, and the first of these diagonals is hidden "
            "too: the first two rows see nobody, $0/0$.",
        ),
        Slip(
            one_later_is_seen,
            "Each place sees one place too many, $j = i + 1$: the first diagonal above the main "
            "one stays open.",
        ),
    ),
    hints=(
        "Which score has the weight 0, whatever the others are?",
        "`np.triu(M, 0)` keeps the diagonal and what is above it. Is a place to see itself?",
    ),
    why="One diagonal further, and a place sees what it is to predict; one less, and the first one "
    "sees nobody: $0/0$.",
    note="$e^{-\\infty} = 0$: $-\\infty$ on all places $j > i$, from the first diagonal above.",
)

MEND = replace(
    EXERCISE,
    id="mend-a-mask",
    title="A causal mask",
    stage="mend",
    given="as_given",
    of=EXERCISE.id,
    slips=(
        Slip(
            as_given,
            "Two things at once. The later places are taken out after the softmax, so that each "
            "row still depends on them and adds up to less than 1. And the scores are "
            "$q_i \\cdot k_j$ without $1/\\sqrt d$, whose spread grows with $d$.",
        ),
        *(slip for slip in EXERCISE.slips if slip.answer is not nobody_is_hidden),
    ),
    hints=(
        "What would the rows add up to, with the later places gone before the division?",
        "Hide them among the scores, before the largest is taken: with $-\\infty$, not 0.",
        "By which factor does the spread of $q \\cdot k$ grow, from $d = 1$ to $d = 100$?",
    ),
    why="Each later place had the weight 0, and the model looked causal; but every row was divided "
    "by a sum that knew what was coming.",
    note="`np.tril` after the softmax is gone, and $-\\infty$ stands above the diagonal before it.",
    estimates=who_sees_whom,
)
