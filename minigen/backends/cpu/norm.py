"""Standardisation and its gradient. x (N, P, G, D) is seen as N images of P rows and C = G·D columns.

    for image n:  for row p:  for column c:  sums[c] += x[n, p, c]          (float64)
                  mean[g] = Σ_d sums[g·D + d] / (P·D)
                  for row p:  for column c:  squares[c] += (x[n, p, c] − mean[c // D])²
                  for row p:  for column c:  xhat[n, p, c] = (x[n, p, c] − mean[c // D]) · rstd[c // D]

Layer, group and instance norm have many images, shared out among the threads. Batch norm is one tall image: its rows
are cut into chunks with sums of their own. Which of the two is decided by the shape alone, so that the result does not
depend on the number of threads.
"""

import numpy as np
from numba import njit, prange

from ..reference import norm as reference
from .threads import run

ROW_CHUNK = 8192  # elements in a chunk of a tall image's rows
TALL = 8 * ROW_CHUNK
RATE = 5e8  # elements per second on one thread
FAST = {"fastmath": {"contract"}, "error_model": "numpy", "cache": True}


@njit(**FAST)
def _add_columns(x, sums):
    """sums[c] += Σ_p x[p, c], four rows at a time to halve the traffic of the sums."""
    rows, columns = x.shape
    for p in range(0, rows - 3, 4):
        r0, r1, r2, r3 = x[p], x[p + 1], x[p + 2], x[p + 3]
        for c in range(columns):
            sums[c] += (np.float64(r0[c]) + np.float64(r1[c])) + (np.float64(r2[c]) + np.float64(r3[c]))
    for p in range(rows - rows % 4, rows):
        row = x[p]
        for c in range(columns):
            sums[c] += np.float64(row[c])


@njit(**FAST)
def _add_squares(x, mean, sums):
    """sums[c] += Σ_p (x[p, c] − mean[c])²."""
    rows, columns = x.shape
    for p in range(0, rows - 1, 2):
        r0, r1 = x[p], x[p + 1]
        for c in range(columns):
            d0, d1 = np.float64(r0[c]) - mean[c], np.float64(r1[c]) - mean[c]
            sums[c] += d0 * d0 + d1 * d1
    if rows % 2:
        row = x[rows - 1]
        for c in range(columns):
            d0 = np.float64(row[c]) - mean[c]
            sums[c] += d0 * d0


@njit(**FAST)
def _add_products(g, xhat, sums, products):
    """sums[c] += Σ_p g[p, c] and products[c] += Σ_p g[p, c]·xhat[p, c]."""
    rows, columns = g.shape
    for p in range(rows):
        g_row, x_row = g[p], xhat[p]
        for c in range(columns):
            value = np.float64(g_row[c])
            sums[c] += value
            products[c] += value * np.float64(x_row[c])


@njit(fastmath={"contract", "reassoc"}, error_model="numpy", cache=True)
def _average_groups(sums, rows, depth, means):
    """Replace each of the sums (C,) by the mean over its group of `depth` columns and all rows; fill means (G,)."""
    for i in range(means.size):
        group = sums[i * depth : (i + 1) * depth]
        total = 0.0
        for d in range(depth):
            total += group[d]
        means[i] = total / (rows * depth)
        for d in range(depth):
            group[d] = total / (rows * depth)


@njit(**FAST)
def _invert_root(spread, depth, eps):
    """Replace each variance of spread (C,), the same throughout a group, by 1/√(variance + eps)."""
    for start in range(0, spread.size, depth):
        group = spread[start : start + depth]
        rstd = 1 / np.sqrt(group[0] + eps)
        for d in range(depth):
            group[d] = rstd


@njit(**FAST)
def _write_standardized(x, mean, rstd, xhat):
    rows, columns = x.shape
    for p in range(rows):
        row, out = x[p], xhat[p]
        for c in range(columns):
            out[c] = (np.float64(row[c]) - mean[c]) * rstd[c]


@njit(**FAST)
def _write_grad(g, xhat, g_mean, product_mean, rstd, dx):
    rows, columns = g.shape
    for p in range(rows):
        g_row, x_row, out = g[p], xhat[p], dx[p]
        for c in range(columns):
            out[c] = ((np.float64(g_row[c]) - g_mean[c]) - np.float64(x_row[c]) * product_mean[c]) * rstd[c]


@njit(**FAST)
def _standardize(x, eps, depth, xhat, mean, var, start, stop):
    rows, columns = x.shape[1], x.shape[2]
    for n in range(start, stop):
        centre, spread = np.zeros(columns), np.zeros(columns)
        _add_columns(x[n], centre)
        _average_groups(centre, rows, depth, mean[n])
        _add_squares(x[n], centre, spread)
        _average_groups(spread, rows, depth, var[n])
        _invert_root(spread, depth, eps)
        _write_standardized(x[n], centre, spread, xhat[n])


