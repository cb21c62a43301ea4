"""Reductions over axes: sums and extremes. NumPy's sums are pairwise, so errors grow as log n."""

import numpy as np

sum, cumsum = np.sum, np.cumsum
amax, amin, argmax, argmin = np.max, np.min, np.argmax, np.argmin


def logsumexp(x, axis, keepdims=False):
    """y = log Σ exp x over ``axis``, shifted by the maximum: y = m + log Σ exp(x − m).

    A slice of −inf alone (or none at all) gives −inf, +inf gives +inf; NaN stays NaN.
    """
    if x.size == 0:
        with np.errstate(divide="ignore"):
            return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))
    m = np.max(x, axis=axis, keepdims=True)
    m = np.where(np.isfinite(m), m, np.zeros_like(m))
    with np.errstate(divide="ignore"):
        y = np.log(np.sum(np.exp(x - m), axis=axis, keepdims=True)) + m
    return y if keepdims else np.squeeze(y, axis=axis)


def softmax(x, axis):
    """y = exp(x − m) / Σ exp(x − m) over ``axis``, m the maximum; each slice sums to 1."""
    if x.size == 0:
        return np.copy(x)
    y = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return y / np.sum(y, axis=axis, keepdims=True)


def softmax_grad(g, y, axis):
    """u = y (g − Σ g y) over ``axis``, the gradient that passes through y = softmax x, same shapes (...)."""
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))
