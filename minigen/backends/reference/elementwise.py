"""Elementwise kernels: y[i] = f(x[i]), or f(x[i], y[i]) after broadcasting.

Like NumPy's universal functions, each takes ``out=None``: given, the result is written there.
Most are NumPy's own; the rest are written so that no finite input overflows on the way.
"""

import math

import numpy as np

add, subtract, multiply, divide, power = np.add, np.subtract, np.multiply, np.divide, np.power
negative, absolute, sign, square, sqrt = np.negative, np.absolute, np.sign, np.square, np.sqrt
exp, exp2, expm1, log, log2, log1p, logaddexp = np.exp, np.exp2, np.expm1, np.log, np.log2, np.log1p, np.logaddexp
sin, cos, tan, arctan, sinh, cosh, tanh = np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh
maximum, minimum = np.maximum, np.minimum
equal, not_equal, less, less_equal, greater, greater_equal = (
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
)  # fmt: skip
logical_and, logical_or, logical_not = np.logical_and, np.logical_or, np.logical_not
where = np.where


def sigmoid(x, out=None):
    """y = 1 / (1 + e⁻ˣ), for negative x as eˣ / (1 + eˣ): the exponent is never positive, no digit is lost.

    Complex x (a complex step in a gradient check) takes the sign of its real part, here and below.
    """
    e = np.exp(_negative_abs(x))
    return np.divide(np.where(np.real(x) >= 0, np.ones_like(e), e), 1 + e, out=out)


def softplus(x, out=None):
    """y = log(1 + eˣ) = max(x, 0) + log(1 + e⁻|x|)."""
    return np.add(_positive_part(x), np.log1p(np.exp(_negative_abs(x))), out=out)


def bce_with_logits(logits, target, out=None):
    """y = softplus(l) − l·t = −t log σ(l) − (1−t) log(1−σ(l)), same shapes (...).

    The terms that cancel for a large l and t near 1 are joined first.
    """
    linear = _positive_part(logits) - np.multiply(logits, target)
    return np.add(linear, np.log1p(np.exp(_negative_abs(logits))), out=out)


def tanh_grad(g, y, out=None):
    """z = g (1 − y²), the gradient that passes through y = tanh x, same shapes (...)."""
    return np.multiply(g, 1 - np.square(y), out=out)


def silu(x, out=None):
    """y = x σ(x)."""
    return np.multiply(x, sigmoid(x), out=out)


def silu_grad(g, x, out=None):
    """z = g σ(x) (1 + x (1 − σ(x))), the gradient that passes through y = x σ(x), same shapes (...)."""
    s = sigmoid(x)
    return np.multiply(g, s * (1 + x * (1 - s)), out=out)


def _negative_abs(x):
    return np.where(np.real(x) > 0, np.negative(x), x)


def _positive_part(x):
    return np.where(np.real(x) > 0, x, np.zeros_like(x))


def relu(x, out=None):
    """y = max(x, 0); NaN stays NaN."""
    return np.maximum(x, 0.0, out=out)


def relu_grad(g, x, out=None):
    """z = 0 where x ≤ 0, else g: the gradient that passes through y = max(x, 0), of which y tells as much as x."""
    z = np.where(x <= 0, g.dtype.type(0), g)
    return z if out is None else np.positive(z, out=out)


def leaky_relu(x, slope, out=None):
    """y = x for x > 0, else slope · x: a product, since a choice between two arrays is often mispredicted."""
    return np.multiply(x, _steps(x, slope), out=out)


def leaky_relu_grad(g, x, slope, out=None):
    """z = g for x > 0, else slope · g, the gradient that passes through `leaky_relu`, same shapes (...)."""
    return np.multiply(g, _steps(x, slope), out=out)


def _steps(x, slope):
    low = np.result_type(x.real, np.float32).type(slope)
    return (np.real(x) > 0) * (1 - low) + low


_erf = np.frompyfunc(math.erf, 1, 1)


def erf(x, out=None):
    """y = 2/√π ∫₀ˣ e^(−t²) dt, by the C library's double-precision function."""
    y = np.asarray(_erf(x), dtype=np.float64).astype(x.dtype)
    if out is None:
        return y
    out[...] = y
    return out
