"""Pooling over windows of channels-last images (N, H, W, C), its gather and its adjoints."""

import numpy as np

from .conv import conv2d_output_size, pad_image, taps


def max_pool2d(x, kernel_size, stride, padding, dilation=(1, 1), excess=(0, 0), out=None):
    """Largest value of each window and where it was: (N, H, W, C) -> values and int64 indices, both (N, OH, OW, C).

    An index is h·W + w in the plane of the unpadded input. The first of equal values wins; a NaN wins over any number,
    the last NaN over the others (PyTorch's rule). Padding never wins, nor do the `excess` rows and columns after it;
    a window of nothing else is −∞ with index −1. `out` is a pair.
    """
    n, h, w, c = x.shape
    oh, ow = conv2d_output_size((h + excess[0], w + excess[1]), kernel_size, stride, padding, dilation)
    values, indices = out or (np.empty((n, oh, ow, c), x.dtype), np.empty((n, oh, ow, c), np.int64))
    values[...], indices[...] = -np.inf, -1
    around = ((0, 0), *((p, p + e) for p, e in zip(padding, excess, strict=True)), (0, 0))
    plane = np.pad(np.arange(h * w).reshape(1, h, w, 1), around, constant_values=-1)  # -1 marks the padding
    places = taps(plane, kernel_size, (oh, ow), stride, dilation)
    for (_, _, tap), (_, _, place) in zip(
        taps(np.pad(x, around), kernel_size, (oh, ow), stride, dilation), places, strict=True
    ):
        wins = (place >= 0) & ((tap > values) | np.isnan(tap) | (indices < 0))
        np.copyto(values, tap, where=wins)
        np.copyto(indices, place, where=wins)
    return out or (values, indices)


def pool_gather(x, indices):
    """Values of x (N, H, W, C) at plane indices (N, OH, OW, C), as `max_pool2d` gives them: (N, OH, OW, C)."""
    (n, h, w, c), (_, oh, ow, _) = x.shape, indices.shape
    picked = np.take_along_axis(x.reshape(n, h * w, c), indices.reshape(n, oh * ow, c), axis=1)
    return picked.reshape(n, oh, ow, c)


def pool_scatter(g, indices, input_size):
    """Adjoint of `pool_gather`: add g (N, OH, OW, C) into zeros (N, H, W, C) at the indices; (H, W) = `input_size`."""
    (n, oh, ow, c), (h, w) = g.shape, input_size
    total = np.zeros((n, h * w, c), g.dtype)
    image, channel = np.arange(n).reshape(n, 1, 1), np.arange(c)
    np.add.at(total, (image, indices.reshape(n, oh * ow, c), channel), g.reshape(n, oh * ow, c))
    return total.reshape(n, h, w, c)


def avg_pool2d(x, kernel_size, stride, padding, out=None):
    """Mean of each window, padding counted as zeros: (N, H, W, C) -> (N, OH, OW, C)."""
    size = conv2d_output_size(x.shape[1:3], kernel_size, stride, padding, (1, 1))
    out = np.empty((x.shape[0], *size, x.shape[3]), x.dtype) if out is None else out
    out[...] = 0
    for _, _, tap in taps(pad_image(x, padding), kernel_size, size, stride):
        out += tap
    return np.divide(out, kernel_size[0] * kernel_size[1], out=out)


def avg_pool2d_adjoint(g, input_size, kernel_size, stride, padding, out=None):
    """Adjoint of `avg_pool2d`: g (N, OH, OW, C) -> (N, H, W, C) with (H, W) = `input_size`."""
    (n, oh, ow, c), (h, w), (ph, pw) = g.shape, input_size, padding
    padded = np.zeros((n, h + 2 * ph, w + 2 * pw, c), g.dtype)
    for _, _, tap in taps(padded, kernel_size, (oh, ow), stride):
        tap += g
    return np.divide(padded[:, ph : ph + h, pw : pw + w], kernel_size[0] * kernel_size[1], out=out)
