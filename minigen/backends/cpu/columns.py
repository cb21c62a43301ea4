"""Products with one or two columns or a single row, and sums over rows: the register tile would be mostly empty.

The tile's lanes are columns of C; with N = 1 or 2 of them 14 or 15 of 16 would idle. Here the lanes lie along the
other long axis:

    A by rows     C[m, n] = Σ_k A[m, k] · B[k, n]     lanes along k, their sums added at the end of each row
    A by columns  C[m, n] = Σ_k A[m, k] · B[k, n]     lanes along m, all sums in the first cache, four k at a time

Each number of C is summed in an order that its shape alone decides.
"""

import numpy as np
from numba import njit, prange

from .threads import run

NARROW = 2  # columns
MOST = 4_000_000  # multiply-adds up to which one thread is left alone with it
DEEPEST = 4096  # rows of C whose sums stay in the first cache
ROWS = 1024  # to a partial sum
RATE = 5e9  # elements per second on one thread
FAST = {"fastmath": {"contract"}, "error_model": "numpy", "cache": True}
SUM = {"fastmath": {"contract", "reassoc", "nsz"}, "error_model": "numpy", "cache": True}


@njit(**SUM)
def by_rows(a, b, c):
    """c (M, N) = a (M, K) · bᵀ, b (N, K)."""
    for m in range(a.shape[0]):
        row = a[m]
        for n in range(b.shape[0]):
            column, total = b[n], c.dtype.type(0)
            for k in range(row.size):
                total += row[k] * column[k]
            c[m, n] = total


@njit(**FAST)
def _by_columns(a, b, c):
    """c (N, M) = bᵀ · a, a (K, M), b (N, K)."""
    depth = a.shape[0]
    whole = depth - depth % 4
    for n in range(b.shape[0]):
        sums, column = c[n], b[n]
        sums[:] = 0
        for k in range(0, whole, 4):
            a0, a1, a2, a3 = a[k], a[k + 1], a[k + 2], a[k + 3]
            b0, b1, b2, b3 = column[k], column[k + 1], column[k + 2], column[k + 3]
            for m in range(sums.size):
                sums[m] = sums[m] + b0 * a0[m] + b1 * a1[m] + b2 * a2[m] + b3 * a3[m]
        for k in range(whole, depth):
            a0, b0 = a[k], column[k]
            for m in range(sums.size):
                sums[m] += b0 * a0[m]


@njit(**FAST)
def _column_sums(x, partial, start, stop):
    """partial[c] = Σ of the rows of chunk c."""
    for c in range(start, stop):
        rows, sums = x[c * ROWS : (c + 1) * ROWS], partial[c]
        sums[:] = 0
        for m in range(rows.shape[0]):
            row = rows[m]
            for n in range(sums.size):
                sums[n] += row[n]


@njit(cache=True, parallel=True)
def _column_sums_parallel(x, partial, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _column_sums(x, partial, c * chunk, min(size, (c + 1) * chunk))


def narrow_product(c, a, b):
    """Write a (M, K) · b (K, N) to the contiguous c, N at most `NARROW`, if this is the quicker way; whether it was.

    The matrices are of one dtype, float32 or float64, and c overlaps neither.
    """
    (m, k), n = a.shape[-2:], b.shape[-1]
    if k < 8 or m < 8 or m * n * k > MOST:
        return False
    a, b = a.reshape(m, k), np.ascontiguousarray(b.reshape(k, n).T)
    if a.flags.c_contiguous:
        by_rows(_plain(a), _plain(b), c.reshape(m, n))
        return True
    if a.flags.f_contiguous and m <= DEEPEST:
        turned = np.empty((n, m), c.dtype)
        _by_columns(_plain(a.T), _plain(b), turned)
        c.reshape(m, n)[...] = turned.T
        return True
    return False


def column_sums(x, out=None):
    """Σ_m x[m] of a contiguous x (M, N), float32 or float64, to (N,), in pieces of `ROWS` rows."""
    chunks = -(-len(x) // ROWS)
    partial = np.empty((chunks, x.shape[1]), x.dtype)
    run(
        _column_sums,
        _column_sums_parallel,
        chunks,
        1,
        _plain(x),
        partial,
        per_second=RATE / (ROWS * max(x.shape[1], 1)),
    )
    if chunks != 1:
        return np.sum(partial, axis=0, out=out)
    if out is None:
        return partial[0]
    out[...] = partial[0]
    return out


def _plain(x):
    """x, or a copy where it cannot be written to: kernels are compiled for one kind of array."""
    return x if x.flags.writeable else x.copy()
