"""Cases of `core/ops/index.py`, with loops as references."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _getitem(d):
    """Integers, slices, None, …, integer and boolean arrays, for an array of three axes."""
    shape = d.shape(least_axes=3, most_axes=3, least=1)
    a, b, c = shape
    index = d.choice((
        (d.integer(-a, a - 1),),
        (slice(None, None, 2), Ellipsis),
        (Ellipsis, None, slice(None, None, -1)),
        (slice(1, None), d.integer(-b, b - 1), slice(0, 0)),
        (d.indices((3,), a),),
        (d.indices((2, 2), a), slice(None), d.indices((2,), c)),  # the indexed axes move to the front
        (slice(None), d.indices((4,), b), d.indices((4,), c)),
        (d.mask((a,)),),
        (d.mask((a, b)), 0),
        (None, d.indices((0,), a)),
    ))  # fmt: skip
    return Sample((d.values(shape),), {"index": index})


def _along(d, least_rows=0):
    shape = d.shape(least_axes=1, least=1)
    dim = d.axis(len(shape))
    rows = list(shape)
    rows[dim] = d.side(least_rows)
    return shape, dim, d.indices(tuple(rows), shape[dim])


def _take_along_dim(d):
    """The other axes of x and of the indices broadcast."""
    if d.integer(0, 4) == 4:
        shape = d.shape(least=1)
        return Sample((d.values(shape),), {"indices": d.indices((d.side(),), int(np.prod(shape))), "dim": None})
    shape, dim, indices = _along(d)
    wide, rows = list(shape), [slice(0, None if i == dim % len(shape) or d.boolean() else 1) for i in range(len(shape))]
    for i in range(len(shape)):
        wide[i] = 1 if i != dim % len(shape) and d.integer(0, 3) == 3 else shape[i]
    return Sample((d.values(tuple(wide)),), {"indices": indices[tuple(rows)], "dim": dim})


def _take_along_dim_reference(x, indices, dim):
    if dim is None:
        return x.ravel()[indices]
    shape = list(np.broadcast_shapes(*(np.delete(a.shape, dim) for a in (x, indices))))
    grid = np.indices((*shape[: dim % x.ndim], indices.shape[dim], *shape[dim % x.ndim :]))
    rows = [np.minimum(g, n - 1) for g, n in zip(grid, indices.shape, strict=True)]
    source = [np.minimum(g, n - 1) for g, n in zip(grid, x.shape, strict=True)]
    source[dim] = indices[tuple(rows)]
    return x[tuple(source)]


def _gather(d):
    shape, dim, index = _along(d)
    shorter = tuple(
        slice(0, d.integer(0, n)) if i != dim % len(shape) else slice(None) for i, n in enumerate(index.shape)
    )
    return Sample((d.values(shape),), {"dim": dim, "index": index[shorter] % shape[dim]})


def _gather_reference(x, dim, index):
    y = np.empty(index.shape)
    for place in np.ndindex(index.shape):
        source = list(place)
        source[dim] = index[place]
        y[place] = x[tuple(source)]
    return y


def _index_select(d):
    shape = d.shape(least_axes=1, least=1)
    dim = d.axis(len(shape))
    return Sample((d.values(shape),), {"dim": dim, "index": d.indices((d.side(),), shape[dim]) % shape[dim]})


def _scatter_add(d):
    """The index may be shorter than x and src; src may be the longest."""
    shape, dim, index = _along(d)
    shorter = tuple(slice(0, d.integer(0, n) if d.boolean() else n) for n in index.shape)
    longer = tuple(n + d.integer(0, 1) for n in index.shape)
    return Sample((d.values(shape), d.values(longer)), {"dim": dim, "index": index[shorter] % shape[dim]})


def _scatter_add_reference(x, src, dim, index):
    y = np.array(x)
    for place in np.ndindex(index.shape):
        target = list(place)
        target[dim] = index[place]
        y[tuple(target)] += src[place]
    return y


def _embedding(d):
    v, features = d.integer(1, 4), d.side()
    return Sample((d.values((v, features)),), {"index": d.indices(d.shape(), v) % v})


CASES = (
    Case("getitem", F.getitem, lambda x, index: x[index], _getitem),
    Case("take_along_dim", F.take_along_dim, _take_along_dim_reference, _take_along_dim),
    Case("gather", F.gather, _gather_reference, _gather),
    Case("index_select", F.index_select, lambda x, dim, index: np.take(x, index, axis=dim), _index_select),
    Case(
        "scatter_add",
        lambda x, src, dim, index: F.scatter_add(x, dim, index, src),
        _scatter_add_reference,
        _scatter_add,
    ),
    Case(
        "embedding",
        lambda weight, index: F.embedding(index, weight),
        lambda weight, index: np.stack([weight[i] for i in index.ravel()] or [weight[:0].sum(0)])[: index.size].reshape(
            *index.shape, weight.shape[1]
        ),
        _embedding,
    ),
)
