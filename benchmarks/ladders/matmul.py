"""How a matrix product gets fast: ``python -m benchmarks.ladders.matmul`` climbs from three loops to the tile.

Every rung computes c[i, j] = Σ_k a[i, k] · b[k, j], a (M, K), b (K, N), one thread, float32; `ladder` says how it is
checked and timed. All make the same M·N·K multiplications and as many additions: what differs is what they wait for.

1. *Three loops*, i, j, k, compiled as they stand. Each addition waits for the one before it, one number at a time,
   where the core could start two vectors of them in each cycle. And b is walked through by columns: each number of it
   comes with a cache line whose other 15 are gone before they are asked for, the more surely where rows are a power of
   two apart and their lines fall into the same few places of the cache.
2. *Rows of b*: the loops in the order i, k, j. To a row of c is added a multiple of a row of b; neighbours do not wait
   for each other, so the compiler makes vectors of them, and lines are used whole. But for each vector of products one
   of b is loaded and one of c is loaded and stored again: the memory units work at their limit, the multipliers wait.
3. *Blocks*: four rows of b at a time, so that a row of c is loaded and stored once for four multiplications; and only
   `DEPTH` rows of b for all rows of c, so that these are read from memory once and from the second cache after that.
   That is all that loops can do whose sums are kept in memory; b is still loaded once for each multiplication.
4. *The register tile* (`backends/cpu/simd`): a tile of c, 12 rows by two vectors, is summed over all of k in registers,
   and each vector of b that is loaded serves 12 rows. Now the multipliers set the pace, as long as b comes in time.
5. *What ships* (`backends/cpu/gemm.matmul`) copies a panel of b to where it lies side by side, if its rows are far
   apart: a page of memory for two vectors each is more than the processor keeps addresses of, and rows a power of two
   apart push each other out of the cache. Each tile of a column reads the copy, and where those are few it costs more
   than it brings: the shapes decide.
"""

import numpy as np
from numba import njit

from minigen.backends.cpu import gemm
from minigen.backends.cpu.gemm import ZEROS

from .ladder import Ladder

DEPTH = 64  # rows of b in a block: with 1,024 columns, 256 KiB


@njit(cache=True)
def _loops(a, b, c):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            total = a.dtype.type(0)
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            c[i, j] = total


def three_loops(a, b):
    """Rung 1: a (M, K), b (K, N) to c (M, N), as all rungs."""
    c = np.empty((len(a), b.shape[1]), a.dtype)
    _loops(a, b, c)
    return c


@njit(cache=True)
def _rows(a, b, c):
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


def rows_of_b(a, b):
    """Rung 2."""
    c = np.zeros((len(a), b.shape[1]), a.dtype)
    _rows(a, b, c)
    return c


@njit(cache=True)
def _blocks(a, b, c):
    depth = a.shape[1]
    for begin in range(0, depth, DEPTH):
        end = min(begin + DEPTH, depth)
        fours = begin + (end - begin) // 4 * 4
        for i in range(a.shape[0]):
            row = c[i]
            for k in range(begin, fours, 4):
                a0, a1, a2, a3 = a[i, k], a[i, k + 1], a[i, k + 2], a[i, k + 3]
                b0, b1, b2, b3 = b[k], b[k + 1], b[k + 2], b[k + 3]
                for j in range(row.size):
                    row[j] = row[j] + a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j]
            for k in range(fours, end):
                for j in range(row.size):
                    row[j] += a[i, k] * b[k, j]


def blocks(a, b):
    """Rung 3."""
    c = np.zeros((len(a), b.shape[1]), a.dtype)
    _blocks(a, b, c)
    return c


def tile(a, b):
    """Rung 4: as `gemm.matmul`, which decides by the shape what to pack; here it packs nothing."""
    (m, k), n = a.shape, b.shape[1]
    c = np.empty((m, n), a.dtype)
    operands = c.reshape(-1), ZEROS[c.dtype], a.reshape(-1), b.reshape(-1)
    gemm.multiply_packed(*operands, m, n, k, False, False, False, False, False, 0, 1)
    return c


def shipped(a, b):
    """Rung 5."""
    return gemm.matmul(a, b)


def draw(m, k, n, seed=0):
    """Normal numbers: a (M, K) and b (K, N), float32."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)


LADDER = Ladder(
    rungs=(three_loops, rows_of_b, blocks, tile, shipped),
    exact=np.matmul,
    draw=draw,
    operations=lambda m, k, n: 2 * m * k * n,
    shapes=((512, 128, 128), (100, 784, 200), (256, 1024, 1024)),
    title="M={} K={} N={}",
)

if __name__ == "__main__":
    LADDER.main(__doc__)
