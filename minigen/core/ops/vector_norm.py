"""The length of vectors: shape (...) to the shape without the axes ``dim`` (kept as 1 with ``keepdim``)."""

import math

from ...errors import ShapeError, UserError
from ..autograd import Op
from .arguments import axes_of
from .arithmetic import abs, sign, where
from .reduce import amax, amin, count_of, drop, sum


class Norm(Op):
    """y = √Σ x² = m √Σ (x/m)² over axes, m = max |x|, whose square may be too large;  dy/dx = x/y (0 where y = 0)."""

    saves = (0,)
    saves_outputs = (0,)

    def forward(self, x):
        kernels = self.kernels
        m = kernels.amax(kernels.absolute(x), axis=self.axes, keepdims=True, initial=0)
        m = kernels.where((m > 0) & (m < math.inf), m, 1.0)
        return m * kernels.sqrt(kernels.sum(kernels.square(x / m), axis=self.axes, keepdims=True))

    def backward(self, g):
        (x,), (y,) = self.saved, self.outputs
        return g * (x / where(y == 0, 1.0, y))


def norm(x, p=2, dim=None, keepdim=False):
    """(Σ |x|ᵖ)^(1/p) over ``dim``: shape (...) to (...) without ``dim``; its gradient at 0 is 0.

    Args:
        p: 2 or "fro" for the Euclidean norm √Σ x²; 1 for Σ |x|; ``inf`` for max |x|, ``-inf`` for min |x| (equal
            ones share the gradient); 0 for the number of elements that are not 0; or another number.
        dim: an axis, a tuple of axes, or None for all.
    Raises:
        ShapeError: max or min |x| of no element.
    """
    axes, p = axes_of(x, dim), 2 if p == "fro" else p
    if isinstance(p, str) or p != p:
        raise UserError(f"norm got p={p!r}; it needs a number, or 'fro' for 2")
    if p == 2:
        return drop(Norm.apply(x, axes=axes), axes, keepdim)
    if p == 1:
        return sum(abs(x), axes, keepdim)
    if p == 0:
        return sum(where(x == 0, sign(x), 1.0), axes, keepdim)
    if (p < 0 or p == math.inf) and not count_of(x, axes):
        raise ShapeError(f"norm with p={p} of no elements (axes {axes} of shape {tuple(x.shape)}) has no value")
    if math.isinf(p):
        return _extreme(abs(x), p, axes, keepdim)
    if not count_of(x, axes):
        return sum(x, axes, keepdim)
    return drop(_power_norm(abs(x), p, axes), axes, keepdim)


def _extreme(size, p, axes, keepdim):
    return amax(size, axes, keepdim) if p > 0 else amin(size, axes, keepdim)


def _power_norm(size, p, axes):
    """m (Σ (|x|/m)ᵖ)^(1/p), m = max |x|, or min |x| for p < 0: no power is out of range. As m cancels, it is a
    constant; where it is 0, so is the norm, and a 0 among others has gradient 0, also where the slope is infinite."""
    m = _extreme(size.detach(), p, axes, keepdim=True)
    scale = where((m == 0) | (m == math.inf), 1.0, m)
    ratio = size / scale
    absent = ratio == 0
    total = sum(where(absent, 0.0, where(absent, 1.0, ratio) ** p), axes, keepdim=True)
    return where(m == 0, 0.0, scale * where(m == 0, 1.0, total) ** (1.0 / p))