@njit(cache=True, parallel=True)
def _standardize_parallel(x, eps, depth, xhat, mean, var, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _standardize(x, eps, depth, xhat, mean, var, c * chunk, min(size, (c + 1) * chunk))


@njit(cache=True, parallel=True)
def _standardize_tall(x, eps, depth, xhat, mean, var, chunk):
    """One image x (P, C), its rows in chunks; sums[0] and sums[1] are those of all chunks together."""
    rows, columns = x.shape
    chunks = (rows + chunk - 1) // chunk
    partial, sums = np.zeros((2, chunks, columns)), np.zeros((2, columns))
    for c in prange(chunks):
        _add_columns(x[c * chunk : (c + 1) * chunk], partial[0, c])
    _add_columns(partial[0], sums[0])
    _average_groups(sums[0], rows, depth, mean)
    for c in prange(chunks):
        _add_squares(x[c * chunk : (c + 1) * chunk], sums[0], partial[1, c])
    _add_columns(partial[1], sums[1])
    _average_groups(sums[1], rows, depth, var)
    _invert_root(sums[1], depth, eps)
    for c in prange(chunks):
        _write_standardized(x[c * chunk : (c + 1) * chunk], sums[0], sums[1], xhat[c * chunk : (c + 1) * chunk])


@njit(**FAST)
def _grad(g, xhat, rstd, depth, dx, start, stop):
    rows, columns = g.shape[1], g.shape[2]
    means = np.empty(columns // depth)
    for n in range(start, stop):
        g_mean, product_mean = np.zeros(columns), np.zeros(columns)
        _add_products(g[n], xhat[n], g_mean, product_mean)
        _average_groups(g_mean, rows, depth, means)
        _average_groups(product_mean, rows, depth, means)
        _write_grad(g[n], xhat[n], g_mean, product_mean, rstd[n], dx[n])


@njit(cache=True, parallel=True)
def _grad_parallel(g, xhat, rstd, depth, dx, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _grad(g, xhat, rstd, depth, dx, c * chunk, min(size, (c + 1) * chunk))


@njit(cache=True, parallel=True)
def _grad_tall(g, xhat, rstd, depth, dx, chunk):
    """One image g (P, C), its rows in chunks."""
    rows, columns = g.shape
    chunks = (rows + chunk - 1) // chunk
    partial, sums, means = np.zeros((2, chunks, columns)), np.zeros((2, columns)), np.empty(columns // depth)
    for c in prange(chunks):
        top, bottom = c * chunk, (c + 1) * chunk
        _add_products(g[top:bottom], xhat[top:bottom], partial[0, c], partial[1, c])
    for i in range(2):
        _add_columns(partial[i], sums[i])
        _average_groups(sums[i], rows, depth, means)
    for c in prange(chunks):
        top, bottom = c * chunk, (c + 1) * chunk
        _write_grad(g[top:bottom], xhat[top:bottom], sums[0], sums[1], rstd, dx[top:bottom])


def standardize(x, eps, out=None):
    """(N, P, G, D) -> xhat (N, P, G, D), mean (N, G), var (N, G), as `reference.norm.standardize`."""
    if not _served(x) or x.size == 0:
        return reference.standardize(x, eps, out)
    n, p, g, d = x.shape
    results = np.empty(x.shape, x.dtype), np.empty((n, g), x.dtype), np.empty((n, g), x.dtype)
    results = results if out is None or not all(o.flags.c_contiguous for o in out) else out
    xhat, mean, var = results
    x3, xhat3 = np.ascontiguousarray(x).reshape(n, p, g * d), xhat.reshape(n, p, g * d)
    if _tall(x):
        _standardize_tall(x3[0], float(eps), d, xhat3[0], mean[0], var[0], _rows(x))
    else:
        rate = RATE / (p * g * d)
        run(_standardize, _standardize_parallel, n, _images(x), x3, float(eps), d, xhat3, mean, var, per_second=rate)
    return _deliver(results, out)


def standardize_grad(g, xhat, var, eps, out=None):
    """Gradient of `standardize` in x: g and xhat (N, P, G, D), var (N, G) -> (N, P, G, D)."""
    if not (_served(g) and g.dtype == xhat.dtype) or g.size == 0:
        return reference.standardize_grad(g, xhat, var, eps, out)
    n, p, groups, d = g.shape
    dx = np.empty(g.shape, g.dtype) if out is None or not out.flags.c_contiguous else out
    rstd = np.repeat(1 / np.sqrt(var.astype(np.float64) + eps), d, axis=1)  # (N, C)
    g3, xhat3, dx3 = (np.ascontiguousarray(a).reshape(n, p, groups * d) for a in (g, xhat, dx))
    if _tall(g):
        _grad_tall(g3[0], xhat3[0], rstd[0], d, dx3[0], _rows(g))
    else:
        run(_grad, _grad_parallel, n, _images(g), g3, xhat3, rstd, d, dx3, per_second=RATE / (p * groups * d))
    return _deliver((dx,), None if out is None else (out,))[0]


def _served(x):
    return x.dtype in (np.float32, np.float64)


def _tall(x):
    return x.shape[0] == 1 and x.size > TALL


def _rows(x):
    return max(4, ROW_CHUNK // (x.shape[2] * x.shape[3]))


def _images(x):
    return max(1, ROW_CHUNK // (x.size // x.shape[0]))


def _deliver(results, out):
    if out is None or results[0] is out[0]:
        return results
    for result, o in zip(results, out, strict=True):
        o[...] = result
    return out
