"""The exercises of a chapter."""

from mle_lib.exercises.chapters.mle_vae_gan import elbo, iwae, quizzes
from mle_lib.exercises.html import Exercise

CHAPTER = 11
EXERCISES: tuple[Exercise, ...] = (
    quizzes.SIMULTANEOUS_PLAY,
    iwae.EXERCISE,
    elbo.EXERCISE,
)
