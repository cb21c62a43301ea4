"""Updates of flat parameter buffers, each in one pass over memory.

Where all threads have read the parameters, forward and back, their cache lines lie in several cores' caches, and a core
that writes to one must first request its ownership. Stores wait for that in the order in which they were made, those to
the moments behind those to the parameters. So the lines of a block are *claimed* while the block before it is updated:
one number of each is written as it was, by stores that nothing stands behind. `python -m benchmarks profile vae` shows
what the update takes within a step.

`scale_`, `clamp_` and `all_finite` take one pass in NumPy already (0.2 ns an element here) and come from the reference.
"""

import numpy as np
from numba import njit, prange

from ..reference import optim as reference
from .threads import run

CHUNK = 4096  # elements; also the pieces in which norms are summed, whatever the number of threads
LINE, LINES = 64, 16  # bytes of a cache line; how many are claimed together
RATE = 1e9  # elements per second on one thread
FAST = {"fastmath": {"contract"}, "error_model": "numpy", "cache": True}
SUM = {"fastmath": {"contract", "reassoc"}, "error_model": "numpy", "cache": True}


@njit(**FAST)
def _claim(x, start, stop, zero):
    """x ← x of one number for each of the `LINES` cache lines from x[start] on, if all lie before `stop`.

    The compiler does not know `zero`, or it would leave out what changes nothing.
    """
    step = LINE // x.itemsize
    if start + LINES * step <= stop:
        block = x[start : start + LINES * step]
        for line in range(LINES):
            block[line * step] -= zero


@njit(**FAST)
def _adam(param, grad, exp_avg, exp_avg_sq, scalars, start, stop):
    l2, keep, rest1, beta2, rest2, eps, step_size, tiny, zero = scalars
    block = LINES * LINE // param.itemsize
    _claim(param, start, stop, zero)
    for begin in range(start, stop, block):
        end = min(stop, begin + block)
        _claim(param, end, stop, zero)
        p, g, m, v = param[begin:end], grad[begin:end], exp_avg[begin:end], exp_avg_sq[begin:end]
        for i in range(p.size):
            gradient = g[i] + l2 * p[i]
            first = m[i] + rest1 * (gradient - m[i])
            second = v[i] * beta2 + rest2 * gradient * gradient
            first = zero if abs(first) < tiny else first
            second = zero if second < tiny else second
            m[i], v[i] = first, second
            p[i] = p[i] * keep - step_size * first / (np.sqrt(second) + eps)


@njit(cache=True, parallel=True)
def _adam_parallel(param, grad, exp_avg, exp_avg_sq, scalars, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _adam(param, grad, exp_avg, exp_avg_sq, scalars, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _sgd(param, grad, velocity, scalars, start, stop):
    l2, momentum, fresh, from_gradient, from_velocity, lr, tiny, zero = scalars
    block = LINES * LINE // param.itemsize
    _claim(param, start, stop, zero)
    for begin in range(start, stop, block):
        end = min(stop, begin + block)
        _claim(param, end, stop, zero)
        p, g, v = param[begin:end], grad[begin:end], velocity[begin:end]
        for i in range(p.size):
            gradient = g[i] + l2 * p[i]
            speed = momentum * v[i] + fresh * gradient
            speed = zero if abs(speed) < tiny else speed
            v[i] = speed
            p[i] -= lr * (from_gradient * gradient + from_velocity * speed)


@njit(cache=True, parallel=True)
def _sgd_parallel(param, grad, velocity, scalars, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _sgd(param, grad, velocity, scalars, c * chunk, min(size, (c + 1) * chunk))


@njit(**FAST)
def _lerp(average, x, weight, start, stop):
    average, x = average[start:stop], x[start:stop]
    for i in range(x.size):
        average[i] += weight * (x[i] - average[i])


@njit(cache=True, parallel=True)
def _lerp_parallel(average, x, weight, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _lerp(average, x, weight, c * chunk, min(size, (c + 1) * chunk))


@njit(**SUM)
def _squares(x, partial, start, stop):
    """partial[c] = Σ x² over chunk c."""
    for c in range(start, stop):
        total, part = 0.0, x[c * CHUNK : (c + 1) * CHUNK]
        for i in range(part.size):
            total += np.float64(part[i]) * np.float64(part[i])
        partial[c] = total


@njit(cache=True, parallel=True)
def _squares_parallel(x, partial, size, chunk):
    for c in prange((size + chunk - 1) // chunk):
        _squares(x, partial, c * chunk, min(size, (c + 1) * chunk))


def adam_step(param, grad, exp_avg, exp_avg_sq, step, lr, beta1, beta2, eps, l2, decay):
    """One step of Adam, as `reference.optim.adam_step`."""
    if not _served(param, grad, exp_avg, exp_avg_sq):
        return reference.adam_step(param, grad, exp_avg, exp_avg_sq, step, lr, beta1, beta2, eps, l2, decay)
    root = (1 - beta2**step) ** 0.5  # m / (√v / root + eps) with its numerator and denominator multiplied by it
    scalars = l2, 1 - lr * decay, 1 - beta1, beta2, 1 - beta2, eps * root, lr / (1 - beta1**step) * root
    run(_adam, _adam_parallel, param.size, CHUNK, param, grad, exp_avg, exp_avg_sq, _typed(param, scalars))


def sgd_step(param, grad, velocity, lr, momentum, dampening, l2, nesterov, first):
    """One step of gradient descent, as `reference.optim.sgd_step`."""
    if momentum == 0 or not _served(param, grad, velocity):
        return reference.sgd_step(param, grad, velocity, lr, momentum, dampening, l2, nesterov, first)
    if first:
        velocity[...] = 0  # whatever it held, NaN included, is not to enter
    fresh = 1 if first else 1 - dampening
    scalars = l2, momentum, fresh, float(nesterov), momentum if nesterov else 1, lr
    run(_sgd, _sgd_parallel, param.size, CHUNK, param, grad, velocity, _typed(param, scalars))


def squared_norm(x):
    """Σ x² as a Python float, accumulated in float64 in the same order for any number of threads."""
    if not (x.flags.c_contiguous and _served(x.reshape(-1))):
        return reference.squared_norm(x)
    partial = np.empty((x.size + CHUNK - 1) // CHUNK)
    run(_squares, _squares_parallel, partial.size, 1, x.reshape(-1), partial, per_second=RATE / CHUNK)
    return float(partial.sum())


def lerp_(average, x, weight):
    """average ← average + weight · (x − average)."""
    if not _served(average, x):
        return reference.lerp_(average, x, weight)
    run(_lerp, _lerp_parallel, x.size, CHUNK, average, x, x.dtype.type(weight))


def _served(*arrays):
    """Whether the kernels, which check no bounds, may go through the arrays together; if not, the reference raises."""
    dtype, shape = arrays[0].dtype, arrays[0].shape
    if dtype not in (np.float32, np.float64) or len(shape) != 1:
        return False
    return all(a.dtype == dtype and a.shape == shape and a.flags.c_contiguous for a in arrays)


def _typed(param, scalars):
    """The scalars, the smallest normal number and zero, in param's dtype: nothing in the loop is widened to float64."""
    return tuple(param.dtype.type(s) for s in (*scalars, np.finfo(param.dtype).tiny, 0))
