"""Kernels that put values in order; NaN counts as larger than every number, as in PyTorch."""

import numpy as np


def argsort(x, axis, descending):
    """Positions that put x in order along ``axis``, equal values in their old order; int64, of x's shape.

    Descending is ascending of the reversed axis, reversed: so equal values keep their order there, too.
    """
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    backwards = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return x.shape[axis] - 1 - np.flip(backwards, axis)


def searchsorted(sequence, values, side):
    """Where ``values`` would be inserted so that ``sequence``, ascending along its last axis, stays in order; int64.

    sequence (N,) serves values of any shape; sequence (..., N) values (..., M), row by row. ``side`` "left": the first
    such position, "right": the last.
    """
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, values, side))
    out = np.empty(values.shape, np.int64)
    for row in np.ndindex(*sequence.shape[:-1]):
        out[row] = np.searchsorted(sequence[row], values[row], side)
    return out
