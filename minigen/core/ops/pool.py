"""Pooling of images (N, H, W, C)."""

import math

import numpy as np

from ...errors import ShapeError
from ..autograd import Op
from .arguments import pair
from .shape import pad


class MaxPool2d(Op):
    """y = the largest pixel of each window, and where it was;  adjoint: g at that pixel (`PoolScatter`)."""

    def forward(self, x):
        y, self.indices = self.kernels.max_pool2d(
            x, self.kernel_size, self.stride, self.padding, self.dilation, self.excess
        )
        if self.indices.min(initial=0) < 0:
            raise ShapeError(f"max_pool2d of {x.shape}: a window of kernel {self.kernel_size} sees padding alone")
        return y, self.indices

    def backward(self, g, _):
        return PoolScatter.apply(g, indices=self.indices, input_size=self.shapes[0][1:3])


class PoolScatter(Op):
    """Zeros of (N, *input_size, C) with g added at the pixels ``indices``;  adjoint: `PoolGather`."""

    def forward(self, g):
        return self.kernels.pool_scatter(g, self.indices, self.input_size)

    def backward(self, h):
        return PoolGather.apply(h, indices=self.indices)


class PoolGather(Op):
    """The pixels ``indices`` of x;  adjoint: `PoolScatter`."""

    def forward(self, x):
        return self.kernels.pool_gather(x, self.indices)

    def backward(self, g):
        return PoolScatter.apply(g, indices=self.indices, input_size=self.shapes[0][1:3])


class AvgPool2d(Op):
    """y = the mean of each window;  adjoint: `AvgPool2dAdjoint`."""

    def forward(self, x):
        return self.kernels.avg_pool2d(x, self.kernel_size, self.stride, self.padding)

    def backward(self, g):
        return AvgPool2dAdjoint.apply(
            g, input_size=self.shapes[0][1:3], kernel_size=self.kernel_size, stride=self.stride, padding=self.padding
        )


class AvgPool2dAdjoint(Op):
    """Each value of g spread evenly over its window;  adjoint: `AvgPool2d`."""

    def forward(self, g):
        return self.kernels.avg_pool2d_adjoint(g, self.input_size, self.kernel_size, self.stride, self.padding)

    def backward(self, h):
        return AvgPool2d.apply(h, kernel_size=self.kernel_size, stride=self.stride, padding=self.padding)


def _windows(x, kernel_size, stride, padding, dilation, ceil_mode, name):
    """The windows' geometry in pairs, and by how many rows and columns the last ones reach beyond the padded image.

    They do where ``ceil_mode`` rounds up; one that would start beyond the image and its padding before it is left out.
    """
    if x.ndim != 4:
        raise ShapeError(f"{name} got a tensor of shape {tuple(x.shape)}; it needs images (N, H, W, C)")
    kernel, padding = pair(kernel_size, "kernel_size", 1), pair(padding, "padding", 0)
    stride = kernel if stride is None else pair(stride, "stride", 1)
    excess = []
    for n, k, s, p, d in zip(x.shape[1:3], kernel, stride, padding, dilation, strict=True):
        if 2 * p > k:
            raise ShapeError(
                f"{name}'s padding {padding} is more than half the kernel {kernel}: a window would see no pixel"
            )
        room = n + 2 * p - d * (k - 1) - 1  # for the window to move in
        if room + (s - 1 if ceil_mode else 0) < 0:
            raise ShapeError(f"{name}'s kernel {kernel} is larger than the padded image {tuple(x.shape)}")
        steps = -(-room // s) if ceil_mode else room // s
        steps -= steps * s >= n + p
        excess.append(max(steps * s - room, 0))
    return {"kernel_size": kernel, "stride": stride, "padding": padding}, tuple(excess)


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest pixel of each window: (N, H, W, C) to (N, OH, OW, C), OH = ⌊(H + 2 p − d (k − 1) − 1) / s⌋ + 1.

    Args:
        stride: None for the kernel's size.
        padding: counts as −∞; NaN wins.
        ceil_mode: round OH up: the last windows then reach beyond the image.
        return_indices: also where each was, h·W + w: integers (N, OH, OW, C).
    """
    dilation = pair(dilation, "dilation", 1)
    windows, excess = _windows(x, kernel_size, stride, padding, dilation, ceil_mode, "max_pool2d")
    y, indices = MaxPool2d.apply(x, **windows, dilation=dilation, excess=excess)
    return (y, indices) if return_indices else y


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    """The mean of each window: (N, H, W, C) to (N, OH, OW, C), OH = ⌊(H + 2 p − k) / s⌋ + 1.

    Args:
        stride: None for the kernel's size.
        ceil_mode: round OH up: the last windows reach beyond the image, where nothing is and nothing counts.
        count_include_pad: whether the zeros of the padding count as pixels.
        divisor_override: a number to divide each window's sum by, whatever it holds.
    """
    windows, (rows, columns) = _windows(x, kernel_size, stride, padding, (1, 1), ceil_mode, "avg_pool2d")
    if divisor_override == 0:
        raise ShapeError("avg_pool2d got divisor_override=0; a sum cannot be divided by it")
    counts = [
        _pixels(*args, count_include_pad) for args in zip(x.shape[1:3], (rows, columns), *windows.values(), strict=True)
    ]
    y = AvgPool2d.apply(pad(x, (0, 0, 0, columns, 0, rows)) if rows or columns else x, **windows)
    full = math.prod(windows["kernel_size"])
    if divisor_override is not None:
        return y * (full / divisor_override)
    share = np.outer(*counts)[..., None]  # (OH, OW, 1)
    return y if (share == full).all() else y * x.constant((full / share).astype(x.dtype))


def _pixels(n, excess, kernel, stride, padding, count_include_pad):
    """How many of n pixels (and of their padding) each window along an axis holds."""
    starts = np.arange(-padding, n + excess + padding - kernel + 1, stride)
    first, last = (-padding, n + padding) if count_include_pad else (0, n)
    return np.minimum(starts + kernel, last) - np.maximum(starts, first)
