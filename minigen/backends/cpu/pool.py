"""Pooling over windows of channels-last images, one row of pixels at a time, channels innermost.

    for image n:  for output row oh:  for output column ow:  for tap (i, j):  for channel c:
        out[n, oh, ow, c] ← combine(out[n, oh, ow, c], x[n, oh·stride − padding + i, ow·stride − padding + j, c])

Rows (n, oh) are shared out among the threads; an adjoint goes row by row over its own output, so that no two threads
add to one pixel.
"""

import numpy as np
from numba import njit, prange

from ..reference import pool as reference
from ..reference.conv import conv2d_output_size
from .buffers import deliver, deliver_all, target_for
from .threads import run

RATE = 5e8  # elements times taps per second on one thread
ROW_CHUNK = 4096  # elements times taps in a chunk of rows
EXACT = {"error_model": "numpy", "cache": True}


@njit(**EXACT)
def _max_row(x, top, left, bottom, right, width, values, indices):
    """Maximum over the window [top, bottom) × [left, right) of x (H, W, C) and its place, per channel."""
    values[:], indices[:] = x[top, left], top * width + left
    for h in range(top, bottom):
        for w in range(left, right):
            pixel, place = x[h, w], np.int64(h * width + w)
            for c in range(pixel.size):
                wins = (pixel[c] > values[c]) | (pixel[c] != pixel[c])
                values[c] = pixel[c] if wins else values[c]
                indices[c] = place if wins else indices[c]


@njit(**EXACT)
def _max_pool2d(x, kernel, stride, padding, values, indices, start, stop):
    height, width = x.shape[1], x.shape[2]
    oh, ow = values.shape[1], values.shape[2]
    for row in range(start, stop):
        n, i = row // oh, row % oh
        top = i * stride[0] - padding[0]
        bottom = min(top + kernel[0], height)
        for j in range(ow):
            left = j * stride[1] - padding[1]
            right = min(left + kernel[1], width)
            _max_row(x[n], max(top, 0), max(left, 0), bottom, right, width, values[n, i, j], indices[n, i, j])


