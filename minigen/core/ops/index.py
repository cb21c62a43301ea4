"""Indexing: picking values is linear; its adjoint adds the gradients back where the values came from."""

import numpy as np

from ...errors import ShapeError
from ..autograd import Op, Variable
from ..autograd.modes import state
from .arguments import axis_of


class Slice(Op):
    """y = x[index] for integers, slices, None and …: a view;  adjoint: zeros with g at ``index``."""

    is_view = True

    def forward(self, x):
        return x[self.index]

    def backward(self, g):
        return Unslice.apply(g, index=self.index, shape=self.shapes[0])


class Unslice(Op):
    """Zeros of ``shape`` with g at ``index``;  adjoint: `Slice`."""

    def forward(self, g):
        y = self.kernels.zeros(self.shape, g.dtype)
        y[self.index] = g
        return y

    def backward(self, h):
        return Slice.apply(h, index=self.index)


class Index(Op):
    """y = x[index] with arrays of integers or booleans in ``index``: a copy;  adjoint: `IndexAdd`."""

    def forward(self, x):
        return x[self.index]

    def backward(self, g):
        return IndexAdd.apply(g, index=self.index, shape=self.shapes[0])


class IndexAdd(Op):
    """Zeros of ``shape`` with g added at ``index``, repeated positions summed;  adjoint: `Index`."""

    def forward(self, g):
        return self.kernels.index_add(g, self.index, self.shape)

    def backward(self, h):
        return Index.apply(h, index=self.index)


class TakeAlongDim(Op):
    """y[…, i, …] = x[…, indices[…, i, …], …] along an axis;  adjoint: `ScatterAddAlongDim`."""

    def forward(self, x):
        return self.kernels.take_along_axis(x, self.indices, self.axis)

    def backward(self, g):
        return ScatterAddAlongDim.apply(g, indices=self.indices, axis=self.axis, shape=self.shapes[0])


class ScatterAddAlongDim(Op):
    """Zeros of ``shape`` with g added at ``indices`` along an axis;  adjoint: `TakeAlongDim`."""

    def forward(self, g):
        return self.kernels.scatter_add_along_axis(g, self.indices, self.axis, self.shape)

    def backward(self, h):
        return TakeAlongDim.apply(h, indices=self.indices, axis=self.axis)


def _array(index):
    """Index tensors and lists as arrays of our own: changing the caller's later cannot spoil a gradient."""
    if isinstance(index, Variable):
        return _known(index._array, np.array(index._array))
    if isinstance(index, np.ndarray):
        return _known(index, np.array(index))
    return np.array(index) if isinstance(index, list) else index


def _known(source, array):
    """``array``, which holds the numbers of ``source``: a step that is captured takes it for the same."""
    if state.tape is not None:
        state.tape.copied(source, array, by_op=False)
    return array


def getitem(x, index):
    """``x[index]`` as in NumPy: integers, slices, None, … (views), integer and boolean arrays (copies);
    the shape is what NumPy gives: (a, b, c)[:, 0] is (a, c).
    """
    parts = tuple(_array(part) for part in (index if isinstance(index, tuple) else (index,)))
    advanced = any(isinstance(part, np.ndarray) for part in parts)
    return (Index if advanced else Slice).apply(x, index=parts)


def _indices(x, dim, indices, name):
    """``indices`` as an array of integers within [−n, n), n the size of axis ``dim``; and that axis."""
    indices, axis = np.asarray(_array(indices)), axis_of(x, dim, f"{name}'s dim")
    if not x.ndim:
        raise ShapeError(f"{name} got a tensor without axes; it needs at least one: x.reshape(1)")
    if indices.dtype.kind not in "iu":
        raise ShapeError(f"{name} needs integer indices, got {indices.dtype}")
    n = x.shape[axis]
    if indices.size and not (-n <= indices.min() and indices.max() < n):
        raise ShapeError(f"{name}: indices in [{indices.min()}, {indices.max()}] for axis {axis} of shape {x.shape}")
    return indices, axis


