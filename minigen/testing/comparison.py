"""One measure of error for forward values and gradients alike."""

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
