"""Variance and standard deviation: shape (...) to the shape without the axes ``dim`` (kept as 1 with ``keepdim``)."""

import math

from ...errors import ShapeError
from .arguments import axes_of
from .reduce import count_of, mean, sum
from .vector_norm import norm


def var(x, dim=None, correction=1, keepdim=False):
    """Σ (x − mean)² / (n − correction) over ``dim``: shape (...) to (...) without ``dim``."""
    axes = axes_of(x, dim)
    n = _degrees_of_freedom(x, axes, correction, "var")
    centred = x - mean(x, axes, keepdim=True)
    return sum(centred * centred, axes, keepdim) / n


def std(x, dim=None, correction=1, keepdim=False):
    """√var = ‖x − mean‖ / √(n − correction) over ``dim``: shape (...) to (...) without ``dim``.

    Its gradient where all elements are equal is 0, as that of `norm`.
    """
    axes = axes_of(x, dim)
    n = _degrees_of_freedom(x, axes, correction, "std")
    return norm(x - mean(x, axes, keepdim=True), 2, axes, keepdim) / math.sqrt(n)


def _degrees_of_freedom(x, axes, correction, name):
    n = count_of(x, axes) - correction
    if n <= 0:
        raise ShapeError(
            f"{name} of {n + correction} element(s) with correction={correction} divides by {n}; use correction=0"
        )
    return n
