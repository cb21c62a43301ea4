"""Kernels that move or index values without computing any."""

import numpy as np

zeros, full, copy, broadcast_to = np.zeros, np.full, np.copy, np.broadcast_to
concatenate, pad, flip, take_along_axis = np.concatenate, np.pad, np.flip, np.take_along_axis


def cut(x, sizes, axis):
    """Copies of the parts of x, ``sizes`` long along ``axis``, which they fill."""
    return tuple(np.copy(part, order="C") for part in np.split(x, np.cumsum(sizes)[:-1], axis))


def index_add(g, index, shape, out=None):
    """Adjoint of ``x[index]``: zeros of ``shape`` with g added at ``index``, repeated positions summed."""
    if out is None:
        out = np.zeros(shape, g.dtype)
    else:
        out[...] = 0
    np.add.at(out, index, g)
    return out


def scatter_add_along_axis(g, indices, axis, shape):
    """Adjoint of ``take_along_axis``: zeros of ``shape`` with g added at ``indices`` along ``axis``."""
    position = list(np.ogrid[tuple(slice(0, n) for n in indices.shape)])
    position[axis] = indices
    return index_add(g, tuple(position), shape)
