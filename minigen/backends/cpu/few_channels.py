"""Convolution to few channels, such as a picture's one or three: products first, their sums afterwards.

The register tile's lanes are output channels; with one of them 15 of 16 would idle. But all taps of a kernel together
have many outputs. So one matrix product gives what each pixel adds through each tap, lanes full of taps, and a pass
over these small numbers adds each up where it belongs:

    t[n, p, (i, j, o)] = Σ_c x[n, p, c] · weight[i, j, c, o]
    y[n, q, o]         = Σ_{i, j} t[n, p(q, i, j), (i, j, o)]

The gradient in x of a convolution from few channels, which is also how a generator draws its picture, is the same with
g for x and the taps read the other way. Each sum is one chain over (i, j), or over the pixels that meet, in an order
that the shapes alone decide.
"""

import math

import numpy as np
from numba import njit, prange

from . import gemm
from .buffers import flat
from .threads import run
from .vectors import VECTOR_BYTES

MOST_TAPS = 64  # (i, j, o) of a pixel: beyond, t outgrows the caches
MOST_STRIDE = 4  # height · width: with more, most products of x meet no window
RATE = 1e9  # numbers added per second on one thread


def pays(dtype, kernel, channels, groups):
    """Whether a convolution with such a kernel (height, width) to so many channels is quicker this way."""
    lanes, taps = VECTOR_BYTES // dtype.itemsize, math.prod(kernel) * channels
    return groups == 1 and 4 * channels <= lanes and taps <= MOST_TAPS


@njit(inline="always")
def _meeting(tap, size, count, stride, dilation, padding):
    """(first, last + 1) of `count` windows whose tap lies inside an axis of `size` pixels, and where the first's does.

    Window q has its tap at q·stride + tap·dilation − padding.
    """
    offset = tap * dilation - padding
    first = max(0, -(offset // stride))
    last = max(first, min(count, (size - 1 - offset) // stride + 1))
    return first, last, first * stride + offset


@njit(error_model="numpy", cache=True)
def _collect(y, t, bias, stride, dilation, padding, start, stop):
    """y (N, OH, OW, O) from bias (O,) and t (N, H, W, KH, KW, O), images [start, stop)."""
    _, height, width, kernel_h, kernel_w, channels = t.shape
    for n in range(start, stop):
        image, terms = y[n], t[n]
        image[:] = bias
        for i in range(kernel_h):
            top, bottom, h = _meeting(i, height, image.shape[0], stride[0], dilation[0], padding[0])
            for a in range(top, bottom):
                for j in range(kernel_w):
                    left, right, w = _meeting(j, width, image.shape[1], stride[1], dilation[1], padding[1])
                    target, source = image[a, left:right], terms[h + (a - top) * stride[0], w :: stride[1], i, j]
                    for b in range(target.shape[0]):
                        for c in range(channels):
                            target[b, c] += source[b, c]


@njit(cache=True, parallel=True)
def _collect_parallel(y, t, bias, stride, dilation, padding, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _collect(y, t, bias, stride, dilation, padding, c * chunk, min(size, (c + 1) * chunk))


@njit(error_model="numpy", cache=True)
def _spread(x, t, stride, dilation, padding, start, stop):
    """x (N, H, W, C) from t (N, OH, OW, KH, KW, C), images [start, stop)."""
    _, _, _, kernel_h, kernel_w, channels = t.shape
    for n in range(start, stop):
        image, terms = x[n], t[n]
        image[:] = 0
        for i in range(kernel_h):
            top, bottom, h = _meeting(i, image.shape[0], terms.shape[0], stride[0], dilation[0], padding[0])
            for a in range(top, bottom):
                for j in range(kernel_w):
                    left, right, w = _meeting(j, image.shape[1], terms.shape[1], stride[1], dilation[1], padding[1])
                    source, target = terms[a, left:right, i, j], image[h + (a - top) * stride[0], w :: stride[1]]
                    for b in range(source.shape[0]):
                        for c in range(channels):
                            target[b, c] += source[b, c]


@njit(cache=True, parallel=True)
def _spread_parallel(x, t, stride, dilation, padding, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _spread(x, t, stride, dilation, padding, c * chunk, min(size, (c + 1) * chunk))


def convolve(y, x, weight, stride, padding, dilation, bias=None):
    """Write x (N, H, W, C) ∗ weight (KH, KW, C, O) + bias (O,) to y (N, OH, OW, O)."""
    (*kernel, c, o), pixels = weight.shape, x.shape[:3]
    taps = np.ascontiguousarray(weight.transpose(2, 0, 1, 3)).reshape(c, math.prod(kernel) * o)
    t = gemm.matmul(x.reshape(math.prod(pixels), c), taps)
    start = np.zeros(o, y.dtype) if bias is None else flat(bias)
    _sum(_collect, _collect_parallel, (y, t.reshape(*pixels, *kernel, o), start), stride, padding, dilation)


def spread(x, g, weight, stride, padding, dilation):
    """Write the gradient in x (N, H, W, C) for that in the output, g (N, OH, OW, O), to x."""
    (*kernel, c, o), pixels = weight.shape, g.shape[:3]
    taps = weight.reshape(math.prod(kernel) * c, o).T
    t = gemm.matmul(g.reshape(math.prod(pixels), o), taps)
    _sum(_spread, _spread_parallel, (x, t.reshape(*pixels, *kernel, c)), stride, padding, dilation)


def _sum(serial, parallel, arrays, stride, padding, dilation):
    images = len(arrays[1])
    each = max(1, arrays[1].size // max(1, images))
    run(serial, parallel, images, 1, *arrays, stride, dilation, padding, per_second=RATE / each)
