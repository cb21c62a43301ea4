"""The U-Net of diffusion models: it looks at a noisy image on several scales and answers with an image.

On the way down, residual blocks are followed by a halving, level by level; on the way up, by a doubling. Each block of
the way up also sees one map of the way down, of the same size, joined to its input by channels: what the small maps
cannot hold passes beside them. Where maps are small, each pixel also looks at all others (self-attention).

    x (N, H, W, C) ─ enter ─ blocks ─┬──────────────────────── join ─ blocks ─ leave ─ (N, H, W, out)
                                     ÷2 ─ blocks ─┬── join ─ blocks ─ ×2
                                                  ÷2 ─ middle ─ ×2

The time t (N,), and a label where there are classes, become one vector that each residual block adds to its map.

References:
    U-Net: Convolutional Networks for Biomedical Image Segmentation. Ronneberger, Fischer, Brox, 2015,
    https://arxiv.org/abs/1505.04597
    Denoising Diffusion Probabilistic Models. Ho, Jain, Abbeel, 2020, https://arxiv.org/abs/2006.11239 (appendix B)
"""

import numpy as np

from ...core import functional as F
from ...core import nn
from ...errors import UserError
from .time_embedding import TimeEmbedding


class UNet(nn.Module):
    """Noisy images x (N, H, W, C), times t (N,) and labels (N,) to (N, H, W, out_channels); 0 before training.

    Args:
        shape: (H, W, C); H and W divisible by 2 for each multiplier but the first.
        base: channels of the first level.
        multipliers: channels of each level, as multiples of ``base``.
        blocks: residual blocks of a level on the way down; one more on the way up.
        attention_below: blocks attend to all pixels where the map's height is at most this.
        time_features: sines and cosines of the time; None: ``base``. Times are counted in steps; see `TimeEmbedding`.
        classes: K, the number of labels; None without. Label K means "not told" (for classifier-free guidance).
        out_channels: None: C.
        rng: NumPy generator for the initial weights.
    Raises:
        UserError: the data are no images, or their sides cannot be halved so often.
    """

    def __init__(
        self, shape, base=32, multipliers=(1, 2, 2), blocks=2, attention_below=8, time_features=None, classes=None,
        out_channels=None, *, rng,
    ):  # fmt: skip
        check_halving(shape, len(multipliers) - 1)
        height, _, channels = shape
        width = 4 * base  # of the vector that tells time and label
        self.classes = classes
        self.time = TimeEmbedding(time_features or base, width, rng=rng)
        self.label = nn.Embedding(classes + 1, width, rng=rng) if classes else None
        self.enter = nn.Conv2d(channels, base, 3, padding=1, rng=rng)

        skips, n, last = [base], base, len(multipliers) - 1
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, multiplier in enumerate(multipliers):
            attend = height >> level <= attention_below
            stage = Descent(n, base * multiplier, width, blocks, attend, level < last, rng=rng)
            self.down.append(stage)
            n, skips = base * multiplier, skips + stage.maps
        self.before, self.attend, self.after = (
            ResidualBlock(n, n, width, rng=rng), SelfAttention(n, rng=rng), ResidualBlock(n, n, width, rng=rng),
        )  # fmt: skip
        for level, multiplier in reversed(list(enumerate(multipliers))):
            attend = height >> level <= attention_below
            joined = [skips.pop() for _ in range(blocks + 1)]
            self.up.append(Ascent(n, base * multiplier, joined, width, attend, level > 0, rng=rng))
            n = base * multiplier
        self.leave = nn.Sequential(
            activated(n), nn.Identity(), zeroed(nn.Conv2d(n, out_channels or channels, 3, padding=1, rng=rng))
        )  # the SiLU that stood second is in the first now; checkpoints know the convolution as the third

    def forward(self, x, t, labels=None):
        told = F.silu(self.tell(t, labels))  # (N, width)
        x = self.enter(x)  # (N, H, W, base)
        skips = [x]
        for stage in self.down:
            maps = stage(x, told)
            x, skips = maps[-1], skips + maps
        x = self.after(self.attend(self.before(x, told)), told)
        for stage in self.up:
            x = stage(x, told, skips)
        return self.leave(x)

    def tell(self, t, labels=None):
        """Time and label as one vector, (N, width); None stands for the label "not told"."""
        told = self.time(t)
        if self.label is None:
            if labels is not None:
                raise UserError("this U-Net was made without classes, so it takes no labels: UNet(…, classes=K)")
            return told
        return told + self.label(np.full(told.shape[0], self.classes) if labels is None else labels)


