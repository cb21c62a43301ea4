"""Likelihood kernels on contiguous float32, one pass over the logits each: nothing of their size is written between."""

import numpy as np
from numba import njit, prange

from ..reference import loss as reference
from .elementwise import FAST, ONE, RATE, ZERO, exp_negative, softplus_tail
from .threads import run

LANES = 64  # sums that run side by side, so that the compiler can add vectors without reordering a sum
ROWS = 4  # to a chunk


@njit(**FAST)
def _log_prob(logits, target, out, start, stop):
    lanes = np.empty(LANES, np.float32)
    columns = logits.shape[1]
    whole = columns - columns % LANES
    for m in range(start, stop):
        row, wanted = logits[m], target[m]
        lanes[:] = ZERO
        for first in range(0, whole, LANES):
            x, t = row[first : first + LANES], wanted[first : first + LANES]
            for i in range(LANES):
                lanes[i] += (x[i] * t[i] - max(x[i], ZERO)) - softplus_tail(x[i])
        total = ZERO
        for i in range(LANES):
            total += lanes[i]
        for i in range(whole, columns):
            total += (row[i] * wanted[i] - max(row[i], ZERO)) - softplus_tail(row[i])
        out[m] = total


@njit(cache=True, parallel=True)
def _log_prob_parallel(logits, target, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _log_prob(logits, target, out, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _log_prob_grad(g, logits, target, out, start, stop):
    for m in range(start, stop):
        row, wanted, result, scale = logits[m], target[m], out[m], g[m]
        for i in range(row.size):
            x = row[i]
            e = exp_negative(-abs(x))
            y = wanted[i] - (ONE if x >= ZERO else e) / (ONE + e)
            result[i] = scale * (y if x == x else x)


@njit(cache=True, parallel=True)
def _log_prob_grad_parallel(g, logits, target, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _log_prob_grad(g, logits, target, out, c * chunk, min(size, (c + 1) * chunk))


def bernoulli_log_prob(logits, target, out=None):
    """See `reference.bernoulli_log_prob`."""
    if not _served(logits, target) or out is not None:
        return reference.bernoulli_log_prob(logits, target, out)
    out = np.empty(len(logits), np.float32)
    per_second = RATE / max(logits.shape[1], 1)
    run(_log_prob, _log_prob_parallel, len(logits), ROWS, logits, target, out, per_second=per_second)
    return out


def bernoulli_log_prob_grad(g, logits, target, out=None):
    """See `reference.bernoulli_log_prob_grad`."""
    if not _served(logits, target) or g.dtype != np.float32 or g.shape != logits.shape[:1] or out is not None:
        return reference.bernoulli_log_prob_grad(g, logits, target, out)
    out = np.empty(logits.shape, np.float32)
    arrays = np.array(g), logits, target, out  # g may be a view with stride 0; it is short
    per_second = RATE / max(logits.shape[1], 1)
    run(_log_prob_grad, _log_prob_grad_parallel, len(logits), ROWS, *arrays, per_second=per_second)
    return out


def _served(*arrays):
    """Whether the kernels, which check no bounds, may go through the arrays (M, D) together."""
    if any(x.shape != arrays[0].shape or x.ndim != 2 for x in arrays):
        return False
    return all(x.dtype == np.float32 and x.flags.c_contiguous and x.flags.writeable for x in arrays)
