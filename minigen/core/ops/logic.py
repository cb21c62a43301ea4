"""Comparisons and logic: booleans, which have no gradient. Shapes broadcast as in NumPy."""

import math

import numpy as np

from ...errors import DTypeError
from ..autograd import Op
from .arithmetic import abs


class Compare(Op):
    """z = x ∘ y for ∘ one of =, ≠, <, ≤, >, ≥ (the kernel named ``relation``): booleans, no gradient."""

    differentiable = False

    def forward(self, x, y):
        return getattr(self.kernels, self.relation)(x, y)


class Logical(Op):
    """z = x ∧ y, x ∨ y or ¬x (the kernel named ``relation``): booleans, no gradient."""

    differentiable = False

    def forward(self, *x):
        return getattr(self.kernels, self.relation)(*x)


def eq(x, y):
    """x = y elementwise, of shapes that broadcast; booleans."""
    return Compare.apply(x, y, relation="equal")


def ne(x, y):
    """x ≠ y elementwise, of shapes that broadcast; booleans."""
    return Compare.apply(x, y, relation="not_equal")


def lt(x, y):
    """x < y elementwise, of shapes that broadcast; booleans."""
    return Compare.apply(x, y, relation="less")


def le(x, y):
    """x ≤ y elementwise, of shapes that broadcast; booleans."""
    return Compare.apply(x, y, relation="less_equal")


def gt(x, y):
    """x > y elementwise, of shapes that broadcast; booleans."""
    return Compare.apply(x, y, relation="greater")


def ge(x, y):
    """x ≥ y elementwise, of shapes that broadcast; booleans."""
    return Compare.apply(x, y, relation="greater_equal")


def logical_and(x, y):
    """x ∧ y elementwise, of shapes that broadcast; numbers count as true unless 0; booleans."""
    return Logical.apply(x, y, relation="logical_and")


def logical_or(x, y):
    """x ∨ y elementwise, of shapes that broadcast; numbers count as true unless 0; booleans."""
    return Logical.apply(x, y, relation="logical_or")


def logical_not(x):
    """¬x elementwise, any shape (...) to the same; numbers count as true unless 0; booleans."""
    return Logical.apply(x, relation="logical_not")


def isnan(x):
    """Whether each element is NaN, which alone differs from itself; any shape (...) to the same; booleans."""
    return ne(x, x)


def isfinite(x):
    """Whether each element is neither infinite nor NaN; any shape (...) to the same; booleans."""
    return lt(abs(x), math.inf)  # NaN is not smaller either


def booleans(operator, *operands):
    """The operands of ``operator`` (&, | or ~), which minigen gives to booleans only.

    Raises:
        DTypeError: an operand is not boolean; elsewhere the operator means bits, and a silent "is not 0" would mislead.
    """
    for x in operands:
        dtype = getattr(x, "dtype", None) or np.asarray(x).dtype
        if dtype.kind != "b":
            raise DTypeError(
                f"{operator} got {dtype}; it takes booleans only: compare first ((x > 0) & (y > 0)), or use"
                " logical_and, logical_or, logical_not"
            )
    return operands
