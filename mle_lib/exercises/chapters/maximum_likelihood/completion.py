"""A sampler with two faults: the rest of a picture, of which the first pixels are kept."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from mle_lib.exercises.chapters.maximum_likelihood.ancestral import with_tosses
from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def complete(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, x.shape[1]):
        p = 1 / (1 + np.exp(-(c[i] + new @ W[i])))  # (b,)
        new[:, i] = u[:, i] < p
    return new


def given_the_old_picture(W, c, x, kept, u):
    new = x.copy()
    for i in range(kept, x.shape[1]):
        p = 1 / (1 + np.exp(-(c[i] + x @ W[i])))
        new[:, i] = u[:, i] < p
    return new


def one_number_for_all(W, c, x, kept, u):
    return complete(W, c, x, kept, np.tile(u[:, :1], u.shape[1]))


def both_faults(W, c, x, kept, u):
    return given_the_old_picture(W, c, x, kept, np.tile(u[:, :1], u.shape[1]))


def rounded(W, c, x, kept, u):
    return complete(W, c, x, kept, np.full(u.shape, 0.5))


def draw(d: Draw) -> Arguments:
    b, kept, drawn = (
        d.size("b", 1, 8, far=101),
        d.size("kept", 0, 5, far=53),
        d.rounds("drawn", 110),
    )
    kept = max(kept, int(not drawn))  # a picture has a pixel
    x = d.bits("old", b, kept + drawn)
    W, c, u = with_tosses(d, x, kept)
    return W, c, x, kept, u


def cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Probabilities of nearly one half, and tosses nearly lost and won; then one picture for two
    numbers of kept pixels."""
    W, c = np.tril(2e-4 * rng.normal(size=(6, 6)), -1), 2e-4 * rng.normal(size=6)
    x = rng.integers(0, 2, size=(30, 6)).astype(float)
    new, u = x.copy(), rng.choice([-5e-5, 5e-5], size=(30, 6))
    for i in range(2, 6):
        p = 1 / (1 + np.exp(-(c[i] + new @ W[i])))
        new[:, i], u[:, i] = u[:, i] < 0, p + u[:, i]
    u[:, :2] = rng.random((30, 2))
    yield W, c, x, 2, u
    W, c, u = np.tril(rng.normal(size=(6, 6)), -1), rng.normal(size=6), rng.random((30, 6))
    yield W, c, x, 2, u
    yield W, c, x, 4, u


def estimates(sampler: Function) -> str:
    """The probabilities of a model whose tosses a grid of tenths tells exactly."""
    c, W = np.log([1, 0.6 / 0.4, 0.2 / 0.8]), np.zeros((3, 3))
    W[1, 0], W[2, 0], W[2, 1] = 1, -1, np.log(0.7 / 0.3) - c[2]
    c = c - [0, 1, -1]  # the first pixel is kept, a one: 0.6, then 0.2 after a 0 and 0.7 after a 1
    u = np.array([*product((np.arange(10) + 0.5) / 10, repeat=3)])
    new = np.asarray(sampler(W, c, np.tile([1.0, 1.0, 0.0], (len(u), 1)), 1, u)).reshape(u.shape)
    keeps = "keeps" if (new[:, 0] == 1).all() else "changes"
    pairs = [*product((0, 1), repeat=2)]
    drawn = np.array([(new[:, 1:] == pair).all(axis=1).mean() for pair in pairs])
    model = np.array([0.4 * 0.8, 0.4 * 0.2, 0.6 * 0.3, 0.6 * 0.7])
    it_has, model_has = (", ".join(f"{p:.2f}" for p in each) for each in (drawn, model))
    return (
        f"Of three pixels it {keeps} the first and draws the other two. They come out as 00, 01, "
        f"10, 11 with the probabilities {it_has}; the model's are {model_has}: the largest "
        f"difference is {abs(drawn - model).max():.2f}."
    )


EXERCISE = CodeExercise(
    id="mend-a-sampler",
    title="The rest of a picture",
    answer=complete,
    draw=draw,
    cases=cases,
    stage="mend",
    given="both_faults",
    estimates=estimates,
    slips=(
        Slip(
            given_the_old_picture,
            "Each pixel is drawn given the **old** picture's pixels before it, not given those "
            "just drawn: so the new pixels know nothing of each other. That is one sweep over all "
            "pixels at once, whose answers belong to a picture that is gone.",
        ),
        Slip(
            one_number_for_all,
            "One uniform number decides the whole picture: where it is small, every pixel that "
            "can be inked is, and where it is large, none. The first pixel drawn has the right "
            "frequency; given that one, the next is no longer a fair toss.",
        ),
        Slip(
            both_faults,
            "This draws every pixel given the old picture, and all of them by one number: for a "
            "given old picture the new ones can be put in a row in which each has all the ink of "
            "the one before it. Two things are to be mended.",
        ),
        Slip(
            rounded,
            "You take the more probable value of each pixel, and `u` plays no part. That gives "
            "one continuation for each beginning, again and again, not samples of the model.",
        ),
    ),
    hints=(
        "What does the model's answer for pixel $i$ depend on, and which array holds it at that "
        "moment?",
        "How many coin tosses does one picture need, and how many numbers of `u` are used for it?",
        "One array is read where another is filled; one index stays the same in all rounds of the "
        "loop.",
    ),
    why="Neither fault stops the program, and no single picture shows it; it shows in a small "
    "model, whose probabilities can be listed.",
    note="The array that is filled is the one that is read, and each pixel has a number of its "
    "own. With `kept = 0` this is ancestral sampling, whatever was in `x`.",
)
