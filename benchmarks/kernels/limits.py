"""What the machine can do, measured with our own kernels: operations a second, and bytes a second from each memory.

    peak        the register tile of `minigen.backends.cpu.simd` over operands that stay in the first cache
    bandwidth   a triad, a[i] = b[i] + s · c[i], over arrays that together fill half of a cache, or several times the
                last one; 12 bytes for each i, as in STREAM (memory also reads what is to be written: not counted)

Served as a process: asked for {"memories": names, …}, the arguments of `measure`, it measures and answers {"gflops": …,
"gbps": {"first cache": …, …, "memory": …}, "bytes": {the same names: what they hold}}.

Reference: STREAM: Sustainable Memory Bandwidth in High Performance Computers. McCalpin, 1995,
https://www.cs.virginia.edu/stream/
"""

from pathlib import Path
from time import perf_counter

import numpy as np
from numba import njit, prange

from minigen.backends.cpu.buffers import ZEROS
from minigen.backends.cpu.simd import FULL, GROUP, GROUPS, VECTORS, run_tile
from minigen.backends.cpu.threads import get_threads
from minigen.backends.cpu.vectors import VECTOR_BYTES, pointer

from ..process import serve, tell

DEPTH = 128  # of a tile's sums: A and B together stay in the first cache
REPEATS = 400  # of the same sums, so that loading and storing them costs nothing
ROUNDS = 25
MOVED = 1 << 26  # bytes to move in one round of a triad in a cache
NAMES = ("first cache", "second cache", "third cache")
USUAL = (32 << 10, 1 << 20, 32 << 20)  # bytes of each, where the system does not tell
FAST = {"fastmath": {"contract"}, "error_model": "numpy", "cache": True}


@njit(cache=True)
def _tiles(c, zeros, a, b, at, repeats):
    """C (rows, columns) = repeats · A (rows, DEPTH) · B (DEPTH, columns), of thread ``at``."""
    width = VECTOR_BYTES // c.itemsize
    columns, rows = VECTORS * width, FULL
    c_at, a_at = at * rows * columns, at * rows * DEPTH
    operands = (
        pointer(c), (c_at, c_at + GROUP * columns, c_at + 2 * GROUP * columns), columns, pointer(zeros), (0, 0, 0), 0,
        pointer(a), (a_at, a_at + GROUP * DEPTH, a_at + 2 * GROUP * DEPTH), DEPTH,
        pointer(b), at * DEPTH * columns, (0, 0, 1), (0, 0, columns), (1, repeats, DEPTH), GROUP, width,
    )  # fmt: skip
    run_tile(GROUPS, VECTORS, operands)


@njit(cache=True, parallel=True)
def _tiles_parallel(c, zeros, a, b, threads, repeats):
    for at in prange(threads):
        _tiles(c, zeros, a, b, at, repeats)


@njit(**FAST)
def _triad(a, b, c, scale, sweeps):
    for _ in range(sweeps):
        for i in range(a.size):
            a[i] = b[i] + scale * c[i]


@njit(cache=True, parallel=True)
def _triad_parallel(a, b, c, scale, sweeps):
    for at in prange(len(a)):
        _triad(a[at], b[at], c[at], scale, sweeps)


def _least_seconds(function, *args):
    least = np.inf
    for _ in range(ROUNDS + 1):  # the first compiles
        begin = perf_counter()
        function(*args)
        least = min(least, perf_counter() - begin)
    return least


def peak(threads, repeats=REPEATS):
    """The most operations a second, in 10⁹, of so many threads together."""
    rng, columns, rows = np.random.default_rng(0), VECTORS * VECTOR_BYTES // 4, FULL
    a, b = (rng.standard_normal(threads * DEPTH * size).astype(np.float32) for size in (rows, columns))
    c = np.zeros(threads * rows * columns, np.float32)
    seconds = _least_seconds(_tiles_parallel, c, ZEROS[c.dtype], a, b, threads, repeats)
    return 2e-9 * c.size * DEPTH * repeats / seconds


def bandwidth(size, threads, moved=MOVED):
    """10⁹ bytes a second of a triad whose three arrays have ``size`` bytes in all, cut among the threads."""
    numbers = max(16, size // (3 * 4 * threads))
    a, b, c = np.ones((3, threads, numbers), np.float32)
    sweeps = max(1, moved // (3 * a.nbytes))
    seconds = _least_seconds(_triad_parallel, a, b, c, np.float32(0.5), sweeps)
    return 1e-9 * 3 * a.nbytes * sweeps / seconds


def caches():
    """Bytes of the first to third cache: of one core, but the last is of all."""
    found = {}
    for index in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction" and size.endswith("K"):
            found[int(level)] = 1024 * int(size[:-1])
    return tuple(found.get(level + 1, usual) for level, usual in enumerate(USUAL))


def holds(threads):
    """{name: bytes that all ``threads`` together keep there}; memory holds anything."""
    sizes = caches()
    private = [threads * size for size in sizes[:-1]]
    return dict(zip(NAMES, [*private, max(sizes[-1], private[-1])], strict=True))


def measure(memories=(*NAMES, "memory"), moved=MOVED, rounds=3):
    """The peak and the bandwidth of so many memories, several times over, the best of each; see the module."""
    threads, room = get_threads(), holds(get_threads())
    sizes = {name: size // 2 for name, size in room.items()} | {"memory": 4 * max(room.values())}
    gflops, gbps = 0.0, dict.fromkeys(memories, 0.0)
    for _ in range(rounds):
        gflops = max(gflops, peak(threads))
        gbps = {name: max(rate, bandwidth(sizes[name], threads, moved)) for name, rate in gbps.items()}
    return {"threads": threads, "gflops": gflops, "gbps": gbps, "bytes": room}


def best(several):
    """Of the answers of `measure` the highest rates."""
    gbps = {}
    for found in several:
        gbps |= {name: max(rate, gbps.get(name, 0.0)) for name, rate in found["gbps"].items()}
    return several[0] | {"gflops": max(found["gflops"] for found in several), "gbps": gbps}


if __name__ == "__main__":
    tell("ready")
    serve(lambda question: measure(**question))
