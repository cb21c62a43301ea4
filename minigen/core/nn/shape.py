"""Layers without parameters that change shapes: flatten, unflatten, pool, upsample."""

from ...errors import ShapeError
from .. import functional as F
from .module import Module


class Flatten(Module):
    """Axes ``start_dim`` … ``end_dim`` joined: (N, H, W, C) to (N, H·W·C)."""

    def __init__(self, start_dim=1, end_dim=-1):
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x):
        return F.flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self):
        return "" if (self.start_dim, self.end_dim) == (1, -1) else f"{self.start_dim}, {self.end_dim}"


class Unflatten(Module):
    """Axis ``dim`` taken apart: (N, H·W·C) with 1 and (H, W, C) to (N, H, W, C)."""

    def __init__(self, dim, unflattened_size):
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x):
        if not -x.ndim <= self.dim < x.ndim:
            raise ShapeError(f"Unflatten({self.extra_repr()}) got x {x.shape}, which has no axis {self.dim}")
        axis = self.dim % x.ndim
        return F.reshape(x, (*x.shape[:axis], *self.unflattened_size, *x.shape[axis + 1 :]))

    def extra_repr(self):
        return f"{self.dim}, {self.unflattened_size}"


class Upsample(Module):
    """Images (N, H, W, C) to (N, H·factor, W·factor, C), "nearest" or "bilinear"; see `functional.interpolate`."""

    def __init__(self, scale_factor=2, mode="nearest"):
        self.scale_factor, self.mode = scale_factor, mode

    def forward(self, x):
        return F.interpolate(x, scale_factor=self.scale_factor, mode=self.mode)

    def extra_repr(self):
        return f"{self.scale_factor}, {self.mode}"


class _Pool(Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def extra_repr(self):
        stride = "" if self.stride is None else f", stride={self.stride}"
        return f"{self.kernel_size}{stride}" + (f", padding={self.padding}" if self.padding else "")


class MaxPool2d(_Pool):
    """The largest pixel of each window: (N, H, W, C) to (N, OH, OW, C); see `functional.max_pool2d`."""

    def forward(self, x):
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool):
    """The mean of each window: (N, H, W, C) to (N, OH, OW, C); see `functional.avg_pool2d`."""

    def forward(self, x):
        return F.avg_pool2d(x, self.kernel_size, self.stride, self.padding)
