"""Normalisation, scale, shift and activation in one: what stands between two convolutions.

x is (N, P, G, D) as in `norm`, weight and bias are (G·D,), one number for each channel:

    x̂ = (x − mean) / √(var + ε),   z = x̂ · weight + bias,   y = f(z),   f(z) = z σ(z), or z for z > 0 else slope · z

No derivative needs more than x and the statistics, so that nothing of x's size is stored between the two passes.
"""

import numpy as np

from .elementwise import silu, silu_grad
from .norm import standardize, standardize_grad


def normalize_silu(x, weight, bias, eps):
    """y = silu(x̂ · weight + bias): x (N, P, G, D) -> y (N, P, G, D), mean (N, G), var (N, G), the latter float64."""
    z, mean, var = _affine(x, weight, bias, eps)
    return silu(z).astype(x.dtype), mean, var


def normalize_leaky_relu(x, weight, bias, eps, slope):
    """y = z for z > 0, else slope · z, z = x̂ · weight + bias; shapes as in `normalize_silu`. Slope 1: y = z."""
    z, mean, var = _affine(x, weight, bias, eps)
    return np.where(np.real(z) > 0, z, slope * z).astype(x.dtype), mean, var


def normalize_silu_grad(g, x, weight, bias, mean, var, eps):
    """Gradients of `normalize_silu` in x (N, P, G, D), weight (G·D,) and bias (G·D,), given that of y.

    With q = g f′(z): Σ q x̂ and Σ q over N and P for weight and bias; for x the gradient of x̂ in q · weight.
    """
    xhat = _standardized(x, mean, var, eps)
    z = _scaled(xhat, weight, bias)
    return _gradients(silu_grad(g, z), xhat, weight, var, eps, x.dtype)


def normalize_leaky_relu_grad(g, x, weight, bias, mean, var, eps, slope):
    """Gradients of `normalize_leaky_relu` in x, weight and bias; see `normalize_silu_grad`."""
    xhat = _standardized(x, mean, var, eps)
    z = _scaled(xhat, weight, bias)
    return _gradients(np.where(np.real(z) > 0, g, slope * g), xhat, weight, var, eps, x.dtype)


def _affine(x, weight, bias, eps):
    """z in the wider dtype, and the statistics."""
    xhat, mean, var = standardize(x.astype(np.result_type(x, np.float64)), eps)
    return _scaled(xhat, weight, bias), mean, var


def _standardized(x, mean, var, eps):
    return (x - mean[:, None, :, None]) / np.sqrt(var + eps)[:, None, :, None]


def _scaled(xhat, weight, bias):
    shape = xhat.shape[2:]
    return xhat * weight.reshape(shape) + bias.reshape(shape)


def _gradients(q, xhat, weight, var, eps, dtype):
    q = q.astype(xhat.dtype)
    dx = standardize_grad(q * weight.reshape(xhat.shape[2:]), xhat, var, eps)
    results = dx, (q * xhat).sum((0, 1)).reshape(-1), q.sum((0, 1)).reshape(-1)
    return tuple(result.astype(dtype) for result in results)
