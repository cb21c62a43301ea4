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
from .buffers import deliver, deliver_all, target_for
from .threads import run

ROW_CHUNK = 8192  # elements in a chunk of a tall image's rows
TALL = 8 * ROW_CHUNK
RATE = 5e8  # elements per second on one thread
FAST = {"fastmath": {"contract"}, "error_model": "numpy", "cache": True}


@njit(**FAST)
def add_columns(x, sums):
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
def add_squares(x, mean, sums):
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
def average_groups(sums, rows, depth, means):
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
        add_columns(x[n], centre)
        average_groups(centre, rows, depth, mean[n])
        add_squares(x[n], centre, spread)
        average_groups(spread, rows, depth, var[n])
        _invert_root(spread, depth, eps)
        _write_standardized(x[n], centre, spread, xhat[n])


@njit(cache=True, parallel=True)
def _standardize_parallel(x, eps, depth, xhat, mean, var, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _standardize(x, eps, depth, xhat, mean, var, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def column_sums(x, chunk, partial, start, stop):
    """partial[c] += the sums of each column over chunk c of the rows of x (P, C); so too the functions below."""
    for c in range(start, stop):
        add_columns(x[c * chunk : (c + 1) * chunk], partial[c])


@njit(cache=True, parallel=True)
def column_sums_parallel(x, rows, partial, size, chunk):
    """`column_sums` on all threads."""
    for c in prange((size + chunk - 1) // chunk):
        column_sums(x, rows, partial, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def square_sums(x, mean, chunk, partial, start, stop):
    """partial[c] += the sums of (x − mean)² of each column over chunk c of the rows of x (P, C)."""
    for c in range(start, stop):
        add_squares(x[c * chunk : (c + 1) * chunk], mean, partial[c])


@njit(cache=True, parallel=True)
def square_sums_parallel(x, mean, rows, partial, size, chunk):
    """`square_sums` on all threads."""
    for c in prange((size + chunk - 1) // chunk):
        square_sums(x, mean, rows, partial, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _write_rows(x, mean, rstd, xhat, start, stop):
    _write_standardized(x[start:stop], mean, rstd, xhat[start:stop])


@njit(cache=True, parallel=True)
def _write_rows_parallel(x, mean, rstd, xhat, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _write_rows(x, mean, rstd, xhat, c * chunk, min(size, (c + 1) * chunk))


def _standardize_tall(x, eps, depth, xhat, mean, var):
    """One image x (P, C), its rows in chunks with sums of their own."""
    rows, columns = x.shape
    chunk = _rows(columns)
    partial, sums = np.zeros((2, -(-rows // chunk), columns)), np.zeros((2, columns))
    rate = RATE / columns  # rows per second
    run(column_sums, column_sums_parallel, len(partial[0]), 1, x, chunk, partial[0], per_second=rate / chunk)
    add_columns(partial[0], sums[0])
    average_groups(sums[0], rows, depth, mean)
    run(square_sums, square_sums_parallel, len(partial[1]), 1, x, sums[0], chunk, partial[1], per_second=rate / chunk)
    add_columns(partial[1], sums[1])
    average_groups(sums[1], rows, depth, var)
    _invert_root(sums[1], depth, eps)
    run(_write_rows, _write_rows_parallel, rows, chunk, x, sums[0], sums[1], xhat, per_second=rate)


@njit(**FAST)
def _grad(g, xhat, rstd, depth, dx, start, stop):
    rows, columns = g.shape[1], g.shape[2]
    means = np.empty(columns // depth)
    for n in range(start, stop):
        g_mean, product_mean = np.zeros(columns), np.zeros(columns)
        _add_products(g[n], xhat[n], g_mean, product_mean)
        average_groups(g_mean, rows, depth, means)
        average_groups(product_mean, rows, depth, means)
        _write_grad(g[n], xhat[n], g_mean, product_mean, rstd[n], dx[n])


@njit(cache=True, parallel=True)
def _grad_parallel(g, xhat, rstd, depth, dx, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _grad(g, xhat, rstd, depth, dx, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _product_sums(g, xhat, chunk, partial, start, stop):
    for c in range(start, stop):
        _add_products(g[c * chunk : (c + 1) * chunk], xhat[c * chunk : (c + 1) * chunk], partial[0, c], partial[1, c])


@njit(cache=True, parallel=True)
def _product_sums_parallel(g, xhat, rows, partial, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _product_sums(g, xhat, rows, partial, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _grad_rows(g, xhat, means, rstd, dx, start, stop):
    _write_grad(g[start:stop], xhat[start:stop], means[0], means[1], rstd, dx[start:stop])


@njit(cache=True, parallel=True)
def _grad_rows_parallel(g, xhat, means, rstd, dx, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _grad_rows(g, xhat, means, rstd, dx, c * chunk, min(size, (c + 1) * chunk))


def _grad_tall(g, xhat, rstd, depth, dx):
    """One image g (P, C), its rows in chunks with sums of their own."""
    rows, columns = g.shape
    chunk = _rows(columns)
    chunks, rate = -(-rows // chunk), RATE / columns  # rows per second
    partial, sums, means = np.zeros((2, chunks, columns)), np.zeros((2, columns)), np.empty(columns // depth)
    run(_product_sums, _product_sums_parallel, chunks, 1, g, xhat, chunk, partial, per_second=rate / chunk)
    for i in range(2):
        add_columns(partial[i], sums[i])
        average_groups(sums[i], rows, depth, means)
    run(_grad_rows, _grad_rows_parallel, rows, chunk, g, xhat, sums, rstd, dx, per_second=rate)


def standardize(x, eps, out=None):
    """(N, P, G, D) -> xhat (N, P, G, D), mean (N, G), var (N, G), as `reference.norm.standardize`."""
    if not _served(x) or x.size == 0:
        return reference.standardize(x, eps, out)
    n, p, g, d = x.shape
    shapes = x.shape, (n, g), (n, g)
    results = tuple(target_for(o, shape, x.dtype, x) for o, shape in zip(out or (None,) * 3, shapes, strict=True))
    xhat, mean, var = results
    x3, xhat3 = np.ascontiguousarray(x).reshape(n, p, g * d), xhat.reshape(n, p, g * d)
    if _tall(x):
        _standardize_tall(x3[0], float(eps), d, xhat3[0], mean[0], var[0])
    else:
        rate = RATE / (p * g * d)
        run(_standardize, _standardize_parallel, n, _images(x), x3, float(eps), d, xhat3, mean, var, per_second=rate)
    return deliver_all(results, out)


def standardize_grad(g, xhat, var, eps, out=None):
    """Gradient of `standardize` in x: g and xhat (N, P, G, D), var (N, G) -> (N, P, G, D)."""
    fit = g.dtype == xhat.dtype and g.shape == xhat.shape and var.shape == (g.shape[0], g.shape[2])
    if not (fit and _served(g)) or g.size == 0:
        return reference.standardize_grad(g, xhat, var, eps, out)
    n, p, groups, d = g.shape
    dx = target_for(out, g.shape, g.dtype, g, xhat)
    rstd = np.repeat(1 / np.sqrt(var.astype(np.float64) + eps), d, axis=1)  # (N, C)
    g3, xhat3, dx3 = (np.ascontiguousarray(a).reshape(n, p, groups * d) for a in (g, xhat, dx))
    if _tall(g):
        _grad_tall(g3[0], xhat3[0], rstd[0], d, dx3[0])
    else:
        run(_grad, _grad_parallel, n, _images(g), g3, xhat3, rstd, d, dx3, per_second=RATE / (p * groups * d))
    return deliver(dx, out)


def _served(x):
    return x.dtype in (np.float32, np.float64)


def _tall(x):
    return x.shape[0] == 1 and x.size > TALL


def _rows(columns):
    return max(4, ROW_CHUNK // columns)


def _images(x):
    return max(1, ROW_CHUNK // (x.size // x.shape[0]))
