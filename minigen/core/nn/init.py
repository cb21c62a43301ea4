"""Initial weights by their standard names: each draws an array of ``shape`` from ``rng``.

Shapes are channels last: (in, out) for linear layers, (…kernel, in, out) for convolutions. To draw again::

    layer.weight.copy_(init.orthogonal(layer.weight.shape, rng))
"""

import math

import numpy as np

from ...errors import UserError

_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4, "silu": math.sqrt(2)}


def calculate_fan(shape):
    """Inputs and outputs of one unit: (in · receptive field, out · receptive field) of a shape (…kernel, in, out)."""
    if len(shape) < 2:
        raise UserError(f"a fan needs a weight of at least two axes (…, in, out), got shape {tuple(shape)}")
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def calculate_gain(nonlinearity, a=0.0):
    """The factor that keeps the variance through a nonlinearity; √(2/(1 + a²)) for ``leaky_relu`` of slope a."""
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + a * a))
    if nonlinearity not in _GAINS:
        raise UserError(f"unknown nonlinearity {nonlinearity!r}; choose one of: {', '.join(_GAINS)}, leaky_relu")
    return _GAINS[nonlinearity]


def zeros(shape, dtype=np.float32):
    """0 everywhere."""
    return np.zeros(shape, dtype)


def ones(shape, dtype=np.float32):
    """1 everywhere."""
    return np.ones(shape, dtype)


def constant(shape, value, dtype=np.float32):
    """``value`` everywhere."""
    return np.full(shape, value, dtype)


def uniform(shape, rng, low=0.0, high=1.0, dtype=np.float32):
    """U(low, high)."""
    return _generator(rng).uniform(low, high, shape).astype(dtype)


def normal(shape, rng, mean=0.0, std=1.0, dtype=np.float32):
    """N(mean, std²)."""
    return _generator(rng).normal(mean, std, shape).astype(dtype)


def trunc_normal(shape, rng, mean=0.0, std=1.0, low=-2.0, high=2.0, dtype=np.float32):
    """N(mean, std²) given that the value lies in [low, high] (absolute bounds, as in torch); drawn until all do.

    Raises:
        UserError: the interval is empty, or so unlikely (below about 1/1,000) that drawing would not end.
    """
    chance = _cdf((high - mean) / std) - _cdf((low - mean) / std)
    if not chance > 1e-3:
        raise UserError(f"trunc_normal: N({mean}, {std}²) hardly ever lies in [{low}, {high}]; widen the interval")
    values = _generator(rng).normal(mean, std, shape)
    outside = (values < low) | (values > high)
    while outside.any():
        values[outside] = rng.normal(mean, std, int(outside.sum()))
        outside = (values < low) | (values > high)
    return values.astype(dtype)


def kaiming_uniform(shape, rng, a=0.0, mode="fan_in", nonlinearity="leaky_relu", dtype=np.float32):
    """U(−b, b) with b = gain · √(3/fan), which keeps the variance of activations (or, by fan_out, of gradients).

    Source: Delving Deep into Rectifiers. He, Zhang, Ren, Sun, 2015, https://arxiv.org/abs/1502.01852
    """
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / _fan(shape, mode))
    return uniform(shape, rng, -bound, bound, dtype)


def kaiming_normal(shape, rng, a=0.0, mode="fan_in", nonlinearity="leaky_relu", dtype=np.float32):
    """N(0, gain²/fan); see `kaiming_uniform`."""
    return normal(shape, rng, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(shape, mode)), dtype)


def xavier_uniform(shape, rng, gain=1.0, dtype=np.float32):
    """U(−b, b) with b = gain · √(6/(fan_in + fan_out)).

    Source: Understanding the difficulty of training deep feedforward neural networks. Glorot, Bengio, 2010,
    https://proceedings.mlr.press/v9/glorot10a.html
    """
    bound = gain * math.sqrt(6 / max(sum(calculate_fan(shape)), 1))
    return uniform(shape, rng, -bound, bound, dtype)


def xavier_normal(shape, rng, gain=1.0, dtype=np.float32):
    """N(0, 2 gain²/(fan_in + fan_out)); see `xavier_uniform`."""
    return normal(shape, rng, 0.0, gain * math.sqrt(2 / max(sum(calculate_fan(shape)), 1)), dtype)


def orthogonal(shape, rng, gain=1.0, dtype=np.float32):
    """gain · Q, Q uniform among matrices (…·in, out) with orthonormal columns (or rows, if there are more columns).

    Source: Exact solutions to the nonlinear dynamics of learning in deep linear neural networks. Saxe, McClelland,
    Ganguli, 2013, https://arxiv.org/abs/1312.6120; How to generate random matrices from the classical compact groups.
    Mezzadri, 2007, https://arxiv.org/abs/math-ph/0609050 (the signs)
    """
    calculate_fan(shape)
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(_generator(rng).standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))  # without it the decomposition's own convention would show in the distribution
    return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)


def _generator(rng):
    if not isinstance(rng, np.random.Generator):
        raise UserError(f"rng is {rng!r}; initial weights need a NumPy generator: np.random.default_rng(seed)")
    return rng


def _fan(shape, mode):
    if mode not in ("fan_in", "fan_out"):
        raise UserError(f"mode is {mode!r}; it must be 'fan_in' or 'fan_out'")
    return max(calculate_fan(shape)[mode == "fan_out"], 1)  # an empty layer has nothing to draw


def _cdf(x):
    return (1 + math.erf(x / math.sqrt(2))) / 2
