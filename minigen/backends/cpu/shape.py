"""Arrays joined along an axis, and cut apart: copies of pieces of rows, shared out among the threads.

Both see contiguous arrays as (R, n): all axes before the one that is cut are rows, it and all after it a row.
"""

import math

import numpy as np
from numba import njit, prange

from ..reference import shape as reference
from .norm import FAST, ROW_CHUNK
from .threads import run

SMALL = 1 << 14  # numbers; below, NumPy is as fast
RATE = 1e9  # elements per second on one thread


@njit(**FAST)
def _copy_rows(source, source_at, target, target_at, size, start, stop):
    """target[r, target_at + j] = source[r, source_at + j] for rows `start` to `stop`."""
    for r in range(start, stop):
        to, of = target[r, target_at : target_at + size], source[r, source_at : source_at + size]
        for j in range(size):
            to[j] = of[j]


@njit(cache=True, parallel=True)
def _copy_rows_parallel(source, source_at, target, target_at, width, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _copy_rows(source, source_at, target, target_at, width, c * chunk, min(size, (c + 1) * chunk))


def concatenate(arrays, axis=0):
    """The arrays one after the other along ``axis``."""
    first = arrays[0]
    axis = axis + first.ndim if axis < 0 else axis
    alike = all(_served(x) and x.ndim == first.ndim and _others(x, axis) == _others(first, axis) for x in arrays)
    if not alike or sum(x.size for x in arrays) < SMALL:
        return np.concatenate(arrays, axis=axis)
    rows, widths = math.prod(first.shape[:axis]), [math.prod(x.shape[axis:]) for x in arrays]
    y = np.empty((*first.shape[:axis], sum(x.shape[axis] for x in arrays), *first.shape[axis + 1 :]), first.dtype)
    target = y.reshape(rows, sum(widths))
    for i, (x, width) in enumerate(zip(arrays, widths, strict=True)):
        _copy(x.reshape(rows, width), 0, target, sum(widths[:i]), width)
    return y


def cut(x, sizes, axis):
    """Copies of the parts of x, ``sizes`` long along ``axis``, which they fill."""
    if not _served(x) or x.size < SMALL:
        return reference.cut(x, sizes, axis)
    rows, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    parts = tuple(np.empty((*x.shape[:axis], n, *x.shape[axis + 1 :]), x.dtype) for n in sizes)
    source = x.reshape(rows, x.shape[axis] * inner)
    for i, (part, n) in enumerate(zip(parts, sizes, strict=True)):
        _copy(source, sum(sizes[:i]) * inner, part.reshape(rows, n * inner), 0, n * inner)
    return parts


def _copy(source, source_at, target, target_at, size):
    if size:
        chunk = max(1, ROW_CHUNK // size)
        arrays = source, source_at, target, target_at, size
        run(_copy_rows, _copy_rows_parallel, len(source), chunk, *arrays, per_second=RATE / size)


def _others(x, axis):
    return x.shape[:axis] + x.shape[axis + 1 :]


def _served(x):
    return x.dtype == np.float32 and x.flags.c_contiguous and x.flags.writeable
