"""Normalisation, affine map and activation in one go over each image, and their gradients in another.

An image (P, C) of a U-Net fits the second cache, so what is read two or three times in a row comes from memory once:

    for image n:  Σ x, then Σ (x − mean)²                            (float64, by columns; see `norm`)
                  y = f((x − centre) · scale + shift)
    backward:     q = g f′((x − centre) · scale + shift)             (written where dx goes)
                  Σ q and Σ q (x − mean), of which come dweight, dbias and two means for each group
                  dx = q · factor − (x − centre) · slant + offset

Rows are joined until they hold a hundred numbers, (P/K, K·C), see `joined`. The loops over a row read a few arrays and
write one, or the compiler, which must check that none of them overlap, would not make vectors of them.
`centre` is the mean rounded to float32 and `shift` holds the rest, so that a large mean costs no digits.

Batch norm's one tall image is cut into chunks of rows, and each step goes over all of them. Sums of chunks and of
images are added in their order, whatever the number of threads.
"""

import numpy as np
from numba import njit, prange

from ..reference import activated as reference
from .elementwise import ONE, ZERO, logistic
from .joined import columns_of, fold, joined, spread
from .norm import (
    FAST,
    RATE,
    ROW_CHUNK,
    TALL,
    add_columns,
    add_squares,
    average_groups,
    column_sums,
    column_sums_parallel,
    square_sums,
    square_sums_parallel,
)
from .threads import run

JOINED = 128  # numbers in a row, at most, when rows are joined: what is repeated is made for each image
NO_SLOPE = np.float32(0)  # of an activation that has none


@njit(**FAST)
def _constants(mean, var, eps, weight, bias, columns):
    """centre, scale and shift (3, K·C): z = (x − centre) · scale + shift."""
    constants, depth = np.empty((3, columns), np.float32), weight.size // mean.size
    for g in range(mean.size):
        average, centre, rstd = mean[g], np.float32(mean[g]), 1 / np.sqrt(var[g] + eps)
        for c in range(g * depth, (g + 1) * depth):
            scale = weight[c] * rstd
            constants[0, c], constants[1, c] = centre, scale
            constants[2, c] = bias[c] - (average - centre) * scale
    for row in constants:
        spread(row, weight.size)
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
def _slopes(sums, products, pixels, mean, var, eps, weight, columns):
    """factor, slant and offset (3, K·C), after making Σ q x̂ (C,) of the products."""
    slopes, depth = np.empty((3, columns), np.float32), weight.size // mean.size
    for g in range(mean.size):
        average, rstd = mean[g], 1 / np.sqrt(var[g] + eps)
        q_mean = product_mean = 0.0
        for c in range(g * depth, (g + 1) * depth):
            products[c] *= rstd
            q_mean += weight[c] * sums[c] / (pixels * depth)
            product_mean += weight[c] * products[c] / (pixels * depth)
        slant = rstd * rstd * product_mean
        for c in range(g * depth, (g + 1) * depth):
            slopes[0, c], slopes[1, c] = rstd * weight[c], slant
            slopes[2, c] = (average - np.float32(average)) * slant - rstd * q_mean
    for row in slopes:
        spread(row, weight.size)
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
def _normalize(x, weight, bias, eps, smooth, slope, y, mean, var, start, stop):
    rows, columns = x.shape[1:]
    channels, depth = weight.size, weight.size // mean.shape[1]
    pixels = rows * columns // channels
    for n in range(start, stop):
        centre, squares = np.zeros(columns), np.zeros(columns)
        add_columns(x[n], centre)
        average_groups(fold(centre, channels), pixels, depth, mean[n])
        spread(centre, channels)
        add_squares(x[n], centre, squares)
        average_groups(fold(squares, channels), pixels, depth, var[n])
        _activate(x[n], _constants(mean[n], var[n], eps, weight, bias, columns), smooth, slope, y[n])


