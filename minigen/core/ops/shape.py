"""Ops that rearrange values: each is linear, and its derivative is its adjoint, which moves them back."""

import numpy as np

from ...errors import ShapeError
from ..autograd import Op
from .arguments import axes_of, axis_of, integers, sizes
from .index import index_select


class Reshape(Op):
    """The same values in the same order, another shape;  adjoint: reshape back."""

    is_view = True

    def forward(self, x):
        return x.reshape(self.shape)

    def backward(self, g):
        return g.reshape(self.shapes[0])


class Permute(Op):
    """y[i₀, i₁, …] = x with its axes in the order ``dims``;  adjoint: the inverse order."""

    is_view = True

    def forward(self, x):
        return x.transpose(self.dims)

    def backward(self, g):
        return g.permute(tuple(int(i) for i in np.argsort(self.dims)))


class Expand(Op):
    """x repeated along new axes and along axes of length 1, without a copy;  adjoint: the sum over them."""

    is_view = True

    def forward(self, x):
        return self.kernels.broadcast_to(x, self.shape)

    def backward(self, g):
        return g.sum_to_size(self.shapes[0])


class Cat(Op):
    """The inputs one after the other along an axis;  adjoint: cut apart again."""

    def forward(self, *xs):
        return self.kernels.concatenate(xs, axis=self.axis)

    def backward(self, g):
        sizes = [shape[self.axis] for shape in self.shapes]
        stops = [int(stop) for stop in np.cumsum(sizes)]
        if sum(edge is not None for edge in self.edges) > 1:
            return Parts.apply(g, axis=self.axis, starts=[0, *stops[:-1]], sizes=sizes)
        return tuple(
            (lambda start=stop - n, n=n: narrow(g, self.axis, start, n)) for stop, n in zip(stops, sizes, strict=True)
        )


class Split(Op):
    """x cut along an axis at ``starts`` into ``sizes``: views;  adjoint: joined again, zeros where nothing arrived."""

    is_view = True

    def forward(self, x):
        before = (slice(None),) * self.axis
        return tuple(x[(*before, slice(a, a + n))] for a, n in zip(self.starts, self.sizes, strict=True))

    def backward(self, *gs):
        shape = self.shapes[0]
        filled = []
        for g, n in zip(gs, self.sizes, strict=True):
            part = (*shape[: self.axis], n, *shape[self.axis + 1 :])
            filled.append(self.wrap(self.kernels.zeros(part, self.dtype)) if g is None else g)
        return cat(filled, self.axis)


class Parts(Split):
    """`Split` into copies: what reads them, several kernels for each, would go through the strides of a view."""

    is_view = False

    def forward(self, x):
        return self.kernels.cut(x, self.sizes, self.axis)


class Flip(Op):
    """The order along axes reversed;  its own adjoint."""

    is_view = True

    def forward(self, x):
        return self.kernels.flip(x, self.axes)

    def backward(self, g):
        return flip(g, self.axes)


class Pad(Op):
    """A constant around x, ``widths[axis] = (before, after)``;  adjoint: the middle part."""

    def forward(self, x):
        return self.kernels.pad(x, self.widths, constant_values=self.value)

    def backward(self, g):
        return g[tuple(slice(b, b + n) for (b, _), n in zip(self.widths, self.shapes[0], strict=True))]


def reshape(x, *shape):
    """x with another shape of as many elements (one size may be −1): ``reshape(x, 2, 3)`` or ``reshape(x, (2, 3))``."""
    return Reshape.apply(x, shape=sizes(shape, "shape"))


def flatten(x, start_dim=0, end_dim=-1):
    """Axes ``start_dim`` … ``end_dim`` joined: (a, b, c, d) with 1 and 2 gives (a, b·c, d)."""
    if x.ndim == 0:
        return reshape(x, 1)
    start, end = axis_of(x, start_dim, "start_dim"), axis_of(x, end_dim, "end_dim")
    if start > end:
        raise ShapeError(f"flatten got start_dim {start_dim} after end_dim {end_dim} for a tensor of shape {x.shape}")
    size = 1
    for n in x.shape[start : end + 1]:
        size *= n
    return reshape(x, (*x.shape[:start], size, *x.shape[end + 1 :]))


