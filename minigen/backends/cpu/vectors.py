"""Vector registers for Numba: their length, loads and stores of part of one, and the copies made of them.

`Vectors` writes the compiler's intermediate code; `copy`, `paste`, `transpose` and `prefetch` are functions for jitted
code, each with a twin in plain Python that takes over with NUMBA_DISABLE_JIT=1.
"""

from itertools import product

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic


def features_of(triple, told):
    """A set of what LLVM was ``told``, as "+avx2", and of NEON, which each 64-bit ARM has, though some say nothing."""
    return frozenset(told.split(",")) | ({"+neon"} if triple.startswith(("aarch64", "arm64")) else set())


def bytes_of(features):
    """The length of the longest vectors that these features multiply and add."""
    return 64 if "+avx512f" in features else 32 if {"+avx2", "+fma"} <= features else 16


def masks_of(features):
    """Whether these features load part of a vector cheaply."""
    return bool(features & {"+avx512f", "+avx"})


TRIPLE, CPU, _told = cpu_target.target_context.codegen().magic_tuple()
FEATURES = features_of(TRIPLE, _told)
"""What Numba compiles for, as "+avx2": the host's, unless NUMBA_CPU_FEATURES says otherwise; `CPU` is LLVM's name."""

VECTOR_BYTES = bytes_of(FEATURES)
MASKS = masks_of(FEATURES)
"""Where part of a vector cannot be loaded cheaply, B's last columns are padded with zeros by a copy."""


class Vectors:
    """Emits loads, stores and multiply-adds of vectors of one element type."""

    def __init__(self, context, builder, dtype):
        self.builder, self.align = builder, dtype.bitwidth // 8
        self.element = context.get_data_type(dtype)
        self.width = VECTOR_BYTES // self.align
        self.type = ir.VectorType(self.element, self.width)
        self.suffix = f"v{self.width}f{dtype.bitwidth}"

    def _call(self, name, result, *args):
        function_type = ir.FunctionType(result, [x.type for x in args])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, function_type, name), args)

    def _address(self, pointer, *offsets):
        for offset in offsets:
            pointer = self.builder.gep(pointer, [offset])
        return pointer

    def mask(self, lanes):
        """Lanes 0 … lanes−1."""
        integer = ir.IntType(8 * self.align)  # as wide as a lane: one comparison of one register
        index = ir.Constant(ir.VectorType(integer, self.width), list(range(self.width)))
        lanes = lanes if lanes.type == integer else self.builder.trunc(lanes, integer)
        return self.builder.icmp_signed("<", index, self.splat(lanes))

    def splat(self, value):
        """A vector with ``value`` in all its lanes."""
        vector = ir.VectorType(value.type, self.width)
        one = self.builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), self.width), None)
        return self.builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), lanes)

    def broadcast(self, pointer, *offsets):
        """A vector with the number at pointer + offsets in all its lanes."""
        return self.splat(self.builder.load(self._address(pointer, *offsets), align=self.align))

    def load(self, pointer, *offsets, mask=None):
        """The numbers from pointer + offsets on; lanes outside ``mask`` are 0, and not read."""
        pointer = self._address(pointer, *offsets)
        if mask is None:
            return self.builder.load(self.builder.bitcast(pointer, self.type.as_pointer()), align=self.align)
        zero, align = ir.Constant(self.type, None), ir.IntType(32)(self.align)
        return self._call(f"llvm.masked.load.{self.suffix}.p0", self.type, pointer, align, mask, zero)

    def store(self, vector, pointer, *offsets, mask=None):
        """Write a vector from pointer + offsets on; lanes outside ``mask`` leave memory as it is."""
        pointer = self._address(pointer, *offsets)
        if mask is None:
            self.builder.store(vector, self.builder.bitcast(pointer, self.type.as_pointer()), align=self.align)
        else:
            align = ir.IntType(32)(self.align)
            self._call(f"llvm.masked.store.{self.suffix}.p0", ir.VoidType(), vector, pointer, align, mask)

    def multiply_add(self, a, b, c):
        """a·b + c; one instruction where the CPU has it (llvm.fma would call a library where it has not)."""
        return self._call(f"llvm.fmuladd.{self.suffix}", self.type, a, b, c)

    def whole_or_masked(self, lanes, emit):
        """Run emit(mask) with no mask where all lanes are valid; AVX-512 masks for nothing and needs one version."""
        if VECTOR_BYTES == 64:
            emit(self.mask(lanes))
            return
        whole = self.builder.icmp_signed("==", lanes, lanes.type(self.width))
        with self.builder.if_else(whole) as (then, otherwise):
            with then:
                emit(None)
            with otherwise:
                emit(self.mask(lanes))


@intrinsic
def _pointer(_, array):
    def emit(context, builder, signature, args):
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), emit


@intrinsic
def _prefetch(_, array, at):
    def emit(context, builder, signature, args):
        kind, data = signature.args[0], args[0]
        if isinstance(kind, types.Array):
            data = context.make_array(kind)(context, builder, data).data
        address, i32 = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer()), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, i32, i32, i32])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        read, second_cache, data = i32(0), i32(2), i32(1)
        builder.call(fetch, [address, read, second_cache, data])
        return context.get_dummy_value()

    return types.void(array, types.int64), emit


