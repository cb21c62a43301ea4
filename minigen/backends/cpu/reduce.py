"""Softmax over the last axis and its gradient, a row at a time; contiguous float32.

    m = max x;  e[j] = exp(x[j] − m);  y[j] = e[j] / Σ e              u[j] = y[j] (g[j] − Σ g y)

The sums may be reordered, so that they are kept in vectors; how is settled when they are compiled.
"""

import numpy as np
from numba import njit, prange

from ..reference import reduce as reference
from .elementwise import FAST, ONE, ZERO, exp_negative
from .norm import ROW_CHUNK
from .threads import run

RATE = 5e8  # elements per second on one thread
REORDERED = {"fastmath": {"contract", "reassoc", "nsz"}, "error_model": "numpy", "cache": True}


@njit(fastmath={"nnan", "nsz", "reassoc"}, cache=True)
def _largest(row):
    """The largest number of a row; what it makes of NaN is no matter, since the exponential of NaN is NaN."""
    largest = row[0]
    for j in range(1, row.size):
        largest = max(largest, row[j])
    return largest


@njit(**REORDERED)
def _total(row):
    total = ZERO
    for j in range(row.size):
        total += row[j]
    return total


@njit(**REORDERED)
def _dot(a, b):
    total = ZERO
    for j in range(a.size):
        total += a[j] * b[j]
    return total


@njit(**FAST)
def _softmax(x, y, start, stop):
    for r in range(start, stop):
        row, out = x[r], y[r]
        largest = _largest(row)
        for j in range(row.size):
            d = row[j] - largest
            e = exp_negative(d)
            out[j] = e if d == d else d
        share = ONE / _total(out)
        for j in range(row.size):
            out[j] *= share


@njit(cache=True, parallel=True)
def _softmax_parallel(x, y, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _softmax(x, y, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _softmax_grad(g, y, u, start, stop):
    for r in range(start, stop):
        g_row, row, out = g[r], y[r], u[r]
        mean = _dot(g_row, row)
        for j in range(row.size):
            out[j] = row[j] * (g_row[j] - mean)


@njit(cache=True, parallel=True)
def _softmax_grad_parallel(g, y, u, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _softmax_grad(g, y, u, c * chunk, min(size, (c + 1) * chunk))


def softmax(x, axis):
    """exp(x − m) / Σ exp(x − m) over ``axis`` of x (...), m the maximum."""
    if not _served(x, x, axis):
        return reference.softmax(x, axis)
    return _rowwise(_softmax, _softmax_parallel, x)


def softmax_grad(g, y, axis):
    """y (g − Σ g y) over ``axis``; both (...)."""
    if not _served(g, y, axis):
        return reference.softmax_grad(g, y, axis)
    return _rowwise(_softmax_grad, _softmax_grad_parallel, g, y)


def _rowwise(serial, parallel, *arrays):
    width = arrays[0].shape[-1]
    out = np.empty(arrays[0].shape, arrays[0].dtype)
    rows = [x.reshape(-1, width) for x in (*arrays, out)]
    run(serial, parallel, len(rows[0]), max(1, ROW_CHUNK // width), *rows, per_second=RATE / width)
    return out


def _served(x, y, axis):
    """Whether both are contiguous float32 of one shape with values, and ``axis`` is their last."""
    alike = x.size and x.ndim and x.shape == y.shape and axis in (-1, x.ndim - 1)
    return alike and all(a.dtype == np.float32 and a.flags.c_contiguous and a.flags.writeable for a in (x, y))
