"""Copies: the same values in a memory of their own, or in another dtype."""

import numpy as np

from ...errors import DTypeError
from ..autograd import Op
from ..autograd.modes import state


class Clone(Op):
    """y = x in a memory of its own;  dy/dx = 1."""

    def forward(self, x):
        return self.kernels.copy(x)

    def backward(self, g):
        return g


class Cast(Op):
    """y = x in the dtype ``to``;  its adjoint casts back."""

    def forward(self, x):
        return x.astype(self.to)

    def backward(self, g):
        return Cast.apply(g, to=self.dtype)


def clone(x):
    """A copy with a memory of its own, bit for bit; any shape (...) to the same; gradients pass through."""
    return Clone.apply(x)


def cast(x, dtype):
    """x in another dtype (x itself where it has it); any shape (...) to the same.

    Gradients pass through, cast back to x's dtype; integers and booleans have none.

    Raises:
        DTypeError: ``dtype`` is not one of numbers.
    """
    try:
        to = np.dtype(dtype)
    except TypeError:
        to = None
    if to is None or to.kind not in "biufc":
        raise DTypeError(f"to({dtype!r}): a tensor holds numbers; give a dtype such as 'float32' or np.int64")
    if to == x.dtype:
        return x
    if x.dtype.kind in "biu":  # not an op, whose float64 results of integers are made float32
        converted = x._array.astype(to)
        if state.tape is not None:
            state.tape.copied(x._array, converted, by_op=False)
        return x.wrap(converted)
    return Cast.apply(x, to=to)
