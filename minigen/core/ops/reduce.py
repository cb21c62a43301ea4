"""Reductions: shape (...) to the shape without the axes ``dim`` (kept as 1 with ``keepdim``).

``dim`` is an axis, a tuple of axes, or None for all of them, as in torch.
"""

import math

from ...errors import ShapeError
from ..autograd import Op
from .arguments import axes_of, axis_of
from .arithmetic import where
from .copies import cast, clone
from .elementwise import exp
from .index import take_along_dim
from .shape import cat


def count_of(x, axes):
    """The number of elements that one reduction over ``axes`` joins."""
    n = 1
    for axis in axes:
        n *= x.shape[axis]
    return n


def kept(shape, axes):
    """``shape`` with 1 at ``axes``."""
    return tuple(1 if axis in axes else n for axis, n in enumerate(shape))


class Sum(Op):
    """y = Σ x over axes;  dy/dx = 1."""

    def forward(self, x):
        return self.kernels.sum(x, axis=self.axes, keepdims=self.keepdim)

    def backward(self, g):
        shape = self.shapes[0]
        return g.reshape(kept(shape, self.axes)).expand(shape)


class Mean(Op):
    """y = Σ x / n over axes;  dy/dx = 1/n. ``count`` is n, or NaN where n = 0: 0/0 without NumPy's warning."""

    def forward(self, x):
        return self.kernels.sum(x, axis=self.axes, keepdims=self.keepdim) / self.count

    def backward(self, g):
        return MeanGrad.apply(g, axes=self.axes, keepdim=self.keepdim, count=self.count, shape=self.shapes[0])


class MeanGrad(Op):
    """u = g / n repeated along the axes to ``shape``, the backward of `Mean`;  its adjoint: the mean."""

    def forward(self, g):
        return self.kernels.broadcast_to((g / self.count).reshape(kept(self.shape, self.axes)), self.shape)

    def backward(self, h):
        return Mean.apply(h, axes=self.axes, keepdim=self.keepdim, count=self.count)


class SumToSize(Op):
    """Sum over the axes along which ``shape`` broadcasts to x's shape; its adjoint is expand."""

    def forward(self, x):
        lead = x.ndim - len(self.shape)
        axes = (*range(lead), *(lead + i for i, n in enumerate(self.shape) if n == 1 and x.shape[lead + i] != 1))
        return self.kernels.sum(x, axis=axes, keepdims=True).reshape(self.shape)

    def backward(self, g):
        return g.expand(self.shapes[0])


class Extreme(Op):
    """y = max or min of x over axes (the kernel named ``extreme``);  equal extremes share the gradient evenly."""

    saves = (0,)
    saves_outputs = (0,)

    def forward(self, x):
        return getattr(self.kernels, self.extreme)(x, axis=self.axes, keepdims=True)

    def backward(self, g):
        (x,), (y,) = self.saved, self.outputs
        hit = (x == y) | (x != x)  # a NaN is the extreme of its slice
        return where(hit, g / cast(hit, x.dtype).sum(self.axes, keepdim=True), 0.0)


class LogSumExp(Op):
    """y = log Σ eˣ over axes;  dy/dx = softmax(x) = e^(x − y)."""

    saves = (0,)
    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.logsumexp(x, axis=self.axes, keepdims=True)

    def backward(self, g):
        (x,), (y,) = self.saved, self.outputs
        return g * exp(x - where(y == -math.inf, 0.0, y))  # a slice of −∞ alone has gradient 0


class Softmax(Op):
    """y = eˣ / Σ eˣ over an axis;  xᵀ-product of g: y (g − Σ g y)."""

    saves_outputs = (0,)

    def forward(self, x):
        return self.kernels.softmax(x, axis=self.axis)

    def backward(self, g):
        return SoftmaxGrad.apply(g, *self.outputs, axis=self.axis)


class SoftmaxGrad(Op):
    """u = y (g − Σ g y), the backward of `Softmax`; symmetric in g, and du by y: h (g − Σ g y) − g Σ h y."""

    saves = (0, 1)

    def forward(self, g, y):
        return self.kernels.softmax_grad(g, y, axis=self.axis)

    def backward(self, h):
        g, y = self.saved

        def over(x):
            return (x * y).sum(self.axis, keepdim=True)

        return lambda: SoftmaxGrad.apply(h, y, axis=self.axis), lambda: h * (g - over(g)) - g * over(h)


class Position(Op):
    """The index of the largest or smallest element along an axis (the kernel named ``extreme``): integers."""

    differentiable = False

    def forward(self, x):
        return getattr(self.kernels, self.extreme)(x, axis=self.axis, keepdims=self.keepdim)


def drop(y, axes, keepdim):
    """y, whose ``axes`` are of size 1, with them (``keepdim``) or without."""
    return y if keepdim else y.reshape(tuple(n for axis, n in enumerate(y.shape) if axis not in axes))


