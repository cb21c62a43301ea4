"""Matrix products on the register tile of `simd`, in Numba's own thread pool.

The rows of C are cut into blocks of `ROWS_BLOCK`, so that a block of A stays in the second cache, a block's columns
into panels as wide as the tile, and a panel into tiles:

    for each matrix of the batch
        for each block of rows
            for each block of k (all of it, unless something is packed): (pack A's part of the block)
                for each panel of columns: (pack B's part of the panel)
                    for each tile of the block (see `panel`): C[tile] += A[rows, k] · B[k, columns]

The threads share the work in this order and by its cost, to groups of a panel's rows. Every sum is one chain over k,
whoever computes it, so the result is the same for any number of threads. (One or two columns fill no vector, and one
row no group of the tile: `columns` sums them in lanes, so that a row alone may round otherwise than the same row among
others.)

An operand is read where it lies if the tile can run through it: B, if its columns are side by side and its rows neither
spread over too many pages nor fall into one cache set; A, unless it is transposed and large. Else the part in use is
packed, that is copied (B also transposed) to a small scratch right before its use, and read from the cache after that.
What is too far apart is up to the processor: an Intel Rocket Lake, whose first TLB holds 64 pages, was slower where B
spread over more of them; a Zen 4 fetches rows of any stride in time, and copies of up to 4 MiB cost it more than they
gave (A and B of 64 to 1024 rows and columns).
Rows of A and C that are in no cache are asked for two tiles before their turn, which is then a call of its own.
"""

import math

import numpy as np
from numba import njit, prange

from ..reference import gemm as reference
from .buffers import ZEROS, compact, deliver, flat, scratch, target_for, turn
from .columns import NARROW, column_sums, narrow_product, outer_product, suits
from .panel import NONE, UNIT, run_panel
from .simd import FULL, GROUP, VECTORS
from .threads import launch, parallel_threshold, workers
from .vectors import CPU, MASKS, VECTOR_BYTES, driver, pointer, prefetch

ROWS_BLOCK = 20 * FULL
K_BLOCK = 512  # a packed panel: 512 · 2 vectors of 64 bytes, 64 KiB
FAR_READER = CPU == "znver4"  # the one processor on which leaving B and A where they lie was measured to be better
REACH = (1024 if FAR_READER else 64) * 4096  # bytes over which the rows of an unpacked panel may spread
LONGEST_K = 1024  # of an unpacked panel, where strides matter
ALIASING = 1024  # bytes: rows of B a multiple of this apart fall into few cache sets
RATE = 8e10  # operations per second of one thread, to decide whether several pay
LEAST = 100_000  # operations that surely do not pay
NEAR = 1 << 19  # bytes of A and C that surely come from a cache
SHORT = 512  # numbers in a row of them: longer ones the processor asks for by itself
AHEAD = 2 * FULL  # rows
LINE = 64  # bytes of a cache line
ONE_ROW = 1 << 18  # numbers of B up to which one thread multiplies a single row by it


