"""Other ways to train a generative model of binary data than by ∇ℓ itself: a lower bound of ℓ
(``VAE``) and a game (``GAN``)."""

from mle_lib.gan import GAN, GameNoise, fooling_value, game_value
from mle_lib.vae import VAE

__all__ = ["GAN", "VAE", "GameNoise", "fooling_value", "game_value"]
