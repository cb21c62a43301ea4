"""What the processor could do at most: the rate of multiply-adds that wait for nothing.

`CHAINS` vectors stay in registers and each takes x ← x/2 + 1 again and again. A multiply-add is ready four cycles after
it starts, six where it is a multiplication and an addition, and two start in a cycle: 12 chains keep all units busy,
and with the two constants they fit the 16 registers of a processor without AVX-512.
"""

from time import thread_time

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from minigen.backends.cpu.vectors import VECTOR_BYTES, Vectors

CHAINS = 12
STEPS = 50_000  # of each chain: a quarter of a millisecond


@intrinsic
def _chains(_, out, steps):
    def emit(context, builder, signature, args):
        of = Vectors(context, builder, signature.args[0].dtype)
        half, one = (of.splat(of.element(value)) for value in (0.5, 1.0))
        sums = [cgutils.alloca_once_value(builder, of.splat(of.element(float(i)))) for i in range(CHAINS)]
        with cgutils.for_range(builder, args[1]):
            for x in sums:
                builder.store(of.multiply_add(builder.load(x), half, one), x)
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        for i, x in enumerate(sums):  # all are read: none may be left out
            of.store(builder.load(x), data, ir.IntType(64)(i * of.width))
        return context.get_dummy_value()

    return types.void(out, types.int64), emit


@njit(cache=True)
def _run(out, steps):
    _chains(out, steps)


def burst(dtype=np.float32):
    """(function without arguments, operations that a call of it makes): one burst of multiply-adds, on one thread."""
    out = np.empty(CHAINS * VECTOR_BYTES // np.dtype(dtype).itemsize, dtype)
    return lambda: _run(out, STEPS), 2 * out.size * STEPS


def peak(rounds=20):
    """Operations per second of one thread, the fastest burst of so many."""
    run, operations = burst()
    return operations / min(seconds(run) for _ in range(rounds + 1))


def seconds(call):
    """Of this thread, while it runs ``call()``: what other programs take meanwhile is not counted."""
    begin = thread_time()
    call()
    return thread_time() - begin
