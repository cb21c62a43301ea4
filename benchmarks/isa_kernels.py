"""Kernels to time for one instruction set, in a process of its own: Numba reads what to compile for when it starts.

Started by `isa` as ``python -m benchmarks.isa_kernels NAME …``: computes each kernel of these names, or all, once,
says what they are compiled for and how many operations each makes, and answers each line, a name, with the seconds of
a call.
"""

import sys
from functools import partial

import numpy as np
from numba import njit

from minigen.backends.cpu import conv, gemm, threads
from minigen.backends.cpu.facts import facts
from minigen.backends.cpu.simd import FULL, VECTORS, run_tile
from minigen.backends.cpu.vectors import FEATURES, VECTOR_BYTES, pointer
from minigen.backends.reference.conv import conv2d_output_size

from .peak import burst, seconds
from .process import serve, tell

DEPTH, TILES = 128, 2_000
"""Of the tile: terms of its sums, so few that its operands stay in the first cache; and how often it is computed."""
LEAST = 2e-3  # seconds: shorter calls are repeated to fill them, that what starts and ends a call is little


@njit(cache=True)
def _tiles(c, start, a, b, rows, columns):
    """TILES times the full tile C (rows, columns) = start + A (rows, DEPTH) · B (DEPTH, columns)."""
    r1, r2, lanes = rows // 3, 2 * rows // 3, columns // VECTORS
    for _ in range(TILES):
        operands = (
            pointer(c), (0, r1 * columns, r2 * columns), columns, pointer(start), (0, 0, 0), 0,
            pointer(a), (0, r1 * DEPTH, r2 * DEPTH), DEPTH, pointer(b), 0, (0, 0, 1), (0, 0, columns), (1, 1, DEPTH),
            rows // 3, lanes,
        )  # fmt: skip
        run_tile(3, VECTORS, operands)
    return c[0] + start[0] + a[0] + b[0]  # used once more, or Numba frees them too soon


def tile():
    """(call, operations) of the register tile, of whatever shape it has here."""
    rows, columns = FULL, VECTORS * VECTOR_BYTES // 4
    a, b = (np.ones(size * DEPTH, np.float32) for size in (rows, columns))
    c, start = np.empty(rows * columns, np.float32), np.zeros(columns, np.float32)
    return lambda: _tiles(c, start, a, b, rows, columns), 2 * rows * columns * DEPTH * TILES


def matmul(m, k, n):
    """(call, operations) of a product."""
    a, b = np.ones((m, k), np.float32), np.ones((k, n), np.float32)
    return lambda: gemm.matmul(a, b), 2 * m * k * n


def conv2d(images, size, channels, outputs, taps, stride):
    """(call, operations) of a convolution of square images, by the method that ships; operations of the direct one."""
    x, weight = (
        np.ones((images, size, size, channels), np.float32),
        np.ones((taps, taps, channels, outputs), np.float32),
    )
    settings = (stride, stride), (1, 1), (1, 1), 1
    height, width = conv2d_output_size((size, size), (taps, taps), *settings[:3])
    return (
        lambda: conv.conv2d(x, weight, *settings),
        2 * images * height * width * outputs * taps**2 * channels,
    )


KERNELS = {
    "peak": burst,
    "tile": tile,
    "matmul 100×784×200 (vae)": lambda: matmul(100, 784, 200),
    "matmul 100×200×784 (vae)": lambda: matmul(100, 200, 784),
    "matmul 512×128×128 (flow2d)": lambda: matmul(512, 128, 128),
    "conv 16×16, 64→128, 4×4/2 (gan)": lambda: conv2d(16, 16, 64, 128, 4, 2),
    "conv 32×32, 32→32, 3×3 (ddpm)": lambda: conv2d(16, 32, 32, 32, 3, 1),
    "conv 16×16, 64→64, 3×3 (ddpm)": lambda: conv2d(16, 16, 64, 64, 3, 1),
    "conv 16×16, 64→64, 3×3/2 (ddpm)": lambda: conv2d(16, 16, 64, 64, 3, 2),
}
"""Name -> a maker of (call, operations); the workload that has such a shape stands behind it."""


def _again(call, times):
    for _ in range(times):
        call()


def main(names):
    """Serve the kernels of these names, or all, until standard input ends."""
    threads.set_threads(1)
    kernels = {name: KERNELS[name]() for name in names or KERNELS}
    repeats = {}
    for name, (call, _) in kernels.items():
        call()  # compiled
        repeats[name] = 1 + int(LEAST / max(seconds(call), 1e-7))
    told = {key: facts()[key] for key in ("compiled for", "vector", "tile")}
    operations = {name: count for name, (_, count) in kernels.items()}
    tell({**told, "features": sorted(FEATURES), "operations": operations})
    serve(lambda name: seconds(partial(_again, kernels[name][0], repeats[name])) / repeats[name])


if __name__ == "__main__":
    main(sys.argv[1:])
