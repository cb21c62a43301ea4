"""Case of `core/ops/spline.py`."""

import numpy as np

from ...core import functional as F
from .case import Case, Sample

BOUND = 2.0
LEAST = 1e-3  # of a bin's share, and of a slope


def _knots(parameters):
    """(x_k, y_k, d_k), k = 0 … K, of one spline."""
    bins = (len(parameters) + 1) // 3
    places = []
    for free in (parameters[:bins], parameters[bins : 2 * bins]):
        shares = np.exp(free) / np.exp(free).sum()
        lengths = 2 * BOUND * (LEAST + (1 - bins * LEAST) * shares)
        places.append(np.concatenate(([-BOUND], -BOUND + np.cumsum(lengths))))
    unit = np.log(np.exp(1 - LEAST) - 1)
    slopes = LEAST + np.log(1 + np.exp(parameters[2 * bins :] + unit))
    return (*places, np.concatenate(([1.0], slopes, [1.0])))


def _draw(d):
    """Gentle splines, and numbers well within their bins or well beyond all of them."""
    shape, bins = d.shape(), d.integer(2, 3)
    parameters, inside = d.values((*shape, 3 * bins - 1), -0.5, 0.5), d.values(shape, 0.1, 0.9)
    x, rng = np.empty(shape), d.generator()
    for i in np.ndindex(*shape):
        edges, k = _knots(parameters[i])[0], rng.integers(bins + 1)
        beyond = (BOUND + inside[i]) * rng.choice([-1, 1])
        x[i] = beyond if k == bins else edges[k] + inside[i] * (edges[k + 1] - edges[k])
    return Sample((x, parameters), {"bound": BOUND})


def _value(x, parameters):
    """y and log dy/dx of one number."""
    if not -BOUND <= x < BOUND:
        return x, 0.0
    xs, ys, ds = _knots(parameters)
    k = np.searchsorted(xs, x, side="right") - 1
    w, h, d0, d1 = xs[k + 1] - xs[k], ys[k + 1] - ys[k], ds[k], ds[k + 1]
    s, t = h / w, (x - xs[k]) / w
    below = s + (d0 + d1 - 2 * s) * t * (1 - t)
    y = ys[k] + h * (s * t**2 + d0 * t * (1 - t)) / below
    slope = s**2 * (d1 * t**2 + 2 * s * t * (1 - t) + d0 * (1 - t) ** 2) / below**2
    return y, np.log(slope)


def _reference(x, parameters, bound):
    y, log_slope = np.empty(x.shape), np.empty(x.shape)
    for i in np.ndindex(*x.shape):
        y[i], log_slope[i] = _value(x[i], parameters[i])
    return y, log_slope


CASES = (Case("rational_quadratic_spline", F.rational_quadratic_spline, _reference, _draw),)
