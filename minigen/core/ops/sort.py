"""Order along an axis. The positions are constants and picking by them is linear, so the gradient goes where each
value came from; NaN counts as larger than every number, as in torch."""

from ...errors import ShapeError
from ..autograd import Op
from .arguments import axis_of, integers
from .copies import clone
from .index import take_along_dim
from .shape import narrow


class ArgSort(Op):
    """Positions that put x in order along an axis, equal values in their old order: integers, no gradient."""

    differentiable = False

    def forward(self, x):
        return self.kernels.argsort(x, self.axis, self.descending)


class SearchSorted(Op):
    """Where values would be inserted into a sorted sequence: integers, no gradient."""

    differentiable = False

    def forward(self, sequence, values):
        return self.kernels.searchsorted(sequence, values, self.side)


def sort(x, dim=-1, descending=False):
    """x in order along ``dim``: any shape (...) to the same; returns the values and their positions in x, integers.

    Equal values keep their order, and each takes its own gradient.
    """
    if not x.ndim:
        axis_of(x, dim)
        return clone(x), ArgSort.apply(x.reshape(1), axis=0, descending=descending).reshape(())
    axis = axis_of(x, dim)
    order = ArgSort.apply(x, axis=axis, descending=descending)
    return take_along_dim(x, order, axis), order


def topk(x, k, dim=-1, largest=True):
    """The ``k`` largest (or smallest) entries along ``dim``, in order: (…, n, …) to (…, k, …); values and positions.

    Of equal values the first come first.

    Raises:
        ShapeError: k is negative or exceeds the axis.
    """
    (k,) = integers(k, "k")
    axis = axis_of(x, dim)
    n = x.shape[axis] if x.ndim else 1
    if not 0 <= k <= n:
        raise ShapeError(f"topk got k={k} for axis {axis} of shape {tuple(x.shape)}; it must lie in [0, {n}]")
    if not x.ndim:
        return sort(x) if k else tuple(narrow(y.reshape(1), 0, 0, 0) for y in sort(x))
    order = narrow(ArgSort.apply(x, axis=axis, descending=largest), axis, 0, k)
    return take_along_dim(x, order, axis), order


def searchsorted(sorted_sequence, input, right=False):
    """The first positions (``right``: the last) at which ``input`` could enter and leave the sequence in order.

    Args:
        sorted_sequence: ascending along its last axis: (N,) for an ``input`` (...) of any shape, or (..., N) for
            (..., M), row by row; a tensor.
        input: a tensor, an array or a number.
    Returns:
        Integers in [0, N], of ``input``'s shape.
    Raises:
        ShapeError: the leading axes differ.
    """
    values, batch = sorted_sequence.constant(input), tuple(sorted_sequence.shape[:-1])
    shape = tuple(getattr(values, "shape", ()))
    if not sorted_sequence.ndim or (batch and shape[:-1] != batch):
        raise ShapeError(
            f"searchsorted got a sequence {tuple(sorted_sequence.shape)} and values {shape};"
            " it needs (N,) and (...), or (..., N) and (..., M)"
        )
    return SearchSorted.apply(sorted_sequence, values, side="right" if right else "left")
