"""Affine couplings of float32 points in one pass.

Some rows at a time: tanh and exp come first, by themselves, as whole vectors; then the changed columns, one by one,
since there may be one or two of them, too few for a loop along a row.
"""

import numpy as np
from numba import njit, prange

from ..reference import coupling as reference
from .elementwise import FAST, ONE, exp_negative, tanh
from .threads import run

ROWS = 512  # to a chunk
BLOCK = 64  # rows at a time
RATE = 1e8  # changed numbers per second on one thread


@njit(**FAST)
def _scales(parameters, changed, scale, factor):
    """s = tanh s₀ and e^s of some rows, (C, rows) each: column by column."""
    rows = len(parameters)
    for c in range(changed):
        column = scale[c * rows : (c + 1) * rows]
        for m in range(rows):
            column[m] = parameters[m, c]
    for i in range(changed * rows):
        s = tanh(scale[i])
        scale[i], factor[i] = s, exp_negative(s) if s == s else s


@njit(**FAST)
def _copy(x, y):
    x, y = x.ravel(), y.ravel()
    for i in range(y.size):
        y[i] = x[i]


@njit(**FAST)
def _coupling(x, parameters, column, y, log_det, start, stop):
    changed = parameters.shape[1] // 2
    scale, factor = np.empty(BLOCK * changed, np.float32), np.empty(BLOCK * changed, np.float32)
    for top in range(start, stop, BLOCK):
        rows = min(stop - top, BLOCK)
        part, given, result, total = x[top:][:rows], parameters[top:][:rows], y[top:][:rows], log_det[top:][:rows]
        _scales(given, changed, scale, factor)
        _copy(part, result)
        total[:] = np.float32(0)
        for c in range(changed):
            s, f, i = scale[c * rows :][:rows], factor[c * rows :][:rows], column + c
            for m in range(rows):
                result[m, i] = part[m, i] * f[m] + given[m, changed + c]
                total[m] += s[m]


@njit(cache=True, parallel=True)
def _coupling_parallel(x, parameters, column, y, log_det, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _coupling(x, parameters, column, y, log_det, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _coupling_grad(g, g_log_det, x, parameters, column, by_x, by_parameters, start, stop):
    changed = parameters.shape[1] // 2
    scale, factor = np.empty(BLOCK * changed, np.float32), np.empty(BLOCK * changed, np.float32)
    for top in range(start, stop, BLOCK):
        rows = min(stop - top, BLOCK)
        to, to_log_det, part, given = g[top:][:rows], g_log_det[top:][:rows], x[top:][:rows], parameters[top:][:rows]
        result, by_given = by_x[top:][:rows], by_parameters[top:][:rows]
        _scales(given, changed, scale, factor)
        _copy(to, result)
        for c in range(changed):
            s, f, i = scale[c * rows :][:rows], factor[c * rows :][:rows], column + c
            for m in range(rows):
                pull = to[m, i] * f[m]
                result[m, i] = pull
                by_given[m, c] = (pull * part[m, i] + to_log_det[m]) * (ONE - s[m] * s[m])
                by_given[m, changed + c] = to[m, i]


@njit(cache=True, parallel=True)
def _coupling_grad_parallel(g, g_log_det, x, parameters, column, by_x, by_parameters, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        rows = c * chunk, min(size, (c + 1) * chunk)
        _coupling_grad(g, g_log_det, x, parameters, column, by_x, by_parameters, rows[0], rows[1])


def affine_coupling(x, parameters, start):
    """See `reference.affine_coupling`."""
    if not _served(x, parameters, start):
        return reference.affine_coupling(x, parameters, start)
    y, log_det = np.empty(x.shape, np.float32), np.empty(len(x), np.float32)
    run(_coupling, _coupling_parallel, len(x), ROWS, x, parameters, start, y, log_det, per_second=_rate(parameters))
    return y, log_det


def affine_coupling_grad(g, g_log_det, x, parameters, start):
    """See `reference.affine_coupling_grad`."""
    g_log_det = np.array(g_log_det)  # it may be a view with stride 0, and is short
    fits = g.shape == x.shape and g_log_det.shape == x.shape[:1] and g_log_det.dtype == np.float32
    if not (fits and _plain(g) and _served(x, parameters, start)):
        return reference.affine_coupling_grad(g, g_log_det, x, parameters, start)
    by_x, by_parameters = np.empty(x.shape, np.float32), np.empty(parameters.shape, np.float32)
    arrays = g, g_log_det, x, parameters, start, by_x, by_parameters
    run(_coupling_grad, _coupling_grad_parallel, len(x), ROWS, *arrays, per_second=_rate(parameters))
    return by_x, by_parameters


def _served(x, parameters, start):
    """Whether the kernels, which check no bounds, may go through the arrays together; if not, the reference raises."""
    if not (_plain(x) and _plain(parameters) and len(x) == len(parameters)):
        return False
    return parameters.shape[1] % 2 == 0 and start >= 0 and start + parameters.shape[1] // 2 <= x.shape[1]


def _plain(x):
    return x.ndim == 2 and x.dtype == np.float32 and x.flags.c_contiguous and x.flags.writeable


def _rate(parameters):
    """Rows per second."""
    return RATE / max(parameters.shape[1] // 2, 1)
