"""The ``vae`` workload: Burda et al.'s network with one stochastic layer, batch 100, Adam.

784-200-200-(50+50) encoder, 50-200-200-784 decoder, tanh, Bernoulli likelihood, analytic KL. A step is: zero
gradients, draw the noise, forward, backward, Adam. The batch is in memory, binarised.
"""

import numpy as np

from minigen import Stream, capture, optim, tensor
from minigen.models import VAE, DataSpec, VAEConfig

BATCH, PIXELS, LATENT = 100, 784, 50
LEARNING_RATE = 1e-3


def make_model(seed=0):
    """The network with initial weights from ``seed``."""
    return VAE(VAEConfig(), DataSpec((28, 28, 1), 256), rng=np.random.default_rng(seed))


def make_batch(seed=0):
    """A batch of random binary images, float32 (N, 28, 28, 1), 13 % of the pixels white as in MNIST."""
    return (np.random.default_rng(seed).random((BATCH, 28, 28, 1)) < 0.13).astype(np.float32)


class Contender:
    """minigen's side of the workload: ``step()`` trains one batch and returns the loss."""

    def __init__(self):
        self.model = make_model()
        self.batch = tensor(make_batch())
        self.rng = Stream(0)
        self.optimizer = optim.Adam(self.model.parameters(), lr=LEARNING_RATE)
        self.done = 0
        self.captured = capture(self.turn)

    def turn(self, x, rng):
        """What a step computes; the loss, a tensor."""
        self.optimizer.zero_grad()
        loss = self.model.elbo(x, rng)["loss"]
        loss.backward()
        self.optimizer.step()
        return loss

    def step(self):
        """One training step, captured, as JAX's is jitted."""
        loss = self.captured(self.batch, self.rng.at(self.done))
        self.done += 1
        return loss.item()