@njit(cache=True, parallel=True)
def _normalize_parallel(x, weight, bias, eps, smooth, slope, y, mean, var, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        first, last = np.int64(c * chunk), np.int64(min(size, (c + 1) * chunk))
        _normalize(x, weight, bias, eps, smooth, slope, y, mean, var, first, last)


@njit(**FAST)
def _activate_rows(x, constants, smooth, slope, y, start, stop):
    _activate(x[start:stop], constants, smooth, slope, y[start:stop])


@njit(cache=True, parallel=True)
def _activate_rows_parallel(x, constants, smooth, slope, y, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _activate_rows(x, constants, smooth, slope, y, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _grad(g, x, weight, bias, mean, var, eps, smooth, slope, dx, partial, start, stop):
    rows, columns = x.shape[1:]
    channels = weight.size
    pixels = rows * columns // channels
    for n in range(start, stop):
        constants, sums = _constants(mean[n], var[n], eps, weight, bias, columns), np.zeros((2, columns))
        _pull(g[n], x[n], constants, smooth, slope, dx[n])
        _add_products(dx[n], x[n], columns_of(mean[n], channels, columns), sums[0], sums[1])
        partial[0, n], partial[1, n] = fold(sums[0], channels), fold(sums[1], channels)
        slopes = _slopes(partial[0, n], partial[1, n], pixels, mean[n], var[n], eps, weight, columns)
        _push(dx[n], x[n], constants[0], slopes)


@njit(cache=True, parallel=True)
def _grad_parallel(g, x, weight, bias, mean, var, eps, smooth, slope, dx, partial, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        first, last = np.int64(c * chunk), np.int64(min(size, (c + 1) * chunk))
        _grad(g, x, weight, bias, mean, var, eps, smooth, slope, dx, partial, first, last)


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


def _normalize_tall(x, weight, bias, eps, smooth, slope, y, mean, var):
    """One image x (R, L), its rows in chunks with sums of their own."""
    (rows, columns), channels = x.shape, weight.size
    pixels, depth = rows * columns // channels, channels // mean.size
    chunk = max(4, ROW_CHUNK // columns)
    partial, sums = np.zeros((2, -(-rows // chunk), columns)), np.zeros((2, columns))
    rate = RATE / columns  # rows per second
    run(column_sums, column_sums_parallel, len(partial[0]), 1, x, chunk, partial[0], per_second=rate / chunk)
    add_columns(partial[0], sums[0])
    average_groups(fold(sums[0], channels), pixels, depth, mean)
    spread(sums[0], channels)
    run(square_sums, square_sums_parallel, len(partial[1]), 1, x, sums[0], chunk, partial[1], per_second=rate / chunk)
    add_columns(partial[1], sums[1])
    average_groups(fold(sums[1], channels), pixels, depth, var)
    constants = _constants(mean, var, eps, weight, bias, columns)
    run(_activate_rows, _activate_rows_parallel, rows, chunk, x, constants, smooth, slope, y, per_second=rate)


def _grad_tall(g, x, weight, bias, mean, var, eps, smooth, slope, dx):
    """One image (R, L); returns Σ q and Σ q x̂, (2, C)."""
    (rows, columns), channels = x.shape, weight.size
    chunk = max(4, ROW_CHUNK // columns)
    chunks, rate = -(-rows // chunk), RATE / columns
    partial, sums = np.zeros((2, chunks, columns)), np.zeros((2, columns))
    constants = _constants(mean, var, eps, weight, bias, columns)
    arrays = g, x, constants, columns_of(mean, channels, columns), smooth, slope, chunk, dx, partial
    run(_pull_rows, _pull_rows_parallel, chunks, 1, *arrays, per_second=rate / chunk)
    for i in range(2):
        add_columns(partial[i], sums[i])
        fold(sums[i], channels)
    sums = sums[:, :channels]
    slopes = _slopes(sums[0], sums[1], rows * columns // channels, mean, var, eps, weight, columns)
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
    n, _, g, _ = x.shape
    y, mean, var = np.empty(x.shape, x.dtype), np.empty((n, g)), np.empty((n, g))
    x3, weight, bias = _joined(x), *_in_order(weight, bias)
    y3 = y.reshape(x3.shape)
    if n == 1 and x.size > TALL:
        _normalize_tall(x3[0], weight, bias, float(eps), smooth, slope, y3[0], mean[0], var[0])
    else:
        arrays = x3, weight, bias, float(eps), smooth, slope, y3, mean, var
        run(_normalize, _normalize_parallel, n, _images(x), *arrays, per_second=RATE / (x.size // n))
    return y, mean, var


def _backward(g, x, weight, bias, mean, var, eps, smooth, slope):
    dx = np.empty(x.shape, x.dtype)
    x3, g3, weight, bias = _joined(x), _joined(g), *_in_order(weight, bias)
    dx3, n = dx.reshape(x3.shape), len(x)
    if n == 1 and x.size > TALL:
        sums = _grad_tall(g3[0], x3[0], weight, bias, mean[0], var[0], float(eps), smooth, slope, dx3[0])
    else:
        partial = np.empty((2, n, weight.size))
        arrays = g3, x3, weight, bias, mean, var, float(eps), smooth, slope, dx3, partial
        run(_grad, _grad_parallel, n, _images(x), *arrays, per_second=RATE / (x.size // n))
        sums = partial.sum(1)
    dbias, dweight = sums.astype(x.dtype)
    return dx, dweight, dbias


def _joined(x):
    """x as (N, P/K, K·C)."""
    n, p, g, d = x.shape
    times = joined(p, g * d, JOINED)
    return _in_order(x)[0].reshape(n, p // times, times * g * d)


def _in_order(*arrays):
    """The arrays, or copies that are contiguous and of the one type that kernels are compiled for."""
    return [np.require(array, requirements="CW") for array in arrays]


def _served(x, weight, bias):
    shape = (x.shape[2] * x.shape[3],)
    return x.size > 0 and all(a.dtype == np.float32 for a in (x, weight, bias)) and weight.shape == bias.shape == shape


def _images(x):
    return max(1, ROW_CHUNK // (x.size // x.shape[0]))
