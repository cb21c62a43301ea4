"""Sums of two arrays, and of one over rows: what biases and their gradients, residuals and skips are made of.

Both see contiguous float32 as x (A, M, C), A blocks of M rows of C channels:

    add   y[a, m, c] = x[a, m, c] + b[a, c]         a bias (A = 1), a vector for each image (A = N, M = H·W)
    sum   y[a, c] = Σ_m x[a, m, c]                  the gradients of both, in float64 until the end

As `joined` says, K rows are joined until they are long, and b is repeated K times. Chunks are of whole rows and fixed
by the shape, and their sums are added in order: the number of threads changes nothing. Other layouts and small arrays
are NumPy's, which adds as fast on one thread (measured: 0.5 ms for two million numbers), but on one only.
"""

import math

import numpy as np
from numba import njit, prange

from .joined import joined
from .norm import FAST, ROW_CHUNK, add_columns
from .threads import run

SMALL = 1 << 14  # numbers; below, NumPy is as fast
JOINED = 512  # numbers in a row, at most, when rows are joined
SHORT = 16  # numbers in a row, below which loops over rows are no better than NumPy's
CHUNK = 1 << 15  # numbers to a chunk that is summed
RATE = 1e9  # elements per second on one thread


@njit(**FAST)
def _add(x, b, rows, out, start, stop):
    """out[i] = x[i] + b[i // rows], rows `start` to `stop`; b (A, L)."""
    for i in range(start, stop):
        row, told, result = x[i], b[i // rows], out[i]
        for j in range(row.size):
            result[j] = row[j] + told[j]


@njit(cache=True, parallel=True)
def _add_parallel(x, b, rows, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _add(x, b, rows, out, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _sum(x, chunk, partial, start, stop):
    """Chunks `start` to `stop` of all blocks: x (A, R, L), partial (A, chunks, L) += their sums."""
    chunks = partial.shape[1]
    for i in range(start, stop):
        a, c = i // chunks, i % chunks
        add_columns(x[a, c * chunk : (c + 1) * chunk], partial[a, c])


@njit(cache=True, parallel=True)
def _sum_parallel(x, rows, partial, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _sum(x, rows, partial, c * chunk, min(size, (c + 1) * chunk))


def add(x, y, out=None):
    """x + y, of shapes that broadcast, or of an array and a number."""
    arrays = out is None and isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
    if arrays and max(x.size, y.size) >= SMALL and _served(x) and _served(y):
        big, small = (x, y) if x.size >= y.size else (y, x)
        blocks = _blocks(big.shape, (1,) * (big.ndim - small.ndim) + small.shape) if big.ndim >= small.ndim else None
        lines = None if blocks is None else _lines(small, *blocks)
        if lines is not None:
            return _added(big, *lines)
    return np.add(x, y, out=out)


def sum(x, axis=None, keepdims=False):
    """Σ x over the axes ``axis``: an integer, a tuple, or None for all; see NumPy's."""
    if x.size >= SMALL and _served(x):
        axes = range(x.ndim) if axis is None else [i % x.ndim for i in np.atleast_1d(axis)]
        kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        a, m, c = _blocks(x.shape, kept) or (0, 0, 0)
        width = joined(m, c, JOINED) * c if a else 0
        if width >= SHORT:
            y = _summed(x.reshape(a, -1, width)).reshape(a, -1, c).sum(1).astype(x.dtype)
            return y.reshape(kept if keepdims else [n for i, n in enumerate(x.shape) if i not in axes])
    return np.sum(x, axis=axis, keepdims=keepdims)


def _lines(b, a, m, c):
    """b as (A, L) with the rows that share each of its lines: joined rows; None where they are short."""
    if m == 1:  # of equal shapes: every row has a line of its own
        width = joined(a * c, 1, JOINED)
        return None if width < SHORT else (b.reshape(-1, width), 1)
    times = joined(m, c, JOINED)
    return None if times * c < SHORT else (np.tile(b.reshape(a, c), (1, times)), m // times)


def _added(x, lines, rows):
    size = lines.shape[1]
    out = np.empty(x.shape, x.dtype)
    arrays = x.reshape(-1, size), lines, rows, out.reshape(-1, size)
    run(_add, _add_parallel, x.size // size, max(1, ROW_CHUNK // size), *arrays, per_second=RATE / size)
    return out


def _summed(x):
    """Σ over the rows of x (A, R, L): float64 (A, L)."""
    a, rows, columns = x.shape
    chunk = max(4, CHUNK // columns)
    partial = np.zeros((a, -(-rows // chunk), columns))
    units = partial.shape[0] * partial.shape[1]
    run(_sum, _sum_parallel, units, 1, x, chunk, partial, per_second=RATE / (x.size / units))
    return partial.sum(1)


def _blocks(shape, kept):
    """(A, M, C), if a shape ``kept`` that broadcasts to ``shape`` is 1 along neighbouring axes only; else None."""
    first, last = 0, len(shape)
    while first < last and kept[first] == shape[first]:
        first += 1
    while last > first and kept[last - 1] == shape[last - 1]:
        last -= 1
    if any(n != 1 for n in kept[first:last]):
        return None
    return math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:])


def _served(x):
    return x.dtype == np.float32 and x.flags.c_contiguous and x.flags.writeable
