"""Rows of few channels, joined until they are long: x (P, C) seen as (P/K, K·C).

An inner loop over 32 channels would spend its time on beginning and ending. What each channel is multiplied with, or
moved by, is repeated K times (`spread`), and of K·C sums those of the channels are made at the end (`fold`).
"""

from functools import lru_cache

import numpy as np
from numba import njit

from .norm import FAST


@lru_cache(maxsize=256)
def joined(pixels, channels, most):
    """K, the pixels that make one row, of at most ``most`` numbers unless one pixel has more."""
    return next(k for k in range(max(1, most // channels), 0, -1) if pixels % k == 0)


@njit(**FAST)
def fold(sums, channels):
    """The sums (K·C,) of joined rows as those of their channels (C,): the first C of them, to which the others add."""
    for start in range(channels, sums.size, channels):
        for c in range(channels):
            sums[c] += sums[start + c]
    return sums[:channels]


@njit(**FAST)
def spread(values, channels):
    """The opposite: values (K·C,) whose first C are what each channel is to have, in all of its K columns."""
    for start in range(channels, values.size, channels):
        for c in range(channels):
            values[start + c] = values[c]


@njit(**FAST)
def columns_of(means, channels, columns):
    """The mean of each column's group, (K·C,), of means (G,)."""
    found, depth = np.empty(columns), channels // means.size
    for c in range(channels):
        found[c] = means[c // depth]
    spread(found, channels)
    return found
