"""The ``ddpm`` and ``ddpm-sample`` workloads: the U-Net of 1,623,169 parameters at 32×32×1, batch 64.

``ddpm`` is a training step: zero gradients, draw times and noise, forward, backward, Adam 2e-4; noise prediction,
linear schedule 1e-4 … 0.02, T = 1,000, mean squared error. ``ddpm-sample`` is one evaluation of the net, no gradients.
"""

from types import SimpleNamespace

import numpy as np

from minigen import no_grad, tensor
from minigen.models import DataSpec
from minigen.models.diffusion import Diffusion, DiffusionConfig

from .training import Training

BATCH, SHAPE, STEPS = 64, (32, 32, 1), 1000
LEARNING_RATE = 2e-4


def make_model(seed=0):
    """The diffusion model with initial weights from ``seed``.

    What starts at 0 is moved a little: a net that answers 0 would agree with any other such net.
    """
    rng = np.random.default_rng(seed)
    config = DiffusionConfig(path="linear", timesteps=STEPS, multipliers=(1, 2, 2), blocks=2, patch=1)
    model = Diffusion(config, DataSpec(SHAPE, 256), rng=rng)
    for parameter in model.parameters():
        if not parameter.numpy().any():
            parameter.copy_(0.02 * rng.standard_normal(parameter.shape, np.float32))
    return model


def make_unet(seed=0):
    """Its U-Net."""
    return make_model(seed).network


def make_batch(seed=0):
    """A batch of images in [0, 1], float32 (N, 32, 32, 1): squares of random size and place."""
    rng = np.random.default_rng(seed)
    axis, size = np.arange(32), rng.integers(4, 16, (BATCH, 1))
    across, down = ((axis >= low) & (axis < low + size) for low in rng.integers(0, 16, (2, BATCH, 1)))  # (N, 32) each
    return (down[:, :, None] & across[:, None, :]).astype(np.float32)[..., None]


def make_noisy(seed=0):
    """What one evaluation gets: x_t (N, 32, 32, 1) and times (N,), float32."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((BATCH, *SHAPE), np.float32), rng.integers(0, STEPS, BATCH).astype(np.float32)


def noise_of(model, rng):
    """The times (N,), int64 from 0 to 999, and the noise (N, 32, 32, 1) that ``model.loss`` draws."""
    spread = (np.arange(BATCH) + rng.child("time").uniform((BATCH,), np.float64)) / BATCH
    times = model.path.network_time(model.path.draw(spread)).astype(np.int64)
    return times, rng.child("noise").normal((BATCH, *SHAPE), model.dtype)


class Contender(Training):
    """minigen's side of ``ddpm``."""

    def __init__(self):
        super().__init__(make_model(), SimpleNamespace(x=make_batch(), labels=None), LEARNING_RATE)


class SampleContender:
    """minigen's side of ``ddpm-sample``: ``step()`` evaluates the net and returns the mean square of its answer."""

    def __init__(self):
        self.net = make_unet().eval()
        x, self.t = make_noisy()
        self.x = tensor(x)

    def step(self):
        """One evaluation."""
        with no_grad():
            return self.net(self.x, self.t).square().mean().item()
