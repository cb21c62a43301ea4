"""Triangles and diagonals of matrices, the last two axes."""

import numpy as np

from ...errors import ShapeError
from .arguments import axis_of, integers
from .arithmetic import where
from .index import getitem
from .shape import permute


def tril(x, diagonal=0):
    """The lower triangle, 0 above its ``diagonal`` (0 the main one, 1 the next above, −1 below): (..., M, N)."""
    return where(np.tri(*_matrix(x, "tril"), *integers(diagonal, "diagonal"), dtype=bool), x, False)


def triu(x, diagonal=0):
    """The upper triangle, 0 below its ``diagonal`` (0 the main one, 1 the next above, −1 below): (..., M, N)."""
    (diagonal,) = integers(diagonal, "diagonal")
    return where(np.tri(*_matrix(x, "triu"), diagonal - 1, dtype=bool), False, x)


def _matrix(x, name):
    """The sizes of x's matrices. False, unlike 0.0, is a zero of every dtype: triangles of integers stay integers."""
    if x.ndim < 2:
        raise ShapeError(f"{name} got a tensor of shape {tuple(x.shape)}; it needs matrices (..., M, N)")
    return x.shape[-2:]


def diagonal(x, offset=0, dim1=0, dim2=1):
    """The entries x[i, i + offset] of axes ``dim1`` and ``dim2``: (..., M, N) to (..., K), their diagonal last; a copy.

    K = min(M, N − offset) for offset ≥ 0, min(M + offset, N) below, and at least 0.

    Raises:
        ShapeError: the two axes are one, or x has fewer than two.
    """
    (offset,) = integers(offset, "offset")
    a, b = axis_of(x, dim1, "dim1"), axis_of(x, dim2, "dim2")
    if a == b:
        raise ShapeError(f"diagonal got dim1={dim1} and dim2={dim2} for a tensor of shape {tuple(x.shape)}: one axis")
    others = [axis for axis in range(x.ndim) if axis not in (a, b)]
    length = max(0, min(x.shape[a] + min(offset, 0), x.shape[b] - max(offset, 0)))
    i = np.arange(length)
    return getitem(permute(x, *others, a, b), (..., i - min(offset, 0), i + max(offset, 0)))
