"""Arguments of ops: sizes, axes and windows, given as Python's or NumPy's integers."""

import operator

from ...errors import ShapeError


def integers(value, name):
    """An integer, or a sequence of integers, as a tuple of Python's own."""
    try:
        if not isinstance(value, tuple | list):
            return (operator.index(value),)
    except TypeError:
        pass  # not a number: an array, a range or the like
    try:
        return tuple(map(operator.index, value))
    except TypeError:
        raise ShapeError(f"{name} is {value!r}; it must be an integer, or a sequence of integers") from None


def sizes(shape, name):
    """``f(x, 2, 3)`` or ``f(x, (2, 3))``: both mean (2, 3)."""
    return integers(shape[0] if len(shape) == 1 else shape, name)


def pair(value, name, least):
    """An integer, or a pair of them, as a pair; each at least ``least``."""
    values = integers(value, name)
    values = values * 2 if len(values) == 1 and not isinstance(value, tuple | list) else values
    if len(values) != 2 or min(values) < least:
        raise ShapeError(
            f"{name} is {value!r}; it must be an integer of at least {least}, or a pair of such (height, width)"
        )
    return values


def axes_of(x, dim, name="dim"):
    """``dim`` (None: all axes) as a tuple of non-negative axes of x, in the order given; a 0-d x has none."""
    dims = range(x.ndim) if dim is None else integers(dim, name)
    for d in dims:
        if not -(x.ndim or 1) <= d < (x.ndim or 1):
            raise ShapeError(f"{name} {d} is out of range for a tensor of shape {tuple(x.shape)}")
    axes = tuple(d % x.ndim for d in dims) if x.ndim else ()
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{name} {dim} names an axis of shape {tuple(x.shape)} twice")
    return axes


def axis_of(x, dim, name="dim"):
    """``dim`` as one non-negative axis of x; 0 for a 0-d x."""
    axes = axes_of(x, (dim,), name)
    return axes[0] if axes else 0
