"""Cases of `core/ops/reduce.py`, `moments.py`, `vector_norm.py` and `scan.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample


def _reduction(least=0, distinct=False, least_axes=0):
    """Any array, and ``dim`` and ``keepdim``."""

    def draw(d):
        shape = d.shape(least_axes=least_axes, least=least)
        x = d.distinct(shape) if distinct else d.values(shape)
        return Sample((x,), {"dim": d.axes(len(shape)), "keepdim": d.boolean()})

    return draw


def _variance(d):
    shape = d.shape(least_axes=1, least=2)
    options = {"dim": d.axes(len(shape)), "correction": d.choice((1, 0)), "keepdim": d.boolean()}
    return Sample((d.distinct(shape, 0.4),), options)


def _along(least=0):
    def draw(d):
        shape = d.shape(least_axes=1, least=least)
        return Sample((d.values(shape),), {"dim": d.axis(len(shape))})

    return draw


def _logsumexp(d):
    shape = d.shape(least=1)
    dim = d.axes(len(shape))
    return Sample((d.values(shape),), {"dim": tuple(range(len(shape))) if dim is None else dim, "keepdim": d.boolean()})


def _position(d):
    shape = d.shape(least_axes=1, least=1)
    dim = None if d.boolean() else d.axis(len(shape))
    return Sample((d.distinct(shape),), {"dim": dim, "keepdim": d.boolean()})


def _extreme(d):
    """All of x, or an axis with values and indices."""
    shape = d.shape(least_axes=1, least=1)
    along = {"dim": d.axis(len(shape)), "keepdim": d.boolean()}
    return Sample((d.distinct(shape),), d.choice(({}, along)))


def _extreme_reference(value, position):
    def extreme(x, dim=None, keepdim=False):
        if dim is None:
            return value(x)
        return value(x, axis=dim, keepdims=keepdim), position(x, axis=dim, keepdims=keepdim)

    return extreme


def _prod(d):
    """Some elements are 0: none, one or several in a product."""
    sample = _reduction()(d)
    (x,) = sample.inputs
    return Sample((np.where(d.generator().random(size=x.shape) < 0.2, 0.0, x),), sample.options)


def _cumprod(d):
    """Some elements are 0: none, one or several before another."""
    sample = _along()(d)
    (x,) = sample.inputs
    return Sample((np.where(d.generator().random(size=x.shape) < 0.2, 0.0, x),), sample.options)


def _norm(d):
    p = d.choice((2, "fro", 1, 3, 1.5, 0.5, np.inf, -np.inf, 0, -1.5))
    shape = d.shape(least=1)
    x = (0.1 + np.abs(d.distinct(shape))) * d.generator().choice([-1.0, 1.0], size=shape)
    x = x + np.sign(x) * 0.03 * (np.arange(x.size).reshape(shape) % 7)  # no two of one size
    return Sample((x,), {"p": p, "dim": d.axes(len(shape)), "keepdim": d.boolean()})


def _norm_reference(x, p, dim, keepdim):
    size, axes = np.abs(x), {"axis": dim, "keepdims": keepdim}
    if p == 0:
        return np.sum(x != 0, **axes).astype(float)
    if p in (np.inf, -np.inf):
        return np.max(size, **axes) if p > 0 else np.min(size, **axes)
    p = 2 if p == "fro" else p
    return np.sum(size**p, **axes) ** (1 / p)


def _sum_to_size(d):
    shape, target = d.broadcastable()
    full = np.broadcast_shapes(shape, target)
    return Sample((d.values(full),), {"shape": target})


def _sum_to_size_reference(x, shape):
    """Each element of x lands at the position that it would be read from, were ``shape`` broadcast to x's."""
    y = np.zeros(shape)
    for position in np.ndindex(x.shape):
        own = position[len(position) - len(shape) :]
        y[tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))] += x[position]
    return y


def _count(x, dim):
    return x.size // max(1, np.sum(x, axis=dim).size)


def _variance_reference(x, dim, correction, keepdim):
    """By Σ x² − (Σ x)²/n, which needs no mean."""
    n = _count(x, dim)
    total = np.sum(x * x, axis=dim, keepdims=keepdim) - np.sum(x, axis=dim, keepdims=keepdim) ** 2 / n
    return total / (n - correction)


def _softmax(x, dim):
    weights = np.exp(x)
    return weights / weights.sum(axis=dim, keepdims=True)


def _numpy(function):
    return lambda x, dim, keepdim: function(x, axis=dim, keepdims=keepdim)


def _std_reference(x, **options):
    return np.sqrt(_variance_reference(x, **options))


CASES = (
    Case("sum", F.sum, _numpy(np.sum), _reduction()),
    Case("sum_to_size", F.sum_to_size, _sum_to_size_reference, _sum_to_size),
    Case("prod", F.prod, _numpy(np.prod), _prod),
    Case("mean", F.mean, _numpy(np.mean), _reduction(least=1)),
    Case("var", F.var, _variance_reference, _variance, tolerance=1e-11, single=1e-4),
    Case("std", F.std, _std_reference, _variance, tolerance=1e-11, single=1e-4),
    Case("amax", F.amax, _numpy(np.amax), _reduction(1, distinct=True)),
    Case("amin", F.amin, _numpy(np.amin), _reduction(1, distinct=True)),
    Case("max", F.max, _extreme_reference(np.max, np.argmax), _extreme),
    Case("min", F.min, _extreme_reference(np.min, np.argmin), _extreme),
    Case("argmax", F.argmax, _numpy(np.argmax), _position, differentiable=False),
    Case("argmin", F.argmin, _numpy(np.argmin), _position, differentiable=False),
    Case("logsumexp", F.logsumexp, lambda x, **options: np.log(_numpy(np.sum)(np.exp(x), **options)), _logsumexp),
    Case("softmax", F.softmax, _softmax, _along()),
    Case("log_softmax", F.log_softmax, lambda x, dim: np.log(_softmax(x, dim)), _along(least=1)),
    Case("cumsum", F.cumsum, lambda x, dim: np.cumsum(x, axis=dim), _along()),
    Case("cumprod", F.cumprod, lambda x, dim: np.cumprod(x, axis=dim), _cumprod),
    Case("norm", F.norm, _norm_reference, _norm),
)
