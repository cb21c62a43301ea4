"""Matrix products."""

import numpy as np


def matmul(a, b, out=None):
    """Product of matrices, batch axes broadcast.

    out[..., m, n] = Σ_k a[..., m, k] · b[..., k, n]

    a (..., M, K) and b (..., K, N), both with at least two axes, give (..., M, N); K = 0 gives zeros.
    """
    return np.matmul(a, b, out=out)


def linear(x, weight, bias, out=None):
    """Affine map of the last axis: x · weight + bias.

    x (..., K), weight (K, N) and bias (N,) or None give (..., N).
    """
    out = np.matmul(x, weight, out=out)
    return out if bias is None else np.add(out, bias, out=out)


def linear_weight_grad(x, g, weight=None, bias=None):
    """What reaches weight and bias of y = x · weight + bias, given the gradient g of y: xᵀ g and Σ_m g[m].

    x (M, K) and g (M, N) give (K, N) and (N,), written to ``weight`` and ``bias`` where those are given.
    """
    return np.matmul(x.T, g, out=weight), np.sum(g, axis=0, out=bias)
