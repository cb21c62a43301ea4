"""Affine couplings of float32 points in one pass; tanh and exp come first, by themselves, as whole vectors."""

import numpy as np
from numba import njit, prange

from ..reference import coupling as reference
from .elementwise import FAST, ONE, exp_negative, tanh
from .threads import run

ROWS = 512  # to a chunk
RATE = 1e8  # changed numbers per second on one thread


@njit(**FAST)
def _scales(parameters, changed, start, stop):
    """s = tanh s₀ and e^s of some rows, (rows · C,) each."""
    scale = np.empty((stop - start) * changed, np.float32)
    factor = np.empty(scale.size, np.float32)
    for m in range(start, stop):
        for c in range(changed):
            scale[(m - start) * changed + c] = parameters[m, c]
    for i in range(scale.size):
        s = tanh(scale[i])
        scale[i], factor[i] = s, exp_negative(s) if s == s else s
    return scale, factor


@njit(**FAST)
def _coupling(x, parameters, column, y, log_det, start, stop):
    changed = parameters.shape[1] // 2
    scale, factor = _scales(parameters, changed, start, stop)
    for m in range(start, stop):
        total, at = np.float32(0), (m - start) * changed
        for d in range(x.shape[1]):
            y[m, d] = x[m, d]
        for c in range(changed):
            y[m, column + c] = x[m, column + c] * factor[at + c] + parameters[m, changed + c]
            total += scale[at + c]
        log_det[m] = total


@njit(cache=True, parallel=True)
def _coupling_parallel(x, parameters, column, y, log_det, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _coupling(x, parameters, column, y, log_det, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _coupling_grad(g, g_log_det, x, parameters, column, by_x, by_parameters, start, stop):
    changed = parameters.shape[1] // 2
    scale, factor = _scales(parameters, changed, start, stop)
    for m in range(start, stop):
        at = (m - start) * changed
        for d in range(g.shape[1]):
            by_x[m, d] = g[m, d]
        for c in range(changed):
            i, s = column + c, scale[at + c]
            by_x[m, i] = g[m, i] * factor[at + c]
            by_parameters[m, c] = (by_x[m, i] * x[m, i] + g_log_det[m]) * (ONE - s * s)
            by_parameters[m, changed + c] = g[m, i]


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
