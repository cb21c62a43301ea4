"""Standardisation, the one kernel under batch, layer, group and instance normalisation.

x is (N, P, G, D) and statistics run over P and D for each (n, g): layer norm is (M, 1, 1, D), group norm
(N, H·W, G, C/G), batch norm (1, N·H·W, C, 1), instance norm (N, H·W, C, 1). Sums are kept in float64 and taken in two
passes, mean before squares, so that a large mean costs no digits.
"""

import numpy as np


def standardize(x, eps, out=None):
    """Shift and scale each group to mean 0 and variance 1: (N, P, G, D) -> xhat (N, P, G, D), mean (N, G), var (N, G).

    xhat = (x − mean) / √(var + eps); var is biased (divided by P·D), and mean and var of empty groups are 0.
    `out` is a triple.
    """
    mean = _group_mean(x)
    centred = x - mean
    var = _group_mean(centred * centred)
    results = centred / np.sqrt(var + eps), mean[:, 0, :, 0], var[:, 0, :, 0]
    return _deliver(results, out or _like(x))


def standardize_grad(g, xhat, var, eps, out=None):
    """Gradient of `standardize` in x, given that of xhat: g and xhat (N, P, G, D), var (N, G) -> (N, P, G, D).

    dx = (g − mean(g) − xhat · mean(g · xhat)) / √(var + eps), means over P and D.
    """
    g64, var64 = g.astype(_wide(g)), var.astype(_wide(var))
    dx = (g64 - _group_mean(g64) - xhat * _group_mean(g64 * xhat)) / np.sqrt(var64[:, None, :, None] + eps)
    return _deliver((dx,), (np.empty(g.shape, g.dtype) if out is None else out,))[0]


def _group_mean(x):
    """Mean over P and D in float64: (N, P, G, D) -> (N, 1, G, 1); 0 where there is nothing to average."""
    return x.sum(axis=(1, 3), keepdims=True, dtype=_wide(x)) / max(x.shape[1] * x.shape[3], 1)


def _wide(x):
    return np.result_type(x, np.float64)  # complex128 where a gradient check takes a complex step


def _like(x):
    n, _, g, _ = x.shape
    return np.empty(x.shape, x.dtype), np.empty((n, g), x.dtype), np.empty((n, g), x.dtype)


def _deliver(results, outs):
    for result, out in zip(results, outs, strict=True):
        out[...] = result
    return outs
