"""Scans: sums and products of the first 1, 2, … elements along an axis; any shape (...) to the same."""

from ..autograd import Op
from .arguments import axis_of
from .copies import clone
from .shape import cat, narrow


class Cumsum(Op):
    """y_i = Σ_{j ≤ i} x_j along an axis;  its adjoint sums from the other end."""

    def forward(self, x):
        return self.kernels.cumsum(x, axis=self.axis)

    def backward(self, g):
        return cumsum(g.flip(self.axis), self.axis).flip(self.axis)


def cumsum(x, dim):
    """Sums of the first 1, 2, … elements along ``dim``; any shape (...) to the same."""
    axis = axis_of(x, dim)
    return Cumsum.apply(x, axis=axis) if x.ndim else clone(x)


def cumprod(x, dim):
    """Products of the first 1, 2, … elements along ``dim``; any shape (...) to the same.

    Each pass multiplies by the value 1, 2, 4, … places before, so that nothing is ever divided, and the derivatives
    hold where elements are 0, too.
    Source: Data Parallel Algorithms. Hillis, Steele, 1986, https://doi.org/10.1145/7902.7903
    """
    axis, y, step = axis_of(x, dim), clone(x), 1
    n = x.shape[axis] if x.ndim else 1
    while step < n:
        head, tail = narrow(y, axis, 0, step), narrow(y, axis, step, n - step)
        y = cat((head, tail * narrow(y, axis, 0, n - step)), axis)
        step *= 2
    return y
