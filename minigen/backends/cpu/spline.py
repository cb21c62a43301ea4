"""Rational-quadratic splines of float32 in one pass: `LANES` numbers side by side, whose parameters stay in the cache.

What belongs to one number (its bin's knots, its place within) stands in a row of scratch for each quantity, so that
every loop runs along the lanes and becomes vector instructions. A bin is found by comparing with all edges in turn:
no branch, and no lane waits for another.
"""

import numpy as np
from numba import njit, prange

from ..reference import spline as reference
from .elementwise import FAST, ONE, TWO, ZERO, exp_negative, log_positive, logistic, softplus_tail
from .threads import run
from .vectors import driver

LANES = 64
CHUNK = 4 * LANES  # numbers
RATE = 2e8  # bins per second on one thread
LEAST_BIN, LEAST_SLOPE = np.float32(reference.LEAST_BIN), np.float32(reference.LEAST_SLOPE)
UNIT_SLOPE = np.float32(reference.UNIT_SLOPE)
X0, Y0, D0, W, H, D1, BIN, XI, POISON = range(9)  # rows of what is known of each number


@njit(**FAST)
def _shares(parameters, first, lanes, bins, raw):
    """Transpose the parameters of some numbers to ``raw`` (3 K − 1, LANES); widths and heights pass a softmax."""
    for i in range(raw.shape[0]):
        row = raw[i]
        for n in range(lanes):
            row[n] = parameters[first + n, i]
    most, total = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for start in (0, bins):
        most[:] = -np.inf
        for i in range(start, start + bins):
            row = raw[i]
            for n in range(LANES):
                most[n] = max(most[n], row[n])
        total[:] = ZERO
        for i in range(start, start + bins):
            row = raw[i]
            for n in range(LANES):
                e = exp_negative(row[n] - most[n])
                row[n] = e
                total[n] += e
        for n in range(LANES):
            total[n] = ONE / total[n]
        for i in range(start, start + bins):
            row = raw[i]
            for n in range(LANES):
                row[n] *= total[n]


@njit(**FAST)
def _locate(x, parameters, first, lanes, bins, bound, raw, known):
    """Fill ``raw`` with shares and slopes' parameters, and ``known`` with each number's bin and its place there.

    A parameter that is not finite, which comparisons might drop, leaves NaN in the row POISON, else that is 0.
    """
    poison = known[POISON]
    poison[:] = ZERO
    for n in range(lanes):
        bad = ZERO
        for i in range(raw.shape[0]):
            bad += parameters[first + n, i] * ZERO
        poison[n] = bad
    _shares(parameters, first, lanes, bins, raw)
    value = known[XI]
    for n in range(lanes):
        value[n] = min(max(x[first + n], -bound), bound)
    x0, y0, d0, w, h, d1, place = known[X0], known[Y0], known[D0], known[W], known[H], known[D1], known[BIN]
    left, low = np.full(LANES, -bound), np.full(LANES, -bound)
    length, free = TWO * bound, ONE - np.float32(bins) * LEAST_BIN
    for k in range(bins):
        widths, heights = raw[k], raw[bins + k]
        before, after = raw[2 * bins + max(k - 1, 0)], raw[2 * bins + min(k, bins - 2)]
        for n in range(LANES):
            width, height = length * (LEAST_BIN + free * widths[n]), length * (LEAST_BIN + free * heights[n])
            here = value[n] >= left[n] or k == 0
            x0[n] = left[n] if here else x0[n]
            y0[n] = low[n] if here else y0[n]
            w[n] = width if here else w[n]
            h[n] = height if here else h[n]
            d0[n] = before[n] if here else d0[n]
            d1[n] = after[n] if here else d1[n]
            place[n] = np.float32(k) if here else place[n]
            left[n] += width
            low[n] += height
    last = np.float32(bins - 1)
    for n in range(LANES):
        a, b = d0[n] + UNIT_SLOPE, d1[n] + UNIT_SLOPE
        d0[n] = ONE if place[n] == ZERO else max(a, ZERO) + softplus_tail(a) + LEAST_SLOPE
        d1[n] = ONE if place[n] == last else max(b, ZERO) + softplus_tail(b) + LEAST_SLOPE
        value[n] = (value[n] - x0[n]) / w[n] + poison[n]