def permute(x, *dims):
    """Axes in another order: ``permute(x, 0, 2, 1)`` of (a, b, c) gives (a, c, b); a view."""
    dims = sizes(dims, "permute's dims") if dims else ()
    if len(dims) != x.ndim or sorted(axis_of(x, d, "permute's dim") for d in dims) != list(range(x.ndim)):
        raise ShapeError(f"permute got dims {dims} for a tensor of shape {x.shape}; name each axis once")
    return Permute.apply(x, dims=axes_of(x, dims))


def transpose(x, dim0, dim1):
    """Axes ``dim0`` and ``dim1`` exchanged; a view: (a, b, c) with 0 and 2 gives (c, b, a)."""
    order = list(range(x.ndim or 1))
    a, b = axis_of(x, dim0, "dim0"), axis_of(x, dim1, "dim1")
    order[a], order[b] = b, a
    return Permute.apply(x, dims=tuple(order[: x.ndim]))


def movedim(x, source, destination):
    """Axes ``source`` (one or several) moved to ``destination``, the others in their order; a view: (a, b, c)
    with 0 and 2 gives (b, c, a).
    """
    sources, destinations = axes_of(x, source, "source"), axes_of(x, destination, "destination")
    if len(sources) != len(destinations):
        raise ShapeError(f"movedim got source {source} and destination {destination}; it needs one place for each axis")
    order = [axis for axis in range(x.ndim) if axis not in sources]
    for place, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(place, axis)
    return Permute.apply(x, dims=tuple(order))


def expand(x, *shape):
    """x broadcast to ``shape`` without a copy; −1 keeps a size."""
    shape = sizes(shape, "shape")
    lead = len(shape) - x.ndim
    if lead < 0:
        raise ShapeError(f"expand got shape {shape} for a tensor of shape {x.shape}; it needs at least {x.ndim} axes")
    shape = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(shape))
    return x if shape == x.shape else Expand.apply(x, shape=shape)


def squeeze(x, dim=None):
    """Without axis ``dim`` if its size is 1 (None: without all axes of size 1): (a, 1, b) to (a, b)."""
    dims = axes_of(x, dim)
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in dims or n != 1))


def unsqueeze(x, dim):
    """With a new axis of size 1 at ``dim``: (a, b) with 1 gives (a, 1, b)."""
    (dim,) = integers(dim, "dim")
    if not -x.ndim - 1 <= dim <= x.ndim:
        raise ShapeError(f"unsqueeze got dim {dim} for a tensor of shape {x.shape}")
    shape = list(x.shape)
    shape.insert(dim % (x.ndim + 1), 1)
    return reshape(x, tuple(shape))


def cat(tensors, dim=0):
    """The tensors one after the other along ``dim``; their other sizes must agree: (a, c), (b, c) to (a + b, c)."""
    tensors = list(tensors)
    if not tensors:
        raise ShapeError("cat got no tensors; it needs at least one")
    return Cat.apply(*tensors, axis=_axis(tensors[0], dim, "cat"))


def stack(tensors, dim=0):
    """The tensors, all of one shape (...), along a new axis ``dim``."""
    tensors = list(tensors)
    if not tensors:
        raise ShapeError("stack got no tensors; it needs at least one")
    return cat([unsqueeze(x, dim) for x in tensors], dim if dim >= 0 else dim + tensors[0].ndim + 1)


def narrow(x, dim, start, length):
    """``length`` entries from ``start`` (negative: counted from the end) on along ``dim``; a view: (..., D, ...) to
    (..., length, ...).
    """
    axis, (start, length) = _axis(x, dim, "narrow"), integers((start, length), "narrow's start and length")
    n = x.shape[axis]
    first = start + n if start < 0 else start
    if not 0 <= first <= first + length <= n:
        raise ShapeError(
            f"narrow got start {start} and length {length} for axis {axis} of shape {x.shape}; it has {n} entries"
        )
    return x[(slice(None),) * axis + (slice(first, first + length),)]


