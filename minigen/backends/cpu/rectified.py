"""Leaky ReLU and its gradient on contiguous float32, in one pass: NumPy needs three, and stores the slopes."""

import numpy as np
from numba import njit, prange

from ..reference import elementwise as reference
from .elementwise import CHUNK, FAST, RATE, ZERO
from .threads import run


@njit(**FAST)
def _leaky_relu_grad(g, x, slope, out, start, stop):
    g, x, out = g[start:stop], x[start:stop], out[start:stop]
    for i in range(out.size):
        out[i] = g[i] if x[i] > ZERO else slope * g[i]


@njit(cache=True, parallel=True)
def _leaky_relu_grad_parallel(g, x, slope, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _leaky_relu_grad(g, x, slope, out, c * chunk, min(size, (c + 1) * chunk))


def leaky_relu(x, slope, out=None):
    """x for x > 0, else slope · x, of x (...): the gradient's kernel with x for both."""
    if out is not None or not _served(x):
        return reference.leaky_relu(x, slope, out)
    return leaky_relu_grad(x, x, slope)


def leaky_relu_grad(g, x, slope, out=None):
    """g for x > 0, else slope · g, elementwise; both (...)."""
    if out is not None or not (_served(g) and _served(x) and g.shape == x.shape):
        return reference.leaky_relu_grad(g, x, slope, out)
    out = np.empty(x.shape, x.dtype)
    arrays = g.reshape(-1), x.reshape(-1), np.float32(slope), out.reshape(-1)
    run(_leaky_relu_grad, _leaky_relu_grad_parallel, out.size, CHUNK, *arrays, per_second=RATE)
    return out


def _served(x):
    return x.dtype == np.float32 and x.flags.c_contiguous and x.flags.writeable
