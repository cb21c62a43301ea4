"""Convolutions, channels last: sequences (N, L, C), images (N, H, W, C)."""

import math

import numpy as np

from ...errors import UserError
from .. import functional as F
from ..ops.conv import pair
from ..parameter import Parameter
from . import init
from .linear import uniform_bias
from .module import Module


class _Convolution(Module):
    """What the three layers share: a weight (…kernel, in, out), a bias (out,), and a geometry."""

    def __init__(self, channels, kernel_size, shape, geometry, bias, rng, dtype, fan_mode="fan_in"):
        for name, least in (("stride", 1), ("padding", 0), ("dilation", 1), ("output_padding", 0)):
            pair(geometry.get(name, least), name, least)
        pair(kernel_size, "kernel_size", 1)
        self.in_channels, self.out_channels = channels
        self.kernel_size, self.geometry = kernel_size, geometry
        self.weight = Parameter(init.kaiming_uniform(shape, rng, a=math.sqrt(5), mode=fan_mode, dtype=dtype))
        fan = init.calculate_fan(shape)[fan_mode == "fan_out"]
        self.bias = Parameter(uniform_bias(self.out_channels, fan, rng, dtype)) if bias else None

    def forward(self, x):
        return self.transform(x, self.weight)

    def extra_repr(self):
        defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "output_padding": 0}
        unusual = (f", {name}={value}" for name, value in self.geometry.items() if value != defaults[name])
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}" + "".join(unusual)


class Conv2d(_Convolution):
    """y = x ∗ w + b on images: (N, H, W, in_channels) to (N, OH, OW, out_channels); see `functional.conv2d`.

    ``weight`` (KH, KW, in_channels/groups, out_channels) and ``bias`` (out_channels,) start uniform in ±1/√fan_in,
    fan_in = KH·KW·in_channels/groups. OH = ⌊(H + 2 p − d (KH − 1) − 1)/s⌋ + 1.

    Args:
        kernel_size, stride, padding, dilation: an int, or a pair (height, width).
        rng: a `numpy.random.Generator` for the initial weights.
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, *,
        rng, dtype=np.float32,
    ):  # fmt: skip
        channels = _divisible(self, in_channels, out_channels, groups)
        shape = (*pair(kernel_size, "kernel_size", 1), in_channels // groups, out_channels)
        geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        super().__init__(channels, kernel_size, shape, geometry, bias, rng, dtype)

    def transform(self, x, weight):
        """The layer with ``weight`` in the place of its own; `SpectralNorm` calls it."""
        return F.conv2d(x, weight, self.bias, **self.geometry)


class Conv1d(_Convolution):
    """y = x ∗ w + b on sequences: (N, L, in_channels) to (N, OL, out_channels); `Conv2d` with one axis.

    ``weight`` (K, in_channels/groups, out_channels), ``bias`` (out_channels,).
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, *,
        rng, dtype=np.float32,
    ):  # fmt: skip
        channels = _divisible(self, in_channels, out_channels, groups)
        shape = (kernel_size, in_channels // groups, out_channels)
        geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        super().__init__(channels, kernel_size, shape, geometry, bias, rng, dtype)

    def transform(self, x, weight):
        """The layer with ``weight`` in the place of its own; `SpectralNorm` calls it."""
        return F.conv1d(x, weight, self.bias, **self.geometry)


class ConvTranspose2d(_Convolution):
    """The adjoint of Conv2d, for upsampling: (N, H, W, in_channels) to (N, OH, OW, out_channels).

    ``weight`` (KH, KW, in_channels, out_channels/groups), ``bias`` (out_channels,).
    OH = (H − 1) s − 2 p + d (KH − 1) + output_padding + 1; see `functional.conv_transpose2d`.
    The initial bound is 1/√(KH·KW·out_channels/groups): torch counts the fan so, and twins start alike.

    Args:
        kernel_size, stride, padding, output_padding, dilation: an int, or a pair (height, width).
        rng: a `numpy.random.Generator` for the initial weights.
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True,
        dilation=1, *, rng, dtype=np.float32,
    ):  # fmt: skip
        channels = _divisible(self, in_channels, out_channels, groups)
        shape = (*pair(kernel_size, "kernel_size", 1), in_channels, out_channels // groups)
        geometry = {"stride": stride, "padding": padding, "output_padding": output_padding}
        geometry |= {"groups": groups, "dilation": dilation}
        super().__init__(channels, kernel_size, shape, geometry, bias, rng, dtype, fan_mode="fan_out")

    def transform(self, x, weight):
        """The layer with ``weight`` in the place of its own; `SpectralNorm` calls it."""
        return F.conv_transpose2d(x, weight, self.bias, **self.geometry)


def _divisible(layer, in_channels, out_channels, groups):
    """Both numbers of channels, if ``groups`` divides them."""
    if groups < 1 or in_channels % groups or out_channels % groups:
        raise UserError(
            f"{type(layer).__name__} got {in_channels} and {out_channels} channels and groups={groups}; both must be"
            " divisible by groups"
        )
    return in_channels, out_channels
