"""The U-Net of ``ddpm`` and ``ddpm-sample`` in PyTorch; parts are named as in `minigen.models.networks.UNet`."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class UNet(nn.Module):
    """x (N, 1, 32, 32), t (N,) to (N, 1, 32, 32)."""

    def __init__(self, channels=1, base=32, multipliers=(1, 2, 2), blocks=2, sizes=(32, 16, 8)):
        super().__init__()
        width, last = 4 * base, len(multipliers) - 1
        self.time = TimeEmbedding(base, width)
        self.enter = nn.Conv2d(channels, base, 3, padding=1)
        self.down, self.up, skips, n = nn.ModuleList(), nn.ModuleList(), [base], base
        for level, multiplier in enumerate(multipliers):
            joined = [n if i == 0 else base * multiplier for i in range(blocks)]
            n = base * multiplier
            self.down.append(Stage(joined, n, width, sizes[level] <= 8, halve=level < last))
            skips += [n] * (blocks + (level < last))
        self.before, self.attend, self.after = Residual(n, n, width), Attention(n), Residual(n, n, width)
        for level, multiplier in reversed(list(enumerate(multipliers))):
            joined = [(base * multiplier if i else n) + skips.pop() for i in range(blocks + 1)]
            n = base * multiplier
            self.up.append(Stage(joined, n, width, sizes[level] <= 8, double=level > 0))
        self.leave = nn.Sequential(nn.GroupNorm(8, n), nn.SiLU(), nn.Conv2d(n, channels, 3, padding=1))

    def forward(self, x, t):
        told = F.silu(self.time(t))
        x = self.enter(x)
        skips = [x]
        for stage in self.down:
            for block in stage.blocks:
                x = block(x, told)
                skips.append(x)
            if stage.downsample is not None:
                x = stage.downsample(x)
                skips.append(x)
        x = self.after(self.attend(self.before(x, told)), told)
        for stage in self.up:
            for block in stage.blocks:
                x = block(torch.cat([x, skips.pop()], 1), told)
            if stage.upsample is not None:
                x = stage.upsample(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.leave(x)


class TimeEmbedding(nn.Module):
    """Sines and cosines, in float64 as minigen's, then two linear layers."""

    def __init__(self, features, width):
        super().__init__()
        half = features // 2
        frequencies = torch.exp(-math.log(10_000) * torch.arange(half, dtype=torch.float64) / half)
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.hidden, self.out = nn.Linear(features, width), nn.Linear(width, width)

    def forward(self, t):
        angles = t.double()[:, None] * self.frequencies
        waves = torch.cat([angles.sin(), angles.cos()], 1).to(self.hidden.weight.dtype)
        return self.out(F.silu(self.hidden(waves)))


class Stage(nn.Module):
    """The parts of one level, on the way down or up."""

    def __init__(self, n_ins, n, width, attend, halve=False, double=False):
        super().__init__()
        self.blocks = nn.ModuleList(Block(n_in, n, width, attend) for n_in in n_ins)
        self.downsample = nn.Conv2d(n, n, 3, stride=2, padding=1) if halve else None
        self.upsample = nn.Conv2d(n, n, 3, padding=1) if double else None


class Block(nn.Module):
    """A residual block, then attention where the map is small."""

    def __init__(self, n_in, n_out, width, attend):
        super().__init__()
        self.residual = Residual(n_in, n_out, width)
        self.attention = Attention(n_out) if attend else nn.Identity()

    def forward(self, x, told):
        return self.attention(self.residual(x, told))


class Residual(nn.Module):
    """Two convolutions, each after GroupNorm and SiLU; the time is added between them."""

    def __init__(self, n_in, n_out, width):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, n_in), nn.Conv2d(n_in, n_out, 3, padding=1)
        self.told = nn.Linear(width, n_out)
        self.norm2, self.conv2 = nn.GroupNorm(8, n_out), nn.Conv2d(n_out, n_out, 3, padding=1)
        self.skip = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)

    def forward(self, x, told):
        h = self.conv1(F.silu(self.norm1(x))) + self.told(told)[:, :, None, None]
        return self.skip(x) + self.conv2(F.silu(self.norm2(h)))


class Attention(nn.Module):
    """One head over all pixels."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.attention = nn.ModuleDict({k: nn.Linear(channels, channels) for k in ("query", "key", "value", "output")})

    def forward(self, x):
        pixels = self.norm(x).flatten(2).transpose(1, 2)  # (N, H·W, C)
        q, k, v = (self.attention[name](pixels)[:, None] for name in ("query", "key", "value"))  # (N, 1, H·W, C)
        y = self.attention["output"](F.scaled_dot_product_attention(q, k, v)[:, 0])
        return x + y.transpose(1, 2).reshape(x.shape)
