"""The denoiser of points: a residual perceptron that is told the time, and a label where there is one."""

import numpy as np

from ...core import functional as F
from ...core import nn
from ...errors import UserError
from .time_embedding import TimeEmbedding


class PointDenoiser(nn.Module):
    """Noisy points x (N, D), times t (N,) and labels (N,) to (N, D); 0 before training.

    h = W [x, sin ω_k x, cos ω_k x], ω_k = 1, 2, 4, …, then for each block h ← h + W₂ silu(W₁ silu(h) + V told).
    The waves let it see edges that a perceptron of x alone takes long to learn.

    Args:
        size: D.
        width: features of h.
        blocks: their number.
        waves: the number of frequencies ω_k for each coordinate.
        classes: K, the number of labels; None without. Label K means "not told", as in `UNet`.
        rng: NumPy generator for the initial weights.
    Source: a block is that of Denoising Diffusion Probabilistic Models. Ho, Jain, Abbeel, 2020, appendix B,
    https://arxiv.org/abs/2006.11239, without convolutions and norms; the waves: Fourier Features Let Networks Learn
    High Frequency Functions in Low Dimensional Domains. Tancik et al., 2020, https://arxiv.org/abs/2006.10739
    """

    def __init__(self, size, width=128, blocks=3, waves=4, classes=None, *, rng):
        self.size, self.waves, self.classes = size, waves, classes
        self.time = TimeEmbedding(64, width, rng=rng)
        self.label = nn.Embedding(classes + 1, width, rng=rng) if classes else None
        self.enter = nn.Linear(size * (1 + 2 * waves), width, rng=rng)
        self.blocks = nn.ModuleList(PointBlock(width, rng=rng) for _ in range(blocks))
        self.leave = nn.Linear(width, size, rng=rng)
        for parameter in self.leave.parameters():
            parameter.zero_()

    def forward(self, x, t, labels=None):
        told = F.silu(self.tell(t, labels))  # (N, width), or (1, width) where all share one time
        h = self.enter(self._with_waves(x))
        for block in self.blocks:
            h = block(h, told)
        return self.leave(F.silu(h))

    def _with_waves(self, x):
        """x (N, D) and its sines and cosines side by side, (N, D (1 + 2 waves))."""
        if not self.waves:
            return x
        angles = F.cat([x * float(2**k) for k in range(self.waves)], -1)
        return F.cat([x, F.sin(angles), F.cos(angles)], -1)

    def tell(self, t, labels=None):
        """Time and label as one vector, (N, width); None stands for the label "not told"."""
        told = self.time(t)
        if self.label is None:
            if labels is not None:
                raise UserError("this denoiser was made without classes, so it takes no labels: classes=K")
            return told
        return told + self.label(np.full(told.shape[0], self.classes) if labels is None else labels)


class PointBlock(nn.Module):
    """y = h + W₂ silu(W₁ silu(h) + V told): h (N, width), told (N, width) to (N, width)."""

    def __init__(self, width, *, rng):
        self.first = nn.Linear(width, width, rng=rng)
        self.told = nn.Linear(width, width, bias=False, rng=rng)
        self.second = nn.Linear(width, width, rng=rng)

    def forward(self, h, told):
        return h + self.second(F.silu(self.first(F.silu(h)) + self.told(told)))
