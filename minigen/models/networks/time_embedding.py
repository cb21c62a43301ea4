"""How a network is told the time: sines and cosines of many frequencies, then two linear layers.

    e_i = sin(ω_i t), e_{F/2 + i} = cos(ω_i t),   ω_i = 10,000^(−i/(F/2)),   i = 0 … F/2 − 1

The fastest wave tells neighbouring times apart, the slowest turns once in some 60,000. Times are counted in steps, from
0 to about 1,000: a model whose time runs from 0 to 1 multiplies it first.
"""

import math

import numpy as np

from ...core import functional as F
from ...core import nn
from ...core.tensor import Tensor
from ...errors import UserError


def sinusoidal(t, features):
    """The sines and cosines of times t (N,): a float64 array (N, features); the equation stands above.

    Raises:
        UserError: ``features`` is odd or below 2.
    Source: Attention Is All You Need. Vaswani et al., 2017, https://arxiv.org/abs/1706.03762 (section 3.5)
    """
    if features < 2 or features % 2:
        raise UserError(f"a time embedding got {features} features; sines and cosines come in pairs: make it even")
    half = features // 2
    frequencies = np.exp(-math.log(10_000) * np.arange(half) / half)
    angles = np.asarray(t, np.float64)[:, None] * frequencies  # (N, F/2); float32 would lose digits of fast waves
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


class TimeEmbedding(nn.Module):
    """Times t (N,), or their `waves`, to features (N, width): sines and cosines, Linear, SiLU, Linear.

    No gradient flows to t.

    Args:
        features: F, the number of sines and cosines, even.
        width: of both linear layers.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, features, width, *, rng):
        self.features = features
        sinusoidal(np.zeros(1), features)
        self.hidden = nn.Linear(features, width, rng=rng)
        self.out = nn.Linear(width, width, rng=rng)

    def forward(self, t):
        known = isinstance(t, Tensor) and t.ndim == 2
        return self.out(F.silu(self.hidden(t if known else self.waves(t))))

    def waves(self, t):
        """The sines and cosines of times t (N,), a tensor (N, features): all that depends on no weight."""
        t = t.numpy() if isinstance(t, Tensor) else t
        return Tensor(sinusoidal(t, self.features).astype(self.hidden.weight.dtype))

    def extra_repr(self):
        return f"{self.features}"
