"""The register tile: how a matrix product reaches the hardware's limit.

A modern core starts two vector multiply-adds (FMAs) a cycle. With 16 floats to a vector that is 64 operations a cycle,
and a product C = A·B that uses fewer loses them for good. Three things stand between a loop and that rate.

*Latency.* An FMA's result is ready four cycles after it starts. A sum kept in one vector can therefore begin an FMA
every fourth cycle only: an eighth of the rate. At least 4 · 2 = 8 sums must be under way at once, each in a register
of its own.

*Loads.* A core loads two vectors a cycle, as many as it multiplies, so an FMA that must fetch two operands runs at half
speed. The remedy is to use what was loaded several times: take R rows of A and V vectors of columns of B, and hold all
R·V sums in registers. One step of k loads V vectors of B, copies R numbers of A to all lanes (a broadcast, which
is a load), and makes R·V FMAs. With R = 12, V = 2 that is 14 loads for 24 FMAs: the multipliers, not the loads, set
the pace, and what the loads miss in the first cache has time to come from the second. C itself is touched once, at the
end.

*Registers.* R·V sums, V vectors of B and a broadcast must fit: 24 + 2 + 1 of AVX-512's 32. Machines with 16
registers hold 6×2 + 2 + 1. More rows would spill sums to memory, fewer would load more; that is the whole choice.

The tile is written once, as compiler intermediate code (`tile` below). Its rows come in up to three *groups* of `GROUP`
neighbours: within a group rows are a fixed stride apart, the groups themselves may lie anywhere. So three pointers and
the stride address twelve rows, and a convolution, whose rows are pixels,
can take one group from each of three image lines. Its sum runs over three nested indices with strides of their own:
one for a matrix product, (kernel row, kernel column, channel) for a convolution, (image, row, column) for the
gradient of its weight. A transposed A is but another pair of strides. B alone must have its columns side by side;
where it has not, `transpose` copies a panel of it so.

*Edges.* Fewer columns than lanes: the last vector is loaded and stored under a mask, and lanes beyond the edge are not
touched, not even read. Fewer rows than a group: the last valid row is read again in their stead, and not stored.
A tile that is not full uses fewer of its registers than the loads of B pay for. Where rows are a fixed stride apart,
as a matrix's are, `run_rows` therefore takes up to `TALLEST` of them as one group, so that 50 rows are tiles of 13, 13,
12 and 12 rather than four of 12 and one of 2.

Sums start from `start` rather than from zero: a bias (all rows the same), the sums so far, or a few zeros. Each sum is
one chain of FMAs in the order of k whatever the tile's shape, so that a result does not depend on how work is split.

An intrinsic means nothing to plain Python: with NUMBA_DISABLE_JIT=1 its twin below takes over.

Reference: Anatomy of High-Performance Matrix Multiplication, K. Goto, R. van de Geijn, 2008,
https://doi.org/10.1145/1356052.1356053
"""

from itertools import product
from operator import mul

from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .vectors import FEATURES, MASKS, VECTOR_BYTES, Vectors, driver


def group_of(features):
    """Rows to a group: 4 where there are 32 vector registers, else 2."""
    return 4 if features & {"+avx512f", "+neon"} else 2


GROUP = group_of(FEATURES)
GROUPS, VECTORS = 3, 2
"""The full tile: GROUPS·GROUP rows by VECTORS vectors."""
FULL = GROUPS * GROUP
TALLER, TALLEST = (FULL + 1, FULL + 2) if GROUP == 4 else (FULL, FULL)
"""Rows of a tile whose sums, with two vectors of B and a broadcast, still fit the registers."""
_offsets = types.UniTuple(types.int64, 3)


def _literal(value):
    return value.literal_value if isinstance(value, types.IntegerLiteral) else None


class _Tile:
    """Emits one tile: `sums[q][j][v]` is vector v of row j of group q, held in a register from first to last."""

    def __init__(self, vectors, groups, height, count, rows, lanes):
        self.vectors, self.builder, self.rows, self.lanes = vectors, vectors.builder, rows, lanes
        self.shape = list(product(range(groups), range(height), range(count)))
        self.sums = {at: cgutils.alloca_once(self.builder, vectors.type) for at in self.shape}
        self.height, self.count = height, count

    def _row_offsets(self, stride):
        """Offset of each row of a group; rows beyond the last valid one stand on it."""
        i64 = ir.IntType(64)
        last = self.builder.sub(self.rows, i64(1))
        offsets = [i64(0)]
        for j in range(1, self.height):
            row = i64(j)
            if self.height <= GROUP:
                row = self.builder.select(self.builder.icmp_signed("<", row, last), row, last)
            offsets.append(self.builder.mul(row, stride))
        return offsets

    def _columns(self, mask):
        """(offset, mask) of each vector of a row."""
        width = self.vectors.width
        return [(ir.IntType(64)(v * width), mask if v == self.count - 1 else None) for v in range(self.count)]

    def start(self, pointer, at, stride):
        offsets = self._row_offsets(stride)

        def emit(mask):
            columns = self._columns(mask)
            for q, j, v in self.shape:
                column, m = columns[v]
                self.builder.store(self.vectors.load(pointer, at[q], offsets[j], column, mask=m), self.sums[q, j, v])

        self.vectors.whole_or_masked(self.lanes, emit)

    def multiply(self, a, a_at, a_row, a_step, b, b_at, b_step, count):
        """The sums over three nested indices; A advances by `a_step` and B by `b_step` elements."""
        rows, b = self._row_offsets(a_row), self.builder.gep(b, [b_at])

        def step(a_k, b_k, mask):
            columns = [self.vectors.load(b_k, column, mask=m) for column, m in self._columns(mask)]
            for q, j, v in self.shape:
                if v == 0:
                    value = self.vectors.broadcast(a_k, a_at[q], rows[j])
                total = self.vectors.multiply_add(value, columns[v], self.builder.load(self.sums[q, j, v]))
                self.builder.store(total, self.sums[q, j, v])

        def loop(level, a_k, b_k, mask):
            if level == 3:
                step(a_k, b_k, mask)
                return
            with cgutils.for_range(self.builder, count[level]) as k:
                a_next = self.builder.gep(a_k, [self.builder.mul(k.index, a_step[level])])
                b_next = self.builder.gep(b_k, [self.builder.mul(k.index, b_step[level])])
                loop(level + 1, a_next, b_next, mask)

        if MASKS:
            self.vectors.whole_or_masked(self.lanes, lambda mask: loop(0, a, b, mask))
        else:
            loop(0, a, b, None)

    def finish(self, pointer, at, stride):
        """Store the valid rows and lanes."""

        def store(row, columns):
            offset = self.builder.mul(ir.IntType(64)(row), stride)
            for q, j, v in self.shape:
                if j == row:
                    column, m = columns[v]
                    self.vectors.store(self.builder.load(self.sums[q, j, v]), pointer, at[q], offset, column, mask=m)

        def emit(mask):
            columns = self._columns(mask)
            for row in range(self.height):
                if self.height > GROUP:
                    store(row, columns)
                    continue
                with self.builder.if_then(self.builder.icmp_signed("<", ir.IntType(64)(row), self.rows)):
                    store(row, columns)

        self.vectors.whole_or_masked(self.lanes, emit)


