"""The ``gan`` workload: DCGAN at 32×32×1, batch 64, Adam 2e-4 with betas (0.5, 0.999), non-saturating loss.

A step is a turn of the discriminator (fakes from fresh noise, no gradient into the generator; real and fake in separate
batches), then one of the generator (fresh noise, no gradient for the discriminator's weights).
"""

from types import SimpleNamespace

import numpy as np

from minigen.models import DataSpec
from minigen.models.gan import GAN, GANConfig

from .ddpm import SHAPE, make_batch
from .training import Training

LATENT, CHANNELS = 64, (64, 128, 256)
LEARNING_RATE, BETAS = 2e-4, (0.5, 0.999)


def make_model(seed=0):
    """The two networks with initial weights from ``seed``."""
    config = GANConfig(
        network="dcgan", latent=LATENT, channels=CHANNELS, norm="batch", loss="nonsaturating", penalties=(), betas=BETAS
    )
    return GAN(config, DataSpec(SHAPE, 256), rng=np.random.default_rng(seed))


class Contender(Training):
    """minigen's side of the workload."""

    def __init__(self):
        super().__init__(make_model(), SimpleNamespace(x=make_batch(), labels=None), LEARNING_RATE)