def _axis(x, dim, name):
    if not x.ndim:
        raise ShapeError(f"{name} got a tensor without axes; it needs at least one")
    return axis_of(x, dim)


def split(x, split_size_or_sections, dim=0):
    """x cut along ``dim`` into parts of one size (the last may be smaller), or of the sizes in a list; views:
    (5, c) by 2 gives (2, c), (2, c), (1, c).
    """
    axis, sections = _axis(x, dim, "split"), integers(split_size_or_sections, "split's size")
    n = x.shape[axis]
    if not hasattr(split_size_or_sections, "__len__"):
        (size,) = sections
        if size <= 0:
            raise ShapeError(f"split got a size of {size}; it must be positive")
        sections = [min(size, n - start) for start in range(0, n, size)] or [0]
    if sum(sections) != n or min(sections, default=0) < 0:
        raise ShapeError(
            f"split got sections {list(sections)}, {sum(sections)} in all, for an axis of {n}; they must add up, and"
            " none be negative"
        )
    return Split.apply(x, axis=axis, starts=[sum(sections[:i]) for i in range(len(sections))], sizes=list(sections))


def chunk(x, chunks, dim=0):
    """x cut along ``dim`` into ``chunks`` parts of equal size (the last may be smaller); views: (7, c)
    in 2 gives (4, c), (3, c).
    """
    axis, (chunks,) = _axis(x, dim, "chunk"), integers(chunks, "chunks")
    if chunks < 1:
        raise ShapeError(f"chunk got {chunks} chunks; it needs at least 1")
    return split(x, max(1, -(-x.shape[axis] // chunks)), axis)


def flip(x, dims):
    """The order of the entries reversed along ``dims``, any shape (...) to the same; a view."""
    return Flip.apply(x, axes=axes_of(x, dims, "dims"))


def pad(x, pad, mode="constant", value=0.0):
    """Widen x; ``pad`` is (before, after) of the last axis, then of the one before it, … as in torch: (a, b) to
    (a, before + b + after).

    Args:
        mode: "constant" (``value``), "reflect" (mirror without the edge) or "replicate"; negative widths cut.
    """
    pad = integers(pad, "pad")
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ShapeError(
            f"pad got {len(pad)} widths for a tensor of shape {x.shape}; give (before, after) pairs, last axis first"
        )
    widths = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    if mode == "constant":
        if any(n + min(b, 0) + min(a, 0) < 0 for (b, a), n in zip(widths, x.shape, strict=True)):
            raise ShapeError(f"pad got {pad}, which cuts more entries than a tensor of shape {tuple(x.shape)} has")
        cut = tuple(slice(max(-b, 0), n - max(-a, 0)) for (b, a), n in zip(widths, x.shape, strict=True))
        x = x[cut] if any(b < 0 or a < 0 for b, a in widths) else x
        return Pad.apply(x, widths=[(max(b, 0), max(a, 0)) for b, a in widths], value=value)
    if mode not in ("reflect", "replicate"):
        raise ShapeError(f"pad's mode is {mode!r}; it must be 'constant', 'reflect' or 'replicate'")
    for axis, (before, after) in enumerate(widths):
        n = x.shape[axis]
        if n + before + after < 0:
            raise ShapeError(
                f"pad got {(before, after)} for axis {axis} of shape {x.shape}, which cuts more than {n} entries"
            )
        if max(before, after) > 0 and (n == 0 or (mode == "reflect" and max(before, after) >= n)):
            raise ShapeError(f"pad cannot {mode} {max(before, after)} entries of axis {axis} of shape {x.shape}")
        if before or after:
            source = np.arange(-before, n + after)
            source = source.clip(0, n - 1) if mode == "replicate" else n - 1 - abs(n - 1 - abs(source))
            x = index_select(x, axis, source)
    return x