@intrinsic
def _driver(_):
    def emit(context, builder, signature, args):
        for attribute in ("noinline", "optsize"):
            builder.function.attributes.add(attribute)
        return context.get_dummy_value()

    return types.void(), emit


def _moving(beyond):
    """The code of `copy`, which writes what lies beyond the lanes, or of `paste`, which does not."""

    def emit(context, builder, signature, args):
        to, frm = (context.make_array(signature.args[i])(context, builder, args[i]).data for i in (0, 2))
        of = Vectors(context, builder, signature.args[0].dtype)

        def move(mask):
            of.store(of.load(frm, args[3], mask=mask), to, args[1], mask=None if beyond else mask)

        of.whole_or_masked(args[4], move)
        return context.get_dummy_value()

    return emit


@intrinsic
def _copy(_, target, target_at, source, source_at, lanes):
    return types.void(target, types.int64, source, types.int64, types.int64), _moving(beyond=True)


@intrinsic
def _paste(_, target, target_at, source, source_at, lanes):
    return types.void(target, types.int64, source, types.int64, types.int64), _moving(beyond=False)


@intrinsic
def _transpose(_, target, target_at, target_row, source, source_at, source_row, rows, lanes):
    def emit(context, builder, signature, args):
        to, frm = (context.make_array(signature.args[i])(context, builder, args[i]).data for i in (0, 3))
        of = Vectors(context, builder, signature.args[0].dtype)
        last = builder.sub(args[6], ir.IntType(64)(1))
        index = [ir.IntType(64)(i) for i in range(of.width)]
        offsets = [builder.mul(builder.select(builder.icmp_signed("<", i, last), i, last), args[5]) for i in index]

        def block(mask):
            square = [of.load(frm, args[4], offset, mask=mask) for offset in offsets]
            for distance in (2**i for i in range(of.width.bit_length() - 1)):
                square = _exchange(builder, square, distance)
            for i, row in zip(index, square, strict=True):
                of.store(row, to, args[1], builder.mul(i, args[2]))

        of.whole_or_masked(args[7], block)
        return context.get_dummy_value()

    i64 = types.int64
    return types.void(target, i64, i64, source, i64, i64, i64, i64), emit


def _exchange(builder, rows, distance):
    """One stage of a transposition: swap the two off-diagonal quarters of every square of 2·distance rows."""
    width, rows = len(rows), list(rows)
    lane = ir.VectorType(ir.IntType(32), width)
    low = [i if not i & distance else width + i - distance for i in range(width)]
    high = [i + distance if not i & distance else width + i for i in range(width)]
    for i in range(width):
        if not i & distance:
            first, second = rows[i], rows[i + distance]
            rows[i] = builder.shuffle_vector(first, second, ir.Constant(lane, low))
            rows[i + distance] = builder.shuffle_vector(first, second, ir.Constant(lane, high))
    return rows


def _driver_plain():
    """How a function is compiled does not change what it does."""


def _prefetch_plain(array, at):
    """A hint changes nothing."""


def _copy_plain(target, target_at, source, source_at, lanes):
    target[target_at : target_at + VECTOR_BYTES // source.itemsize] = 0
    target[target_at : target_at + lanes] = source[source_at : source_at + lanes]


def _paste_plain(target, target_at, source, source_at, lanes):
    target[target_at : target_at + lanes] = source[source_at : source_at + lanes]


def _transpose_plain(target, target_at, target_row, source, source_at, source_row, rows, lanes):
    for i, j in product(range(rows), range(lanes)):
        target[target_at + j * target_row + i] = source[source_at + i * source_row + j]


def _pointer_plain(array):
    return array


pointer = _pointer_plain if config.DISABLE_JIT else _pointer
"""pointer(array): where its numbers begin. A tile takes pointers, since arrays in a tuple are counted references, and
counting them locks the bus twice a tile. The array must be used again later, or Numba frees it too soon."""

driver = _driver_plain if config.DISABLE_JIT else _driver
"""driver(): the function that says so is compiled by itself, and for size: those that call others to do the work, and
the tile, whose loops are as they should be.

LLVM would make several copies of their loops, one for each way the conditions in them can go, and again in each of the
four modules that Numba makes of a parallel loop, which takes it many times as long."""

prefetch = _prefetch_plain if config.DISABLE_JIT else _prefetch
"""prefetch(array, at): ask for the cache line of array[at], to the second cache; the array may be a `pointer`.

A hint: it waits for nothing, and an address outside the array does no harm. What will be written is asked for in the
same way: asked for to be written, it would come to the first cache, in the way of what is in use there."""

copy = _copy_plain if config.DISABLE_JIT else _copy
"""copy(target, at, source, at, lanes): copy so many numbers and fill the vector with zeros; it is written whole."""

paste = _paste_plain if config.DISABLE_JIT else _paste
"""paste(target, at, source, at, lanes): copy so many numbers, at most a vector, and leave what comes after them."""

transpose = _transpose_plain if config.DISABLE_JIT else _transpose
"""transpose(target, at, row, source, at, row, rows, lanes): target[j, i] = source[i, j], a square a vector wide.

`rows` rows of the source and `lanes` numbers of each are valid, and read; the target is written whole."""
