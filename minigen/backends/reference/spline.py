"""Monotonic rational-quadratic splines, one for each number; what they are is told in `core.ops.spline`.

Below, ξ is the place within a bin of width w, height h and mean slope s = h/w, whose knots have the slopes d₀ and d₁;
β = ξ (1 − ξ), P = s ξ² + d₀ β, D = s + (d₀ + d₁ − 2 s) β and N = d₁ ξ² + 2 s β + d₀ (1 − ξ)², so that

    y = y₀ + h P/D    and    l = log dy/dx = log N + 2 log(s/D).
"""

import math

import numpy as np

from .elementwise import sigmoid, softplus
from .reduce import softmax

LEAST_BIN = 1e-3  # of the interval's length
LEAST_SLOPE = 1e-3
UNIT_SLOPE = math.log(math.expm1(1 - LEAST_SLOPE))  # so that a parameter of 0 is a slope of 1


def rational_quadratic_spline(x, parameters, bound):
    """y and log dy/dx, (...) each, of x (...), by the splines that ``parameters`` (..., 3 K − 1) describe.

    Widths, heights (K each) and inner slopes (K − 1) of K bins between −bound and bound; beyond, y = x.
    """
    inside, _, _, (_, h, y0), (xi, s, d0, d1) = _located(x, parameters, bound)
    between, bend = xi * (1 - xi), d0 + d1 - 2 * s
    denominator = s + bend * between
    y = y0 + h * (s * xi * xi + d0 * between) / denominator
    slope = (d1 * xi * xi + 2 * s * between + d0 * (1 - xi) ** 2) * (s / denominator) ** 2
    return np.where(inside, y, x), np.where(inside, np.log(slope), x.dtype.type(0))


def rational_quadratic_spline_grad(g, g_log, x, parameters, bound):
    """The gradients of x (...) and of the parameters (..., 3 K − 1), given those of y and of log dy/dx, (...) each."""
    bins = (parameters.shape[-1] + 1) // 3
    inside, place, shares, (w, h, _), (xi, s, d0, d1) = _located(x, parameters, bound)
    between, bend = xi * (1 - xi), d0 + d1 - 2 * s
    top, bottom = s * xi * xi + d0 * between, s + bend * between
    slope = d1 * xi * xi + 2 * s * between + d0 * (1 - xi) ** 2

    by_top = g * h / bottom  # of P, D and N, and what reaches s, ξ, d₀ and d₁ through them
    by_bottom = -(by_top * top + 2 * g_log) / bottom
    by_slope = g_log / slope
    by_between = by_top * d0 + by_bottom * bend + by_slope * 2 * s
    by_s = by_top * xi * xi + by_bottom * (1 - 2 * between) + by_slope * 2 * between + 2 * g_log / s
    by_xi = by_top * 2 * s * xi + by_slope * 2 * (d1 * xi - d0 * (1 - xi)) + by_between * (1 - 2 * xi)
    by_d0 = by_top * between + by_bottom * between + by_slope * (1 - xi) ** 2
    by_d1 = by_bottom * between + by_slope * xi * xi

    by_x, by_h = by_xi / w, g * top / bottom + by_s / w
    by_size = np.stack((-(by_x * xi + by_s * s / w), by_h), -1)[..., None]  # of w and h, (..., 2, 1)
    by_start = np.stack((-by_x, g), -1)[..., None]  # of x₀ and y₀, which move with the bins before
    k, here = np.arange(bins), place[..., None, None]
    by_shares = np.where(k < here, by_start, np.where(k == here, by_size, 0)) * (2 * bound * (1 - bins * LEAST_BIN))
    by_free = shares * (by_shares - (shares * by_shares).sum(-1, keepdims=True))  # (..., 2, K)
    raw = sigmoid(parameters[..., 2 * bins :] + UNIT_SLOPE)
    knot, here = k[1:], here[..., 0]
    by_raw = raw * np.where(knot == here, by_d0[..., None], np.where(knot == here + 1, by_d1[..., None], 0))
    found = np.concatenate((by_free.reshape(*x.shape, 2 * bins), by_raw), -1)
    return np.where(inside, by_x, g), np.where(inside[..., None], found, x.dtype.type(0))


def _located(x, parameters, bound):
    """Whether x is within the bins, and in which; the shares (..., 2, K); w, h, y₀; ξ, s, d₀, d₁; the rest (...)."""
    bins = (parameters.shape[-1] + 1) // 3
    inside = (x >= -bound) & (x < bound)
    shares = softmax(parameters[..., : 2 * bins].reshape(*x.shape, 2, bins), -1)
    sizes = 2 * bound * (LEAST_BIN + (1 - bins * LEAST_BIN) * shares)
    starts = np.cumsum(sizes, -1) - sizes - bound
    inner = softplus(parameters[..., 2 * bins :] + UNIT_SLOPE) + LEAST_SLOPE
    end = np.ones_like(inner[..., :1])
    slopes = np.concatenate((end, inner, end), -1)  # (..., K + 1)
    x = np.clip(x, -bound, bound)
    place = (x[..., None] >= starts[..., 0, 1:]).sum(-1)
    x0, y0, w, h = (_pick(a[..., i, :], place) for a in (starts, sizes) for i in (0, 1))
    d0, d1 = (_pick(slopes, place + i) for i in (0, 1))
    return inside, place, shares, (w, h, y0), ((x - x0) / w, h / w, d0, d1)


def _pick(rows, place):
    """The number at ``place`` of each row (..., K)."""
    return np.take_along_axis(rows, place[..., None], -1)[..., 0]