class Descent(nn.Module):
    """One level of the way down: (N, H, W, n_in) to a list of its maps, the last (N, H/2, W/2, n_out) if it halves."""

    def __init__(self, n_in, n_out, width, blocks, attend, halve, *, rng):
        self.blocks = nn.ModuleList(
            Block(n_out if i else n_in, n_out, width, attend, rng=rng) for i in range(blocks)
        )  # fmt: skip
        self.downsample = nn.Conv2d(n_out, n_out, 3, stride=2, padding=1, rng=rng) if halve else None
        self.maps = [n_out] * (blocks + halve)

    def forward(self, x, told):
        maps = []
        for block in self.blocks:
            x = block(x, told)
            maps.append(x)
        return maps if self.downsample is None else [*maps, self.downsample(x)]


class Ascent(nn.Module):
    """One level of the way up: (N, H, W, n_in) to (N, H, W, n_out), or (N, 2 H, 2 W, n_out) if it doubles.

    It takes a map for each block from the end of ``skips``; ``joined`` are their channels.
    """

    def __init__(self, n_in, n_out, joined, width, attend, double, *, rng):
        self.blocks = nn.ModuleList(
            Block((n_out if i else n_in) + skip, n_out, width, attend, rng=rng) for i, skip in enumerate(joined)
        )
        self.upsample = nn.Conv2d(n_out, n_out, 3, padding=1, rng=rng) if double else None

    def forward(self, x, told, skips):
        for block in self.blocks:
            x = block(F.cat([x, skips.pop()], -1), told)
        return x if self.upsample is None else self.upsample(F.interpolate(x, scale_factor=2))


class Block(nn.Module):
    """A residual block, then self-attention where ``attend``: (N, H, W, n_in) to (N, H, W, n_out)."""

    def __init__(self, n_in, n_out, width, attend, *, rng):
        self.residual = ResidualBlock(n_in, n_out, width, rng=rng)
        self.attention = SelfAttention(n_out, rng=rng) if attend else nn.Identity()

    def forward(self, x, told):
        return self.attention(self.residual(x, told))


class ResidualBlock(nn.Module):
    """y = x + conv(silu(norm(conv(silu(norm(x))) + linear(told)))); x through a 1×1 convolution if channels change.

    x (N, H, W, n_in), told (N, width) to (N, H, W, n_out). The last convolution starts at 0, the block as y = x.
    """

    def __init__(self, n_in, n_out, width, *, rng):
        self.norm1 = activated(n_in)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1, rng=rng)
        self.told = nn.Linear(width, n_out, rng=rng)
        self.norm2 = activated(n_out)
        self.conv2 = zeroed(nn.Conv2d(n_out, n_out, 3, padding=1, rng=rng))
        self.skip = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1, rng=rng)

    def forward(self, x, told):
        n, n_out = told.shape[0], self.conv1.out_channels
        h = self.conv1(self.norm1(x)) + self.told(told).reshape(n, 1, 1, n_out)
        return self.skip(x) + self.conv2(self.norm2(h))


class SelfAttention(nn.Module):
    """y = x + attention(norm(x)), one head, over all pixels: (N, H, W, C) to the same; it starts as y = x."""

    def __init__(self, channels, *, rng):
        self.norm = normalisation(channels)
        self.attention = nn.MultiheadAttention(channels, 1, rng=rng)
        zeroed(self.attention.output)

    def forward(self, x):
        n, h, w, c = x.shape
        y = self.attention(self.norm(x).reshape(n, h * w, c))  # (N, H·W, C)
        return x + y.reshape(n, h, w, c)


def normalisation(channels):
    """GroupNorm of 8 groups, or fewer, so that each has 4 channels: one channel's would remove what time adds to it."""
    return nn.GroupNorm(_groups(channels), channels)


def activated(channels):
    """The same with a SiLU behind it."""
    return nn.GroupNormSiLU(_groups(channels), channels)


def _groups(channels):
    return next(g for g in (8, 4, 2, 1) if g == 1 or (channels % g == 0 and channels >= 4 * g))


def zeroed(layer):
    """The layer with weight and bias 0."""
    for parameter in layer.parameters():
        parameter.zero_()
    return layer


def check_halving(shape, times):
    """Raise UserError unless ``shape`` is (H, W, C) and both sides can be halved ``times`` times."""
    if len(shape) != 3:
        raise UserError(f"the U-Net needs images (H, W, C); the data have shape {tuple(shape)}: use --network mlp")
    height, width = shape[:2]
    if times < 0 or height % 2**times or width % 2**times:
        raise UserError(
            f"a U-Net of {times + 1} levels halves images {times} times, and {height}×{width} cannot be halved so"
            f" often: use fewer multipliers, or images whose sides are multiples of {2 ** max(times, 0)}"
        )
