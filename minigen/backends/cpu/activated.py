"""Normalisation, affine map and activation in one go over each image, and their gradients in another.

An image (P, C) of a U-Net fits the second cache, so what is read two or three times in a row comes from memory once:

    for image n:  Σ x, then Σ (x − mean)²                            (float64, by columns; see `norm`)
                  y = f((x − centre) · scale + shift)
    backward:     q = g f′((x − centre) · scale + shift)             (written where dx goes)
                  Σ q and Σ q (x − mean), of which come dweight, dbias and two means for each group
                  dx = q · factor − (x − centre) · slant + offset

Rows are joined until they hold some hundred numbers, (P/K, K·C), and what each channel is multiplied with is repeated K
times: an inner loop over 32 channels would spend its time on beginning and ending. The loops over a row read a few
arrays and write one, or the compiler, which must check that none of them overlap, would not make vectors of them.
`centre` is the mean rounded to float32 and `shift` holds the rest, so that a large mean costs no digits.

Batch norm's one tall image is cut into chunks of rows, and each step goes over all of them. Sums of chunks and of
images are added in their order, whatever the number of threads.
"""

from functools import lru_cache

import numpy as np
from numba import njit, prange

from ..reference import activated as reference
from .elementwise import ONE, ZERO, logistic
from .norm import (
    FAST,
    RATE,
    ROW_CHUNK,
    TALL,
    add_columns,
    add_squares,
    column_sums,
    column_sums_parallel,
    square_sums,
    square_sums_parallel,
)
from .threads import run

JOINED = 512  # numbers in a row, at most, when rows are joined
NO_SLOPE = np.float32(0)  # of an activation that has none


