"""MADE: an autoregressive model of pixels that sees all of its conditionals at once.

The idea. Any distribution of D pixels is a product of conditionals, P(x) = Π_d P(x_d | x_1 … x_{d−1}). One network can
give all of them in one pass if output d is cut off from inputs d, d + 1, …: each hidden unit gets a number m, may look
at inputs up to m only, and feeds only outputs beyond m. The weights that this forbids are masked.

So P(x) costs one evaluation, and is exact. A sample costs D of them, since each pixel needs those before it: that is
what flows by couplings, which invert in parallel, are compared with.

Reference: MADE: Masked Autoencoder for Distribution Estimation. Germain, Gregor, Murray, Larochelle, 2015,
https://arxiv.org/abs/1502.03509
"""

from itertools import pairwise

import numpy as np

from ...core import nn
from ...core.autograd import no_grad
from ...core.functional import cross_entropy, softmax
from ...core.tensor import tensor
from ...errors import ShapeError, UserError


class MaskedLinear(nn.Linear):
    """y = x (M ∘ W) + b: (..., in) to (..., out).

    Args:
        mask: M, bool (in, out): which input each output may see.
        rng: NumPy generator for the initial weights.
    """

    def __init__(self, mask, *, rng):
        super().__init__(*mask.shape, rng=rng)
        self.register_buffer("mask", mask.astype(np.float32), persistent=False)

    def forward(self, x):
        return self.transform(x, self.weight * self.mask)


class MADE(nn.Module):
    """Pixels x (N, D) on K levels k/(K − 1) to the logits (N, D, K) of each pixel given those before it.

    Args:
        size: D.
        levels: K; 2 for binary pixels.
        hidden: units of each hidden layer.
        rng: NumPy generator for the initial weights.
    Raises:
        UserError: fewer than one pixel, two levels or one hidden layer.
    """

    def __init__(self, size, levels=2, hidden=(500,), *, rng):
        if size < 1 or levels < 2 or not hidden or min(hidden) < 1:
            raise UserError(f"a MADE got size={size}, levels={levels}, hidden={hidden}; wanted at least 1, 2 and (1,)")
        self.size, self.levels = size, levels
        seen = [np.arange(1, size + 1), *(degrees(n, size) for n in hidden)]
        layers = []
        for before, after in pairwise(seen):
            layers += [MaskedLinear(before[:, None] <= after, rng=rng), nn.ReLU()]
        outputs = np.repeat(seen[0], levels)
        self.layers = nn.Sequential(*layers, MaskedLinear(seen[-1][:, None] < outputs, rng=rng))

    def forward(self, x):
        return self.layers(x).reshape((len(x), self.size, self.levels))

    def log_prob(self, x):
        """log P(x) = Σ_d log P(x_d | x_<d), exact, in nats: pixels x (N, D) on the levels to a tensor (N,).

        Raises:
            ShapeError: x is not (N, D).
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.size:
            raise ShapeError(f"a MADE of {self.size} pixels got x of shape {x.shape}; wanted (N, {self.size})")
        levels = np.rint(x * (self.levels - 1)).astype(np.int64)
        logits = self(tensor(x, dtype=self.layers[0].weight.dtype))
        return -cross_entropy(logits, levels, reduction="none").sum(-1)

    @no_grad()
    def sample(self, n, rng):
        """n new x, an array (n, D), pixel by pixel: D evaluations of the network.

        Args:
            n: how many.
            rng: a `Stream`; the same one draws the same samples.
        """
        dtype = self.layers[0].weight.dtype
        u = rng.child("pixels").uniform((n, self.size), np.float64)
        x = np.zeros((n, self.size), dtype)
        for d in range(self.size):
            p = softmax(self(tensor(x))[:, d], -1).numpy().astype(np.float64)  # (n, K)
            above = u[:, d, None] * p.sum(1, keepdims=True) >= p.cumsum(1)[:, :-1]
            x[:, d] = above.sum(1) / (self.levels - 1)
        return x


def degrees(units, size):
    """The last pixel that each hidden unit may look at, (units,): 1 … D − 1, as evenly as there are units."""
    return 1 + np.arange(units) * max(1, size - 1) // units