@njit(**FAST)
def _spline(x, parameters, bound, y, log_slope, start, stop):
    driver()
    bins = (parameters.shape[1] + 1) // 3
    raw, known = np.zeros((parameters.shape[1], LANES), np.float32), np.zeros((POISON + 1, LANES), np.float32)
    values, logs = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for first in range(start, stop, LANES):
        lanes = min(LANES, stop - first)
        _locate(x, parameters, first, lanes, bins, bound, raw, known)
        y0, d0, w, h, d1, place = known[Y0], known[D0], known[W], known[H], known[D1], known[XI]
        for n in range(LANES):
            s, xi = h[n] / w[n], place[n]
            rest = ONE - xi
            between = xi * rest
            ratio = ONE / (s + (d0[n] + d1[n] - TWO * s) * between)
            values[n] = y0[n] + h[n] * (s * xi * xi + d0[n] * between) * ratio
            ratio *= s
            logs[n] = log_positive((d1[n] * xi * xi + TWO * s * between + d0[n] * rest * rest) * ratio * ratio)
        for n in range(lanes):
            at = x[first + n]
            inside = -bound <= at and at < bound
            y[first + n] = values[n] if inside else at
            log_slope[first + n] = logs[n] if inside else ZERO


@njit(cache=True, parallel=True)
def _spline_parallel(x, parameters, bound, y, log_slope, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _spline(x, parameters, bound, y, log_slope, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _by_knots(g, g_log, first, lanes, known):
    """Put what reaches x₀, y₀, d₀, w, h and d₁ in their rows of ``known``, and what reaches x in that of ξ."""
    x0, y0, d0, ws, hs, d1, place = known[X0], known[Y0], known[D0], known[W], known[H], known[D1], known[XI]
    to_y, to_log = np.zeros(LANES, np.float32), np.zeros(LANES, np.float32)
    for n in range(lanes):  # not slice by slice: Numba would compile the words of an error too
        to_y[n], to_log[n] = g[first + n], g_log[first + n]
    for n in range(LANES):
        a, b, xi, w, h = to_y[n], to_log[n], place[n], ws[n], hs[n]
        over_w, rest = ONE / w, ONE - xi
        s, between = h * over_w, xi * rest
        bend = d0[n] + d1[n] - TWO * s
        ratio = ONE / (s + bend * between)
        top = s * xi * xi + d0[n] * between
        by_top = a * h * ratio
        by_bottom = -(by_top * top + TWO * b) * ratio
        by_slope = b / (d1[n] * xi * xi + TWO * s * between + d0[n] * rest * rest)
        by_between = by_top * d0[n] + by_bottom * bend + by_slope * TWO * s
        by_s = by_top * xi * xi + by_bottom * (ONE - TWO * between) + by_slope * TWO * between + TWO * b / s
        by_x = TWO * (by_top * s * xi + by_slope * (d1[n] * xi - d0[n] * rest)) + by_between * (ONE - TWO * xi)
        by_x *= over_w
        by_h = a * top * ratio + by_s * over_w
        by_w = -(by_x * xi + by_s * s * over_w)
        d0[n] = (by_top + by_bottom) * between + by_slope * rest * rest
        d1[n] = by_bottom * between + by_slope * xi * xi
        x0[n], y0[n], ws[n], hs[n], place[n] = -by_x, a, by_w, by_h, by_x


@njit(**FAST)
def _by_parameters(bins, bound, raw, known):
    """Turn the rows of ``raw`` into the gradients of the parameters: a knot moves with all bins before its own."""
    place, scale = known[BIN], TWO * bound * (ONE - np.float32(bins) * LEAST_BIN)
    mean = np.empty(LANES, np.float32)
    for start, knot, size in ((0, X0, W), (bins, Y0, H)):
        by_start, by_size = known[knot], known[size]
        mean[:] = ZERO
        for k in range(bins):
            row, at = raw[start + k], np.float32(k)
            for n in range(LANES):
                mean[n] += row[n] * (by_start[n] if at < place[n] else (by_size[n] if at == place[n] else ZERO))
        for k in range(bins):
            row, at = raw[start + k], np.float32(k)
            for n in range(LANES):
                by = by_start[n] if at < place[n] else (by_size[n] if at == place[n] else ZERO)
                row[n] *= scale * (by - mean[n])
    by_d0, by_d1 = known[D0], known[D1]
    for k in range(1, bins):
        row, at = raw[2 * bins + k - 1], np.float32(k)
        for n in range(LANES):
            by = by_d0[n] if place[n] == at else (by_d1[n] if place[n] == at - ONE else ZERO)
            row[n] = by * logistic(row[n] + UNIT_SLOPE)


@njit(**FAST)
def _spline_grad(g, g_log, x, parameters, bound, by_x, by_parameters, start, stop):
    driver()
    bins = (parameters.shape[1] + 1) // 3
    raw, known = np.zeros((parameters.shape[1], LANES), np.float32), np.zeros((POISON + 1, LANES), np.float32)
    for first in range(start, stop, LANES):
        lanes = min(LANES, stop - first)
        _locate(x, parameters, first, lanes, bins, bound, raw, known)
        _by_knots(g, g_log, first, lanes, known)
        _by_parameters(bins, bound, raw, known)
        found, poison = known[XI], known[POISON]
        for n in range(lanes):
            at = x[first + n]
            inside = -bound <= at and at < bound
            by_x[first + n] = found[n] if inside else g[first + n]
            for i in range(raw.shape[0]):
                by_parameters[first + n, i] = raw[i, n] + poison[n] if inside else ZERO


@njit(cache=True, parallel=True)
def _spline_grad_parallel(g, g_log, x, parameters, bound, by_x, by_parameters, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        rows = c * chunk, min(size, (c + 1) * chunk)
        _spline_grad(g, g_log, x, parameters, bound, by_x, by_parameters, rows[0], rows[1])


def rational_quadratic_spline(x, parameters, bound):
    """See `reference.rational_quadratic_spline`."""
    x, parameters = _in_order(x), _in_order(parameters)
    if not _served(x, parameters):
        return reference.rational_quadratic_spline(x, parameters, bound)
    y, log_slope = np.empty(x.shape, np.float32), np.empty(x.shape, np.float32)
    arrays = x.reshape(-1), _rows(parameters), np.float32(bound), y.reshape(-1), log_slope.reshape(-1)
    run(_spline, _spline_parallel, x.size, CHUNK, *arrays, per_second=_rate(parameters))
    return y, log_slope


def rational_quadratic_spline_grad(g, g_log, x, parameters, bound):
    """See `reference.rational_quadratic_spline_grad`."""
    g, g_log, x, parameters = (_in_order(a) for a in (g, g_log, x, parameters))
    fits = g.shape == g_log.shape == x.shape and g.dtype == g_log.dtype == np.float32
    if not (fits and _served(x, parameters)):
        return reference.rational_quadratic_spline_grad(g, g_log, x, parameters, bound)
    by_x, by_parameters = np.empty(x.shape, np.float32), np.empty(parameters.shape, np.float32)
    arrays = [a.reshape(-1) for a in (g, g_log, x)]
    arrays += [_rows(parameters), np.float32(bound), by_x.reshape(-1), _rows(by_parameters)]
    run(_spline_grad, _spline_grad_parallel, x.size, CHUNK, *arrays, per_second=_rate(parameters))
    return by_x, by_parameters


def _served(x, parameters):
    """Whether the kernels, which check no bounds, may go through the arrays together; else the reference is asked."""
    described = parameters.shape[-1] if parameters.ndim else 0
    fits = parameters.shape[:-1] == x.shape and described % 3 == 2 and described >= 5
    return fits and x.dtype == parameters.dtype == np.float32


def _rate(parameters):
    """Numbers per second."""
    return RATE / (parameters.shape[-1] // 3 + 1)


def _in_order(x):
    """x, or a copy of it that is contiguous and of the type that the kernels are compiled for."""
    return np.require(x, requirements=("C", "W"))


def _rows(parameters):
    """(numbers, 3 K − 1)."""
    return parameters.reshape(-1, parameters.shape[-1])