@njit(**FAST)
def _average(sums, group, rows, means):
    """means[g] = Σ sums[j] over the columns of group g, divided by their numbers."""
    means[:] = 0
    for j in range(sums.size):
        means[group[j]] += sums[j]
    for g in range(means.size):
        means[g] /= rows * (sums.size // means.size)


@njit(**FAST)
def _constants(mean, var, eps, group, weight, bias):
    """centre, scale and shift (3, L): z = (x − centre) · scale + shift."""
    constants = np.empty((3, group.size), np.float32)
    for j in range(group.size):
        average, centre = mean[group[j]], np.float32(mean[group[j]])
        scale = weight[j] / np.sqrt(var[group[j]] + eps)
        constants[0, j], constants[1, j] = centre, scale
        constants[2, j] = bias[j] - (average - centre) * scale
    return constants


@njit(**FAST)
def _activate(x, constants, smooth, slope, y):
    centre, scale, shift = constants[0], constants[1], constants[2]
    for r in range(x.shape[0]):
        row, out = x[r], y[r]
        if smooth:
            for j in range(row.size):
                z = (row[j] - centre[j]) * scale[j] + shift[j]
                out[j] = z * logistic(z)
        else:
            for j in range(row.size):
                z = (row[j] - centre[j]) * scale[j] + shift[j]
                out[j] = z if z > ZERO else slope * z


@njit(**FAST)
def _pull(g, x, constants, smooth, slope, q):
    """q = g f′(z)."""
    centre, scale, shift = constants[0], constants[1], constants[2]
    for r in range(x.shape[0]):
        g_row, row, out = g[r], x[r], q[r]
        if smooth:
            for j in range(row.size):
                z = (row[j] - centre[j]) * scale[j] + shift[j]
                s = logistic(z)
                out[j] = g_row[j] * (s * (ONE + z * (ONE - s)))
        else:
            for j in range(row.size):
                z = (row[j] - centre[j]) * scale[j] + shift[j]
                out[j] = g_row[j] if z > ZERO else slope * g_row[j]


@njit(**FAST)
def _add_products(q, x, mean, sums, products):
    """sums[j] += Σ_r q[r, j] and products[j] += Σ_r q[r, j] (x[r, j] − mean[j])."""
    for r in range(x.shape[0]):
        q_row, row = q[r], x[r]
        for j in range(row.size):
            value = np.float64(q_row[j])
            sums[j] += value
            products[j] += value * (np.float64(row[j]) - mean[j])


@njit(**FAST)
def _slopes(sums, products, rows, mean, var, eps, group, weight):
    """factor, slant and offset (3, L), after making Σ q x̂ of the products."""
    means = np.zeros((2, mean.size))
    for j in range(group.size):
        products[j] /= np.sqrt(var[group[j]] + eps)
        means[0, group[j]] += weight[j] * sums[j]
        means[1, group[j]] += weight[j] * products[j]
    means /= rows * (group.size // mean.size)
    slopes = np.empty((3, group.size), np.float32)
    for j in range(group.size):
        average, rstd = mean[group[j]], 1 / np.sqrt(var[group[j]] + eps)
        slant = rstd * rstd * means[1, group[j]]
        slopes[0, j], slopes[1, j] = rstd * weight[j], slant
        slopes[2, j] = (average - np.float32(average)) * slant - rstd * means[0, group[j]]
    return slopes


@njit(**FAST)
def _push(q, x, centre, slopes):
    """q = q · factor − (x − centre) · slant + offset."""
    factor, slant, offset = slopes[0], slopes[1], slopes[2]
    for r in range(x.shape[0]):
        out, row = q[r], x[r]
        for j in range(row.size):
            out[j] = out[j] * factor[j] - (row[j] - centre[j]) * slant[j] + offset[j]


@njit(**FAST)
def _normalize(x, weight, bias, group, eps, smooth, slope, y, mean, var, start, stop):
    rows, columns = x.shape[1:]
    for n in range(start, stop):
        sums, squares = np.zeros(columns), np.zeros(columns)
        add_columns(x[n], sums)
        _average(sums, group, rows, mean[n])
        add_squares(x[n], mean[n][group], squares)
        _average(squares, group, rows, var[n])
        _activate(x[n], _constants(mean[n], var[n], eps, group, weight, bias), smooth, slope, y[n])


@njit(cache=True, parallel=True)
def _normalize_parallel(x, weight, bias, group, eps, smooth, slope, y, mean, var, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _normalize(x, weight, bias, group, eps, smooth, slope, y, mean, var, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _activate_rows(x, constants, smooth, slope, y, start, stop):
    _activate(x[start:stop], constants, smooth, slope, y[start:stop])


@njit(cache=True, parallel=True)
def _activate_rows_parallel(x, constants, smooth, slope, y, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _activate_rows(x, constants, smooth, slope, y, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _grad(g, x, weight, bias, group, mean, var, eps, smooth, slope, dx, partial, start, stop):
    rows = x.shape[1]
    for n in range(start, stop):
        constants = _constants(mean[n], var[n], eps, group, weight, bias)
        _pull(g[n], x[n], constants, smooth, slope, dx[n])
        _add_products(dx[n], x[n], mean[n][group], partial[0, n], partial[1, n])
        slopes = _slopes(partial[0, n], partial[1, n], rows, mean[n], var[n], eps, group, weight)
        _push(dx[n], x[n], constants[0], slopes)


@njit(cache=True, parallel=True)
def _grad_parallel(g, x, weight, bias, group, mean, var, eps, smooth, slope, dx, partial, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        first, last = c * chunk, min(size, (c + 1) * chunk)
        _grad(g, x, weight, bias, group, mean, var, eps, smooth, slope, dx, partial, first, last)


@njit(**FAST)
def _pull_rows(g, x, constants, mean, smooth, slope, rows, q, partial, start, stop):
    """Chunk c of the rows: q, and partial[:, c] += its sums."""
    for c in range(start, stop):
        part = slice(c * rows, (c + 1) * rows)
        _pull(g[part], x[part], constants, smooth, slope, q[part])
        _add_products(q[part], x[part], mean, partial[0, c], partial[1, c])


@njit(cache=True, parallel=True)
def _pull_rows_parallel(g, x, constants, mean, smooth, slope, rows, q, partial, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        first, last = c * chunk, min(size, (c + 1) * chunk)
        _pull_rows(g, x, constants, mean, smooth, slope, rows, q, partial, first, last)


@njit(**FAST)
def _push_rows(q, x, centre, slopes, start, stop):
    _push(q[start:stop], x[start:stop], centre, slopes)


@njit(cache=True, parallel=True)
def _push_rows_parallel(q, x, centre, slopes, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _push_rows(q, x, centre, slopes, c * chunk, min(size, (c + 1) * chunk))


def _normalize_tall(x, weight, bias, group, eps, smooth, slope, y, mean, var):
    """One image x (R, L), its rows in chunks with sums of their own."""
    rows, columns = x.shape
    chunk = max(4, ROW_CHUNK // columns)
    partial, sums = np.zeros((2, -(-rows // chunk), columns)), np.zeros((2, columns))
    rate = RATE / columns  # rows per second
    run(column_sums, column_sums_parallel, len(partial[0]), 1, x, chunk, partial[0], per_second=rate / chunk)
    add_columns(partial[0], sums[0])
    _average(sums[0], group, rows, mean)
    centre = mean[group]
    run(square_sums, square_sums_parallel, len(partial[1]), 1, x, centre, chunk, partial[1], per_second=rate / chunk)
    add_columns(partial[1], sums[1])
    _average(sums[1], group, rows, var)
    constants = _constants(mean, var, eps, group, weight, bias)
    run(_activate_rows, _activate_rows_parallel, rows, chunk, x, constants, smooth, slope, y, per_second=rate)


def _grad_tall(g, x, weight, bias, group, mean, var, eps, smooth, slope, dx):
    """One image (R, L); returns Σ q and Σ q x̂, (2, L)."""
    rows, columns = x.shape
    chunk = max(4, ROW_CHUNK // columns)
    chunks, rate = -(-rows // chunk), RATE / columns
    partial, sums = np.zeros((2, chunks, columns)), np.zeros((2, columns))
    constants = _constants(mean, var, eps, group, weight, bias)
    arrays = g, x, constants, mean[group], smooth, slope, chunk, dx, partial
    run(_pull_rows, _pull_rows_parallel, chunks, 1, *arrays, per_second=rate / chunk)
    for i in range(2):
        add_columns(partial[i], sums[i])
    slopes = _slopes(sums[0], sums[1], rows, mean, var, eps, group, weight)
    run(_push_rows, _push_rows_parallel, rows, chunk, dx, x, constants[0], slopes, per_second=rate)
    return sums


def normalize_silu(x, weight, bias, eps):
    """See `reference.normalize_silu`; contiguous float32 is served here."""
    if not _served(x, weight, bias):
        return reference.normalize_silu(x, weight, bias, eps)
    return _forward(x, weight, bias, eps, True, NO_SLOPE)


def normalize_leaky_relu(x, weight, bias, eps, slope):
    """See `reference.normalize_leaky_relu`."""
    if not _served(x, weight, bias):
        return reference.normalize_leaky_relu(x, weight, bias, eps, slope)
    return _forward(x, weight, bias, eps, False, np.float32(slope))


def normalize_silu_grad(g, x, weight, bias, mean, var, eps):
    """See `reference.normalize_silu_grad`."""
    if not _served(x, weight, bias) or g.shape != x.shape or g.dtype != x.dtype:
        return reference.normalize_silu_grad(g, x, weight, bias, mean, var, eps)
    return _backward(g, x, weight, bias, mean, var, eps, True, NO_SLOPE)


def normalize_leaky_relu_grad(g, x, weight, bias, mean, var, eps, slope):
    """See `reference.normalize_leaky_relu_grad`."""
    if not _served(x, weight, bias) or g.shape != x.shape or g.dtype != x.dtype:
        return reference.normalize_leaky_relu_grad(g, x, weight, bias, mean, var, eps, slope)
    return _backward(g, x, weight, bias, mean, var, eps, False, np.float32(slope))


def _forward(x, weight, bias, eps, smooth, slope):
    n, _, g, d = x.shape
    x3, columns = _joined(x)
    y, mean, var = np.empty(x.shape, x.dtype), np.empty((n, g)), np.empty((n, g))
    y3 = y.reshape(x3.shape)
    tiled = weight[columns], bias[columns], columns // d
    if n == 1 and x.size > TALL:
        _normalize_tall(x3[0], *tiled, float(eps), smooth, slope, y3[0], mean[0], var[0])
    else:
        arrays = x3, *tiled, float(eps), smooth, slope, y3, mean, var
        run(_normalize, _normalize_parallel, n, _images(x), *arrays, per_second=RATE / (x.size // n))
    return y, mean, var


def _backward(g, x, weight, bias, mean, var, eps, smooth, slope):
    n, _, _, d = x.shape
    (x3, columns), (g3, _) = _joined(x), _joined(g)
    dx = np.empty(x.shape, x.dtype)
    dx3 = dx.reshape(x3.shape)
    tiled = weight[columns], bias[columns], columns // d
    if n == 1 and x.size > TALL:
        sums = _grad_tall(g3[0], x3[0], *tiled, mean[0], var[0], float(eps), smooth, slope, dx3[0])
    else:
        partial = np.zeros((2, n, columns.size))
        arrays = g3, x3, *tiled, mean, var, float(eps), smooth, slope, dx3, partial
        run(_grad, _grad_parallel, n, _images(x), *arrays, per_second=RATE / (x.size // n))
        sums = partial.sum(1)
    dbias, dweight = sums.reshape(2, -1, weight.size).sum(1).astype(x.dtype)
    return dx, dweight, dbias


def _joined(x):
    """x as (N, P/K, K·C), and the channel (K·C,) of each column."""
    n, p, g, d = x.shape
    rows, columns = joined_rows(p, g * d)
    x = np.require(x, requirements="CW").reshape(n, rows, columns.size)
    return x, columns


@lru_cache(maxsize=256)
def joined_rows(pixels, channels):
    """P/K rows that hold K pixels each, and the channel (K·C,) of each number in one."""
    times = next(k for k in range(max(1, JOINED // channels), 0, -1) if pixels % k == 0)
    return pixels // times, np.arange(times * channels) % channels


def _served(x, weight, bias):
    shape = (x.shape[2] * x.shape[3],)
    return x.size > 0 and all(a.dtype == np.float32 for a in (x, weight, bias)) and weight.shape == bias.shape == shape


def _images(x):
    return max(1, ROW_CHUNK // (x.size // x.shape[0]))