@njit(inline="always")
def _pack_a(block, at, a, source, a_m, a_k, rows, depth):
    """Copy rows × depth numbers of A; return the strides of the copy."""
    width = VECTOR_BYTES // a.itemsize
    row = (-(-(depth if a_k == 1 else rows) // width) | 1) * width  # odd: rows spread over all cache sets
    if a_k == 1:
        compact(block, at, row, a, source, a_m, rows, depth)
        return row, 1
    compact(block, at, row, a, source, a_k, depth, rows)
    return 1, row


@njit(inline="always")
def _pack_b(panel, at, b, source, b_k, b_n, depth, columns):
    """Copy depth × columns numbers of B to rows of the tile's width."""
    row = VECTORS * VECTOR_BYTES // b.itemsize
    if b_n == 1:
        compact(panel, at, row, b, source, b_k, depth, columns)
    else:
        turn(panel, at, row, b, source, b_n, columns, depth)
    return row


@njit(inline="always")
def _ask_ahead(a, a_at, a_m, depth, c, c_at, c_row, rows, line):
    """Ask for rows of A and of C, before the tiles are computed that read and write them."""
    for row in range(rows):
        for k in range(0, depth, line):
            prefetch(a, a_at + row * a_m + k)
        for k in range(0, c_row, line):
            prefetch(c, c_at + row * c_row + k)


@njit(inline="always")
def _panel(
    c, start, a, b, c_at, c_row, start_at, start_row, a_at, a_m, a_k, b_at, b_k, depth,
    columns, width, top, bottom, ahead,
):  # fmt: skip
    """Rows top … bottom−1 of one panel.

    If `ahead`, the rows of A and of C that come after a tile's are asked for while it is computed.
    """
    vectors = -(-columns // width)
    lanes = columns - (vectors - 1) * width
    step = FULL if ahead else bottom - top
    for i in range(top, bottom, step):
        if ahead:
            row = i + AHEAD
            line = LINE // VECTOR_BYTES * width
            _ask_ahead(a, a_at + row * a_m, a_m, depth, c, c_at + row * c_row, c_row, FULL, line)
        operands = (
            c, c_at + i * c_row, c_row, start, start_at + i * start_row, start_row, a, a_at + i * a_m, a_m,
            b, b_at, (NONE, NONE, a_k), (NONE, NONE, b_k), (UNIT, UNIT, depth), lanes,
        )  # fmt: skip
        run_panel(min(step, bottom - i), vectors, operands)


@njit(inline="always")
def _strides(rows, columns, turned):
    """From row to row and from column to column of a matrix, in numbers, if it or its transpose is contiguous."""
    return (1, rows) if turned else (columns, 1)


@njit(inline="always")
def _packing(itemsize, m, n, k, turned_a, turned_b):
    """Whether A, and whether B, is read through packed copies."""
    row = (1 if turned_b else n) * itemsize
    far_a, far_b = m * k * itemsize > REACH, k * row > REACH
    if not FAR_READER:
        far_a, far_b = True, far_b or k > LONGEST_K or row % ALIASING == 0 or (m >= 200 and k >= 256)
    pack_a = turned_a and n >= 128 and k >= 256 and m >= 128 and far_a
    pack_b = turned_b or (m >= 48 and far_b) or (not MASKS and n * itemsize % VECTOR_BYTES != 0)
    return pack_a, pack_b


@njit(inline="always")
def _row_at(cost, vectors, rows):
    """The row of a panel that is reached at so much of its cost, in whole groups."""
    return min(rows, max(0, -(-cost // (vectors * GROUP))) * GROUP)


@njit(inline="always")
def _blocks(c, start, a, b, m, n, k, turned_a, turned_b, biased, pack_a, pack_b, part, parts):
    """The loops of the module's first lines."""
    width = VECTOR_BYTES // c.itemsize
    step = VECTORS * width
    (a_m, a_k), (b_k, b_n), batch = _strides(m, k, turned_a), _strides(k, n, turned_b), c.size // (m * n)
    a_g, b_g = m * k * int(a.size > m * k), k * n * int(b.size > k * n)
    panel, panel_at = scratch(c, (K_BLOCK + width) * step if pack_b else 1)
    block, block_at = scratch(c, (K_BLOCK + 2 * width) * (ROWS_BLOCK + 2 * width) if pack_a else 1)
    n_cost, m_cost = -(-n // width), -(-m // GROUP) * GROUP
    cost = m_cost * n_cost  # of one matrix: tiles by their size
    first, last = batch * cost * part // parts, batch * cost * (part + 1) // parts
    depths = max(1, -(-k // K_BLOCK)) if pack_a or pack_b else 1
    far = a_k == 1 and not pack_a and m * (k + n) * c.itemsize > NEAR and max(k, n) <= SHORT
    for g in range(first // cost, -(-last // cost)):
        for top in range(0, m, ROWS_BLOCK):
            rows, rows_cost = min(m - top, ROWS_BLOCK), min(m_cost - top, ROWS_BLOCK)
            block_begin = g * cost + top * n_cost
            if block_begin >= last or block_begin + rows_cost * n_cost <= first:
                continue
            for d in range(depths):
                k0, k1 = k * d // depths, k * (d + 1) // depths
                left, l_at, l_m, l_k = pointer(a), g * a_g + top * a_m + k0 * a_k, a_m, a_k
                if pack_a:
                    l_m, l_k = _pack_a(block, block_at, a, l_at, a_m, a_k, rows, k1 - k0)
                    left, l_at = pointer(block), block_at
                for j in range(0, n, step):
                    columns = min(step, n - j)
                    begin, vectors = block_begin + rows_cost * (j // width), -(-columns // width)
                    begin_row, end_row = _row_at(first - begin, vectors, rows), _row_at(last - begin, vectors, rows)
                    if begin_row == end_row:
                        continue
                    right, r_at, r_k = pointer(b), g * b_g + k0 * b_k + j * b_n, b_k
                    if pack_b:
                        r_k = _pack_b(panel, panel_at, b, r_at, b_k, b_n, k1 - k0, columns)
                        right, r_at = pointer(panel), panel_at
                    c_at = (g * m + top) * n + j
                    origin, o_at, o_row = (pointer(start), j * int(biased), 0) if d == 0 else (pointer(c), c_at, n)
                    _panel(
                        pointer(c), origin, left, right, c_at, n, o_at, o_row, l_at, l_m, l_k, r_at, r_k, k1 - k0,
                        columns, width, begin_row, end_row, far and j == 0,
                    )  # fmt: skip


@njit(cache=True)
def multiply(c, start, a, b, m, n, k, turned_a, turned_b, biased, part, parts):
    """Part `part` of `parts` of C (batch, m, n) = start + A·B, all of them vectors.

    A and B hold `batch` contiguous matrices or one for all; ``turned_`` ones lie there transposed. `start` holds a bias
    (n,) if `biased`, else zeros for one row of a tile.
    """
    driver()
    pack_a, pack_b = _packing(c.itemsize, m, n, k, turned_a, turned_b)
    _blocks(c, start, a, b, m, n, k, turned_a, turned_b, biased, pack_a, pack_b, part, parts)


@njit(cache=True)
def multiply_packed(c, start, a, b, m, n, k, turned_a, turned_b, biased, pack_a, pack_b, part, parts):
    """`multiply`, told which of A and B is read through packed copies."""
    driver()
    _blocks(c, start, a, b, m, n, k, turned_a, turned_b, biased, pack_a, pack_b, part, parts)


@njit(cache=True, parallel=True)
def _multiply_parallel(c, start, a, b, m, n, k, turned_a, turned_b, biased, parts):
    for part in prange(parts):
        multiply(c, start, a, b, m, n, k, turned_a, turned_b, biased, np.int64(part), parts)


def matmul(a, b, out=None):
    """See `reference.matmul`; float32 and float64 are served here."""
    if not _served(a, b):
        return reference.matmul(a, b, out=out)
    batch = () if a.ndim == b.ndim == 2 else np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    c = target_for(out, (*batch, a.shape[-2], b.shape[-1]), a.dtype, a, b)
    if c.size:
        if b.ndim == 2:
            a = _rows(a)
        elif batch:
            a, b = _spread(a, batch), _spread(b, batch)
        _launch(c, a, b, ZEROS[c.dtype], False)
    return deliver(c, out)


def linear(x, weight, bias, out=None):
    """See `reference.linear`; float32 and float64 are served here, the bias in the same pass."""
    fits = bias is None or (bias.dtype == x.dtype and bias.shape == weight.shape[1:])
    if not _served(x, weight) or weight.ndim != 2 or not fits:
        return reference.linear(x, weight, bias, out=out)
    operands = (x, weight) if bias is None else (x, weight, bias)
    c = target_for(out, (*x.shape[:-1], weight.shape[1]), x.dtype, *operands)
    if c.size:
        _launch(c, _rows(x), weight, ZEROS[c.dtype] if bias is None else flat(bias), bias is not None)
    return deliver(c, out)


def linear_weight_grad(x, g, weight=None, bias=None):
    """See `reference.linear_weight_grad`; float32 and float64 are served here."""
    fits = x.ndim == g.ndim == 2 and len(x) == len(g) and g.dtype in ZEROS
    if not fits or x.dtype != g.dtype or not g.flags.c_contiguous:
        return reference.linear_weight_grad(x, g, weight, bias)
    return matmul(x.T, g, out=weight), column_sums(g, bias)


def parts_for(operations):
    """Into how many parts to split a kernel of so many additions and multiplications."""
    return 1 if operations < LEAST or operations < parallel_threshold(RATE) else workers()


def _served(a, b):
    return a.dtype == b.dtype and a.dtype in ZEROS and a.ndim >= 2 <= b.ndim and a.shape[-1] == b.shape[-2]


def _rows(x):
    """`x` (…, K) as one matrix (M, K)."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _spread(x, batch):
    """`x` with the batch axes `batch`, copied if need be; a single matrix stays one."""
    return x if x.shape[:-2] == batch or math.prod(x.shape[:-2]) == 1 else np.broadcast_to(x, batch + x.shape[-2:])


def _oriented(x):
    """The numbers of matrices `x` as a vector, and whether they lie there transposed: so they stay."""
    if x.flags.carray:
        return x.ravel(), False
    turned = x.swapaxes(-1, -2)
    return (flat(turned), True) if turned.flags.c_contiguous else (flat(x), False)


def _launch(c, a, b, start, biased):
    """Multiply matrices whose batch axes are C's, or a single matrix's, into the contiguous C."""
    (m, k), n = a.shape[-2:], b.shape[-1]
    (a, turned_a), (b, turned_b) = _oriented(a), _oriented(b)
    args = (c.ravel(), start, a, b, m, n, k, turned_a, turned_b, biased)
    if (m == 1 or n <= NARROW or k == 1) and c.size == m * n and _thin(*args):
        return
    operations = 2 * c.size * k
    parts = parts_for(operations)
    if parts == 1:
        multiply(*args, 0, 1)
    else:
        launch(_multiply_parallel, operations / RATE, *args, parts)


def _thin(c, start, a, b, m, n, k, turned_a, turned_b, biased):
    """`multiply` without the tile, for a product of one row, one or two columns or one term; whether it was written."""
    if suits(m, n, k, turned_a):
        narrow_product(c, a, b, m, n, k, turned_a, turned_b)
    elif m == 1 and n * k <= ONE_ROW and suits(n, 1, k, not turned_b):  # Bᵀ Aᵀ
        narrow_product(c, b, a, n, 1, k, not turned_b, False)
    elif k == 1 and n > NARROW:
        outer_product(c, start, a, b, biased)
        return True
    else:
        return False
    if biased:
        c = c.reshape(m, n)
        np.add(c, start, out=c)
    return True
