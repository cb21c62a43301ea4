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

*Registers.* R·V sums, V vectors of B and a broadcast must fit: 24 + 2 + 1 of AVX-512's 32, 28 + 2 + 1 at the most.
Machines with 16 registers hold 6×2 + 2 + 1. More rows would spill sums to memory, fewer would load more; that is the
whole choice.

The tile is written once, as compiler intermediate code (`tile` below). Its rows come in up to three *groups* of `GROUP`
neighbours: within a group rows are a fixed stride apart, the groups themselves may lie anywhere. So three pointers and
the stride address twelve rows, and a convolution, whose rows are pixels,
can take one group from each of three image lines. Its sum runs over three nested indices with strides of their own:
one for a matrix product, (kernel row, kernel column, channel) for a convolution, (image, row, column) for the
gradient of its weight. A transposed A is but another pair of strides. B alone must have its columns side by side;
where it has not, `transpose` copies a panel of it so.

*Edges.* Fewer columns than lanes: the last vector is loaded and stored under a mask, and lanes beyond the edge are not
touched, not even read. Fewer rows than a group: the last valid row is read again in their stead, and not stored.
Such a tile loads as much of B as a full one, for fewer multiplications. Where all rows are a fixed stride apart, as a
matrix's are, a tile can be one group of 12 to 14 rows instead: 50 rows are tiles of 13, 13, 12 and 12 (with 32
registers), not four of 12 and one of 2. A `stack` of such tiles, one below the other, is one call (see `panel`).

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


GROUPS, VECTORS = 3, 2
"""The full tile: three groups of rows by two vectors."""


def heights_of(features):
    """Rows of a full tile and of a taller and the tallest one: the same where no more sums fit the registers.

    AVX-512 multiplies by a number in memory. NEON takes it from a register, and with 28 sums none of its 32 is left to
    load the next to.
    """
    full = GROUPS * group_of(features)
    more = (1, 2) if "+avx512f" in features else (1, 1) if "+neon" in features else (0, 0)
    return full, full + more[0], full + more[1]


GROUP = group_of(FEATURES)
TWO_GROUPS = 2 * GROUP
FULL, TALLER, TALLEST = heights_of(FEATURES)
_offsets = types.UniTuple(types.int64, 3)


def _literal(value):
    return value.literal_value if isinstance(value, types.IntegerLiteral) else None


class _Tile:
    """Emits one tile: `sums[q][j][v]` is vector v of row j of group q, held in a register from first to last.

    Of a group of `height` rows only `rows` are valid; all are if it is higher than `GROUP`.
    """

    def __init__(self, vectors, groups, height, count, rows, lanes):
        self.vectors, self.builder, self.rows, self.lanes = vectors, vectors.builder, rows, lanes
        self.shape = list(product(range(groups), range(height), range(count)))
        self.sums = {at: cgutils.alloca_once(self.builder, vectors.type) for at in self.shape}
        self.height, self.count = height, count

    def _row_offsets(self, stride):
        """Offset of each row of a group; rows of a low one that are beyond the last valid one stand on it."""
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

    def multiply(self, a, a_at, a_row, b, b_at, a_step, b_step, count):
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


def _unpacked(builder, kinds, operands):
    """The values of a tuple of these kinds, and of the three offsets in it."""
    values = zip(kinds, cgutils.unpack_tuple(builder, operands), strict=True)
    return [cgutils.unpack_tuple(builder, value, 3) if kind == _offsets else value for kind, value in values]


def _emit(vectors, groups, count, operands):
    """The code of one tile; `operands` as those of `tile`, values of the intermediate code."""
    c, c_at, c_row, start, start_at, start_row, *factors, rows, lanes = operands
    of = _Tile(vectors, groups, GROUP, count, rows, lanes)
    of.start(start, start_at, start_row)
    of.multiply(*factors)
    of.finish(c, c_at, c_row)


def _emit_stack(vectors, height, count, operands):
    """The code of a stack of tiles; `operands` as those of `stack`, values of the intermediate code."""
    times, c, c_at, c_row, start, start_at, start_row, a, a_at, a_row, b, b_at, *loops, rows, lanes = operands
    of, builder, i64 = _Tile(vectors, 1, height, count, rows, lanes), vectors.builder, ir.IntType(64)
    with cgutils.for_range(builder, times) as turn:
        first = builder.mul(turn.index, i64(height))

        def moved(at, row):
            return [builder.add(at, builder.mul(first, row))]

        of.start(start, moved(start_at, start_row), start_row)
        of.multiply(a, moved(a_at, a_row), a_row, b, b_at, *loops)
        of.finish(c, moved(c_at, c_row), c_row)


