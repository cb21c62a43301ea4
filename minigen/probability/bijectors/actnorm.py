"""ActNorm: a learned shift and scale of each channel."""

import numpy as np

from ...core.functional import exp
from ...core.parameter import Parameter
from .base import Bijector, places, same_for_all


class ActNorm(Bijector):
    """y = (x + b) e^s for each channel, the last axis; log_det = M Σ s, M the places of a datum.

    `fit` chooses b and s so that the channels of the data it sees have mean 0 and variance 1. It is called once, before
    the first step; b and s are parameters and saved as such, so a loaded model is never fitted again.

    Args:
        features: C, the number of channels.
    Source: Glow: Generative Flow with Invertible 1×1 Convolutions. Kingma, Dhariwal, 2018,
    https://arxiv.org/abs/1807.03039
    """

    def __init__(self, features):
        self.shift = Parameter(np.zeros(features, np.float32))
        self.log_scale = Parameter(np.zeros(features, np.float32))

    def forward(self, x, context=None):
        return (x + self.shift) * exp(self.log_scale), self._log_det(x)

    def inverse(self, y, context=None):
        return y * exp(-self.log_scale) - self.shift, -self._log_det(y)

    def fit(self, x, context=None):
        rows = x.numpy().reshape(-1, x.shape[-1]).astype(np.float64)
        self.shift.copy_(-rows.mean(0))
        self.log_scale.copy_(-np.log(np.maximum(rows.std(0), 1e-6)))

    def _log_det(self, x):
        return same_for_all(self.log_scale.sum() * places(x), x)
