"""Other ways to train a generative model of binary data than by ∇ℓ itself: a lower bound of ℓ
(``VAE``) and a game (``GAN``), and their gradients sample by sample."""

from mle_lib.paradigms.gan import GAN, GameNoise, fooling_value, game_value
from mle_lib.paradigms.gradients import bound_gradients, fooling_gradients
from mle_lib.paradigms.vae import VAE

__all__ = [
    "GAN",
    "VAE",
    "GameNoise",
    "bound_gradients",
    "fooling_gradients",
    "fooling_value",
    "game_value",
]
