"""Cases of `core/ops/repeat.py`, `triangle.py` and `sort.py`; NumPy's own are exact references."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _tile(d):
    shape = d.shape()
    return Sample((d.values(shape),), {"dims": tuple(d.integer(0, 3) for _ in range(d.integer(0, 4)))})


def _repeat_interleave(d):
    shape = d.shape(least_axes=1)
    dim = d.axis(len(shape)) if d.boolean() else None
    n = int(np.prod(shape)) if dim is None else shape[dim]
    counts = d.generator().integers(0, 3, size=n)
    return Sample((d.values(shape),), {"repeats": d.integer(0, 3) if d.boolean() else counts, "dim": dim})


def _roll(d):
    shape = d.shape(least_axes=1)
    kind = d.integer(0, 2)
    if kind == 0:
        return Sample((d.values(shape),), {"shifts": d.integer(-5, 5), "dims": None})
    if kind == 1:
        return Sample((d.values(shape),), {"shifts": d.integer(-5, 5), "dims": d.axis(len(shape))})
    dims = tuple(d.axis(len(shape)) for _ in range(2))  # the same axis twice is rolled twice
    return Sample((d.values(shape),), {"shifts": (d.integer(-5, 5), d.integer(-5, 5)), "dims": dims})


def _matrices(d):
    return d.shape(least_axes=2, most_axes=3)


def _triangle(d):
    return Sample((d.values(_matrices(d)),), {"diagonal": d.integer(-4, 4)})


def _diagonal(d):
    shape = _matrices(d)
    dim1 = d.axis(len(shape))
    dim2 = (dim1 + d.integer(1, len(shape) - 1)) % len(shape)
    return Sample((d.values(shape),), {"offset": d.integer(-4, 4), "dim1": dim1, "dim2": dim2})


def _sort(d):
    shape = d.shape(least_axes=1)
    return Sample((d.distinct(shape),), {"dim": d.axis(len(shape)), "descending": d.boolean()})


def _sort_reference(x, dim, descending):
    order = np.argsort(-x if descending else x, axis=dim)
    return np.take_along_axis(x, order, dim), order


def _topk(d):
    shape = d.shape(least_axes=1)
    dim = d.axis(len(shape))
    return Sample((d.distinct(shape),), {"k": d.integer(0, shape[dim]), "dim": dim, "largest": d.boolean()})


def _topk_reference(x, k, dim, largest):
    values, order = _sort_reference(x, dim, largest)
    return np.take(values, range(k), axis=dim), np.take(order, range(k), axis=dim)


def _searchsorted(d):
    """Few different numbers, so that some are found."""
    shape = d.shape(least_axes=1)
    sequence = np.sort(d.generator().integers(-3, 4, size=shape), axis=-1)
    wanted = (*shape[:-1], d.side()) if len(shape) > 1 else d.shape()
    return Sample((sequence, d.generator().integers(-4, 5, size=wanted)), {"right": d.boolean()})


def _searchsorted_reference(sequence, values, right):
    """The number of entries before the position."""
    wanted, rows = values[..., None], sequence[..., None, :] if sequence.ndim > 1 else sequence
    return np.sum(rows <= wanted if right else rows < wanted, axis=-1)


CASES = (
    Case("tile", lambda x, dims: F.tile(x, *dims), lambda x, dims: np.tile(x, dims), _tile),
    Case("repeat_interleave", F.repeat_interleave, lambda x, repeats, dim: np.repeat(x, repeats, dim),
         _repeat_interleave),
    Case("roll", F.roll, lambda x, shifts, dims: np.roll(x, shifts, dims), _roll),
    Case("tril", F.tril, lambda x, diagonal: np.tril(x, diagonal), _triangle),
    Case("triu", F.triu, lambda x, diagonal: np.triu(x, diagonal), _triangle),
    Case("diagonal", F.diagonal, lambda x, offset, dim1, dim2: np.diagonal(x, offset, dim1, dim2), _diagonal),
    Case("sort", F.sort, _sort_reference, _sort),
    Case("topk", F.topk, _topk_reference, _topk),
    Case("searchsorted", F.searchsorted, _searchsorted_reference, _searchsorted, differentiable=False),
)  # fmt: skip