def _nonempty(x, axes, name):
    if count_of(x, axes) == 0:
        raise ShapeError(f"{name} over an empty axis of shape {tuple(x.shape)}: there is no element to return")


def sum(x, dim=None, keepdim=False):
    """Σ x over ``dim``: shape (...) to (...) without ``dim``; 0 for an empty axis."""
    return Sum.apply(x, axes=axes_of(x, dim), keepdim=keepdim)


def sum_to_size(x, shape):
    """Sum x down to ``shape``, which must broadcast to x's shape; the adjoint of expand."""
    return SumToSize.apply(x, shape=tuple(shape))


def mean(x, dim=None, keepdim=False):
    """Σ x / n over ``dim``: shape (...) to (...) without ``dim``; NaN for an empty axis."""
    axes = axes_of(x, dim)
    return Mean.apply(x, axes=axes, keepdim=keepdim, count=count_of(x, axes) or math.nan)


def amax(x, dim=None, keepdim=False):
    """Largest element over ``dim``: shape (...) to (...) without ``dim``; ties share the gradient."""
    axes = axes_of(x, dim)
    _nonempty(x, axes, "amax")
    return drop(Extreme.apply(x, axes=axes, extreme="amax"), axes, keepdim)


def amin(x, dim=None, keepdim=False):
    """Smallest element over ``dim``: shape (...) to (...) without ``dim``; ties share the gradient."""
    axes = axes_of(x, dim)
    _nonempty(x, axes, "amin")
    return drop(Extreme.apply(x, axes=axes, extreme="amin"), axes, keepdim)


def max(x, dim=None, keepdim=False):
    """Largest element of x: shape (...) to (); or along the axis ``dim``, with its positions.

    Returns:
        A 0-d tensor (`amax`, ties share the gradient); with ``dim`` a pair (values, indices), each (...) without
        ``dim``, and the first of equal elements takes the gradient.
    """
    return amax(x) if dim is None else _at_position(x, argmax(x, dim, keepdim=True), dim, keepdim)


def min(x, dim=None, keepdim=False):
    """Smallest element of x: shape (...) to (); or along the axis ``dim``, with its positions; see `max`."""
    return amin(x) if dim is None else _at_position(x, argmin(x, dim, keepdim=True), dim, keepdim)


def _at_position(x, indices, dim, keepdim):
    if not x.ndim:
        return clone(x), indices
    axis = axis_of(x, dim)
    values = take_along_dim(x, indices, axis)
    return drop(values, (axis,), keepdim), drop(indices, (axis,), keepdim)


def prod(x, dim=None, keepdim=False):
    """Π x over ``dim``: shape (...) to (...) without ``dim``; 1 for an empty axis.

    Halves are multiplied until one element is left, so that dy/dxᵢ = Π_{j≠i} xⱼ holds also where elements are 0.
    """
    axes = axes_of(x, dim)
    n = count_of(x, axes)
    if n == 0:
        return sum(x, axes, keepdim) + 1
    others = [axis for axis in range(x.ndim) if axis not in axes]
    y = x.permute((*others, *axes)).reshape((*(x.shape[axis] for axis in others), n))  # (..., n)
    while n > 1:
        half = n // 2
        product, rest = y[..., :half] * y[..., half : 2 * half], y[..., 2 * half :]
        y, n = (cat((product, rest), -1), half + 1) if n % 2 else (product, half)  # (..., ⌈n/2⌉)
    return y.reshape(kept(x.shape, axes)) if keepdim else y.squeeze(-1)


def argmax(x, dim=None, keepdim=False):
    """Index of the (first) largest element along ``dim``; in the flattened tensor if ``dim`` is None. Integers.

    (..., D, ...) to (..., ...), or with ``keepdim`` to (..., 1, ...).
    """
    axis = None if dim is None else axis_of(x, dim)
    _nonempty(x, axes_of(x, axis), "argmax")
    return Position.apply(x, axis=axis, keepdim=keepdim, extreme="argmax")


def argmin(x, dim=None, keepdim=False):
    """Index of the (first) smallest element along ``dim``; in the flattened tensor if ``dim`` is None. Integers.

    (..., D, ...) to (..., ...), or with ``keepdim`` to (..., 1, ...).
    """
    axis = None if dim is None else axis_of(x, dim)
    _nonempty(x, axes_of(x, axis), "argmin")
    return Position.apply(x, axis=axis, keepdim=keepdim, extreme="argmin")


def logsumexp(x, dim, keepdim=False):
    """log Σ eˣ over ``dim``, without overflow: shape (...) to (...) without ``dim``."""
    axes = axes_of(x, dim)
    return drop(LogSumExp.apply(x, axes=axes), axes, keepdim)


def softmax(x, dim):
    """eˣ / Σ eˣ along ``dim``; any shape (...) to the same, each slice sums to 1."""
    return Softmax.apply(x, axis=axis_of(x, dim))


def log_softmax(x, dim):
    """x − log Σ eˣ along ``dim``; any shape (...) to the same."""
    return x - logsumexp(x, dim, keepdim=True)
