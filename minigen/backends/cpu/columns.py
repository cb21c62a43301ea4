"""Products with one or two columns, a single row or a single term, and sums over rows.

The tile's lanes are columns of C; with N = 1 or 2 of them 14 or 15 of 16 would idle; with K = 1 it would store as
often as it multiplies. Here the lanes lie along a long axis:

    A by rows     C[m, n] = Σ_k A[m, k] · B[k, n]     lanes along k, their sums added at the end of each row
    A by columns  C[m, n] = Σ_k A[m, k] · B[k, n]     lanes along m, all sums in the first cache, four k at a time
    one term      C[m, n] = A[m] · B[n]               lanes along n, nothing to sum

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
STORES = 1.5e10  # products without a sum per second on one thread
PIECES = 8  # of their rows
FAST = {"fastmath": {"contract"}, "error_model": "numpy", "cache": True}
SUM = {"fastmath": {"contract", "reassoc", "nsz"}, "error_model": "numpy", "cache": True}


@njit(**SUM)
def by_rows(a, b, c):
    """c (M, N) = a (M, K) · bᵀ, b (N, K).

    Four rows at a time, so that their sums hide each other's latency; where there are fewer, the last is taken again:
    all rows are summed in the same order.
    """
    last = a.shape[0] - 1
    for m in range(0, a.shape[0], 4):
        m1, m2, m3 = min(m + 1, last), min(m + 2, last), min(m + 3, last)
        a0, a1, a2, a3 = a[m], a[m1], a[m2], a[m3]
        for n in range(b.shape[0]):
            column = b[n]
            s0 = s1 = s2 = s3 = c.dtype.type(0)
            for k in range(column.size):
                s0 += a0[k] * column[k]
                s1 += a1[k] * column[k]
                s2 += a2[k] * column[k]
                s3 += a3[k] * column[k]
            c[m, n], c[m1, n], c[m2, n], c[m3, n] = s0, s1, s2, s3


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


def suits(m, n, k, turned_a):
    """Whether `narrow_product` is quicker than the tile."""
    return n <= NARROW and k >= 8 and m >= 8 and m * n * k <= MOST and not (turned_a and m > DEEPEST)


@njit(cache=True)
def narrow_product(c, a, b, m, n, k, turned_a, turned_b):
    """C (m, n) = A · B, all contiguous vectors, n at most `NARROW`; ``turned_`` matrices lie there transposed."""
    columns = b.reshape((n, k)) if turned_b else b.reshape((k, n)).T.copy()
    if not turned_a:
        by_rows(a.reshape((m, k)), columns, c.reshape((m, n)))
        return
    turned = c.reshape((1, m)) if n == 1 else np.empty((n, m), c.dtype)
    _by_columns(a.reshape((k, m)), columns, turned)
    for i in range(m if n > 1 else 0):
        for j in range(n):
            c[i * n + j] = turned[j, i]


@njit(**FAST)
def _outer(c, start, a, b, biased, first, last):
    n = b.size
    for i in range(first, last):
        row, x = c[i * n : (i + 1) * n], a[i]
        if biased:
            for j in range(n):
                row[j] = start[j] + x * b[j]
        else:
            for j in range(n):
                row[j] = x * b[j]


@njit(cache=True, parallel=True)
def _outer_parallel(c, start, a, b, biased, size, chunk):
    for at in prange((size + chunk - 1) // chunk):
        _outer(c, start, a, b, biased, at * chunk, min(size, (at + 1) * chunk))


def outer_product(c, start, a, b, biased):
    """C (M, N) = A (M,) · B (N,), plus start (N,) if `biased`; all are contiguous vectors."""
    run(_outer, _outer_parallel, a.size, -(-a.size // PIECES), c, start, a, b, biased, per_second=STORES / b.size)


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