@njit(cache=True, parallel=True)
def _max_pool2d_parallel(x, kernel, stride, padding, values, indices, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _max_pool2d(x, kernel, stride, padding, values, indices, c * chunk, min(size, (c + 1) * chunk))


@njit(**EXACT)
def _gather(x, indices, out, start, stop):
    """x (N, H·W, C), indices and out (N, P, C)."""
    for n in range(start, stop):
        for p in range(indices.shape[1]):
            for c in range(indices.shape[2]):
                out[n, p, c] = x[n, indices[n, p, c], c]


@njit(**EXACT)
def _scatter(g, indices, out, start, stop):
    """g and indices (N, P, C), out (N, H·W, C)."""
    for n in range(start, stop):
        out[n] = 0
        for p in range(indices.shape[1]):
            for c in range(indices.shape[2]):
                out[n, indices[n, p, c], c] += g[n, p, c]


@njit(cache=True, parallel=True)
def _gather_parallel(x, indices, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _gather(x, indices, out, c * chunk, min(size, (c + 1) * chunk))


@njit(cache=True, parallel=True)
def _scatter_parallel(g, indices, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _scatter(g, indices, out, c * chunk, min(size, (c + 1) * chunk))


@njit(**EXACT)
def _add_window(x, top, left, bottom, right, factor, out):
    """out[c] = factor · Σ x[h, w, c] over the window [top, bottom) × [left, right), in x's dtype."""
    out[:] = 0
    for h in range(top, bottom):
        for w in range(left, right):
            pixel = x[h, w]
            for c in range(pixel.size):
                out[c] += pixel[c]
    for c in range(out.size):
        out[c] *= factor


@njit(**EXACT)
def _avg_pool2d(x, kernel, stride, padding, factor, out, start, stop):
    height, width = x.shape[1], x.shape[2]
    oh, ow = out.shape[1], out.shape[2]
    for row in range(start, stop):
        n, i = row // oh, row % oh
        top = i * stride[0] - padding[0]
        bottom = min(top + kernel[0], height)
        for j in range(ow):
            left = j * stride[1] - padding[1]
            right = min(left + kernel[1], width)
            _add_window(x[n], max(top, 0), max(left, 0), bottom, right, factor, out[n, i, j])


@njit(cache=True, parallel=True)
def _avg_pool2d_parallel(x, kernel, stride, padding, factor, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _avg_pool2d(x, kernel, stride, padding, factor, out, c * chunk, min(size, (c + 1) * chunk))


@njit(**EXACT)
def _avg_pool2d_adjoint(g, kernel, stride, padding, factor, dx, start, stop):
    """A pixel at h gets from the windows that cover it: (h + padding − kernel)/stride < i ≤ (h + padding)/stride."""
    oh, ow = g.shape[1], g.shape[2]
    height, width = dx.shape[1], dx.shape[2]
    for row in range(start, stop):
        n, h = row // height, row % height + padding[0]
        top, bottom = max(0, (h - kernel[0]) // stride[0] + 1), min(oh, h // stride[0] + 1)
        for w in range(padding[1], width + padding[1]):
            left, right = max(0, (w - kernel[1]) // stride[1] + 1), min(ow, w // stride[1] + 1)
            _add_window(g[n], top, left, bottom, right, factor, dx[n, h - padding[0], w - padding[1]])


@njit(cache=True, parallel=True)
def _avg_pool2d_adjoint_parallel(g, kernel, stride, padding, factor, dx, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _avg_pool2d_adjoint(g, kernel, stride, padding, factor, dx, c * chunk, min(size, (c + 1) * chunk))


def max_pool2d(x, kernel_size, stride, padding, dilation=(1, 1), excess=(0, 0), out=None):
    """(N, H, W, C) -> largest values and their int64 plane indices, both (N, OH, OW, C), as `reference.pool`."""
    plain = tuple(dilation) == (1, 1) and tuple(excess) == (0, 0)
    if not plain or not _served(x) or any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        return reference.max_pool2d(x, kernel_size, stride, padding, dilation, excess, out)
    shape = _output_shape(x, kernel_size, stride, padding)
    values, indices = out or (None, None)
    results = target_for(values, shape, x.dtype, x), target_for(indices, shape, np.dtype(np.int64), x)
    _by_row(_max_pool2d, _max_pool2d_parallel, x, kernel_size, tuple(stride), tuple(padding), *results)
    return deliver_all(results, out)


def pool_gather(x, indices):
    """Values of x (N, H, W, C) at plane indices (N, OH, OW, C): (N, OH, OW, C)."""
    if not _in_plane(x, indices, x.shape[1:3]):
        return reference.pool_gather(x, indices)
    return _by_image(_gather, _gather_parallel, x, indices, x.dtype, indices.shape)


def pool_scatter(g, indices, input_size):
    """Adjoint of `pool_gather`: g (N, OH, OW, C) added into zeros (N, H, W, C) at the indices."""
    if g.shape != indices.shape or not _in_plane(g, indices, input_size):
        return reference.pool_scatter(g, indices, input_size)
    return _by_image(_scatter, _scatter_parallel, g, indices, g.dtype, (g.shape[0], *input_size, g.shape[3]))


def avg_pool2d(x, kernel_size, stride, padding, out=None):
    """Mean of each window, padding counted as zeros: (N, H, W, C) -> (N, OH, OW, C)."""
    shape = _output_shape(x, kernel_size, stride, padding)
    if not _served(x):
        return reference.avg_pool2d(x, kernel_size, stride, padding, out)
    return _average(_avg_pool2d, _avg_pool2d_parallel, x, kernel_size, stride, padding, shape, out)


def avg_pool2d_adjoint(g, input_size, kernel_size, stride, padding, out=None):
    """Adjoint of `avg_pool2d`: g (N, OH, OW, C) -> (N, H, W, C) with (H, W) = `input_size`."""
    if not _served(g):
        return reference.avg_pool2d_adjoint(g, input_size, kernel_size, stride, padding, out)
    shape = g.shape[0], *input_size, g.shape[3]
    return _average(_avg_pool2d_adjoint, _avg_pool2d_adjoint_parallel, g, kernel_size, stride, padding, shape, out)


def _output_shape(x, kernel_size, stride, padding):
    return x.shape[0], *conv2d_output_size(x.shape[1:3], kernel_size, stride, padding, (1, 1)), x.shape[3]


def _served(x):
    return x.dtype in (np.float32, np.float64) and x.size > 0


def _in_plane(x, indices, size):
    """Whether a kernel that checks no bounds may follow the indices."""
    fit = x.ndim == indices.ndim == 4 and x.shape[::3] == indices.shape[::3]
    if not (fit and _served(x)) or indices.dtype != np.int64 or indices.size == 0:
        return False
    return indices.min() >= 0 and indices.max() < size[0] * size[1]


def _by_row(serial, parallel, x, kernel_size, *args):
    """Share the rows (n, h) of the last argument, an array (N, H, W, C), out among the threads."""
    n, rows, columns, channels = args[-1].shape
    work = columns * channels * kernel_size[0] * kernel_size[1]
    chunk = ROW_CHUNK // work + 1
    run(serial, parallel, n * rows, chunk, np.ascontiguousarray(x), tuple(kernel_size), *args, per_second=RATE / work)


def _average(serial, parallel, x, kernel_size, stride, padding, shape, out):
    factor = x.dtype.type(1 / (kernel_size[0] * kernel_size[1]))
    result = target_for(out, shape, x.dtype, x)
    _by_row(serial, parallel, x, kernel_size, tuple(stride), tuple(padding), factor, result)
    return deliver(result, out)


def _by_image(serial, parallel, x, indices, dtype, shape):
    """Share the images out; x and the result become (N, H·W, C)."""
    out = np.empty(shape, dtype)
    n, c = shape[0], shape[3]
    flat = [np.ascontiguousarray(a).reshape(n, -1, c) for a in (x, indices, out)]
    run(serial, parallel, n, 1, *flat, per_second=RATE * n / indices.size)
    return out
