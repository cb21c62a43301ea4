"""Pooling and interpolation of images (N, H, W, C)."""

import numpy as np

from ...errors import ShapeError
from ..autograd import Op
from .arguments import pair
from .shape import reshape


class MaxPool2d(Op):
    """y = the largest pixel of each window;  adjoint: g at that pixel (`PoolScatter`)."""

    def forward(self, x):
        y, self.indices = self.kernels.max_pool2d(x, self.kernel_size, self.stride, self.padding)
        return y

    def backward(self, g):
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


def _windows(x, kernel_size, stride, padding, name):
    if x.ndim != 4:
        raise ShapeError(f"{name} got a tensor of shape {tuple(x.shape)}; it needs images (N, H, W, C)")
    kernel = pair(kernel_size, "kernel_size", 1)
    padding = pair(padding, "padding", 0)
    for axis in (0, 1):
        if 2 * padding[axis] > kernel[axis]:
            raise ShapeError(
                f"{name}'s padding {padding} is more than half the kernel {kernel}: a window would see no pixel"
            )
        if x.shape[1 + axis] + 2 * padding[axis] < kernel[axis]:
            raise ShapeError(f"{name}'s kernel {kernel} is larger than the padded image {tuple(x.shape)}")
    stride = kernel if stride is None else pair(stride, "stride", 1)
    return {"kernel_size": kernel, "stride": stride, "padding": padding}


def max_pool2d(x, kernel_size, stride=None, padding=0):
    """The largest pixel of each window: (N, H, W, C) to (N, OH, OW, C), OH = ⌊(H + 2 p − k) / s⌋ + 1.

    ``stride`` None: the kernel's size. Padding counts as −∞; NaN wins.
    """
    return MaxPool2d.apply(x, **_windows(x, kernel_size, stride, padding, "max_pool2d"))


def avg_pool2d(x, kernel_size, stride=None, padding=0):
    """The mean of each window: (N, H, W, C) to (N, OH, OW, C), OH = ⌊(H + 2 p − k) / s⌋ + 1; padded zeros count."""
    return AvgPool2d.apply(x, **_windows(x, kernel_size, stride, padding, "avg_pool2d"))


def interpolate(x, size=None, scale_factor=None, mode="nearest"):
    """Resize images: (N, H, W, C) to (N, OH, OW, C).

    With the step s = H/OH (or 1/factor where a factor is given), output pixel i takes the input pixel ⌊i s⌋
    ("nearest"), or looks at the position (i + ½) s − ½, edges repeated ("bilinear"); torch's ``align_corners=False``.

    Args:
        size: (OH, OW) or an int for both; or else
        scale_factor: OH = ⌊H · factor⌋; a number or a pair.
        mode: "nearest" or "bilinear".
    """
    if x.ndim != 4 or 0 in x.shape[1:3]:
        raise ShapeError(
            f"interpolate got a tensor of shape {tuple(x.shape)}; it needs images (N, H, W, C) with pixels"
        )
    if mode not in ("nearest", "bilinear"):
        raise ShapeError(f"interpolate's mode is {mode!r}; it must be 'nearest' or 'bilinear'")
    if (size is None) == (scale_factor is None):
        raise ShapeError("interpolate needs either size or scale_factor")
    n, h, w, c = x.shape
    if size is None:
        factors = (scale_factor,) * 2 if np.ndim(scale_factor) == 0 else tuple(scale_factor)
        (oh, ow), steps = (int(h * factors[0]), int(w * factors[1])), ((1, factors[0]), (1, factors[1]))
    else:
        (oh, ow) = pair(size, "size", 1)
        steps = (h, oh), (w, ow)
    if min(oh, ow) < 1:
        raise ShapeError(
            f"interpolate of {tuple(x.shape)} by {scale_factor} leaves {oh}×{ow} pixels; use a larger factor"
        )
    if mode == "nearest" and oh % h == 0 and ow % w == 0:  # each pixel repeated: no arithmetic at all
        return reshape(reshape(x, (n, h, 1, w, 1, c)).expand(n, h, oh // h, w, ow // w, c), (n, oh, ow, c))
    rows, columns = _resampling(h, oh, steps[0], mode, x.dtype), _resampling(w, ow, steps[1], mode, x.dtype)
    y = x.constant(columns) @ x  # (OW, W) (N, H, W, C) -> (N, H, OW, C)
    y = x.constant(rows) @ reshape(y, (n, h, ow * c))  # (OH, H) (N, H, OW·C) -> (N, OH, OW·C)
    return reshape(y, (n, oh, ow, c))


def _resampling(n, m, step, mode, dtype):
    """The (m, n) matrix that resamples n pixels to m, a step of ``step[0] / step[1]`` apart; each row sums to 1."""
    i, matrix = np.arange(m), np.zeros((m, n), dtype)
    if mode == "nearest":
        matrix[i, np.minimum(np.floor(i * step[0] / step[1]).astype(np.int64), n - 1)] = 1
        return matrix
    position = np.clip((i + 0.5) * step[0] / step[1] - 0.5, 0, n - 1)
    left = position.astype(np.int64)
    matrix[i, left] += 1 - (position - left)
    matrix[i, np.minimum(left + 1, n - 1)] += position - left
    return matrix
