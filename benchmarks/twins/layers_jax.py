"""Layers as functions, and Adam, for the twins in JAX; arrays lie as minigen's: channels last, HWIO, (in, out)."""

import jax
import jax.numpy as jnp
from jax import lax

LAYOUT = ("NHWC", "HWIO", "NHWC")


def part(parameters, name):
    """The parameters below ``name``, with the rest of their names."""
    return {key.removeprefix(f"{name}."): value for key, value in parameters.items() if key.startswith(f"{name}.")}


def linear(p, x):
    """x W + b; without b if there is none."""
    return _shifted(p, x @ p["weight"])


def conv(p, x, stride=1, padding=1):
    """A convolution of (N, H, W, C)."""
    pads = [(padding, padding)] * 2
    return _shifted(p, lax.conv_general_dilated(x, p["weight"], (stride, stride), pads, dimension_numbers=LAYOUT))


def conv_transpose(p, x):
    """The adjoint of a 4×4 convolution of stride 2 and padding 1: it doubles H and W."""
    flipped = p["weight"][::-1, ::-1]
    y = lax.conv_general_dilated(x, flipped, (1, 1), [(2, 2)] * 2, lhs_dilation=(2, 2), dimension_numbers=LAYOUT)
    return _shifted(p, y)


def batch_norm(p, x, eps=1e-5):
    """Standardised by the statistics of the batch, as in training; returns those too (mean, unbiased variance)."""
    axes = tuple(range(x.ndim - 1))
    mean, var = x.mean(axes), x.var(axes)
    count = x.size // x.shape[-1]
    y = (x - mean) * lax.rsqrt(var + eps) * p["weight"] + p["bias"]
    return y, (mean, var * (count / (count - 1)))


def group_norm(p, x, groups=8, eps=1e-5):
    """Standardised over pixels and groups of channels."""
    n, h, w, c = x.shape
    grouped = x.reshape(n, h * w, groups, c // groups)
    mean, var = grouped.mean((1, 3), keepdims=True), grouped.var((1, 3), keepdims=True)
    return ((grouped - mean) * lax.rsqrt(var + eps)).reshape(x.shape) * p["weight"] + p["bias"]


def adam_start(parameters):
    """Both moments, 0, and the number of steps done, 0."""
    return jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters), jnp.zeros((), jnp.int32)


def adam(parameters, state, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    """One step of Adam; returns parameters and state."""
    first, second, count = state
    count = count + 1
    first = jax.tree.map(lambda m, g: betas[0] * m + (1 - betas[0]) * g, first, gradients)
    second = jax.tree.map(lambda v, g: betas[1] * v + (1 - betas[1]) * g * g, second, gradients)

    def update(p, m, v):
        return p - lr * (m / (1 - betas[0] ** count)) / (jnp.sqrt(v / (1 - betas[1] ** count)) + eps)

    return jax.tree.map(update, parameters, first, second), (first, second, count)


def _shifted(p, y):
    return y + p["bias"] if "bias" in p else y
