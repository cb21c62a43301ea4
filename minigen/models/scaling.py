"""Between the data's units and a network's: images from [0, 1] to [−1, 1], points to mean 0 and deviation 1."""

import math

import numpy as np

from ..core import nn
from ..core.tensor import Tensor


class Scaling(nn.Module):
    """y = (x − shift)/scale with one scale for all values, so that distances keep their proportions.

    Images: shift = scale = ½, always. Points: their mean, and the average of their deviations along each axis,
    once `fit` has seen them.

    Args:
        spec: `DataSpec` of the data.
    """

    def __init__(self, spec):
        self.images = spec.levels is not None
        self.size = spec.size
        start = 0.5 if self.images else 0.0
        self.register_buffer("shift", np.full(spec.shape, start, np.float32))
        self.register_buffer("scale", np.full((1,), start or 1.0, np.float32))

    def fit(self, batches):
        """Look at all data once; images need no look."""
        if self.images:
            return
        x = np.concatenate([batch.x for batch in batches]).astype(np.float64)
        self.shift.copy_(x.mean(0))
        self.scale.copy_(np.maximum(x.std(0), 1e-12).mean(keepdims=True))

    def forward(self, x):
        """Data x, an array or tensor (..., *shape), in the network's units, a tensor."""
        return ((x if isinstance(x, Tensor) else Tensor(x)) - self.shift) / self.scale

    def inverse(self, y):
        """An array (..., *shape) in the network's units as data; images are clipped to [0, 1]."""
        x = y * self.scale.numpy() + self.shift.numpy()
        return np.clip(x, 0, 1) if self.images else x

    @property
    def log_det(self):
        """log |det dy/dx| = −D log scale, in nats: what a density in the network's units owes to one of the data."""
        return -self.size * math.log(float(self.scale.numpy()[0]))
