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
