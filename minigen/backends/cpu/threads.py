"""The one thread pool: Numba's. Which layer serves it, how many threads, and when splitting work pays.

A kernel is written once, as a jitted function over a range [start, stop) of its work; one serial call of it serves
small inputs and a `prange` over chunks large ones:

    @njit(cache=True)
    def _scale(x, factor, start, stop):
        x = x[start:stop]
        for i in range(x.size):
            x[i] *= factor

    @njit(cache=True, parallel=True)
    def _scale_parallel(x, factor, size, chunk):
        for c in prange((size + chunk - 1) // chunk):
            _scale(x, factor, c * chunk, min(size, (c + 1) * chunk))

    run(_scale, _scale_parallel, size, chunk, x, factor)

The slice matters: an index that may be negative, as a `start` may be, is wrapped as Python's are, and the compiler
then gathers instead of loading vectors. Chunks are fixed by the work and not by the number of threads, so that results
do not depend on it either.
"""

import math
import os
import threading
from functools import lru_cache
from time import perf_counter

import numba

from ...errors import UserError

# Before the first parallel launch: OpenMP starts a region in about 2.5 µs; workqueue, which is always there, in 100.
if "NUMBA_THREADING_LAYER" not in os.environ and "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
    numba.config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]

REGION_SECONDS = {"omp": 2.5e-6, "tbb": 1e-5, "workqueue": 1e-4}
MARGIN = 4  # split where the work is this many times the cost of the region that splits it
PATIENCE = 3e-3  # seconds that a region may take beyond what one thread would
SLACK = 3  # times as long as its kernel's quickest region, for as much work, one may take as well
PAUSES = 5e-3, 0.1  # seconds without regions after one that took longer, and at most where one after the other does


_threads = numba.get_num_threads()  # asking Numba takes 4 µs, as long as a small kernel
_most = numba.config.NUMBA_NUM_THREADS
_forked = False


class _Told(threading.local):
    threads = numba.config.NUMBA_NUM_THREADS  # what Numba, which counts for each thread apart, was told in this one


_told = _Told()


def set_threads(n):
    """Let parallel kernels use `n` threads, 1 … the number that Numba started with (NUMBA_NUM_THREADS or all cores).

    The number holds in every Python thread. Raises UserError where there are not so many.
    """
    global _threads
    if not 1 <= n <= _most:
        more = "set NUMBA_NUM_THREADS before Python starts"
        more = "start the process by 'spawn' instead of 'fork'" if _forked else more
        raise UserError(f"got {n} threads, wanted 1 to {_most}: {more} for more")
    _threads = n
    get_threads()


def _stay_serial():
    """OpenMP's threads do not survive a fork, and libgomp ends a child that asks for them."""
    global _threads, _most, _forked
    _threads = _most = 1
    _forked = True


if hasattr(os, "register_at_fork"):  # where processes can fork
    os.register_at_fork(after_in_child=_stay_serial)


def get_threads():
    """How many threads parallel kernels use; Numba is told where this thread has not yet done so."""
    if _told.threads != _threads:
        numba.set_num_threads(_threads)
        _told.threads = _threads
    return _threads


@lru_cache
def threading_layer():
    """Name of the layer in use, started by this call if it was not yet: "omp", "tbb" or "workqueue"."""
    numba.set_num_threads(numba.get_num_threads())
    return numba.threading_layer()


def parallel_threshold(per_second=1e9):
    """Units of work below which one thread is faster, for a kernel that does `per_second` of them on one thread.

    A unit is what the kernel counts: elements (the default rate suits element-wise kernels) or floating-point
    operations.
    """
    return MARGIN * REGION_SECONDS[threading_layer()] * per_second


_alone_until, _pause = 0.0, PAUSES[0]
_quickest = {}  # kernel -> the least that a region of it took, in the seconds that one thread was said to take


def workers():
    """Into how many parts to split now: `get_threads()`, or 1 while other programs hold the cores (see `launch`)."""
    return 1 if perf_counter() < _alone_until else get_threads()


def launch(kernel, seconds, *args):
    """Call a parallel kernel that one thread of a fast machine would finish in `seconds`.

    Its threads wait for each other, so one that gets no core, since another program has it, holds up all: beside two
    busy processes on two cores each region waits for a time slice, and a step of the VAE took 209 ms instead of 3.5.
    After a region that was late by more than `PATIENCE`, kernels therefore run on one thread for the first of `PAUSES`,
    and twice as long as before where another is late soon after, up to the second: an interrupt or a thread that has to
    be woken costs little, a busy machine is left alone. What is late on a slower machine, the kernel's own regions
    before tell. No result depends on the number of threads.
    """
    global _alone_until, _pause
    begin = perf_counter()
    kernel(*args)
    end = perf_counter()
    if kernel not in _quickest:  # this launch compiled, or loaded what was compiled
        _quickest[kernel] = math.inf
        return
    _quickest[kernel] = min(_quickest[kernel], (end - begin) / seconds)
    if end - begin > seconds * max(1, SLACK * _quickest[kernel]) + PATIENCE:
        again = begin < _alone_until + _pause
        _pause = min(2 * _pause, PAUSES[1]) if again else PAUSES[0]
        _alone_until = end + _pause


def run(serial, parallel, size, chunk, *args, per_second=1e9):
    """Call serial(*args, 0, size), or parallel(*args, size, chunk) where `size` is worth splitting."""
    if size < parallel_threshold(per_second) or workers() == 1:
        serial(*args, 0, size)
    else:
        launch(parallel, size / per_second, *args, size, chunk)
