"""What the kernels on the register tile read from and write to: packed copies, scratch memory, results."""

import numpy as np
from numba import njit

from ...errors import ShapeError
from .simd import VECTORS
from .vectors import VECTOR_BYTES, copy, paste, transpose

ZEROS = {dtype: np.zeros(VECTORS * VECTOR_BYTES // dtype.itemsize, dtype) for dtype in map(np.dtype, "fd")}
"""For each dtype served, what one row of a tile starts from where there is no bias."""


@njit(cache=True)
def scratch(like, size):
    """Memory for `size` numbers and a vector, typed as `like`, and the index in it at which a cache line begins."""
    width = VECTOR_BYTES // like.itemsize
    memory = np.empty(size + 2 * width, like.dtype)
    return memory, -(memory.ctypes.data // like.itemsize) % width


@njit(cache=True)
def compact(target, at, row, source, source_at, source_row, rows, columns):
    """target[i, j] = source[i, j] of a part of a matrix; whole vectors are written, the last filled with zeros."""
    width = VECTOR_BYTES // source.itemsize
    for j in range(0, columns, width):
        for i in range(rows):
            copy(target, at + i * row + j, source, source_at + i * source_row + j, min(width, columns - j))


@njit(cache=True)
def put(target, at, row, source, source_at, source_row, rows, columns):
    """target[i, j] = source[i, j] of a part of a matrix, and nothing else is written."""
    width = VECTOR_BYTES // source.itemsize
    for i in range(rows):
        for j in range(0, columns, width):
            paste(target, at + i * row + j, source, source_at + i * source_row + j, min(width, columns - j))


@njit(cache=True)
def turn(target, at, row, source, source_at, source_row, rows, columns):
    """target[j, i] = source[i, j], in whole squares: up to a vector's length more rows and columns are written."""
    width = VECTOR_BYTES // source.itemsize
    for i in range(0, rows, width):
        for j in range(0, columns, width):
            to, corner = at + j * row + i, source_at + i * source_row + j
            transpose(target, to, row, source, corner, source_row, min(width, rows - i), min(width, columns - j))


@njit(cache=True)
def pad_rows(target, at, x, x_at, height, width, channels, first, step, rows, left, padded_width):
    """Copy rows first, first + step, … of one image to `rows` rows of `padded_width` pixels; outside it are zeros.

    `left` zero pixels precede each row; if negative, so many pixels of the image are left out. Whole vectors are
    written: up to one less a number follow the last row.
    """
    lanes, size = VECTOR_BYTES // x.itemsize, padded_width * channels
    left_end, right_begin = min(max(0, left * channels), size), min((left + width) * channels, size)
    for i in range(rows):
        row, to = first + i * step, at + i * size
        inside = 0 <= row < height and left_end < right_begin
        begin, end = (left_end, right_begin) if inside else (size, size)
        source = x_at + (row * width - left) * channels
        for k in range(0, begin, lanes):
            copy(target, to + k, x, 0, 0)
        for k in range(begin, end, lanes):
            copy(target, to + k, x, source + k, min(lanes, end - k))
        for k in range(end, size, lanes):
            copy(target, to + k, x, 0, 0)


def flat(x):
    """`x` as a contiguous writeable vector, the one kind that kernels are compiled for; a copy where it must be."""
    return x.ravel() if x.flags.carray else x.flatten()


def target_for(out, shape, dtype, *operands):
    """Where a kernel may write: `out`, or a new array if there is none or it has another layout or overlaps one.

    Raises ShapeError where `out` has another shape than `shape`.
    """
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape:
        raise ShapeError(
            f"got an array of shape {out.shape} to write a result of shape {shape} to: pass one of that shape"
        )
    fits = out.dtype == dtype and out.flags.carray
    for x in operands:
        fits = fits and not np.may_share_memory(out, x)
    return out if fits else np.empty(shape, dtype)


def deliver(target, out):
    """Return the kernel's result, in `out` if that was given."""
    if out is None or out is target:
        return target
    np.copyto(out, target)
    return out


def deliver_all(targets, outs):
    """`deliver` for a kernel with several results; `outs` is a tuple of as many, or None."""
    if outs is None:
        return targets
    for target, out in zip(targets, outs, strict=True):
        deliver(target, out)
    return outs
