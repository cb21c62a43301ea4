"""Measures of error, for forward values and gradients alike."""

import numpy as np


def scaled_error(got, expected):
    """max|a − b| / max(1, max|b|) over all elements; 0 where both are the same infinity or both NaN.

    Args:
        got, expected: arrays of one shape.
    Returns:
        A float; infinite where shapes differ, or where only one of two elements is finite.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return np.inf
    if got.dtype.kind not in "fc" or expected.dtype.kind not in "fc":
        return 0.0 if np.array_equal(got, expected) else np.inf
    a, b = got.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(a[finite]).all():
        return np.inf
    b, a = b[finite], a[finite]
    return float(np.abs(a - b).max(initial=0.0) / max(1.0, np.abs(b).max(initial=0.0)))


def ulps(got, expected):
    """max|a − b| in units in the last place of max(1, max|b|): the spacing of ``expected``'s dtype there.

    The scale is that of `scaled_error`: what is small by cancellation is not held to its own last place.

    Args:
        got, expected: arrays of one shape and dtype.
    Returns:
        A float; infinite where shapes or dtypes differ, or where only one of two elements is finite.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return np.inf
    if got.dtype.kind != "f":
        return 0.0 if np.array_equal(got, expected) else np.inf
    finite = np.isfinite(expected)
    if not np.array_equal(got[~finite], expected[~finite], equal_nan=True) or not np.isfinite(got[finite]).all():
        return np.inf
    a, b = got[finite].astype(np.float64), expected[finite].astype(np.float64)
    unit = np.spacing(np.abs(expected[finite]).max(initial=1.0).astype(expected.dtype))
    return float(np.abs(a - b).max(initial=0.0) / unit)