def _emit(vectors, groups, height, count, operands):
    """The code of one tile; `operands` as those of `tile`, values of the intermediate code."""
    c, c_at, c_row, start, start_at, start_row, *factors, rows, lanes = operands
    of = _Tile(vectors, groups, height, count, rows, lanes)
    of.start(start, start_at, start_row)
    of.multiply(*factors)
    of.finish(c, c_at, c_row)


@intrinsic(prefer_literal=True)
def _tile(_, groups, height, vectors, operands):
    shape = tuple(map(_literal, (groups, height, vectors)))

    def emit(context, builder, signature, args):
        kinds, operands = signature.args[3].types, cgutils.unpack_tuple(builder, args[3])
        for i, kind in enumerate(kinds):
            if kind == _offsets:
                operands[i] = cgutils.unpack_tuple(builder, operands[i], 3)
        _emit(Vectors(context, builder, kinds[0].dtype), *shape, operands)
        return context.get_dummy_value()

    c, start, a, b = (operands.types[i] for i in (0, 3, 6, 10))
    i64, at = types.int64, _offsets
    kinds = types.Tuple((c, at, i64, start, at, i64, a, at, i64, at, b, i64, at, at, i64, i64))
    return types.void(groups, height, vectors, kinds), emit


def _tile_plain(groups, height, vectors, operands):
    c, c_at, c_row, start, start_at, start_row = operands[:6]
    a, a_at, a_row, a_step, b, b_at, b_step, count, rows, lanes = operands[6:]
    columns = (vectors - 1) * (VECTOR_BYTES // c.itemsize) + lanes
    for q, j in product(range(groups), range(rows)):
        total = start[start_at[q] + j * start_row :][:columns].copy()
        for k in product(*map(range, count)):
            a_k, b_k = (sum(map(mul, k, step)) for step in (a_step, b_step))
            total += a[a_at[q] + j * a_row + a_k] * b[b_at + b_k :][:columns]
        c[c_at[q] + j * c_row :][:columns] = total


tile = _tile_plain if config.DISABLE_JIT else _tile
"""tile(groups, height, vectors, operands): C[rows, columns] = start[rows, columns] + Σ_k A[rows, k] · B[k, columns].

The first three are literal; `height` is the rows of each group, `GROUP` of which fewer may be valid, or more that all
are. `operands` is one tuple: of C a `pointer`, where its three groups begin and the
stride of its rows; of start the same; of A the same and its steps for the three nested sums; of B a pointer, where it
begins and its steps; the three counts; the valid rows of a group (1 … height); the valid lanes of the last vector
(1 … its length). Positions, strides and steps are in elements."""


@njit(cache=True)
def run_tile(groups, vectors, operands):
    """`tile` of a shape known only now; each of the six shapes is compiled once."""
    driver()
    if vectors == 2:
        if groups == 3:
            tile(3, GROUP, 2, operands)
        elif groups == 2:
            tile(2, GROUP, 2, operands)
        else:
            tile(1, GROUP, 2, operands)
    elif groups == 3:
        tile(3, GROUP, 1, operands)
    elif groups == 2:
        tile(2, GROUP, 1, operands)
    else:
        tile(1, GROUP, 1, operands)


@njit(cache=True)
def run_rows(rows, vectors, operands):
    """`tile` of one group of `FULL` to `TALLEST` rows."""
    driver()
    if vectors == 2:
        if rows == TALLEST:
            tile(1, TALLEST, 2, operands)
        elif rows == FULL:
            tile(1, FULL, 2, operands)
        else:
            tile(1, TALLER, 2, operands)
    elif rows == TALLEST:
        tile(1, TALLEST, 1, operands)
    elif rows == FULL:
        tile(1, FULL, 1, operands)
    else:
        tile(1, TALLER, 1, operands)
