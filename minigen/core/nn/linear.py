"""Linear."""

import math

import numpy as np

from .. import functional as F
from ..parameter import Parameter
from . import init
from .module import Module


class Linear(Module):
    """y = x W + b: (..., in_features) to (..., out_features).

    ``weight`` (in_features, out_features) and ``bias`` (out_features,) start uniform in ±1/√in_features.

    Args:
        bias: False for none.
        rng: a `numpy.random.Generator` for the initial weights.
    """

    def __init__(self, in_features, out_features, bias=True, *, rng, dtype=np.float32):
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(init.kaiming_uniform((in_features, out_features), rng, a=math.sqrt(5), dtype=dtype))
        self.bias = Parameter(uniform_bias(out_features, in_features, rng, dtype)) if bias else None

    def forward(self, x, op=F.linear):
        """``op`` may bring an activation along: `functional.linear_relu`, `functional.linear_tanh`."""
        return op(x, self.weight, self.bias)

    def transform(self, x, weight):
        """The layer with ``weight`` in the place of its own; `SpectralNorm` calls it."""
        return F.linear(x, weight, self.bias)

    def extra_repr(self):
        return f"{self.in_features}, {self.out_features}"


def uniform_bias(features, fan, rng, dtype):
    """The initial bias of linear and convolutional layers: U(−1/√fan, 1/√fan), (features,)."""
    bound = 1 / math.sqrt(max(fan, 1))
    return init.uniform(features, rng, -bound, bound, dtype)
