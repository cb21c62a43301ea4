"""The bottleneck of a variational autoencoder in one pass each way: small arrays, of which calls were most of the time.

A row's numbers are computed as vectors along Z; its KL is summed afterwards, over terms that lie side by side.
"""

import numpy as np
from numba import njit, prange

from ..reference import gaussian as reference
from .columns import SUM
from .elementwise import FAST, ONE, exp_negative
from .threads import run

ROWS = 64  # to a chunk
RATE = 1e9  # elements per second on one thread
HALF = np.float32(0.5)
LARGEST = np.float32(np.log(np.finfo(np.float32).max))  # beyond it an exponential is infinite
INFINITE = np.float32(np.inf)


@njit(**FAST)
def _sigma(logvar):
    half = HALF * logvar
    sigma = exp_negative(min(half, LARGEST))
    sigma = INFINITE if half > LARGEST else sigma
    return sigma if logvar == logvar else logvar


@njit(**SUM)
def _total(terms):
    total = terms.dtype.type(0)
    for i in range(terms.size):
        total += terms[i]
    return total


@njit(**FAST)
def _bottleneck(statistics, epsilon, z, kl, start, stop):
    size = epsilon.shape[2]
    sigma, terms = np.empty(size, np.float32), np.empty(size, np.float32)
    for n in range(start, stop):
        mu, logvar = statistics[n, :size], statistics[n, size:]
        for i in range(size):
            sigma[i] = _sigma(logvar[i])
            terms[i] = mu[i] * mu[i] + ((sigma[i] * sigma[i] - logvar[i]) - ONE)
        kl[n] = HALF * _total(terms)
        for k in range(len(epsilon)):
            noise, row = epsilon[k, n], z[k, n]
            for i in range(size):
                row[i] = mu[i] + sigma[i] * noise[i]


@njit(cache=True, parallel=True)
def _bottleneck_parallel(statistics, epsilon, z, kl, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _bottleneck(statistics, epsilon, z, kl, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _bottleneck_grad(g, g_kl, statistics, epsilon, out, start, stop):
    size = epsilon.shape[2]
    for n in range(start, stop):
        mu, logvar, scale = statistics[n, :size], statistics[n, size:], g_kl[n]
        by_mu, by_logvar = out[n, :size], out[n, size:]
        by_mu[:] = by_logvar[:] = np.float32(0)
        for k in range(len(epsilon)):
            row, noise = g[k, n], epsilon[k, n]
            for i in range(size):
                by_mu[i] += row[i]
                by_logvar[i] += row[i] * noise[i]
        for i in range(size):
            sigma = _sigma(logvar[i])
            by_mu[i] += scale * mu[i]
            by_logvar[i] = HALF * (sigma * by_logvar[i] + scale * (sigma * sigma - ONE))


@njit(cache=True, parallel=True)
def _bottleneck_grad_parallel(g, g_kl, statistics, epsilon, out, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _bottleneck_grad(g, g_kl, statistics, epsilon, out, c * chunk, min(size, (c + 1) * chunk))


def gaussian_bottleneck(statistics, epsilon):
    """See `reference.gaussian_bottleneck`; float32 statistics (N, 2 Z) and noise (K, N, Z) are served here."""
    if not _served(statistics, epsilon):
        return reference.gaussian_bottleneck(statistics, epsilon)
    z, kl = np.empty(epsilon.shape, np.float32), np.empty(len(statistics), np.float32)
    run(_bottleneck, _bottleneck_parallel, len(kl), ROWS, statistics, epsilon, z, kl, per_second=_rate(epsilon))
    return z, kl


def gaussian_bottleneck_grad(g, g_kl, statistics, epsilon):
    """See `reference.gaussian_bottleneck_grad`."""
    fits = g.shape == epsilon.shape and g_kl.shape == statistics.shape[:1] and g.dtype == g_kl.dtype == np.float32
    if not fits or not _served(statistics, epsilon):
        return reference.gaussian_bottleneck_grad(g, g_kl, statistics, epsilon)
    out = np.empty(statistics.shape, np.float32)
    g = g if g.flags.carray else g.copy()
    arrays = g, np.array(g_kl), statistics, epsilon, out  # g_kl may be a view with stride 0, and is short
    run(_bottleneck_grad, _bottleneck_grad_parallel, len(out), ROWS, *arrays, per_second=_rate(epsilon))
    return out


def _rate(epsilon):
    """Rows per second."""
    return RATE / max(1, epsilon.shape[0] * epsilon.shape[2])


def _served(statistics, epsilon):
    """Whether the kernels, which check no bounds, may go through the arrays together."""
    if statistics.ndim != 2 or epsilon.ndim != 3 or len(statistics) != epsilon.shape[1]:
        return False
    if statistics.shape[1] != 2 * epsilon.shape[2]:
        return False
    arrays = statistics, epsilon
    return all(a.dtype == np.float32 and a.flags.c_contiguous and a.flags.writeable for a in arrays)
