"""Kernels that move or index values without computing any."""

import numpy as np

empty, zeros, full, arange = np.empty, np.zeros, np.full, np.arange
copy, ascontiguousarray, broadcast_to = np.copy, np.ascontiguousarray, np.broadcast_to
concatenate, stack, pad, flip, roll, repeat, tile = (
    np.concatenate, np.stack, np.pad, np.flip, np.roll, np.repeat, np.tile,
)  # fmt: skip
tril, triu, take_along_axis = np.tril, np.triu, np.take_along_axis


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
