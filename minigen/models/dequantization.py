"""Dequantisation: from integers to real numbers, so that a density can speak of probabilities of pixels.

A pixel of level k among L becomes v = (k + u)/L with u in [0, 1): the unit interval is L cells of width 1/L. A density
p of v gives the integer image x the probability of its cell, P(x) = ∫ p((x + u)/L) du / L^D, and for any q(u | x)

    log P(x) ≥ E_q[log p(v) − log q(u | x)] − D log L.

Uniform u is one choice of q, for which log q = 0; a q that is learned ("variational") is close to what p is inside
the cell, so the bound is tighter, and p need not be flat within cells.

Sources:
    A Note on the Evaluation of Generative Models. Theis, van den Oord, Bethge, 2015, https://arxiv.org/abs/1511.01844
    Flow++. Ho, Chen, Srinivas, Duan, Abbeel, 2019, https://arxiv.org/abs/1902.00275 (variational)
"""

import math

import numpy as np

from ..core import nn
from ..probability import bijectors as b
from ..probability import standard_normal_log_prob
from .networks.conditioner import GatedConvConditioner


def dequantize(x, u, levels):
    """v = (k + u)/L within [0, 1) for images x = k/(L − 1) and u of one shape (...); arrays or tensors."""
    return (x * (levels - 1) + u) / levels


def quantize(v, levels):
    """The images k/(L − 1) of the cells that v (...) lies in, an array; the inverse of `dequantize` for any u."""
    return np.clip(np.floor(v * levels), 0, levels - 1) / (levels - 1)


class UniformDequantizer(nn.Module):
    """u ~ U[0, 1).

    Args:
        spec: `DataSpec` of the images.
    """

    def __init__(self, spec):
        self.levels = spec.levels
        self.constant = spec.size * math.log(spec.levels)

    def on_levels(self, x):
        """Images x (N, H, W, C), an array, each value moved to the nearest grey level."""
        return np.rint(x * (self.levels - 1)) / x.dtype.type(self.levels - 1)

    def forward(self, x, rng):
        """v (N, H, W, C) of images x on their levels, a tensor, and −log q(u | x) − D log L (N,)."""
        u, cost = self.draw(x, rng)
        return dequantize(x, u, self.levels), cost - self.constant

    def draw(self, x, rng):
        """u given images x, and −log q(u | x) (N,)."""
        return x.wrap(rng.child("dequantize").uniform(x.shape, x.dtype)), b.base.same_for_all(0.0, x)


class VariationalDequantizer(UniformDequantizer):
    """u = σ(g(ε; x)), ε ~ N(0, 1), g affine couplings on the squeezed image given features of x.

    Args:
        spec: `DataSpec` of images with even sides.
        channels, blocks: of the couplings' gated convolutions.
        rng: NumPy generator for the initial weights.
    """

    couplings = 4

    def __init__(self, spec, channels, blocks, *, rng):
        super().__init__(spec)
        b.squeeze.even_sides(spec.shape, "variational dequantisation")
        features = 4 * spec.shape[2]
        self.features = nn.Sequential(
            nn.Conv2d(features, channels, 3, padding=1, rng=rng), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, rng=rng),
        )  # fmt: skip
        halves, layers = b.Halves(features), [b.Squeeze()]
        for i in range(self.couplings):
            mask = b.Swapped(halves) if i % 2 else halves
            sizes = mask.kept, channels, 2 * mask.changed
            conditioner = GatedConvConditioner(sizes, blocks, channels, rng=rng)
            layers.append(b.AffineCoupling(mask, conditioner, limit=2.0))
        self.noise = b.Chain(*layers, b.Inverse(b.Squeeze()), b.Inverse(b.Logit(0.0)))

    def draw(self, x, rng):
        """As above; gradients reach q."""
        epsilon = x.wrap(rng.child("dequantize").normal(x.shape, x.dtype))
        context = self.features(b.squeeze.space_to_depth(x * 2.0 - 1.0))  # (N, H/2, W/2, channels)
        u, log_det = self.noise(epsilon, context)
        return u, log_det - standard_normal_log_prob(epsilon, event_dims=epsilon.ndim - 1)