@intrinsic(prefer_literal=True)
def _tile(_, groups, vectors, operands):
    shape = _literal(groups), _literal(vectors)

    def emit(context, builder, signature, args):
        kinds = signature.args[2].types
        _emit(Vectors(context, builder, kinds[0].dtype), *shape, _unpacked(builder, kinds, args[2]))
        return context.get_dummy_value()

    c, start, a, b = (operands.types[i] for i in (0, 3, 6, 9))
    i64, at = types.int64, _offsets
    kinds = types.Tuple((c, at, i64, start, at, i64, a, at, i64, b, i64, at, at, at, i64, i64))
    return types.void(groups, vectors, kinds), emit


@intrinsic(prefer_literal=True)
def _stack(_, height, vectors, operands):
    shape = _literal(height), _literal(vectors)

    def emit(context, builder, signature, args):
        kinds = signature.args[2].types
        _emit_stack(Vectors(context, builder, kinds[1].dtype), *shape, _unpacked(builder, kinds, args[2]))
        return context.get_dummy_value()

    c, start, a, b = (operands.types[i] for i in (1, 4, 7, 10))
    i64, at = types.int64, _offsets
    kinds = types.Tuple((i64, c, i64, i64, start, i64, i64, a, i64, i64, b, i64, at, at, at, i64, i64))
    return types.void(height, vectors, kinds), emit


def _tile_plain(groups, vectors, operands):
    c, c_at, c_row, start, start_at, start_row = operands[:6]
    a, a_at, a_row, b, b_at, a_step, b_step, count, rows, lanes = operands[6:]
    columns = (vectors - 1) * (VECTOR_BYTES // c.itemsize) + lanes
    for q, j in product(range(groups), range(rows)):
        total = start[start_at[q] + j * start_row :][:columns].copy()
        for k in product(*map(range, count)):
            a_k, b_k = (sum(map(mul, k, step)) for step in (a_step, b_step))
            total += a[a_at[q] + j * a_row + a_k] * b[b_at + b_k :][:columns]
        c[c_at[q] + j * c_row :][:columns] = total


tile = _tile_plain if config.DISABLE_JIT else _tile
"""tile(groups, vectors, operands): C[rows, columns] = start[rows, columns] + Σ_k A[rows, k] · B[k, columns].

`groups` and `vectors` are literal; `operands` is one tuple: of C a `pointer`, where its three groups begin and the
stride of its rows; of start and of A the same; of B a pointer and where it begins; A's and B's steps for the three
nested sums; their counts; the valid rows of a group (1 … GROUP); the valid lanes of the last vector
(1 … its length). Positions, strides and steps are in elements."""


def _stack_plain(height, vectors, operands):
    times, c, c_at, c_row, start, start_at, start_row, a, a_at, a_row, *others = operands
    assert height <= GROUP or others[-2] == height
    for row in range(0, height * times, height):
        at = c, (c_at + row * c_row,), c_row, start, (start_at + row * start_row,), start_row
        _tile_plain(1, vectors, (*at, a, (a_at + row * a_row,), a_row, *others))


stack = _stack_plain if config.DISABLE_JIT else _stack
"""stack(height, vectors, operands): tiles of one group of `height` rows, one below the other.

The first two are literal; `operands` is one tuple: how many tiles, and what `tile` takes, with one number where that
has three for its groups. The valid rows of a tile higher than `GROUP` are all, and said to be so many."""


@njit(cache=True)
def run_tile(groups, vectors, operands):
    """`tile` of a shape known only now; each of the six shapes is compiled once."""
    driver()
    if vectors == 2:
        if groups == 3:
            tile(3, 2, operands)
        elif groups == 2:
            tile(2, 2, operands)
        else:
            tile(1, 2, operands)
    elif groups == 3:
        tile(3, 1, operands)
    elif groups == 2:
        tile(2, 1, operands)
    else:
        tile(1, 1, operands)


@njit(cache=True)
def run_stack(height, vectors, operands):
    """`stack` of tiles of a height known only now: `GROUP`, `TWO_GROUPS`, `FULL`, and of two vectors to `TALLEST`."""
    driver()
    if vectors == 2:
        if height == FULL:
            stack(FULL, 2, operands)
        elif height == TALLER:
            stack(TALLER, 2, operands)
        elif height == TALLEST:
            stack(TALLEST, 2, operands)
        elif height == TWO_GROUPS:
            stack(TWO_GROUPS, 2, operands)
        else:
            stack(GROUP, 2, operands)
    elif height == FULL:
        stack(FULL, 1, operands)
    elif height == TWO_GROUPS:
        stack(TWO_GROUPS, 1, operands)
    else:
        stack(GROUP, 1, operands)