def count_from_zero(indices, n, name):
    """Raise unless all ``indices`` (an array) lie in [0, n): a class or a row of −1 is a mark of something missing,
    and would silently mean the last."""
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        raise ShapeError(
            f"{name} got indices in [{indices.min()}, {indices.max()}]; they must lie in [0, {n})."
            " There is no ignore_index: leave such entries out"
        )


def index_select(x, dim, index):
    """The entries ``index`` (M,) along ``dim``: (…, n, …) to (…, M, …); a single one leaves an axis of size 1."""
    indices, axis = _indices(x, dim, index, "index_select")
    if indices.ndim > 1:
        raise ShapeError(f"index_select got index of shape {indices.shape}; it needs (M,), or use x[index]")
    return Index.apply(x, index=(slice(None),) * axis + (_known(indices, indices.reshape(-1)),))


def take_along_dim(x, indices, dim=None):
    """y[…, i, …] = x[…, indices[…, i, …], …] along ``dim`` (None: of the flattened x); all other axes broadcast."""
    if dim is None:
        indices = np.asarray(_array(indices))
        return take_along_dim(x.reshape(-1), _known(indices, indices.reshape(-1)), 0)
    indices, axis = _indices(x, dim, indices, "take_along_dim")
    try:
        if indices.ndim != x.ndim:
            raise ValueError
        shape = np.broadcast_shapes(_with(x.shape, axis, 1), _with(indices.shape, axis, 1))
    except ValueError:
        raise ShapeError(
            f"take_along_dim got indices of shape {indices.shape} for a tensor of shape {x.shape};"
            f" they must broadcast off axis {axis}"
        ) from None
    indices = _known(indices, np.broadcast_to(indices, _with(shape, axis, indices.shape[axis])))
    return TakeAlongDim.apply(x.expand(_with(shape, axis, x.shape[axis])), indices=indices, axis=axis)


def _with(shape, axis, n):
    return (*shape[:axis], n, *shape[axis + 1 :])


def gather(x, dim, index):
    """As `take_along_dim`, but ``index`` may be shorter than x along the other axes, and does not broadcast; y has the
    shape (..., n, ...) of ``index``.
    """
    index, axis = _indices(x, dim, index, "gather")
    _fits(index, x.shape, axis, "gather", "the tensor")
    x = x[tuple(slice(None) if i == axis else slice(m) for i, m in enumerate(index.shape))]
    return TakeAlongDim.apply(x, indices=index, axis=axis)


def scatter_add(x, dim, index, src):
    """x with ``src`` added along ``dim``: y[…, index[…, i, …], …] += src[…, i, …].

    ``index`` may be shorter than src, and than x along the other axes; what it does not reach has no part in it.
    The result has the shape (...) of x.
    """
    index, axis = _indices(x, dim, index, "scatter_add")
    _fits(index, x.shape, axis, "scatter_add", "the tensor")
    _fits(index, src.shape, None, "scatter_add", "src")
    position = list(np.ogrid[tuple(slice(m) for m in index.shape)])
    position[axis] = index
    return x + IndexAdd.apply(src[tuple(slice(m) for m in index.shape)], index=tuple(position), shape=x.shape)


def _fits(index, shape, axis, name, what):
    """Raise unless ``index`` is nowhere longer than ``shape``, except along ``axis``."""
    if index.ndim != len(shape) or any(
        m > n for i, (m, n) in enumerate(zip(index.shape, shape, strict=True)) if i != axis
    ):
        raise ShapeError(
            f"{name} got index of shape {index.shape}, {what} has {tuple(shape)}; it needs as many axes, none longer"
            + ("" if axis is None else f" (but axis {axis})")
        )


def embedding(index, weight):
    """Rows of ``weight`` (V, D) by integer ``index`` (...) in [0, V): (..., D); no padding or ignored index."""
    indices = np.asarray(_array(index))
    count_from_zero(indices, weight.shape[0], "embedding")
    indices, _ = _indices(weight, 0, indices, "embedding")
    return Index.apply(weight, index=(indices,))
